//! What machines ask: is it alive, is it ready, which keys sign its tokens, how is it doing.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{RequestId, Shared};
use crate::fault;

/// How long a JWK set may be kept, in seconds.
const JWKS_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The process answers.
pub(crate) async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "alive": true }))
}

/// The log can be read, the last command to be stored was stored, and the views keep up with it; else 503 with the reasons.
pub(crate) async fn ready(State(shared): State<Shared>, Extension(RequestId(id)): Extension<RequestId>) -> Response {
    let mut reasons = vec![];
    match shared.app.log().head().await {
        Err(error) => {
            fault::internal(id, &error);
            reasons.push("the log cannot be read".to_owned());
        }
        Ok(head) => {
            for view in shared.app.views().status() {
                let lag = head.position.saturating_sub(view.position);
                if let Some(parked) = view.parked {
                    reasons.push(format!("the read model {} is parked at {}", view.name, parked.position));
                } else if lag > shared.settings.ready_lag_events {
                    reasons.push(format!("the read model {} lags {lag} events", view.name));
                }
            }
        }
    }
    if shared.app.storage_fails() {
        reasons.push("storage".to_owned());
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

/// The keys that sign access tokens.
pub(crate) async fn jwks(State(shared): State<Shared>, Extension(RequestId(id)): Extension<RequestId>) -> Response {
    match shared.app.jwks(shared.app.now()).await {
        Ok(keys) => ([(header::CACHE_CONTROL, JWKS_MAX_AGE)], Json(keys)).into_response(),
        Err(error) => {
            fault::internal(id, &error);
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Figures as Prometheus text.
pub(crate) async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(token) = &shared.settings.metrics_token {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|it| it.strip_prefix("Bearer "));
        if !sent.is_some_and(|sent| same(sent.as_bytes(), token.as_bytes())) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    let text = shared.metrics.text(&shared.app).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Compares in a time that does not tell how much was right.
fn same(sent: &[u8], kept: &[u8]) -> bool {
    sent.len() == kept.len() && sent.iter().zip(kept).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}
