//! One command's unit of work: what it read, and what it is about to write.
//!
//! `esrs` persists per aggregate; a command of ours may write several, and depends on others that it only read. So
//! [`SessionStore::persist`](esrs::store::EventStore::persist) only **stages** events, and [`Session::commit`] makes
//! everything durable at once, under the version of every stream that was read.

use std::{
    collections::HashMap,
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use esrs::{
    Aggregate, AggregateState,
    manager::AggregateManager,
    store::{EventStore, EventStoreLockGuard, StoreEvent, UnlockOnDrop},
    types::SequenceNumber,
};
use gongyi_domain::event::{CodecError, DomainEvent};
use serde::Serialize;
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::{
    AppendError, Appended, Commit, CommitInfo, DecodeError, Log, LogError, Metadata, NewEvent, Recorded, StateCache, StreamGuard, StreamId,
    StreamLocks, Upcasters, state_cache::Folded,
};

/// How long a session waits for a stream's lock, in milliseconds, before it says so. Ends the deadlock of two
/// sessions that lock the same streams in opposite order.
pub const LOCK_WAIT_MAX_MILLIS: u64 = 5_000;

/// A session could not read, stage or lock.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A stored event could not be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An event could not be encoded.
    #[error(transparent)]
    Encode(#[from] CodecError),
    /// The stream is longer than `esrs` can count (2,147,483,647 events).
    #[error("stream {stream} is too long")]
    StreamTooLong {
        /// The stream.
        stream: StreamId,
    },
    /// The aggregate's state is not the newest that this session knows: load it again before the next command.
    #[error("state of {stream} is at {state}, the session at {session}")]
    StaleState {
        /// The stream.
        stream: StreamId,
        /// The sequence number of the state handed in.
        state: u64,
        /// The version the session knows, with staged events.
        session: u64,
    },
    /// The stream's lock was not free within [`LOCK_WAIT_MAX_MILLIS`].
    #[error("stream {stream} stayed locked")]
    Contended {
        /// The stream.
        stream: StreamId,
    },
    /// The log is append only; nothing is deleted.
    #[error("the log is append only: {stream} stays")]
    AppendOnly {
        /// The stream.
        stream: StreamId,
    },
}

/// A unit of work over a log; clones are the same unit. Made for one command and dropped with it, which releases its
/// locks; what was staged and not committed is gone then.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    log: Arc<dyn Log>,
    upcasters: Arc<Upcasters>,
    locks: StreamLocks,
    states: StateCache,
    held: AsyncMutex<HashMap<StreamId, Arc<StreamGuard>>>,
    metadata: Metadata,
    command_digest: [u8; 32],
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    /// Streams as first read: a second load sees the same.
    read: HashMap<StreamId, Arc<[Recorded]>>,
    /// Aggregates as this session knows them, with what it has staged.
    states: HashMap<StreamId, Folded>,
    /// One of them came from the cache.
    rests_on_cache: bool,
    /// The version each stream must still have. Only of streams that somebody has looked at.
    expected: HashMap<StreamId, u64>,
    staged: Vec<(StreamId, NewEvent)>,
}

impl Work {
    fn staged_of<'a>(&'a self, stream: &'a StreamId) -> impl Iterator<Item = &'a NewEvent> {
        self.staged.iter().filter(move |(of, _)| of == stream).map(|(_, event)| event)
    }
}

impl Session {
    /// A session for one command, that reads from the log alone.
    pub fn new(log: Arc<dyn Log>, upcasters: Arc<Upcasters>, locks: StreamLocks, metadata: Metadata, command_digest: [u8; 32]) -> Self {
        Self::with_states(log, upcasters, locks, StateCache::new(0), metadata, command_digest)
    }

    /// A session for one command, that [loads](Self::load) from a cache what is there and keeps there what it reads and
    /// commits.
    pub fn with_states(
        log: Arc<dyn Log>,
        upcasters: Arc<Upcasters>,
        locks: StreamLocks,
        states: StateCache,
        metadata: Metadata,
        command_digest: [u8; 32],
    ) -> Self {
        let held = AsyncMutex::default();
        Self { inner: Arc::new(Inner { log, upcasters, locks, states, held, metadata, command_digest, work: Mutex::default() }) }
    }

