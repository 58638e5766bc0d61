//! Subscriptions over a real socket: nothing missed, nothing repeated, nothing after the token has run out.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use gongyi_api::{ApiSettings, Stopping};
use gongyi_app::access::tokens::operator_token;
use gongyi_domain::access::authority::{Grant, Role, Scope};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Request},
};
use uuid::Uuid;

use crate::harness::{District, Resident, STREET, text};

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    fn request(address: SocketAddr, protocol: &str) -> Request {
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        request
    }

    async fn open(address: SocketAddr, protocol: &str) -> Self {
        Self(connect_async(Self::request(address, protocol)).await.unwrap().0)
    }

    async fn says(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or why the socket was closed.
    async fn hears(&mut self) -> Result<Value, (u16, String)> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("nothing was said");
            match message.unwrap().unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(frame)) => return Err((frame.code.into(), frame.reason.to_string())),
                Message::Close(None) => return Err((0, String::new())),
                _ => {}
            }
        }
    }

    pub async fn as_(address: SocketAddr, token: Option<&str>) -> Self {
        let mut socket = Self::open(address, "graphql-transport-ws").await;
        let payload = token.map_or(json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        socket.says(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hears().await.unwrap()["type"], "connection_ack");
        socket
    }

    pub async fn subscribes(&mut self, id: &str, query: &str, variables: Value) {
        self.says(json!({ "type": "subscribe", "id": id, "payload": { "query": query, "variables": variables } })).await;
    }

    /// The next item's payload.
    pub async fn item(&mut self) -> Value {
        let message = self.hears().await.unwrap();
        assert_eq!(message["type"], "next", "{message}");
        message["payload"].clone()
    }
}

const PLACES: &str = "subscription($id: ID!, $after: Position) { activityPlaces(activity: $id, after: $after) { position event activity { shifts { taken waiting } } } }";
const RECORDS: &str =
    "subscription($id: ID!, $after: Position) { serviceRecordChanges(volunteer: $id, after: $after) { position event record { phase } } }";

async fn logs(district: &District, whose: &Resident<'_>, organisation: &str, started: i64) {
    let input = json!({ "organisation": organisation, "category": "ENVIRONMENT", "started": district.in_minutes(started), "ended": district.in_minutes(started + 30) });
    whose.client.does("logService", "position", input).await;
}

#[tokio::test]
async fn places_are_told_as_they_change_and_a_reader_comes_back_where_it_was() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let before = district.app.log().head().await.unwrap().to_string();
    let (activity, shift) = district.publishes(&organisation, 1).await;
    let (first, second) = (district.registers("李梅").await, district.registers("赵云").await);
    let address = district.serves().await;

    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", PLACES, json!({ "id": activity, "after": before })).await;
    let published = socket.item().await["data"]["activityPlaces"].clone();
    assert_eq!(published["event"], "PUBLISHED");
    first.client.does("signUp", "phase", json!({ "shift": shift })).await;
    let signed_up = socket.item().await["data"]["activityPlaces"].clone();
    assert_eq!((&signed_up["event"], &signed_up["activity"]["shifts"][0]["taken"]), (&json!("SIGNED_UP"), &json!(1)));
    drop(socket);

    second.client.does("signUp", "phase", json!({ "shift": shift })).await;
    first.client.does("withdrawSignUp", "position", json!({ "shift": shift })).await;
    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", PLACES, json!({ "id": activity, "after": signed_up["position"] })).await;
    let mut events = vec![];
    let mut positions = vec![];
    for _ in 0..3 {
        let item = socket.item().await["data"]["activityPlaces"].clone();
        events.push(text(&item["event"]));
        positions.push(text(&item["position"]));
    }
    assert_eq!(events, ["WAITLISTED", "WITHDRAWN", "PROMOTED"]);
    // Within one commit too.
    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", PLACES, json!({ "id": activity, "after": positions[1] })).await;
    assert_eq!(socket.item().await["data"]["activityPlaces"]["event"], "PROMOTED");
}

#[tokio::test]
async fn records_are_told_to_those_who_may_read_them() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (volunteer, other) = (district.registers("李梅").await, district.registers("赵云").await);
    let address = district.serves().await;
    let mut socket = Socket::as_(address, volunteer.client.token.as_deref()).await;
    let start = district.app.log().head().await.unwrap().to_string();
    socket.subscribes("1", RECORDS, json!({ "id": volunteer.id, "after": start })).await;
    logs(&district, &other, &organisation, -60).await;
    logs(&district, &volunteer, &organisation, -60).await;
    let item = socket.item().await["data"]["serviceRecordChanges"].clone();
    assert_eq!((&item["event"], &item["record"]["phase"]), (&json!("LOGGED"), &json!("LOGGED")));

    let mut nosy = Socket::as_(address, other.client.token.as_deref()).await;
    nosy.subscribes("1", RECORDS, json!({ "id": volunteer.id })).await;
    assert_eq!(nosy.item().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    nosy.says(json!({ "type": "subscribe", "id": "2", "payload": { "query": "{ me { volunteer { name } } }" } })).await;
    while let Ok(message) = nosy.hears().await {
        if message["id"] == "2" {
            assert_eq!(message["payload"]["data"]["me"]["volunteer"]["name"], "赵云", "{message}");
            break;
        }
    }
}

