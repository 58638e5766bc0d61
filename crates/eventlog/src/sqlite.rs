//! The log in one SQLite file.
//!
//! One writer task owns the only writing connection. It drains the queue, judges each commit against the log and
//! against the batch before it, writes all that hold in one transaction, set-based, and answers everybody once the
//! transaction is durable (WAL, `synchronous=FULL`). Readers have their own pool and never wait for the writer.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::DateTime;
use serde::Serialize;
use sqlx::{
    ConnectOptions, Connection, Row, Sqlite, SqliteConnection, SqlitePool,
    migrate::MigrateError,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{
    AppendError, Appended, Commit, CommitInfo, Log, LogError, Metadata, Position, Recorded, StoredAnswer, StreamId, Token,
    admit::{self, Head},
    chain,
    verify::{StoredCommit, StoredEvent, Verifiable},
};

mod backup;
mod belonging;
mod writer;

pub use backup::{FrozenLog, Moment};
pub use writer::{BATCH_MAX_BYTES, BATCH_MAX_COMMITS};
use writer::{Job, Writer};

/// The oldest SQLite without the WAL-reset corruption bug.
pub const SQLITE_MIN_VERSION: (u32, u32, u32) = (3, 51, 3);
/// Commits that wait for the writer, at most; who comes after that waits to get into the queue.
pub const QUEUE_MAX_COMMITS: usize = 4_096;
/// The writer's page cache, in KiB, as SQLite wants it (negative).
const WRITER_CACHE_KIB: &str = "-32768";
/// Pages of WAL after which SQLite moves them into the file.
const CHECKPOINT_PAGES: &str = "4000";
/// Rows on their way from SQLite's thread to the reader.
const ROW_BUFFER_ROWS: usize = 512;

/// How a log file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteSettings {
    /// How long to wait for another process that holds the file's lock.
    pub busy_timeout: Duration,
    /// Reading connections, at most.
    pub readers: u32,
    /// How often a log opened read-only looks for new events.
    pub poll_interval: Duration,
    /// The id of a log that is created now; random if not given. An existing log keeps its own.
    pub new_log_id: Option<Uuid>,
    /// Of a log opened read-only: nobody writes it meanwhile and its WAL is empty, so nothing is made beside the file.
    pub at_rest: bool,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            poll_interval: Duration::from_millis(100),
            new_log_id: None,
            at_rest: false,
        }
    }
}

