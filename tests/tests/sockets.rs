//! Sockets as a hostile or clumsy client uses them. The silent failure made loud: a limit that is written down and not
//! kept, or kept by hanging up without a word.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{net::TcpStream, time::Duration};

use gongyi_eventlog::Token;
use gongyi_tests::{District, TestFolder, TestServer, awaited};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, HandshakeError, Message, WebSocket, client::IntoClientRequest, handshake::client::Request};

const GRAPHQL_TRANSPORT_WS: &str = "graphql-transport-ws";
const PLACES: &str = "subscription($id: ID!) { activityPlaces(activity: $id) { position } }";
/// Guards against an answer that never comes.
const HANGS_AFTER: Duration = Duration::from_secs(60);

struct Socket(WebSocket<TcpStream>);

/// The request that opens a socket.
fn upgrade(server: &TestServer, headers: &[(&'static str, &str)]) -> Request {
    let mut request = format!("{}/graphql/ws", server.base().replace("http", "ws")).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

impl Socket {
    /// An open socket, or the status that refused it.
    fn opened(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(HANGS_AFTER)).unwrap();
        match tungstenite::client(upgrade(server, headers), stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(HandshakeError::Failure(tungstenite::Error::Http(answer))) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    fn silent(server: &TestServer) -> Self {
        Self::opened(server, &[("sec-websocket-protocol", GRAPHQL_TRANSPORT_WS)]).unwrap()
    }

    fn greeted(server: &TestServer) -> Self {
        let mut socket = Self::silent(server);
        socket.says(&json!({"type": "connection_init"}).to_string());
        assert_eq!(socket.hears().unwrap()["type"], "connection_ack");
        socket
    }

    /// Says something; the server may hang up on it.
    fn says(&mut self, text: &str) {
        let _ = self.0.send(Message::text(text));
    }

    fn asks(&mut self, id: &str, query: &str, variables: &Value) {
        let message = json!({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}});
        self.says(&message.to_string());
    }

    /// The next message, or with which code and words the socket was closed.
    fn hears(&mut self) -> Result<Value, (u16, String)> {
        loop {
            match self.0.read().expect("an answer, or a close frame") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.map_or((0, String::new()), |it| (it.code.into(), it.reason.to_string()))),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn answers(&mut self) -> bool {
        self.asks("still there", "{ __typename }", &json!({}));
        let mut answered = false;
        loop {
            let message = self.hears().unwrap();
            if message["id"] == "still there" {
                answered |= message["payload"]["data"]["__typename"] == "Query";
                if message["type"] == "complete" {
                    return answered;
                }
            }
        }
    }
}

#[test]
fn who_speaks_another_protocol_or_shows_a_wrong_token_opens_no_socket() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    let protocol = ("sec-websocket-protocol", GRAPHQL_TRANSPORT_WS);
    assert_eq!(Socket::opened(&server, &[]).err(), Some(400));
    assert_eq!(Socket::opened(&server, &[("sec-websocket-protocol", "mqtt, soap")]).err(), Some(400));
    assert_eq!(Socket::opened(&server, &[protocol, ("authorization", "Bearer nonsense")]).err(), Some(401));
    assert_eq!(server.stranger().gets("/graphql/ws").0, 400, "a plain GET");
    assert!(Socket::greeted(&server).answers(), "and the right one is opened");
}

#[test]
fn who_stays_silent_is_hung_up_on_and_who_has_greeted_is_not() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    let (mut silent, mut greeted) = (Socket::silent(&server), Socket::greeted(&server));
    let (code, words) = silent.hears().unwrap_err();
    assert_eq!(code, 4408, "{words}");
    assert!(greeted.answers());
}

#[test]
fn a_message_beyond_the_limit_closes_the_socket_with_the_reason() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    let much = |length: usize| json!({"much": "x".repeat(length)});
    let mut socket = Socket::greeted(&server);
    socket.asks("1", "{ __typename }", &much(255_000));
    assert_eq!(socket.hears().unwrap()["payload"]["data"]["__typename"], "Query", "just below it is answered");
    assert!(socket.answers());
    for length in [263_000, 900_000] {
        let mut socket = Socket::greeted(&server);
        socket.asks("1", "{ __typename }", &much(length));
        assert_eq!(socket.hears().unwrap_err(), (1009, "the message is too large".to_owned()), "{length}");
    }
    // Nobody waits for the end of a message without measure.
    let mut socket = Socket::greeted(&server);
    socket.asks("1", "{ __typename }", &much(20_000_000));
    assert!(!matches!(socket.0.read(), Ok(Message::Text(_) | Message::Binary(_))), "it is not answered");
    assert!(Socket::greeted(&server).answers());
}

#[test]
fn what_is_no_message_of_the_protocol_closes_the_socket_with_its_code() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    for nonsense in ["nonsense", "{}", "{\"type\":\"nonsense\"}", "[]", "{\"type\":\"subscribe\"}"] {
        let mut socket = Socket::greeted(&server);
        socket.says(nonsense);
        assert_eq!(socket.hears().unwrap_err().0, 4400, "{nonsense}");
    }
    let mut twice = Socket::greeted(&server);
    twice.says(&json!({"type": "connection_init"}).to_string());
    assert_eq!(twice.hears().unwrap_err().0, 4429);
}

