//! Old payloads are brought up to date when they are read; what is stored is never rewritten.

use std::{borrow::Cow, collections::HashMap};

use esrs::Aggregate;
use gongyi_domain::{
    Event,
    access::{
        authority::Actor,
        person::{Person, with_document_told_by_number},
    },
    event::{CodecError, DomainEvent},
};
use serde_json::Value;

use crate::{CommitInfo, Position, Recorded};

/// One step: a payload of one schema version, made one of the next. What the payload did not say may stand in its commit.
pub type Step = fn(Value, &CommitInfo) -> Result<Value, String>;

/// Who opened an account with a password is only in the commit: whoever registered oneself did so before signing in, and chose it.
/// Everybody else chose a password for another.
fn account_opened_2(mut payload: Value, commit: &CommitInfo) -> Result<Value, String> {
    payload["proven"] = Value::Bool(commit.metadata.actor == Actor::Anonymous.log_name());
    Ok(payload)
}

/// Which account granted a role was only in the commit.
fn role_granted_2(mut payload: Value, commit: &CommitInfo) -> Result<Value, String> {
    payload["by"] = commit.metadata.actor.strip_prefix("account:").map_or(Value::Null, Value::from);
    Ok(payload)
}

fn person_2(payload: Value, _: &CommitInfo) -> Result<Value, String> {
    with_document_told_by_number(payload)
}

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
        let steps: [(&str, &str, u16, Step); _] = [
            ("account", "AccountOpened", 1, account_opened_2),
            ("account", "RoleGranted", 1, role_granted_2),
            (Person::NAME, "PersonRegistered", 1, person_2),
            (Person::NAME, "PersonCorrected", 1, person_2),
        ];
        let key = |kind: &str, event_type: &str, from_version| (kind.to_owned(), event_type.to_owned(), from_version);
        Self { steps: steps.into_iter().map(|(kind, event_type, from, step)| (key(kind, event_type, from), step)).collect() }
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
            payload = step(payload, &recorded.commit).map_err(|reason| DecodeError::Step {
                position,
                event_type: event_type.clone(),
                from_version,
                reason,
            })?;
        }
        Ok(Cow::Owned(payload.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::Arc};

    use gongyi_domain::access::account::AccountEvent;
    use uuid::Uuid;

    use super::*;
    use crate::{Metadata, StreamId};

    fn stored(event_type: &str, version: u16, actor: &str) -> AccountEvent {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/events/fixtures/account");
        let payload = fs::read_to_string(fixtures.join(format!("{event_type}.v{version}.json"))).unwrap();
        let (command_id, correlation, recorded_at) = (Uuid::nil(), Uuid::nil(), chrono::DateTime::UNIX_EPOCH);
        let metadata = Metadata { actor: actor.to_owned(), command_id, correlation, causation: None, recorded_at };
        let stream = StreamId::of::<gongyi_domain::access::account::Account>(Uuid::nil());
        let commit = Arc::new(CommitInfo { number: 1, metadata, first_position: 1, last_position: 1, chain: [0; 32] });
        let recorded =
            Recorded { position: 1, stream, version: 1, event_type: event_type.to_owned(), schema_version: version, payload, commit };
        Upcasters::new().decode(&recorded).unwrap()
    }

    #[test]
    fn an_account_of_before_is_proven_if_its_owner_registered_alone() {
        let proven = |version, actor| match stored("AccountOpened", version, actor) {
            AccountEvent::AccountOpened { proven, .. } => proven,
            other => panic!("{other:?}"),
        };
        assert!(proven(1, "anonymous"));
        for staff in ["operator:operator", "operator:organiser@area:440402", "account:01900000-0000-7000-8000-000000000009"] {
            assert!(!proven(1, staff), "{staff}");
        }
        assert!(!proven(2, "anonymous"), "what is stored counts");
    }

    #[test]
    fn who_granted_a_role_before_stands_in_the_commit() {
        let by = |version, actor: &str| match stored("RoleGranted", version, actor) {
            AccountEvent::RoleGranted { by, .. } => by.map(|by| by.to_string()),
            other => panic!("{other:?}"),
        };
        let account = "01900000-0000-7000-8000-000000000009";
        assert_eq!(by(1, &format!("account:{account}")).as_deref(), Some(account));
        assert_eq!(by(1, "operator:operator"), None);
        assert_eq!(by(2, "operator:operator").as_deref(), Some(account));
    }
}
