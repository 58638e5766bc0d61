-- The vault's own root secret, wrapped by the key-encryption key (KEK). Opening it is how a vault recognises its KEK.
CREATE TABLE vault_secret (
    name    TEXT PRIMARY KEY NOT NULL,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One data key a person, wrapped by the KEK: nonce (24), key (32), tag (16).
-- Rows are only ever appended and overwritten in place: every row has the same size (the integers 0 and 1 take no
-- bytes), so SQLite never moves one to another page and leaves no stale copy of a key behind. Destroying a key
-- overwrites it with zeros; the row stays as a tombstone.
CREATE TABLE person_key (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    person    BLOB    NOT NULL UNIQUE CHECK (length(person) = 16),
    wrapped   BLOB    NOT NULL CHECK (length(wrapped) = 72),
    destroyed INTEGER NOT NULL CHECK (destroyed IN (0, 1)),
    CHECK ((destroyed = 1) = (wrapped = zeroblob(72)))
) STRICT;
