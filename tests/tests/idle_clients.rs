//! Clients that hold a connection and do nothing with it. The silent failures made loud: a server that holds half a request
//! for ever, that nobody else can reach meanwhile, and that does not stop.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use gongyi_tests::{TestFolder, TestServer, awaited};
use serde_json::json;

/// Guards against a connection that is held for ever.
const HANGS_AFTER: Duration = Duration::from_secs(120);
/// What README.md says: a server has stopped so long after SIGTERM.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
const HALF_A_HEAD: &str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Half:";
const HALF_A_BODY: &str =
    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"query\":";
/// How HTTP/2 begins (RFC 9113, 3.4), cut off.
const HALF_A_PREFACE: &str = "PRI * HTTP/2.0\r\n";

fn connected(server: &TestServer, says: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    stream.write_all(says.as_bytes()).unwrap();
    stream
}

/// What a connection hears until it is hung up on.
fn hears(mut stream: TcpStream) -> String {
    let mut heard = vec![];
    match stream.read_to_end(&mut heard) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it is held for ever"),
    }
    String::from_utf8(heard).unwrap()
}

fn answers(server: &TestServer) -> bool {
    let answer = server.stranger().asks("{ areas { totalCount } }", &json!({}));
    answer["areas"]["totalCount"].is_number() && server.stranger().gets("/healthz").0 == 200
}

#[test]
fn a_thousand_that_do_nothing_keep_nobody_out_and_do_not_keep_the_server_from_stopping() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    let idle: Vec<_> = (0..500).map(|_| connected(&server, "")).collect();
    let half_open: Vec<_> = (0..500).map(|n| connected(&server, [HALF_A_HEAD, HALF_A_BODY][n % 2])).collect();
    assert!(answers(&server));
    let began = Instant::now();
    let ended = server.stops();
    let took = began.elapsed();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(took < STOPS_WITHIN, "it took {took:?} to stop");
    drop((idle, half_open));
}

#[test]
fn who_does_not_go_on_is_hung_up_on() {
    let folder = TestFolder::new();
    let server = TestServer::serves(&folder);
    let silent = connected(&server, "");
    let half_a_head = connected(&server, HALF_A_HEAD);
    let half_a_body = connected(&server, HALF_A_BODY);
    let half_a_preface = connected(&server, HALF_A_PREFACE);
    let kept_alive = connected(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(hears(silent), "");
    assert_eq!(hears(half_a_head), "");
    assert!(hears(kept_alive).starts_with("HTTP/1.1 200"), "it is answered, and hung up on when nothing follows");
    let late = hears(half_a_body);
    assert!(late.starts_with("HTTP/1.1 408") && late.contains("\"TIMEOUT\""), "{late}");
    assert_eq!(hears(half_a_preface), "");
    assert!(answers(&server));
}

/// Whether the server answers on a connection of its own, or hangs up at once.
fn is_let_in(server: &TestServer) -> bool {
    let mut stream = connected(server, "");
    // A server that has hung up already does not take this.
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    hears(stream).starts_with("HTTP/1.1 200")
}

#[test]
fn so_many_connections_are_open_from_one_address_and_in_all() {
    for limit in ["--connections-per-address", "--connections"] {
        let folder = TestFolder::new();
        let server = TestServer::serves_with(&folder, &[limit, "3"]);
        let mut held: Vec<_> = (0..3).map(|_| connected(&server, HALF_A_HEAD)).collect();
        assert!(!is_let_in(&server), "{limit}");
        held.pop();
        awaited("a place that was left", || is_let_in(&server).then_some(()));
    }
    let folder = TestFolder::new();
    let server = TestServer::serves_with(&folder, &["--connections-per-address", "3", "--behind-proxy"]);
    let _held: Vec<_> = (0..3).map(|_| connected(&server, HALF_A_HEAD)).collect();
    assert!(is_let_in(&server), "behind a proxy all come from one address");
}
