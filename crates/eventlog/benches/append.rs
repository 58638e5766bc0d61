//! How fast the log is, as a ratio to a floor measured in the same run.
//!
//! The floors are bare sqlx and SQLite with the log's own settings, rows bound in one multi-row `VALUES` a batch (the
//! fastest way we know); no checks, hashes, triggers, known commands or answers:
//!
//! - appends: the same events in the same batch sizes, one batch after another, without clients or a queue; once the
//!   events alone, once with a row for every commit, which is as much as the log writes;
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
const RUN_SECONDS: u64 = 3;
/// What is compared takes turns, so that a busy machine is busy for both.
const ROUNDS: usize = 3;
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

/// What a bare log writes of an append.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    /// The event.
    Event,
    /// The event and its commit: as many rows and indexes as the log writes.
    EventAndCommit,
}

/// A bare event: its stream, version and payload.
type BareEvent = (Uuid, u64, String);

/// Tables and a connection with the log's own settings, and nothing else.
struct Bare {
    connection: SqliteConnection,
    position: i64,
    rows: Rows,
}

fn bare_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).disable_statement_logging()
}

impl Bare {
    async fn create(path: &Path, rows: Rows) -> Self {
        let options = bare_options(path)
            .create_if_missing(true)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("cache_size", "-32768")
            .pragma("wal_autocheckpoint", "4000");
        let mut connection = options.connect().await.unwrap();
        connection
            .execute(
                "CREATE TABLE events (position INTEGER PRIMARY KEY, kind TEXT, id BLOB, version INTEGER, type TEXT, payload TEXT, UNIQUE (kind, id, version)) STRICT;
                 CREATE TABLE commits (number INTEGER PRIMARY KEY, first INTEGER, last INTEGER UNIQUE, actor TEXT, command BLOB, digest BLOB, correlation BLOB,
                                       causation INTEGER, at INTEGER, answer TEXT, hash BLOB, chain BLOB, UNIQUE (actor, command)) STRICT",
            )
            .await
            .unwrap();
        Self { connection, position: 0, rows }
    }

