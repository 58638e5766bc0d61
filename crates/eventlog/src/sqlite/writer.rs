//! The writing half: batches of commits, each checked, written set-based and made durable in one transaction.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::sync::{mpsc, oneshot, watch};

use super::{json, signed, stored_answer, stream_keys, unsigned, uuid};
use crate::{
    AppendError, Appended, Commit, Position, StorageFault, StoredAnswer, StreamId,
    admit::{self, CommandKey, Head, Tail, Verdict},
};

/// Commits of one batch, at most.
pub const BATCH_MAX_COMMITS: usize = 512;
/// Payloads of one batch, in bytes; only a single commit may be larger.
pub const BATCH_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Stream versions the writer remembers, about twice this many.
const REMEMBERED_STREAMS: usize = 50_000;
/// Rows that one statement inserts, at most; a power of two, far from SQLite's limit of 32,766 variables.
const STATEMENT_MAX_ROWS: usize = 256;
const INSERT_COMMITS: &str = "INSERT INTO commits (number, first_position, last_position, actor, command_id, command_digest, \
                              correlation, causation, recorded_at, answer, hash, chain)";
const COMMITS_COLUMNS: usize = 12;
const INSERT_EVENTS: &str = "INSERT INTO events (position, commit_number, stream_kind, stream_id, version, event_type, \
                             schema_version, payload)";
const EVENTS_COLUMNS: usize = 8;

#[derive(Debug)]
pub(super) struct Job {
    pub commit: Commit,
    pub reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// The only one who writes.
pub(super) struct Writer {
    /// `None` after a fault: the next batch connects again, and starts from what is stored.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    head: Head,
    versions: RememberedVersions,
    durable: watch::Sender<Position>,
    batches: Arc<AtomicU64>,
}

type BoundQuery<'q> = Query<'q, Sqlite, SqliteArguments>;
type Verdicts = Vec<Result<Appended, AppendError>>;

impl Writer {
    pub fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        head: Head,
        durable: watch::Sender<Position>,
        batches: Arc<AtomicU64>,
    ) -> Self {
        Self { connection: Some(connection), options, head, versions: RememberedVersions::default(), durable, batches }
    }

    /// Writes until the queue is closed and empty.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH_MAX_COMMITS);
        while queue.recv_many(&mut jobs, BATCH_MAX_COMMITS).await > 0 {
            // Those just answered are about to send their next: one turn for them makes fuller batches.
            tokio::task::yield_now().await;
            while jobs.len() < BATCH_MAX_COMMITS
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
            let mut waiting = jobs.drain(..).peekable();
            while waiting.peek().is_some() {
                let (mut bytes, mut commits, mut replies) = (0, Vec::new(), Vec::new());
                while let Some(job) = waiting.next_if(|job| commits.is_empty() || bytes + payload_bytes(&job.commit) <= BATCH_MAX_BYTES) {
                    bytes += payload_bytes(&job.commit);
                    commits.push(job.commit);
                    replies.push(job.reply);
                }
                let verdicts = self.batch(commits, replies.len()).await;
                for (reply, verdict) in replies.into_iter().zip(verdicts) {
                    // A caller that no longer waits is not told; its commit holds all the same.
                    let _ = reply.send(verdict);
                }
            }
        }
        if let Some(mut connection) = self.connection.take() {
            // Everything into the one file that people copy; what a reader holds up stays in the WAL, as safe as ever.
            let moved = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.map(drop);
            for outcome in [moved, connection.close().await] {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "closing the log's writer");
                }
            }
        }
    }

    async fn batch(&mut self, commits: Vec<Commit>, count: usize) -> Verdicts {
        match self.write(commits).await {
            Ok((verdicts, head)) => {
                if head != self.head {
                    self.head = head;
                    self.durable.send_replace(head.position);
                }
                verdicts
            }
            Err(error) => {
                tracing::error!(%error, "a batch of the log failed");
                self.versions = RememberedVersions::default();
                if let Some(connection) = self.connection.take() {
                    let _ = connection.close().await;
                }
                let fault: StorageFault = Arc::new(error);
                (0..count).map(|_| Err(AppendError::Storage(Arc::clone(&fault)))).collect()
            }
        }
    }

    async fn write(&mut self, commits: Vec<Commit>) -> Result<(Verdicts, Head), sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let birth = Head::birth(self.head.log, self.head.epoch);
        let (head, commands) = head_and_known_commands(&mut transaction, &commits, birth).await?;
        if head != self.head {
            // Another process has written, or a commit whose outcome was unknown did succeed.
            self.versions = RememberedVersions::default();
        }
        let versions = self.versions.of(&mut transaction, &commits).await?;
        let mut tail = Tail { head, versions, commands };

        let mut accepted = Vec::new();
        let verdicts = commits
            .into_iter()
            .map(|commit| {
                Ok(match tail.admit(commit)? {
                    Verdict::Replay(appended) => appended,
                    Verdict::Write(commit) => {
                        let appended = commit.appended();
                        accepted.push(*commit);
                        appended
                    }
                })
            })
            .collect();
        if accepted.is_empty() {
            transaction.rollback().await?;
        } else {
            insert(&mut transaction, accepted).await?;
            transaction.commit().await?;
            self.batches.fetch_add(1, Ordering::Relaxed);
        }
        self.versions.remember(tail.versions);
        Ok((verdicts, tail.head))
    }
}

