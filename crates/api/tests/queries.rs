//! Reading: pages, nodes, participation, and seeing what one has written.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::harness::{COMMUNITY, DISTRICT, District, OTHER_STREET, STREET, area, text};

#[tokio::test]
async fn a_list_is_paged_from_both_ends() {
    let district = District::new().await;
    let ask = "query($first: Int, $after: String, $last: Int, $before: String) {
        areas(first: $first, after: $after, last: $last, before: $before) {
            totalCount edges { cursor node { code } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let page = async |variables: Value| district.stranger().asks(ask, variables).await.data()["areas"].clone();
    let codes = |page: &Value| page["edges"].as_array().unwrap().iter().map(|it| text(&it["node"]["code"])).collect::<Vec<_>>();
    let first = page(json!({ "first": 2 })).await;
    assert_eq!((codes(&first), &first["totalCount"]), (vec![DISTRICT.to_owned(), STREET.to_owned()], &json!(4)));
    assert_eq!((&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]), (&json!(true), &json!(false)));
    let second = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!((codes(&second), &second["pageInfo"]["hasNextPage"]), (vec![COMMUNITY.to_owned(), OTHER_STREET.to_owned()], &json!(false)));
    let back = page(json!({ "last": 2, "before": second["pageInfo"]["startCursor"] })).await;
    assert_eq!(codes(&back), codes(&first));
    for (wrong, code) in [
        (json!({ "first": 1, "last": 1 }), "BAD_INPUT"),
        (json!({ "first": -1 }), "BAD_INPUT"),
        (json!({ "after": "nonsense" }), "BAD_INPUT"),
        (json!({ "first": 101 }), "LIMIT_EXCEEDED"),
    ] {
        assert_eq!(district.stranger().asks(ask, wrong).await.code(), code);
    }
}

/// GraphQL Cursor Connections, section 4.4: counted from the front, the next page is that of the window; counted from the back,
/// the previous one is.
#[tokio::test]
async fn what_follows_and_precedes_a_page_is_told_of_its_window() {
    let district = District::new().await;
    let ask = "query($first: Int, $after: String, $last: Int, $before: String) {
        areas(first: $first, after: $after, last: $last, before: $before) { edges { cursor } pageInfo { hasPreviousPage hasNextPage } } }";
    let page = async |variables: Value| district.stranger().asks(ask, variables).await.data()["areas"].clone();
    let all = page(json!({})).await;
    let cursors: Vec<_> = all["edges"].as_array().unwrap().iter().map(|it| it["cursor"].clone()).collect();
    let [first, second, third, fourth] = &cursors[..] else { panic!("{cursors:?}") };
    for (asked, rows, previous, next) in [
        (json!({}), 4, false, false),
        (json!({ "first": 4 }), 4, false, false),
        (json!({ "first": 3 }), 3, false, true),
        (json!({ "first": 0 }), 0, false, true),
        (json!({ "last": 3 }), 3, true, false),
        (json!({ "last": 0 }), 0, true, false),
        (json!({ "last": 4 }), 4, false, false),
        // The window holds the second and the third.
        (json!({ "first": 2, "after": first, "before": fourth }), 2, true, false),
        (json!({ "first": 1, "after": first, "before": fourth }), 1, true, true),
        (json!({ "last": 2, "after": first, "before": fourth }), 2, false, true),
        (json!({ "last": 1, "after": first, "before": fourth }), 1, true, true),
        (json!({ "last": 0, "after": first, "before": fourth }), 0, true, true),
        (json!({ "first": 0, "after": first, "before": fourth }), 0, true, true),
        // The window holds nothing.
        (json!({ "first": 2, "after": second, "before": third }), 0, true, false),
        (json!({ "last": 2, "after": second, "before": third }), 0, false, true),
        (json!({ "last": 0, "after": fourth }), 0, false, false),
        (json!({ "first": 0, "before": first }), 0, false, false),
    ] {
        let told = page(asked.clone()).await;
        assert_eq!(told["edges"].as_array().unwrap().len(), rows, "{asked}");
        assert_eq!(told["pageInfo"], json!({ "hasPreviousPage": previous, "hasNextPage": next }), "{asked}");
    }
}

