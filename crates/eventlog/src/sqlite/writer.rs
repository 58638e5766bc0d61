//! The writing half: batches of commits, each checked, written set-based and made durable in one transaction.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot, watch};

use super::{head, json, stored_answer, stream_keys, unsigned, uuid};
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
        let head = head(&mut transaction, self.head.log, self.head.epoch).await?;
        if head != self.head {
            // Another process has written, or a commit whose outcome was unknown did succeed.
            self.versions = RememberedVersions::default();
        }
        let commands = known_commands(&mut transaction, &commits, &head).await?;
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
            insert(&mut transaction, &accepted).await?;
            transaction.commit().await?;
            self.batches.fetch_add(1, Ordering::Relaxed);
        }
        self.versions.remember(tail.versions);
        Ok((verdicts, tail.head))
    }
}

async fn insert(connection: &mut SqliteConnection, accepted: &[admit::Accepted]) -> Result<(), sqlx::Error> {
    let commits: Vec<_> = accepted
        .iter()
        .map(|accepted| {
            let metadata = &accepted.commit.metadata;
            (
                accepted.number,
                accepted.first_position,
                accepted.head.position,
                &metadata.actor,
                metadata.command_id.simple(),
                hex::encode(accepted.commit.command_digest),
                metadata.correlation.simple(),
                metadata.causation,
                metadata.recorded_at.timestamp_micros(),
                &accepted.commit.answer,
                hex::encode(accepted.hash),
                hex::encode(accepted.head.chain),
            )
        })
        .collect();
    sqlx::query(
        "INSERT INTO commits (number, first_position, last_position, actor, command_id, command_digest, correlation, causation,
                              recorded_at, answer, hash, chain)
         SELECT value->>0, value->>1, value->>2, value->>3, unhex(value->>4), unhex(value->>5), unhex(value->>6), value->>7,
                value->>8, value->>9, unhex(value->>10), unhex(value->>11)
         FROM json_each(?)",
    )
    .bind(json(&commits)?)
    .execute(&mut *connection)
    .await?;

    let events: Vec<_> = accepted
        .iter()
        .flat_map(|accepted| {
            let places = accepted.versions.iter().zip(accepted.first_position..);
            accepted.commit.events.iter().zip(places).map(|((stream, event), (version, position))| {
                let id = stream.id.simple();
                (position, accepted.number, &stream.kind, id, version, &event.event_type, event.schema_version, &event.payload)
            })
        })
        .collect();
    sqlx::query(
        "INSERT INTO events (position, commit_number, stream_kind, stream_id, version, event_type, schema_version, payload)
         SELECT value->>0, value->>1, value->>2, unhex(value->>3), value->>4, value->>5, value->>6, value->>7 FROM json_each(?)",
    )
    .bind(json(&events)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of the commits' commands are in the log.
async fn known_commands(
    connection: &mut SqliteConnection,
    commits: &[Commit],
    head: &Head,
) -> Result<HashMap<CommandKey, StoredAnswer>, sqlx::Error> {
    let keys: Vec<_> = commits.iter().map(|commit| (&commit.metadata.actor, commit.metadata.command_id.simple())).collect();
    let rows = sqlx::query(
        "SELECT c.actor, c.command_id, c.command_digest, c.answer, c.first_position, c.last_position, c.chain
         FROM json_each(?) CROSS JOIN commits c ON c.actor = value->>0 AND c.command_id = unhex(value->>1)",
    )
    .bind(json(&keys)?)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(((row.try_get(0)?, uuid(row, 1)?), stored_answer(row, 2, head.log, head.epoch)?))).collect()
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
