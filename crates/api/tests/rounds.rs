//! Rounds through the door. Makes loud: a selection without its reasons, who gave which points or objected shown to everybody,
//! a reserve that does not move up.

use serde_json::{Value, json};

use crate::{
    harness::{COMMUNITY, Client, DISTRICT, District, Resident, STREET, text},
    projects::{endows, officer, plan},
};

struct Called<'d> {
    round: String,
    organiser: Resident<'d>,
    author: Resident<'d>,
    officer: Client<'d>,
    applications: Vec<String>,
}

fn call(fund: &str) -> Value {
    json!({
        "title": "2026 年公益项目遴选", "area": STREET, "fund": fund, "line": { "year": 2026, "area": STREET }, "budget": 1_000,
        "criteria": [{ "title": "需求", "most": 10, "weight": 1 }, { "title": "可行", "most": 5, "weight": 2 }],
        "scoresNeeded": 1, "selectedBy": "SCORES", "rule": { "method": "GREEDY" }, "applicationsUntil": "2026-03-02", "objectionDays": 7,
    })
}

/// A round past its screening, with three applications that ask for 600, 500 and 400 of 1000.
async fn screened(district: &District) -> Called<'_> {
    screened_as(district, json!({})).await
}

/// The same, called otherwise.
async fn screened_as(district: &District, otherwise: Value) -> Called<'_> {
    let fund = endows(district, 1_000).await;
    let call = |fund: &str| {
        let mut input = call(fund);
        input.as_object_mut().unwrap().extend(otherwise.as_object().unwrap().clone());
        input
    };
    let organiser = district.registers_with("孙社工", "ORGANISER", json!({ "area": STREET })).await;
    let author = district.registers("陈静").await;
    assert_eq!(author.client.is_refused("callRound", call(&fund)).await, "NotAllowed");
    let called = organiser.client.does("callRound", "round { id phase rule { wording { zh } } fund { id } }", call(&fund)).await;
    assert_eq!((&called["round"]["phase"], &called["round"]["fund"]["id"]), (&json!("CALLED"), &json!(fund)));
    let round = text(&called["round"]["id"]);
    let mut applications = vec![];
    for (place, ask) in [600, 500, 400].into_iter().enumerate() {
        let team = district.founds(&format!("申报队{place}"), COMMUNITY, None).await;
        let apply = json!({
            "round": round, "applicant": { "organisation": team }, "by": author.person, "title": format!("项目{place}"),
            "text": "加装扶手。", "area": COMMUNITY, "ask": ask,
        });
        assert_eq!(author.client.is_refused("applyInRound", apply.clone()).await, "NotAllowed");
        let applied = organiser.client.does("applyInRound", "application { id place phase applicant { name } }", apply).await;
        assert_eq!(applied["application"]["place"], place + 1);
        applications.push(text(&applied["application"]["id"]));
    }
    assert_eq!(organiser.client.is_refused("closeApplications", json!({ "round": round })).await, "ApplicationsStillOpen");
    district.waits_minutes(24 * 60);
    // A day later nobody's token holds any more.
    let organiser = Resident { client: district.stranger().signs_in(&organiser.phone).await, ..organiser };
    let author = Resident { client: district.stranger().signs_in(&author.phone).await, ..author };
    organiser.client.does("closeApplications", "round { phase }", json!({ "round": round })).await;
    for application in &applications {
        let screen = json!({ "application": application, "eligible": true, "reason": "材料齐全" });
        organiser.client.does("screenApplication", "application { phase screening }", screen).await;
    }
    Called { round, organiser, author, officer: officer(district).await, applications }
}

