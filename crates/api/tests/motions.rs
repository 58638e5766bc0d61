//! Motions through the door. Makes loud: a draft that a stranger reads, a resident's words or name shown to everybody, a
//! difference that does not show what an amendment changes, a subscriber who misses a change.

use gongyi_app::{
    Command, Rejection,
    deliberation::motion::deciding::{decided, put_to_vote, schedule},
    work::Work,
};
use gongyi_domain::{
    access::authority::{Act, Actor, Grant, Role, Scope, Subject},
    deliberation::{charter::CharterTerms, meeting::CONVENE_MEETING},
    values::{CouncilId, MeetingId, MotionId, PersonId, VoteId},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{COMMUNITY, Client, District, OTHER_STREET, Resident, STREET, area, global, text, uuid},
    subscriptions::Socket,
};

/// A meeting that adopts a motion.
#[derive(Serialize)]
struct Adopts(CouncilId, MotionId, u32);

gongyi_app::commands! { Adopts }

impl Command for Adopts {
    const ACT: &'static Act = &CONVENE_MEETING;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        work.may(Self::ACT, &Subject::area(area(COMMUNITY)))?;
        let Self(council, motion, version) = *self;
        let (meeting, vote) = (MeetingId(Uuid::now_v7()), VoteId(Uuid::now_v7()));
        schedule(work, council, motion, meeting).await?;
        put_to_vote(work, motion, meeting, vote, version).await?;
        decided(work, motion, vote, true).await?;
        Ok(())
    }
}

/// A council with its representatives, and the street's organiser.
pub struct Chamber<'d> {
    pub council: CouncilId,
    pub people: [Resident<'d>; 3],
    pub organiser: Client<'d>,
}

pub async fn chamber(district: &District) -> Chamber<'_> {
    let people = [district.registers("张建国").await, district.registers("李四").await, district.registers("王五").await];
    let mut terms = CharterTerms::model(5);
    terms.issues.endorsements_needed = 1;
    let seats = people.iter().map(|it| PersonId(uuid(&it.person))).collect();
    let council = district.establishes_council(COMMUNITY, terms, seats).await;
    for representative in &people {
        let seat = json!({ "council": global("Council", council) });
        representative.client.does("acceptFunction", "account { id }", seat).await;
    }
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;
    Chamber { council, people, organiser }
}

impl Chamber<'_> {
    fn draft(&self) -> Value {
        let paragraphs = json!([{ "text": " 在东门装十盏灯\r\n" }, { "text": "一年内完成" }]);
        json!({ "council": global("Council", self.council), "category": "PUBLIC_FACILITIES", "text": { "title": "增设路灯", "paragraphs": paragraphs } })
    }

    async fn drafts(&self) -> String {
        text(&self.people[0].client.does("draftMotion", "motion { id }", self.draft()).await["motion"]["id"])
    }

    /// A motion before the council.
    pub async fn moves(&self) -> String {
        let motion = self.drafts().await;
        self.submits(&motion).await;
        motion
    }

    /// Brings a draft before the council.
    pub async fn submits(&self, motion: &str) {
        self.people[0].client.does("submitMotion", "position", json!({ "motion": motion })).await;
        for who in &self.people[1..] {
            who.client.does("secondMotion", "position", json!({ "motion": motion })).await;
        }
        self.organiser.does("acceptMotion", "position", json!({ "motion": motion })).await;
    }

    pub async fn adopts(&self, district: &District, motion: &str, version: u32) {
        let request = district.app.request(Actor::Operator(Grant { role: Role::Organiser, scope: Scope::Everywhere }));
        district.app.dispatch(&request, &Adopts(self.council, MotionId(uuid(motion)), version)).await.unwrap();
    }
}

async fn shown(client: &Client<'_>, motion: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ motion(id: $id) {{ {fields} }} }}");
    client.asks(&query, json!({ "id": motion })).await.data()["motion"].clone()
}

