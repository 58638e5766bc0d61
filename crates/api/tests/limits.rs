//! A query that is too large says by which limit.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::json;

use crate::harness::District;

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

#[tokio::test]
async fn the_introspection_of_common_tools_passes() {
    let district = District::new().await;
    let of_type = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} types {{ ...FullType }} directives {{ name args {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description fields(includeDeprecated: true) {{ name args {{ ...InputValue }} type {{ ...TypeRef }} }}
           inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues(includeDeprecated: true) {{ name }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ {of_type} }}"
    );
    assert!(district.stranger().asks(&query, json!({})).await.data()["__schema"]["types"].as_array().unwrap().len() > 50);
}
