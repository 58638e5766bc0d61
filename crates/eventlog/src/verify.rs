//! Checks a whole log: recomputes every hash and reports every finding. Never changes anything, never panics on
//! what it reads.
//!
//! Memory: about 100 bytes a stream and 40 bytes a commit.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::{
    COMMIT_MAX_EVENTS, CommitInfo, LogError, Position, StreamId, Token,
    chain::{self, HashedCommit, HashedEvent},
};

/// Rows read at a time.
const PAGE_ROWS: usize = 1_000;

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

    /// The last stored position, 0 if there is none: for progress only.
    ///
    /// # Errors
    /// The storage failed.
    async fn last_position(&self) -> Result<Position, LogError>;

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

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The position reached.
    pub position: Position,
    /// The last position there is.
    pub of: Position,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The last commit that could be read.
    pub head: Token,
    /// Commits read.
    pub commits: u64,
    /// Events read.
    pub events: u64,
    /// Streams seen.
    pub streams: u64,
    /// Everything that does not fit, in log order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: the event, or the first event of the commit; 0 for the storage as a whole.
    pub position: Position,
    /// The commit, if it is one's.
    pub commit: Option<u64>,
    /// What.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.commit {
            Some(commit) => write!(f, "position {}, commit {commit}: {}", self.position, self.problem),
            None => write!(f, "position {}: {}", self.position, self.problem),
        }
    }
}

/// What may be wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The storage says so itself.
    #[error("storage: {0}")]
    Storage(String),
    /// The commit's row cannot be read.
    #[error("the commit's row cannot be read")]
    UnreadableCommit,
    /// The event's row cannot be read.
    #[error("the event's row cannot be read")]
    UnreadableEvent,
    /// Commit numbers are not dense.
    #[error("commit {expected} was expected here")]
    CommitNumber {
        /// The number that should follow.
        expected: u64,
    },
    /// A commit does not begin where the one before it ended.
    #[error("the commit should begin at position {expected}")]
    FirstPosition {
        /// The position that should follow.
        expected: Position,
    },
    /// A commit ends before it begins, or too far away.
    #[error("the commit cannot end at position {last}")]
    LastPosition {
        /// Its last position.
        last: Position,
    },
    /// Events of a commit are not there.
    #[error("events {from} to {to} are missing")]
    MissingEvents {
        /// The first of them.
        from: Position,
        /// The last of them.
        to: Position,
    },
    /// An event lies in no commit.
    #[error("the event lies in no commit")]
    StrayEvent,
    /// An event says that it came in another commit.
    #[error("the event says it came in commit {said}")]
    EventCommit {
        /// The commit it names.
        said: u64,
    },
    /// Versions of a stream are not 1, 2, 3 …
    #[error("stream {stream} is at version {found}, {expected} was expected")]
    Version {
        /// The stream.
        stream: StreamId,
        /// The version that should follow.
        expected: u64,
        /// The version that is stored.
        found: u64,
    },
    /// Another commit of the same actor has the same command id.
    #[error("commit {first} has the same actor and command id")]
    RepeatedCommand {
        /// The earlier commit.
        first: u64,
    },
    /// A commit names an event as its cause that is not before it.
    #[error("its cause, position {cause}, is not before it")]
    Causation {
        /// The position named.
        cause: Position,
    },
    /// The commit's content is not what was hashed.
    #[error("the commit's content does not match its hash")]
    CommitHash,
    /// The running hash does not continue the one before.
    #[error("the chain does not continue")]
    Chain,
}