async fn listed(client: &Client<'_>, filter: Value) -> Vec<String> {
    let query = "query($filter: MotionFilter) { motions(filter: $filter, sort: NUMBER, descending: false) { totalCount nodes { id } } }";
    let page = client.asks(query, json!({ "filter": filter })).await.data()["motions"].clone();
    let ids: Vec<_> = page["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
    assert_eq!(page["totalCount"], ids.len());
    ids
}

#[tokio::test]
async fn a_draft_is_private_until_it_is_submitted_and_numbered() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.drafts().await;
    let [zhang, li, _] = &chamber.people;
    let fields = "number phase phaseName(lang: EN) version secondsNeeded text { title paragraphs { text } } movers { name }";
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET))).await;
    for who in [&district.stranger(), &li.client, &elsewhere] {
        assert_eq!((shown(who, &motion, "id").await, listed(who, json!({})).await), (Value::Null, vec![]));
        let node = who.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": motion })).await.data()["node"].clone();
        assert_eq!(node, Value::Null);
    }
    for who in [&zhang.client, &chamber.organiser] {
        let seen = shown(who, &motion, fields).await;
        let (phase, paragraph) = (&seen["phase"], &seen["text"]["paragraphs"][0]["text"]);
        assert_eq!((&seen["number"], phase, paragraph), (&Value::Null, &json!("DRAFTED"), &json!("在东门装十盏灯")));
        assert_eq!(listed(who, json!({})).await, std::slice::from_ref(&motion));
    }
    let draft = chamber.draft();
    let revised = json!({ "motion": motion, "against": 1, "category": "OTHER", "text": draft["text"] });
    zhang.client.does("reviseMotion", "motion { version }", revised.clone()).await;
    assert_eq!(zhang.client.is_refused("reviseMotion", revised).await, "VersionOutdated");
    let done = zhang.client.does("submitMotion", "motion { number }", json!({ "motion": motion })).await;
    assert_eq!(done["motion"]["number"], "2026-001");
    let seen = shown(&district.stranger(), &motion, fields).await;
    assert_eq!((&seen["phaseName"], &seen["secondsNeeded"]), (&json!("submitted and waiting for seconds"), &json!(2)));
    assert_eq!(seen["movers"][0]["name"], "张建国", "who moves does so in public");
    // What the movers wrote before they submitted it stays theirs.
    let versions = "versions { nodes { version difference { title { kind } } } } difference(from: 1) { title { kind } }";
    let kept = json!([{ "kind": "EQUAL" }]);
    let first_two = json!([{ "version": 1, "difference": null }, { "version": 2, "difference": { "title": kept } }]);
    for (who, nodes, difference) in [
        (&district.stranger(), json!([{ "version": 2, "difference": null }]), Value::Null),
        (&zhang.client, first_two.clone(), json!({ "title": kept })),
        (&chamber.organiser, first_two, json!({ "title": kept })),
    ] {
        let seen = shown(who, &motion, versions).await;
        assert_eq!((&seen["versions"]["nodes"], &seen["difference"]), (&nodes, &difference));
    }
    assert_eq!(zhang.client.is_refused("secondMotion", json!({ "motion": motion })).await, "OwnSecond");
    assert_eq!(li.client.is_refused("acceptMotion", json!({ "motion": motion })).await, "NotAllowed");
    assert_eq!(li.client.is_refused("acceptMotion", json!({ "motion": "?" })).await, "InvalidInput");
}

#[tokio::test]
async fn sending_a_draft_twice_makes_one_motion() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let mut draft = chamber.draft();
    draft["commandId"] = json!(Uuid::now_v7());
    let zhang = &chamber.people[0].client;
    let first = zhang.does("draftMotion", "motion { id } unchanged", draft.clone()).await;
    let again = zhang.does("draftMotion", "motion { id } unchanged", draft).await;
    assert_eq!((&again["motion"], &again["unchanged"]), (&first["motion"], &json!(true)));
    assert_eq!(listed(zhang, json!({ "mine": true })).await.len(), 1);
}

