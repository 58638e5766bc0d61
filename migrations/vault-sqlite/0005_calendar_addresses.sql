-- The secret address under which an account's calendar is fetched; at most one an account. Only its digest is kept.
CREATE TABLE calendar_address (
    account BLOB PRIMARY KEY NOT NULL CHECK (length(account) = 16),
    digest  BLOB NOT NULL UNIQUE CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
