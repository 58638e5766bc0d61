//! What a server prints about who uses it, at the level that prints most. The silent failure made loud: a token, a phone number or an
//! ID number in a log, which is kept, copied and read by others than the district's staff.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use gongyi_tests::{
    TestFolder, TestServer,
    district::{PASSWORD, registration},
    people::somebody,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};

/// Everything, of the libraries that see requests too.
const LOUDEST: &str = "trace,h2=trace,hyper=trace,hyper_util=trace,tungstenite=trace,sqlx=trace,tower_http=trace,axum=trace";

fn secret(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    assert!(text.len() > 5, "{text} is found anywhere");
    text.to_owned()
}

#[test]
fn no_level_prints_tokens_phones_or_numbers() {
    let folder = TestFolder::with_teams();
    let server = TestServer::serves_with(&folder, &["--log", LOUDEST]);
    let (operator, stranger) = (server.operator(&folder), server.stranger());
    let mut secrets = vec![operator.token().unwrap().to_owned(), PASSWORD.to_owned()];

    // Registered, refused for what is taken and for what is wrong, signed in, refused, refreshed, reused.
    let (anna, other, taken_in) = (somebody(), somebody(), somebody());
    let mut input = registration(&anna);
    input["password"] = json!(PASSWORD);
    let person = stranger.does("registerVolunteer", &input, "volunteer { id person }");
    assert!(person["volunteer"]["id"].is_string());
    assert_eq!(stranger.is_refused("registerVolunteer", &input), "NumberOrPhoneTaken");
    let mut wrong = registration(&other);
    wrong["password"] = json!(other.phone);
    assert_eq!(stranger.is_refused("registerVolunteer", &wrong), "OwnDataInPassword");
    let ask = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken device } refusal { code } } }";
    let sign_in = |password: &str, device: &Value| {
        stranger.asks(ask, &json!({ "input": { "phone": anna.phone, "password": password, "device": device } }))["signIn"].clone()
    };
    let guess = "a-wrong-guess-of-hers";
    assert_eq!(sign_in(guess, &json!(null))["refusal"]["code"], "WrongCredentials");
    let session = sign_in(PASSWORD, &json!(null))["session"].clone();
    let again = sign_in(PASSWORD, &session["device"])["session"].clone();
    secrets.push(guess.to_owned());
    for it in [&session, &again] {
        secrets.extend(["accessToken", "refreshToken", "device"].map(|name| secret(&it[name])));
    }
    let refresh = "mutation($input: RefreshInput!) { refresh(input: $input) { session { accessToken refreshToken } refusal { code } } }";
    let token = json!({ "input": { "refreshToken": session["refreshToken"] } });
    let next = stranger.asks(refresh, &token)["refresh"]["session"].clone();
    secrets.extend(["accessToken", "refreshToken"].map(|name| secret(&next[name])));
    assert_eq!(stranger.asks(refresh, &token)["refresh"]["refusal"]["code"], "SessionExpired");

    // A code, used; a calendar, fetched; a socket, opened with a token; tokens that are none; a query in a URL.
    let staffed = operator.does("registerVolunteer", &registration(&taken_in), "volunteer { person }");
    let opened = operator.does("openAccount", &json!({ "person": staffed["volunteer"]["person"] }), "code");
    let code = secret(&opened["code"]);
    let set = json!({ "input": { "phone": taken_in.phone, "code": code, "password": PASSWORD } });
    let document = "mutation($input: SetPasswordByCodeInput!) { setPasswordByCode(input: $input) { changed } }";
    assert_eq!(stranger.asks(document, &set)["setPasswordByCode"]["changed"], true);
    secrets.extend([code.replace('-', ""), code]);
    let owner = server.bearer(&secret(&again["accessToken"]));
    let address =
        owner.asks("mutation { makeCalendarAddress { path refusal { code } } }", &json!({}))["makeCalendarAddress"]["path"].clone();
    let path = secret(&address);
    assert_eq!(stranger.gets(&path).0, 200);
    secrets.push(path.rsplit('/').next().unwrap().trim_end_matches(".ics").to_owned());
    let mut request = format!("{}/graphql/ws", server.base().replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tungstenite::connect(request).unwrap();
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", secret(&again["accessToken"])) } });
    socket.send(Message::text(init.to_string())).unwrap();
    let told = std::iter::repeat_with(|| socket.read().unwrap()).find(|told| told.is_text() || told.is_close()).unwrap();
    assert!(told.to_string().contains("connection_ack"), "{told}");
    drop(socket);
    let forged = format!("{}x", secret(&next["accessToken"]));
    assert_eq!(server.bearer(&forged).answer("{ me { signedIn } }", &json!({})).status, 401);
    let volunteers =
        format!("{{ accounts(filter: {{ phone: \"{}\", area: \"440402\" }}) {{ totalCount nodes {{ phone }} }} }}", anna.phone);
    assert_eq!(operator.asks(&volunteers, &json!({}))["accounts"]["totalCount"], 1);
    stranger.gets(&format!("/graphql?query=%7B%20me%20%7B%20signedIn%20%7D%20%7D&variables=%7B%22phone%22%3A%22{}%22%7D", anna.phone));
    for who in [&anna, &other, &taken_in] {
        secrets.extend([who.phone.clone(), who.id_number.clone(), who.name.clone()]);
    }

    let ran = server.stops().exited(0);
    let printed = format!("{}{}", ran.stdout, ran.stderr);
    assert!(printed.contains("TRACE") || printed.contains("DEBUG"), "it prints at every level: {printed}");
    let found: Vec<_> = printed.lines().filter(|line| secrets.iter().any(|secret| line.contains(secret.as_str()))).collect();
    assert!(found.is_empty(), "{} lines tell of somebody, the first:\n{}", found.len(), found[0]);
}

#[test]
fn a_proxy_that_is_not_trusted_is_told_of_once() {
    let folder = TestFolder::with_teams();
    let server = TestServer::serves_with(&folder, &["--log", "warn"]);
    let body = json!({ "query": "{ me { signedIn } }" }).to_string();
    for _ in 0..3 {
        let answer = server.stranger().posts(&body, &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")]).unwrap();
        assert_eq!(answer.status, 200);
    }
    let ran = server.stops().exited(0);
    assert_eq!(ran.stderr.matches("--behind-proxy").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("WARN"), "{}", ran.stderr);
}
