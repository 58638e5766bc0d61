//! Fields of one response name are one field. Makes loud: money that is booked twice because a client library wrote its
//! mutation in fragments, an error and a success for one and the same act, two pages put together as one.

use serde_json::{Value, json};

use crate::{
    harness::{DISTRICT, District, STREET},
    projects::officer,
    subscriptions::Socket,
};

/// How many events the log has after `work`, less those before it.
async fn written<T>(district: &District, work: impl Future<Output = T>) -> (T, u64) {
    let before = district.app.log().head().await.unwrap().position;
    let done = work.await;
    (done, district.app.log().head().await.unwrap().position - before)
}

#[tokio::test]
async fn a_mutation_that_is_spread_over_fragments_is_done_once() {
    let district = District::new().await;
    let officer = officer(&district).await;
    let fund = officer.does("establishFund", "fund { id }", json!({ "name": "专项资金", "area": DISTRICT })).await;
    let input = json!({ "fund": fund["fund"]["id"], "line": { "year": 2026, "area": STREET }, "amount": 1_000, "basis": "1 号" });
    let forms = [
        "mutation($i: AppropriateBudgetInput!) { appropriateBudget(input: $i) { position } ...P }
         fragment P on Mutation { appropriateBudget(input: $i) { refusal { code } fund { id } } }",
        "mutation($i: AppropriateBudgetInput!) { appropriateBudget(input: $i) { position } appropriateBudget(input: $i) { refusal { code } fund { id } } }",
        "mutation($i: AppropriateBudgetInput!) { ... { appropriateBudget(input: $i) { position } } ... on Mutation { appropriateBudget(input: $i) { refusal { code } fund { id } } } }",
        "mutation A($i: AppropriateBudgetInput!) { ...P ...P ...Q } fragment P on Mutation { ...Q appropriateBudget(input: $i) { position } }
         fragment Q on Mutation { appropriateBudget(input: $i) { refusal { code } ... on FundPayload { fund { id } fund { id } } } }",
        "mutation($i: AppropriateBudgetInput!, $not: Boolean! = true) { appropriateBudget(input: $i) @skip(if: $not) { position }
         appropriateBudget(input: $i) { position refusal { code } fund { id } } }",
    ];
    for form in forms {
        let (answer, events) = written(&district, officer.asks(form, json!({ "i": input }))).await;
        let payload = &answer.data()["appropriateBudget"];
        assert_eq!((&payload["refusal"], &payload["fund"]["id"]), (&Value::Null, &fund["fund"]["id"]), "{form}");
        assert!(payload["position"].is_string(), "{form}");
        assert_eq!(events, 1, "{form}");
    }
    let two = "mutation($i: AppropriateBudgetInput!) { a: appropriateBudget(input: $i) { position } b: appropriateBudget(input: $i) { position } }";
    let (answer, events) = written(&district, officer.asks(two, json!({ "i": input }))).await;
    assert_ne!(answer.data()["a"]["position"], answer.data()["b"]["position"], "two names are two fields");
    assert_eq!(events, 2);
    let none =
        "mutation($i: AppropriateBudgetInput!, $not: Boolean! = true) { appropriateBudget(input: $i) @skip(if: $not) { position } ...P }
                fragment P on Mutation { appropriateBudget(input: $i) @include(if: false) { position } }";
    let (answer, events) = written(&district, officer.asks(none, json!({ "i": input }))).await;
    assert_eq!((answer.data(), events), (&json!({}), 0), "a variable's default counts for conditions too");
}

#[tokio::test]
async fn one_sign_up_has_one_answer() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (_, shift) = district.publishes(&organisation, 5).await;
    let volunteer = district.registers("李梅").await;
    let query =
        "mutation($i: SignUpInput!) { signUp(input: $i) { phase } ...P } fragment P on Mutation { signUp(input: $i) { refusal { code } } }";
    let answer = volunteer.client.asks(query, json!({ "i": { "shift": shift } })).await;
    assert_eq!(answer.data(), &json!({ "signUp": { "phase": "TAKEN", "refusal": null } }));
}