    /// An aggregate with what this session has staged; one that does not exist has the default state. From now on the
    /// commit expects its version.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn load<A>(&self, id: Uuid) -> Result<AggregateState<A::State>, SessionError>
    where
        A: Aggregate + 'static,
        A::State: Clone + Send + Sync,
        A::Event: DomainEvent,
    {
        let stream = StreamId::of::<A>(id);
        let known = self.known(&stream).and_then(|known| Some((known.version, known.state.downcast::<A::State>().ok()?)));
        let (version, state) = match known {
            Some(known) => known,
            None => self.fold::<A>(&stream).await?,
        };
        let sequence_number = SequenceNumber::try_from(version).map_err(|_| SessionError::StreamTooLong { stream })?;
        // `esrs` sets a sequence number only by an event: this one's payload is the state itself.
        let (payload, occurred_on) = (Arc::unwrap_or_clone(state), self.inner.metadata.recorded_at);
        let as_it_is = StoreEvent { id: Uuid::nil(), aggregate_id: id, payload, occurred_on, sequence_number, version: None };
        Ok(AggregateState::with_id(id).apply_store_events(vec![as_it_is], |_, state| state))
    }

    /// Locks an aggregate within this process until the session commits or is dropped, then loads it.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn lock<A>(&self, id: Uuid) -> Result<AggregateState<A::State>, SessionError>
    where
        A: Aggregate + 'static,
        A::State: Clone + Send + Sync,
        A::Event: DomainEvent,
    {
        let guard = self.store::<A>().lock(id).await?;
        let mut loaded = self.load::<A>(id).await?;
        loaded.set_lock(guard);
        Ok(loaded)
    }

