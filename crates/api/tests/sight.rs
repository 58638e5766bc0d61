//! What is seen of a person by whoever has no say where that person lives. Makes loud: a mutation that takes a person and
//! lends sight, a name published without its owner's word, an id by which two masked appearances are joined.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::{
    harness::{COMMUNITY, Client, DISTRICT, District, OTHER_STREET, Resident, STREET, area, global, id_number, text, uuid},
    motions::chamber,
    projects::{endows, officer},
    subscriptions::Socket,
    walker::{Seen, Walker},
};

const NAME: &str = "欧阳不见";
/// Nobody else was born on this day.
const BORN: &str = "1977-11-23";

/// What was done with somebody of the other street before anybody asks, and all that may be asked for.
pub struct Scene {
    pub walker: Walker,
    secrets: Vec<String>,
    /// Of those, what is told to whom the district lets see all of it.
    found: Vec<String>,
}

async fn council(by: &Client<'_>, area: &str, name: &str) -> String {
    let charter = json!({ "seats": 9, "issues": { "raisedBy": "RESIDENTS", "endorsementsNeeded": 1 } });
    let mandate = json!({ "authority": "民政局", "reason": "批复" });
    let input = json!({ "area": area, "name": name, "charter": charter, "mandate": mandate });
    text(&by.does("establishCouncil", "council { id }", input).await["council"]["id"])
}

fn key(kind: &str, id: &str) -> String {
    global(kind, uuid(id))
}

/// Somebody of the other street, met in everything of this one by what others did: a seat, a guest's place, a teller's and a
/// reviewer's office, a nomination, a roll, a place at an activity; and an issue and a motion at home.
async fn scene(district: &District) -> Scene {
    scene_with(district, &district.registers_born(BORN, OTHER_STREET, NAME).await).await
}

