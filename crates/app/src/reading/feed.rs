//! The log as its followers hear it: read once for all of them, told to those who follow the stream an event is of.
//!
//! - However many follow, an event is read once and its position's token asked for once.
//! - A follower first reads what the stream has had since its own position, then listens; it listens before it reads, so
//!   that nothing falls in between, and skips what it has read already.
//! - Who is too slow for [`WAITING_MAX_EVENTS`] reads the stream again from the last event it took: late, but nothing lost.
//! - Without followers nothing is read.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::StreamExt;
use gongyi_eventlog::{Log, LogError, Position, Recorded, StreamId, Token, follow};
use tokio::{sync::broadcast, task::AbortHandle};

/// Events that wait for a follower, at most.
const WAITING_MAX_EVENTS: usize = 256;
/// What of the log a follower reads through to find what it missed, in events; who missed more reads the whole stream.
const MISSED_READ_EVENTS: Position = 200;

/// An event, and its position's token.
pub(crate) struct News {
    pub(crate) event: Recorded,
    pub(crate) token: Token,
}

#[derive(Default)]
struct Channels {
    senders: HashMap<StreamId, broadcast::Sender<Arc<News>>>,
    reader: Option<AbortHandle>,
    /// How far the reader has come: who listens since then hears what comes after.
    told: Position,
}

/// What followers share.
#[derive(Clone)]
pub(crate) struct Feed {
    log: Arc<dyn Log>,
    channels: Arc<Mutex<Channels>>,
}

impl Feed {
    pub(crate) fn new(log: Arc<dyn Log>) -> Self {
        Self { log, channels: Arc::default() }
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of a stream after a position.
    ///
    /// # Errors
    /// The log's.
    pub(crate) async fn follow(&self, stream: StreamId, after: Position) -> Result<Follower, LogError> {
        let news = {
            let mut channels = self.channels();
            if channels.reader.is_none() {
                channels.told = *self.log.watch().borrow();
                channels.reader = Some(tokio::spawn(self.clone().read(channels.told)).abort_handle());
            }
            channels.senders.entry(stream.clone()).or_insert_with(|| broadcast::channel(WAITING_MAX_EVENTS).0).subscribe()
        };
        let mut follower = Follower { feed: self.clone(), stream, taken: after, missed: VecDeque::new(), news: Some(news) };
        follower.read_missed().await?;
        Ok(follower)
    }

    /// Tells what comes after a position, until the log is closed or fails; the followers end then.
    async fn read(self, after: Position) {
        let mut events = pin!(follow(self.log.clone(), after));
        while let Some(Ok(event)) = events.next().await {
            {
                let mut channels = self.channels();
                channels.told = event.position;
                if !channels.senders.contains_key(&event.stream) {
                    continue;
                }
            }
            let Ok(Some(token)) = self.log.token_at(event.position).await else { break };
            if let Some(sender) = self.channels().senders.get(&event.stream) {
                // Nobody may listen any more: that is no error.
                let _ = sender.send(Arc::new(News { event, token }));
            }
        }
        *self.channels() = Channels::default();
    }
}

/// One who follows a stream.
pub(crate) struct Follower {
    feed: Feed,
    stream: StreamId,
    /// The last position that was taken.
    taken: Position,
    missed: VecDeque<Recorded>,
    /// Always there but while it is dropped.
    news: Option<broadcast::Receiver<Arc<News>>>,
}

impl Follower {
    /// What was told before it listened; most have missed little or nothing, and thousands may come at one moment.
    async fn read_missed(&mut self) -> Result<(), LogError> {
        let (log, told) = (&self.feed.log, self.feed.channels().told);
        let events = match told.saturating_sub(self.taken) {
            0 => vec![],
            missed if missed <= MISSED_READ_EVENTS => log.read_after(self.taken, missed as usize).await?,
            _ => log.read_stream(&self.stream, 0).await?,
        };
        self.missed = events.into_iter().filter(|event| event.stream == self.stream && event.position > self.taken).collect();
        Ok(())
    }

