//! The log in batches, decoded: the next one is read while this one is written.

use std::{future::Future, sync::Arc};

use gongyi_eventlog::{Log, LogError, Recorded, Upcasters};
use tokio::task::JoinHandle;

use crate::{change::Change, cost::Clock, status::Parked, views::ViewOptions};

/// An event of a batch, decoded or not.
pub(crate) struct Item {
    pub(crate) position: u64,
    pub(crate) chain: [u8; 32],
    pub(crate) change: Result<Change, Undecoded>,
}

/// An event that this build cannot read.
pub(crate) struct Undecoded {
    pub(crate) kind: String,
    pub(crate) event_type: String,
    pub(crate) reason: String,
}

impl Item {
    pub(crate) fn kind(&self) -> &str {
        match &self.change {
            Ok(change) => &change.stream.kind,
            Err(undecoded) => &undecoded.kind,
        }
    }

    fn of(recorded: Recorded, upcasters: &Upcasters, options: &ViewOptions) -> Self {
        let (position, chain) = (recorded.position, recorded.commit.chain);
        let change = match upcasters.decode_event(&recorded) {
            Ok(event) => Ok(Change::new(event, recorded, options.time_zone)),
            Err(error) => {
                let reason = match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                };
                Err(Undecoded { kind: recorded.stream.kind.into_owned(), event_type: recorded.event_type, reason })
            }
        };
        Self { position, chain, change }
    }

    /// A read model stops before it.
    pub(crate) fn park(&self, reason: String) -> Parked {
        let event_type = match &self.change {
            Ok(change) => &change.event_type,
            Err(undecoded) => &undecoded.event_type,
        };
        Parked { position: self.position, event_type: event_type.clone(), reason }
    }
}

/// A batch that is read and decoded while the one before it is written.
struct Ahead {
    after: u64,
    items: JoinHandle<Result<Vec<Item>, LogError>>,
}

/// The batches of a log.
pub(crate) struct Batches {
    log: Arc<dyn Log>,
    upcasters: Arc<Upcasters>,
    options: ViewOptions,
    ahead: Option<Ahead>,
}

impl Batches {
    pub(crate) fn new(log: Arc<dyn Log>, upcasters: Arc<Upcasters>, options: ViewOptions) -> Self {
        Self { log, upcasters, options, ahead: None }
    }

    /// The events after a position, about as many as a batch has.
    ///
    /// # Errors
    /// The log's.
    pub(crate) async fn after(&mut self, position: u64) -> Result<Vec<Item>, LogError> {
        let read = match self.ahead.take() {
            Some(Ahead { after, items }) if after == position => items.await.ok(),
            Some(_) | None => None,
        };
        let items = match read {
            Some(items) => items?,
            None => self.reading(position).await?,
        };
        if let Some(after) = items.last().map(|item| item.position)
            && *self.log.watch().borrow() > after
        {
            self.ahead = Some(Ahead { after, items: tokio::spawn(self.reading(after)) });
        }
        Ok(items)
    }

    fn reading(&self, after: u64) -> impl Future<Output = Result<Vec<Item>, LogError>> + Send + use<> {
        let (log, upcasters, options) = (Arc::clone(&self.log), Arc::clone(&self.upcasters), self.options);
        async move {
            let clock = Clock::start("log", "read");
            let batch = log.read_after(after, options.batch_events).await?;
            clock.stop(batch.len());
            let clock = Clock::start("log", "decode");
            let items: Vec<_> = batch.into_iter().map(|recorded| Item::of(recorded, &upcasters, &options)).collect();
            clock.stop(items.len());
            Ok(items)
        }
    }
}
