//! What a hostile or clumsy client meets. The silent failures made loud: a guess that is never slowed down, and a
//! query so large that it is answered with a 500, or not at all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use gongyi_tests::{Answer, Client, District, district::PASSWORD, people::somebody};
use serde_json::{Value, json};

/// Sends a document that must be refused with a limit's name, and never with a 5xx.
fn limit(client: &Client, document: &str, variables: &Value) -> String {
    let answer = client.answer(document, variables);
    assert!(answer.status < 500, "{answer:?}");
    let error = &answer.body["errors"][0];
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{}", answer.body);
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()) && error["extensions"]["max"].is_number(), "{error}");
    assert!(answer.body["data"].is_null(), "nothing was executed");
    error["extensions"]["limit"].as_str().unwrap().to_owned()
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn guessing_a_password_is_slowed_down_and_others_are_not() {
    let district = District::new();
    let (anna, other) = (district.registers(&somebody()), district.registers(&somebody()));
    let stranger = district.server.stranger();
    let codes: Vec<Value> =
        (0..40).map(|n| stranger.tries_to_sign_in(&anna.who.phone, &format!("wrong-{n}-password"))["refusal"]["code"].take()).collect();
    assert_eq!(codes[0], "WrongCredentials");
    assert_eq!(codes[39], "TooManyAttempts", "{codes:?}");
    assert!(codes.iter().all(|code| code == "WrongCredentials" || code == "TooManyAttempts"), "{codes:?}");
    let right = stranger.tries_to_sign_in(&anna.who.phone, PASSWORD);
    assert_eq!(right["refusal"]["code"], "TooManyAttempts", "not even the right one now: {right}");
    assert!(other.client.signs_in(&other.who.phone, PASSWORD).token().is_some(), "somebody else still signs in");
    assert_eq!(anna.client.asks("{ me { signedIn } }", &json!({}))["me"]["signedIn"], true, "who is signed in stays so");
}

#[test]
fn who_has_no_account_and_who_guesses_wrong_look_the_same() {
    let district = District::new();
    let anna = district.registers(&somebody());
    let stranger = district.server.stranger();
    let wrong = stranger.tries_to_sign_in(&anna.who.phone, "not-her-password");
    let unknown = stranger.tries_to_sign_in("19899999999", "not-her-password");
    assert_eq!(wrong["refusal"], unknown["refusal"]);
}

#[test]
fn a_query_beyond_a_limit_is_refused_by_the_limits_name() {
    let district = District::new();
    let client = &district.operator;
    let nothing = json!({});
    let deep = format!("{{ areas(first: 1) {{ nodes {{ {} code {} }} }} }}", "parent { ".repeat(20), "} ".repeat(20));
    assert_eq!(limit(client, &deep, &nothing), "depth");
    let wide = "{ volunteers(first: 100) { nodes { serviceRecords(first: 100) { nodes { id minutes day } } } } }";
    assert_eq!(limit(client, wide, &nothing), "complexity");
    assert_eq!(limit(client, &format!("{{ me {{ {} }} }}", repeated(31, |n| format!("a{n}: signedIn"))), &nothing), "aliases");
    assert_eq!(limit(client, &format!("{{ {} }}", repeated(21, |n| format!("a{n}: me {{ signedIn }}"))), &nothing), "rootFields");
    assert_eq!(limit(client, &format!("{{ me {{ {} }} }}", repeated(21, |_| "signedIn @skip(if: false)".into())), &nothing), "directives");
    let bomb = repeated(25, |n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} ...F{0} }}", n + 1));
    assert_eq!(limit(client, &format!("{{ ...F0 }} {bomb} fragment F25 on Query {{ me {{ signedIn }} }}"), &nothing), "size");
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A me { signedIn } }";
    assert!(client.answer(circle, &nothing).status < 500);
    let ids = json!({"ids": vec![district.team.clone(); 101]});
    let nodes = client.answer("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", &ids);
    assert_eq!(nodes.body["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{}", nodes.body);
    assert_eq!(client.asks("{ me { signedIn } }", &nothing)["me"]["signedIn"], true, "and then it answers on");
}

#[test]
fn a_page_is_at_most_a_hundred_rows_and_never_negative() {
    let district = District::new();
    for arguments in ["first: 101", "first: -1", "first: 0, last: 1", "last: 2147483647", "first: 5, after: \"nonsense\""] {
        let answer = district.operator.answer(&format!("{{ areas({arguments}) {{ nodes {{ code }} }} }}"), &json!({}));
        assert!(answer.status < 500, "{arguments}: {answer:?}");
        let code = answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{arguments}: {}", answer.body));
        assert!(["BAD_INPUT", "LIMIT_EXCEEDED"].contains(&code), "{arguments}: {code}");
    }
    let most = district.operator.asks("{ areas(first: 100) { totalCount nodes { code } } }", &json!({}));
    assert_eq!(most["areas"]["nodes"].as_array().unwrap().len(), 100);
}

#[test]
fn a_body_that_is_too_large_or_no_request_is_refused() {
    let district = District::new();
    let client = district.server.stranger();
    let large = json!({"query": "{ me { signedIn } }", "variables": {"much": "x".repeat(300_000)}}).to_string();
    // A server may close the connection on what it will not read; if it answers, it says why.
    if let Ok(Answer { status, body, .. }) = client.posts(&large, &[]) {
        assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (413, &json!("LIMIT_EXCEEDED")));
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let braces = format!("{{ {} }}", "me { ".repeat(50_000));
    let odd = ["", "null", "[]", "[{\"query\":\"{ me { signedIn } }\"}]", "{\"query\":1}", "{\"query\":\"{\"}", "\u{0}", &nested];
    for body in odd {
        let answer = client.posts(body, &[]).unwrap();
        assert!((400..500).contains(&answer.status) || answer.status == 200, "{body:.40}: {answer:?}");
        assert!(answer.body["errors"][0]["message"].is_string(), "{body:.40}: {answer:?}");
    }
    let answer = client.answer(&braces, &json!({}));
    assert!(answer.status < 500 && answer.body["errors"].is_array(), "{answer:?}");
    let (status, _) = client.gets("/nowhere");
    assert_eq!(status, 404);
    assert_eq!(client.gets("/healthz").0, 200, "and it is still there");
    assert!(!district.server.printed().contains("panicked"), "{}", district.server.printed());
}
