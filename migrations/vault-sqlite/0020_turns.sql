-- How often this vault was opened for writing and closed again, as far as the log was told: an older copy knows a smaller number.
CREATE TABLE vault_turn (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    turn INTEGER NOT NULL CHECK (turn >= 1)
) STRICT;