    /// The next event; `None` once the log is closed.
    ///
    /// # Errors
    /// The log's.
    pub(crate) async fn next(&mut self) -> Result<Option<Arc<News>>, LogError> {
        loop {
            if let Some(event) = self.missed.pop_front() {
                let Some(token) = self.feed.log.token_at(event.position).await? else { return Ok(None) };
                self.taken = event.position;
                return Ok(Some(Arc::new(News { event, token })));
            }
            let Some(news) = &mut self.news else { return Ok(None) };
            match news.recv().await {
                Ok(news) if news.event.position <= self.taken => {}
                Ok(news) => {
                    self.taken = news.event.position;
                    return Ok(Some(news));
                }
                Err(broadcast::error::RecvError::Lagged(_)) => self.read_missed().await?,
                Err(broadcast::error::RecvError::Closed) => return Ok(None),
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.news = None;
        let mut channels = self.feed.channels();
        if channels.senders.get(&self.stream).is_some_and(|sender| sender.receiver_count() == 0) {
            channels.senders.remove(&self.stream);
        }
        if channels.senders.is_empty()
            && let Some(reader) = channels.reader.take()
        {
            reader.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use gongyi_eventlog::{Commit, MemoryLog, Metadata, NewEvent};
    use uuid::Uuid;

    use super::*;

    async fn append(log: &dyn Log, stream: &StreamId, version: u64) -> Position {
        let id = Uuid::now_v7();
        let recorded_at = chrono::DateTime::from_timestamp(0, 0).unwrap();
        let metadata = Metadata { actor: "test".into(), command_id: id, correlation: id, causation: None, recorded_at };
        let event = NewEvent { event_type: "Happened".into(), schema_version: 1, payload: "{}".into() };
        let (expectations, events) = (vec![(stream.clone(), version)], vec![(stream.clone(), event)]);
        let commit = Commit { metadata, command_digest: [0; 32], answer: "null".into(), expectations, events };
        log.append(commit).await.unwrap();
        log.head().await.unwrap().position
    }

    async fn positions(follower: &mut Follower, many: usize) -> Vec<Position> {
        let mut heard = vec![];
        for _ in 0..many {
            heard.push(follower.next().await.unwrap().unwrap().event.position);
        }
        heard
    }

    #[tokio::test]
    async fn a_follower_hears_its_stream_once_and_in_order_from_where_it_was() {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(Uuid::now_v7()));
        let (feed, mine, other) =
            (Feed::new(log.clone()), StreamId::new("meeting", Uuid::now_v7()), StreamId::new("meeting", Uuid::now_v7()));
        let first = append(&*log, &mine, 0).await;
        let mut expected = vec![append(&*log, &mine, 1).await];
        let mut follower = feed.follow(mine.clone(), first).await.unwrap();
        for version in 2..20 {
            expected.push(append(&*log, &mine, version).await);
            append(&*log, &other, version - 2).await;
        }
        assert_eq!(positions(&mut follower, expected.len()).await, expected);
    }

    #[tokio::test]
    async fn who_is_too_slow_misses_nothing() {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(Uuid::now_v7()));
        let (feed, stream) = (Feed::new(log.clone()), StreamId::new("meeting", Uuid::now_v7()));
        let mut follower = feed.follow(stream.clone(), 0).await.unwrap();
        let mut quick = feed.follow(stream.clone(), 0).await.unwrap();
        let mut expected = vec![];
        for version in 0..2 * WAITING_MAX_EVENTS as u64 {
            expected.push(append(&*log, &stream, version).await);
        }
        assert_eq!(positions(&mut quick, expected.len()).await, expected);
        assert_eq!(positions(&mut follower, expected.len()).await, expected);
    }

    #[tokio::test]
    async fn nothing_is_read_for_nobody() {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(Uuid::now_v7()));
        let (feed, stream) = (Feed::new(log.clone()), StreamId::new("meeting", Uuid::now_v7()));
        let followers = [feed.follow(stream.clone(), 0).await.unwrap(), feed.follow(stream.clone(), 0).await.unwrap()];
        assert!(feed.channels().reader.is_some());
        drop(followers);
        assert!(feed.channels().reader.is_none() && feed.channels().senders.is_empty());
        let position = append(&*log, &stream, 0).await;
        let mut again = feed.follow(stream, 0).await.unwrap();
        assert_eq!(positions(&mut again, 1).await, [position]);
    }
}