#[tokio::test]
async fn lists_ask_who_may_by_what_they_are_filtered_by() {
    let district = District::new().await;
    let (team, other) = (district.founds("翠香义工小组", STREET, None).await, district.founds("梅华义工小组", OTHER_STREET, None).await);
    let below = district.founds("翠香义工一队", STREET, Some(&team)).await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": team })).await;
    let ask = "query($filter: VolunteerFilter!) { volunteers(filter: $filter) { totalCount } }";
    let code = async |filter: Value| {
        let answer = coordinator.client.asks(ask, json!({ "filter": filter })).await;
        if answer.body.get("errors").is_some() { answer.code().to_owned() } else { "allowed".to_owned() }
    };
    assert_eq!(code(json!({ "organisation": team })).await, "allowed");
    assert_eq!(code(json!({ "organisation": below })).await, "allowed");
    assert_eq!(code(json!({ "organisation": other })).await, "FORBIDDEN");
    assert_eq!(code(json!({ "area": STREET })).await, "FORBIDDEN");
    assert_eq!(code(json!({ "area": STREET, "organisation": team })).await, "allowed");
    assert_eq!(code(json!({})).await, "FORBIDDEN");
    let stranger = district.stranger().asks(ask, json!({ "filter": { "organisation": team } })).await;
    assert_eq!(stranger.code(), "UNAUTHENTICATED");
    assert_eq!(stranger.body["errors"][0]["extensions"]["refusal"]["zh"], "请先登录");
}

#[tokio::test]
async fn a_node_asks_its_own_act() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 3).await;
    let (volunteer, other) = (district.registers("李梅").await, district.registers("赵云").await);
    let ask = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let public = json!({ "ids": [organisation, activity, shift] });
    let nodes = district.stranger().asks(ask, public).await.data()["nodes"].clone();
    let kinds: Vec<_> = nodes.as_array().unwrap().iter().map(|it| text(&it["__typename"])).collect();
    assert_eq!(kinds, ["Organisation", "Activity", "Shift"]);
    assert_eq!(nodes[2]["id"], shift.as_str());
    let one = "query($id: ID!) { node(id: $id) { ... on Volunteer { name } } }";
    assert_eq!(volunteer.client.asks(one, json!({ "id": volunteer.id })).await.data()["node"]["name"], "李梅");
    assert_eq!(other.client.asks(one, json!({ "id": volunteer.id })).await.code(), "FORBIDDEN");
    assert_eq!(district.stranger().asks(one, json!({ "id": volunteer.id })).await.code(), "UNAUTHENTICATED");
    assert_eq!(district.stranger().asks(one, json!({ "id": "nonsense" })).await.code(), "BAD_INPUT");
    let unknown = json!({ "id": "T3JnYW5pc2F0aW9uOjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA==" });
    assert_eq!(district.stranger().asks(one, unknown).await.data()["node"], Value::Null);
}

#[tokio::test]
async fn a_sign_up_and_a_membership_are_fetched_anew_by_their_ids() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (_, shift) = district.publishes(&organisation, 3).await;
    let (volunteer, other) = (district.registers("李梅").await, district.registers("赵云").await);
    volunteer.client.does("signUp", "phase", json!({ "shift": shift })).await;
    let join = json!({ "organisation": organisation, "volunteer": volunteer.id });
    district.operator().await.does("joinOrganisation", "position", join).await;
    let own = "query($id: ID!) { volunteer(id: $id) { memberships { id } signUps { nodes { id phase } } } }";
    let own = volunteer.client.asks(own, json!({ "id": volunteer.id })).await.data()["volunteer"].clone();
    let (membership, sign_up) = (own["memberships"][0]["id"].clone(), own["signUps"]["nodes"][0]["id"].clone());
    let ask = "query($id: ID!) { node(id: $id) { __typename id ... on SignUp { phase shift { id } } ... on Membership { organisation { id } } } }";
    let node = async |id: &Value| volunteer.client.asks(ask, json!({ "id": id })).await.data()["node"].clone();
    assert_eq!(node(&sign_up).await, json!({ "__typename": "SignUp", "id": sign_up, "phase": "TAKEN", "shift": { "id": shift } }));
    let expected = json!({ "__typename": "Membership", "id": membership, "organisation": { "id": organisation } });
    assert_eq!(node(&membership).await, expected);
    for id in [&sign_up, &membership] {
        assert_eq!(other.client.asks(ask, json!({ "id": id })).await.code(), "FORBIDDEN");
        assert_eq!(district.stranger().asks(ask, json!({ "id": id })).await.code(), "UNAUTHENTICATED");
        assert_eq!(district.operator().await.asks(ask, json!({ "id": id })).await.data()["node"]["id"], *id);
    }
    let leave = json!({ "organisation": organisation, "volunteer": volunteer.id });
    district.operator().await.does("leaveOrganisation", "position", leave).await;
    assert_eq!(node(&membership).await, Value::Null, "it holds no more");
}

