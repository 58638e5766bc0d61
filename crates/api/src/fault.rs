//! What is answered when something is not answered: GraphQL errors, each with a code for programs.
//!
//! - What the rules refuse in a mutation is data, never one of these.
//! - What broke is told by its correlation id alone; its source goes to the log.

use async_graphql::{Error, ErrorExtensionValues, ErrorExtensions, ServerError, Value};
use gongyi_app::{Fault, Rejection, rejection::causes};
use gongyi_domain::refusal::Refusal;
use uuid::Uuid;

const NOT_STORED_ZH: &str = "存储暂时不可用，就目前所知未能保存；请稍后用相同的 commandId 重新发送";
const NOT_STORED_EN: &str =
    "The storage is not available and, as far as is known, this was not saved; send it again later with the same commandId";

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
    /// The storage did not take a command, as a full disk does not. It is not saved as far as is known: send it again under
    /// the same id. `extensions.zh` and `extensions.en` say so; `extensions.correlation` finds the cause in the log.
    StorageUnavailable,
    /// Something broke; `extensions.correlation` finds it in the log.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 14] = [
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
        Self::StorageUnavailable,
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
            Self::StorageUnavailable => "STORAGE_UNAVAILABLE",
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

/// Whether an error has this code.
pub(crate) fn is(error: &ServerError, code: Code) -> bool {
    error.extensions.as_ref().and_then(|extensions| extensions.get("code")) == Some(&Value::from(code.name()))
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
        "NotAllowed" | "AccountNotProven" => Code::Forbidden,
        _ => Code::Refused,
    };
    let field = refusal.field.map_or(Value::Null, Value::from);
    let told = [("code", Value::from(refusal.code)), ("field", field), ("zh", refusal.zh.into()), ("en", refusal.en.clone().into())];
    let told = Value::Object(told.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value)).collect());
    error(code, refusal.en).extend_with(|_, extensions| extensions.set("refusal", told.clone()))
}

/// What broke, told by its correlation id alone.
pub(crate) fn internal(correlation: Uuid, source: &(dyn std::error::Error + 'static)) -> Error {
    tracing::error!(%correlation, error = causes(source), "a request failed");
    error(Code::Internal, "something broke; the correlation id finds it in the log")
        .extend_with(|_, extensions| extensions.set("correlation", correlation.to_string()))
}

/// What the storage did not take; the cause goes to the log.
fn not_stored(correlation: Uuid, fault: &Fault) -> Error {
    tracing::error!(%correlation, error = causes(fault), "a command could not be stored");
    error(Code::StorageUnavailable, NOT_STORED_EN).extend_with(|_, extensions| {
        extensions.set("zh", NOT_STORED_ZH);
        extensions.set("en", NOT_STORED_EN);
        extensions.set("correlation", correlation.to_string());
    })
}

/// A rejected query or command as an error.
pub(crate) fn rejected(rejection: Rejection, correlation: Uuid) -> Error {
    match rejection {
        Rejection::Refused(refusal) => refused(refusal),
        Rejection::Conflict => error(Code::Conflict, "others kept changing what this stands on; try again"),
        Rejection::Fault(fault) if fault.is_storage() => not_stored(correlation, &fault),
        Rejection::Fault(fault) => internal(correlation, &fault),
    }
}