#[tokio::test]
async fn a_role_taken_back_ends_the_subscription() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    let organiser = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let address = district.serves().await;
    let mut socket = Socket::as_(address, organiser.client.token.as_deref()).await;
    let start = district.app.log().head().await.unwrap().to_string();
    socket.subscribes("1", RECORDS, json!({ "id": volunteer.id, "after": start })).await;
    logs(&district, &volunteer, &organisation, -60).await;
    assert_eq!(socket.item().await["data"]["serviceRecordChanges"]["event"], "LOGGED");
    let account = organiser.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
    district.operator().await.does("revokeRole", "position", json!({ "account": account, "role": "ORGANISER", "area": STREET })).await;
    logs(&district, &volunteer, &organisation, -120).await;
    assert_eq!(socket.item().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(socket.hears().await.unwrap()["type"], "complete");
}

#[tokio::test]
async fn a_volunteer_who_leaves_the_organisation_leaves_its_coordinators_subscriptions() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    volunteer.client.does("joinOrganisation", "position", json!({ "organisation": organisation })).await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    let mut socket = Socket::as_(district.serves().await, coordinator.client.token.as_deref()).await;
    let start = district.app.log().head().await.unwrap().to_string();
    socket.subscribes("1", RECORDS, json!({ "id": volunteer.id, "after": start })).await;
    logs(&district, &volunteer, &organisation, -60).await;
    assert_eq!(socket.item().await["data"]["serviceRecordChanges"]["event"], "LOGGED");
    volunteer.client.does("leaveOrganisation", "position", json!({ "organisation": organisation })).await;
    logs(&district, &volunteer, &organisation, -120).await;
    assert_eq!(socket.item().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(socket.hears().await.unwrap()["type"], "complete");
}

#[tokio::test]
async fn another_logs_position_is_refused() {
    let (here, there) = (District::new().await, District::new().await);
    let organisation = here.founds("翠香义工小组", STREET, None).await;
    let (activity, _) = here.publishes(&organisation, 1).await;
    let elsewhere = there.app.log().head().await.unwrap().to_string();
    let mut socket = Socket::as_(here.serves().await, None).await;
    for (id, after) in [("1", elsewhere.as_str()), ("2", "nonsense")] {
        socket.subscribes(id, PLACES, json!({ "id": activity, "after": after })).await;
        assert_eq!(socket.item().await["errors"][0]["extensions"]["code"], "UNKNOWN_POSITION");
        assert_eq!(socket.hears().await.unwrap()["type"], "complete");
    }
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let district = District::new().await;
    let grant = Grant { role: Role::Operator, scope: Scope::Everywhere };
    let token = operator_token(district.app.vault(), grant, district.app.now(), 1).await.unwrap();
    let mut socket = Socket::as_(district.serves().await, Some(&token)).await;
    assert_eq!(socket.hears().await, Err((4403, "the token has run out".to_owned())));
}

#[tokio::test]
async fn who_comes_back_with_a_token_that_has_run_out_is_told_to_bring_another() {
    let district = District::new().await;
    let grant = Grant { role: Role::Operator, scope: Scope::Everywhere };
    let token = operator_token(district.app.vault(), grant, district.app.now(), 1).await.unwrap();
    district.waits_minutes(2);
    let mut socket = Socket::open(district.serves().await, "graphql-transport-ws").await;
    socket.says(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })).await;
    assert_eq!(socket.hears().await, Err((4403, "the token has run out".to_owned())));
}

#[tokio::test]
async fn a_token_that_does_not_hold_opens_no_socket() {
    let district = District::new().await;
    let address = district.serves().await;
    let mut socket = Socket::open(address, "graphql-transport-ws").await;
    socket.says(json!({ "type": "connection_init", "payload": { "authorization": "Bearer nonsense" } })).await;
    assert_eq!(socket.hears().await.unwrap_err().0, 4401);
    let mut hasty = Socket::open(address, "graphql-transport-ws").await;
    hasty.subscribes("1", "subscription { x }", json!({})).await;
    assert_eq!(hasty.hears().await.unwrap_err().0, 4401);
}