/// The log file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite library is too old to be trusted with a WAL.
    #[error("SQLite {found} is too old, 3.51.3 is needed")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// The file's tables could not be brought up to date.
    #[error("the log's tables could not be prepared")]
    Migrate(#[source] MigrateError),
    /// The file is not a log, or was never opened for writing.
    #[error("not a log file")]
    NotALog,
    /// The storage failed.
    #[error("the log's storage failed")]
    Storage(#[source] sqlx::Error),
}

impl From<sqlx::Error> for OpenError {
    fn from(source: sqlx::Error) -> Self {
        Self::Storage(source)
    }
}

/// A log in a SQLite file.
#[derive(Debug)]
pub struct SqliteLog {
    readers: SqlitePool,
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    watch: watch::Receiver<Position>,
    read_only: bool,
    /// How the file is opened to write.
    last: Option<SqliteConnectOptions>,
    log: Uuid,
    epoch: u32,
    batches: Arc<AtomicU64>,
}

impl SqliteLog {
    /// Opens the log, creating it if there is none. One process at a time should write (the data folder's lock sees
    /// to it); a second writer is noticed and harmless, but slows both.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(path: impl AsRef<Path>, settings: SqliteSettings) -> Result<Self, OpenError> {
        let options = write_options(path.as_ref(), settings);
        let mut connection = options.clone().create_if_missing(true).connect().await?;
        check_version(&mut connection).await?;
        sqlx::migrate!("../../migrations/log-sqlite").run(&mut connection).await.map_err(OpenError::Migrate)?;
        sqlx::query("INSERT INTO log_meta (epoch, log_id, began_after) SELECT 1, ?, 0 WHERE NOT EXISTS (SELECT 1 FROM log_meta)")
            .bind(settings.new_log_id.unwrap_or_else(Uuid::now_v7).as_bytes().as_slice())
            .execute(&mut connection)
            .await?;
        let (log, epoch) = meta(&mut connection).await?;
        let head = head(&mut connection, log, epoch).await?;

        let (durable, watch) = watch::channel(head.position);
        let (queue, jobs) = mpsc::channel(QUEUE_MAX_COMMITS);
        let batches = Arc::new(AtomicU64::new(0));
        let last = options.clone();
        let writer = Writer::new(connection, options, head, durable, Arc::clone(&batches));
        let task = tokio::spawn(writer.run(jobs));
        let readers = read_pool(path.as_ref(), settings);
        let (queue, task) = (Mutex::new(Some(queue)), Mutex::new(Some(task)));
        Ok(Self { readers, queue, task, watch, read_only: false, last: Some(last), log, epoch, batches })
    }

    /// Opens the log for reading, also beside the process that writes it; new events are found by looking.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_read_only(path: impl AsRef<Path>, settings: SqliteSettings) -> Result<Self, OpenError> {
        let readers = read_pool(path.as_ref(), settings);
        let mut connection = readers.acquire().await?;
        check_version(&mut connection).await?;
        let (log, epoch) = meta(&mut connection).await?;
        let position = head(&mut connection, log, epoch).await?.position;
        drop(connection);

        let (durable, watch) = watch::channel(position);
        let pool = readers.clone();
        let task = tokio::spawn(async move {
            while tokio::time::timeout(settings.poll_interval, durable.closed()).await.is_err() {
                // A failed look is no news; whoever reads next sees the error itself.
                let last = sqlx::query_scalar::<_, i64>("SELECT coalesce(max(last_position), 0) FROM commits").fetch_one(&pool).await;
                if let Ok(last) = last {
                    let last = u64::try_from(last).unwrap_or(0);
                    durable.send_if_modified(|known| std::mem::replace(known, last) != last);
                }
            }
        });
        let (queue, task) = (Mutex::new(None), Mutex::new(Some(task)));
        Ok(Self { readers, queue, task, watch, read_only: true, last: None, log, epoch, batches: Arc::default() })
    }

    /// Begins the next epoch of a log that nobody has open: to be called after a restore, so that tokens of what was
    /// lost are told from those of what is yet to come. Returns the new epoch.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn begin_epoch(path: impl AsRef<Path>) -> Result<u32, OpenError> {
        let mut connection = write_options(path.as_ref(), SqliteSettings::default()).connect().await?;
        check_version(&mut connection).await?;
        let (log, epoch) = meta(&mut connection).await?;
        let position = head(&mut connection, log, epoch).await?.position;
        sqlx::query("INSERT INTO log_meta (epoch, log_id, began_after) VALUES (?, ?, ?)")
            .bind(i64::from(epoch) + 1)
            .bind(log.as_bytes().as_slice())
            .bind(signed(position))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(epoch + 1)
    }

    /// Writes what is queued, then closes: later appends fail, followers end. Closing twice is closing once.
    pub async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            if self.read_only {
                task.abort();
            }
            if let Err(error) = task.await
                && error.is_panic()
            {
                tracing::error!("the log's writer panicked");
            }
        }
        self.readers.close().await;
        // Who only reads leaves the WAL as it is. The last to go moves it into the file, so that a folder at rest is its files alone.
        if let Some(options) = &self.last
            && let Ok(connection) = options.connect().await
        {
            // What is durable in the WAL is durable; it is moved another time.
            let _ = connection.close().await;
        }
    }

    /// Batches made durable since the log was opened.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// The events that a query selects; `of` is their stream if the query does not select it.
    async fn events(&self, query: Query<'_, Sqlite, SqliteArguments>, of: Option<&StreamId>) -> Result<Vec<Recorded>, LogError> {
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        // The events of one commit follow each other, in the log as in a stream.
        let mut last: Option<Arc<CommitInfo>> = None;
        rows.iter()
            .map(|row| {
                let damaged = |what| LogError::Damaged { position: unsigned(row, POSITION).unwrap_or(0), what };
                let number = unsigned(row, 0).map_err(|_| damaged("its commit's row"))?;
                let commit = match last.take().filter(|commit| commit.number == number) {
                    Some(commit) => commit,
                    None => Arc::new(commit_info(row).map_err(|_| damaged("its commit's row"))?),
                };
                last = Some(Arc::clone(&commit));
                recorded(row, of, commit).map_err(|_| damaged("the event's row"))
            })
            .collect()
    }

    fn token(&self, position: Position, chain: [u8; 32]) -> Token {
        Token { log: self.log, epoch: self.epoch, position, chain }
    }
}

