-- Times are microseconds since 1970-01-01 UTC.

CREATE TABLE password (
    account BLOB PRIMARY KEY NOT NULL CHECK (length(account) = 16),
    -- Argon2id in PHC string form, peppered with a key of the vault.
    phc     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Only digests of tokens are kept. A used token stays until it expires, so that its reuse is noticed.
CREATE TABLE refresh_token (
    digest     BLOB    PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    family     BLOB    NOT NULL CHECK (length(family) = 16),
    account    BLOB    NOT NULL CHECK (length(account) = 16),
    ttl        INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used       INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_account ON refresh_token (account);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

-- Sign-in attempts that have not succeeded. The subject is an HMAC of a sign-in name or a client address.
CREATE TABLE sign_in_attempt (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    subject BLOB    NOT NULL CHECK (length(subject) = 32),
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_attempt_subject ON sign_in_attempt (subject, at);
CREATE INDEX sign_in_attempt_at ON sign_in_attempt (at);