#[tokio::test]
async fn the_older_protocol_is_spoken_too() {
    let district = District::new().await;
    let mut socket = Socket::open(district.serves().await, "graphql-ws").await;
    socket.says(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(socket.hears().await.unwrap()["type"], "connection_ack");
    socket.says(json!({ "type": "start", "id": "1", "payload": { "query": "{ areas { totalCount } }" } })).await;
    assert_eq!(socket.hears().await.unwrap()["payload"]["data"]["areas"]["totalCount"], 4);
}

#[tokio::test]
async fn a_socket_carries_so_many_subscriptions() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, _) = district.publishes(&organisation, 1).await;
    let mut socket = Socket::as_(district.serves().await, None).await;
    for n in 0..=gongyi_api::settings::SOCKET_SUBSCRIPTIONS_MAX_COUNT {
        socket.subscribes(&n.to_string(), PLACES, json!({ "id": activity })).await;
    }
    let error = socket.item().await["errors"][0].clone();
    assert_eq!((&error["extensions"]["code"], &error["extensions"]["limit"]), (&json!("LIMIT_EXCEEDED"), &json!("subscriptions")));
}

#[tokio::test]
async fn a_polls_progress_is_told_without_its_votes_and_resumes() {
    let district = District::new().await;
    let keeper = district.with_role(Role::Organiser, Scope::Everywhere).await;
    let voter = district.registers("李梅").await;
    let terms = json!({ "area": STREET, "title": "选址", "options": ["东门", "西门"], "method": { "kind": "CHOICE" },
        "secret": true, "channels": "ONLINE", "rule": { "ruleId": "cn/village-election-tie" } });
    let poll = text(&keeper.does("preparePoll", "poll { id }", terms).await["poll"]["id"]);
    let address = district.serves().await;
    let mut socket = Socket::as_(address, None).await;
    let query =
        "subscription($id: ID!, $after: Position) { pollProgress(poll: $id, after: $after) { position phase turnout { entries voted } } }";
    socket.subscribes("1", query, json!({ "id": poll })).await;
    let now = socket.item().await["data"]["pollProgress"].clone();
    assert_eq!((&now["phase"], &now["turnout"]), (&json!("PREPARED"), &json!({ "entries": 0, "voted": 0 })));
    drop(socket);

    // While nobody listened; all of it comes as one item.
    let lines = json!([{ "holder": { "person": voter.person } }]);
    keeper.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines })).await;
    keeper.does("openPoll", "poll { id }", json!({ "poll": poll })).await;
    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", query, json!({ "id": poll, "after": now["position"] })).await;
    let opened = socket.item().await["data"]["pollProgress"].clone();
    assert_eq!((&opened["phase"], &opened["turnout"]), (&json!("OPENED"), &json!({ "entries": 1, "voted": 0 })));
    voter.client.does("castBallot", "receipt", json!({ "poll": poll, "marks": { "chosen": [1] } })).await;
    assert_eq!(socket.item().await["data"]["pollProgress"]["turnout"]["voted"], 1);
    keeper.does("voidPoll", "poll { id }", json!({ "poll": poll, "reason": "名单有误" })).await;
    assert_eq!(socket.item().await["data"]["pollProgress"]["phase"], "VOIDED");
    assert_eq!(socket.hears().await.unwrap()["type"], "complete");
    socket.subscribes("2", query, json!({ "id": "UG9sbDowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=" })).await;
    assert_eq!(socket.item().await["errors"][0]["extensions"]["code"], "REFUSED");
}

#[tokio::test]
async fn an_id_is_an_operations_until_it_is_over() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, _) = district.publishes(&organisation, 1).await;
    let address = district.serves().await;
    let mut socket = Socket::as_(address, None).await;
    for _ in 0..3 {
        socket.subscribes("1", "{ areas { totalCount } }", json!({})).await;
        assert_eq!(socket.item().await["data"]["areas"]["totalCount"], 4);
        assert_eq!(socket.hears().await.unwrap(), json!({ "type": "complete", "id": "1" }));
        socket.subscribes("1", "{ nonsense }", json!({})).await;
        assert_eq!(socket.hears().await.unwrap()["type"], "error");
        socket.subscribes("1", PLACES, json!({ "id": activity })).await;
        socket.says(json!({ "type": "complete", "id": "1" })).await;
        assert_eq!(socket.hears().await.unwrap(), json!({ "type": "complete", "id": "1" }));
    }
    socket.subscribes("1", PLACES, json!({ "id": activity })).await;
    socket.subscribes("2", PLACES, json!({ "id": activity })).await;
    socket.subscribes("1", "{ __typename }", json!({})).await;
    assert_eq!(socket.hears().await, Err((4409, "Subscriber for 1 already exists".to_owned())));
}