/// Columns of a commit, in [`commit_info`]'s order.
macro_rules! commit_columns {
    () => {
        "c.number, c.first_position, c.last_position, c.actor, c.command_id, c.correlation, c.causation, c.recorded_at, c.chain"
    };
}
const COMMIT_COLUMNS_COUNT: usize = 9;
/// The events of one stream with their commits, in [`recorded`]'s order. Every column costs, so the stream is left out.
macro_rules! select_stream_events {
    ($($rest:literal),*) => {
        concat!("SELECT ", commit_columns!(), ", e.position, e.version, e.event_type, e.schema_version, e.payload", $($rest),*)
    };
}
const POSITION: usize = COMMIT_COLUMNS_COUNT;
/// The same for several streams.
macro_rules! select_events {
    ($rest:literal) => {
        select_stream_events!(", e.stream_kind, e.stream_id ", $rest)
    };
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        if self.read_only {
            return Err(AppendError::ReadOnly);
        }
        admit::check_shape(&commit)?;
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(AppendError::Closed)?;
        let (reply, answer) = oneshot::channel();
        queue.send(Job { commit, reply }).await.map_err(|_| AppendError::Closed)?;
        drop(queue);
        answer.await.map_err(|_| AppendError::Closed)?
    }

    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError> {
        let row = sqlx::query(
            "SELECT command_digest, answer, first_position, last_position, chain FROM commits WHERE actor = ? AND command_id = ?",
        )
        .bind(actor)
        .bind(command_id.as_bytes().as_slice())
        .fetch_optional(&self.readers)
        .await
        .map_err(read_error)?;
        row.map(|row| stored_answer(&row, 0, self.log, self.epoch)).transpose().map_err(read_error)
    }

    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError> {
        let sql = select_stream_events!(
            " FROM events e JOIN commits c ON c.number = e.commit_number
             WHERE e.stream_kind = ?1 AND e.stream_id = ?2 AND e.version > ?3 ORDER BY e.version"
        );
        let id = stream.id.as_bytes().as_slice();
        self.events(sqlx::query(sql).bind(stream.kind.as_ref()).bind(id).bind(signed(after_version)), Some(stream)).await
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError> {
        let sql = select_events!(
            "FROM (SELECT DISTINCT value->>0 AS kind, unhex(value->>1) AS id FROM json_each(?1)) s
             CROSS JOIN events e ON e.stream_kind = s.kind AND e.stream_id = s.id
             JOIN commits c ON c.number = e.commit_number ORDER BY e.position"
        );
        self.events(sqlx::query(sql).bind(stream_keys(streams).map_err(fault)?), None).await
    }

    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let sql = select_events!(
            "FROM events e JOIN commits c ON c.number = e.commit_number
             WHERE e.position > ?1 AND e.position <= coalesce(
                (SELECT max(last_position) FROM commits WHERE last_position > ?1 AND last_position <= ?2),
                (SELECT min(last_position) FROM commits WHERE last_position > ?1))
             ORDER BY e.position"
        );
        let end = position.saturating_add(limit as u64);
        self.events(sqlx::query(sql).bind(signed(position)).bind(signed(end)), None).await
    }

    async fn head(&self) -> Result<Token, LogError> {
        let mut connection = self.readers.acquire().await.map_err(read_error)?;
        Ok(head(&mut connection, self.log, self.epoch).await.map_err(read_error)?.token())
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.watch.clone()
    }

    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError> {
        if position == 0 {
            return Ok(Some(self.token(0, chain::genesis(self.log))));
        }
        let sql = "SELECT first_position, chain FROM commits WHERE last_position >= ? ORDER BY last_position LIMIT 1";
        let row = sqlx::query(sql).bind(signed(position)).fetch_optional(&self.readers).await.map_err(read_error)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(self.token(position, bytes(&row, 1).map_err(read_error)?)))
    }
}

#[async_trait]
impl Verifiable for SqliteLog {
    async fn birth(&self) -> Result<Token, LogError> {
        Ok(self.token(0, chain::genesis(self.log)))
    }