    /// Writes the events in one transaction, with one statement a table.
    async fn write(&mut self, events: Vec<BareEvent>) {
        let values = |row: &str| vec![row; events.len()].join(", ");
        let insert_events = format!("INSERT INTO events VALUES {}", values("(?, ?, ?, ?, ?, ?)"));
        let insert_commits = format!("INSERT INTO commits VALUES {}", values("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        if self.rows == Rows::EventAndCommit {
            let mut insert = sqlx::query(AssertSqlSafe(insert_commits));
            for at in self.position + 1..=self.position + events.len() as i64 {
                let (id, hash) = (Uuid::now_v7(), [7; 32]);
                let (id, hash) = (id.as_bytes().as_slice(), hash.as_slice());
                insert = insert
                    .bind(at)
                    .bind(at)
                    .bind(at)
                    .bind("bench")
                    .bind(id)
                    .bind(hash)
                    .bind(id)
                    .bind(None::<i64>)
                    .bind(1_767_225_600_000_000_i64);
                insert = insert.bind("null").bind(hash).bind(hash);
            }
            insert.execute(&mut *transaction).await.unwrap();
        }
        let mut insert = sqlx::query(AssertSqlSafe(insert_events));
        for (id, version, payload) in events {
            self.position += 1;
            insert =
                insert.bind(self.position).bind("note").bind(id.as_bytes().as_slice()).bind(version as i64).bind("Noted").bind(payload);
        }
        insert.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// Bare appends a second, in batches of this size.
async fn bare_appends(path: &Path, batch: f64, rows: Rows) -> f64 {
    let mut bare = Bare::create(path, rows).await;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(RUN_SECONDS) {
        let batch = batch.round().max(1.0) as usize;
        bare.write((0..batch).map(|_| (Uuid::now_v7(), 1, payload())).collect()).await;
    }
    bare.position as f64 / begin.elapsed().as_secs_f64()
}

/// Bare commands a second: clients that read their stream and hand an event to a task that writes whatever waits.
async fn bare_commands(path: &Path) -> f64 {
    let mut bare = Bare::create(path, Rows::Event).await;
    let readers = SqlitePoolOptions::new()
        .max_connections(SqliteSettings::default().readers)
        .test_before_acquire(false)
        .connect_lazy_with(bare_options(path).read_only(true));
    let (queue, mut jobs) = mpsc::channel::<(BareEvent, oneshot::Sender<()>)>(QUEUE_MAX_COMMITS);
    let writer = tokio::spawn(async move {
        let mut waiting = Vec::new();
        while jobs.recv_many(&mut waiting, BATCH_MAX_COMMITS).await > 0 {
            tokio::task::yield_now().await;
            while let Ok(job) = jobs.try_recv() {
                waiting.push(job);
            }
            let (events, replies): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
            bare.write(events).await;
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
        "settings: WAL, synchronous=FULL, {CLIENTS} clients, {EVENT_BYTES}-byte events, {STREAM_EVENTS} a stream, \
         {ROUNDS} rounds of {RUN_SECONDS} s a run, the median is shown"
    );

    let [mut events, mut rows, mut commands] = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        let folder = folder.join(round.to_string());
        std::fs::create_dir(&folder).unwrap();
        let (appends, batch) = log_appends(&folder.join("appends.db")).await;
        events.push((appends, bare_appends(&folder.join("events.db"), batch, Rows::Event).await, batch));
        rows.push((appends, bare_appends(&folder.join("rows.db"), batch, Rows::EventAndCommit).await, batch));
        let (loops, batch) = log_commands(&folder.join("commands.db")).await;
        commands.push((loops, bare_commands(&folder.join("bare-commands.db")).await, batch));
    }
    report("appends over bare events", events);
    report("appends over bare events and commits", rows);
    report("commands (lock, load, decide, append) over bare ones", commands);
}

/// Prints the round with the median ratio of rate and floor, and the range of the ratios.
fn report(what: &str, mut rounds: Vec<(f64, f64, f64)>) {
    let ratio = |(rate, floor, _): &(f64, f64, f64)| rate / floor;
    rounds.sort_unstable_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let (rate, floor, batch) = rounds[ROUNDS / 2];
    let [least, most] = [ratio(&rounds[0]), ratio(&rounds[ROUNDS - 1])];
    println!("{what}: ratio {:.2} ({least:.2} to {most:.2}): {rate:.0}/s in batches of {batch:.1}; floor {floor:.0}/s", rate / floor);
}

/// Appends a second without loading anything, and how many make a batch; tells how fast they are read again.
async fn log_appends(path: &Path) -> (f64, f64) {
    let log = Arc::new(SqliteLog::open(path, SqliteSettings::default()).await.unwrap());
    let appending = Arc::clone(&log);
    let appends = clients(move |version, id| {
        let log = Arc::clone(&appending);
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
    let batch = appended as f64 / log.batches() as f64;
    let begin = Instant::now();
    let mut read = 0;
    while read < appended {
        read = log.read_after(read, 1_000).await.unwrap().last().map_or(appended, |event| event.position);
    }
    let reads = appended as f64 / begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    assert!(verify::verify(&*log, |_| ()).await.unwrap().is_sound());
    let verified = appended as f64 / begin.elapsed().as_secs_f64();
    println!("reading forward: {reads:.0} events/s; verify: {verified:.0} events/s");
    log.close().await;
    (appends, batch)
}

/// Whole commands a second, and how many make a batch.
async fn log_commands(path: &Path) -> (f64, f64) {
    let log = Arc::new(SqliteLog::open(path, SqliteSettings::default()).await.unwrap());
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
    let batch = log.head().await.unwrap().position as f64 / log.batches() as f64;
    log.close().await;
    (commands, batch)
}