#[tokio::test]
async fn what_was_written_is_read() {
    let district = District::new().await;
    let operator = district.operator().await;
    let found = |name: &str| json!({ "kind": "GROUP", "name": name, "area": STREET });
    let ask = "{ organisations { nodes { name } } }";
    let written = operator.does("foundOrganisation", "position stale", found("甲")).await;
    let read = operator.having_seen(&text(&written["position"])).asks(ask, json!({})).await;
    assert_eq!(read.data()["organisations"]["nodes"], json!([{ "name": "甲" }]));
    assert_eq!(read.position(), text(&written["position"]), "an answer says how far it is");

    district.pauses_views().await;
    let district_ref = &district;
    let writes = async { operator.does("foundOrganisation", "position stale organisation { name }", found("乙")).await };
    let reads_meanwhile = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let head = district_ref.app.log().head().await.unwrap().to_string();
        let argument = "query($position: Position) { organisations(position: $position) { totalCount } }";
        let stale = operator.asks(argument, json!({ "position": head })).await;
        district_ref.resumes_views();
        stale
    };
    let (written, stale) = tokio::join!(writes, reads_meanwhile);
    assert_eq!(stale.code(), "STALE");
    assert_eq!(written["stale"], true, "the views stood still for as long as the command waits");
    assert_eq!(written["organisation"], Value::Null);
    let read = operator.having_seen(&text(&written["position"])).asks(ask, json!({})).await;
    assert_eq!(read.data()["organisations"]["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn another_logs_position_is_not_waited_for() {
    let (here, there) = (District::new().await, District::new().await);
    let elsewhere = there.app.log().head().await.unwrap().to_string();
    for position in [elsewhere.as_str(), "nonsense"] {
        let answer = here.stranger().having_seen(position).asks("{ areas { totalCount } }", json!({})).await;
        assert_eq!(answer.code(), "UNKNOWN_POSITION");
    }
}

#[tokio::test]
async fn participation_tells_figures_apart() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    for (started, category) in [(-300, "ENVIRONMENT"), (-200, "RIVER_PATROL")] {
        let input = json!({ "organisation": organisation, "category": category, "started": district.in_minutes(started), "ended": district.in_minutes(started + 45) });
        let record = volunteer.client.does("logService", "record { id }", input).await["record"]["id"].clone();
        coordinator.client.does("confirmService", "position", json!({ "record": record })).await;
    }
    let ask = "query($area: AreaCode, $organisation: ID, $by: [ParticipationGroup!]!) {
        participation(area: $area, organisation: $organisation, from: \"2026-03-01\", to: \"2026-03-31\", groupBy: $by) {
            rows { areaCode month category organisation { name } attestedMinutes declaredMinutes records volunteers }
            total { attestedMinutes declaredMinutes records volunteers } } }";
    let auditor = district.with_role(Role::Auditor, Scope::Area(area(DISTRICT))).await;
    let figures = auditor.asks(ask, json!({ "area": DISTRICT, "by": ["AREA", "CATEGORY"] })).await.data()["participation"].clone();
    assert_eq!(figures["total"], json!({ "attestedMinutes": 0, "declaredMinutes": 90, "records": 2, "volunteers": 1 }));
    assert_eq!(figures["rows"].as_array().unwrap().len(), 2);
    assert_eq!(figures["rows"][0]["areaCode"], STREET);
    let own = coordinator.client.asks(ask, json!({ "organisation": organisation, "by": ["ORGANISATION", "MONTH"] })).await;
    let row = &own.data()["participation"]["rows"][0];
    assert_eq!((&row["organisation"]["name"], &row["month"]), (&json!("翠香义工小组"), &json!("2026-03")));
    assert_eq!(coordinator.client.asks(ask, json!({ "area": DISTRICT, "by": [] })).await.code(), "FORBIDDEN");
    assert_eq!(volunteer.client.asks(ask, json!({ "area": DISTRICT, "by": [] })).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn categories_have_names() {
    let district = District::new().await;
    let all = district.stranger().asks("{ categories { category code zh en } }", json!({})).await.data()["categories"].clone();
    assert_eq!(all.as_array().unwrap().len(), 13);
    assert_eq!(all[3], json!({ "category": "RIVER_PATROL", "code": "river_patrol", "zh": "巡河护河", "en": "river patrol" }));
}
