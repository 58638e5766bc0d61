-- One key a text of a document (a title, a paragraph, a reason), wrapped by a key that hangs on the vault's root: nonce (24), key (32),
-- tag (16). As with persons' keys rows are only appended and overwritten in place by one of the same size; a redacted text's row
-- stays as a tombstone of zeros.
CREATE TABLE text_key (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    text      BLOB    NOT NULL UNIQUE CHECK (length(text) = 16),
    document  BLOB    NOT NULL CHECK (length(document) = 16),
    wrapped   BLOB    NOT NULL CHECK (length(wrapped) = 72),
    destroyed INTEGER NOT NULL CHECK (destroyed IN (0, 1)),
    CHECK ((destroyed = 1) = (wrapped = zeroblob(72)))
) STRICT;
CREATE INDEX text_key_document ON text_key (document);
