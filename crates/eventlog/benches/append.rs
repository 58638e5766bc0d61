//! How fast the log is, as a ratio to a floor measured in the same run.
//!
//! Both floors are bare sqlx and SQLite with the log's own settings, one table, rows bound in multi-row `VALUES` (the
//! fastest way we know); no checks, hashes, triggers, commands, answers:
//!
//! - appends: the same events in the same batch sizes, one batch after another, without clients;
//! - commands: as many clients, each reading its stream, counting, and handing an event to a batching writer.
//!
//! `cargo bench -p gongyi-eventlog --bench append`
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::{
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::DateTime;
use esrs::{Aggregate, manager::AggregateManager};
use gongyi_domain::event::DomainEvent;
use gongyi_eventlog::{
    BATCH_MAX_COMMITS, Commit, Log, Metadata, NewEvent, QUEUE_MAX_COMMITS, Session, SqliteLog, SqliteSettings, StreamId, StreamLocks,
    Upcasters, verify,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

const CLIENTS: usize = 64;
const EVENT_BYTES: usize = 200;
const RUN_SECONDS: u64 = 5;
const STREAM_EVENTS: u64 = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum NoteEvent {
    Noted { text: String },
}
impl DomainEvent for NoteEvent {}

struct Note;
impl Aggregate for Note {
    const NAME: &'static str = "note";
    type State = u64;
    type Command = String;
    type Event = NoteEvent;
    type Error = std::convert::Infallible;
    fn handle_command(_: &u64, text: String) -> Result<Vec<NoteEvent>, Self::Error> {
        Ok(vec![NoteEvent::Noted { text }])
    }
    fn apply_event(state: u64, event: NoteEvent) -> u64 {
        let NoteEvent::Noted { .. } = event;
        state + 1
    }
}

fn text() -> String {
    "x".repeat(EVENT_BYTES - r#"{"text":""}"#.len())
}

fn payload() -> String {
    format!(r#"{{"text":"{}"}}"#, text())
}

fn metadata() -> Metadata {
    let recorded_at = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    let command_id = Uuid::now_v7();
    Metadata { actor: "bench".into(), command_id, correlation: command_id, causation: None, recorded_at }
}

/// Runs `turn` on 64 clients until the time is up; returns how many turns there were a second.
async fn clients<F: Future<Output = ()> + Send>(turn: impl Fn(u64, Uuid) -> F + Clone + Send + 'static) -> f64 {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let turn = turn.clone();
            tokio::spawn(async move {
                let (mut turns, mut stream) = (0_u64, Uuid::now_v7());
                while begin.elapsed() < Duration::from_secs(RUN_SECONDS) {
                    if turns % STREAM_EVENTS == 0 {
                        stream = Uuid::now_v7();
                    }
                    turn(turns % STREAM_EVENTS, stream).await;
                    turns += 1;
                }
                turns
            })
        })
        .collect();
    let mut turns = 0;
    for task in tasks {
        turns += task.await.unwrap();
    }
    turns as f64 / begin.elapsed().as_secs_f64()
}

/// A bare event: its stream, version and payload.
type BareEvent = (Uuid, u64, String);

/// The settings of the log's own connections, without its checks.
fn bare_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).disable_statement_logging()
}

/// The only table of a bare log.
async fn bare_writer(path: &Path) -> SqliteConnection {
    let options = bare_options(path)
        .create_if_missing(true)
        .pragma("journal_mode", "WAL")
        .pragma("synchronous", "FULL")
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "4000");
    let mut connection = options.connect().await.unwrap();
    connection
        .execute("CREATE TABLE events (position INTEGER PRIMARY KEY, kind TEXT, id BLOB, version INTEGER, type TEXT, payload TEXT, UNIQUE (kind, id, version)) STRICT")
        .await
        .unwrap();
    connection
}

