//! What only the SQLite engine promises: the file refuses change, tampering is found, faults are survived.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::DateTime;
use futures::{StreamExt, future::join_all};
use gongyi_eventlog::{
    AppendError, Commit, FrozenLog, Log, LogError, Metadata, NewEvent, OpenError, SqliteLog, SqliteSettings, Standing, StreamId, follow,
    verify::{Problem, Report, verify},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    async fn open(&self) -> SqliteLog {
        let settings = SqliteSettings { busy_timeout: Duration::from_millis(200), ..SqliteSettings::default() };
        SqliteLog::open(self.path(), settings).await.unwrap()
    }

    /// A log of ten commits with two events each, closed.
    async fn with_ten_commits() -> Self {
        let file = Self::new();
        let log = file.open().await;
        for n in 0..10 {
            log.append(commit(n, n % 2, n / 2 * 2)).await.unwrap();
        }
        log.close().await;
        file
    }

    /// A connection of somebody who bypasses the log.
    async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::ZERO).connect().await.unwrap()
    }

    /// Runs statements as somebody who knows how to get around the triggers.
    async fn tamper(&self, sql: &str) {
        let mut raw = self.raw().await;
        let sql = format!(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             DROP TRIGGER events_next; DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete;
             DROP TRIGGER commits_next; DROP TRIGGER commits_no_update; DROP TRIGGER commits_no_delete; {sql}"
        );
        raw.execute(AssertSqlSafe(sql)).await.unwrap();
        raw.close().await.unwrap();
    }

    async fn verify(&self) -> Report {
        let log = SqliteLog::open_read_only(self.path(), SqliteSettings::default()).await.unwrap();
        let report = verify(&log, |_| ()).await.unwrap();
        log.close().await;
        report
    }

    /// What verification finds, apart from the triggers that `tamper` dropped.
    async fn problems(&self) -> Vec<(u64, Problem)> {
        let report = self.verify().await;
        let trigger = |problem: &Problem| matches!(problem, Problem::Storage(text) if text.starts_with("trigger"));
        report
            .findings
            .into_iter()
            .filter(|finding| !trigger(&finding.problem))
            .map(|finding| (finding.position, finding.problem))
            .collect()
    }
}

fn stream(n: u64) -> StreamId {
    StreamId::new("thing", Uuid::from_u128(u128::from(n)))
}

fn commit(command: u64, of: u64, expected: u64) -> Commit {
    let event = |n: u64| (stream(of), NewEvent { event_type: "Noted".into(), schema_version: 1, payload: format!("{{\"hours\":{n}}}") });
    Commit {
        metadata: Metadata {
            actor: "ann".into(),
            command_id: Uuid::from_u128(u128::from(command)),
            correlation: Uuid::nil(),
            causation: None,
            recorded_at: DateTime::from_timestamp(1_767_225_600, 0).unwrap(),
        },
        command_digest: [3; 32],
        answer: "null".into(),
        expectations: vec![(stream(of), expected)],
        events: vec![event(command), event(command)],
    }
}

#[tokio::test]
async fn update_and_delete_are_refused() {
    let file = File::with_ten_commits().await;
    let before = file.verify().await;
    let mut raw = file.raw().await;
    for sql in [
        "UPDATE events SET payload = '{}' WHERE position = 3",
        "DELETE FROM events WHERE position = 20",
        "INSERT OR REPLACE INTO events SELECT position, commit_number, stream_kind, stream_id, version, event_type, schema_version, '{}' FROM events WHERE position = 20",
        "INSERT OR REPLACE INTO events SELECT 21, commit_number, stream_kind, stream_id, version, event_type, schema_version, '{}' FROM events WHERE position = 20",
        "INSERT INTO events SELECT 22, commit_number, stream_kind, stream_id, version + 1, event_type, schema_version, '{}' FROM events WHERE position = 20",
        "UPDATE commits SET actor = 'eve' WHERE number = 1",
        "DELETE FROM commits",
        "INSERT OR REPLACE INTO commits SELECT 11, 21, 22, actor, command_id, command_digest, correlation, causation, recorded_at, answer, hash, chain FROM commits WHERE number = 10",
        "UPDATE log_meta SET epoch = 2",
        "DELETE FROM log_meta",
        "INSERT OR REPLACE INTO log_meta SELECT epoch, zeroblob(16), 0 FROM log_meta",
        "INSERT INTO log_meta SELECT epoch + 1, zeroblob(16), 0 FROM log_meta",
    ] {
        let refused = raw.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("append only"), "{sql}: {refused}");
    }
    raw.close().await.unwrap();
    assert!(before.is_sound(), "{:?}", before.findings);
    assert_eq!(file.verify().await, before);
}

