-- The library: an index over the records of the runs, which are the truth, and what has no record: looks, states, settings.
-- Times are UTC milliseconds since 1970, 0 where it never happened.

CREATE TABLE runs (
    id             INTEGER PRIMARY KEY,
    key            TEXT    NOT NULL UNIQUE CHECK (key <> ''),        -- a finished run is found again by its key, so there is one
    paper          TEXT    NOT NULL,
    notebook       TEXT    NOT NULL,
    arm            TEXT    NOT NULL,
    case_name      TEXT    NOT NULL,                                 -- '' where the notebook has no cases
    seed           INTEGER NOT NULL,                                 -- bits of an unsigned number: those above 2^63 are negative here
    budget         TEXT    NOT NULL,
    setup          TEXT    NOT NULL CHECK (json_valid(setup)),       -- a set-up that cannot be read cannot be run again
    code           TEXT    NOT NULL,
    commit_id      TEXT    NOT NULL,
    kernel         TEXT    NOT NULL,
    machine        TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted')),
    record         TEXT    NOT NULL,                                 -- path, '' before there is one
    created_ms     INTEGER NOT NULL,
    started_ms     INTEGER NOT NULL,
    ended_ms       INTEGER NOT NULL,
    heard_ms       INTEGER NOT NULL,
    seconds        REAL    NOT NULL,                                 -- of work, without pauses
    error          TEXT    NOT NULL,
    hint           TEXT    NOT NULL,
    done           INTEGER NOT NULL,
    total          INTEGER NOT NULL,
    unit           TEXT    NOT NULL,
    final          TEXT    NOT NULL CHECK (json_valid(final)),       -- last value of every metric
    -- How far the record has been read into this database. The stamp tells one record at the same path from another.
    indexed_seq    INTEGER NOT NULL DEFAULT 0,
    indexed_offset INTEGER NOT NULL DEFAULT 0,
    record_stamp   INTEGER NOT NULL DEFAULT 0,
    open_episodes  TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(open_episodes)) -- first event of episodes that have not ended
) STRICT;

CREATE INDEX runs_newest ON runs (created_ms DESC, id DESC);
CREATE INDEX runs_notebook ON runs (notebook, arm, case_name, seed);
CREATE INDEX runs_state ON runs (state, created_ms DESC);
CREATE INDEX runs_paper ON runs (paper, created_ms DESC);

CREATE TABLE metrics (
    run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, -- values of no run mean nothing
    name  TEXT    NOT NULL,
    seq   INTEGER NOT NULL,                                        -- of the event in the record: reading it twice adds nothing
    x     INTEGER NOT NULL,
    value REAL,                                                    -- NULL is not a number: SQLite keeps no NaN
    PRIMARY KEY (run, name, seq)                                   -- in the order in which charts and claims read
) STRICT, WITHOUT ROWID;

CREATE TRIGGER metrics_append_only BEFORE UPDATE ON metrics
BEGIN
    SELECT RAISE(ABORT, 'metric rows are append-only');
END;

CREATE TABLE episodes (
    run       INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    last_seq  INTEGER NOT NULL,                                    -- of the episode event
    first_seq INTEGER NOT NULL CHECK (first_seq <= last_seq),      -- of its first kept event; an empty range cannot be opened
    id        INTEGER NOT NULL,                                    -- not unique: an episode may be redone
    split     TEXT    NOT NULL,
    seed      INTEGER NOT NULL,                                    -- bits of an unsigned number
    x         INTEGER NOT NULL,
    steps     INTEGER NOT NULL,
    ret       REAL,                                                -- return, NULL is not a number
    success   INTEGER NOT NULL CHECK (success IN (0, 1)),
    why       TEXT    NOT NULL,
    memory    REAL,
    context   REAL,
    detail    INTEGER NOT NULL CHECK (detail IN (0, 1)),
    omitted   INTEGER NOT NULL,
    numbers   TEXT    NOT NULL CHECK (json_valid(numbers)),
    PRIMARY KEY (run, last_seq)                                    -- newest first is this order backwards
) STRICT, WITHOUT ROWID;

CREATE INDEX episodes_id ON episodes (run, id);

CREATE TABLE looks (
    id       INTEGER PRIMARY KEY,
    notebook TEXT    NOT NULL,
    claim    TEXT    NOT NULL,
    bound    REAL    NOT NULL,
    seeds    TEXT    NOT NULL,                                     -- as the verdict names them, for example 100-104
    first_ms INTEGER NOT NULL,
    extended INTEGER NOT NULL CHECK (extended >= 0),               -- how often seeds were added after a look
    UNIQUE (notebook, claim, bound)                                -- the first look counts: a second row would hide it
) STRICT;

CREATE TABLE notebook_states (
    id       INTEGER PRIMARY KEY,
    path     TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    text     TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL,
    why      TEXT    NOT NULL CHECK (why IN ('minute', 'run'))     -- a state a minute of work, and one a run
) STRICT;

CREATE INDEX notebook_states_newest ON notebook_states (path, at_ms DESC, id DESC);

CREATE TABLE settings (
    name       TEXT    PRIMARY KEY,
    value      TEXT    NOT NULL CHECK (json_valid(value)),
    changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
