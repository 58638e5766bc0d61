//! The rules every engine applies to a commit, in one place: shape, repeated commands, expected versions, numbering.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    ANSWER_MAX_BYTES, AppendError, Appended, COMMIT_MAX_BYTES, COMMIT_MAX_EVENTS, COMMIT_MAX_EXPECTATIONS, Commit, NAME_MAX_BYTES,
    PAYLOAD_MAX_BYTES, Position, StoredAnswer, StreamId, Token,
    chain::{self, HashedCommit, HashedEvent},
};

/// Where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub log: Uuid,
    pub epoch: u32,
    /// Commits so far.
    pub number: u64,
    pub position: Position,
    pub chain: [u8; 32],
}

impl Head {
    /// The end of a log without commits.
    pub fn birth(log: Uuid, epoch: u32) -> Self {
        Self { log, epoch, number: 0, position: 0, chain: chain::genesis(log) }
    }

    pub fn token(&self) -> Token {
        Token { log: self.log, epoch: self.epoch, position: self.position, chain: self.chain }
    }
}

/// A command within the log.
pub(crate) type CommandKey = (String, Uuid);

/// The end of the log, with what is known of the streams and commands that the next commits touch: a stream that is
/// not listed has version 0, a command that is not listed is new.
#[derive(Debug)]
pub(crate) struct Tail {
    pub head: Head,
    pub versions: HashMap<StreamId, u64>,
    pub commands: HashMap<CommandKey, StoredAnswer>,
}

/// A commit that is to be written, numbered and hashed.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub number: u64,
    pub first_position: Position,
    pub hash: [u8; 32],
    /// The head after it.
    pub head: Head,
    /// The version of each event.
    pub versions: Vec<u64>,
    pub commit: Commit,
}

impl Accepted {
    pub fn appended(&self) -> Appended {
        Appended { token: self.head.token(), first_position: self.first_position, answer: self.commit.answer.clone(), replayed: false }
    }
}

/// What is to be done with a commit that is in order.
#[derive(Debug)]
pub(crate) enum Verdict {
    Write(Box<Accepted>),
    Replay(Appended),
}

impl Tail {
    /// Judges the next commit, and counts it in if it is to be written.
    pub fn admit(&mut self, commit: Commit) -> Result<Verdict, AppendError> {
        let key = (commit.metadata.actor.clone(), commit.metadata.command_id);
        if let Some(stored) = self.commands.get(&key) {
            if stored.digest != commit.command_digest {
                return Err(AppendError::CommandReused { command_id: key.1 });
            }
            let (token, first_position, answer) = (stored.token, stored.first_position, stored.answer.clone());
            return Ok(Verdict::Replay(Appended { token, first_position, answer, replayed: true }));
        }
        if commit.metadata.causation.is_some_and(|cause| cause == 0 || cause > self.head.position) {
            return Err(AppendError::Malformed { what: "causation: the position of an event in the log" });
        }
        for (stream, expected) in &commit.expectations {
            let actual = self.versions.get(stream).copied().unwrap_or(0);
            if actual != *expected {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *expected, actual });
            }
        }

        let versions: Vec<u64> = commit
            .events
            .iter()
            .map(|(stream, _)| match self.versions.get_mut(stream) {
                Some(version) => {
                    *version += 1;
                    *version
                }
                None => {
                    self.versions.insert(stream.clone(), 1);
                    1
                }
            })
            .collect();
        let accepted = self.accept(commit, versions);
        let answer = StoredAnswer {
            digest: accepted.commit.command_digest,
            answer: accepted.commit.answer.clone(),
            first_position: accepted.first_position,
            token: accepted.head.token(),
        };
        self.commands.insert(key, answer);
        self.head = accepted.head;
        Ok(Verdict::Write(Box::new(accepted)))
    }

    fn accept(&self, commit: Commit, versions: Vec<u64>) -> Accepted {
        let number = self.head.number + 1;
        let first_position = self.head.position + 1;
        let position = self.head.position + commit.events.len() as u64;
        let hashed = HashedCommit {
            number,
            first_position,
            last_position: position,
            actor: &commit.metadata.actor,
            command_id: commit.metadata.command_id,
            command_digest: &commit.command_digest,
            correlation: commit.metadata.correlation,
            causation: commit.metadata.causation,
            recorded_at_micros: commit.metadata.recorded_at.timestamp_micros(),
            answer: &commit.answer,
        };
        let events = commit.events.iter().zip(&versions).map(|((stream, event), version)| HashedEvent {
            kind: &stream.kind,
            id: stream.id,
            version: *version,
            event_type: &event.event_type,
            schema_version: event.schema_version,
            payload: &event.payload,
        });
        let hash = chain::commit_hash(&hashed, events);
        let head = Head { number, position, chain: chain::next(&self.head.chain, &hash), ..self.head };
        Accepted { number, first_position, hash, head, versions, commit }
    }
}

/// Whether a commit could be kept at all, whatever the log holds.
pub(crate) fn check_shape(commit: &Commit) -> Result<(), AppendError> {
    let limit = |what, actual, max| if actual > max { Err(AppendError::TooLarge { what, actual, max }) } else { Ok(()) };
    if commit.events.is_empty() {
        return Err(AppendError::Empty);
    }
    limit("events of a commit", commit.events.len(), COMMIT_MAX_EVENTS)?;
    limit("expectations of a commit", commit.expectations.len(), COMMIT_MAX_EXPECTATIONS)?;
    limit("bytes of an answer", commit.answer.len(), ANSWER_MAX_BYTES)?;
    name(&commit.metadata.actor, "actor: 1 to 200 bytes without control characters")?;
    json(&commit.answer, "answer: JSON")?;
    let expected: HashSet<&StreamId> = commit.expectations.iter().map(|(stream, _)| stream).collect();
    let mut bytes = 0;
    for (stream, event) in &commit.events {
        if !expected.contains(stream) {
            return Err(AppendError::MissingExpectation { stream: stream.clone() });
        }
        limit("bytes of a payload", event.payload.len(), PAYLOAD_MAX_BYTES)?;
        bytes += event.payload.len();
        name(&event.event_type, "event type: 1 to 200 bytes without control characters")?;
        if event.schema_version == 0 {
            return Err(AppendError::Malformed { what: "schema version: from 1" });
        }
        json(&event.payload, "payload: JSON")?;
    }
    limit("bytes of a commit", bytes, COMMIT_MAX_BYTES)?;
    commit.expectations.iter().try_for_each(|(stream, _)| name(&stream.kind, "stream kind: 1 to 200 bytes without control characters"))
}

fn name(text: &str, what: &'static str) -> Result<(), AppendError> {
    let fits = !text.is_empty() && text.len() <= NAME_MAX_BYTES && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(AppendError::Malformed { what }) }
}

fn json(text: &str, what: &'static str) -> Result<(), AppendError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|_| AppendError::Malformed { what })
}
