-- Ed25519 keys that sign access tokens. Retiring one destroys its private half; the public half stays published until
-- the tokens it signed have expired.
CREATE TABLE signing_key (
    kid     TEXT    PRIMARY KEY NOT NULL,
    public  BLOB    NOT NULL CHECK (length(public) = 32),
    wrapped BLOB,
    created INTEGER NOT NULL,
    retired INTEGER,
    CHECK ((wrapped IS NULL) = (retired IS NOT NULL))
) STRICT;
-- At most one key signs.
CREATE UNIQUE INDEX signing_key_current ON signing_key ((retired IS NULL)) WHERE retired IS NULL;