async fn insert(connection: &mut SqliteConnection, accepted: Vec<admit::Accepted>) -> Result<(), sqlx::Error> {
    let commits = accepted.iter();
    insert_rows(connection, INSERT_COMMITS, COMMITS_COLUMNS, commits, |query, accepted| {
        let metadata = &accepted.commit.metadata;
        query
            .bind(signed(accepted.number))
            .bind(signed(accepted.first_position))
            .bind(signed(accepted.head.position))
            .bind(metadata.actor.as_str())
            .bind(metadata.command_id.as_bytes().as_slice())
            .bind(accepted.commit.command_digest.as_slice())
            .bind(metadata.correlation.as_bytes().as_slice())
            .bind(metadata.causation.map(signed))
            .bind(metadata.recorded_at.timestamp_micros())
            .bind(accepted.commit.answer.as_str())
            .bind(accepted.hash.as_slice())
            .bind(accepted.head.chain.as_slice())
    })
    .await?;
    let events: Vec<_> = accepted
        .into_iter()
        .flat_map(|accepted| {
            let places = accepted.versions.into_iter().zip(accepted.first_position..);
            accepted.commit.events.into_iter().zip(places).map(move |(event, place)| (accepted.number, event, place))
        })
        .collect();
    insert_rows(connection, INSERT_EVENTS, EVENTS_COLUMNS, events.into_iter(), |query, (number, (stream, event), (version, position))| {
        query
            .bind(signed(position))
            .bind(signed(number))
            .bind(stream.kind)
            .bind(stream.id.as_bytes().as_slice())
            .bind(signed(version))
            .bind(event.event_type)
            .bind(i64::from(event.schema_version))
            .bind(event.payload)
    })
    .await
}

/// Inserts the rows with one statement, or with as few as its largest size allows. A statement has room for a power of
/// two, so that SQLite prepares only a few; the room that is left over is bound to NULL and not inserted.
async fn insert_rows<R>(
    connection: &mut SqliteConnection,
    insert: &str,
    columns: usize,
    mut rows: impl ExactSizeIterator<Item = R>,
    bind: impl for<'q> Fn(BoundQuery<'q>, R) -> BoundQuery<'q>,
) -> Result<(), sqlx::Error> {
    let row = format!("(?{})", ", ?".repeat(columns - 1));
    while rows.len() > 0 {
        let room = rows.len().next_power_of_two().min(STATEMENT_MAX_ROWS);
        let left_over = room.saturating_sub(rows.len()) * columns;
        let sql = format!("{insert} SELECT * FROM (VALUES {row}{}) WHERE column1 IS NOT NULL", format!(", {row}").repeat(room - 1));
        let query = rows.by_ref().take(room).fold(sqlx::query(AssertSqlSafe(sql)), &bind);
        let query = (0..left_over).fold(query, |query, _| query.bind(None::<i64>));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The head, and which of the commits' commands are in the log. Asked together: every question is two thread switches.
async fn head_and_known_commands(
    connection: &mut SqliteConnection,
    commits: &[Commit],
    birth: Head,
) -> Result<(Head, HashMap<CommandKey, StoredAnswer>), sqlx::Error> {
    let keys: Vec<_> = commits.iter().map(|commit| (&commit.metadata.actor, commit.metadata.command_id.simple())).collect();
    let rows = sqlx::query(
        "WITH named (number) AS (
            SELECT max(number) FROM commits
            UNION ALL SELECT c.number FROM json_each(?) CROSS JOIN commits c ON c.actor = value->>0 AND c.command_id = unhex(value->>1)
         )
         SELECT actor, command_id, command_digest, answer, first_position, last_position, chain, number
         FROM named CROSS JOIN commits USING (number)",
    )
    .bind(json(&keys)?)
    .fetch_all(connection)
    .await?;
    let (mut head, mut known) = (birth, HashMap::new());
    for row in &rows {
        let answer = stored_answer(row, 2, birth.log, birth.epoch)?;
        let number = unsigned(row, 7)?;
        if number > head.number {
            head = Head { number, position: answer.token.position, chain: answer.token.chain, ..birth };
        }
        known.insert((row.try_get(0)?, uuid(row, 1)?), answer);
    }
    Ok((head, known))
}

/// Versions of the streams written last, in two generations: when the young one is full, the old one is forgotten.
#[derive(Debug, Default)]
struct RememberedVersions {
    young: HashMap<StreamId, u64>,
    old: HashMap<StreamId, u64>,
}

impl RememberedVersions {
    /// The versions of all streams that the commits expect anything of.
    async fn of(&self, connection: &mut SqliteConnection, commits: &[Commit]) -> Result<HashMap<StreamId, u64>, sqlx::Error> {
        let (mut versions, mut unknown) = (HashMap::new(), Vec::new());
        for (stream, _) in commits.iter().flat_map(|commit| &commit.expectations) {
            if versions.contains_key(stream) {
                continue;
            }
            let known = self.young.get(stream).or_else(|| self.old.get(stream)).copied();
            if known.is_none() {
                unknown.push(stream.clone());
            }
            versions.insert(stream.clone(), known.unwrap_or(0));
        }
        if !unknown.is_empty() {
            let rows = sqlx::query(
                "SELECT key, (SELECT max(version) FROM events WHERE stream_kind = value->>0 AND stream_id = unhex(value->>1))
                 FROM json_each(?)",
            )
            .bind(stream_keys(&unknown)?)
            .fetch_all(connection)
            .await?;
            for row in &rows {
                let at = usize::try_from(unsigned(row, 0)?).unwrap_or(usize::MAX);
                if let (Some(stream), Some(_)) = (unknown.get(at), row.try_get::<Option<i64>, _>(1)?) {
                    versions.insert(stream.clone(), unsigned(row, 1)?);
                }
            }
        }
        Ok(versions)
    }

    fn remember(&mut self, versions: HashMap<StreamId, u64>) {
        if self.young.len() + versions.len() > REMEMBERED_STREAMS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(versions);
    }
}

fn payload_bytes(commit: &Commit) -> usize {
    commit.events.iter().map(|(_, event)| event.payload.len()).sum()
}
