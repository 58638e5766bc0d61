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

/// Declares the events of a context: an enum with a variant for each aggregate's events.
macro_rules! aggregates {
    ($(#[$enum_doc:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident($aggregate:ty)),+ $(,)? }) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "an event is read, looked at and dropped")]
        pub enum $name {
            $($(#[$doc])* $variant(<$aggregate as esrs::Aggregate>::Event),)+
        }

        impl $name {
            /// The event stored as `event_type` with `payload` (of the current schema version) in a stream of `kind`.
            ///
            /// # Errors
            /// A kind or type that the context does not know, or a payload that does not fit.
            pub fn decode(kind: &str, event_type: &str, payload: &str) -> Result<Self, $crate::event::CodecError> {
                match kind {
                    $(<$aggregate as esrs::Aggregate>::NAME =>
                        $crate::event::DomainEvent::decode(event_type, payload).map(Self::$variant),)+
                    _ => Err($crate::event::CodecError::UnknownKind { kind: kind.to_owned() }),
                }
            }

            /// Type and payload, as stored.
            ///
            /// # Errors
            /// See [`DomainEvent::encode`]($crate::event::DomainEvent::encode).
            pub fn encode(&self) -> Result<(String, String), $crate::event::CodecError> {
                match self {
                    $(Self::$variant(event) => $crate::event::DomainEvent::encode(event),)+
                }
            }

            /// The schema version that this build writes for `event_type` in a stream of `kind`; `None` for a kind that
            /// the context does not know.
            pub fn schema_version(kind: &str, event_type: &str) -> Option<u16> {
                match kind {
                    $(<$aggregate as esrs::Aggregate>::NAME =>
                        Some(<<$aggregate as esrs::Aggregate>::Event as $crate::event::DomainEvent>::schema_version(event_type)),)+
                    _ => None,
                }
            }

            /// The JSON Schema of every aggregate's events, by the aggregate's name.
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                vec![$((<$aggregate as esrs::Aggregate>::NAME, schemars::schema_for!(<$aggregate as esrs::Aggregate>::Event))),+]
            }
        }
    };
}
pub(crate) use aggregates;

/// Declares the events of all contexts: an enum with a variant for each context's.
macro_rules! contexts {
    ($(#[$enum_doc:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident($context:ident)),+ $(,)? }) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $($(#[$doc])* $variant($context::Event),)+
        }

        impl $name {
            /// The event stored as `event_type` with `payload` (of the current schema version) in a stream of `kind`.
            ///
            /// # Errors
            /// A kind or type this build does not know, or a payload that does not fit.
            pub fn decode(kind: &str, event_type: &str, payload: &str) -> Result<Self, $crate::event::CodecError> {
                match kind {
                    $(kind if $context::Event::schema_version(kind, event_type).is_some() =>
                        $context::Event::decode(kind, event_type, payload).map(Self::$variant),)+
                    _ => Err($crate::event::CodecError::UnknownKind { kind: kind.to_owned() }),
                }
            }

            /// Type and payload, as stored.
            ///
            /// # Errors
            /// See [`DomainEvent::encode`]($crate::event::DomainEvent::encode).
            pub fn encode(&self) -> Result<(String, String), $crate::event::CodecError> {
                match self {
                    $(Self::$variant(event) => event.encode(),)+
                }
            }

            /// The schema version that this build writes for `event_type` in a stream of `kind`; `None` for a kind it
            /// does not know.
            pub fn schema_version(kind: &str, event_type: &str) -> Option<u16> {
                None$(.or_else(|| $context::Event::schema_version(kind, event_type)))+
            }

            /// The JSON Schema of every aggregate's events, by the aggregate's name.
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                [$($context::Event::schemas()),+].into_iter().flatten().collect()
            }
        }
    };
}
pub(crate) use contexts;
