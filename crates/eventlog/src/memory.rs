//! The log in memory: for tests, and as the plainest reading of the specification.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::SubsecRound;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    AppendError, Appended, Commit, CommitInfo, Log, LogError, Position, Recorded, StoredAnswer, StreamId, Token,
    admit::{self, Head, Tail, Verdict},
    chain,
    verify::{StoredCommit, StoredEvent, Verifiable},
};

/// A log that lives as long as its process.
#[derive(Debug)]
pub struct MemoryLog {
    state: Mutex<State>,
    durable: Mutex<Option<watch::Sender<Position>>>,
    watch: watch::Receiver<Position>,
}

#[derive(Debug)]
struct State {
    tail: Tail,
    events: Vec<Recorded>,
    streams: HashMap<StreamId, Vec<usize>>,
    commits: Vec<StoredCommit>,
}

impl MemoryLog {
    /// An empty log with this id.
    pub fn new(log: Uuid) -> Self {
        let head = Head::birth(log, 1);
        let tail = Tail { head, versions: HashMap::new(), commands: HashMap::new() };
        let (durable, watch) = watch::channel(0);
        let state = State { tail, events: Vec::new(), streams: HashMap::new(), commits: Vec::new() };
        Self { state: Mutex::new(state), durable: Mutex::new(Some(durable)), watch }
    }

    /// Closes the log: nothing more is appended, followers end.
    pub fn close(&self) {
        let _state = self.state();
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        admit::check_shape(&commit)?;
        let mut state = self.state();
        let durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(durable) = durable.as_ref() else { return Err(AppendError::Closed) };
        let accepted = match state.tail.admit(commit)? {
            Verdict::Replay(appended) => return Ok(appended),
            Verdict::Write(accepted) => accepted,
        };
        let appended = accepted.appended();
        let mut metadata = accepted.commit.metadata;
        metadata.recorded_at = metadata.recorded_at.trunc_subsecs(6);
        let commit = Arc::new(CommitInfo {
            number: accepted.number,
            metadata,
            first_position: accepted.first_position,
            last_position: accepted.head.position,
            chain: accepted.head.chain,
        });
        state.commits.push(StoredCommit {
            info: CommitInfo::clone(&commit),
            command_digest: accepted.commit.command_digest,
            answer: accepted.commit.answer,
            hash: accepted.hash,
        });
        for (((stream, event), version), position) in
            accepted.commit.events.into_iter().zip(accepted.versions).zip(accepted.first_position..)
        {
            let at = state.events.len();
            state.streams.entry(stream.clone()).or_default().push(at);
            state.events.push(Recorded {
                position,
                stream,
                version,
                event_type: event.event_type,
                schema_version: event.schema_version,
                payload: event.payload,
                commit: Arc::clone(&commit),
            });
        }
        durable.send_replace(accepted.head.position);
        Ok(appended)
    }

    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError> {
        Ok(self.state().tail.commands.get(&(actor.to_owned(), command_id)).cloned())
    }

    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let places = state.streams.get(stream).map(Vec::as_slice).unwrap_or_default();
        let skip = usize::try_from(after_version).unwrap_or(usize::MAX);
        Ok(places.iter().skip(skip).map(|at| state.events[*at].clone()).collect())
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let mut places: Vec<usize> = streams.iter().filter_map(|stream| state.streams.get(stream)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        Ok(places.into_iter().map(|at| state.events[at].clone()).collect())
    }

    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let end = position.saturating_add(limit as u64);
        let after = |events: &[StoredCommit]| events.partition_point(|commit| commit.info.last_position <= position);
        let rest = &state.commits[after(&state.commits)..];
        let whole = rest.partition_point(|commit| commit.info.last_position <= end).max(1);
        let Some(last) = rest.get(..whole).and_then(<[_]>::last) else { return Ok(Vec::new()) };
        let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        Ok(state.events[place(position)..place(last.info.last_position)].to_vec())
    }

    async fn head(&self) -> Result<Token, LogError> {
        Ok(self.state().tail.head.token())
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.watch.clone()
    }

    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError> {
        let state = self.state();
        let Head { log, epoch, .. } = state.tail.head;
        if position == 0 {
            return Ok(Some(Token { log, epoch, position, chain: chain::genesis(log) }));
        }
        let at = usize::try_from(position - 1).unwrap_or(usize::MAX);
        Ok(state.events.get(at).map(|event| Token { log, epoch, position, chain: event.commit.chain }))
    }
}

#[async_trait]
impl Verifiable for MemoryLog {
    async fn birth(&self) -> Result<Token, LogError> {
        let Head { log, epoch, .. } = self.state().tail.head;
        Ok(Token { log, epoch, position: 0, chain: chain::genesis(log) })
    }

    async fn last_position(&self) -> Result<Position, LogError> {
        Ok(self.state().tail.head.position)
    }

    async fn storage_findings(&self) -> Result<Vec<String>, LogError> {
        Ok(Vec::new())
    }

    async fn commits_after(&self, number: u64, limit: usize) -> Result<Vec<Result<StoredCommit, u64>>, LogError> {
        let skip = usize::try_from(number).unwrap_or(usize::MAX);
        Ok(self.state().commits.iter().skip(skip).take(limit).cloned().map(Ok).collect())
    }

    async fn events_after(&self, position: Position, limit: usize) -> Result<Vec<Result<StoredEvent, Position>>, LogError> {
        let skip = usize::try_from(position).unwrap_or(usize::MAX);
        let state = self.state();
        let event = |event: &Recorded| StoredEvent {
            position: event.position,
            commit_number: event.commit.number,
            stream: event.stream.clone(),
            version: event.version,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            payload: event.payload.clone(),
        };
        Ok(state.events.iter().skip(skip).take(limit).map(event).map(Ok).collect())
    }
}
