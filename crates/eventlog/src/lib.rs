//! The log.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

pub mod chain;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod verify;

mod admit;
mod commit;
mod log;
mod memory;
mod session;
mod sqlite;
mod stream_locks;
mod token;
mod upcast;

pub use commit::{
    ANSWER_MAX_BYTES, Appended, COMMIT_MAX_BYTES, COMMIT_MAX_EVENTS, COMMIT_MAX_EXPECTATIONS, Commit, CommitInfo, Metadata, NAME_MAX_BYTES,
    NewEvent, PAYLOAD_MAX_BYTES, Position, Recorded, StoredAnswer, StreamId,
};
pub use log::{AppendError, Log, LogError, StorageFault, follow};
pub use memory::MemoryLog;
pub use session::{Session, SessionError, SessionStore};
pub use sqlite::{OpenError, SqliteLog, SqliteSettings};
pub use stream_locks::{StreamGuard, StreamLocks};
pub use token::{NotAToken, Standing, Token};
pub use upcast::{DecodeError, DuplicateStep, Upcasters};
