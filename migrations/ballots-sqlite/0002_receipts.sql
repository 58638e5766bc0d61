-- The key that makes receipts of voters' tags, wrapped: nonce (24), key (32), tag (16). Zeros once the poll is closed; NULL in
-- boxes of polls that were opened when a voter's own tag was the receipt.
ALTER TABLE poll_key ADD COLUMN receipt_key BLOB CHECK (length(receipt_key) = 72);