#[tokio::test]
async fn a_selection_says_why_of_each_and_the_reserve_moves_up() {
    let district = District::new().await;
    let it = screened(&district).await;
    let (organiser, author) = (&it.organiser.client, &it.author.client);
    let reviewer = district.registers("赵云").await;
    let score = |application: &str, points: [u16; 2]| json!({ "application": application, "points": points });
    assert_eq!(reviewer.client.is_refused("scoreApplication", score(&it.applications[0], [1, 1])).await, "NotAReviewer");
    for person in [&reviewer.person, &it.author.person] {
        organiser.does("appointReviewer", "round { id }", json!({ "round": it.round, "reviewer": person })).await;
    }
    assert_eq!(author.is_refused("scoreApplication", score(&it.applications[0], [10, 5])).await, "ReviewerConflicted");
    assert_eq!(reviewer.client.is_refused("scoreApplication", score(&it.applications[0], [11, 5])).await, "PointsUnfit");
    for (application, points) in it.applications.iter().zip([[10, 5], [6, 2], [8, 4]]) {
        reviewer.client.does("scoreApplication", "application { points { points } }", score(application, points)).await;
    }
    let seen = "query($id: ID!) { round(id: $id) { applications { nodes { points { points of } } } } }";
    let public = district.stranger().asks(seen, json!({ "id": it.round })).await.data()["round"]["applications"]["nodes"][0].clone();
    assert_eq!(public["points"], Value::Null, "points show when there is a selection");
    let fields = "round { phase selectedOn objectionsUntil selection { spent budget steps { number funded reason cost left support { points of } wording { zh } application { title } } }
        reserve { title reservePlace } applications { nodes { phase points { points of } decision { funded wording { en } } } } }";
    let selected = organiser.does("selectProjects", fields, json!({ "round": it.round })).await["round"].clone();
    assert_eq!((&selected["phase"], &selected["objectionsUntil"]), (&json!("SELECTED"), &json!("2026-03-10")));
    let steps = selected["selection"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["wording"]["zh"], "第 1 项，需 6.00 元，支持 20/20：入选，余额 10.00 元足够。");
    assert_eq!((&steps[1]["application"]["title"], &steps[1]["reason"]), (&json!("项目2"), &json!("FITS")));
    assert_eq!(
        (&steps[2]["reason"], &steps[2]["left"], &selected["selection"]["spent"]),
        (&json!("TOO_EXPENSIVE"), &json!(0), &json!(1_000))
    );
    assert_eq!(selected["reserve"], json!([{ "title": "项目1", "reservePlace": 1 }]));
    assert_eq!(selected["applications"]["nodes"][2]["points"], json!({ "points": 16, "of": 20 }));

    // Who gave which points and who objected shows to few.
    let records = "query($id: ID!) { round(id: $id) { reviewers { name } applications(first: 1) { nodes { scores { reviewerName points conflict } } } objections { nodes { id raisedByName text phase } } } }";
    for who in [&district.stranger(), author] {
        assert!(["FORBIDDEN", "UNAUTHENTICATED"].contains(&who.asks(records, json!({ "id": it.round })).await.code()));
    }
    let scores = "query($id: ID!) { round(id: $id) { applications(first: 1) { nodes { scores { points } } } } }";
    let own = async |who: &Client<'_>| {
        let answer = who.asks(scores, json!({ "id": it.round })).await;
        answer.data()["round"]["applications"]["nodes"][0]["scores"].clone()
    };
    assert_eq!(own(&reviewer.client).await, json!([{ "points": [10, 5] }]), "a reviewer reads their own");
    assert_eq!(own(author).await, json!([]), "and nobody else's");
    assert_eq!(district.stranger().asks(scores, json!({ "id": it.round })).await.code(), "UNAUTHENTICATED");
    let object = json!({ "round": it.round, "text": "请复核。" });
    let objected = author.does("objectToSelection", "objection { id phase text } round { openObjections }", object).await;
    assert_eq!((&objected["objection"]["text"], &objected["round"]["openObjections"]), (&json!("请复核。"), &json!(1)));
    let told = organiser.asks(records, json!({ "id": it.round })).await.data()["round"].clone();
    assert_eq!(told["applications"]["nodes"][0]["scores"][0], json!({ "reviewerName": "赵云", "points": [10, 5], "conflict": null }));
    assert_eq!((&told["objections"]["nodes"][0]["phase"], &told["objections"]["nodes"][0]["text"]), (&json!("OPEN"), &json!("请复核。")));
    let node = "query($id: ID!) { node(id: $id) { ... on RoundObjection { phase } } }";
    assert_eq!(district.stranger().asks(node, json!({ "id": objected["objection"]["id"] })).await.code(), "UNAUTHENTICATED");
    assert_eq!(author.asks(node, json!({ "id": objected["objection"]["id"] })).await.data()["node"]["phase"], "OPEN");
    let settle = |upheld: bool| json!({ "objection": objected["objection"]["id"], "upheld": upheld, "reason": "已复核" });
    assert_eq!(organiser.is_refused("settleObjection", settle(false)).await, "NotAllowed");
    it.officer.does("settleObjection", "round { openObjections phase }", settle(false)).await;
    assert_eq!(organiser.is_refused("announceSelection", json!({ "round": it.round })).await, "ObjectionsOpen");

    district.waits_minutes(8 * 24 * 60);
    let organiser = &district.stranger().signs_in(&it.organiser.phone).await;
    organiser.does("announceSelection", "round { announcedOn }", json!({ "round": it.round })).await;
    let start = |application: &str, grant: u64| json!({ "application": application, "plan": plan(grant) });
    assert_eq!(organiser.is_refused("startSelectedProject", start(&it.applications[2], 401)).await, "GrantBeyondAsk");
    assert_eq!(organiser.is_refused("startSelectedProject", start(&it.applications[1], 1)).await, "ApplicationPhaseUnfit");
    let fields = "project { id title round { id } application { phase } carrier { name } motion { id } }";
    let started = organiser.does("startSelectedProject", fields, start(&it.applications[2], 400)).await["project"].clone();
    assert_eq!(
        (&started["title"], &started["application"]["phase"], &started["motion"]),
        (&json!("项目2"), &json!("STARTED"), &Value::Null)
    );
    let decline = json!({ "application": it.applications[0], "reason": "场地变更" });
    let declined = organiser.does("declineAward", "application { phase declined } round { reserve { id } projects { nodes { id } } applications(phases: [FUNDED]) { totalCount nodes { id } } }", decline).await;
    assert_eq!(declined["application"], json!({ "phase": "DECLINED", "declined": "场地变更" }));
    assert_eq!(declined["round"]["applications"], json!({ "totalCount": 1, "nodes": [{ "id": it.applications[1] }] }));
    assert_eq!((&declined["round"]["reserve"], &declined["round"]["projects"]["nodes"][0]["id"]), (&json!([]), &started["id"]));
}

