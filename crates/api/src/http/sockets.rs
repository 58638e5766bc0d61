//! Subscriptions over WebSocket: `graphql-transport-ws`, and the older `graphql-ws`.
//!
//! - Who asks is told by `authorization` in the payload of `connection_init`, else by the upgrade's header.
//! - A socket ends when its token does; until then every operation asks anew which roles are held.
//! - What a socket may take is limited: silence before `connection_init`, a message's size, operations and subscriptions
//!   at once. Whoever goes beyond is told which limit it was, by an error or by the close code.
//! - So many sockets are open from one address, and so many of who has not signed in.
//! - A server that stops says nothing of what was running: it closes with the code upon which clients come back.

use std::{net::IpAddr, pin::pin, str::FromStr, sync::Arc, time::Duration};

use async_graphql::{
    Context, Data, Error, Executor, Request as Query, Response as Answer,
    http::WebSocketProtocols as Protocols,
    http::{WebSocket as Protocol, WsMessage},
    parser::types::OperationType,
};
use axum::{
    Extension,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures::{SinkExt, StreamExt, future, stream, stream::BoxStream};
use gongyi_domain::{access::authority::Actor, values::Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use super::{
    RequestId, Shared, address,
    bearer::{self, Bearer, NotABearer},
    conversation::Conversation,
    graphql,
    guests::{Guest, Guests},
    metrics::OpenGuard,
};
use crate::{
    budget::too_long,
    door::Asker,
    execution,
    fault::{self, Code},
    settings::{ApiSettings, REQUEST_BODY_MAX_BYTES, SOCKET_INIT_MAX_SECONDS, SOCKET_OPERATIONS_MAX_COUNT, SOCKET_SUBSCRIPTIONS_MAX_COUNT},
};

/// How often a quiet peer is asked whether it is there, in seconds.
const PING_SECONDS: u64 = 30;
/// What is read of a message that is too large, in bytes, so that its sender can be told; beyond it the peer is hung up on.
const MESSAGE_READ_MAX_BYTES: usize = 4 * REQUEST_BODY_MAX_BYTES;
/// How long the peer may take to answer a close frame, in seconds.
const CLOSING_MAX_SECONDS: u64 = 1;
/// Why a socket whose token has run out is closed.
const RUN_OUT: &str = "the token has run out";
/// A close frame's reason, in bytes (RFC 6455, 5.5).
const CLOSE_REASON_MAX_BYTES: usize = 123;
/// Close codes of WebSocket itself (RFC 6455, and IANA's registry). Clients come back after the last two.
const PROTOCOL_ERROR: u16 = 1002;
const SERVICE_RESTART: u16 = 1012;
const TRY_AGAIN_LATER: u16 = 1013;
/// Close codes of `graphql-transport-ws`. Clients give up after 4401 and come back, with another token, after 4403.
const BAD_REQUEST: u16 = 4400;
const UNAUTHORIZED: u16 = 4401;
const FORBIDDEN: u16 = 4403;
const INIT_TIMEOUT: u16 = 4408;

/// The places for sockets of one node.
pub(crate) struct Places {
    all: Arc<Guests>,
    anonymous: Arc<Guests>,
}

impl Places {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        Self { all: Guests::new(usize::MAX, settings.sockets_per_address), anonymous: Guests::new(settings.anonymous_sockets, usize::MAX) }
    }
}

/// The places for subscriptions of one socket.
struct Seats(Arc<Semaphore>);

/// A subscription's place on its socket, until it ends.
pub(crate) struct Seat {
    _permit: OwnedSemaphorePermit,
    _open: OpenGuard,
}

impl Seat {
    /// A place on this socket; none is needed where there is no socket.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`: all are taken.
    pub(crate) fn take(ctx: &Context<'_>) -> Result<Option<Self>, Error> {
        let Some(seats) = ctx.data_opt::<Seats>() else { return Ok(None) };
        let metrics: &super::metrics::Metrics = ctx.data()?;
        match seats.0.clone().try_acquire_owned() {
            Ok(permit) => Ok(Some(Self { _permit: permit, _open: metrics.subscription() })),
            Err(_) => Err(fault::limit_of_field("subscriptions", SOCKET_SUBSCRIPTIONS_MAX_COUNT)),
        }
    }
}

/// The places for operations of one socket, subscriptions included.
struct OperationPlaces(Arc<Semaphore>);

/// Who the socket was opened by.
struct OpenedBy(Actor);

fn in_session<T: std::any::Any>(session: &Data) -> Option<&T> {
    session.get(&std::any::TypeId::of::<T>())?.downcast_ref()
}

/// Where the handshake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handshake {
    /// Nothing was said yet.
    Awaited,
    /// Refused, with this code.
    Refused(u16),
    /// Done; the token holds until then.
    Done(Option<Instant>),
}