#[tokio::test]
async fn one_tampered_byte_is_found() {
    let file = File::with_ten_commits().await;
    let copy = File::new();
    let mut bytes = std::fs::read(file.path()).unwrap();
    let at = bytes.windows(11).position(|text| text == b"{\"hours\":4}").unwrap();
    bytes[at + 9] = b'9';
    std::fs::write(copy.path(), bytes).unwrap();
    assert!(file.verify().await.is_sound());
    assert_eq!(copy.problems().await, [(9, Problem::CommitHash)]);
}

#[tokio::test]
async fn every_kind_of_tampering_is_found() {
    let cases: [(&str, Vec<(u64, Problem)>); 12] = [
        (
            "UPDATE events SET payload = '{}' WHERE position = 4; UPDATE commits SET answer = '1' WHERE number = 7",
            vec![(3, Problem::CommitHash), (13, Problem::CommitHash)],
        ),
        ("UPDATE commits SET hash = zeroblob(32) WHERE number = 2", vec![(3, Problem::CommitHash), (3, Problem::Chain)]),
        ("UPDATE commits SET chain = zeroblob(32) WHERE number = 2", vec![(3, Problem::Chain), (5, Problem::Chain)]),
        ("DELETE FROM events WHERE position = 20", vec![(20, Problem::MissingEvents { from: 20, to: 20 }), (19, Problem::CommitHash)]),
        (
            "DELETE FROM events WHERE position = 3",
            vec![
                (3, Problem::MissingEvents { from: 3, to: 3 }),
                (4, Problem::Version { stream: stream(1), expected: 1, found: 2 }),
                (3, Problem::CommitHash),
            ],
        ),
        ("DELETE FROM events WHERE position >= 19; DELETE FROM commits WHERE number = 10", vec![]),
        (
            "DELETE FROM commits WHERE number = 5",
            vec![
                (11, Problem::CommitNumber { expected: 5 }),
                (11, Problem::FirstPosition { expected: 9 }),
                (9, Problem::StrayEvent),
                (10, Problem::StrayEvent),
            ],
        ),
        (
            "INSERT INTO events SELECT 21, 10, stream_kind, stream_id, version + 1, event_type, schema_version, payload FROM events WHERE position = 20",
            vec![(21, Problem::StrayEvent)],
        ),
        ("UPDATE events SET commit_number = 1 WHERE position = 20", vec![(20, Problem::EventCommit { said: 1 })]),
        (
            "UPDATE commits SET last_position = 9000000000000000000 WHERE number = 10",
            vec![(19, Problem::LastPosition { last: 9_000_000_000_000_000_000 }), (20, Problem::StrayEvent)],
        ),
        (
            "UPDATE commits SET recorded_at = 9223372036854775807 WHERE number = 10",
            vec![(19, Problem::UnreadableCommit), (19, Problem::StrayEvent), (20, Problem::StrayEvent)],
        ),
        ("UPDATE commits SET causation = 20 WHERE number = 10", vec![(19, Problem::CommitHash), (19, Problem::Causation { cause: 20 })]),
    ];
    for (sql, expected) in cases {
        let file = File::with_ten_commits().await;
        file.tamper(sql).await;
        assert_eq!(file.problems().await, expected, "{sql}");
    }
    // A cut tail is whole in itself; a token from before tells.
    let file = File::with_ten_commits().await;
    let log = file.open().await;
    let token = log.head().await.unwrap();
    log.close().await;
    file.tamper("DELETE FROM events WHERE position >= 19; DELETE FROM commits WHERE number = 10").await;
    let log = file.open().await;
    assert_eq!(log.check(&token).await.unwrap(), Standing::Ahead { head: 18 });
    log.append(commit(99, 7, 0)).await.unwrap();
    assert_eq!(log.check(&token).await.unwrap(), Standing::Forked);
    log.close().await;
}

#[tokio::test]
async fn garbage_is_reported_and_never_a_panic() {
    let file = File::with_ten_commits().await;
    let whole = std::fs::read(file.path()).unwrap();
    let mut seed = 1_u64;
    let (mut found, mut refused) = (0, 0);
    for _ in 0..150 {
        let mut bytes = whole.clone();
        for _ in 0..20 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // The header stays, or SQLite would refuse the file at once.
            let at = 100 + usize::try_from(seed >> 20).unwrap() % (bytes.len() - 100);
            bytes[at] = bytes[at].wrapping_add(seed.to_be_bytes()[0] | 1);
        }
        let copy = File::new();
        std::fs::write(copy.path(), bytes).unwrap();
        match SqliteLog::open_read_only(copy.path(), SqliteSettings::default()).await {
            Ok(log) => match verify(&log, |_| ()).await {
                Ok(report) => found += usize::from(!report.is_sound()),
                Err(_) => refused += 1,
            },
            Err(_) => refused += 1,
        }
    }
    assert!(found + refused > 100, "{found} found, {refused} not opened");
}