/// The name of the limit in the answer to an operation; `None` if it was answered otherwise.
fn limit(message: &Value) -> Option<&str> {
    let told = &message["payload"]["errors"][0]["extensions"];
    (told["code"] == "LIMIT_EXCEEDED").then(|| told["limit"].as_str().unwrap())
}

#[test]
fn a_subscriptions_place_is_free_again_once_it_is_over() {
    const PLACES_MAX: usize = 20;
    let district = District::new();
    let published = district.publishes(&district.coordinator().client, 1);
    let mut socket = Socket::greeted(&district.server);
    let id = json!({"id": published.activity});
    for n in 0..=PLACES_MAX {
        socket.asks(&n.to_string(), PLACES, &id);
    }
    let refused = socket.hears().unwrap();
    assert_eq!(limit(&refused), Some("subscriptions"), "{refused}");
    assert_eq!(socket.hears().unwrap(), json!({"type": "complete", "id": refused["id"]}));
    socket.says(&json!({"type": "complete", "id": "0"}).to_string());
    assert_eq!(socket.hears().unwrap(), json!({"type": "complete", "id": "0"}));
    socket.asks("again", PLACES, &id);
    assert!(socket.answers(), "the next thing heard of «again» would be a refusal");
    socket.asks("one too many", PLACES, &id);
    let refused = socket.hears().unwrap();
    assert_eq!((&refused["id"], limit(&refused)), (&json!("one too many"), Some("subscriptions")));
}

#[test]
fn a_socket_runs_so_many_operations_at_once() {
    const OPERATIONS_MAX: usize = 100;
    let folder = TestFolder::with_teams();
    let server = TestServer::serves(&folder);
    // A read that must see what is yet to come waits for it, and so keeps its place.
    let head: Token = folder.head().parse().unwrap();
    let ahead = json!({"position": Token { position: head.position + 1_000, ..head }.to_string()});
    let mut socket = Socket::greeted(&server);
    for n in 0..=OPERATIONS_MAX {
        socket.asks(&n.to_string(), "query($position: Position) { areas(position: $position) { totalCount } }", &ahead);
    }
    let refused = socket.hears().unwrap();
    assert_eq!((&refused["id"], limit(&refused)), (&json!(OPERATIONS_MAX.to_string()), Some("operations")), "{refused}");
    let mut answered = 0;
    while answered < OPERATIONS_MAX {
        let message = socket.hears().unwrap();
        if message["type"] == "next" {
            assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "STALE", "{message}");
            answered += 1;
        }
    }
    assert!(socket.answers(), "and then there is room again");
}

#[test]
fn a_server_that_stops_ends_nothing_that_was_running_but_closes_as_one_that_comes_back() {
    let district = District::new();
    let published = district.publishes(&district.coordinator().client, 1);
    let mut following = Socket::greeted(&district.server);
    following.asks("1", PLACES, &json!({"id": published.activity}));
    assert!(following.answers());
    let mut sockets = [following, Socket::greeted(&district.server), Socket::silent(&district.server)];
    let ended = district.server.stops();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for socket in &mut sockets {
        assert_eq!(socket.hears().unwrap_err(), (1012, "the server stops".to_owned()));
    }
}

#[test]
fn so_many_sockets_are_open_from_one_address() {
    let folder = TestFolder::new();
    let server = TestServer::serves_with(&folder, &["--sockets-per-address", "2", "--anonymous-sockets", "1"]);
    let mut greeted = Socket::greeted(&server);
    let mut anonymous = Socket::silent(&server);
    anonymous.says(&json!({"type": "connection_init"}).to_string());
    assert_eq!(anonymous.hears().unwrap_err().0, 1013);
    let protocol = ("sec-websocket-protocol", GRAPHQL_TRANSPORT_WS);
    let _silent = awaited("the place of who was refused", || Socket::opened(&server, &[protocol]).ok());
    let refused = awaited("a third socket", || Socket::opened(&server, &[protocol]).err());
    assert_eq!(refused, 429);
    assert!(greeted.answers());
}
