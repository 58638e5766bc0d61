//! How fast the log is, as a ratio to a floor measured in the same run.
//!
//! Floor: the same rows in the same batch sizes, written set-based and synced by bare sqlx and SQLite, without
//! queue, checks, hashes, triggers or answers. `cargo bench -p gongyi-eventlog`
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
use gongyi_eventlog::{Commit, Log, Metadata, NewEvent, Session, SqliteLog, SqliteSettings, StreamId, StreamLocks, Upcasters, verify};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, Connection, Executor, Row, sqlite::SqliteConnectOptions};
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

fn metadata() -> Metadata {
    let recorded_at = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    Metadata { actor: "bench".into(), command_id: Uuid::now_v7(), correlation: Uuid::now_v7(), causation: None, recorded_at }
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

async fn floor(path: &Path, batch: usize) -> f64 {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .pragma("journal_mode", "WAL")
        .pragma("synchronous", "FULL")
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "4000")
        .disable_statement_logging()
        .connect()
        .await
        .unwrap();
    connection
        .execute("CREATE TABLE events (position INTEGER PRIMARY KEY, kind TEXT, id BLOB, version INTEGER, type TEXT, payload TEXT, UNIQUE (kind, id, version)) STRICT")
        .await
        .unwrap();
    let payload = serde_json::to_string(&serde_json::json!({ "text": text() })).unwrap();
    let (begin, mut position) = (Instant::now(), 0_u64);
    while begin.elapsed() < Duration::from_secs(RUN_SECONDS) {
        let rows: Vec<_> = (0..batch as u64).map(|n| (position + n + 1, "note", Uuid::now_v7().simple(), 1, "Noted", &payload)).collect();
        position += batch as u64;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("INSERT INTO events SELECT value->>0, value->>1, unhex(value->>2), value->>3, value->>4, value->>5 FROM json_each(?)")
            .bind(serde_json::to_string(&rows).unwrap())
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
    position as f64 / begin.elapsed().as_secs_f64()
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

    for (what, rate, batch) in [("appends", appends, append_batch), ("commands (lock, load, decide, append)", commands, command_batch)] {
        let floor = floor(&folder.join(format!("floor-{}.db", what.len())), batch.round().max(1.0) as usize).await;
        println!("{what}: {rate:.0}/s in batches of {batch:.1}; floor {floor:.0}/s; ratio {:.2}", rate / floor);
    }
    println!("reading forward: {reads:.0} events/s; verify: {verified:.0} events/s");
}