#[tokio::test]
async fn an_amendment_shows_what_it_changes_and_makes_the_next_version() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.moves().await;
    let li = &chamber.people[1].client;
    let paragraphs = shown(li, &motion, "text { paragraphs { id } }").await["text"]["paragraphs"].clone();
    let changes = json!([
        { "replace": { "paragraph": paragraphs[0]["id"], "text": "在东门装二十盏灯" } },
        { "insert": { "after": paragraphs[1]["id"], "text": "由物业维护" } },
    ]);
    let input = json!({ "motion": motion, "against": 1, "changes": changes, "grounds": "更亮" });
    let fields = "amendment { id phase changes { kind after text } overlapping difference { paragraphs { fate runs { kind text } } } } motion { openAmendmentCount }";
    let done = li.does("proposeAmendment", fields, input.clone()).await;
    let runs = &done["amendment"]["difference"]["paragraphs"][0];
    let expected = json!([
        { "kind": "EQUAL", "text": "在东门装" }, { "kind": "INSERT", "text": "二" }, { "kind": "EQUAL", "text": "十盏灯" }
    ]);
    assert_eq!((&runs["fate"], &runs["runs"]), (&json!("CHANGED"), &expected));
    assert_eq!(done["amendment"]["difference"]["paragraphs"][2]["fate"], "INSERTED");
    assert_eq!(done["motion"]["openAmendmentCount"], 1);
    let other = chamber.people[2].client.does("proposeAmendment", "amendment { id overlapping }", input.clone()).await;
    assert_eq!(other["amendment"]["overlapping"], json!([done["amendment"]["id"]]));
    let amendment = json!({ "amendment": done["amendment"]["id"] });
    assert_eq!(li.is_refused("acceptAmendment", amendment.clone()).await, "NotAllowed");
    let merged = chamber.organiser.does("acceptAmendment", "amendment { phase mergedAs } motion { version }", amendment.clone()).await;
    assert_eq!((&merged["amendment"]["mergedAs"], &merged["motion"]["version"]), (&json!(2), &json!(2)));
    assert_eq!(chamber.organiser.is_refused("acceptAmendment", amendment).await, "AmendmentNotPending");
    assert_eq!(
        chamber.organiser.is_refused("acceptAmendment", json!({ "amendment": other["amendment"]["id"] })).await,
        "AmendmentConflict"
    );
    assert_eq!(li.is_refused("proposeAmendment", input).await, "VersionOutdated");
    let reject = json!({ "amendment": other["amendment"]["id"], "reason": "重复" });
    let rejected = chamber.organiser.does("rejectAmendment", "amendment { phase reason }", reject).await;
    assert_eq!(rejected["amendment"], json!({ "phase": "REJECTED", "reason": "重复" }));
    let seen = shown(
        &district.stranger(),
        &motion,
        "versions { nodes { version amendmentId difference { title { kind } } } } difference(from: 1) { paragraphs { fate } }
         none: difference(from: 9) { title { kind } } amendments(first: 1) { totalCount nodes { proposer { name } grounds } }",
    )
    .await;
    assert_eq!(seen["versions"]["nodes"][1]["amendmentId"], done["amendment"]["id"]);
    assert_eq!(seen["versions"]["nodes"][0]["difference"], Value::Null);
    assert_eq!((seen["difference"]["paragraphs"].as_array().unwrap().len(), &seen["none"]), (3, &Value::Null));
    assert_eq!(seen["amendments"], json!({ "totalCount": 2, "nodes": [{ "proposer": { "name": "李四" }, "grounds": "更亮" }] }));
}

#[tokio::test]
async fn what_came_of_it_is_told_and_residents_review_it() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.moves().await;
    chamber.adopts(&district, &motion, 1).await;
    let seen = shown(&district.stranger(), &motion, "phase decision { adopted version text { title } } votes { id }").await;
    assert_eq!(seen["decision"], json!({ "adopted": true, "version": 1, "text": { "title": "增设路灯" } }));
    let photo = json!({ "sha256": "ab".repeat(32), "name": "照片.jpg", "mediaType": "image/jpeg", "bytes": 9 });
    let report = |percent| json!({ "motion": motion, "percent": percent, "report": "八盏", "evidence": [photo] });
    let fields = "motion { percent reports { nodes { percent report evidence { name bytes } } } }";
    let done = chamber.organiser.does("reportProgress", fields, report(80)).await;
    let expected = json!({ "percent": 80, "report": "八盏", "evidence": [{ "name": "照片.jpg", "bytes": 9 }] });
    assert_eq!((&done["motion"]["percent"], &done["motion"]["reports"]["nodes"][0]), (&json!(80), &expected));
    assert_eq!(chamber.organiser.is_refused("reportProgress", report(101)).await, "PercentUnfit");
    let complete = json!({ "motion": motion, "report": "十盏全亮" });
    assert_eq!(chamber.organiser.does("completeMotion", "motion { percent }", complete).await["motion"]["percent"], 100);

    let resident = district.registers("赵云").await;
    let review = json!({ "motion": motion, "rating": 4, "text": "亮多了" });
    resident.client.does("reviewMotion", "motion { phase }", review.clone()).await;
    assert_eq!(resident.client.is_refused("reviewMotion", review).await, "AlreadyReviewed");
    let fields = "ratings { rating count } reviews { nodes { rating text by { name } } } history(last: 1) { nodes { event inTheNameOf { name } by { kind } } }";
    let (masked, open) = (("赵*", Value::Null), ("赵云", json!("亮多了")));
    for (who, (name, words)) in [
        (&district.stranger(), masked.clone()),
        (&chamber.people[1].client, masked),
        (&resident.client, open.clone()),
        (&chamber.organiser, open),
    ] {
        let seen = shown(who, &motion, fields).await;
        assert_eq!(seen["ratings"], json!([{ "rating": 4, "count": 1 }]));
        assert_eq!(seen["reviews"]["nodes"][0], json!({ "rating": 4, "text": words, "by": { "name": name } }));
        let line = &seen["history"]["nodes"][0];
        assert_eq!((&line["event"], &line["inTheNameOf"]["name"]), (&json!("MotionReviewed"), &json!(name)));
    }
    let revoked =
        chamber.organiser.does("revokeCompletion", "motion { phase ratings { count } }", json!({ "motion": motion, "reason": "两盏不亮" }));
    assert_eq!(revoked.await["motion"], json!({ "phase": "IMPLEMENTING", "ratings": [] }));
}

