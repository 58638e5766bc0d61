//! GraphQL over HTTP, and what stands beside it. The `graphql-http` audit of npm says the same from outside.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use gongyi_api::ApiSettings;
use serde_json::{Value, json};

use crate::harness::{Answer, District, PASSWORD, STREET, id_number};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

async fn posts(district: &District, accept: &str, kind: &str, body: &str) -> Answer {
    let request = Request::post("/graphql").header(header::ACCEPT, accept).header(header::CONTENT_TYPE, kind);
    district.stranger().sends(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn gets(district: &District, accept: &str, url: &str) -> Answer {
    district.stranger().sends(Request::get(url).header(header::ACCEPT, accept).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn status_and_media_type_follow_what_is_accepted() {
    let district = District::new().await;
    for (accept, body, status, has_data) in [
        (GRAPHQL, r#"{"query":"{__typename}"}"#, 200, true),
        (JSON, r#"{"query":"{__typename}"}"#, 200, true),
        (GRAPHQL, r#"{"query":"{"}"#, 400, false),
        (JSON, r#"{"query":"{"}"#, 200, false),
        (GRAPHQL, r#"{"query":"{nothing}"}"#, 400, false),
        (JSON, r#"{"query":"{nothing}"}"#, 200, false),
        (GRAPHQL, r#"{"query":"{__typename}","operationName":"Other"}"#, 400, false),
        (JSON, r#"{"query":1}"#, 400, false),
        (JSON, r#"{"query":"{__typename}","variables":[]}"#, 400, false),
        (JSON, r#"{"query":"{__typename}","extensions":1}"#, 400, false),
        (JSON, r#"[{"query":"{__typename}"}]"#, 400, false),
        (JSON, "{", 400, false),
        (GRAPHQL, "", 400, false),
    ] {
        let answer = posts(&district, accept, JSON, body).await;
        assert_eq!((answer.status.as_u16(), answer.body.get("data").is_some()), (status, has_data), "{accept} {body}: {}", answer.body);
        assert_eq!(answer.headers[header::CONTENT_TYPE], format!("{accept}; charset=utf-8"), "{body}");
        if !has_data {
            assert!(!answer.code().is_empty());
        }
    }
    assert_eq!(posts(&district, JSON, "text/plain", "{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(posts(&district, "image/png", JSON, "{}").await.status, StatusCode::NOT_ACCEPTABLE);
    let coded = |coding: &str| {
        let request = Request::post("/graphql").header(header::ACCEPT, JSON).header(header::CONTENT_TYPE, JSON);
        request.header(header::CONTENT_ENCODING, coding).body(Body::from(r#"{"query":"{__typename}"}"#)).unwrap()
    };
    assert_eq!(district.stranger().sends(coded("gzip")).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(district.stranger().sends(coded("identity")).await.status, StatusCode::OK);
    let executed = posts(&district, GRAPHQL, JSON, r#"{"query":"{ volunteers { totalCount } }"}"#).await;
    assert_eq!(
        (executed.status.as_u16(), &executed.body["data"]),
        (200, &Value::Null),
        "a field's error is the answer of an executed request"
    );
}

#[tokio::test]
async fn urls_carry_queries_only() {
    let district = District::new().await;
    assert_eq!(gets(&district, GRAPHQL, "/graphql?query=%7B__typename%7D").await.body, json!({ "data": { "__typename": "Query" } }));
    let named = "/graphql?query=query+A($n:Int)%7Bareas(first:$n)%7BtotalCount%7D%7Dquery+B%7B__typename%7D&operationName=A&variables=%7B%22n%22:1%7D";
    assert_eq!(gets(&district, JSON, named).await.body, json!({ "data": { "areas": { "totalCount": 4 } } }));
    let mutation = gets(&district, JSON, "/graphql?query=mutation%7BsignOut(input:%7BrefreshToken:%22%22%7D)%7BsignedOut%7D%7D").await;
    assert_eq!((mutation.status.as_u16(), &mutation.headers[header::ALLOW]), (405, &"POST".parse().unwrap()));
    assert_eq!(gets(&district, JSON, "/graphql").await.status, StatusCode::BAD_REQUEST);
    let page = gets(&district, "text/html,*/*;q=0.8", "/graphql").await;
    let page = page.body.as_str().unwrap();
    assert!(page.contains("GraphQL") && !page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
    let put = Request::put("/graphql").body(Body::empty()).unwrap();
    assert_eq!(district.stranger().sends(put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn answers_are_dressed_and_named() {
    let district = District::new().await;
    let id = "0193a5f0-0000-7000-8000-000000000001";
    let request =
        Request::get("/graphql?query=%7B__typename%7D").header("x-request-id", id).header(header::ORIGIN, "https://elsewhere.example");
    let answer = district.stranger().sends(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], id);
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "no other origin by default");
    assert!(!answer.position().is_empty());
    let settings = ApiSettings { allowed_origins: vec!["https://elsewhere.example".parse().unwrap()], ..ApiSettings::default() };
    let open = District::with(settings).await;
    let request = Request::get("/graphql?query=%7B__typename%7D").header(header::ORIGIN, "https://elsewhere.example");
    let answer = open.stranger().sends(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://elsewhere.example");
}

#[tokio::test]
async fn probes_tell_how_the_node_is() {
    let district =
        District::with(ApiSettings { ready_lag_events: 0, metrics_token: Some("secret".to_owned()), ..ApiSettings::default() }).await;
    assert_eq!(gets(&district, "*/*", "/healthz").await.body, json!({ "alive": true }));
    let jwks = gets(&district, "*/*", "/.well-known/jwks.json").await;
    assert_eq!(jwks.body["keys"][0]["alg"], "EdDSA");
    assert!(jwks.body["keys"][0].get("d").is_none(), "the private part stays");
    district.operator().await.does("foundOrganisation", "position", json!({ "kind": "GROUP", "name": "甲", "area": STREET })).await;
    assert_eq!(gets(&district, "*/*", "/readyz").await.body, json!({ "ready": true, "reasons": [] }));

    assert_eq!(gets(&district, "*/*", "/metrics").await.status, StatusCode::UNAUTHORIZED);
    let request = Request::get("/metrics").header(header::AUTHORIZATION, "Bearer secret").body(Body::empty()).unwrap();
    let figures = district.stranger().sends(request).await.body.as_str().unwrap().to_owned();
    for figure in [
        "gongyi_commands_total{command=\"foundOrganisation\",result=\"done\"} 1",
        "gongyi_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "gongyi_view_lag_events{view=\"organisations\"} 0",
        "gongyi_things{group=\"group\",what=\"organisations\"} 1",
        "gongyi_things{group=\"\",what=\"councils\"} 0",
        "gongyi_things{group=\"\",what=\"funds\"} 0",
        "gongyi_process_parked{process=\"attendance-to-ledger\"} 0",
    ] {
        assert!(figures.contains(figure), "{figure} is not in\n{figures}");
    }

    district.pauses_views().await;
    let district_ref = &district;
    let operator = district.operator().await;
    let writes = async { operator.does("foundOrganisation", "position", json!({ "kind": "GROUP", "name": "乙", "area": STREET })).await };
    let probes = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let ready = gets(district_ref, "*/*", "/readyz").await;
        district_ref.resumes_views();
        ready
    };
    let (_, lagging) = tokio::join!(writes, probes);
    assert_eq!(lagging.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(lagging.body["reasons"][0].as_str().unwrap().contains("lags"), "{}", lagging.body);
}

#[tokio::test]
async fn strangers_register_so_often_from_one_address() {
    let district = District::with(ApiSettings { registrations_per_hour: 1, behind_proxy: true, ..ApiSettings::default() }).await;
    let registers = async |from: &str, number: u32| {
        let input = json!({ "name": "李梅", "idNumber": id_number("1980-01-02", number), "phone": format!("1990121{number:04}"), "homeArea": STREET, "password": PASSWORD });
        let query = "mutation($input: RegisterVolunteerInput!) { registerVolunteer(input: $input) { refusal { code } } }";
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let request = Request::post("/graphql").header(header::CONTENT_TYPE, JSON).header("x-forwarded-for", from);
        let answer = district.stranger().sends(request.body(Body::from(body)).unwrap()).await;
        answer.body["data"]["registerVolunteer"]["refusal"].clone()
    };
    assert_eq!(registers("192.0.2.1", 1).await, Value::Null);
    assert_eq!(registers("192.0.2.1", 2).await, json!({ "code": "TooManyAttempts" }));
    assert_eq!(registers("192.0.2.2", 3).await, Value::Null);
}
