//! What every event of the log has in common.
//!
//! An aggregate's events are one enum with struct variants only, so that serde's external tag is the event's type and
//! the tagged object is its payload: `{"ServiceLogged": {…}}` is stored as type `ServiceLogged`, payload `{…}`.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// An aggregate's event enum, as the log stores it.
pub trait DomainEvent: Serialize + DeserializeOwned + JsonSchema + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The version of `event_type`'s payload that this build writes. Payloads stored by older builds are upcast on
    /// read; stored ones are never rewritten.
    fn schema_version(event_type: &str) -> u16 {
        let _ = event_type;
        1
    }

    /// Type and payload, as stored.
    ///
    /// # Errors
    /// A variant that is not a struct variant, which is a mistake in the domain's source.
    fn encode(&self) -> Result<(String, String), CodecError> {
        let tagged = serde_json::to_string(self).map_err(|source| CodecError::Payload { event_type: String::new(), source })?;
        let shape = || CodecError::Shape { text: tagged.clone() };
        let rest = tagged.strip_prefix("{\"").and_then(|t| t.strip_suffix('}')).ok_or_else(shape)?;
        let (event_type, payload) = rest.split_once("\":").ok_or_else(shape)?;
        Ok((event_type.to_owned(), payload.to_owned()))
    }

    /// The event stored as `event_type` with `payload` (of the current schema version).
    ///
    /// # Errors
    /// An unknown type or a payload that does not fit it.
    fn decode(event_type: &str, payload: &str) -> Result<Self, CodecError> {
        serde_json::from_str(&format!("{{\"{event_type}\":{payload}}}"))
            .map_err(|source| CodecError::Payload { event_type: event_type.to_owned(), source })
    }
}

/// An event could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The variant is not a struct variant.
    #[error("an event must be a struct variant: {text}")]
    Shape {
        /// What serde made of it.
        text: String,
    },
    /// The payload does not fit the type.
    #[error("payload of {event_type} does not fit")]
    Payload {
        /// The stored type.
        event_type: String,
        /// What serde said.
        source: serde_json::Error,
    },
    /// No aggregate of this name exists in this build.
    #[error("unknown stream kind {kind}")]
    UnknownKind {
        /// The stream's kind, the aggregate's `NAME`.
        kind: String,
    },
}
