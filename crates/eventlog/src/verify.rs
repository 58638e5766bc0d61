//! Checks a whole log: recomputes every hash and reports every finding. Never changes anything, never panics on
//! what it reads.

use async_trait::async_trait;

use crate::{CommitInfo, LogError, Position, StreamId, Token};

/// A commit as stored, without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommit {
    /// What its events have in common.
    pub info: CommitInfo,
    /// SHA-256 of the command's canonical payload.
    pub command_digest: [u8; 32],
    /// The command's answer.
    pub answer: String,
    /// The commit's hash.
    pub hash: [u8; 32],
}

/// An event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the log.
    pub position: Position,
    /// The commit it says it came in.
    pub commit_number: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: u64,
    /// The variant's name.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// JSON text.
    pub payload: String,
}

/// A log that can be read row by row, whatever state it is in.
#[async_trait]
pub trait Verifiable: Send + Sync {
    /// The token of position 0 in the current epoch.
    ///
    /// # Errors
    /// The storage failed.
    async fn birth(&self) -> Result<Token, LogError>;

    /// What the storage itself finds wrong (pages, indexes, missing triggers).
    ///
    /// # Errors
    /// The storage failed.
    async fn storage_findings(&self) -> Result<Vec<String>, LogError>;

    /// The stored commits after a number, in order; a row that cannot be read is given by its number.
    ///
    /// # Errors
    /// The storage failed.
    async fn commits_after(&self, number: u64, limit: usize) -> Result<Vec<Result<StoredCommit, u64>>, LogError>;

    /// The stored events after a position, in order; a row that cannot be read is given by its position.
    ///
    /// # Errors
    /// The storage failed.
    async fn events_after(&self, position: Position, limit: usize) -> Result<Vec<Result<StoredEvent, Position>>, LogError>;
}
