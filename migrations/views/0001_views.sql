-- The read models. Disposable: built from the log at any time, never migrated (a change here is a new version of the
-- views, built beside the old file). Columns are the row structs of crates/projections, in any order.
-- Ids are text, instants are microseconds since 1970-01-01T00:00:00Z, days are ISO text, truths are 0 or 1.

-- How far each read model has come. The token's parts, so that a foreign or forked log is noticed.
CREATE TABLE checkpoints (
    name     TEXT    PRIMARY KEY,
    log_id   TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    chain    BLOB    NOT NULL CHECK (length(chain) = 32)
) STRICT, WITHOUT ROWID;

-- Read models that met an event they cannot fold. They stand at their checkpoint until the next start or version.
CREATE TABLE parked (
    name       TEXT    PRIMARY KEY,
    position   INTEGER NOT NULL, -- of the event
    event_type TEXT    NOT NULL,
    reason     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- One row while erased text may still stand in the file or its -wal.
CREATE TABLE purge_due (
    one INTEGER PRIMARY KEY CHECK (one = 1)
) STRICT;

CREATE TABLE areas (
    code     TEXT    PRIMARY KEY,
    name     TEXT    NOT NULL,
    pseudo   INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE persons (
    person     TEXT    PRIMARY KEY,
    name       TEXT,
    phone      TEXT,
    id_number  TEXT,
    birth_date TEXT,
    home_area  TEXT,
    erased     INTEGER NOT NULL,
    position   INTEGER NOT NULL
) STRICT;
CREATE INDEX persons_by_name ON persons (coalesce(name, ''), person);
CREATE INDEX persons_by_phone ON persons (phone) WHERE phone IS NOT NULL;
CREATE INDEX persons_by_home ON persons (home_area);

CREATE TABLE accounts (
    account   TEXT    PRIMARY KEY,
    person    TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    closed    INTEGER NOT NULL,
    position  INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_by_person ON accounts (person);
CREATE INDEX accounts_by_opening ON accounts (opened_at, account);

CREATE TABLE grants (
    account    TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    granted_at INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (account, role, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_role ON grants (role, account);

CREATE TABLE organisations (
    id         TEXT    PRIMARY KEY,
    kind       TEXT    NOT NULL,
    founded_at INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    area       TEXT    NOT NULL,
    parent     TEXT,
    dissolved  INTEGER NOT NULL,
    members    INTEGER NOT NULL CHECK (members >= 0),
    position   INTEGER NOT NULL
) STRICT;
CREATE INDEX organisations_by_name ON organisations (name, id);
CREATE INDEX organisations_by_area ON organisations (area);
CREATE INDEX organisations_by_parent ON organisations (parent) WHERE parent IS NOT NULL;

CREATE TABLE memberships (
    organisation TEXT    NOT NULL,
    volunteer    TEXT    NOT NULL,
    joined_at    INTEGER NOT NULL,
    left_at      INTEGER,
    active       INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (organisation, volunteer)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_volunteer ON memberships (volunteer, joined_at);
CREATE INDEX memberships_by_joining ON memberships (organisation, joined_at, volunteer);

CREATE TABLE volunteers (
    id                TEXT    PRIMARY KEY,
    person            TEXT    NOT NULL,
    number            TEXT    NOT NULL,
    registered_on     TEXT    NOT NULL,
    guardian_consent  INTEGER NOT NULL,
    separate_consent  INTEGER NOT NULL,
    home_area         TEXT    NOT NULL,
    standing          TEXT    NOT NULL,
    skills            TEXT    NOT NULL, -- JSON array of text
    position          INTEGER NOT NULL
) STRICT;
CREATE INDEX volunteers_by_person ON volunteers (person);
CREATE INDEX volunteers_by_number ON volunteers (number);
CREATE INDEX volunteers_by_registration ON volunteers (registered_on, id);
CREATE INDEX volunteers_by_home ON volunteers (home_area);

CREATE TABLE star_schemes (
    district   TEXT    PRIMARY KEY,
    thresholds TEXT    NOT NULL, -- JSON array of minutes
    counts     TEXT    NOT NULL,
    set_at     INTEGER NOT NULL,
    set_by     TEXT    NOT NULL,
    position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE activities (
    id                 TEXT    PRIMARY KEY,
    organisation       TEXT    NOT NULL,
    published_at       INTEGER NOT NULL,
    title              TEXT    NOT NULL,
    category           TEXT    NOT NULL,
    place              TEXT    NOT NULL,
    area               TEXT    NOT NULL,
    minimum_age        INTEGER NOT NULL,
    required_skills    TEXT    NOT NULL, -- JSON array of text
    risk_notice        TEXT,
    risk_insurance     TEXT,
    sign_up_opens      INTEGER NOT NULL,
    sign_up_closes     INTEGER NOT NULL,
    withdrawal_minutes INTEGER NOT NULL,
    starts             INTEGER NOT NULL, -- of the first shift
    ends               INTEGER NOT NULL, -- of the last shift
    phase              TEXT    NOT NULL,
    cancel_reason      TEXT,
    position           INTEGER NOT NULL
) STRICT;
CREATE INDEX activities_by_start ON activities (starts, id);
CREATE INDEX activities_by_organisation ON activities (organisation, starts, id);
CREATE INDEX activities_by_area ON activities (area);

CREATE TABLE shifts (
    activity TEXT    NOT NULL,
    shift    TEXT    NOT NULL,
    starts   INTEGER NOT NULL,
    ends     INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    removed  INTEGER NOT NULL,
    taken    INTEGER NOT NULL CHECK (taken >= 0),
    waiting  INTEGER NOT NULL CHECK (waiting >= 0),
    position INTEGER NOT NULL,
    PRIMARY KEY (activity, shift)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ups (
    activity  TEXT    NOT NULL,
    shift     TEXT    NOT NULL,
    volunteer TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    since     INTEGER NOT NULL, -- when this state began
    queued    INTEGER NOT NULL, -- the position at which it began: the order of places and of the waitlist
    position  INTEGER NOT NULL,
    PRIMARY KEY (activity, shift, volunteer)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ups_by_order ON sign_ups (activity, queued);
CREATE INDEX sign_ups_by_volunteer ON sign_ups (volunteer, queued);

CREATE TABLE attendances (
    activity      TEXT    NOT NULL,
    attendance    TEXT    NOT NULL,
    shift         TEXT    NOT NULL,
    volunteer     TEXT    NOT NULL,
    day           TEXT    NOT NULL,
    checked_in    INTEGER NOT NULL,
    witness_in    TEXT    NOT NULL,
    checked_out   INTEGER,
    witness_out   TEXT,
    position      INTEGER NOT NULL,
    PRIMARY KEY (activity, attendance)
) STRICT, WITHOUT ROWID;
CREATE INDEX attendances_by_volunteer ON attendances (volunteer, checked_in);

CREATE TABLE service_records (
    record       TEXT    PRIMARY KEY,
    volunteer    TEXT    NOT NULL,
    organisation TEXT    NOT NULL,
    activity     TEXT,
    area         TEXT    NOT NULL,
    evidence     TEXT    NOT NULL,
    attendance   TEXT,
    source       TEXT    NOT NULL,
    content_of   TEXT,
    logged_at    INTEGER NOT NULL,
    logged_by    TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    started      INTEGER NOT NULL,
    ended        INTEGER NOT NULL,
    minutes      INTEGER NOT NULL,
    category     TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    disputed     INTEGER NOT NULL,
    level        TEXT,
    decided_at   INTEGER,
    decided_by   TEXT,
    content      TEXT,
    counted_since TEXT,
    position     INTEGER NOT NULL
) STRICT;
CREATE INDEX service_records_by_volunteer ON service_records (volunteer, day, record);
CREATE INDEX service_records_by_organisation ON service_records (organisation, day, record);
CREATE INDEX service_records_by_day ON service_records (day, record);
CREATE INDEX service_records_by_logging ON service_records (logged_at, record);
CREATE INDEX service_records_by_content ON service_records (content_of) WHERE content_of IS NOT NULL;

CREATE TABLE service_totals (
    volunteer        TEXT    PRIMARY KEY,
    attested_minutes INTEGER NOT NULL,
    declared_minutes INTEGER NOT NULL,
    records          INTEGER NOT NULL,
    position         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX service_totals_by_minutes ON service_totals (attested_minutes + declared_minutes, volunteer);

-- Signed deltas: a past report is a range sum over both days.
CREATE TABLE participation (
    day              TEXT    NOT NULL,
    area             TEXT    NOT NULL,
    organisation     TEXT    NOT NULL,
    category         TEXT    NOT NULL,
    recorded_day     TEXT    NOT NULL,
    attested_minutes INTEGER NOT NULL,
    declared_minutes INTEGER NOT NULL,
    records          INTEGER NOT NULL,
    position         INTEGER NOT NULL,
    PRIMARY KEY (day, area, organisation, category, recorded_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE former_counts (
    ended_at      INTEGER PRIMARY KEY, -- the event's position
    record        TEXT    NOT NULL,
    volunteer     TEXT    NOT NULL,
    organisation  TEXT    NOT NULL,
    area          TEXT    NOT NULL,
    evidence      TEXT    NOT NULL,
    day           TEXT    NOT NULL,
    minutes       INTEGER NOT NULL,
    category      TEXT    NOT NULL,
    counted_since TEXT    NOT NULL,
    counted_until TEXT    NOT NULL CHECK (counted_until > counted_since),
    position      INTEGER NOT NULL
) STRICT;
CREATE INDEX former_counts_by_record ON former_counts (record);
CREATE INDEX former_counts_by_day ON former_counts (day);

CREATE TABLE history (
    at          INTEGER PRIMARY KEY, -- the event's position
    volunteer   TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    details     TEXT    NOT NULL, -- JSON object, nothing personal
    reason_of   TEXT,
    reason      TEXT,
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX history_by_volunteer ON history (volunteer, at);
CREATE INDEX history_by_reason ON history (reason_of) WHERE reason_of IS NOT NULL;

CREATE TABLE meetings (
    id            TEXT    PRIMARY KEY,
    council       TEXT    NOT NULL,
    area          TEXT    NOT NULL,
    convened_at   INTEGER NOT NULL,
    short_notice  TEXT,
    starts        INTEGER NOT NULL,
    ends          INTEGER NOT NULL,
    phase         TEXT    NOT NULL,
    cancel_reason TEXT,
    state         TEXT    NOT NULL, -- JSON, the domain's
    course        TEXT    NOT NULL, -- JSON array
    votes         TEXT    NOT NULL, -- JSON object by vote
    position      INTEGER NOT NULL
) STRICT;
CREATE INDEX meetings_by_start ON meetings (starts, id);
CREATE INDEX meetings_by_council ON meetings (council, starts, id);
CREATE INDEX meetings_by_area ON meetings (area, starts);

CREATE TABLE minutes (
    meeting            TEXT    PRIMARY KEY,
    state              TEXT    NOT NULL, -- JSON, the domain's
    published_at       INTEGER,
    published_revision INTEGER,
    published_text     TEXT,
    resolutions        TEXT    NOT NULL, -- JSON array
    reopened           TEXT,
    position           INTEGER NOT NULL
) STRICT;
