-- Codes that were handed over in person. The digest is an HMAC of the account, of which of its codes it is and of the code:
-- whether a code is still awaited stands in the log.
CREATE TABLE sign_in_code (
    digest     BLOB    PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    account    BLOB    NOT NULL CHECK (length(account) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_code_account ON sign_in_code (account);
CREATE INDEX sign_in_code_expiry ON sign_in_code (expires_at);

-- Devices on which an account's password was given before. Only digests of their tokens are kept.
CREATE TABLE known_device (
    digest  BLOB    PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    account BLOB    NOT NULL CHECK (length(account) = 16),
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX known_device_account ON known_device (account, seen_at);

-- The account's generation in which the session began.
ALTER TABLE refresh_token ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
