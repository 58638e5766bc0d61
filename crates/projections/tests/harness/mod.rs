//! A platform of nothing but a log and its views: events go in by hand, rows come out.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

pub mod councils;
pub mod deliberation;
mod meetings;
pub mod polls;
pub mod projects;
pub mod story;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use esrs::Aggregate;
use gongyi_domain::{
    event::DomainEvent,
    values::{PersonId, Sealed},
};
use gongyi_eventlog::{Commit, Log, MemoryLog, Metadata, NewEvent, StreamId, Upcasters};
use gongyi_projections::{Keys, Opened, Opener, OpenerError, ViewOptions, Views};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use uuid::Uuid;

/// Texts «sealed» as hex behind what they were sealed for.
#[derive(Default, Clone)]
pub struct Vault {
    pub destroyed: Arc<Mutex<HashSet<PersonId>>>,
    pub calls: Arc<Mutex<Vec<usize>>>,
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

pub fn seal(of: PersonId, event_type: &str, field: &str, text: &str) -> Sealed {
    Sealed { of, text: format!("{event_type}.{field}:{}", hex(text)) }
}

#[async_trait]
impl Opener for Vault {
    async fn keys(&self, persons: &[PersonId]) -> Result<Box<dyn Keys>, OpenerError> {
        self.calls.lock().unwrap().push(persons.len());
        let destroyed = self.destroyed.lock().unwrap().clone();
        Ok(Box::new(BatchKeys { persons: persons.iter().copied().collect(), destroyed }))
    }
}

struct BatchKeys {
    persons: HashSet<PersonId>,
    destroyed: HashSet<PersonId>,
}

impl Keys for BatchKeys {
    fn open(&self, sealed: &Sealed, _: &str, _: Uuid, event_type: &str, field: &str) -> Opened {
        assert!(self.persons.contains(&sealed.of), "a key that was not asked for");
        if self.destroyed.contains(&sealed.of) {
            return Opened::Erased;
        }
        let text = sealed.text.strip_prefix(&format!("{event_type}.{field}:")).and_then(unhex);
        text.map_or(Opened::Failed, Opened::Text)
    }
}

/// A log, a folder, and whoever keeps the keys.
pub struct Platform {
    pub log: Arc<dyn Log>,
    pub dir: TempDir,
    pub vault: Vault,
    pub options: ViewOptions,
    versions: HashMap<StreamId, u64>,
    commands: u128,
    pub now: DateTime<Utc>,
}

/// Views with their runner.
pub struct Running {
    pub views: Views,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// As a process ends that is asked to.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
        self.views.close().await;
    }

    /// As a task ends that is not asked.
    pub async fn abort(self) {
        self.task.abort();
        let _ = self.task.await;
        self.views.close().await;
    }
}

impl Platform {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryLog::new(Uuid::from_u128(1))))
    }

    pub fn on(log: Arc<dyn Log>) -> Self {
        Self {
            log,
            dir: tempfile::tempdir().unwrap(),
            vault: Vault::default(),
            options: ViewOptions::default(),
            versions: HashMap::new(),
            commands: 0,
            now: "2026-03-01T04:00:00Z".parse().unwrap(),
        }
    }

    /// Appends events of one aggregate as one commit; returns the last position.
    pub async fn append<A: Aggregate>(&mut self, id: impl Into<Uuid>, events: &[A::Event]) -> u64
    where
        A::Event: DomainEvent,
    {
        let events: Vec<_> = events.iter().map(|event| NewEvent::of(event).unwrap()).collect();
        self.append_raw(StreamId::of::<A>(id), events).await
    }

    pub async fn append_raw(&mut self, stream: StreamId, events: Vec<NewEvent>) -> u64 {
        let version = self.versions.entry(stream.clone()).or_default();
        let expectations = vec![(stream.clone(), *version)];
        *version += events.len() as u64;
        self.commands += 1;
        self.now += TimeDelta::minutes(7);
        let id = Uuid::from_u128(self.commands);
        let metadata = Metadata {
            actor: "account:00000000-0000-0000-0000-0000000000aa".to_owned(),
            command_id: id,
            correlation: id,
            causation: None,
            recorded_at: self.now,
        };
        let events = events.into_iter().map(|event| (stream.clone(), event)).collect();
        let commit = Commit { metadata, command_digest: [0; 32], answer: "{}".to_owned(), expectations, events };
        self.log.append(commit).await.unwrap().token.position
    }

    pub async fn open(&self) -> Views {
        let (log, opener) = (Arc::clone(&self.log), Arc::new(self.vault.clone()));
        Views::open(self.dir.path(), log, Arc::new(Upcasters::new()), opener, self.options).await.unwrap()
    }

    pub async fn run(&self) -> Running {
        let views = self.open().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let runner = views.clone();
        let task = tokio::spawn(async move { runner.run(async { _ = stopped.await }).await.unwrap() });
        Running { views, stop, task }
    }

    /// Views that have folded all there is; nobody runs them any more.
    pub async fn settled(&self) -> Views {
        let running = self.run().await;
        let head = self.log.head().await.unwrap().position;
        running.views.wait_for(head, WAIT).await.unwrap();
        drop(running.stop);
        running.task.await.unwrap();
        running.views
    }
}

pub const WAIT: Duration = Duration::from_secs(60);

/// Every row of every table, and what every table and index is made by, as text, sorted; without the checkpoints.
pub async fn dump(file: &Path) -> Vec<String> {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'
         AND name NOT IN ('checkpoints','purge_due','parked') ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 12, "{tables:?}");
    let mut lines: Vec<String> =
        sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetch_all(&mut connection).await.unwrap();
    assert!(lines.iter().any(|sql| sql.starts_with("CREATE INDEX service_records_by_day")), "{lines:?}");
    for table in tables {
        let columns: String = sqlx::query_scalar("SELECT group_concat(name) FROM pragma_table_info(?)")
            .bind(&table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let sql = format!("SELECT json_array({columns}) FROM {table}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        lines.extend(rows.iter().map(|row| format!("{table}({columns}) {}", row.get::<&str, _>(0))));
    }
    connection.close().await.unwrap();
    lines.sort();
    lines
}

pub fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())).collect()
}

/// The files in which these bytes stand.
pub fn found(dir: &Path, text: &str) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    files(dir).into_iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect()
}
