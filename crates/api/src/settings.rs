//! What the operator may set, and every limit with its unit last.

use std::time::Duration;

use axum::http::HeaderValue;
use tokio::sync::watch;

/// Deepest nesting of a query, in fields. The introspection query of common tools needs 13.
pub const QUERY_DEPTH_MAX_FIELDS: usize = 16;
/// Selections that stand in one another, fields' and fragments' counted alike.
pub const QUERY_NESTING_MAX_LEVELS: usize = 2 * QUERY_DEPTH_MAX_FIELDS;
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
/// Lists of types within one another that introspection asks for; graphql-js' own rule has the same bound, and no tool needs more.
pub const INTROSPECTION_DEPTH_MAX_LISTS: usize = 2;
/// An answer, in bytes. The whole schema with its descriptions is a tenth of it.
pub const ANSWER_MAX_BYTES: usize = 8 * 1024 * 1024;
/// A request's body, or one message over a socket, in bytes.
pub const REQUEST_BODY_MAX_BYTES: usize = 256 * 1024;
/// How long a request's body may take, in seconds.
pub const REQUEST_BODY_MAX_SECONDS: u64 = 30;
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
/// Sockets open from one address.
pub const SOCKETS_PER_ADDRESS_MAX_COUNT: usize = 1_024;
/// Sockets open, from all addresses, whose clients have not signed in.
pub const ANONYMOUS_SOCKETS_MAX_COUNT: usize = 4_096;
/// Sign-ins from one address, in a minute.
pub const SIGN_INS_PER_ADDRESS_MAX_PER_MINUTE: u32 = 120;
/// Registrations by strangers from one address, in an hour.
pub const REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR: u32 = 120;
/// Refused registrations by strangers from one address, in an hour, that are told why.
pub const REFUSED_REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR: u32 = 10;
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
    /// An answer, in bytes.
    pub answer_bytes: usize,
    /// How long an execution may take.
    pub request_time: Duration,
    /// Sockets open from one address.
    pub sockets_per_address: usize,
    /// Sockets open whose clients have not signed in.
    pub anonymous_sockets: usize,
    /// When sockets are closed because the server stops.
    pub stopping: Stopping,
    /// Sign-ins from one address in a minute.
    pub sign_ins_per_minute: u32,
    /// Registrations by strangers from one address in an hour.
    pub registrations_per_hour: u32,
    /// Refused registrations by strangers from one address in an hour that are told why.
    pub refused_registrations_per_hour: u32,
    /// Events by which a read model may lag and the node still be ready.
    pub ready_lag_events: u64,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            behind_proxy: false,
            allowed_origins: vec![],
            metrics_token: None,
            answer_bytes: ANSWER_MAX_BYTES,
            request_time: Duration::from_secs(REQUEST_MAX_SECONDS),
            sockets_per_address: SOCKETS_PER_ADDRESS_MAX_COUNT,
            anonymous_sockets: ANONYMOUS_SOCKETS_MAX_COUNT,
            stopping: Stopping::default(),
            sign_ins_per_minute: SIGN_INS_PER_ADDRESS_MAX_PER_MINUTE,
            registrations_per_hour: REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR,
            refused_registrations_per_hour: REFUSED_REGISTRATIONS_PER_ADDRESS_MAX_PER_HOUR,
            ready_lag_events: READY_LAG_MAX_EVENTS,
        }
    }
}

/// Tells when the server begins to stop; never, by default. Whoever told knows by [`watch::Sender::closed`] when nobody
/// listens any more.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Option<watch::Receiver<bool>>);

impl Stopping {
    /// Once this turns true.
    pub fn told_by(stop: &watch::Sender<bool>) -> Self {
        Self(Some(stop.subscribe()))
    }

    /// Returns when it begins.
    pub async fn begins(&mut self) {
        let told = match &mut self.0 {
            Some(stop) => stop.wait_for(|stop| *stop).await.is_ok(),
            None => false,
        };
        if !told {
            std::future::pending::<()>().await;
        }
    }
}