/// The same with somebody chosen, who has raised no issue if their account is not proven: a stranger's stands there then.
pub async fn scene_with(district: &District, victim: &Resident<'_>) -> Scene {
    let local = district.registers("本街居民").await;
    let (operator, officer) = (district.operator().await, officer(district).await);
    let mut walker = Walker::new(district.in_minutes(45)).await;

    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 5).await;
    let whole = district.with_role(Role::Organiser, Scope::Area(area(DISTRICT))).await;
    whole.does("signUp", "phase", json!({ "shift": shift, "volunteer": victim.id })).await;
    let served = json!({ "volunteer": victim.id, "organisation": organisation, "category": "ENVIRONMENT",
        "started": district.in_minutes(-600), "ended": district.in_minutes(-500), "content": "净滩" });
    let record = text(&whole.does("logService", "record { id }", served).await["record"]["id"]);

    let (here, there) = (council(&operator, COMMUNITY, "本街议事会").await, council(&operator, OTHER_STREET, "邻街议事会").await);
    for council in [&here, &there] {
        let seat = json!({ "council": council, "people": [victim.person], "source": { "transition": { "source": "名册" } } });
        operator.does("seatRepresentatives", "council { id }", seat).await;
    }
    let seat = json!({ "council": here, "people": [local.person], "source": { "transition": { "source": "名册" } } });
    operator.does("seatRepresentatives", "council { id }", seat).await;
    let guest = json!({ "council": here, "person": victim.person, "kind": "LAWYER" });
    operator.tries("registerGuest", "refusal { code }", guest).await;
    let raise = json!({ "council": there, "category": "PUBLIC_FACILITIES", "title": "路灯", "text": "太暗" });
    let raised = victim.client.tries("raiseIssue", "issue { id }", raise.clone()).await["issue"]["id"].clone();
    let issue = match raised.as_str() {
        Some(issue) => issue.to_owned(),
        None => {
            let neighbour = district.registers_in(OTHER_STREET, "邻街居民").await;
            text(&neighbour.client.does("raiseIssue", "issue { id }", raise).await["issue"]["id"])
        }
    };
    whole.does("admitIssue", "issue { phase }", json!({ "issue": issue })).await;
    let paragraphs = json!([{ "text": "在东门装十盏灯" }]);
    let draft = json!({ "council": here, "category": "PUBLIC_FACILITIES", "text": { "title": "增设路灯", "paragraphs": paragraphs } });
    let mut drafted = draft.clone();
    drafted["mover"] = json!(victim.person);
    let motion = text(&whole.does("draftMotion", "motion { id }", drafted).await["motion"]["id"]);
    whole.does("submitMotion", "position", json!({ "motion": motion, "by": victim.person })).await;

    let poll = json!({ "area": COMMUNITY, "title": "选址", "options": ["东门", "西门"], "method": { "kind": "CHOICE" },
        "secret": true, "channels": "MIXED", "rule": { "ruleId": "cn/village-election-tie" } });
    let poll = text(&whole.does("preparePoll", "poll { id }", poll).await["poll"]["id"]);
    let lines = json!([{ "holder": { "person": victim.person } }, { "holder": { "person": local.person } }]);
    whole.tries("enterOnRoll", "refusal { code }", json!({ "poll": poll, "lines": lines })).await;
    let tellers = json!({ "poll": poll, "first": victim.person, "second": local.person });
    whole.tries("appointTellers", "refusal { code }", tellers).await;
    let call = json!({ "council": here, "method": { "kind": "PLURALITY", "seats": 1 }, "rule": { "ruleId": "cn/village-election-tie" },
        "nominationsUntil": district.in_minutes(300), "pollOpens": district.in_minutes(600), "pollCloses": district.in_minutes(900) });
    let election = text(&whole.does("callElection", "election { id }", call).await["election"]["id"]);
    let nominee = json!({ "election": election, "nominee": victim.person, "by": local.person });
    whole.tries("nominate", "refusal { code }", nominee).await;

    let fund = endows(district, 1_000).await;
    let round = json!({ "title": "遴选", "area": STREET, "fund": fund, "line": { "year": 2026, "area": STREET }, "budget": 1_000,
        "criteria": [{ "title": "需求", "most": 10, "weight": 1 }], "scoresNeeded": 1, "selectedBy": "SCORES",
        "rule": { "method": "GREEDY" }, "applicationsUntil": "2026-03-02", "objectionDays": 7 });
    let round = text(&whole.does("callRound", "round { id }", round).await["round"]["id"]);
    whole.does("appointReviewer", "round { id }", json!({ "round": round, "reviewer": victim.person })).await;
    let apply = json!({ "round": round, "applicant": { "organisation": organisation }, "by": victim.person, "title": "项目", "text": "扶手",
        "area": COMMUNITY, "ask": 100 });
    whole.tries("applyInRound", "refusal { code }", apply).await;

    let notice = json!({ "title": "例会", "place": "活动室", "starts": district.in_minutes(60), "ends": district.in_minutes(180) });
    let convene = json!({ "council": here, "notice": notice, "agenda": [{ "title": "开场" }], "shortNotice": "水管爆裂" });
    let convened = whole.does("conveneMeeting", "meeting { id agenda { id } }", convene).await["meeting"].clone();
    let invite = json!({ "meeting": convened["id"], "person": victim.person, "capacity": "EXPERT" });
    whole.tries("inviteToMeeting", "refusal { code }", invite).await;
    officer.does("establishFund", "fund { id }", json!({ "name": "另一资金", "area": DISTRICT })).await;

    for (kind, id) in [
        ("Person", &victim.person),
        ("Volunteer", &victim.id),
        ("Account", &key("Account", &account(victim).await)),
        ("Organisation", &organisation),
        ("SelfOrganisation", &key("SelfOrganisation", &organisation)),
        ("Activity", &activity),
        ("Shift", &shift),
        ("ServiceRecord", &record),
        ("Council", &here),
        ("Council", &there),
        ("ResidentIssue", &issue),
        ("Motion", &motion),
        ("Poll", &poll),
        ("Election", &election),
        ("Fund", &fund),
        ("Round", &round),
        ("Meeting", &text(&convened["id"])),
        ("AgendaItem", &text(&convened["agenda"][0]["id"])),
        ("Area", &global("Area", COMMUNITY)),
    ] {
        walker.knows(kind, id);
    }
    let number = id_number(BORN, 0);
    let masked = format!("{}**********{}", &number[..6], &number[16..]);
    let found = vec![NAME.to_owned(), victim.phone.clone(), number, BORN.to_owned(), victim.person.clone()];
    let more = [masked, uuid(&victim.person).to_string(), account(victim).await];
    Scene { walker, secrets: found.iter().cloned().chain(more).collect(), found }
}