/// Writes the events after `position` in one transaction, with one statement for each of the powers of two that make
/// up their number.
async fn write_bare(connection: &mut SqliteConnection, position: &mut i64, events: impl ExactSizeIterator<Item = BareEvent>) {
    let mut events = events;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    while let Some(power) = events.len().checked_ilog2() {
        let count = 1 << power;
        let sql = format!("INSERT INTO events VALUES {}", vec!["(?, ?, ?, ?, ?, ?)"; count].join(", "));
        let mut insert = sqlx::query(AssertSqlSafe(sql));
        for (id, version, payload) in events.by_ref().take(count) {
            *position += 1;
            insert = insert.bind(*position).bind("note").bind(id.as_bytes().to_vec()).bind(version as i64).bind("Noted").bind(payload);
        }
        insert.execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Bare appends a second, in batches of this size.
async fn bare_appends(path: &Path, batch: usize) -> f64 {
    let mut connection = bare_writer(path).await;
    let (begin, mut position) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(RUN_SECONDS) {
        let events = (0..batch).map(|_| (Uuid::now_v7(), 1, payload()));
        write_bare(&mut connection, &mut position, events).await;
    }
    position as f64 / begin.elapsed().as_secs_f64()
}

/// Bare commands a second: clients that read their stream and hand an event to a task that writes whatever waits.
async fn bare_commands(path: &Path) -> f64 {
    let mut connection = bare_writer(path).await;
    let readers = SqlitePoolOptions::new()
        .max_connections(SqliteSettings::default().readers)
        .test_before_acquire(false)
        .connect_lazy_with(bare_options(path).read_only(true));
    let (queue, mut jobs) = mpsc::channel::<(BareEvent, oneshot::Sender<()>)>(QUEUE_MAX_COMMITS);
    let writer = tokio::spawn(async move {
        let (mut waiting, mut position) = (Vec::new(), 0);
        while jobs.recv_many(&mut waiting, BATCH_MAX_COMMITS).await > 0 {
            tokio::task::yield_now().await;
            while let Ok(job) = jobs.try_recv() {
                waiting.push(job);
            }
            let (events, replies): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
            write_bare(&mut connection, &mut position, events.into_iter()).await;
            for reply in replies {
                reply.send(()).unwrap();
            }
        }
    });
    let commands = clients(move |_, id| {
        let (readers, queue) = (readers.clone(), queue.clone());
        async move {
            let load = sqlx::query("SELECT version, payload FROM events WHERE kind = 'note' AND id = ? ORDER BY version");
            let loaded = load.bind(id.as_bytes().as_slice()).fetch_all(&readers).await.unwrap();
            let (reply, done) = oneshot::channel();
            queue.send(((id, loaded.len() as u64 + 1, payload()), reply)).await.unwrap();
            done.await.unwrap();
        }
    })
    .await;
    writer.await.unwrap();
    commands
}

/// The median of a 4 KiB append and its `fdatasync`, in milliseconds.
fn fsync_millis(folder: &Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let mut took: Vec<Duration> = (0..500)
        .map(|_| {
            let begin = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1_000.0
}

fn main() {
    let folder = tempfile::Builder::new().prefix("eventlog-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(folder.path()));
}

async fn run(folder: &Path) {
    let mut memory = SqliteConnectOptions::new().filename(":memory:").connect().await.unwrap();
    let version: String = sqlx::query("SELECT sqlite_version()").fetch_one(&mut memory).await.unwrap().get(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, 4 KiB append + fdatasync {:.2} ms (median), SQLite {version}", fsync_millis(folder));
    println!(
        "settings: WAL, synchronous=FULL, {CLIENTS} clients, {EVENT_BYTES}-byte events, {STREAM_EVENTS} a stream, {RUN_SECONDS} s a run"
    );

    let log = Arc::new(SqliteLog::open(folder.join("appends.db"), SqliteSettings::default()).await.unwrap());
    let bare = Arc::clone(&log);
    let appends = clients(move |version, id| {
        let log = Arc::clone(&bare);
        async move {
            let stream = StreamId { kind: "note".into(), id };
            let event = NewEvent::of(&NoteEvent::Noted { text: text() }).unwrap();
            let (expectations, events) = (vec![(stream.clone(), version)], vec![(stream, event)]);
            log.append(Commit { metadata: metadata(), command_digest: [0; 32], answer: "null".into(), expectations, events })
                .await
                .unwrap();
        }
    })
    .await;
    let appended = log.head().await.unwrap().position;
    let append_batch = appended as f64 / log.batches() as f64;
    let begin = Instant::now();
    let mut read = 0;
    while read < appended {
        read = log.read_after(read, 1_000).await.unwrap().last().map_or(appended, |event| event.position);
    }
    let reads = appended as f64 / begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    assert!(verify::verify(&*log, |_| ()).await.unwrap().is_sound());
    let verified = appended as f64 / begin.elapsed().as_secs_f64();
    log.close().await;

    let log = Arc::new(SqliteLog::open(folder.join("commands.db"), SqliteSettings::default()).await.unwrap());
    let (whole, upcasters, locks) = (Arc::clone(&log), Arc::new(Upcasters::new()), StreamLocks::new());
    let commands = clients(move |_, id| {
        let (log, upcasters, locks) = (Arc::clone(&whole), Arc::clone(&upcasters), locks.clone());
        async move {
            let session = Session::new(log, upcasters, locks, metadata(), [0; 32]);
            let manager = AggregateManager::new(session.store::<Note>());
            let state = manager.lock_and_load(id).await.unwrap().unwrap_or_default();
            manager.handle_command(state, text()).await.unwrap().unwrap();
            session.commit(&()).await.unwrap();
        }
    })
    .await;
    let command_batch = log.head().await.unwrap().position as f64 / log.batches() as f64;
    log.close().await;

    let appends_floor = bare_appends(&folder.join("bare-appends.db"), append_batch.round().max(1.0) as usize).await;
    let commands_floor = bare_commands(&folder.join("bare-commands.db")).await;
    for (what, rate, batch, floor) in [
        ("appends", appends, append_batch, appends_floor),
        ("commands (lock, load, decide, append)", commands, command_batch, commands_floor),
    ] {
        println!("{what}: {rate:.0}/s in batches of {batch:.1}; floor {floor:.0}/s; ratio {:.2}", rate / floor);
    }
    println!("reading forward: {reads:.0} events/s; verify: {verified:.0} events/s");
}
