//! Old payloads are brought up to date when they are read; what is stored is never rewritten.

use std::{borrow::Cow, collections::HashMap};

use esrs::Aggregate;
use gongyi_domain::{
    Event,
    access::person::{Person, with_document_told_by_number},
    event::{CodecError, DomainEvent},
};
use serde_json::Value;

use crate::{Position, Recorded};

/// One step: a payload of one schema version, made one of the next.
pub type Step = fn(Value) -> Result<Value, String>;

/// The steps that old payloads go through, by stream kind, event type and the version they start from. (Event types
/// of different kinds may share a name.)
#[derive(Debug, Default, Clone)]
pub struct Upcasters {
    steps: HashMap<(String, String, u16), Step>,
}

/// Two steps from the same version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a second step for {kind}.{event_type} from version {from_version}")]
pub struct DuplicateStep {
    /// The stream kind.
    pub kind: String,
    /// The event type.
    pub event_type: String,
    /// The version that both start from.
    pub from_version: u16,
}

/// A stored event could not be read as this build's.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No step leads on from a version.
    #[error("no step for {event_type} from version {from_version}, at position {position}")]
    MissingStep {
        /// Where.
        position: Position,
        /// The event type.
        event_type: String,
        /// The version without a step.
        from_version: u16,
    },
    /// A step refused the payload.
    #[error("the step for {event_type} from version {from_version} refused position {position}: {reason}")]
    Step {
        /// Where.
        position: Position,
        /// The event type.
        event_type: String,
        /// The version that the step starts from.
        from_version: u16,
        /// What the step said.
        reason: String,
    },
    /// Written by a newer build than this one.
    #[error("{event_type} at position {position} has version {stored}, this build knows {known}")]
    Newer {
        /// Where.
        position: Position,
        /// The event type.
        event_type: String,
        /// The stored version.
        stored: u16,
        /// The newest version this build knows.
        known: u16,
    },
    /// The payload does not fit the type, or the type is unknown.
    #[error("position {position} does not decode")]
    Codec {
        /// Where.
        position: Position,
        /// What does not fit.
        #[source]
        source: CodecError,
    },
}

impl Upcasters {
    /// The steps of this build: one for each version of an event type that it writes no more.
    pub fn new() -> Self {
        let steps: [(&str, &str, u16, Step); 2] = [
            (Person::NAME, "PersonRegistered", 1, with_document_told_by_number),
            (Person::NAME, "PersonCorrected", 1, with_document_told_by_number),
        ];
        let keyed = |(kind, event_type, from_version, step): (&str, &str, u16, Step)| {
            ((kind.to_owned(), event_type.to_owned(), from_version), step)
        };
        Self { steps: steps.into_iter().map(keyed).collect() }
    }

    /// Adds the step that leads from `from_version` to the next.
    ///
    /// # Errors
    /// There is such a step.
    pub fn register(&mut self, kind: &str, event_type: &str, from_version: u16, step: Step) -> Result<(), DuplicateStep> {
        match self.steps.insert((kind.to_owned(), event_type.to_owned(), from_version), step) {
            None => Ok(()),
            Some(_) => Err(DuplicateStep { kind: kind.to_owned(), event_type: event_type.to_owned(), from_version }),
        }
    }

    /// The event of aggregate event type `E` as this build knows it.
    ///
    /// # Errors
    /// See [`DecodeError`]; never a guess.
    pub fn decode<E: DomainEvent>(&self, recorded: &Recorded) -> Result<E, DecodeError> {
        let payload = self.payload(recorded, E::schema_version(&recorded.event_type))?;
        E::decode(&recorded.event_type, &payload).map_err(|source| DecodeError::Codec { position: recorded.position, source })
    }

    /// The event of any kind as this build knows it.
    ///
    /// # Errors
    /// See [`DecodeError`]; never a guess.
    pub fn decode_event(&self, recorded: &Recorded) -> Result<Event, DecodeError> {
        let (kind, event_type) = (recorded.stream.kind.as_ref(), &recorded.event_type);
        let codec = |source| DecodeError::Codec { position: recorded.position, source };
        let known = Event::schema_version(kind, event_type).ok_or_else(|| codec(CodecError::UnknownKind { kind: kind.to_owned() }))?;
        Event::decode(kind, event_type, &self.payload(recorded, known)?).map_err(codec)
    }

    /// The payload in the form of version `known`.
    fn payload<'a>(&self, recorded: &'a Recorded, known: u16) -> Result<Cow<'a, str>, DecodeError> {
        let (position, event_type) = (recorded.position, &recorded.event_type);
        if recorded.schema_version == known {
            return Ok(Cow::Borrowed(&recorded.payload));
        }
        if recorded.schema_version > known {
            return Err(DecodeError::Newer { position, event_type: event_type.clone(), stored: recorded.schema_version, known });
        }
        let json = |source| DecodeError::Codec { position, source: CodecError::Payload { event_type: event_type.clone(), source } };
        let mut payload: Value = serde_json::from_str(&recorded.payload).map_err(json)?;
        for from_version in recorded.schema_version..known {
            let key = (recorded.stream.kind.clone().into_owned(), event_type.clone(), from_version);
            let Some(step) = self.steps.get(&key) else {
                return Err(DecodeError::MissingStep { position, event_type: event_type.clone(), from_version });
            };
            payload =
                step(payload).map_err(|reason| DecodeError::Step { position, event_type: event_type.clone(), from_version, reason })?;
        }
        Ok(Cow::Owned(payload.to_string()))
    }
}
