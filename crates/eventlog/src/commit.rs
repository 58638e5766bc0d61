//! What is written to the log and what is read from it.

use std::{borrow::Cow, fmt, sync::Arc};

use chrono::{DateTime, Utc};
use gongyi_domain::event::{CodecError, DomainEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Token;

/// The place of an event in the log: 1, 2, 3 … without a gap. 0 is the place before the first event.
pub type Position = u64;

/// Events in one commit, at most. A close of a poll writes every ballot in one commit, so this is far above an
/// ordinary command's handful.
pub const COMMIT_MAX_EVENTS: usize = 200_000;
/// Payload of one event, at most, in bytes.
pub const PAYLOAD_MAX_BYTES: usize = 1024 * 1024;
/// All payloads of one commit, at most, in bytes.
pub const COMMIT_MAX_BYTES: usize = 64 * 1024 * 1024;
/// A command's answer, at most, in bytes. It holds ids only.
pub const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// Expectations of one commit, at most (streams written and streams only read).
pub const COMMIT_MAX_EXPECTATIONS: usize = 200_000;
/// Actor, stream kind and event type, each at most, in bytes.
pub const NAME_MAX_BYTES: usize = 200;

/// A stream: the events of one aggregate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// The aggregate's `NAME`.
    pub kind: Cow<'static, str>,
    /// The aggregate's id.
    pub id: Uuid,
}

impl StreamId {
    /// The stream of aggregate `A` with this id.
    pub fn of<A: esrs::Aggregate>(id: impl Into<Uuid>) -> Self {
        Self { kind: Cow::Borrowed(A::NAME), id: id.into() }
    }

    /// The stream of a kind told by name.
    pub fn new(kind: impl Into<Cow<'static, str>>, id: impl Into<Uuid>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// An event that is not in the log yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The variant's name.
    pub event_type: String,
    /// The version of the payload's shape, from 1.
    pub schema_version: u16,
    /// JSON text, stored byte for byte.
    pub payload: String,
}

impl NewEvent {
    /// The event as this build writes it.
    ///
    /// # Errors
    /// A variant that cannot be encoded, see [`DomainEvent::encode`].
    pub fn of<E: DomainEvent>(event: &E) -> Result<Self, CodecError> {
        let (event_type, payload) = event.encode()?;
        Ok(Self { schema_version: E::schema_version(&event_type), event_type, payload })
    }
}

/// Who did it, by which command, in which course of things, and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Who sent the command. Command ids are unique within one actor.
    pub actor: String,
    /// The command's id, chosen by its sender; sent again, it gets the first answer.
    pub command_id: Uuid,
    /// The course of things this belongs to.
    pub correlation: Uuid,
    /// The position of the event that caused it, if an event did.
    pub causation: Option<Position>,
    /// When it was recorded, by the caller's clock. The log keeps whole microseconds and drops the rest.
    pub recorded_at: DateTime<Utc>,
}

/// One or more events for one or more streams: all of them become durable or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Who, by which command, when.
    pub metadata: Metadata,
    /// SHA-256 of the command's canonical payload: tells a repeated command from a reused id.
    pub command_digest: [u8; 32],
    /// The JSON that the command answers with; ids only.
    pub answer: String,
    /// The version each stream must have for the commit to hold, 0 for a stream that must not exist: the streams
    /// written **and** those only read.
    pub expectations: Vec<(StreamId, u64)>,
    /// The events, in order. Versions are assigned from the stream's expected version + 1.
    pub events: Vec<(StreamId, NewEvent)>,
}

/// A commit is in the log and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The commit's last event.
    pub token: Token,
    /// The commit's first event.
    pub first_position: Position,
    /// The command's answer: the stored one if it was replayed.
    pub answer: String,
    /// The command was in the log already; nothing was written.
    pub replayed: bool,
}

/// What a command that is in the log was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// SHA-256 of that command's canonical payload.
    pub digest: [u8; 32],
    /// Its answer, JSON.
    pub answer: String,
    /// The first event of its commit.
    pub first_position: Position,
    /// The last event of its commit.
    pub token: Token,
}

/// What the events of one commit have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The commit's number: 1, 2, 3 …
    pub number: u64,
    /// Who, by which command, when.
    pub metadata: Metadata,
    /// The commit's first event.
    pub first_position: Position,
    /// The commit's last event.
    pub last_position: Position,
    /// The running hash after this commit.
    pub chain: [u8; 32],
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream: 1, 2, 3 …
    pub version: u64,
    /// The variant's name.
    pub event_type: String,
    /// The version of the payload's shape as stored.
    pub schema_version: u16,
    /// JSON text, byte for byte as appended.
    pub payload: String,
    /// The commit it came in, shared with its other events.
    pub commit: Arc<CommitInfo>,
}