async fn account(who: &Resident<'_>) -> String {
    text(&who.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"])
}

/// Everybody of this street, and who is nobody.
async fn askers(district: &District) -> Vec<(String, Client<'_>)> {
    let mut askers = vec![("stranger".to_owned(), district.stranger())];
    askers.push(("resident".to_owned(), district.registers("邻居").await.client));
    let organiser = district.registers_with("孙社工", "ORGANISER", json!({ "area": STREET })).await;
    askers.push(("organiser with an account".to_owned(), organiser.client));
    for role in Role::ALL.into_iter().rev() {
        askers.push((role.to_string(), district.with_role(role, Scope::Area(area(STREET))).await));
    }
    // Last, for what follows from it.
    askers.sort_by_key(|(who, _)| *who == Role::DistrictOfficer.to_string());
    askers
}

fn told(who: &str, secrets: &[String], seen: &[Seen], told: &mut Vec<String>) {
    for Seen { way, text } in seen {
        for secret in secrets {
            let Some(at) = text.find(secret.as_str()) else { continue };
            let before: String = text[..at].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
            told.push(format!("{who}: {before}{secret} by {way}"));
        }
    }
}

fn nothing_was(told: &[String]) {
    assert!(told.is_empty(), "{} times:\n{}", told.len(), told[..told.len().min(40)].join("\n"));
}

#[tokio::test]
async fn nothing_personal_is_read_of_who_lives_in_another_street() {
    let district = District::new().await;
    let scene = scene(&district).await;
    let mut all = vec![];
    for (who, client) in askers(&district).await {
        let mut seen = vec![];
        scene.walker.reads(&client, &mut seen).await;
        assert!(seen.len() > 100, "{who} has walked only {} ways", seen.len());
        told(&who, &scene.secrets, &seen, &mut all);
    }
    nothing_was(&all);
    // The same walk finds all of it for whom the district lets see it.
    let (mut seen, mut found) = (vec![], vec![]);
    let officer = district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT))).await;
    scene.walker.reads(&officer, &mut seen).await;
    told("officer", &scene.secrets, &seen, &mut found);
    for secret in &scene.found {
        assert!(found.iter().any(|it| it.contains(secret.as_str())), "{secret} is not found at all");
    }
}

#[tokio::test]
async fn no_mutation_lends_sight_of_who_lives_in_another_street() {
    let district = District::new().await;
    let scene = scene(&district).await;
    let (mut all, mut done) = (vec![], 0);
    // What ends things is tried last.
    let ends = ["cancel", "close", "dissolve", "end", "leave", "release", "revoke", "strike", "void", "withdraw"];
    let (last, first): (Vec<_>, Vec<_>) =
        scene.walker.mutations().into_iter().partition(|name| ends.iter().any(|end| name.starts_with(end)));
    let mutations = first.iter().chain(&last).filter(|name| !name.starts_with("sign") || *name == "signUp");
    for (who, client) in askers(&district).await {
        let mut seen = vec![];
        for mutation in mutations.clone() {
            done += usize::from(scene.walker.does(&client, mutation, &mut seen).await.is_none());
        }
        told(&who, &scene.secrets, &seen, &mut all);
        if who == Role::DistrictOfficer.to_string() {
            continue;
        }
        // Nor to anybody else. A district officer enters on paper that somebody stands, who is named then.
        let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;
        seen.clear();
        scene.walker.reads(&organiser, &mut seen).await;
        told(&format!("organiser, after all that {who} did"), &scene.secrets, &seen, &mut all);
    }
    assert!(done > 10, "only {done} were done");
    nothing_was(&all);
}

