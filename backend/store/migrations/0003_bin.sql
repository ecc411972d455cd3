-- Deleted runs wait in the bin. Their rows and records stay where they are until the bin is emptied.

CREATE TABLE bin (
    run   INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, -- a run is in the bin once
    at_ms INTEGER NOT NULL                                            -- since when
) STRICT;

CREATE INDEX bin_oldest ON bin (at_ms, run);