#[tokio::test]
async fn an_objection_that_is_right_annuls_the_selection_and_a_conflict_the_score() {
    let district = District::new().await;
    let it = screened(&district).await;
    let organiser = &it.organiser.client;
    let reviewer = district.registers("赵云").await;
    organiser.does("appointReviewer", "round { id }", json!({ "round": it.round, "reviewer": reviewer.person })).await;
    let group = json!({ "round": it.round, "applications": &it.applications[..2], "reason": "同一地点" });
    organiser.does("formExclusiveGroup", "round { id }", group.clone()).await;
    assert_eq!(organiser.is_refused("formExclusiveGroup", group).await, "GroupUnfit");
    for application in &it.applications {
        reviewer.client.does("scoreApplication", "position", json!({ "application": application, "points": [9, 4] })).await;
    }
    let fields = "round { selection { steps { reason becauseOf { title } } } applications { nodes { phase exclusiveGroup groupReason } } }";
    let selected = organiser.does("selectProjects", fields, json!({ "round": it.round })).await["round"].clone();
    assert_eq!(selected["applications"]["nodes"][0], json!({ "phase": "RESERVE", "exclusiveGroup": 1, "groupReason": "同一地点" }));
    let excluded = selected["selection"]["steps"].as_array().unwrap().iter().find(|step| step["reason"] == "EXCLUDED").unwrap();
    assert_eq!(excluded["becauseOf"]["title"], "项目1");
    let object = json!({ "round": it.round, "text": "评审有利害关系。" });
    let objection = it.author.client.does("objectToSelection", "objection { id }", object).await["objection"]["id"].clone();
    let settle = json!({ "objection": objection, "upheld": true, "reason": "属实" });
    let fields = "round { phase selection { spent } selections { annulledBy } reserve { id } applications { nodes { phase } } }";
    let annulled = it.officer.does("settleObjection", fields, settle).await["round"].clone();
    assert_eq!((&annulled["phase"], &annulled["selection"], &annulled["reserve"]), (&json!("EVALUATING"), &Value::Null, &json!([])));
    assert_eq!(annulled["selections"], json!([{ "annulledBy": objection }]));
    assert_eq!(annulled["applications"]["nodes"], json!([{ "phase": "ELIGIBLE" }, { "phase": "ELIGIBLE" }, { "phase": "ELIGIBLE" }]));
    let declare = json!({ "application": it.applications[2], "ground": "KINSHIP" });
    reviewer.client.does("declareConflict", "application { phase }", declare.clone()).await;
    assert_eq!(reviewer.client.is_refused("declareConflict", declare).await, "ConflictExists");
    assert_eq!(organiser.is_refused("selectProjects", json!({ "round": it.round })).await, "ScoresMissing");
    let withdraw = json!({ "application": it.applications[2] });
    it.author.client.does("withdrawApplication", "application { phase }", withdraw.clone()).await;
    assert_eq!(it.author.client.is_refused("withdrawApplication", withdraw).await, "ApplicationPhaseUnfit");
    organiser.does("selectProjects", "round { phase }", json!({ "round": it.round })).await;
    let cancel = json!({ "round": it.round, "reason": "资金收回" });
    let cancelled =
        organiser.does("cancelRound", "round { phase cancelReason selections { annulledBy } }", cancel.clone()).await["round"].clone();
    assert_eq!((&cancelled["phase"], cancelled["selections"].as_array().unwrap().len()), (&json!("CANCELLED"), 2));
    assert_eq!(organiser.is_refused("cancelRound", cancel).await, "RoundPhaseUnfit");
    let list = "query($filter: RoundFilter) { rounds(filter: $filter, descending: true) { totalCount nodes { id applicationCount } } }";
    for (filter, count) in [(json!({ "area": DISTRICT, "phases": ["CANCELLED"] }), 1), (json!({ "phases": ["CALLED"] }), 0)] {
        let page = district.stranger().asks(list, json!({ "filter": filter })).await.data()["rounds"].clone();
        assert_eq!(page["totalCount"], count, "{filter}");
    }
}