#[tokio::test]
async fn hours_are_logged_and_places_taken_only_for_whom_one_has_a_say() {
    let district = District::new().await;
    let volunteer = district.registers_in(OTHER_STREET, NAME).await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 5).await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;
    let served = json!({ "volunteer": volunteer.id, "organisation": organisation, "category": "ENVIRONMENT",
        "started": district.in_minutes(-600), "ended": district.in_minutes(-500) });
    assert_eq!(organiser.is_refused("logService", served.clone()).await, "NotMember");
    let sign_up = json!({ "shift": shift, "volunteer": volunteer.id });
    assert_eq!(organiser.is_refused("signUp", sign_up.clone()).await, "NotMember");
    volunteer.client.does("signUp", "phase", sign_up).await;
    let ask = "query($id: ID!) { activity(id: $id) { signUps { nodes { volunteer { name phone idNumber birthDate person } } } } }";
    let seen = organiser.asks(ask, json!({ "id": activity })).await.data()["activity"]["signUps"]["nodes"][0]["volunteer"].clone();
    let own_doing = json!({ "name": NAME, "phone": volunteer.phone, "idNumber": null, "birthDate": null });
    assert_eq!((&seen["name"], &seen["phone"]), (&own_doing["name"], &own_doing["phone"]));
    assert_eq!((&seen["idNumber"], &seen["birthDate"]), (&Value::Null, &Value::Null));
    volunteer.client.does("joinOrganisation", "organisation { id }", json!({ "organisation": organisation })).await;
    // A member is seen, but for the whole ID number: that is for who has a say where the person lives.
    let fields = "record { minutes volunteer { name phone birthDate idNumber } }";
    let seen = organiser.does("logService", fields, served).await["record"]["volunteer"].clone();
    assert_eq!((&seen["name"], &seen["phone"]), (&json!(NAME), &json!(volunteer.phone)));
    assert!(seen["idNumber"].as_str().unwrap().contains("****"), "{seen}");
}
#[tokio::test]
async fn a_running_subscription_sees_no_more_than_its_asker_may_now() {
    let district = District::new().await;
    let address = district.serves().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 5).await;
    let organiser = district.registers_with("孙社工", "ORGANISER", json!({ "area": STREET })).await;
    let people = [district.registers("李梅").await, district.registers("赵云").await, district.registers("王强").await];
    let signs_up = async |who: &Resident<'_>| who.client.does("signUp", "position", json!({ "shift": shift })).await["position"].clone();
    let seen = signs_up(&people[0]).await;
    let mut socket = Socket::as_(address, organiser.client.token.as_deref()).await;
    let query = "subscription($id: ID!, $after: Position) { activityPlaces(activity: $id, after: $after) {
        event activity { signUps { nodes { volunteer { name phone } } } } } }";
    socket.subscribes("places", query, json!({ "id": activity, "after": seen })).await;
    signs_up(&people[1]).await;
    let item = socket.item().await;
    assert!(item.to_string().contains("赵云"), "{item}");
    let role = json!({ "account": account(&organiser).await, "role": "ORGANISER", "area": STREET });
    district.operator().await.does("revokeRole", "account { id }", role).await;
    signs_up(&people[2]).await;
    let item = socket.item().await;
    assert_eq!(item["errors"][0]["extensions"]["code"], "FORBIDDEN", "{item}");
    for personal in people.iter().flat_map(|who| ["李梅", "赵云", "王强", &who.phone]) {
        assert!(!item.to_string().contains(personal), "{item}");
    }
}

