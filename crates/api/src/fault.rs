//! What is answered when something is not answered: GraphQL errors, each with a code for programs.
//!
//! - What the rules refuse in a mutation is data, never one of these.
//! - What broke is told by its correlation id alone; its source goes to the log.

use async_graphql::{Error, ErrorExtensionValues, ErrorExtensions, ServerError, Value};
use gongyi_app::Rejection;
use gongyi_domain::refusal::Refusal;
use uuid::Uuid;

/// Stable names of errors, in `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request is not one of GraphQL over HTTP.
    BadRequest,
    /// The request's document cannot be read.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// An argument does not fit.
    BadInput,
    /// Nobody is signed in, or the token does not hold.
    Unauthenticated,
    /// The asker's roles do not cover it.
    Forbidden,
    /// The rules refuse a query for another reason; `extensions.refusal` names it.
    Refused,
    /// This node has not come as far as the position asked for.
    Stale,
    /// The position is of another log, or of a history this log does not have.
    UnknownPosition,
    /// A limit is exceeded; `extensions.limit` names it.
    LimitExceeded,
    /// The request took too long. Whether a command in it was done is unknown: send it again under the same id.
    Timeout,
    /// Others kept changing what the command stands on; sending it again may help.
    Conflict,
    /// Something broke; `extensions.correlation` finds it in the log.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::BadRequest,
        Self::ParseFailed,
        Self::ValidationFailed,
        Self::BadInput,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Refused,
        Self::Stale,
        Self::UnknownPosition,
        Self::LimitExceeded,
        Self::Timeout,
        Self::Conflict,
        Self::Internal,
    ];

    /// As in `extensions.code`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadInput => "BAD_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Refused => "REFUSED",
            Self::Stale => "STALE",
            Self::UnknownPosition => "UNKNOWN_POSITION",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::Timeout => "TIMEOUT",
            Self::Conflict => "CONFLICT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error with its code.
pub(crate) fn error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// An error of a field's execution outside a resolver's reach, with its code.
pub(crate) fn server_error(code: Code, message: impl Into<String>) -> ServerError {
    coded(ServerError::new(message, None), code)
}

/// The same error with a code, unless it has one.
pub(crate) fn coded(mut error: ServerError, code: Code) -> ServerError {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code.name());
    }
    error
}

/// A refused query, or request, that says which limit it exceeds.
pub(crate) fn limit(name: &'static str, max: usize) -> ServerError {
    let mut error = server_error(Code::LimitExceeded, format!("{name}: at most {max}"));
    if let Some(extensions) = &mut error.extensions {
        extensions.set("limit", name);
        extensions.set("max", max);
    }
    error
}

/// As [`limit`], from a resolver.
pub(crate) fn limit_of_field(name: &'static str, max: usize) -> Error {
    error(Code::LimitExceeded, format!("{name}: at most {max}")).extend_with(|_, extensions| {
        extensions.set("limit", name);
        extensions.set("max", max);
    })
}

/// A query that the rules refuse.
pub(crate) fn refused(refusal: impl Into<Refusal>) -> Error {
    let refusal = refusal.into();
    let code = match refusal.code {
        "SignInRequired" => Code::Unauthenticated,
        "NotAllowed" => Code::Forbidden,
        _ => Code::Refused,
    };
    let field = refusal.field.map_or(Value::Null, Value::from);
    let told = [("code", Value::from(refusal.code)), ("field", field), ("zh", refusal.zh.into()), ("en", refusal.en.clone().into())];
    let told = Value::Object(told.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value)).collect());
    error(code, refusal.en).extend_with(|_, extensions| extensions.set("refusal", told.clone()))
}

/// What broke, told by its correlation id alone.
pub(crate) fn internal(correlation: Uuid, source: &dyn std::error::Error) -> Error {
    let mut chain = source.to_string();
    let mut next = source.source();
    while let Some(cause) = next {
        chain = format!("{chain}: {cause}");
        next = cause.source();
    }
    tracing::error!(%correlation, error = chain, "a request failed");
    error(Code::Internal, "something broke; the correlation id finds it in the log")
        .extend_with(|_, extensions| extensions.set("correlation", correlation.to_string()))
}

/// A rejected query or command as an error.
pub(crate) fn rejected(rejection: Rejection, correlation: Uuid) -> Error {
    match rejection {
        Rejection::Refused(refusal) => refused(refusal),
        Rejection::Conflict => error(Code::Conflict, "others kept changing what this stands on; try again"),
        Rejection::Fault(fault) => internal(correlation, &fault),
    }
}
