-- The log: commits of events, append only. The triggers make the database itself refuse everything else, including
-- INSERT OR REPLACE, which would delete the old row without firing its DELETE trigger.

-- One row per life of the log; a restore begins the next. The last row is the current one.
CREATE TABLE log_meta (
    epoch       INTEGER PRIMARY KEY CHECK (epoch >= 1),
    log_id      BLOB    NOT NULL CHECK (length(log_id) = 16),
    began_after INTEGER NOT NULL CHECK (began_after >= 0) -- the last position when this life began
) STRICT;

CREATE TABLE commits (
    number         INTEGER PRIMARY KEY CHECK (number >= 1),
    first_position INTEGER NOT NULL CHECK (first_position >= 1),
    last_position  INTEGER NOT NULL UNIQUE CHECK (last_position >= first_position),
    actor          TEXT    NOT NULL,
    command_id     BLOB    NOT NULL CHECK (length(command_id) = 16),
    command_digest BLOB    NOT NULL CHECK (length(command_digest) = 32),
    correlation    BLOB    NOT NULL CHECK (length(correlation) = 16),
    causation      INTEGER CHECK (causation >= 1),        -- the position of the event that caused it
    recorded_at    INTEGER NOT NULL,                      -- microseconds since 1970-01-01T00:00:00Z
    answer         TEXT    NOT NULL,                      -- JSON, ids only
    hash           BLOB    NOT NULL CHECK (length(hash) = 32),
    chain          BLOB    NOT NULL CHECK (length(chain) = 32),
    UNIQUE (actor, command_id)
) STRICT;

CREATE TABLE events (
    position       INTEGER PRIMARY KEY CHECK (position >= 1),
    commit_number  INTEGER NOT NULL REFERENCES commits (number),
    stream_kind    TEXT    NOT NULL,
    stream_id      BLOB    NOT NULL CHECK (length(stream_id) = 16),
    version        INTEGER NOT NULL CHECK (version >= 1),
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL CHECK (schema_version BETWEEN 1 AND 65535),
    payload        TEXT    NOT NULL,                      -- JSON, byte for byte as appended
    UNIQUE (stream_kind, stream_id, version)
) STRICT;

CREATE TRIGGER log_meta_next BEFORE INSERT ON log_meta
WHEN NEW.epoch <> 1 + (SELECT coalesce(max(epoch), 0) FROM log_meta)
  OR NEW.log_id <> (SELECT coalesce(max(log_id), NEW.log_id) FROM log_meta)
BEGIN SELECT RAISE(ABORT, 'the log is append only: the next epoch of the same log'); END;
CREATE TRIGGER log_meta_no_update BEFORE UPDATE ON log_meta
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
CREATE TRIGGER log_meta_no_delete BEFORE DELETE ON log_meta
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;

CREATE TRIGGER commits_next BEFORE INSERT ON commits
WHEN NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM commits)
  OR NEW.first_position <> 1 + (SELECT coalesce(max(last_position), 0) FROM commits)
  OR EXISTS (SELECT 1 FROM commits WHERE actor = NEW.actor AND command_id = NEW.command_id)
BEGIN SELECT RAISE(ABORT, 'the log is append only: the next commit, its command new'); END;
CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
CREATE TRIGGER commits_no_delete BEFORE DELETE ON commits
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;

CREATE TRIGGER events_next BEFORE INSERT ON events
WHEN NEW.position <> 1 + (SELECT coalesce(max(position), 0) FROM events)
  OR NEW.version <> 1 + (SELECT coalesce(max(version), 0) FROM events
                          WHERE stream_kind = NEW.stream_kind AND stream_id = NEW.stream_id)
BEGIN SELECT RAISE(ABORT, 'the log is append only: the next position, the next version of its stream'); END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append only'); END;