/// Statements have room for powers of two: what exceeds one, fills one, or leaves room must be written whole, once.
#[tokio::test]
async fn commits_and_batches_of_any_size_are_written_whole() {
    let file = File::new();
    let log = file.open().await;
    let (mut events, mut commits) = (0, 0);
    for size in [1, 3, 64, 255, 256, 257, 600] {
        let event = |n| (stream(size), NewEvent { event_type: "Noted".into(), schema_version: 1, payload: format!("{n}") });
        log.append(Commit { events: (0..size).map(event).collect(), ..commit(size, size, 0) }).await.unwrap();
        let read: Vec<_> = log.read_stream(&stream(size), 0).await.unwrap().into_iter().map(|event| event.payload).collect();
        assert_eq!(read, (0..size).map(|n| n.to_string()).collect::<Vec<_>>());
        let batch = join_all((0..size).map(|n| log.append(commit(10_000 * size + n, 10_000 * size + n, 0)))).await;
        assert!(batch.iter().all(Result::is_ok));
        (events, commits) = (events + 3 * size, commits + 1 + size);
    }
    log.close().await;
    let report = file.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.events, report.commits), (events, commits));
}

#[tokio::test]
async fn a_reopened_log_goes_on() {
    let file = File::with_ten_commits().await;
    let log = file.open().await;
    let head = log.head().await.unwrap();
    assert_eq!((head.position, head.epoch, *log.watch().borrow()), (20, 1, 20));
    assert!(log.append(commit(3, 1, 2)).await.unwrap().replayed);
    assert_eq!(log.append(commit(10, 0, 10)).await.unwrap().first_position, 21);
    log.close().await;
    assert!(file.verify().await.is_sound());
}

#[tokio::test]
async fn closing_writes_what_is_queued() {
    let file = File::new();
    let log = Arc::new(file.open().await);
    let dynamic: Arc<dyn Log> = log.clone();
    let follower = tokio::spawn(follow(dynamic, 0).map(|event| event.unwrap().position).collect::<Vec<_>>());
    let mut appends = Box::pin(join_all((0..30).map(|n| log.append(commit(n, n, 0)))));
    assert!(futures::poll!(&mut appends).is_pending());
    log.close().await;
    log.close().await;
    assert!(appends.await.iter().all(Result::is_ok));
    assert!(matches!(log.append(commit(99, 0, 2)).await, Err(AppendError::Closed)));
    assert!(matches!(log.head().await, Err(LogError::Closed)));
    tokio::time::timeout(Duration::from_secs(5), follower).await.unwrap().unwrap();
    let log = file.open().await;
    assert_eq!(log.head().await.unwrap().position, 60);
}

#[tokio::test]
async fn a_storage_fault_fails_the_batch_and_the_writer_goes_on() {
    let file = File::new();
    let log = file.open().await;
    log.append(commit(1, 1, 0)).await.unwrap();

    // Somebody holds the write lock for longer than the writer waits.
    let mut raw = file.raw().await;
    raw.execute("BEGIN IMMEDIATE").await.unwrap();
    let outcomes = join_all([log.append(commit(2, 1, 2)), log.append(commit(3, 3, 0))]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(AppendError::Storage(_)))), "{outcomes:?}");
    raw.execute("ROLLBACK").await.unwrap();
    assert_eq!(log.append(commit(2, 1, 2)).await.unwrap().first_position, 3);

    // The disk takes the commit's row and fails at the third event.
    raw.execute("CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.position = 7 BEGIN SELECT RAISE(ABORT, 'full'); END").await.unwrap();
    let outcomes = join_all([log.append(commit(4, 4, 0)), log.append(commit(5, 5, 0)), log.append(commit(6, 1, 0))]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(AppendError::Storage(_)))), "{outcomes:?}");
    assert_eq!(log.head().await.unwrap().position, 4);
    assert_eq!(*log.watch().borrow(), 4);
    raw.execute("DROP TRIGGER full").await.unwrap();
    let outcomes = join_all([log.append(commit(4, 4, 0)), log.append(commit(5, 5, 0)), log.append(commit(6, 1, 0))]).await;
    assert!(matches!(outcomes[..], [Ok(_), Ok(_), Err(AppendError::Conflict { actual: 4, .. })]), "{outcomes:?}");
    raw.close().await.unwrap();
    log.close().await;
    assert!(file.verify().await.is_sound());
}

