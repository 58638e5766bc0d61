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
    person          TEXT    PRIMARY KEY,
    name            TEXT,
    name_key        TEXT, -- what the name is found by
    name_sounds     TEXT, -- in pinyin, a blank before each word
    phone           TEXT,
    id_number       TEXT,
    document_kind   TEXT,
    issuing_country TEXT,
    birth_date      TEXT,
    home_area       TEXT,
    erased          INTEGER NOT NULL,
    position        INTEGER NOT NULL
) STRICT;
CREATE INDEX persons_by_name ON persons (coalesce(name, ''), person);
CREATE INDEX persons_by_phone ON persons (phone) WHERE phone IS NOT NULL;
CREATE INDEX persons_by_home ON persons (home_area);

CREATE TABLE accounts (
    account   TEXT    PRIMARY KEY,
    person    TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    closed    INTEGER NOT NULL,
    proven    INTEGER NOT NULL,
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

-- Public functions that an account's person has accepted and not taken back.
CREATE TABLE acceptances (
    account     TEXT    NOT NULL,
    function    TEXT    NOT NULL, -- seat:…, teller:…, reviewer:…
    accepted_at INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (account, function)
) STRICT, WITHOUT ROWID;

CREATE TABLE organisations (
    id          TEXT    PRIMARY KEY,
    kind        TEXT    NOT NULL,
    founded_at  INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    area        TEXT    NOT NULL,
    parent      TEXT,
    credit_code TEXT,
    dissolved   INTEGER NOT NULL,
    members     INTEGER NOT NULL CHECK (members >= 0),
    position    INTEGER NOT NULL
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
    phase             TEXT    NOT NULL,
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
    revised_at         INTEGER NOT NULL,
    revised            INTEGER NOT NULL,
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
    phase     TEXT    NOT NULL,
    since     INTEGER NOT NULL, -- when this phase began
    queued    INTEGER NOT NULL, -- the position at which it began: the order of places and of the waitlist
    entered_by TEXT   NOT NULL, -- who asked for it, as the log names actors
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
    entered_by    TEXT    NOT NULL, -- who entered the check-in, as the log names actors
    checked_out   INTEGER,
    witness_out   TEXT,
    position      INTEGER NOT NULL,
    PRIMARY KEY (activity, attendance)
) STRICT, WITHOUT ROWID;

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
    phase       TEXT    NOT NULL,
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
CREATE INDEX service_records_by_activity ON service_records (activity, day, record) WHERE activity IS NOT NULL;
CREATE INDEX service_records_by_day ON service_records (day, record);
CREATE INDEX service_records_by_logging ON service_records (logged_at, record);
-- Heads of a period are counted without a look at the rows.
CREATE INDEX service_records_counted ON service_records (day, area, organisation, category, volunteer, counted_since)
    WHERE phase='confirmed';
CREATE INDEX service_records_held ON service_records (logged_at, record) WHERE phase='held';
CREATE INDEX service_records_by_content ON service_records (content_of) WHERE content_of IS NOT NULL;

CREATE TABLE service_totals (
    volunteer        TEXT    PRIMARY KEY,
    ordinal          INTEGER NOT NULL,
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

-- What counts now, by whole months; `volunteers` is sets of ordinals (roaring bitmaps, base64).
CREATE TABLE monthly_participation (
    month            TEXT    NOT NULL,
    area             TEXT    NOT NULL,
    categories       TEXT    NOT NULL, -- 'all', or one
    attested_minutes INTEGER NOT NULL,
    declared_minutes INTEGER NOT NULL,
    records          INTEGER NOT NULL,
    volunteers       TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    PRIMARY KEY (month, area, categories)
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

-- Councils. What stands in `state` is the domain's own state of the council.
CREATE TABLE councils (
    id             TEXT    PRIMARY KEY,
    area           TEXT    NOT NULL,
    established_on TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    dissolved_on   TEXT,
    state          TEXT    NOT NULL, -- JSON
    position       INTEGER NOT NULL
) STRICT;
CREATE INDEX councils_by_area ON councils (area, name, id);

CREATE TABLE charter_versions (
    council  TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    since    TEXT    NOT NULL,
    charter  TEXT    NOT NULL, -- JSON
    mandate  TEXT    NOT NULL, -- JSON
    position INTEGER NOT NULL,
    PRIMARY KEY (council, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE seats (
    council    TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    begins     TEXT    NOT NULL,
    ends       TEXT    NOT NULL,
    source     TEXT    NOT NULL, -- JSON
    term_over  INTEGER NOT NULL,
    vacated_on TEXT,
    vacancy    TEXT    NOT NULL, -- JSON, without the reason
    reason     TEXT,
    position   INTEGER NOT NULL,
    PRIMARY KEY (council, person, begins)
) STRICT, WITHOUT ROWID;
CREATE INDEX seats_by_person ON seats (person, council);
CREATE INDEX seats_by_beginning ON seats (council, begins, person);

-- Residents' issues; title, text and reason are sealed under the key of who raised one, and go with it.
CREATE TABLE issues (
    id           TEXT    PRIMARY KEY,
    council      TEXT    NOT NULL,
    area         TEXT    NOT NULL,
    raised_by    TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    raised_at    INTEGER NOT NULL,
    entered_by   TEXT    NOT NULL, -- as the log names actors
    phase        TEXT    NOT NULL,
    admitted     INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    endorsements INTEGER NOT NULL CHECK (endorsements >= 0),
    needed       INTEGER,
    motion       TEXT,
    answer       TEXT,
    title        TEXT,
    text         TEXT,
    reason       TEXT,
    position     INTEGER NOT NULL
) STRICT;
CREATE INDEX issues_by_council ON issues (council, raised_at, id);
CREATE INDEX issues_by_raising ON issues (raised_at, id);
CREATE INDEX issues_by_raiser ON issues (raised_by);
CREATE INDEX issues_by_area ON issues (area);

CREATE TABLE issue_endorsements (
    issue    TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    stands   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (issue, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX issue_endorsements_by_person ON issue_endorsements (person, issue);

-- Motions. What stands in `state` is the domain's own state of the motion; the other columns are what lists filter and
-- order by, and what the rules do not need.
CREATE TABLE motions (
    id         TEXT    PRIMARY KEY,
    council    TEXT    NOT NULL,
    area       TEXT    NOT NULL,
    drafted_at INTEGER NOT NULL,
    category   TEXT    NOT NULL,
    phase      TEXT    NOT NULL,
    year       INTEGER, -- with the number: since its first submission
    number     INTEGER,
    public_from INTEGER, -- the version that was first submitted
    changed_at INTEGER NOT NULL,
    percent    INTEGER,
    postponed_until TEXT,
    merged_into TEXT,
    state      TEXT    NOT NULL, -- JSON
    position   INTEGER NOT NULL,
    CHECK ((year IS NULL) = (number IS NULL) AND (year IS NULL) = (public_from IS NULL))
) STRICT;
CREATE INDEX motions_by_drafting ON motions (drafted_at, id);
CREATE INDEX motions_by_change ON motions (changed_at, id);
CREATE INDEX motions_by_number ON motions (coalesce(year, 0), coalesce(number, 0), id);
CREATE INDEX motions_by_council ON motions (council, phase);
CREATE INDEX motions_by_area ON motions (area);

CREATE TABLE motion_movers (
    motion   TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (motion, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX motion_movers_by_person ON motion_movers (person, motion);

CREATE TABLE motion_versions (
    motion     TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    amendment  TEXT, -- that made it
    text       TEXT    NOT NULL, -- JSON
    position   INTEGER NOT NULL,
    PRIMARY KEY (motion, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE motion_amendments (
    motion      TEXT    NOT NULL,
    amendment   TEXT    NOT NULL,
    proposer    TEXT    NOT NULL,
    proposed_at INTEGER NOT NULL,
    against     INTEGER NOT NULL,
    changes     TEXT    NOT NULL, -- JSON
    grounds     TEXT,
    phase      TEXT    NOT NULL,
    settled_at  INTEGER,
    merged_as   INTEGER, -- the version it made
    vote        TEXT,
    reason      TEXT,
    position    INTEGER NOT NULL,
    PRIMARY KEY (motion, amendment)
) STRICT, WITHOUT ROWID;

CREATE TABLE motion_reports (
    at          INTEGER PRIMARY KEY,
    motion      TEXT    NOT NULL,
    reported_at INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    percent     INTEGER, -- none: carried out
    report      TEXT    NOT NULL,
    evidence    TEXT    NOT NULL, -- JSON
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX motion_reports_by_motion ON motion_reports (motion, at);

CREATE TABLE motion_reviews (
    at          INTEGER PRIMARY KEY,
    motion      TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    rating      INTEGER NOT NULL,
    reviewed_at INTEGER NOT NULL,
    text_of     TEXT,
    stands      INTEGER NOT NULL,
    text        TEXT,
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX motion_reviews_by_motion ON motion_reviews (motion, stands, at);
CREATE INDEX motion_reviews_by_person ON motion_reviews (text_of) WHERE text_of IS NOT NULL;

CREATE TABLE motion_history (
    at          INTEGER PRIMARY KEY,
    motion      TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    person      TEXT,
    reason      TEXT,
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX motion_history_by_motion ON motion_history (motion, at);

-- Elections and polls. `state` is the domain's own state as JSON.
CREATE TABLE elections (
    id           TEXT    PRIMARY KEY,
    council      TEXT    NOT NULL,
    area         TEXT    NOT NULL,
    called_at    INTEGER NOT NULL,
    phase        TEXT    NOT NULL,
    poll         TEXT,
    concluded_at INTEGER,
    conclusion   TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    position     INTEGER NOT NULL
) STRICT;
CREATE INDEX elections_by_call ON elections (called_at, id);
CREATE INDEX elections_by_council ON elections (council, called_at, id);
CREATE INDEX elections_by_area ON elections (area);

CREATE TABLE election_proxies (
    election  TEXT    NOT NULL,
    principal TEXT    NOT NULL,
    proxy     TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (election, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX election_proxies_by_proxy ON election_proxies (proxy);

CREATE TABLE polls (
    id           TEXT    PRIMARY KEY,
    area         TEXT    NOT NULL,
    election     TEXT,
    motion       TEXT,
    prepared_at  INTEGER NOT NULL,
    phase        TEXT    NOT NULL,
    opened_at    INTEGER,
    closed_at    INTEGER,
    concluded_at INTEGER,
    entries      INTEGER NOT NULL,
    online       INTEGER NOT NULL,
    in_person    INTEGER NOT NULL,
    by_proxy     INTEGER NOT NULL,
    ballots      INTEGER NOT NULL,
    void_reason  TEXT,
    state        TEXT    NOT NULL,
    position     INTEGER NOT NULL
) STRICT;
CREATE INDEX polls_by_preparing ON polls (prepared_at, id);
CREATE INDEX polls_by_area ON polls (area);
CREATE INDEX polls_by_election ON polls (election) WHERE election IS NOT NULL;

-- Who took part, never when: the only times are the log's.
CREATE TABLE roll_entries (
    id       TEXT    PRIMARY KEY,
    poll     TEXT    NOT NULL,
    holder   TEXT    NOT NULL,
    voter    TEXT    NOT NULL,
    weight   INTEGER NOT NULL,
    voted    INTEGER NOT NULL,
    channel  TEXT,
    proxy    TEXT,
    marks    TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX roll_entries_by_poll ON roll_entries (poll, id);
CREATE INDEX roll_entries_by_voter ON roll_entries (voter, poll);

CREATE TABLE published_ballots (
    poll     TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    tag      TEXT,
    marks    TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (poll, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX published_ballots_by_tag ON published_ballots (poll, tag) WHERE tag IS NOT NULL;
CREATE TABLE meetings (
    id            TEXT    PRIMARY KEY,
    council       TEXT    NOT NULL,
    area          TEXT    NOT NULL,
    convened_at   INTEGER NOT NULL,
    short_notice  TEXT,
    starts        INTEGER NOT NULL,
    ends          INTEGER NOT NULL,
    continues     INTEGER NOT NULL,
    phase         TEXT    NOT NULL,
    revised_at    INTEGER NOT NULL,
    revised       INTEGER NOT NULL,
    cancel_reason TEXT,
    state         TEXT    NOT NULL, -- JSON, the domain's
    course        TEXT    NOT NULL, -- JSON array
    votes         TEXT    NOT NULL, -- JSON object by vote
    position      INTEGER NOT NULL
) STRICT;
CREATE INDEX meetings_by_start ON meetings (starts, id);
CREATE INDEX meetings_by_council ON meetings (council, starts, id);
CREATE INDEX meetings_by_area ON meetings (area, starts);

CREATE TABLE meeting_sittings (
    meeting    TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    starts     INTEGER NOT NULL,
    ends       INTEGER NOT NULL,
    called_off INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (meeting, number)
) STRICT, WITHOUT ROWID;

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

-- In which meeting a vote is or was taken, on which motion.
CREATE TABLE meeting_votes (
    id       TEXT    PRIMARY KEY,
    meeting  TEXT    NOT NULL,
    motion   TEXT,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meeting_guests (
    meeting  TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    capacity TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (meeting, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_guests_by_person ON meeting_guests (person, meeting);

-- Ballots cast by name in meetings.
CREATE TABLE meeting_ballots (
    vote     TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    meeting  TEXT    NOT NULL,
    choice   TEXT    NOT NULL,
    cast_at  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (vote, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_ballots_by_person ON meeting_ballots (person, cast_at, vote);

-- Covenants. What stands in `state` is the domain's own state of the covenant.
CREATE TABLE covenants (
    id         TEXT    PRIMARY KEY,
    council    TEXT    NOT NULL,
    area       TEXT    NOT NULL,
    adopted_on TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    repealed_from TEXT,
    state      TEXT    NOT NULL, -- JSON
    position   INTEGER NOT NULL
) STRICT;
CREATE INDEX covenants_by_area ON covenants (area, adopted_on, id);
CREATE INDEX covenants_by_council ON covenants (council);

-- Who took part in deliberating: an act a row, counted where and when it was done.
CREATE TABLE deliberation_acts (
    deed     TEXT    NOT NULL,
    subject  TEXT    NOT NULL, -- the meeting, motion, vote or poll
    doer     TEXT    NOT NULL, -- the person; the subject where it was nobody's in particular
    matter   TEXT    NOT NULL,
    day      TEXT,             -- none while it does not count
    since    TEXT,
    until    TEXT,
    position INTEGER NOT NULL,
    PRIMARY KEY (deed, subject, doer)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliberation_acts_by_day ON deliberation_acts (day);
CREATE INDEX deliberation_acts_by_doer ON deliberation_acts (doer, deed);
CREATE INDEX deliberation_acts_by_matter ON deliberation_acts (matter);

CREATE TABLE deliberation_matters (
    id       TEXT    PRIMARY KEY,
    area     TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Funds. No balance is stored: what is free in a line is the sum of its ledger.
CREATE TABLE funds (
    id             TEXT    PRIMARY KEY,
    name           TEXT    NOT NULL,
    area           TEXT    NOT NULL,
    established_on TEXT    NOT NULL,
    closed         INTEGER NOT NULL,
    position       INTEGER NOT NULL
) STRICT;
CREATE INDEX funds_by_name ON funds (name, id);
CREATE INDEX funds_by_area ON funds (area);

CREATE TABLE fund_years (
    fund      TEXT    NOT NULL,
    year      INTEGER NOT NULL,
    closed_on TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (fund, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE project_grants (
    id         TEXT    PRIMARY KEY,
    fund       TEXT    NOT NULL,
    year       INTEGER NOT NULL,
    area       TEXT    NOT NULL,
    project    TEXT    NOT NULL,
    granted_on TEXT    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    paid       INTEGER NOT NULL CHECK (paid BETWEEN 0 AND amount),
    position   INTEGER NOT NULL
) STRICT;
CREATE INDEX project_grants_by_project ON project_grants (project);
CREATE INDEX project_grants_by_fund ON project_grants (fund, granted_on, id);

-- One row an event and line: amounts are cents, sign is what it does to what is free.
CREATE TABLE fund_ledger (
    event        INTEGER NOT NULL,
    leg          INTEGER NOT NULL,
    fund         TEXT    NOT NULL,
    year         INTEGER NOT NULL,
    area         TEXT    NOT NULL,
    movement     TEXT    NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    sign         INTEGER NOT NULL CHECK (sign BETWEEN -1 AND 1),
    moved_on     TEXT    NOT NULL,
    recorded_on  TEXT    NOT NULL,
    allocation   TEXT,
    disbursement TEXT,
    project      TEXT,
    reason       TEXT,
    evidence     TEXT    NOT NULL, -- JSON
    position     INTEGER NOT NULL,
    PRIMARY KEY (event, leg)
) STRICT, WITHOUT ROWID;
CREATE INDEX fund_ledger_by_line ON fund_ledger (fund, year, area, event, leg);
CREATE INDEX fund_ledger_by_project ON fund_ledger (project, event) WHERE project IS NOT NULL;
CREATE INDEX fund_ledger_by_grant ON fund_ledger (allocation, disbursement) WHERE allocation IS NOT NULL;
CREATE INDEX fund_ledger_by_area ON fund_ledger (area, moved_on);

-- Confirmed service of an area with its parts, for the area and each larger one: by day, and by month.
CREATE TABLE service_days (
    area         TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    recorded_day TEXT    NOT NULL,
    records      INTEGER NOT NULL,
    minutes      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (area, day, category, recorded_day)
) STRICT, WITHOUT ROWID;
CREATE TABLE service_months (
    area         TEXT    NOT NULL,
    month        TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    recorded_day TEXT    NOT NULL,
    records      INTEGER NOT NULL,
    minutes      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (area, month, category, recorded_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE figure_subjects (
    id       TEXT    PRIMARY KEY,
    area     TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT;

-- What changed about a figure: for an area with its parts, and event by event.
CREATE TABLE figure_sums (
    area         TEXT    NOT NULL,
    figure       TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    recorded_day TEXT    NOT NULL,
    amount       INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (area, figure, day, recorded_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE figure_entries (
    event        INTEGER NOT NULL,
    figure       TEXT    NOT NULL,
    area         TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    recorded_day TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    corrects     INTEGER NOT NULL CHECK (corrects IN (0, 1)),
    amount       INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (event, figure, area, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX figure_entries_by_recorded_day ON figure_entries (recorded_day);

-- Projects. Amounts are cents; what was raised, matched and spent is the sum of the books.
CREATE TABLE projects (
    id           TEXT    PRIMARY KEY,
    title        TEXT    NOT NULL,
    area         TEXT    NOT NULL,
    started_at   INTEGER NOT NULL,
    organisation TEXT, -- that carries it out, or a council does
    council      TEXT,
    motion       TEXT, -- it came from, or a round, or an office
    resolved_by  TEXT,
    vote         TEXT,
    round        TEXT,
    application  TEXT,
    office       TEXT,
    office_reason TEXT,
    phase        TEXT    NOT NULL,
    ends_on      TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL,
    plan         TEXT    NOT NULL, -- JSON
    reached      TEXT    NOT NULL, -- JSON
    granted      INTEGER NOT NULL CHECK (granted >= 0),
    paid         INTEGER NOT NULL CHECK (paid BETWEEN 0 AND granted),
    raised       INTEGER NOT NULL CHECK (raised >= 0),
    matched      INTEGER NOT NULL CHECK (matched >= 0),
    spent        INTEGER NOT NULL CHECK (spent BETWEEN 0 AND paid + raised + matched),
    completed_on TEXT,
    audited_on   TEXT,
    position     INTEGER NOT NULL,
    CHECK ((organisation IS NULL) <> (council IS NULL)),
    CHECK ((motion IS NOT NULL) + (round IS NOT NULL) + (office IS NOT NULL) = 1)
) STRICT;
CREATE INDEX projects_by_start ON projects (started_at, id);
CREATE INDEX projects_by_change ON projects (changed_at, id);
CREATE INDEX projects_by_end ON projects (ends_on, id);
CREATE INDEX projects_by_title ON projects (title, id);
CREATE INDEX projects_by_area ON projects (area);
CREATE INDEX projects_by_motion ON projects (motion, started_at, id) WHERE motion IS NOT NULL;
CREATE INDEX projects_by_round ON projects (round) WHERE round IS NOT NULL;
CREATE INDEX projects_by_organisation ON projects (organisation) WHERE organisation IS NOT NULL;

CREATE TABLE project_history (
    at          INTEGER PRIMARY KEY,
    project     TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    step        TEXT    NOT NULL,
    milestone   INTEGER,
    text        TEXT,
    evidence    TEXT    NOT NULL, -- JSON
    plan        TEXT    NOT NULL, -- JSON; null where the step made none
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX project_history_by_project ON project_history (project, at);

CREATE TABLE project_books (
    project     TEXT    NOT NULL,
    entry       TEXT    NOT NULL,
    raised      TEXT, -- from where; none for an expense and a refund
    refunds     TEXT, -- the expense of which it is a refund
    amount      INTEGER NOT NULL CHECK (amount > 0),
    moved_on    TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    note        TEXT    NOT NULL,
    evidence    TEXT    NOT NULL, -- JSON
    void_reason TEXT, -- struck out
    position    INTEGER NOT NULL,
    PRIMARY KEY (project, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_books_by_day ON project_books (project, moved_on, entry);

CREATE TABLE project_reviews (
    at          INTEGER PRIMARY KEY,
    project     TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    rating      INTEGER NOT NULL,
    reviewed_at INTEGER NOT NULL,
    text_of     TEXT,
    text        TEXT,
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX project_reviews_by_project ON project_reviews (project, at);
CREATE INDEX project_reviews_by_person ON project_reviews (text_of) WHERE text_of IS NOT NULL;

CREATE TABLE rounds (
    id              TEXT    PRIMARY KEY,
    title           TEXT    NOT NULL,
    area            TEXT    NOT NULL,
    fund            TEXT    NOT NULL,
    called_at       INTEGER NOT NULL,
    terms           TEXT    NOT NULL, -- JSON
    phase           TEXT    NOT NULL,
    candidates      TEXT    NOT NULL, -- JSON
    reserve         TEXT    NOT NULL, -- JSON
    ballot          TEXT    NOT NULL, -- JSON
    reviewers       TEXT    NOT NULL, -- JSON
    changed_at      INTEGER NOT NULL,
    applications    INTEGER NOT NULL,
    groups          INTEGER NOT NULL,
    poll            TEXT,
    selected_on     TEXT,
    announced_on    TEXT,
    open_objections INTEGER NOT NULL CHECK (open_objections >= 0),
    reason          TEXT,
    position        INTEGER NOT NULL
) STRICT;
CREATE INDEX rounds_by_call ON rounds (called_at, id);
CREATE INDEX rounds_by_area ON rounds (area);
CREATE INDEX rounds_by_fund ON rounds (fund);

CREATE TABLE round_applications (
    round           TEXT    NOT NULL,
    application     TEXT    NOT NULL,
    place           INTEGER NOT NULL,
    organisation    TEXT, -- that applies, or a council does
    council         TEXT,
    author          TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    area            TEXT    NOT NULL,
    ask             INTEGER NOT NULL CHECK (ask > 0),
    submitted_on    TEXT    NOT NULL,
    phase          TEXT    NOT NULL,
    screening       TEXT,
    exclusive_group INTEGER,
    group_reason    TEXT,
    declined        TEXT,
    project         TEXT,
    position        INTEGER NOT NULL,
    PRIMARY KEY (round, application),
    CHECK ((organisation IS NULL) <> (council IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX round_applications_by_place ON round_applications (round, place);
CREATE INDEX round_applications_by_organisation ON round_applications (organisation) WHERE organisation IS NOT NULL;

-- One row a reviewer and application: points that count, or why there are none.
CREATE TABLE round_scores (
    round       TEXT    NOT NULL,
    application TEXT    NOT NULL,
    reviewer    TEXT    NOT NULL,
    points      TEXT    NOT NULL, -- JSON
    conflict    TEXT,
    at          INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (round, application, reviewer)
) STRICT, WITHOUT ROWID;

CREATE TABLE round_selections (
    at          INTEGER PRIMARY KEY,
    round       TEXT    NOT NULL,
    selected_on TEXT    NOT NULL,
    candidates  TEXT    NOT NULL, -- JSON
    selection   TEXT    NOT NULL, -- JSON
    annulled_by TEXT,
    position    INTEGER NOT NULL
) STRICT;
CREATE INDEX round_selections_by_round ON round_selections (round, at);

CREATE TABLE round_objections (
    round      TEXT    NOT NULL,
    objection  TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    raised_on  TEXT    NOT NULL,
    text_of    TEXT    NOT NULL,
    phase     TEXT    NOT NULL,
    reason     TEXT,
    settled_at INTEGER,
    text       TEXT,
    position   INTEGER NOT NULL,
    PRIMARY KEY (round, objection)
) STRICT, WITHOUT ROWID;
CREATE INDEX round_objections_by_day ON round_objections (round, raised_on, objection);
CREATE INDEX round_objections_by_person ON round_objections (text_of);

CREATE TABLE community_activities (
    id           TEXT    PRIMARY KEY,
    begun_by     TEXT, -- a representative
    council      TEXT, -- of the representative's seat
    project      TEXT,
    title        TEXT    NOT NULL,
    area         TEXT    NOT NULL,
    begun_at     INTEGER NOT NULL,
    phase        TEXT    NOT NULL,
    held_on      TEXT,
    person_times INTEGER NOT NULL,
    report       TEXT,
    evidence     TEXT    NOT NULL, -- JSON
    reason       TEXT,
    position     INTEGER NOT NULL
) STRICT;
CREATE INDEX community_activities_by_begin ON community_activities (begun_at, id);
CREATE INDEX community_activities_by_day ON community_activities (coalesce(held_on, ''), id);
CREATE INDEX community_activities_by_area ON community_activities (area, held_on);
CREATE INDEX community_activities_by_council ON community_activities (council) WHERE council IS NOT NULL;
CREATE INDEX community_activities_by_beginner ON community_activities (begun_by) WHERE begun_by IS NOT NULL;
CREATE INDEX community_activities_by_project ON community_activities (project) WHERE project IS NOT NULL;

CREATE TABLE person_times_corrections (
    at                 INTEGER PRIMARY KEY,
    community_activity TEXT    NOT NULL,
    was                INTEGER NOT NULL,
    became             INTEGER NOT NULL,
    reason             TEXT    NOT NULL,
    corrected_at       INTEGER NOT NULL,
    actor              TEXT    NOT NULL,
    position           INTEGER NOT NULL
) STRICT;
CREATE INDEX person_times_corrections_by_activity ON person_times_corrections (community_activity, at);

-- What service at an activity of volunteering is for; a link that was taken back has a reason and no purpose.
CREATE TABLE service_links (
    activity           TEXT    PRIMARY KEY,
    project            TEXT,
    community_activity TEXT,
    changed_at         INTEGER NOT NULL,
    reason             TEXT,
    position           INTEGER NOT NULL,
    CHECK ((project IS NOT NULL) + (community_activity IS NOT NULL) + (reason IS NOT NULL) = 1)
) STRICT;
CREATE INDEX service_links_by_project ON service_links (project) WHERE project IS NOT NULL;
CREATE INDEX service_links_by_activity ON service_links (community_activity) WHERE community_activity IS NOT NULL;

CREATE TABLE incubations (
    organisation  TEXT    PRIMARY KEY,
    council       TEXT    NOT NULL,
    motion        TEXT,
    begun_on      TEXT    NOT NULL,
    phase         TEXT    NOT NULL,
    registration  TEXT,
    registered_on TEXT,
    ended_on      TEXT,
    reason        TEXT,
    position      INTEGER NOT NULL
) STRICT;
CREATE INDEX incubations_by_day ON incubations (begun_on, organisation);
CREATE INDEX incubations_by_motion ON incubations (motion) WHERE motion IS NOT NULL;
CREATE INDEX incubations_by_council ON incubations (council);
