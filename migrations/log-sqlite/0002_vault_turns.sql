-- The turns of the vault that this log has seen begin; the last row is the newest. Beside the commits, not among them: nothing
-- happened by it, and a vault that knows a smaller number is an older copy.
CREATE TABLE vault_turns (
    turn INTEGER PRIMARY KEY CHECK (turn >= 1)
) STRICT;
CREATE TRIGGER vault_turns_next BEFORE INSERT ON vault_turns
WHEN NEW.turn <= (SELECT coalesce(max(turn), 0) FROM vault_turns)
BEGIN SELECT RAISE(ABORT, 'the log is append only: a later turn'); END;
CREATE TRIGGER vault_turns_no_update BEFORE UPDATE ON vault_turns
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
CREATE TRIGGER vault_turns_no_delete BEFORE DELETE ON vault_turns
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
