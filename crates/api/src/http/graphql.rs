//! GraphQL over HTTP (draft of 2025): media types, status codes, GET for queries only.
//!
//! - A request that cannot be executed is answered 400 as `application/graphql-response+json`; as `application/json`
//!   200 if it was well-formed, as older clients expect.
//! - `{ __typename }` needs no token. A token that does not hold is answered 401, whatever is asked.

use std::{any::Any, collections::HashMap, sync::Arc, time::Duration};

use async_graphql::{PathSegment, Request as Query, Response as Answer, ServerError, Value, Variables, parser::types::OperationType};
use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use gongyi_domain::access::authority::Actor;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    POSITION_HEADER, RequestId, Shared, address,
    bearer::{self, NotABearer},
};
use crate::{
    budget::{too_large, too_long},
    door::Asker,
    execution,
    fault::{self, Code},
    settings::{REQUEST_BODY_MAX_BYTES, REQUEST_BODY_MAX_SECONDS},
};

/// What a browser that strays here is shown.
const PAGE: &str = include_str!("page.html");

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    /// `application/graphql-response+json`
    GraphQl,
    /// `application/json`
    Json,
}

impl Media {
    /// The best that a client accepts; `application/json` for those that do not say.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut wishes = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        wishes.peek()?;
        let mut best: Option<(Self, u32)> = None;
        for wish in wishes.flat_map(|value| value.split(',')) {
            let mut parts = wish.split(';').map(str::trim);
            let media = match parts.next().map(str::to_ascii_lowercase).as_deref() {
                Some("application/graphql-response+json") => Self::GraphQl,
                Some("application/json" | "application/*" | "*/*") => Self::Json,
                Some(_) | None => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            // In thousandths, as precise as the header may be.
            let quality = (quality.clamp(0.0, 1.0) * 1000.0) as u32;
            let wins = best.is_none_or(|(held, at)| quality > at || quality == at && media == Self::GraphQl && held == Self::Json);
            if quality > 0 && wins {
                best = Some((media, quality));
            }
        }
        best.map(|(media, _)| media)
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(header::ACCEPT) { Self::accepted(headers) } else { Some(Self::Json) }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

fn written(media: Media, status: StatusCode, body: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, media.content_type())], body.to_string()).into_response()
}

/// An answer that no execution stands behind.
fn refused(media: Media, status: StatusCode, error: &ServerError) -> Response {
    written(media, status, &json!({ "errors": [error] }))
}

fn bad_request(message: &str) -> ServerError {
    fault::server_error(Code::BadRequest, message)
}

/// A handler panicked; the panic hook has said where.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    refused(Media::Json, StatusCode::INTERNAL_SERVER_ERROR, &fault::server_error(Code::Internal, "something broke"))
}

/// `GET /graphql`: a query in the URL, or the page for a browser.
pub(crate) async fn by_get(State(shared): State<Shared>, Extension(id): Extension<RequestId>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let params = axum::extract::Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
    let Ok(axum::extract::Query(params)) = params else {
        return refused(Media::Json, StatusCode::BAD_REQUEST, &bad_request("the URL's parameters cannot be read"));
    };
    if !params.contains_key("query") && wants_html(&parts.headers) {
        return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response();
    }
    let Some(media) = Media::of(&parts.headers) else { return not_acceptable() };
    let mut body = serde_json::Map::new();
    for (name, text) in params {
        let value = match name.as_str() {
            "variables" | "extensions" => match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(_) => return refused(media, StatusCode::BAD_REQUEST, &bad_request(&format!("{name} is no JSON"))),
            },
            _ => Json::String(text),
        };
        body.insert(name, value);
    }
    answered(&shared, id, parts, media, Json::Object(body), true).await
}

