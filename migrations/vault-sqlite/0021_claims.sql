-- Which claim stream of the log stands for a value (an ID number, a phone number): an HMAC of the value, and a random id. Forgotten
-- when the claim is released: from then on nothing tells that two streams were about one value.
CREATE TABLE claim_stream (
    digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    stream BLOB NOT NULL UNIQUE CHECK (length(stream) = 16)
) STRICT, WITHOUT ROWID;