    /// Decides on a loaded aggregate and stages its events; the state with them, or the refusal.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn decide<A>(
        &self,
        loaded: AggregateState<A::State>,
        command: A::Command,
    ) -> Result<Result<Arc<A::State>, A::Error>, SessionError>
    where
        A: Aggregate + 'static,
        A::State: Send + Sync,
        A::Event: DomainEvent,
    {
        let stream = StreamId::of::<A>(*loaded.id());
        let (bytes, staged) = {
            let work = self.work();
            (work.states.get(&stream).map_or(0, |known| known.bytes), work.staged_of(&stream).count())
        };
        let decided = AggregateManager::new(self.store::<A>()).handle_command(loaded, command).await?;
        Ok(decided.map(|state| {
            let state = Arc::new(state);
            let mut work = self.work();
            let (mut version, mut bytes) = (work.expected.get(&stream).copied().unwrap_or(0), bytes);
            for (nth, event) in work.staged_of(&stream).enumerate() {
                version += 1;
                bytes += if nth < staged { 0 } else { event.payload.len() };
            }
            work.states.insert(stream, Folded { version, bytes, state: Arc::clone(&state) as _ });
            state
        }))
    }

    /// A state came from the cache: only a commit that holds shows that it was not stale.
    pub fn rests_on_cache(&self) -> bool {
        self.work().rests_on_cache
    }

    /// The aggregate as this session knows it, or else the cache.
    fn known(&self, stream: &StreamId) -> Option<Folded> {
        let mut work = self.work();
        if let Some(known) = work.states.get(stream) {
            return Some(known.clone());
        }
        // What was read or expected before stays as it was then.
        if work.read.contains_key(stream) || work.expected.contains_key(stream) {
            return None;
        }
        let cached = self.inner.states.get(stream)?;
        work.rests_on_cache = true;
        work.expected.insert(stream.clone(), cached.version);
        work.states.insert(stream.clone(), cached.clone());
        Some(cached)
    }

    /// The aggregate from its events.
    async fn fold<A>(&self, stream: &StreamId) -> Result<(u64, Arc<A::State>), SessionError>
    where
        A: Aggregate,
        A::State: Clone + Send + Sync + 'static,
        A::Event: DomainEvent,
    {
        let stored = self.read(stream).await?;
        let (mut version, mut bytes, mut state) = (0, 0, A::State::default());
        for recorded in stored.iter() {
            state = A::apply_event(state, self.inner.upcasters.decode::<A::Event>(recorded)?);
            version = recorded.version;
            bytes += recorded.payload.len();
        }
        let mut state = Arc::new(state);
        self.inner.states.put(stream.clone(), Folded { version, bytes, state: Arc::clone(&state) as _ });
        let mut work = self.work();
        work.expected.entry(stream.clone()).or_insert(version);
        for event in work.staged_of(stream) {
            state = Arc::new(A::apply_event(Arc::unwrap_or_clone(state), A::Event::decode(&event.event_type, &event.payload)?));
            version += 1;
            bytes += event.payload.len();
        }
        work.states.insert(stream.clone(), Folded { version, bytes, state: Arc::clone(&state) as _ });
        Ok((version, state))
    }

    /// The event store of aggregate `A` in this session, for `esrs::manager::AggregateManager::new`.
    pub fn store<A: Aggregate>(&self) -> SessionStore<A> {
        SessionStore { session: self.clone(), aggregate: PhantomData }
    }

    /// The commit will hold only if the stream does not exist.
    pub fn expect_absent(&self, stream: StreamId) {
        self.work().expected.insert(stream, 0);
    }

    /// Reads several streams in one query, for the loads that follow. What is never loaded is not expected either.
    ///
    /// # Errors
    /// The log could not be read.
    pub async fn preload(&self, streams: &[StreamId]) -> Result<(), LogError> {
        let mut missing: Vec<StreamId> = {
            let work = self.work();
            let at_hand = |stream| work.read.contains_key(stream) || work.states.contains_key(stream) || self.inner.states.holds(stream);
            streams.iter().filter(|stream| !at_hand(stream)).cloned().collect()
        };
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let recorded = self.inner.log.read_streams(&missing).await?;
        let mut found: HashMap<StreamId, Vec<Recorded>> = missing.into_iter().map(|stream| (stream, Vec::new())).collect();
        for recorded in recorded {
            if let Some(events) = found.get_mut(&recorded.stream) {
                events.push(recorded);
            }
        }
        let mut work = self.work();
        for (stream, events) in found {
            work.read.entry(stream).or_insert_with(|| events.into());
        }
        Ok(())
    }

    /// Nothing is staged: there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.work().staged.is_empty()
    }

    /// Who sends the command, and which.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// Makes everything staged durable in one commit, if every stream read is still as it was, and releases the
    /// session's locks. Whatever comes of it, the session is spent: after a conflict, begin anew.
    ///
    /// # Errors
    /// See [`AppendError`]; `Empty` if nothing is staged.
    pub async fn commit(&self, answer: &impl Serialize) -> Result<Appended, AppendError> {
        let answer = serde_json::to_string(answer).map_err(|_| AppendError::Malformed { what: "answer: JSON" })?;
        let work = std::mem::take(&mut *self.work());
        let mut states = work.states;
        states.retain(|stream, known| work.expected.get(stream).is_some_and(|expected| known.version > *expected));
        let mut expectations: Vec<_> = work.expected.into_iter().collect();
        expectations.sort_unstable();
        let (metadata, command_digest) = (self.inner.metadata.clone(), self.inner.command_digest);
        let commit = Commit { metadata, command_digest, answer, expectations, events: work.staged };
        let appended = self.inner.log.append(commit).await;
        match &appended {
            Ok(appended) if !appended.replayed => states.into_iter().for_each(|(stream, state)| self.inner.states.put(stream, state)),
            Err(AppendError::Conflict { stream, .. }) => self.inner.states.forget(stream),
            Ok(_) | Err(_) => {}
        }
        // Not before the cache has the new states: who waits for a lock takes them from there.
        self.inner.held.lock().await.clear();
        appended
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.inner.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream as this session first saw it.
    async fn read(&self, stream: &StreamId) -> Result<Arc<[Recorded]>, LogError> {
        if let Some(events) = self.work().read.get(stream) {
            return Ok(Arc::clone(events));
        }
        let events: Arc<[Recorded]> = self.inner.log.read_stream(stream, 0).await?.into();
        Ok(Arc::clone(self.work().read.entry(stream.clone()).or_insert(events)))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("command_id", &self.inner.metadata.command_id).finish_non_exhaustive()
    }
}

/// The streams of one aggregate, seen through a session.
pub struct SessionStore<A> {
    session: Session,
    aggregate: PhantomData<fn() -> A>,
}

/// Keeps a stream locked for its holder; the session itself holds on until it commits or is dropped, because `esrs`
/// drops the state, and the lock with it, as soon as the events are staged.
struct Held {
    _guard: Arc<StreamGuard>,
}

impl UnlockOnDrop for Held {}

impl<A> SessionStore<A>
where
    A: Aggregate,
{
    fn store_event(
        &self,
        stream: &StreamId,
        version: u64,
        event_type: &str,
        payload: A::Event,
        commit: Option<&CommitInfo>,
    ) -> Result<StoreEvent<A::Event>, SessionError>
    where
        A::Event: DomainEvent,
    {
        let sequence_number = SequenceNumber::try_from(version).map_err(|_| SessionError::StreamTooLong { stream: stream.clone() })?;
        let metadata = commit.map_or(&self.session.inner.metadata, |commit| &commit.metadata);
        Ok(StoreEvent {
            id: Uuid::new_v5(&stream.id, format!("{}/{version}", stream.kind).as_bytes()),
            aggregate_id: stream.id,
            payload,
            occurred_on: metadata.recorded_at,
            sequence_number,
            version: Some(i32::from(A::Event::schema_version(event_type))),
        })
    }
}