/// `POST /graphql`: a document as JSON.
pub(crate) async fn by_post(State(shared): State<Shared>, Extension(id): Extension<RequestId>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::of(&parts.headers) else { return not_acceptable() };
    if !is_json(&parts.headers) {
        return refused(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, &bad_request("send application/json, in UTF-8"));
    }
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refused(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, &bad_request("send the body as it is, without Content-Encoding"));
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err(response) => return response(media),
    };
    answered(&shared, id, parts, media, body, false).await
}

/// Any other method.
pub(crate) async fn by_other() -> Response {
    let mut response = refused(Media::Json, StatusCode::METHOD_NOT_ALLOWED, &bad_request("GET for queries, POST for anything"));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

type Refusing = Box<dyn FnOnce(Media) -> Response + Send>;

async fn read(body: Body) -> Result<Json, Refusing> {
    let reading = tokio::time::timeout(Duration::from_secs(REQUEST_BODY_MAX_SECONDS), to_bytes(body, REQUEST_BODY_MAX_BYTES));
    let bytes = reading.await.map_err(|_| -> Refusing {
        let late = fault::server_error(Code::Timeout, format!("the body took longer than {REQUEST_BODY_MAX_SECONDS} s"));
        Box::new(move |media| refused(media, StatusCode::REQUEST_TIMEOUT, &late))
    })?;
    let bytes = bytes.map_err(|_| -> Refusing {
        Box::new(|media| refused(media, StatusCode::PAYLOAD_TOO_LARGE, &fault::limit("bodyBytes", REQUEST_BODY_MAX_BYTES)))
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| -> Refusing { Box::new(|media| refused(media, StatusCode::BAD_REQUEST, &bad_request("the body is no JSON"))) })
}

fn not_acceptable() -> Response {
    let error = bad_request("answers are application/graphql-response+json or application/json");
    refused(Media::Json, StatusCode::NOT_ACCEPTABLE, &error)
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let json = parts.next().as_deref() == Some("application/json");
    let charset = parts.find_map(|part| part.strip_prefix("charset=").map(|it| it.trim_matches('"').to_owned()));
    json && charset.is_none_or(|charset| charset == "utf-8" || charset == "utf8")
}

/// The parameters of a request, if they are ones.
fn query(body: Json) -> Result<Query, &'static str> {
    let Json::Object(mut body) = body else { return Err("a request is one JSON object; there is no batching") };
    let mut take = |name| body.remove(name).filter(|value| !value.is_null());
    let text = match take("query") {
        Some(Json::String(text)) => text,
        Some(_) => return Err("query must be a string"),
        None => return Err("query is missing"),
    };
    let mut query = Query::new(text);
    match take("operationName") {
        Some(Json::String(name)) => query = query.operation_name(name),
        Some(_) => return Err("operationName must be a string"),
        None => {}
    }
    match take("variables") {
        Some(variables @ Json::Object(_)) => query = query.variables(Variables::from_json(variables)),
        Some(_) => return Err("variables must be an object"),
        None => {}
    }
    match take("extensions") {
        Some(Json::Object(_)) | None => Ok(query),
        Some(_) => Err("extensions must be an object"),
    }
}

/// What kind of operation a request asks for, if its document can be read.
pub(crate) fn operation(query: &mut Query) -> Option<OperationType> {
    let name = query.operation_name.clone();
    let document = query.parsed_query().ok()?;
    let mut operations = document.operations.iter();
    let wanted = match name {
        Some(name) => operations.find(|(it, _)| it.is_some_and(|it| it.as_str() == name)),
        None => operations.next(),
    };
    wanted.map(|(_, operation)| operation.node.ty)
}

async fn answered(shared: &Shared, RequestId(id): RequestId, parts: Parts, media: Media, body: Json, reads_only: bool) -> Response {
    let mut query = match query(body) {
        Ok(query) => query,
        Err(message) => return refused(media, StatusCode::BAD_REQUEST, &bad_request(message)),
    };
    let kind = operation(&mut query);
    if reads_only && kind == Some(OperationType::Mutation) {
        let mut response = refused(media, StatusCode::METHOD_NOT_ALLOWED, &bad_request("mutations are sent by POST"));
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let actor = match bearer::of_headers(&shared.app, &parts.headers).await {
        Ok(bearer) => bearer.actor,
        Err(NotABearer::Invalid | NotABearer::RanOut) => return unauthenticated(media),
        Err(NotABearer::Fault(fault)) => {
            let error = fault::rejected(fault, id).into_server_error(async_graphql::Pos::default());
            return refused(media, StatusCode::INTERNAL_SERVER_ERROR, &error);
        }
    };
    let kind = match kind {
        Some(OperationType::Query) => "query",
        Some(OperationType::Mutation) => "mutation",
        Some(OperationType::Subscription) => "subscription",
        None => "unknown",
    };
    let asker = Arc::new(asker(shared, &parts, actor, id));
    let seen = shared.app.views().position();
    let executing = execution::executed(&shared.schema, query.data(asker.clone()));
    let time = shared.settings.request_time;
    let answer = tokio::time::timeout(time, executing).await.unwrap_or_else(|_| Answer::from_errors(vec![too_long(time)]));
    if let Some(late) = answer.errors.iter().find(|error| fault::is(error, Code::Timeout)) {
        shared.metrics.operation(kind, "timeout");
        return refused(media, StatusCode::SERVICE_UNAVAILABLE, late);
    }
    shared.metrics.operation(kind, if answer.errors.is_empty() { "ok" } else { "errors" });
    let mut response = told(media, answer, shared.settings.answer_bytes);
    let reached = match asker.reached() {
        Some(token) => Some(token),
        None => shared.app.log().token_at(seen).await.ok().flatten(),
    };
    if let Some(Ok(position)) = reached.map(|token| HeaderValue::from_str(&token.to_string())) {
        response.headers_mut().insert(POSITION_HEADER, position);
    }
    response
}

fn asker(shared: &Shared, parts: &Parts, actor: Actor, id: uuid::Uuid) -> Asker {
    let must_see = parts.headers.get(POSITION_HEADER).map(|value| value.to_str().unwrap_or_default().to_owned());
    Asker::new(actor, address::of(parts, &shared.settings), id, must_see)
}

fn unauthenticated(media: Media) -> Response {
    let mut response = refused(media, StatusCode::UNAUTHORIZED, &fault::server_error(Code::Unauthenticated, "the token does not hold"));
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
    response
}

/// An answer as the client reads it. What was never executed has no data, not null.
fn told(media: Media, answer: Answer, max_bytes: usize) -> Response {
    #[derive(Serialize)]
    struct Told<'a> {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        errors: &'a [ServerError],
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
    }
    let write = |answer: &Answer| {
        let executed = execution::was_executed(answer);
        let body = serde_json::to_vec(&Told { errors: &answer.errors, data: executed.then_some(&answer.data) });
        (executed, body.unwrap_or_default())
    };
    let (mut executed, mut body) = write(&answer);
    if body.len() > max_bytes {
        let root = match &answer.data {
            Value::Object(fields) => fields.keys().next().map(|name| PathSegment::Field(name.to_string())),
            _ => None,
        };
        (executed, body) = write(&Answer::from_errors(vec![too_large(max_bytes, root.into_iter().collect())]));
    }
    let status = if executed || media == Media::Json { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, [(header::CONTENT_TYPE, media.content_type())], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Media::of(&headers)
    }

    #[test]
    fn the_best_accepted_media_type_is_answered() {
        assert_eq!(Media::of(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("application/json, application/graphql-response+json"), Some(Media::GraphQl));
        assert_eq!(accepted("application/graphql-response+json;q=0.4, application/json;q=0.9"), Some(Media::Json));
        assert_eq!(accepted("text/html"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        let read = |kind: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            is_json(&headers)
        };
        assert!(read("application/json") && read("application/json; charset=\"UTF-8\""));
        assert!(!read("text/plain") && !read("application/json; charset=gbk") && !is_json(&HeaderMap::new()));
    }
}