#[tokio::test]
async fn motions_are_found_by_what_one_knows_of_them() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let (one, two) = (chamber.moves().await, chamber.moves().await);
    let [zhang, li, _] = &chamber.people;
    let stranger = district.stranger();
    let (both, council) = (vec![one.clone(), two.clone()], global("Council", chamber.council));
    for filter in [
        json!({ "council": global("Council", chamber.council) }),
        json!({ "area": STREET }),
        json!({ "phases": ["ACCEPTED", "VOTING"] }),
        json!({ "category": "PUBLIC_FACILITIES", "year": 2026 }),
        json!({ "council": council, "mover": zhang.person }),
        json!({ "textContains": "十盏灯" }),
    ] {
        assert_eq!(listed(&stranger, filter.clone()).await, both, "{filter}");
    }
    for filter in [
        json!({ "area": OTHER_STREET }),
        json!({ "phases": ["VOTING"] }),
        json!({ "year": 2025 }),
        json!({ "council": council, "mover": li.person }),
    ] {
        assert!(listed(&stranger, filter.clone()).await.is_empty(), "{filter}");
    }
    assert_eq!((listed(&zhang.client, json!({ "mine": true })).await, listed(&li.client, json!({ "mine": true })).await), (both, vec![]));
    let mine = "{ motions(filter: { mine: true }) { totalCount } }";
    assert_eq!(stranger.asks(mine, json!({})).await.code(), "UNAUTHENTICATED");

    chamber.organiser.does("relateMotions", "motion { related { id } }", json!({ "motion": one, "other": two })).await;
    let merge = json!({ "motion": one, "into": two, "reason": "内容相同" });
    let done = chamber.organiser.does("mergeMotions", "motion { id absorbed { id phase mergedInto { id } } related { id } }", merge).await;
    assert_eq!(done["motion"]["absorbed"], json!([{ "id": one, "phase": "MERGED", "mergedInto": { "id": two } }]));
    assert_eq!(done["motion"]["related"], json!([{ "id": one }]));
    let answer = chamber.organiser.is_refused("answerReferral", json!({ "motion": two })).await;
    assert_eq!(answer, "InvalidInput");
}

#[tokio::test]
async fn a_motions_changes_are_told_and_a_reader_comes_back_where_it_was() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.drafts().await;
    let address = district.serves().await;
    let changes = "subscription($id: ID!, $after: Position) { motionChanges(motion: $id, after: $after) { position event motion { phase seconders { name } } } }";
    let start = district.app.log().head().await.unwrap().to_string();
    let mut stranger = Socket::as_(address, None).await;
    stranger.subscribes("1", changes, json!({ "id": motion })).await;
    assert_eq!(stranger.item().await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let mut mover = Socket::as_(address, chamber.people[0].client.token.as_deref()).await;
    mover.subscribes("1", changes, json!({ "id": motion, "after": start })).await;
    chamber.people[0].client.does("submitMotion", "position", json!({ "motion": motion })).await;
    chamber.people[1].client.does("secondMotion", "position", json!({ "motion": motion })).await;
    let first = mover.item().await["data"]["motionChanges"].clone();
    assert_eq!(first["event"], "MotionSubmitted");
    assert_eq!(mover.item().await["data"]["motionChanges"]["event"], "MotionSeconded");
    // It is public now.
    let mut stranger = Socket::as_(address, None).await;
    stranger.subscribes("1", changes, json!({ "id": motion, "after": first["position"] })).await;
    let item = stranger.item().await["data"]["motionChanges"].clone();
    assert_eq!((&item["event"], &item["motion"]["seconders"][0]["name"]), (&json!("MotionSeconded"), &json!("李四")));
}
