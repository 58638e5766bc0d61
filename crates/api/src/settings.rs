//! What the operator may set, and every limit with its unit last.

use axum::http::HeaderValue;

/// Deepest nesting of a query, in fields. The introspection query of common tools needs 13.
pub const QUERY_DEPTH_MAX_FIELDS: usize = 16;
/// What a query may cost, in fields: a field counts one, a page counts its rows.
pub const QUERY_COMPLEXITY_MAX_FIELDS: usize = 10_000;
/// Fields of a query with its fragments written out, before rows are counted.
pub const QUERY_SIZE_MAX_FIELDS: usize = 2_000;
/// Aliases of a query.
pub const QUERY_ALIASES_MAX_COUNT: usize = 30;
/// Fields at the root of an operation.
pub const QUERY_ROOT_FIELDS_MAX_COUNT: usize = 20;
/// Directives of a query.
pub const QUERY_DIRECTIVES_MAX_COUNT: usize = 20;
/// A request's body, or one message over a socket, in bytes.
pub const REQUEST_BODY_MAX_BYTES: usize = 256 * 1024;
/// Rows of a page if the client does not say.
pub const PAGE_DEFAULT_ROWS: u32 = 20;
/// Rows of a page, at most.
pub const PAGE_MAX_ROWS: u32 = 100;
/// Ids that `nodes` looks up at once.
pub const NODES_MAX_COUNT: usize = 100;
/// Records that `confirmServices` confirms at once.
pub const CONFIRM_SERVICES_MAX_RECORDS: usize = 100;
/// How long a request may take, in seconds.
pub const REQUEST_MAX_SECONDS: u64 = 30;
/// Subscriptions running over one socket.
pub const SOCKET_SUBSCRIPTIONS_MAX_COUNT: usize = 20;
/// Operations running over one socket, subscriptions included.
pub const SOCKET_OPERATIONS_MAX_COUNT: usize = 100;
/// How long a socket may stay silent before its `connection_init`, in seconds.
pub const SOCKET_INIT_MAX_SECONDS: u64 = 10;
/// Sign-ins from one address, in a minute.
pub const SIGN_INS_PER_ADDRESS_MAX_PER_MINUTE: u32 = 120;
/// Registrations by strangers from one address, in an hour.
pub const REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR: u32 = 120;
/// Events by which a read model may lag and the node still be ready.
pub const READY_LAG_MAX_EVENTS: u64 = 5_000;

/// How the door is opened. The default trusts nobody: no proxy, no other origin.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Take the client's address from the last entry of `X-Forwarded-For`: only behind a proxy that sets it.
    pub behind_proxy: bool,
    /// Origins whose pages may call this API from a browser; none by default.
    pub allowed_origins: Vec<HeaderValue>,
    /// What `/metrics` asks for as a bearer token; open to whoever reaches the port if not set.
    pub metrics_token: Option<String>,
    /// Sign-ins from one address in a minute.
    pub sign_ins_per_minute: u32,
    /// Registrations by strangers from one address in an hour.
    pub registrations_per_hour: u32,
    /// Events by which a read model may lag and the node still be ready.
    pub ready_lag_events: u64,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            behind_proxy: false,
            allowed_origins: vec![],
            metrics_token: None,
            sign_ins_per_minute: SIGN_INS_PER_ADDRESS_MAX_PER_MINUTE,
            registrations_per_hour: REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR,
            ready_lag_events: READY_LAG_MAX_EVENTS,
        }
    }
}
