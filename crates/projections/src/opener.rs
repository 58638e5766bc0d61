//! How sealed personal text becomes readable. The trait stands here, whoever keeps the keys implements it elsewhere.
//!
//! - A batch's persons are gathered first and their keys fetched once.
//! - Whose key is destroyed shows as nothing at all.

use async_trait::async_trait;
use gongyi_domain::values::{PersonId, Sealed};
use uuid::Uuid;

use crate::change::Change;

/// Keeps the keys, or knows who does.
#[async_trait]
pub trait Opener: Send + Sync + 'static {
    /// The keys of these persons, as far as they still exist.
    ///
    /// # Errors
    /// The keys cannot be had now; the batch is tried again later.
    async fn keys(&self, persons: &[PersonId]) -> Result<Box<dyn Keys>, OpenerError>;
}

/// The keys of one batch.
pub trait Keys: Send + Sync {
    /// Opens a text that was sealed for this stream, event type and field (the serde name of the event's field).
    fn open(&self, sealed: &Sealed, stream_kind: &str, stream_id: Uuid, event_type: &str, field: &str) -> Opened;
}

/// What became of a sealed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Readable.
    Text(String),
    /// Its key is destroyed for good.
    Erased,
    /// There is a key, but the text does not open with it.
    Failed,
}

/// The keys cannot be had now.
#[derive(Debug, thiserror::Error)]
#[error("the keys of personal data cannot be had")]
pub struct OpenerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Opens the texts of a batch for the folds.
pub(crate) struct Texts<'a> {
    pub(crate) keys: &'a dyn Keys,
}

impl Texts<'_> {
    /// The text of an event's field; `None` if its person was erased. What does not open is shown as nothing, and said
    /// loudly: it is no reason to stop everybody's view.
    pub(crate) fn open(&self, change: &Change, field: &str, sealed: &Sealed) -> Option<String> {
        match self.keys.open(sealed, &change.stream.kind, change.stream.id, &change.event_type, field) {
            Opened::Text(text) => Some(text),
            Opened::Erased => None,
            Opened::Failed => {
                tracing::error!(position = change.position, event_type = change.event_type, field, "a sealed text does not open");
                None
            }
        }
    }

    pub(crate) fn open_maybe(&self, change: &Change, field: &str, sealed: Option<&Sealed>) -> Option<String> {
        sealed.and_then(|sealed| self.open(change, field, sealed))
    }
}