    async fn last_position(&self) -> Result<Position, LogError> {
        let sql = "SELECT coalesce(max(position), 0) FROM events";
        let last: i64 = sqlx::query_scalar(sql).fetch_one(&self.readers).await.map_err(read_error)?;
        Ok(u64::try_from(last).unwrap_or(0))
    }

    async fn storage_findings(&self) -> Result<Vec<String>, LogError> {
        let mut findings = Vec::new();
        match sqlx::query_scalar::<_, String>("PRAGMA integrity_check(10000)").fetch_all(&self.readers).await {
            Ok(lines) => findings.extend(lines.into_iter().filter(|line| line != "ok")),
            Err(error) => findings.push(format!("integrity check failed: {error}")),
        }
        for (table, verb) in
            ["log_meta", "commits", "events"].iter().flat_map(|table| ["next", "no_update", "no_delete"].map(|v| (table, v)))
        {
            let name = format!("{table}_{verb}");
            let found =
                sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name = ? AND tbl_name = ?")
                    .bind(&name)
                    .bind(*table)
                    .fetch_one(&self.readers)
                    .await
                    .map_err(read_error)?;
            if found != 1 {
                findings.push(format!("trigger {name} is missing"));
            }
        }
        Ok(findings)
    }

    async fn commits_after(&self, number: u64, limit: usize) -> Result<Vec<Result<StoredCommit, u64>>, LogError> {
        let sql = concat!(
            "SELECT ",
            commit_columns!(),
            ", c.command_digest, c.answer, c.hash FROM commits c WHERE c.number > ?1 ORDER BY c.number LIMIT ?2"
        );
        let rows = sqlx::query(sql).bind(signed(number)).bind(signed(limit as u64)).fetch_all(&self.readers).await.map_err(read_error)?;
        let commit = |row: &SqliteRow| {
            Ok(StoredCommit {
                info: commit_info(row)?,
                command_digest: bytes(row, COMMIT_COLUMNS_COUNT)?,
                answer: row.try_get(COMMIT_COLUMNS_COUNT + 1)?,
                hash: bytes(row, COMMIT_COLUMNS_COUNT + 2)?,
            })
        };
        Ok(rows.iter().map(|row| commit(row).map_err(|_: sqlx::Error| unsigned(row, 0).unwrap_or(u64::MAX))).collect())
    }

    async fn events_after(&self, position: Position, limit: usize) -> Result<Vec<Result<StoredEvent, Position>>, LogError> {
        let sql = "SELECT position, commit_number, stream_kind, stream_id, version, event_type, schema_version, payload FROM events
                   WHERE position > ?1 ORDER BY position LIMIT ?2";
        let rows = sqlx::query(sql).bind(signed(position)).bind(signed(limit as u64)).fetch_all(&self.readers).await.map_err(read_error)?;
        Ok(rows.iter().map(|row| stored_event(row).map_err(|_| unsigned(row, 0).unwrap_or(u64::MAX))).collect())
    }
}

fn write_options(path: &Path, settings: SqliteSettings) -> SqliteConnectOptions {
    base_options(path, settings)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", WRITER_CACHE_KIB)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
}

fn read_pool(path: &Path, settings: SqliteSettings) -> SqlitePool {
    let options = base_options(path, settings).read_only(true).immutable(settings.at_rest).row_buffer_size(ROW_BUFFER_ROWS);
    SqlitePoolOptions::new().max_connections(settings.readers.max(1)).test_before_acquire(false).connect_lazy_with(options)
}

fn base_options(path: &Path, settings: SqliteSettings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(PathBuf::from(path)).foreign_keys(true).busy_timeout(settings.busy_timeout);
    options.disable_statement_logging()
}

async fn check_version(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    let mut parts = found.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < SQLITE_MIN_VERSION { Err(OpenError::OldSqlite { found }) } else { Ok(()) }
}

async fn meta(connection: &mut SqliteConnection) -> Result<(Uuid, u32), OpenError> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name IN ('log_meta', 'commits', 'events')")
        .fetch_one(&mut *connection)
        .await?;
    if tables != 3 {
        return Err(OpenError::NotALog);
    }
    let row = sqlx::query("SELECT log_id, epoch FROM log_meta ORDER BY epoch DESC LIMIT 1").fetch_optional(connection).await?;
    let row = row.ok_or(OpenError::NotALog)?;
    Ok((uuid(&row, 0)?, row.try_get(1)?))
}