#[tokio::test]
async fn words_are_put_into_nobodys_mouth() {
    let district = District::new().await;
    let victim = district.registers_in(OTHER_STREET, NAME).await;
    let local = district.registers("本街居民").await;
    let operator = district.operator().await;
    let council = council(&operator, COMMUNITY, "本街议事会").await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;

    let mut raise = json!({ "council": council, "category": "PUBLIC_FACILITIES", "title": "路灯", "text": "太暗" });
    let fields = "issue { raisedBy raisedByName enteredBy { kind name } }";
    let own = local.client.does("raiseIssue", fields, raise.clone()).await["issue"].clone();
    assert_eq!((&own["raisedBy"], &own["enteredBy"]), (&json!(local.person), &Value::Null));
    raise["raisedBy"] = json!(local.person);
    let entered = organiser.does("raiseIssue", fields, raise.clone()).await["issue"]["enteredBy"].clone();
    assert_eq!(entered, json!({ "kind": "OPERATOR", "name": "organiser" }));
    raise["raisedBy"] = json!(victim.person);
    assert_eq!(organiser.is_refused("raiseIssue", raise).await, "NotAllowed");

    let call = json!({ "council": council, "method": { "kind": "PLURALITY", "seats": 1 }, "rule": { "ruleId": "cn/village-election-tie" },
        "nominationsUntil": district.in_minutes(300), "pollOpens": district.in_minutes(600), "pollCloses": district.in_minutes(900) });
    let election = text(&organiser.does("callElection", "election { id }", call).await["election"]["id"]);
    let by_oneself = json!({ "election": election, "nominee": victim.person, "by": victim.person });
    assert_eq!(organiser.is_refused("nominate", by_oneself).await, "NotAllowed");
    let by_another = json!({ "election": election, "nominee": victim.person, "by": local.person });
    organiser.does("nominate", "election { id }", by_another).await;
    let stands = json!({ "election": election, "nominee": victim.person, "stands": true });
    assert_eq!(organiser.is_refused("answerNomination", stands).await, "NotAllowed");
    let nominees = async || {
        let ask = "query($id: ID!) { election(id: $id) { nominees { person { id name } } } }";
        organiser.asks(ask, json!({ "id": election })).await.data()["election"]["nominees"].clone()
    };
    assert_eq!(nominees().await, json!([{ "person": { "id": null, "name": "欧*" } }]));
    victim.client.does("answerNomination", "election { id }", json!({ "election": election, "stands": true })).await;
    assert_eq!(nominees().await, json!([{ "person": { "id": victim.person, "name": NAME } }]));
}

#[tokio::test]
async fn who_raised_an_issue_is_not_found_out_by_asking_for_theirs() {
    let district = District::new().await;
    let victim = district.registers_in(OTHER_STREET, NAME).await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;
    let ask = "query($person: ID) { issues(filter: { raisedBy: $person }) { totalCount } }";
    assert_eq!(victim.client.asks(ask, json!({ "person": victim.person })).await.data()["issues"]["totalCount"], 0);
    assert_eq!(organiser.asks(ask, json!({ "person": victim.person })).await.code(), "FORBIDDEN");
    assert_eq!(organiser.asks(ask, json!({ "person": global("Person", uuid::Uuid::nil()) })).await.code(), "FORBIDDEN");
    assert_eq!(district.stranger().asks(ask, json!({ "person": victim.person })).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn what_somebody_moved_is_found_only_where_the_name_is_shown() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    chamber.moves().await;
    let (mover, council) = (&chamber.people[0].person, global("Council", chamber.council.0));
    let stranger = district.stranger();
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET))).await;
    for as_ in ["mover", "seconder"] {
        let ask =
            format!("query($council: ID, $person: ID) {{ motions(filter: {{ council: $council, {as_}: $person }}) {{ totalCount }} }}");
        let found = async |by: &Client<'_>, council: Option<&String>| by.asks(&ask, json!({ "council": council, "person": mover })).await;
        let count = i32::from(as_ == "mover");
        assert_eq!(found(&stranger, Some(&council)).await.data()["motions"]["totalCount"], count);
        assert_eq!(found(&chamber.people[0].client, None).await.data()["motions"]["totalCount"], count);
        assert_eq!(found(&chamber.organiser, None).await.data()["motions"]["totalCount"], count);
        assert_eq!(found(&stranger, None).await.code(), "UNAUTHENTICATED");
        assert_eq!(found(&elsewhere, None).await.code(), "FORBIDDEN");
    }
    let took_back = json!({ "council": council });
    chamber.people[0].client.does("takeBackAcceptance", "account { id }", took_back).await;
    let ask = "query($council: ID, $person: ID) { motions(filter: { council: $council, mover: $person }) { totalCount } }";
    assert_eq!(stranger.asks(ask, json!({ "council": council, "person": mover })).await.code(), "UNAUTHENTICATED");
    let ask = "query($council: ID, $person: ID) { communityActivities(filter: { council: $council, begunBy: $person }) { totalCount } }";
    assert_eq!(stranger.asks(ask, json!({ "council": council, "person": mover })).await.code(), "UNAUTHENTICATED");
}
