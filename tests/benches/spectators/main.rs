//! A council's meeting with spectators over WebSocket who hear of each change, against the release binary on loopback.
//!
//! `cargo bench -p gongyi-tests --bench spectators [-- SPECTATORS SEATS CHANGES]`; 2,000, 450 and 60 if not said. Delay is
//! from sending the command that changes the meeting to a spectator's having the item, its meeting included. The floor
//! beside it: all sockets ask `{ __typename }` at one moment, from that moment to each answer. Spectators and server share
//! the machine.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::{SinkExt, StreamExt, future::join_all, stream::SplitSink};
use gongyi_tests::{
    Client, TestFolder, TestServer,
    district::{at, now, registration},
    machine,
    people::somebody,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const AREA: &str = "440402001001";
/// Guards against an item that never comes.
const HANGS_AFTER: Duration = Duration::from_secs(60);
/// Sockets opened at once.
const OPENED_AT_ONCE: usize = 50;
/// Times that all sockets ask the bare question.
const FLOORS: usize = 10;
const FOLLOWS: &str = "subscription($id: ID!) { meetingChanges(meeting: $id) { position kind meeting { phase \
                       quorum { present entitled reached } agenda { inHand speakers { waiting { side } speaking { secondsLeft } } } } } }";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A message that a spectator has: of which operation, and when.
struct Heard {
    operation: String,
    position: Option<String>,
    at: Instant,
}

/// Sockets that follow a meeting.
struct Spectators {
    speaks: Vec<SplitSink<Socket, Message>>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

async fn open(base: &str, meeting: &Value, heard: mpsc::UnboundedSender<Heard>) -> SplitSink<Socket, Message> {
    let mut request = format!("{}/graphql/ws", base.replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut speaks, mut hears) = connect_async(request).await.unwrap().0.split();
    speaks.send(Message::text(r#"{"type":"connection_init"}"#)).await.unwrap();
    // The server asks by a ping whether anybody is there, too.
    let acknowledged = loop {
        if let Message::Text(text) = hears.next().await.unwrap().unwrap() {
            break text;
        }
    };
    assert!(acknowledged.contains("connection_ack"), "{acknowledged}");
    let follow = json!({ "type": "subscribe", "id": "follows", "payload": { "query": FOLLOWS, "variables": { "id": meeting } } });
    speaks.send(Message::text(follow.to_string())).await.unwrap();
    tokio::spawn(async move {
        while let Some(Ok(message)) = hears.next().await {
            let at = Instant::now();
            let Message::Text(text) = message else { continue };
            let told: Value = serde_json::from_str(&text).unwrap();
            if told["type"] != "next" {
                continue;
            }
            assert!(told["payload"]["errors"].is_null(), "{told}");
            let position = told["payload"]["data"]["meetingChanges"]["position"].as_str().map(str::to_owned);
            if heard.send(Heard { operation: told["id"].as_str().unwrap().to_owned(), position, at }).is_err() {
                return;
            }
        }
    });
    speaks
}

impl Spectators {
    async fn watch(base: &str, meeting: &Value, many: usize) -> Self {
        let (told, heard) = mpsc::unbounded_channel();
        let mut speaks = vec![];
        while speaks.len() < many {
            let some = OPENED_AT_ONCE.min(many - speaks.len());
            speaks.extend(join_all((0..some).map(|_| open(base, meeting, told.clone()))).await);
        }
        let mut spectators = Self { speaks, heard };
        // Answered after the subscription on the same socket: all follow now.
        spectators.ask_all("ready").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        spectators
    }

    /// Milliseconds from `since` to when each of them had what `fits`.
    async fn all_hear(&mut self, since: Instant, fits: impl Fn(&Heard) -> bool) -> Vec<f64> {
        let mut delays = vec![];
        while delays.len() < self.speaks.len() {
            let heard = tokio::time::timeout(HANGS_AFTER, self.heard.recv()).await.expect("a spectator heard nothing").unwrap();
            if fits(&heard) {
                delays.push(heard.at.duration_since(since).as_secs_f64() * 1_000.0);
            }
        }
        delays
    }

    /// All ask the bare question at one moment.
    async fn ask_all(&mut self, id: &str) -> Vec<f64> {
        let message = json!({ "type": "subscribe", "id": id, "payload": { "query": "{ __typename }" } }).to_string();
        let since = Instant::now();
        for sent in join_all(self.speaks.iter_mut().map(|speaks| speaks.send(Message::text(message.clone())))).await {
            sent.unwrap();
        }
        self.all_hear(since, |heard| heard.operation == id).await
    }
}

fn percentile(sorted: &[f64], hundredths: usize) -> f64 {
    sorted[(sorted.len() - 1) * hundredths / 100]
}

/// Prints the delays, as a ratio to a floor's if there is one.
fn told(what: &str, delays: &mut [f64], floor: Option<&[f64]>) {
    delays.sort_unstable_by(f64::total_cmp);
    let (half, most) = (percentile(delays, 50), percentile(delays, 99));
    let last = delays.last().copied().unwrap_or_default();
    let ratio = floor.map_or(String::new(), |floor| {
        format!("; {:.2} times the floor's p50, {:.2} times its p99", half / percentile(floor, 50), most / percentile(floor, 99))
    });
    println!("{what}: p50 {half:.1} ms, p99 {most:.1} ms, last {last:.1} ms of {}{ratio}", delays.len());
}

/// A meeting in session of a council with so many seats, all filled and present, its first item in hand: its id, the
/// item's, and the representatives.
fn session(operator: &Client, seats: usize) -> (Value, Value, Vec<Value>) {
    let people: Vec<Value> = (0..seats)
        .map(|_| operator.does("registerVolunteer", &registration(&somebody()), "volunteer { person }")["volunteer"]["person"].clone())
        .collect();
    let office = json!({ "authority": "香洲区民政局", "reason": "批复" });
    let council = json!({ "area": AREA, "name": "紫荆社区议事会", "charter": { "seats": seats }, "mandate": office });
    let council = operator.does("establishCouncil", &council, "council { id }")["council"]["id"].clone();
    let seat = json!({ "council": council, "people": people, "source": { "transition": { "source": "名册" } } });
    operator.does("seatRepresentatives", &seat, "council { id }");
    let (starts, ends) = (at(now() + chrono::Duration::hours(1)), at(now() + chrono::Duration::hours(4)));
    let notice = json!({ "title": "例会", "place": "礼堂", "starts": starts, "ends": ends });
    let convene = json!({ "council": council, "notice": notice, "agenda": [{ "title": "停车" }], "shortNotice": "演练" });
    let convened = operator.does("conveneMeeting", &convene, "meeting { id agenda { id } }");
    let (meeting, item) = (convened["meeting"]["id"].clone(), convened["meeting"]["agenda"][0]["id"].clone());
    for person in &people {
        operator.does("recordPresence", &json!({ "meeting": meeting, "person": person, "passage": "CAME" }), "");
    }
    operator.does("openMeeting", &json!({ "meeting": meeting }), "");
    operator.does("takeUpItem", &json!({ "item": item }), "");
    (meeting, item, people)
}

/// A representative asks for the word, gets it, and ends: three changes of one event each.
fn change(operator: &Client, meeting: &Value, item: &Value, people: &[Value], n: usize) -> Value {
    match n % 3 {
        0 => operator.does("requestToSpeak", &json!({ "item": item, "person": people[n / 3 % people.len()], "side": "FOR" }), ""),
        1 => operator.does("callNextSpeaker", &json!({ "meeting": meeting }), ""),
        _ => operator.does("endTurn", &json!({ "meeting": meeting }), ""),
    }
}

async fn measure(server: &TestServer, operator: &Client, spectators: usize, seats: usize, changes: usize) {
    let (meeting, item, people) = session(operator, seats);
    let before = machine::memory(server.pid()).0;
    let mut watching = Spectators::watch(&server.base(), &meeting, spectators).await;
    println!("memory: {before} MiB resident before the spectators, {} MiB with {spectators}", machine::memory(server.pid()).0);
    let mut floor = vec![];
    for round in 0..FLOORS {
        floor.extend(watching.ask_all(&format!("floor {round}")).await);
    }
    told("floor: all sockets ask { __typename } at once", &mut floor, None);

    let (mut delays, mut answered) = (vec![], vec![]);
    for n in 0..changes {
        let (operator, meeting, item, people) = (operator.clone(), meeting.clone(), item.clone(), people.clone());
        let since = Instant::now();
        let payload = tokio::task::spawn_blocking(move || change(&operator, &meeting, &item, &people, n)).await.unwrap();
        answered.push(since.elapsed().as_secs_f64() * 1_000.0);
        let position = payload["position"].as_str().unwrap().to_owned();
        delays.extend(watching.all_hear(since, |heard| heard.position.as_deref() == Some(&position)).await);
    }
    told("the command's own answer", &mut answered, None);
    told(&format!("{spectators} spectators of a council of {seats} hear each of {changes} changes"), &mut delays, Some(&floor));
    let (resident, most) = machine::memory(server.pid());
    println!("memory: {resident} MiB resident, {most} MiB at most");
}

fn main() {
    let mut numbers = std::env::args().filter_map(|it| it.parse().ok());
    let (spectators, seats, changes) = (numbers.next().unwrap_or(2_000), numbers.next().unwrap_or(450), numbers.next().unwrap_or(60));
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let folder = TestFolder::new();
    let areas = folder.beside("areas.csv");
    fs::write(&areas, format!("code,name\n440402,香洲区\n440402001,翠香街道\n{AREA},紫荆社区\n")).unwrap();
    folder.imports("areas", &areas);
    // All come from one address.
    let server = TestServer::serves_with(&folder, &["--sockets-per-address", "8192", "--connections-per-address", "8192"]);
    let operator = server.operator(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&server, &operator, spectators, seats, changes));
    server.stops().exited(0);
}
