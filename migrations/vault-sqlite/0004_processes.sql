-- How far each process has come in the log.
CREATE TABLE process_checkpoint (
    process  TEXT    PRIMARY KEY NOT NULL,
    token    TEXT    NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0)
) STRICT, WITHOUT ROWID;

-- Events that a process could not carry out.
CREATE TABLE process_parked (
    process  TEXT    NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    code     TEXT    NOT NULL,
    PRIMARY KEY (process, position)
) STRICT, WITHOUT ROWID;
