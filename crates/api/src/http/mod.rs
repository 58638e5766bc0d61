//! HTTP around the schema.

mod address;
mod bearer;
mod calendars;
mod conversation;
mod graphql;
pub(crate) mod guests;
pub(crate) mod metrics;
mod probes;
pub(crate) mod sockets;

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use gongyi_app::App;
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    access::calendars::PERSONAL_CALENDARS,
    schema::{Schema, schema},
    settings::ApiSettings,
};
use metrics::Metrics;

/// Says what a read must have seen, and how far an answer is.
pub const POSITION_HEADER: HeaderName = HeaderName::from_static("x-gongyi-position");
/// Names a request, in the log and to the client.
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// How long a browser remembers a cross-origin answer, in seconds.
const CORS_MAX_AGE_SECONDS: u64 = 600;

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) schema: Schema,
    pub(crate) settings: Arc<ApiSettings>,
    pub(crate) metrics: Metrics,
    pub(crate) sockets: Arc<sockets::Places>,
}

/// The request's id; also the correlation of what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub(crate) Uuid);

/// The API's routes: `/graphql`, `/graphql/ws`, `/.well-known/jwks.json`,
/// `/calendar/council/{id}.ics`, `/calendar/person/{secret}.ics`, `/healthz`, `/readyz`, `/metrics`.
///
/// Served with `into_make_service_with_connect_info::<SocketAddr>()`, so that allowances go by the client's address.
pub fn router(app: App, settings: ApiSettings) -> Router {
    let metrics = Metrics::default();
    let schema = schema(Some(app.clone()), &settings, metrics.clone());
    let cors = cross_origin(&settings);
    let sockets = Arc::new(sockets::Places::new(&settings));
    let shared = Shared { app, schema, settings: Arc::new(settings), metrics, sockets };
    let mut router = Router::new()
        .route("/graphql", get(graphql::by_get).post(graphql::by_post).fallback(graphql::by_other))
        .route("/graphql/ws", get(sockets::upgrade))
        .route("/.well-known/jwks.json", get(probes::jwks))
        .route("/calendar/council/{file}", get(calendars::of_council))
        .route(&format!("{PERSONAL_CALENDARS}{{file}}"), get(calendars::of_person))
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .layer(CatchPanicLayer::custom(graphql::panicked));
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    router.layer(middleware::from_fn_with_state(shared.clone(), dressed)).with_state(shared)
}

fn cross_origin(settings: &ApiSettings) -> Option<CorsLayer> {
    let origins = &settings.allowed_origins;
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins.clone())
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, POSITION_HEADER])
            .expose_headers([POSITION_HEADER, REQUEST_ID_HEADER])
            .max_age(std::time::Duration::from_secs(CORS_MAX_AGE_SECONDS))
    })
}

/// Names the request, counts it, and dresses its answer in headers that keep browsers from guessing.
async fn dressed(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let id: Uuid = given.unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(RequestId(id));
    let route = request.extensions().get::<MatchedPath>().map_or("other", |path| known_route(path.as_str()));
    let method = request.method().clone();
    let span = tracing::info_span!("request", %id, %method, route);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    shared.metrics.request(route, &method, status, began.elapsed());
    span.in_scope(|| tracing::debug!(status = status.as_u16(), "answered"));

    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
    response
}

fn known_route(path: &str) -> &'static str {
    [
        "/graphql",
        "/graphql/ws",
        "/.well-known/jwks.json",
        "/calendar/council/{file}",
        "/calendar/person/{file}",
        "/healthz",
        "/readyz",
        "/metrics",
    ]
    .into_iter()
    .find(|known| path.ends_with(known))
    .unwrap_or("other")
}
