//! One command's way: authorise, load, decide, append, wait for the read models; and the processes that follow events.
//!
//! A command is a struct of what was asked for, with [`Command::decide`] beside it: it asks [`work::Work::may`], loads
//! aggregates, decides on them and stages their events. [`App::dispatch`] does the rest. To add one:
//! 1. the rule, its act and its refusals in `domain`;
//! 2. the command here, in the file of its aggregate, or of its phase where the aggregate has a folder, and a line for it in
//!    `commands.rs`;
//! 3. what shows it in `projections`, `api` and `web`.

pub mod access;
pub mod clock;
mod commands;
pub mod deliberation;
pub mod dispatch;
pub mod personal;
pub mod processes;
pub mod projects;
pub mod reading;
pub mod rejection;
mod secrets;
pub mod texts;
pub mod volunteering;
pub mod work;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono_tz::Tz;
use gongyi_domain::access::authority::Actor;
use gongyi_domain::values::Instant;
use gongyi_eventlog::{Log, Metadata, Session, StateCache, StreamLocks, Upcasters};
use gongyi_projections::Views;
use gongyi_vault::Vault;
use uuid::Uuid;

use clock::SharedClock;
pub use dispatch::{AnyCommand, Command, Done, Request};
use reading::feed::Feed;
pub use rejection::{Fault, Rejection};
use texts::SealedTexts;
use work::{Kind, Work};

/// The platform: log, vault, views, clock and time zone. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    log: Arc<dyn Log>,
    texts: SealedTexts,
    vault: Vault,
    views: Views,
    upcasters: Arc<Upcasters>,
    locks: StreamLocks,
    states: StateCache,
    clock: SharedClock,
    zone: Tz,
    feed: Feed,
    /// The last write of a command failed for the storage.
    storage_fails: AtomicBool,
}

impl App {
    /// Puts the parts together. The views read the same log, with its texts.
    pub fn new(texts: SealedTexts, vault: Vault, views: Views, upcasters: Arc<Upcasters>, clock: SharedClock, zone: Tz) -> Self {
        Self::with_states(texts, vault, views, upcasters, clock, zone, StateCache::default())
    }

    /// The same with a cache of states of a size chosen; of none, commands read every stream from the log.
    pub fn with_states(
        texts: SealedTexts,
        vault: Vault,
        views: Views,
        upcasters: Arc<Upcasters>,
        clock: SharedClock,
        zone: Tz,
        states: StateCache,
    ) -> Self {
        let log = texts.log();
        let (locks, storage_fails, feed) = (StreamLocks::new(), AtomicBool::new(false), Feed::new(log.clone()));
        Self { inner: Arc::new(Inner { log, texts, vault, views, upcasters, locks, states, clock, zone, feed, storage_fails }) }
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.inner.log
    }

    /// The read models.
    pub fn views(&self) -> &Views {
        &self.inner.views
    }

    /// The tenant's time zone.
    pub fn zone(&self) -> Tz {
        self.inner.zone
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    /// A command could not be stored, and none has been since.
    pub fn storage_fails(&self) -> bool {
        self.inner.storage_fails.load(Ordering::Relaxed)
    }

    pub(crate) fn storage_took(&self, taken: bool) {
        self.inner.storage_fails.store(!taken, Ordering::Relaxed);
    }

    /// The upcasters of stored events.
    pub fn upcasters(&self) -> &Arc<Upcasters> {
        &self.inner.upcasters
    }

    /// The vault; for this crate and for the server's start and stop.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// The states that commands need not read again.
    pub fn states(&self) -> &StateCache {
        &self.inner.states
    }

    /// The log as its followers hear it.
    pub(crate) fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    pub(crate) fn locks(&self) -> &StreamLocks {
        &self.inner.locks
    }

    /// A request of `actor` with a fresh command id, now.
    pub fn request(&self, actor: Actor) -> Request {
        let id = Uuid::now_v7();
        Request { actor, command_id: id, correlation: id, causation: None, now: self.now() }
    }

    /// A request that only reads.
    pub(crate) fn reading_request(&self) -> Request {
        self.request(Actor::Anonymous)
    }

    /// An aggregate as the log has it now; one that does not exist has the default state.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn state<A: Kind>(&self, id: impl Into<Uuid>) -> Result<A::State, Rejection> {
        let work = Work::begin(self, &self.reading_request(), self.reading_session()).await?;
        Ok(work.load::<A>(id).await?.into_inner())
    }

    /// A session that only reads: from the log, for no commit would show that a cached state was stale.
    pub(crate) fn reading_session(&self) -> Session {
        let (command_id, correlation) = (Uuid::nil(), Uuid::nil());
        let metadata = Metadata { actor: "reader".to_owned(), command_id, correlation, causation: None, recorded_at: self.now() };
        Session::new(self.log().clone(), self.upcasters().clone(), self.locks().clone(), metadata, [0; 32])
    }
}
