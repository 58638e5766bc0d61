//! The log as everybody else sees it, whichever engine keeps it.

use std::{collections::VecDeque, error::Error, sync::Arc};

use async_trait::async_trait;
use futures::{Stream, stream};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{Appended, Commit, Position, Recorded, Standing, StoredAnswer, StreamId, Token};

/// Events that [`follow`] reads at a time.
const FOLLOW_BATCH_EVENTS: usize = 1_000;

/// What the storage below said. Shared, because one failed batch has many callers.
pub type StorageFault = Arc<dyn Error + Send + Sync>;

/// The log could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// The storage failed.
    #[error("the log's storage failed")]
    Storage(#[source] StorageFault),
    /// What is stored is not what was written.
    #[error("the log is damaged at position {position}: {what}")]
    Damaged {
        /// Where.
        position: Position,
        /// What does not fit.
        what: &'static str,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

/// A commit was not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream has moved on since it was read. Load again, decide again.
    #[error("stream {stream} is at version {actual}, expected {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the commit expected.
        expected: u64,
        /// What it is; 0 for a stream that does not exist.
        actual: u64,
    },
    /// The actor has used this command id for another command.
    #[error("command id {command_id} was used for another command")]
    CommandReused {
        /// The id.
        command_id: Uuid,
    },
    /// An event for a stream without expectation.
    #[error("no expected version for stream {stream}")]
    MissingExpectation {
        /// The stream.
        stream: StreamId,
    },
    /// A commit without events.
    #[error("a commit needs an event")]
    Empty,
    /// A limit is exceeded.
    #[error("{what}: {actual} is more than {max}")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// How large it may be.
        max: usize,
    },
    /// A part that the log cannot keep as it is.
    #[error("malformed {what}")]
    Malformed {
        /// Which part, and what it should be.
        what: &'static str,
    },
    /// This log was opened for reading.
    #[error("the log was opened read-only")]
    ReadOnly,
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The storage failed. Whether the commit is in the log is unknown: send the command again under the same id.
    #[error("the log's storage failed")]
    Storage(#[source] StorageFault),
}

/// An append-only log of commits. The crate's documentation is its specification.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Appends a commit, and returns when it is durable. A caller that stops waiting does not stop the commit.
    ///
    /// # Errors
    /// See [`AppendError`]. After anything but `Storage`, nothing was written.
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError>;

    /// What the actor's command was answered with, if it is in the log: to be asked before anything is loaded.
    ///
    /// # Errors
    /// The storage failed.
    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError>;

    /// A stream's events after a version, in order; none for a stream that does not exist.
    ///
    /// # Errors
    /// The storage failed.
    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError>;

    /// All events of several streams, read at once, by position.
    ///
    /// # Errors
    /// The storage failed.
    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError>;

    /// The events after a position, about `limit` of them: whole commits only (of the commit that `position` lies in,
    /// its rest), so that a first commit larger than `limit` comes whole. Empty at the head.
    ///
    /// # Errors
    /// The storage failed.
    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError>;

    /// The last event; position 0 for an empty log.
    ///
    /// # Errors
    /// The storage failed.
    async fn head(&self) -> Result<Token, LogError>;

    /// The last durable position, live. Its sender is gone when the log is closed.
    fn watch(&self) -> watch::Receiver<Position>;

    /// The token of a position; `None` past the head.
    ///
    /// # Errors
    /// The storage failed.
    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError>;

    /// Whether the token's history is this log's.
    ///
    /// # Errors
    /// The storage failed.
    async fn check(&self, token: &Token) -> Result<Standing, LogError> {
        let head = self.head().await?;
        if token.log != head.log {
            return Ok(Standing::OtherLog);
        }
        // What an earlier epoch had past our head was lost in a restore and never comes back.
        if token.position > head.position {
            return Ok(if token.epoch >= head.epoch { Standing::Ahead { head: head.position } } else { Standing::Forked });
        }
        let here = self.token_at(token.position).await?;
        Ok(if here.is_some_and(|here| here.chain == token.chain) { Standing::Known } else { Standing::Forked })
    }
}

/// Every event after a position: those there are, then those to come. Ends when the log is closed, or after the
/// first error; follow again from the last event seen.
pub fn follow(log: Arc<dyn Log>, after: Position) -> impl Stream<Item = Result<Recorded, LogError>> + Send {
    let watch = log.watch();
    let start = (log, watch, after, VecDeque::new());
    stream::try_unfold(start, |(log, mut watch, mut after, mut read): (_, _, _, VecDeque<Recorded>)| async move {
        loop {
            if let Some(event) = read.pop_front() {
                after = event.position;
                return Ok(Some((event, (log, watch, after, read))));
            }
            // Marked as seen before reading, so that what is appended during the read wakes the next wait.
            watch.borrow_and_update();
            let open = watch.has_changed().is_ok();
            read = match log.read_after(after, FOLLOW_BATCH_EVENTS).await {
                Ok(events) => events.into(),
                Err(LogError::Closed) => return Ok(None),
                Err(error) => return Err(error),
            };
            if read.is_empty() {
                if !open {
                    return Ok(None);
                }
                // An error says that the log was closed meanwhile; the next round reads what came last, and ends.
                let _ = watch.changed().await;
            }
        }
    })
}
