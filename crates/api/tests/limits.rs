//! A query that is too large says by which limit.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Request, header},
};
use gongyi_api::{ApiSettings, settings::ANSWER_MAX_BYTES};
use serde_json::{Value, json};

use crate::harness::{District, STREET};

#[tokio::test]
async fn a_refused_query_says_which_limit() {
    let district = District::new().await;
    let deep = format!("{{ me {{ account {{ grants {{ {} name {} }} }} }} }}", "organisation { parent {".repeat(7), "} }".repeat(7));
    let aliases: String = (0..31).map(|n| format!("a{n}: signedIn ")).collect();
    let roots = "me { signedIn } ".repeat(21);
    let directives = "signedIn @include(if: true) ".repeat(21);
    let wide = "query { organisations(first: 100) { nodes { members(first: 100) { nodes { volunteer { name number } } } } } }";
    for (query, limit) in [
        (deep, "depth"),
        (format!("{{ me {{ {aliases} }} }}"), "aliases"),
        (format!("{{ {roots} }}"), "rootFields"),
        (format!("{{ me {{ {directives} }} }}"), "directives"),
        (wide.to_owned(), "complexity"),
        (format!("{{ me {{ {} }} }}", "signedIn ".repeat(2_001)), "size"),
    ] {
        let answer = district.stranger().asks(&query, json!({})).await;
        assert_eq!(answer.code(), "LIMIT_EXCEEDED", "{limit}");
        assert_eq!(answer.body["errors"][0]["extensions"]["limit"], limit);
        assert_eq!(answer.status.as_u16(), 400);
    }
}

#[tokio::test]
async fn a_body_has_a_size() {
    let district = District::new().await;
    let body = json!({ "query": "{ __typename }", "extensions": { "x": "x".repeat(300_000) } }).to_string();
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
    let answer = district.stranger().sends(request).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "LIMIT_EXCEEDED"));
    assert_eq!(answer.body["errors"][0]["extensions"]["limit"], "bodyBytes");
}

/// What graphql-js' `getIntrospectionQuery` sends with every option on, and a `typeDepth` of 9.
fn introspection() -> String {
    let of_type = format!("kind name {} {}", "ofType { kind name ".repeat(9), "} ".repeat(9));
    format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
           types {{ ...FullType }} directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description specifiedByURL isOneOf
           fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }}
           inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason }}
         fragment TypeRef on __Type {{ {of_type} }}"
    )
}

/// Types, their fields, and the fields of those.
const DEEPEST: &str =
    "{ __schema { types { fields { args { type { name } } type { name ofType { name } fields { name description type { name } } } } } } }";

#[tokio::test]
async fn the_introspection_of_common_tools_passes() {
    let district = District::new().await;
    let answer = district.stranger().asks(&introspection(), json!({})).await;
    let types = answer.data()["__schema"]["types"].as_array().unwrap();
    assert!(types.len() > 50);
    let bytes = answer.body.to_string().len();
    assert!(bytes < ANSWER_MAX_BYTES / 2, "the schema has grown to {bytes} bytes; what tools must fetch still has to fit");
}

#[tokio::test]
async fn introspection_has_a_depth_of_its_own_and_is_asked_for_once() {
    let district = District::new().await;
    let lists =
        |depth: usize| format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(depth), "} } ".repeat(depth));
    for (query, limit) in [
        (lists(3), "introspectionDepth"),
        ("{ __type(name: \"Query\") { ...A } } fragment A on __Type { possibleTypes { ...B } } fragment B on __Type { interfaces { inputFields { name } } }".into(), "introspectionDepth"),
        ("{ a: __schema { types { name } } b: __schema { types { name } } }".into(), "introspections"),
        ("{ a: __type(name: \"Query\") { name } ...F } fragment F on Query { b: __type(name: \"Me\") { name } }".into(), "introspections"),
    ] {
        let answer = district.stranger().asks(&query, json!({})).await;
        assert_eq!((answer.code(), &answer.body["errors"][0]["extensions"]["limit"]), ("LIMIT_EXCEEDED", &json!(limit)), "{query}");
    }
    let merged =
        "{ __schema { queryType { name } } ...F __type(name: \"Area\") { name } } fragment F on Query { __schema { types { name } } }";
    let answer = district.stranger().asks(merged, json!({})).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query", "in two fragments it is one field");
}

#[tokio::test]
async fn an_answer_has_a_size_and_the_work_ends_there() {
    let district = District::with(ApiSettings { answer_bytes: 20_000, ..ApiSettings::default() }).await;
    let stranger = district.stranger();
    for (query, at) in [
        (introspection(), "__schema"),
        (DEEPEST.to_owned(), "__schema"),
        ("{ a: areas { totalCount } ...F } fragment F on Query { __schema { types { name description } } }".to_owned(), "__schema"),
    ] {
        let answer = stranger.asks(&query, json!({})).await;
        let error = &answer.body["errors"][0];
        let told = (&error["extensions"]["code"], &error["extensions"]["limit"], &error["extensions"]["max"], &error["path"][0]);
        assert_eq!(told, (&json!("LIMIT_EXCEEDED"), &json!("answerBytes"), &json!(20_000), &json!(at)), "{query}");
        assert_eq!((answer.status.as_u16(), &answer.body["data"]), (200, &Value::Null), "it was executed up to there");
        assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1);
    }
    // Of what is escaped twice as much is written; that counts too.
    let most = "{ __schema { types { name } } }";
    let bytes = District::new().await.stranger().asks(most, json!({})).await.body.to_string().len();
    let settings = |answer_bytes| ApiSettings { answer_bytes, ..ApiSettings::default() };
    assert!(District::with(settings(bytes * 11 / 10)).await.stranger().asks(most, json!({})).await.body["errors"].is_null());
    let cut = District::with(settings(bytes * 9 / 10)).await.stranger().asks(most, json!({})).await;
    assert_eq!(cut.body["errors"][0]["extensions"]["limit"], "answerBytes");
    assert_eq!(stranger.asks("{ areas { totalCount } }", json!({})).await.data()["areas"]["totalCount"], 4, "the next one begins anew");
}

#[tokio::test]
async fn a_mutation_whose_answer_is_too_large_is_done_all_the_same() {
    let district = District::with(ApiSettings { answer_bytes: 100, ..ApiSettings::default() }).await;
    let before = district.app.log().head().await.unwrap().position;
    let query = "mutation($i: FoundOrganisationInput!) { foundOrganisation(input: $i) { organisation { id name area { name code } } } }";
    let input = json!({ "kind": "GROUP", "name": "义".repeat(50), "area": STREET });
    let answer = district.operator().await.asks(query, json!({ "i": input })).await;
    assert_eq!(answer.body["errors"][0]["extensions"]["limit"], "answerBytes", "{}", answer.body);
    assert_eq!(answer.body["data"], Value::Null, "{}", answer.body);
    assert!(district.app.log().head().await.unwrap().position > before);
}

#[tokio::test]
async fn work_that_never_waits_ends_when_its_time_is_over() {
    let whole = District::new().await;
    let began = Instant::now();
    assert_eq!(whole.stranger().asks(DEEPEST, json!({})).await.status.as_u16(), 200);
    let uninterrupted = began.elapsed();
    let district = District::with(ApiSettings { request_time: Duration::from_millis(1), ..ApiSettings::default() }).await;
    let began = Instant::now();
    let answer = district.stranger().asks(DEEPEST, json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "TIMEOUT"));
    assert!(began.elapsed() < uninterrupted / 2, "{:?} of {uninterrupted:?}", began.elapsed());
}