/// The upgrade.
pub(crate) async fn upgrade(
    State(shared): State<Shared>,
    Extension(RequestId(id)): Extension<RequestId>,
    upgrade: WebSocketUpgrade,
    parts: Parts,
) -> Response {
    let Some(protocol) = spoken(&parts.headers) else {
        return (StatusCode::BAD_REQUEST, "speak graphql-transport-ws or graphql-ws\n").into_response();
    };
    let bearer = match bearer::of_headers(&shared.app, &parts.headers).await {
        Ok(bearer) => bearer,
        Err(NotABearer::Invalid | NotABearer::RanOut) => {
            return (StatusCode::UNAUTHORIZED, "the token does not hold\n").into_response();
        }
        Err(NotABearer::Fault(fault)) => {
            fault::rejected(fault, id);
            return (StatusCode::INTERNAL_SERVER_ERROR, "something broke\n").into_response();
        }
    };
    let address = address::of(&parts, &shared.settings);
    let Ok(guest) = shared.sockets.all.enters(address) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many sockets are open from this address\n").into_response();
    };
    upgrade
        .protocols([protocol.sec_websocket_protocol()])
        .max_message_size(MESSAGE_READ_MAX_BYTES)
        .max_frame_size(MESSAGE_READ_MAX_BYTES)
        .on_upgrade(move |socket| serve(shared, socket, protocol, bearer, address, id, guest))
}

fn spoken(headers: &HeaderMap) -> Option<Protocols> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).find_map(|name| Protocols::from_str(name.trim()).ok())
}

/// Operations of one socket: each with an asker of its own, whose roles are read anew.
#[derive(Clone)]
struct Operations {
    shared: Shared,
    conversation: Conversation,
    address: Option<IpAddr>,
}

impl Operations {
    async fn asked(&self, query: Query, session: Option<&Data>) -> Query {
        let actor = match session.and_then(in_session::<OpenedBy>) {
            // A fault shows as nobody signed in; the operation says so.
            Some(OpenedBy(actor)) => self.shared.app.as_now(actor).await.unwrap_or(Actor::Anonymous),
            None => Actor::Anonymous,
        };
        query.data(Arc::new(Asker::new(actor, self.address, Uuid::now_v7(), None)))
    }
}

impl Executor for Operations {
    async fn execute(&self, query: Query) -> Answer {
        let query = self.asked(query, None).await;
        execution::executed(&self.shared.schema, query).await
    }

    fn execute_stream(&self, query: Query, session: Option<Arc<Data>>) -> BoxStream<'static, Answer> {
        let this = self.clone();
        let mut running = self.conversation.runs(&query);
        let place = session.as_deref().and_then(in_session::<OperationPlaces>).map(|places| places.0.clone().try_acquire_owned());
        if let Some(Err(_)) = place {
            let full = Answer::from_errors(vec![fault::limit("operations", SOCKET_OPERATIONS_MAX_COUNT)]);
            return stream::once(future::ready(full)).inspect(move |_| _ = &running).boxed();
        }
        let opening = async move {
            let mut query = this.asked(query, session.as_deref()).await;
            match graphql::operation(&mut query) {
                Some(OperationType::Query | OperationType::Mutation) => {
                    let executing = execution::executed(&this.shared.schema, query);
                    let time = this.shared.settings.request_time;
                    let answer = tokio::time::timeout(time, executing).await;
                    let answer = answer.unwrap_or_else(|_| Answer::from_errors(vec![too_long(time)]));
                    stream::once(future::ready(answer)).boxed()
                }
                Some(OperationType::Subscription) | None => {
                    execution::streamed(this.shared.schema.clone(), query, session.unwrap_or_default())
                }
            }
        };
        // The place is held as long as answers may come.
        let told = move |answer| {
            let _held = &place;
            future::ready(running.told(answer))
        };
        stream::once(opening).flatten().filter_map(told).boxed()
    }
}

/// What `connection_init` says about who asks; what it does not say, the upgrade's header has said.
async fn opened(shared: Shared, payload: serde_json::Value, by_header: Bearer) -> Result<Bearer, NotABearer> {
    let said = ["authorization", "Authorization"].into_iter().find_map(|name| payload.get(name)?.as_str());
    match said {
        Some(text) => bearer::of_text(&shared.app, text).await,
        None => Ok(by_header),
    }
}