async fn head(connection: &mut SqliteConnection, log: Uuid, epoch: u32) -> Result<Head, sqlx::Error> {
    let sql = "SELECT number, last_position, chain FROM commits ORDER BY number DESC LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(Head::birth(log, epoch)) };
    Ok(Head { log, epoch, number: unsigned(&row, 0)?, position: unsigned(&row, 1)?, chain: bytes(&row, 2)? })
}

fn stored_event(row: &SqliteRow) -> Result<StoredEvent, sqlx::Error> {
    Ok(StoredEvent {
        position: unsigned(row, 0)?,
        commit_number: unsigned(row, 1)?,
        stream: StreamId { kind: row.try_get::<String, _>(2)?.into(), id: uuid(row, 3)? },
        version: unsigned(row, 4)?,
        event_type: row.try_get(5)?,
        schema_version: row.try_get(6)?,
        payload: row.try_get(7)?,
    })
}

fn commit_info(row: &SqliteRow) -> Result<CommitInfo, sqlx::Error> {
    let causation: Option<i64> = row.try_get(6)?;
    let recorded_at = DateTime::from_timestamp_micros(row.try_get(7)?).ok_or_else(|| out_of_range("recorded_at"))?;
    Ok(CommitInfo {
        number: unsigned(row, 0)?,
        first_position: unsigned(row, 1)?,
        last_position: unsigned(row, 2)?,
        metadata: Metadata {
            actor: row.try_get(3)?,
            command_id: uuid(row, 4)?,
            correlation: uuid(row, 5)?,
            causation: causation.map(|_| unsigned(row, 6)).transpose()?,
            recorded_at,
        },
        chain: bytes(row, 8)?,
    })
}

fn recorded(row: &SqliteRow, of: Option<&StreamId>, commit: Arc<CommitInfo>) -> Result<Recorded, sqlx::Error> {
    let stream = match of {
        Some(stream) => stream.clone(),
        None => StreamId { kind: row.try_get::<String, _>(POSITION + 5)?.into(), id: uuid(row, POSITION + 6)? },
    };
    Ok(Recorded {
        position: unsigned(row, POSITION)?,
        stream,
        version: unsigned(row, POSITION + 1)?,
        event_type: row.try_get(POSITION + 2)?,
        schema_version: row.try_get(POSITION + 3)?,
        payload: row.try_get(POSITION + 4)?,
        commit,
    })
}

fn stored_answer(row: &SqliteRow, from: usize, log: Uuid, epoch: u32) -> Result<StoredAnswer, sqlx::Error> {
    Ok(StoredAnswer {
        digest: bytes(row, from)?,
        answer: row.try_get(from + 1)?,
        first_position: unsigned(row, from + 2)?,
        token: Token { log, epoch, position: unsigned(row, from + 3)?, chain: bytes(row, from + 4)? },
    })
}

fn unsigned(row: &SqliteRow, at: usize) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(at)?).map_err(|_| out_of_range("a number"))
}

fn bytes<const N: usize>(row: &SqliteRow, at: usize) -> Result<[u8; N], sqlx::Error> {
    row.try_get::<&[u8], _>(at)?.try_into().map_err(|_| out_of_range("bytes"))
}

fn uuid(row: &SqliteRow, at: usize) -> Result<Uuid, sqlx::Error> {
    bytes(row, at).map(Uuid::from_bytes)
}

/// SQLite's integers are signed. Nothing in a log reaches half of `u64`; what a caller asks for past it is past the end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn stream_keys(streams: &[StreamId]) -> Result<String, sqlx::Error> {
    json(&streams.iter().map(|stream| (&stream.kind, stream.id.simple())).collect::<Vec<_>>())
}

fn json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn out_of_range(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} out of range").into())
}

fn fault(error: sqlx::Error) -> LogError {
    LogError::Storage(Arc::new(error))
}

fn read_error(error: sqlx::Error) -> LogError {
    match error {
        sqlx::Error::PoolClosed => LogError::Closed,
        error => fault(error),
    }
}
