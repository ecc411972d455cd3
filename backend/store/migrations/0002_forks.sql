-- Forks: runs that go on from a place of another run. They stand beside the runs of notebooks and are counted among none of them.

ALTER TABLE runs ADD COLUMN parent TEXT NOT NULL DEFAULT '';                                  -- run key, '' of a run that is no fork
ALTER TABLE runs ADD COLUMN fork   TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(fork));     -- where and what was changed, as the record says it

CREATE INDEX runs_parent ON runs (parent, created_ms DESC);
