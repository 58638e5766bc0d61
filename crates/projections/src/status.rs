//! How far the read models are, and who waits for them.

use std::sync::Arc;

/// A read model that met an event it cannot fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The event's place in the log.
    pub position: u64,
    /// The event's type.
    pub event_type: String,
    /// Why it cannot be folded.
    pub reason: String,
}

/// How one read model stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// Its name.
    pub name: &'static str,
    /// The last event it has folded.
    pub position: u64,
    /// Why it does not go on, if so.
    pub parked: Option<Parked>,
}

/// The views have not come as far as they must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Not in time.
    #[error("the views are at {at}")]
    Behind {
        /// How far they are.
        at: u64,
    },
    /// A read model is parked before that and will not come there; all others have.
    #[error("the read model {name} is parked at {at}")]
    Parked {
        /// The read model.
        name: &'static str,
        /// How far it is.
        at: u64,
    },
}

/// What the runner publishes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) views: Arc<[ViewStatus]>,
}

impl Progress {
    /// How far every read model that is not parked has come; with all parked, how far the first of them has.
    pub(crate) fn position(&self) -> u64 {
        let going = self.views.iter().filter(|view| view.parked.is_none()).map(|view| view.position).min();
        going.or_else(|| self.views.iter().map(|view| view.position).min()).unwrap_or(0)
    }

    /// Whether nothing more is to be waited for, and how it ended.
    pub(crate) fn reached(&self, position: u64) -> Option<Result<(), Stale>> {
        if self.views.iter().any(|view| view.parked.is_none() && view.position < position) {
            return None;
        }
        let parked = self.views.iter().find(|view| view.position < position);
        Some(parked.map_or(Ok(()), |view| Err(Stale::Parked { name: view.name, at: view.position })))
    }
}
