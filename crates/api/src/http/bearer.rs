//! Who a request's bearer token stands for.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use gongyi_app::{App, Rejection, access::tokens::InvalidToken};
use gongyi_domain::{access::authority::Actor, values::Instant};
use serde::Deserialize;

/// Who asks, and until when the token says so.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) actor: Actor,
    /// `None` for who sent no token.
    pub(crate) until: Option<Instant>,
}

/// Why nobody is let in.
#[derive(Debug)]
pub(crate) enum NotABearer {
    /// The header or token does not hold.
    Invalid,
    /// The token has held, and its time is over.
    RanOut,
    /// It could not be told.
    Fault(Rejection),
}

/// The bearer of a request's `Authorization`; nobody without one.
pub(crate) async fn of_headers(app: &App, headers: &HeaderMap) -> Result<Bearer, NotABearer> {
    match headers.get(header::AUTHORIZATION) {
        None => Ok(Bearer { actor: Actor::Anonymous, until: None }),
        Some(value) => of_text(app, value.to_str().map_err(|_| NotABearer::Invalid)?).await,
    }
}

/// The bearer of `Bearer …`.
pub(crate) async fn of_text(app: &App, authorization: &str) -> Result<Bearer, NotABearer> {
    let (scheme, token) = authorization.trim().split_once(' ').ok_or(NotABearer::Invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NotABearer::Invalid);
    }
    let token = token.trim();
    match app.authenticate(token, app.now()).await {
        Ok(Ok(actor)) => Ok(Bearer { actor, until: expiry(token) }),
        Ok(Err(InvalidToken::Invalid)) => Err(NotABearer::Invalid),
        Ok(Err(InvalidToken::RanOut)) => Err(NotABearer::RanOut),
        Err(fault) => Err(NotABearer::Fault(fault)),
    }
}

/// When a token that was found valid runs out.
fn expiry(token: &str) -> Option<Instant> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    DateTime::from_timestamp(exp, 0)
}