/// The data folder's lock forbids it; if it happens all the same, nothing is lost or doubled.
#[tokio::test(flavor = "multi_thread")]
async fn two_writers_do_not_harm_each_other() {
    let file = File::new();
    let settings = SqliteSettings { busy_timeout: Duration::from_secs(20), ..SqliteSettings::default() };
    let logs = [SqliteLog::open(file.path(), settings).await.unwrap(), SqliteLog::open(file.path(), settings).await.unwrap()];
    let write = async |log: &SqliteLog, from: u64| {
        let mut conflicts = 0;
        for n in from..from + 50 {
            loop {
                let version = log.read_stream(&stream(1), 0).await.unwrap().len() as u64;
                match log.append(commit(n, 1, version)).await {
                    Ok(_) => break,
                    Err(AppendError::Conflict { .. }) => conflicts += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
        conflicts
    };
    tokio::join!(write(&logs[0], 0), write(&logs[1], 1_000));
    assert!(logs[0].append(commit(1_000, 1, 0)).await.unwrap().replayed, "the other writer's command");
    for log in &logs {
        log.close().await;
    }
    let report = file.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.commits, 100);
}

#[tokio::test]
async fn a_restore_begins_an_epoch() {
    let file = File::with_ten_commits().await;
    let backup = File::new();
    std::fs::copy(file.path(), backup.path()).unwrap();
    let log = file.open().await;
    let kept = log.head().await.unwrap();
    let lost = log.append(commit(10, 0, 10)).await.unwrap().token;
    log.close().await;

    assert_eq!(SqliteLog::begin_epoch(backup.path()).await.unwrap(), 2);
    let restored = backup.open().await;
    assert_eq!(restored.head().await.unwrap().epoch, 2);
    assert_eq!(restored.check(&kept).await.unwrap(), Standing::Known);
    assert_eq!(restored.check(&lost).await.unwrap(), Standing::Forked);
    restored.append(commit(11, 0, 10)).await.unwrap();
    assert_eq!(restored.check(&lost).await.unwrap(), Standing::Forked);
    restored.close().await;
    assert!(backup.verify().await.is_sound());
}

#[tokio::test]
async fn a_moment_is_copied_as_it_was_while_the_log_grows() {
    let file = File::with_ten_commits().await;
    SqliteLog::begin_vault_turn(file.path(), 3).await.unwrap();
    let log = Arc::new(SqliteLog::open(file.path(), SqliteSettings::default()).await.unwrap());
    let before = log.head().await.unwrap();
    let frozen = FrozenLog::take(file.path()).await.unwrap();
    let growing = tokio::spawn({
        let log = log.clone();
        async move { log.append(commit(10, 0, 10)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!growing.is_finished(), "it waits for the moment");
    let moment = frozen.release().await.unwrap();
    growing.await.unwrap().unwrap();
    SqliteLog::begin_vault_turn(file.path(), 4).await.unwrap();
    assert_eq!(moment.head(), before);

    let copy = File::new();
    moment.copy_to(&copy.path()).await.unwrap();
    assert!(moment.copy_to(&copy.path()).await.is_err(), "no copy over another");
    let copied = copy.open().await;
    assert_eq!((copied.head().await.unwrap(), copied.vault_turn().await.unwrap()), (before, 3));
    assert_eq!(copied.read_after(0, 100).await.unwrap(), log.read_after(0, 20).await.unwrap());
    copied.close().await;
    log.close().await;
    assert!(copy.verify().await.is_sound());
}

#[tokio::test]
async fn a_turn_of_the_vault_never_comes_twice() {
    let file = File::with_ten_commits().await;
    SqliteLog::begin_vault_turn(file.path(), 2).await.unwrap();
    assert!(SqliteLog::begin_vault_turn(file.path(), 2).await.is_err());
    let mut raw = file.raw().await;
    for sql in ["UPDATE vault_turns SET turn = 1", "DELETE FROM vault_turns"] {
        assert!(raw.execute(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn what_is_not_a_log_is_not_opened() {
    let file = File::new();
    let read_only = async || SqliteLog::open_read_only(file.path(), SqliteSettings::default()).await;
    assert!(matches!(read_only().await, Err(OpenError::Storage(_))), "no file");
    let mut raw = SqliteConnectOptions::new().filename(file.path()).create_if_missing(true).connect().await.unwrap();
    raw.execute("CREATE TABLE other (id)").await.unwrap();
    raw.close().await.unwrap();
    assert!(matches!(read_only().await, Err(OpenError::NotALog)));
    std::fs::write(file.path(), "not a database, but long enough to look at").unwrap();
    assert!(read_only().await.is_err());
    assert!(SqliteLog::open(file.path(), SqliteSettings::default()).await.is_err());
}