async fn serve(
    shared: Shared,
    socket: WebSocket,
    protocol: Protocols,
    by_header: Bearer,
    address: Option<IpAddr>,
    id: Uuid,
    _guest: Guest,
) {
    let _open = shared.metrics.socket();
    let (mut sink, mut incoming) = socket.split();
    let conversation = Conversation::default();
    let heard = conversation.clone();
    let messages = incoming
        .by_ref()
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok().filter(|it| matches!(it, Message::Text(_) | Message::Binary(_)))))
        .map(move |message| heard.hears(&message.into_data()))
        .take_while(|message| future::ready(message.is_some()))
        .filter_map(future::ready);
    let (tell, mut handshake) = watch::channel(Handshake::Awaited);
    let platform = shared.clone();
    let on_init = move |payload: serde_json::Value| async move {
        let (code, why) = match opened(platform.clone(), payload, by_header).await {
            Ok(Bearer { actor, until }) => {
                let stranger = matches!(actor, Actor::Anonymous).then(|| platform.sockets.anonymous.enters(None)).transpose();
                match stranger {
                    Ok(stranger) => {
                        let mut data = Data::default();
                        data.insert(stranger);
                        data.insert(OpenedBy(actor));
                        data.insert(Seats(Arc::new(Semaphore::new(SOCKET_SUBSCRIPTIONS_MAX_COUNT))));
                        data.insert(OperationPlaces(Arc::new(Semaphore::new(SOCKET_OPERATIONS_MAX_COUNT))));
                        tell.send_replace(Handshake::Done(until));
                        return Ok(data);
                    }
                    Err(_) => (TRY_AGAIN_LATER, fault::limit_of_field("anonymousSockets", platform.settings.anonymous_sockets)),
                }
            }
            Err(NotABearer::Invalid) => (UNAUTHORIZED, fault::error(Code::Unauthenticated, "the token does not hold")),
            Err(NotABearer::RanOut) => (FORBIDDEN, fault::error(Code::Unauthenticated, RUN_OUT)),
            Err(NotABearer::Fault(fault)) => (TRY_AGAIN_LATER, fault::rejected(fault, id)),
        };
        tell.send_replace(Handshake::Refused(code));
        Err(why)
    };
    let operations = Operations { shared: shared.clone(), conversation: conversation.clone(), address };
    let mut answers = Box::pin(Protocol::from_message_stream(operations, messages, protocol).on_connection_init(on_init));
    let mut over = pin!(ended(shared, handshake.clone()));
    let mut ping = tokio::time::interval(Duration::from_secs(PING_SECONDS));
    loop {
        let message = tokio::select! {
            // What ends the socket comes before what it would still say.
            biased;
            (code, reason) = &mut over => closing(code, reason.to_owned()),
            answer = answers.next() => match answer {
                None => match conversation.over() {
                    Some((code, reason)) => closing(code, reason),
                    None => return,
                },
                Some(WsMessage::Text(text)) => Message::Text(conversation.says(text, protocol).into()),
                Some(WsMessage::Close(code, reason)) => {
                    let stands = *handshake.borrow_and_update();
                    closing(close_code(stands, code), reason)
                }
            },
            _ = ping.tick() => Message::Ping(Vec::new().into()),
        };
        let last = matches!(message, Message::Close(_));
        if sink.send(message).await.is_err() {
            return;
        }
        if last {
            break;
        }
    }
    drop(answers);
    // A stream that is dropped with something unread is reset, and then its peer may not see why it was closed.
    let rest = async { while incoming.next().await.is_some_and(|message| message.is_ok()) {} };
    let _ = tokio::time::timeout(Duration::from_secs(CLOSING_MAX_SECONDS), rest).await;
}

/// The protocol's own code for what the library closes with a general one.
fn close_code(handshake: Handshake, code: u16) -> u16 {
    match (handshake, code) {
        (Handshake::Refused(code), _) => code,
        (Handshake::Awaited, 1011) => UNAUTHORIZED,
        (Handshake::Awaited | Handshake::Done(_), PROTOCOL_ERROR) => BAD_REQUEST,
        (Handshake::Awaited | Handshake::Done(_), code) => code,
    }
}

fn closing(code: u16, mut reason: String) -> Message {
    reason.truncate(reason.floor_char_boundary(CLOSE_REASON_MAX_BYTES));
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

/// Why a socket ends by itself: the server stops, nothing was said in time, or the token has run out.
async fn ended(shared: Shared, handshake: watch::Receiver<Handshake>) -> (u16, &'static str) {
    let mut stopping = shared.settings.stopping.clone();
    tokio::select! {
        biased;
        () = stopping.begins() => (SERVICE_RESTART, "the server stops"),
        ended = overdue(shared, handshake) => ended,
    }
}

async fn overdue(shared: Shared, mut handshake: watch::Receiver<Handshake>) -> (u16, &'static str) {
    let wait = Duration::from_secs(SOCKET_INIT_MAX_SECONDS);
    let said = async { handshake.wait_for(|it| *it != Handshake::Awaited).await.map(|it| *it).ok() };
    let stands = match tokio::time::timeout(wait, said).await {
        Ok(stands) => stands.unwrap_or(Handshake::Awaited),
        Err(_) => return (INIT_TIMEOUT, "Connection initialisation timeout"),
    };
    match stands {
        Handshake::Done(Some(until)) => {
            let left = (until - shared.app.now()).to_std().unwrap_or_default();
            tokio::time::sleep(left).await;
            (FORBIDDEN, RUN_OUT)
        }
        Handshake::Done(None) | Handshake::Refused(_) | Handshake::Awaited => future::pending().await,
    }
}