#[tokio::test]
async fn what_differs_under_one_name_is_refused_and_nothing_is_done() {
    let district = District::new().await;
    let operator = district.operator().await;
    let differing = [
        "mutation { foundOrganisation(input: {kind: GROUP, name: \"A\", area: \"440402001\"}) { position } ...P }
         fragment P on Mutation { foundOrganisation(input: {kind: GROUP, name: \"B\", area: \"440402001\"}) { position } }",
        "{ areas(first: 1) { totalCount } ... on Query { areas(first: 2) { totalCount } } }",
        "{ areas { nodes { a: code } } ...F } fragment F on Query { areas { nodes { a: name } } }",
        "{ areas(first: 1) @skip(if: true) { totalCount } areas(first: 2) @skip(if: true) { totalCount } }",
        "{ me { signedIn } me: areas { totalCount } }",
    ];
    for query in differing {
        let (answer, events) = written(&district, operator.asks(query, json!({}))).await;
        assert_eq!((answer.code(), answer.status.as_u16(), events), ("GRAPHQL_VALIDATION_FAILED", 400, 0), "{query}");
        assert!(answer.body["errors"][0]["locations"].as_array().unwrap().len() > 1, "{}", answer.body);
        let name = if query.contains("foundOrganisation") {
            "foundOrganisation"
        } else if query.contains("a: code") {
            "a"
        } else {
            ""
        };
        assert!(answer.body["errors"][0]["message"].as_str().unwrap().starts_with(&format!("Fields \"{name}")), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_was_not_valid_as_it_was_sent_is_refused_though_merging_would_mend_it() {
    let district = District::new().await;
    let invalid = [
        "{ me { signedIn } me { nonsense } }",
        "{ me { signedIn } me @skip(if: true) { nonsense } }",
        "{ me { signedIn } } fragment Unused on Query { me { signedIn } }",
        "{ ...Missing me { signedIn } me { signedIn } }",
        "{ me { signedIn } me @nonsense { signedIn } }",
        "{ me { signedIn } ...F @skip } fragment F on Query { me { signedIn } }",
        "query($unused: Int) { me { signedIn } me { signedIn } }",
        "{ me { signedIn @skip(if: $undeclared) signedIn } }",
        "{ ...F } fragment F on Nonsense { me { signedIn } }",
        "{ ...F } fragment F on Volunteer { name }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "query($text: String!) { me { signedIn } me @skip(if: $text) { signedIn } }",
        "{ me { ...F } } fragment F on Session { me }",
    ];
    for query in invalid {
        let answer = district.stranger().asks(query, json!({ "text": "yes" })).await;
        assert_eq!(answer.status.as_u16(), 400, "{query}: {}", answer.body);
        let code = answer.code();
        assert!(["GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED"].contains(&code), "{query}: {code}");
    }
}

#[tokio::test]
async fn what_is_read_comes_together_from_all_its_fragments() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let query = "query($id: ID!, $yes: Boolean!, $spare: Boolean = false) {
          areas(first: 2) { nodes { code } ...Page } ...Areas
          node(id: $id) { id __typename ...Team ... on Organisation { id name parent { name } } }
          team: node(id: $id) { ... on Node { id } ...Team @include(if: $yes) ... @skip(if: $spare) { __typename } }
        }
        fragment Areas on Query { areas(first: 2) { totalCount nodes { name code } } ... { ...Page2 } }
        fragment Page on AreaConnection { pageInfo { hasNextPage } }
        fragment Page2 on Query { areas(first: 2) { ...Page edges { cursor node { name } } } }
        fragment Team on Organisation { name area { code } area { name ...Place } }
        fragment Place on Area { code }";
    let answer = district.operator().await.asks(query, json!({ "id": organisation, "yes": true })).await;
    let data = answer.data();
    let areas = &data["areas"];
    assert_eq!((&areas["totalCount"], &areas["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)));
    assert_eq!(areas["nodes"].as_array().unwrap().len(), 2);
    assert!(
        areas["nodes"][1]["code"].is_string() && areas["nodes"][1]["name"].is_string() && areas["edges"][1]["node"]["name"].is_string()
    );
    let team =
        json!({ "name": "翠香义工小组", "area": { "code": STREET, "name": "翠香街道" }, "id": organisation, "__typename": "Organisation" });
    assert_eq!(data["team"], team);
    let mut with_parent = team;
    with_parent["parent"] = Value::Null;
    assert_eq!(data["node"], with_parent);
}

#[tokio::test]
async fn the_cost_is_that_of_the_merged_query() {
    let district = District::new().await;
    let operator = district.operator().await;
    let page = "organisations(first: 100) { nodes { members(first: 30) { nodes { joinedAt } } } }";
    let once = operator.asks(&format!("{{ {page} }}"), json!({})).await;
    assert!(once.body["errors"].is_null(), "{}", once.body);
    let thrice = operator.asks(&format!("{{ {page} {page} ...F }} fragment F on Query {{ {page} }}"), json!({})).await;
    assert_eq!(thrice.data(), once.data(), "repeating a field costs nothing");
    // What a fragment asks of one type of an interface costs what it costs anywhere.
    let dear = "members(first: 100) { nodes { volunteer { serviceRecords(first: 100) { nodes { minutes } } } } }";
    for query in [
        format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...F }} }} fragment F on Organisation {{ {dear} }}"),
        format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Organisation {{ {dear} }} }} }}"),
    ] {
        let answer = operator.asks(&query, json!({ "ids": ["T3JnYW5pc2F0aW9uOng="] })).await;
        assert_eq!((answer.code(), &answer.body["errors"][0]["extensions"]["limit"]), ("LIMIT_EXCEEDED", &json!("complexity")), "{query}");
    }
}

#[tokio::test]
async fn a_subscription_in_fragments_is_one_subscription() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let before = district.app.log().head().await.unwrap().to_string();
    let (activity, shift) = district.publishes(&organisation, 5).await;
    let volunteer = district.registers("李梅").await;
    let mut socket = Socket::as_(district.serves().await, None).await;
    let query = "subscription($id: ID!, $after: Position) { ...F activityPlaces(activity: $id, after: $after) { event } }
                 fragment F on Subscription { activityPlaces(activity: $id, after: $after) { activity { title } } }";
    socket.subscribes("1", query, json!({ "id": activity, "after": before })).await;
    let item = |event: &str| json!({ "data": { "activityPlaces": { "event": event, "activity": { "title": "周末净滩" } } } });
    assert_eq!(socket.item().await, item("PUBLISHED"));
    volunteer.client.does("signUp", "phase", json!({ "shift": shift })).await;
    assert_eq!(socket.item().await, item("SIGNED_UP"));
    volunteer.client.does("withdrawSignUp", "position", json!({ "shift": shift })).await;
    assert_eq!(socket.item().await, item("WITHDRAWN"));
}