/// Checks the whole log, and says how far it is after every page.
///
/// # Errors
/// The log is closed. What the storage cannot read is a finding.
pub async fn verify(log: &(dyn Verifiable + '_), mut progress: impl FnMut(Progress) + Send) -> Result<Report, LogError> {
    let birth = log.birth().await?;
    let of = log.last_position().await?;
    let mut check = Check {
        report: Report { head: birth, commits: 0, events: 0, streams: 0, findings: Vec::new() },
        next_number: 1,
        next_position: Some(1),
        chain: Some(birth.chain),
        versions: HashMap::new(),
        commands: HashMap::new(),
    };
    for finding in log.storage_findings().await? {
        check.find(0, None, Problem::Storage(finding));
    }
    let mut events = Events { log, read: VecDeque::new(), after: 0, ended: false };
    let mut after = 0;
    loop {
        let page = match log.commits_after(after, PAGE_ROWS).await {
            Ok(page) => page,
            Err(LogError::Closed) => return Err(LogError::Closed),
            Err(error) => {
                check.find(check.report.head.position, None, Problem::Storage(format!("commits after {after}: {}", chain_of(&error))));
                break;
            }
        };
        let Some(last) = page.last() else { break };
        let last = last.as_ref().map_or_else(|number| *number, |commit| commit.info.number);
        for commit in page {
            match commit {
                Ok(commit) => check.commit(&commit, &mut events).await?,
                Err(number) => {
                    check.find(check.next_position.unwrap_or(0), Some(number), Problem::UnreadableCommit);
                    check.next_number = number.saturating_add(1);
                    check.next_position = None;
                    check.chain = None;
                }
            }
        }
        progress(Progress { position: check.report.head.position, of });
        if last <= after {
            break;
        }
        after = last;
    }
    while let Some(event) = events.next(Position::MAX, &mut check).await? {
        check.stray(event);
    }
    check.report.streams = check.versions.len() as u64;
    progress(Progress { position: of, of });
    Ok(check.report)
}

struct Check {
    report: Report,
    next_number: u64,
    /// `None` after a commit that could not be read.
    next_position: Option<Position>,
    /// The chain so far; `None` after a commit that could not be read or is missing.
    chain: Option<[u8; 32]>,
    versions: HashMap<StreamId, u64>,
    /// By the first 16 bytes of the SHA-256 of actor and command id.
    commands: HashMap<[u8; 16], u64>,
}

impl Check {
    fn find(&mut self, position: Position, commit: Option<u64>, problem: Problem) {
        self.report.findings.push(Finding { position, commit, problem });
    }

    async fn commit(&mut self, commit: &StoredCommit, events: &mut Events<'_>) -> Result<(), LogError> {
        let CommitInfo { number, first_position: first, last_position: last, .. } = commit.info;
        let here = Some(number);
        if number != self.next_number {
            self.find(first, here, Problem::CommitNumber { expected: self.next_number });
            self.chain = None;
        }
        if let Some(expected) = self.next_position.filter(|expected| *expected != first) {
            self.find(first, here, Problem::FirstPosition { expected });
        }
        let bounded = last >= first && last - first < COMMIT_MAX_EVENTS as u64;
        if !bounded {
            self.find(first, here, Problem::LastPosition { last });
        }
        let content = self.events(commit, bounded, events).await?;
        self.hashes(commit, content.filter(|_| bounded).as_deref());
        if let Some(cause) = commit.info.metadata.causation.filter(|cause| *cause >= first) {
            self.find(first, here, Problem::Causation { cause });
        }
        let metadata = &commit.info.metadata;
        let key = Sha256::new().chain_update(metadata.command_id.as_bytes()).chain_update(&metadata.actor).finalize();
        let key = std::array::from_fn(|i| key[i]);
        if let Some(earlier) = self.commands.insert(key, number) {
            self.find(first, here, Problem::RepeatedCommand { first: earlier });
        }

        let end = if bounded { last } else { first };
        self.report.head = Token { position: end, chain: commit.info.chain, ..self.report.head };
        self.report.commits += 1;
        self.next_number = number.saturating_add(1);
        self.next_position = bounded.then(|| last.saturating_add(1));
        self.chain = Some(commit.info.chain);
        Ok(())
    }

    /// The commit's events; `None` if some cannot be read.
    async fn events(
        &mut self,
        commit: &StoredCommit,
        bounded: bool,
        events: &mut Events<'_>,
    ) -> Result<Option<Vec<StoredEvent>>, LogError> {
        let CommitInfo { number, first_position: first, last_position: last, .. } = commit.info;
        let (mut content, mut next, mut readable) = (Vec::new(), first, true);
        let end = if bounded { last } else { first };
        while let Some(event) = events.next(end, self).await? {
            let position = event.as_ref().map_or_else(|position| *position, |event| event.position);
            if position < first {
                self.stray(event);
                continue;
            }
            if position > next {
                self.find(next, Some(number), Problem::MissingEvents { from: next, to: position - 1 });
            }
            next = position.saturating_add(1);
            match event {
                Ok(event) => {
                    if event.commit_number != number {
                        self.find(position, Some(number), Problem::EventCommit { said: event.commit_number });
                    }
                    self.count(&event);
                    content.push(event);
                }
                Err(_) => {
                    self.find(position, Some(number), Problem::UnreadableEvent);
                    readable = false;
                }
            }
        }
        if next <= end {
            self.find(next, Some(number), Problem::MissingEvents { from: next, to: end });
        }
        Ok(readable.then_some(content))
    }

    fn hashes(&mut self, commit: &StoredCommit, content: Option<&[StoredEvent]>) {
        let info = &commit.info;
        if let Some(content) = content {
            let hashed = HashedCommit {
                number: info.number,
                first_position: info.first_position,
                last_position: info.last_position,
                actor: &info.metadata.actor,
                command_id: info.metadata.command_id,
                command_digest: &commit.command_digest,
                correlation: info.metadata.correlation,
                causation: info.metadata.causation,
                recorded_at_micros: info.metadata.recorded_at.timestamp_micros(),
                answer: &commit.answer,
            };
            let events = content.iter().map(|event| HashedEvent {
                kind: &event.stream.kind,
                id: event.stream.id,
                version: event.version,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                payload: &event.payload,
            });
            if chain::commit_hash(&hashed, events) != commit.hash {
                self.find(info.first_position, Some(info.number), Problem::CommitHash);
            }
        }
        if self.chain.is_some_and(|before| chain::next(&before, &commit.hash) != info.chain) {
            self.find(info.first_position, Some(info.number), Problem::Chain);
        }
    }

    /// An event outside every readable commit.
    fn stray(&mut self, event: Result<StoredEvent, Position>) {
        match event {
            Ok(event) => {
                self.find(event.position, None, Problem::StrayEvent);
                self.count(&event);
            }
            Err(position) => self.find(position, None, Problem::UnreadableEvent),
        }
    }

    fn count(&mut self, event: &StoredEvent) {
        self.report.events += 1;
        let before = self.versions.insert(event.stream.clone(), event.version).unwrap_or(0);
        let expected = before.saturating_add(1);
        if event.version != expected {
            let problem = Problem::Version { stream: event.stream.clone(), expected, found: event.version };
            self.find(event.position, Some(event.commit_number), problem);
        }
    }
}

/// The events in order, a page at a time.
struct Events<'a> {
    log: &'a (dyn Verifiable + 'a),
    read: VecDeque<Result<StoredEvent, Position>>,
    after: Position,
    ended: bool,
}

impl Events<'_> {
    /// The next event, if it lies at or before `end`.
    async fn next(&mut self, end: Position, check: &mut Check) -> Result<Option<Result<StoredEvent, Position>>, LogError> {
        let place = |event: &Result<StoredEvent, Position>| event.as_ref().map_or_else(|position| *position, |event| event.position);
        if self.read.is_empty() && !self.ended {
            match self.log.events_after(self.after, PAGE_ROWS).await {
                Ok(page) => self.read = page.into(),
                Err(LogError::Closed) => return Err(LogError::Closed),
                Err(error) => {
                    check.find(self.after, None, Problem::Storage(format!("events after {}: {}", self.after, chain_of(&error))));
                }
            }
            let last = self.read.back().map_or(self.after, place);
            self.ended = last <= self.after;
            self.after = last;
        }
        Ok(if self.read.front().is_some_and(|event| place(event) <= end) { self.read.pop_front() } else { None })
    }
}

/// The error with its sources, which say what the storage did.
fn chain_of(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |source| source.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