#[async_trait]
impl<A> EventStore for SessionStore<A>
where
    A: Aggregate + 'static,
    A::State: Send,
    A::Event: DomainEvent,
{
    type Aggregate = A;
    type Error = SessionError;

    /// Locks the stream for this session, until it commits or is dropped. Locking twice is locking once.
    async fn lock(&self, aggregate_id: Uuid) -> Result<EventStoreLockGuard, SessionError> {
        let stream = StreamId::of::<A>(aggregate_id);
        let inner = &self.session.inner;
        let mut held = inner.held.lock().await;
        let guard = match held.get(&stream) {
            Some(guard) => Arc::clone(guard),
            None => {
                let wait = Duration::from_millis(LOCK_WAIT_MAX_MILLIS);
                let guard = tokio::time::timeout(wait, inner.locks.lock(&stream)).await;
                let guard = Arc::new(guard.map_err(|_| SessionError::Contended { stream: stream.clone() })?);
                held.insert(stream, Arc::clone(&guard));
                guard
            }
        };
        Ok(EventStoreLockGuard::new(Held { _guard: guard }))
    }

    /// The stream's events, those staged in this session last. From now on the commit expects the version read.
    async fn by_aggregate_id(&self, aggregate_id: Uuid) -> Result<Vec<StoreEvent<A::Event>>, SessionError> {
        let stream = StreamId::of::<A>(aggregate_id);
        let stored = self.session.read(&stream).await?;
        let version = stored.last().map_or(0, |last| last.version);
        let staged: Vec<NewEvent> = {
            let mut work = self.session.work();
            work.expected.entry(stream.clone()).or_insert(version);
            work.staged_of(&stream).cloned().collect()
        };
        let mut events = Vec::with_capacity(stored.len() + staged.len());
        for recorded in stored.iter() {
            let event = self.session.inner.upcasters.decode::<A::Event>(recorded)?;
            events.push(self.store_event(&stream, recorded.version, &recorded.event_type, event, Some(&recorded.commit))?);
        }
        for (event, version) in staged.into_iter().zip(version + 1..) {
            let decoded = A::Event::decode(&event.event_type, &event.payload)?;
            events.push(self.store_event(&stream, version, &event.event_type, decoded, None)?);
        }
        Ok(events)
    }

    /// **Stages** the events; [`Session::commit`] makes them durable, together with those of other aggregates.
    async fn persist(
        &self,
        aggregate_state: &mut AggregateState<A::State>,
        events: Vec<A::Event>,
    ) -> Result<Vec<StoreEvent<A::Event>>, SessionError> {
        let stream = StreamId::of::<A>(*aggregate_state.id());
        let state = u64::try_from(*aggregate_state.sequence_number()).unwrap_or(0);
        let encoded = events.iter().map(NewEvent::of).collect::<Result<Vec<_>, _>>()?;

        let mut work = self.session.work();
        // A state that was not loaded in this session (a new aggregate's) says itself which version it stands on.
        let staged = work.staged_of(&stream).count() as u64;
        let base = work.expected.get(&stream).copied().unwrap_or(state.saturating_sub(staged));
        if base + staged != state {
            return Err(SessionError::StaleState { stream, state, session: base + staged });
        }
        let mut store_events = Vec::with_capacity(events.len());
        for ((event, encoded), version) in events.into_iter().zip(&encoded).zip(state + 1..) {
            store_events.push(self.store_event(&stream, version, &encoded.event_type, event, None)?);
        }
        work.expected.insert(stream.clone(), base);
        work.states.remove(&stream);
        work.staged.extend(encoded.into_iter().map(|event| (stream.clone(), event)));
        for _ in &store_events {
            aggregate_state.next_sequence_number();
        }
        Ok(store_events)
    }

    /// Nothing: read models follow the log.
    async fn publish(&self, _: &[StoreEvent<A::Event>]) {}

    /// Refused: the log is append only.
    async fn delete(&self, aggregate_id: Uuid) -> Result<(), SessionError> {
        Err(SessionError::AppendOnly { stream: StreamId::of::<A>(aggregate_id) })
    }
}
