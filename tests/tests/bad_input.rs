//! What no well-meaning client sends. The silent failures made loud: an answer without a code, a 500, and a token of
//! somebody else that is believed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_tests::{Client, District, TestFolder, district::now, people::somebody};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

const ME: &str = "{ me { signedIn } }";

/// The code of an answer that must be an error or a refusal, and no 5xx.
fn code(client: &Client, document: &str, variables: &Value) -> String {
    let answer = client.answer(document, variables);
    assert!(answer.status < 500, "{document} {variables}: {answer:?}");
    let error = &answer.body["errors"][0]["extensions"]["code"];
    let refusal = answer.body["data"].as_object().and_then(|data| data.values().next()).map(|it| &it["refusal"]["code"]);
    let code = error.as_str().or_else(|| refusal.and_then(Value::as_str));
    let code = code.unwrap_or_else(|| panic!("{document} {variables}: no code in {}", answer.body));
    assert_ne!(code, "INTERNAL", "{document} {variables}: {}", answer.body);
    code.to_owned()
}

#[test]
fn what_does_not_fit_is_told_by_a_code() {
    let district = District::new();
    let client = &district.operator;
    let anna = district.registers(&somebody());
    let nothing = json!({});
    assert_eq!(code(client, "{ me { signedIn nonsense } }", &nothing), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(code(client, "{ nonsense }", &nothing), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(code(client, "{ me { ", &nothing), "GRAPHQL_PARSE_FAILED");
    let volunteer = "query($id: ID!) { volunteer(id: $id) { name } }";
    for id in [json!("nonsense"), json!(""), json!(7), json!("x".repeat(5_000))] {
        let answer = client.answer(volunteer, &json!({ "id": id }));
        let is_none = answer.body["errors"].is_null() && answer.body["data"]["volunteer"].is_null();
        assert!(answer.status < 500 && (is_none || answer.body["errors"][0]["extensions"]["code"] == "BAD_INPUT"), "{id}: {answer:?}");
    }
    // A team's id where a volunteer's belongs.
    let log_service = "mutation($input: LogServiceInput!) { logService(input: $input) { refusal { code } } }";
    let hours = json!({"volunteer": district.team, "organisation": district.team, "category": "ENVIRONMENT", "content": "清洁",
                       "started": "2026-01-01T01:00:00Z", "ended": "2026-01-01T02:00:00Z"});
    code(client, log_service, &json!({ "input": hours }));
    for (field, value) in [("started", "2026-02-30T01:00:00Z"), ("started", "yesterday"), ("category", "NONSENSE"), ("commandId", "7")] {
        let mut input = hours.clone();
        input["volunteer"] = json!(anna.id);
        input[field] = json!(value);
        code(client, log_service, &json!({ "input": input }));
    }
    for days in ["from: \"2026-02-30\"", "from: \"2026-13-01\"", "from: \"\"", "to: \"31.12.2025\""] {
        code(client, &format!("{{ participation(area: \"440402\", {days}) {{ total {{ records }} }} }}"), &nothing);
    }
    let large = json!({"query": ME, "variables": {"much": "x".repeat(10_000_000)}}).to_string();
    // A server may close the connection on what it will not read; if it answers, it says why.
    if let Ok(answer) = client.posts(&large, &[]) {
        assert_eq!((answer.status, &answer.body["errors"][0]["extensions"]["code"]), (413, &json!("LIMIT_EXCEEDED")));
    }
    assert_eq!(client.asks(ME, &nothing)["me"]["signedIn"], true, "and it is still there");
    assert!(!district.server.printed().contains("panicked"), "{}", district.server.printed());
}

#[test]
fn a_token_that_is_not_of_this_server_is_not_believed() {
    let (here, elsewhere) = (District::new(), District::new());
    let ours = here.operator.token().unwrap();
    let parts: Vec<&str> = ours.split('.').collect();
    let changed = |part: &str, name: &str, value: &str| {
        let mut opened: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        opened[name] = json!(value);
        URL_SAFE_NO_PAD.encode(opened.to_string())
    };
    let forged = [
        elsewhere.operator.token().unwrap().to_owned(),
        format!("{}.{}.", changed(parts[0], "alg", "none"), parts[1]),
        format!("{}.{}.{}", changed(parts[0], "alg", "HS256"), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], changed(parts[1], "aud", "elsewhere"), parts[2]),
        format!("{}.{}.{}", changed(parts[0], "kid", "../../kek"), parts[1], parts[2]),
        "x".repeat(4_000),
    ];
    for token in forged {
        let answer = here.server.bearer(&token).answer(ME, &json!({}));
        let code = &answer.body["errors"][0]["extensions"]["code"];
        assert_eq!((answer.status, code), (401, &json!("UNAUTHENTICATED")), "{token}: {answer:?}");
    }
    assert_eq!(here.operator.asks(ME, &json!({}))["me"]["signedIn"], true);
}

/// Signs claims with the platform's own key, as only the platform could.
fn signed(folder: &TestFolder, claims: &Value) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = runtime.block_on(async {
        let (kek, _) = KeyEncryptionKey::load_or_create(&folder.data(), None).unwrap();
        let vault = Vault::open(folder.data().join(VAULT_FILE), kek).await.unwrap();
        let key = vault.current_signing_key().await.unwrap();
        vault.close().await;
        key
    });
    let header = Header { kid: Some(key.kid), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(&key.pkcs8_der.unwrap())).unwrap()
}

#[test]
fn a_token_of_our_own_key_for_somebody_else_is_not_believed() {
    let district = District::new();
    let claims = json!({
        "iss": "gongyi", "aud": "gongyi", "sub": "operator", "jti": Uuid::now_v7(), "iat": now().timestamp(), "exp": now().timestamp() + 60,
        "operator": {"role": "operator", "scope": "everywhere"},
    });
    let asks = |claims: &Value| district.server.bearer(&signed(&district.folder, claims)).answer(ME, &json!({}));
    assert_eq!(asks(&claims).body["data"]["me"]["signedIn"], true, "the claims as they are hold");
    let changed = [
        ("aud", json!("elsewhere")),
        ("aud", json!(["elsewhere", "nowhere"])),
        ("iss", json!("elsewhere")),
        ("exp", json!(now().timestamp() - 3_600)),
        ("sub", Value::Null),
        ("aud", Value::Null),
        ("iss", Value::Null),
        ("exp", Value::Null),
    ];
    for (name, value) in changed {
        let mut other = claims.clone();
        match &value {
            Value::Null => _ = other.as_object_mut().unwrap().remove(name),
            value => other[name] = value.clone(),
        }
        let answer = asks(&other);
        let code = &answer.body["errors"][0]["extensions"]["code"];
        assert_eq!((answer.status, code), (401, &json!("UNAUTHENTICATED")), "{name} {value}: {answer:?}");
        assert!(answer.body["data"].is_null(), "nothing was executed");
    }
}
