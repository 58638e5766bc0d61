-- Sealed ballots of secret polls, from casting to counting. A file of its own with a rollback journal: a WAL would keep
-- the order of insertions and copies of what was overwritten.
--
-- Every row is made when a poll opens and only ever overwritten in place by one of the same size (the integers 0 and 1
-- take no bytes). So SQLite moves no row to another page and leaves no copy behind, and where a ballot lies was decided
-- by chance, not by when it came.

-- The key of each poll's ballots, wrapped: nonce (24), key (32), tag (16). Zeros once it is destroyed.
CREATE TABLE poll_key (
    poll        BLOB    PRIMARY KEY NOT NULL CHECK (length(poll) = 16),
    wrapped     BLOB    NOT NULL CHECK (length(wrapped) = 72),
    sealed_size INTEGER NOT NULL CHECK (sealed_size > 0)
) STRICT, WITHOUT ROWID;

-- Drawers for ballots whose participation is not known to be in the log: beside the ballot lies whose it is.
CREATE TABLE pending (
    poll    BLOB    NOT NULL CHECK (length(poll) = 16),
    drawer  INTEGER NOT NULL,
    used    INTEGER NOT NULL CHECK (used IN (0, 1)),
    entry   BLOB    NOT NULL CHECK (length(entry) = 16),
    command BLOB    NOT NULL CHECK (length(command) = 16),
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (poll, drawer)
) STRICT, WITHOUT ROWID;

-- Drawers for ballots whose participation is in the log: as many as the roll has entries.
CREATE TABLE ballot (
    poll   BLOB    NOT NULL CHECK (length(poll) = 16),
    drawer INTEGER NOT NULL,
    used   INTEGER NOT NULL CHECK (used IN (0, 1)),
    sealed BLOB    NOT NULL,
    PRIMARY KEY (poll, drawer)
) STRICT, WITHOUT ROWID;