#[tokio::test]
async fn residents_ballots_select_through_the_door() {
    let district = District::new().await;
    let by_ballots =
        json!({ "selectedBy": "BALLOTS", "criteria": [], "scoresNeeded": 0, "rule": { "method": "EQUAL_SHARES", "completion": "NONE" } });
    let it = screened_as(&district, by_ballots).await;
    let organiser = &it.organiser.client;
    let mut voters = vec![];
    for _ in 0..10 {
        voters.push(district.registers("李梅").await);
    }
    let question = json!({ "area": COMMUNITY, "title": "遴选投票", "options": ["项目0", "项目1", "项目2"], "method": { "kind": "APPROVAL", "seats": 3 },
        "secret": true, "channels": "ONLINE", "rule": { "ruleId": "cn/village-election-tie" } });
    let poll = text(&organiser.does("preparePoll", "poll { id }", question).await["poll"]["id"]);
    let lines: Vec<_> = voters.iter().map(|voter| json!({ "holder": { "person": voter.person } })).collect();
    organiser.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines })).await;
    let ballot = |options: &[String]| json!({ "round": it.round, "poll": poll, "options": options });
    assert_eq!(voters[0].client.is_refused("prepareBallot", ballot(&it.applications)).await, "NotAllowed");
    assert_eq!(organiser.is_refused("prepareBallot", ballot(&it.applications[..2])).await, "BallotUnfit");
    let prepared = organiser.does("prepareBallot", "round { phase ballot { title } poll { id } }", ballot(&it.applications)).await;
    let titles = json!([{ "title": "项目0" }, { "title": "项目1" }, { "title": "项目2" }]);
    assert_eq!((&prepared["round"]["ballot"], &prepared["round"]["poll"]["id"]), (&titles, &json!(poll)));
    organiser.does("openPoll", "poll { id }", json!({ "poll": poll })).await;
    // Five approve of the first two, four of the third; one stays at home.
    for (place, voter) in voters.iter().enumerate().skip(1) {
        let chosen = if place < 6 { json!([1, 2]) } else { json!([3]) };
        voter.client.does("castBallot", "poll { id }", json!({ "poll": poll, "marks": { "chosen": chosen } })).await;
    }
    assert_eq!(organiser.is_refused("selectProjects", json!({ "round": it.round })).await, "BallotsMissing");
    for step in ["closePoll", "countPoll", "publishPoll"] {
        organiser.does(step, "poll { id }", json!({ "poll": poll })).await;
    }
    // Each of the nine has 111: five have 555 for the first two, enough for the second alone; four have 444 for the third.
    let fields = "round { phase selection { spent steps { reason support { points of } } } applications { nodes { phase } } }";
    let selected = organiser.does("selectProjects", fields, json!({ "round": it.round })).await["round"].clone();
    assert_eq!((&selected["phase"], &selected["selection"]["spent"]), (&json!("SELECTED"), &json!(900)));
    assert_eq!(selected["applications"]["nodes"], json!([{ "phase": "RESERVE" }, { "phase": "FUNDED" }, { "phase": "FUNDED" }]));
}