#[tokio::test]
async fn what_cannot_be_executed_is_an_error_and_nothing_follows_it() {
    let district = District::new().await;
    let mut socket = Socket::as_(district.serves().await, None).await;
    let deep = format!("{{ {} code {} }}", "areas { nodes { parent { ".repeat(8), "} } } ".repeat(8));
    let refused = [
        ("subscription { nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ", "GRAPHQL_PARSE_FAILED"),
        ("subscription { activityPlaces { event } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { signOut(input: { refreshToken: \"\" }) { nonsense } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        (&deep, "LIMIT_EXCEEDED"),
    ];
    for (query, code) in refused {
        socket.subscribes(query, query, json!({})).await;
        let message = socket.hears().await.unwrap();
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(query)));
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
        assert_eq!(message["payload"].as_array().unwrap().len(), 1, "{message}");
    }
    let places =
        |name: &str| format!("{name}: activityPlaces(activity: \"{}\") {{ event }}", STANDARD.encode(format!("Activity:{}", Uuid::nil())));
    for query in [
        format!("subscription {{ {} {} }}", places("x"), places("y")),
        format!("subscription {{ ...X {} }} fragment X on Subscription {{ {} }}", places("y"), places("x")),
    ] {
        socket.subscribes(&query, &query, json!({})).await;
        let message = socket.hears().await.unwrap();
        assert_eq!(
            (&message["type"], &message["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("GRAPHQL_VALIDATION_FAILED"))
        );
        assert!(text(&message["payload"][0]["message"]).contains("one field at its root"), "{message}");
    }
    socket.subscribes("after", "{ areas { totalCount } }", json!({})).await;
    assert_eq!(socket.hears().await.unwrap()["id"], "after");
}

#[tokio::test]
async fn what_does_not_exist_is_not_followed() {
    let district = District::new().await;
    let address = district.serves().await;
    let operator = district.operator().await;
    let mut socket = Socket::as_(address, operator.token.as_deref()).await;
    for (kind, field, argument) in [
        ("Activity", "activityPlaces", "activity"),
        ("Volunteer", "serviceRecordChanges", "volunteer"),
        ("Motion", "motionChanges", "motion"),
        ("Meeting", "meetingChanges", "meeting"),
        ("Poll", "pollProgress", "poll"),
    ] {
        let id = STANDARD.encode(format!("{kind}:00000000-0000-0000-0000-000000000000"));
        let query = format!("subscription($id: ID!) {{ {field}({argument}: $id) {{ position }} }}");
        socket.subscribes(field, &query, json!({ "id": id })).await;
        let error = socket.item().await["errors"][0].clone();
        // Of a motion nobody learns whether there is a draft.
        let code = if kind == "Motion" { "NotAllowed".to_owned() } else { format!("Unknown{kind}") };
        assert_eq!(error["extensions"]["refusal"]["code"], code, "{error}");
        assert_eq!(socket.hears().await.unwrap(), json!({ "type": "complete", "id": field }));
    }
}

#[tokio::test]
async fn a_stopping_server_says_that_it_comes_back() {
    let (stop, _) = tokio::sync::watch::channel(false);
    let district = District::with(ApiSettings { stopping: Stopping::told_by(&stop), ..ApiSettings::default() }).await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, _) = district.publishes(&organisation, 1).await;
    let address = district.serves().await;
    let mut sockets = vec![Socket::as_(address, None).await, Socket::open(address, "graphql-transport-ws").await];
    sockets[0].subscribes("1", PLACES, json!({ "id": activity })).await;
    sockets[0].subscribes("2", "{ areas { totalCount } }", json!({})).await;
    assert_eq!(sockets[0].item().await["data"]["areas"]["totalCount"], 4);
    assert_eq!(sockets[0].hears().await.unwrap()["type"], "complete");
    stop.send_replace(true);
    for socket in &mut sockets {
        assert_eq!(socket.hears().await, Err((1012, "the server stops".to_owned())));
    }
}

#[tokio::test]
async fn sockets_have_their_number() {
    let settings = ApiSettings { sockets_per_address: 3, anonymous_sockets: 1, ..ApiSettings::default() };
    let district = District::with(settings).await;
    let token = district.operator().await.token;
    let address = district.serves().await;
    let anonymous = Socket::as_(address, None).await;
    let mut another = Socket::open(address, "graphql-transport-ws").await;
    another.says(json!({ "type": "connection_init" })).await;
    assert_eq!(another.hears().await.unwrap_err().0, 1013, "a client library tries again later");
    drop(another);
    let known = [Socket::as_(address, token.as_deref()).await, Socket::as_(address, token.as_deref()).await];
    match connect_async(Socket::request(address, "graphql-transport-ws")).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status().as_u16(), 429),
        other => panic!("{other:?}"),
    }
    drop((anonymous, known));
    let again = async {
        loop {
            if let Ok((socket, _)) = connect_async(Socket::request(address, "graphql-transport-ws")).await {
                let mut socket = Socket(socket);
                socket.says(json!({ "type": "connection_init" })).await;
                if socket.hears().await.is_ok() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("places that were left are free");
}
