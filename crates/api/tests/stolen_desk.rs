//! A stolen desk: whoever sits at an officer's, with every role, opens accounts for residents and tries to act as they would; and
//! whoever has the password of an account that its owner never chose one for. Makes loud: a ballot, an endorsement, a second, a
//! nomination by a resident who had no part in it. Which mutations there are is told by the schema: a new one is tried, too.

use std::collections::BTreeSet;

use gongyi_domain::access::{
    account::account_of,
    authority::{Role, Session},
};
use gongyi_eventlog::Recorded;
use serde_json::{Value, json};

use crate::{
    harness::{COMMUNITY, Client, DISTRICT, District, Resident, global, id_number, text, uuid},
    sight::scene_with,
};

/// What an unproven account may bring about, by the kind of stream: places and hours, nothing of civic life.
const OWN_KINDS: [&str; 4] = ["account", "activity", "service_ledger", "volunteer"];
/// By which somebody has a say as oneself.
const A_SAY: [&str; 3] = ["IssueEndorsed", "OpenVoteCast", "OpenVoteRecorded"];
/// What ends things is tried last.
const ENDS: [&str; 12] =
    ["cancel", "change", "close", "dissolve", "end", "erase", "leave", "release", "revoke", "strike", "void", "withdraw"];

/// Somebody the desk has taken in and opened an account for, with a session as an account had that staff chose the password of.
async fn taken_in<'d>(district: &'d District, desk: &Client<'d>) -> Resident<'d> {
    let phone = "19901218888".to_owned();
    let input = json!({ "name": "陈婆婆", "idNumber": id_number("1950-01-02", 88), "phone": phone, "homeArea": COMMUNITY });
    let volunteer = desk.does("registerVolunteer", "volunteer { id person }", input).await["volunteer"].clone();
    let (id, person) = (text(&volunteer["id"]), text(&volunteer["person"]));
    let opened = desk.does("openAccount", "code account { proven }", json!({ "person": person })).await;
    assert_eq!(opened["account"]["proven"], false);
    let account = account_of(gongyi_domain::values::PersonId(uuid(&person)));
    let token = district.app.access_token(account, Session::default(), district.app.now()).await.unwrap();
    let mut client = district.stranger();
    client.token = Some(token);
    Resident { client, id, person, phone }
}

/// An officer of the whole district with every other role, too.
async fn desk(district: &District) -> Resident<'_> {
    let desk = district.registers_with("被盗的账号", "DISTRICT_OFFICER", json!({ "area": DISTRICT })).await;
    let account = desk.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::DistrictOfficer) {
        let input = json!({ "account": account, "role": role.name().to_uppercase(), "area": DISTRICT });
        district.operator().await.does("grantRole", "account { id }", input).await;
    }
    desk
}

async fn events(district: &District, after: u64) -> Vec<Recorded> {
    let mut events = vec![];
    loop {
        let from = events.last().map_or(after, |last: &Recorded| last.position);
        let page = district.app.log().read_after(from, 500).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

fn in_order(mutations: Vec<String>) -> Vec<String> {
    let (last, mut first): (Vec<_>, Vec<_>) = mutations
        .into_iter()
        .partition(|name| ENDS.iter().any(|end| name.starts_with(end)) && !matches!(name.as_str(), "endorseIssue" | "withdrawEndorsement"));
    first.extend(last);
    first
}

#[tokio::test]
async fn an_unproven_account_has_no_say_by_any_mutation() {
    let district = District::new().await;
    let desk = desk(&district).await;
    let victim = taken_in(&district, &desk.client).await;
    let scene = scene_with(&district, &victim).await;
    let before = district.app.log().head().await.unwrap().position;
    let mut refused = BTreeSet::new();
    for mutation in in_order(scene.walker.mutations()) {
        let told = scene.walker.tries(&victim.client, &mutation).await;
        if told.and_then(|(why_not, _)| why_not).as_deref() == Some("AccountNotProven") {
            refused.insert(mutation);
        }
    }
    for civic in ["castBallot", "castOpenBallot", "endorseIssue", "secondMotion", "nominate", "raiseIssue", "registerProxy"] {
        assert!(refused.contains(civic), "{civic} is not refused to an unproven account: {refused:?}");
    }
    let own = format!("account:{}", account_of(gongyi_domain::values::PersonId(uuid(&victim.person))));
    let brought_about = events(&district, before).await.into_iter().filter(|event| event.commit.metadata.actor == own);
    let civic: Vec<_> = brought_about
        .filter(|event| !OWN_KINDS.contains(&event.stream.kind.as_ref()))
        .map(|event| format!("{}.{}", event.stream.kind, event.event_type))
        .collect();
    assert_eq!(civic, Vec::<String>::new());
}

#[tokio::test]
async fn a_desk_casts_no_ballot_and_endorses_nothing_as_a_resident() {
    let district = District::new().await;
    let desk = desk(&district).await;
    let victim = taken_in(&district, &desk.client).await;
    let scene = scene_with(&district, &victim).await;
    let before = district.app.log().head().await.unwrap().position;
    // The code is for whom it was handed to: who is signed in does not use it.
    let code = desk.client.does("issueSignInCode", "code", json!({ "account": account(&victim) })).await["code"].clone();
    let set = json!({ "phone": victim.phone, "code": code, "password": crate::harness::PASSWORD });
    assert_eq!(desk.client.is_refused("setPasswordByCode", set).await, "SignOutFirst");
    let mut done = 0;
    for mutation in in_order(scene.walker.mutations()) {
        let told = scene.walker.tries(&desk.client, &mutation).await;
        done += usize::from(told.is_some_and(|(why_not, _)| why_not.is_none()));
    }
    assert!(done > 10, "only {done} were done");
    let person = uuid(&victim.person).to_string();
    for event in events(&district, before).await {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        let has_a_say = A_SAY.contains(&event.event_type.as_str());
        assert!(!has_a_say || !payload.to_string().contains(&person), "{}: {payload}", event.event_type);
    }
}

fn account(who: &Resident<'_>) -> String {
    global("Account", account_of(gongyi_domain::values::PersonId(uuid(&who.person))).0)
}
