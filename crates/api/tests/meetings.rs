//! Meetings through the door. Makes loud: a vote whose choices are told before it is over, a reason that is not printed, a
//! draft of minutes that everybody reads, a name shown to strangers, a feed that a calendar cannot read.

use axum::{body::Body, http::Request};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{CouncilId, PersonId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{COMMUNITY, Client, DISTRICT, District, STREET, area, text, uuid},
    subscriptions::Socket,
};

async fn meeting(client: &Client<'_>, id: &Value, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ meeting(id: $id) {{ {fields} }} }}");
    client.asks(&query, json!({ "id": id })).await.data()["meeting"].clone()
}

#[tokio::test]
async fn a_meeting_is_held_through_the_door() {
    let district = District::new().await;
    let scope = || Scope::Area(area(COMMUNITY));
    let mut people = vec![];
    for name in ["张建国", "李秀英", "王小明"] {
        people.push(district.registers(name).await);
    }
    let ids: Vec<PersonId> = people.iter().map(|it| person_of(&it.person)).collect();
    let (council_id, council) = district.council(ids).await;
    let organiser = district.with_role(Role::Organiser, scope()).await;
    let stranger = district.stranger();
    let notice = json!({ "title": "三月例会", "place": "社区活动室", "starts": district.in_minutes(60), "ends": district.in_minutes(180) });
    let agenda = json!([{ "title": "开场" }, { "title": "垃圾分类", "parts": [{ "title": "现状" }] }]);
    let mut input = json!({ "council": council, "notice": notice, "agenda": agenda });
    assert_eq!(organiser.is_refused("conveneMeeting", input.clone()).await, "NoticeTooShort");
    input["shortNotice"] = json!("水管爆裂");
    assert_eq!(stranger.is_refused("conveneMeeting", input.clone()).await, "SignInRequired");
    let payload = organiser.does("conveneMeeting", "meeting { id agenda { id number title } }", input).await;
    let id = payload["meeting"]["id"].clone();
    let numbers: Vec<_> = payload["meeting"]["agenda"].as_array().unwrap().iter().map(|it| text(&it["number"])).collect();
    assert_eq!(numbers, ["1", "2", "2.1"]);
    let item = payload["meeting"]["agenda"][1]["id"].clone();

    let list = "query($area: AreaCode, $phases: [MeetingPhase!]) { meetings(filter: { area: $area, phases: $phases }) { totalCount nodes { title orders { quorum { reach share } } } } }";
    let listed = stranger.asks(list, json!({ "area": DISTRICT, "phases": ["CONVENED"] })).await.data()["meetings"].clone();
    assert_eq!(listed["nodes"][0], json!({ "title": "三月例会", "orders": { "quorum": { "reach": "MORE_THAN", "share": "1/2" } } }));
    let none = stranger.asks(list, json!({ "area": DISTRICT, "phases": ["CLOSED"] })).await.data()["meetings"].clone();
    assert_eq!(none["totalCount"], 0);

    for person in &people[..2] {
        organiser.does("recordPresence", "meeting { id }", json!({ "meeting": id, "person": person.person, "passage": "CAME" })).await;
    }
    organiser.does("openMeeting", "meeting { id }", json!({ "meeting": id })).await;
    organiser.does("takeUpItem", "meeting { id }", json!({ "item": item })).await;
    people[0].client.does("requestToSpeak", "meeting { id }", json!({ "item": item, "side": "FOR" })).await;
    organiser.does("callNextSpeaker", "meeting { id }", json!({ "meeting": id })).await;
    let shown = meeting(
        &stranger,
        &id,
        "quorum { present entitled reached en } agenda { speakers { speaking { participant { person name } secondsLeft } } } attendances { present }",
    )
    .await;
    assert_eq!(shown["quorum"], json!({ "present": 2, "entitled": 3, "reached": true, "en": "present 2 of 3, more than half ✓" }));
    let speaking = &shown["agenda"][1]["speakers"]["speaking"];
    assert_eq!(*speaking, json!({ "participant": { "person": null, "name": "张*" }, "secondsLeft": 120 }));

    let open = json!({ "item": item, "question": "是否同意？", "matter": "ORDINARY", "kind": "BY_NAME" });
    let opened = organiser.does("openVote", "voteId pollId", open).await;
    let vote = opened["voteId"].clone();
    people[0].client.does("castMeetingBallot", "meeting { id }", json!({ "meeting": id, "vote": vote, "choice": "YES" })).await;
    let again = json!({ "meeting": id, "vote": vote, "choice": "NO" });
    assert_eq!(people[0].client.is_refused("castMeetingBallot", again.clone()).await, "AlreadyVoted");
    assert_eq!(people[2].client.is_refused("castMeetingBallot", again).await, "NotAVoter");
    let votes = "votes { phase castCount choices { choice } decision { outcome counts { yes } steps { held } reason { zh en } } }";
    let running = meeting(&stranger, &id, votes).await["votes"][0].clone();
    assert_eq!(running, json!({ "phase": "OPEN", "castCount": 1, "choices": [], "decision": null }));
    organiser.does("closeVote", "meeting { id }", json!({ "meeting": id, "vote": vote })).await;
    let closed = meeting(&stranger, &id, votes).await["votes"][0].clone();
    assert_eq!((&closed["choices"], &closed["decision"]["outcome"]), (&json!([{ "choice": "YES" }]), &json!("FAILED")));
    let reason = text(&closed["decision"]["reason"]["en"]);
    assert!(reason.starts_with("present 2 of 3, more than half ✓; yes 1 of 2") && reason.ends_with("✗"), "{reason}");

    let own = "{ me { meetingBallots { nodes { choice vote { id meeting { id } } } } meetingsToCome { nodes { id phase } } } }";
    let mine = people[0].client.asks(own, json!({})).await.data()["me"].clone();
    let voted = json!([{ "choice": "YES", "vote": { "id": vote, "meeting": { "id": id } } }]);
    assert_eq!((&mine["meetingBallots"]["nodes"], &mine["meetingsToCome"]["nodes"]), (&voted, &json!([{ "id": id, "phase": "OPEN" }])));
    let others = people[2].client.asks(own, json!({})).await.data()["me"].clone();
    assert_eq!((&others["meetingBallots"]["nodes"], others["meetingsToCome"]["nodes"].as_array().unwrap().len()), (&json!([]), 1));
    let nobodys = stranger.asks(own, json!({})).await.data()["me"].clone();
    assert_eq!(nobodys, json!({ "meetingBallots": null, "meetingsToCome": null }));
    let node =
        stranger.asks("query($id: ID!) { node(id: $id) { id ... on Vote { question meeting { id } } } }", json!({ "id": vote })).await;
    assert_eq!(node.data()["node"], json!({ "id": vote, "question": "是否同意？", "meeting": { "id": id } }));

    organiser.does("closeMeeting", "meeting { id }", json!({ "meeting": id })).await;
    let over = people[0].client.asks(own, json!({})).await.data()["me"].clone();
    assert_eq!(over["meetingsToCome"]["nodes"], json!([]));
    organiser.does("draftMinutes", "meeting { id }", json!({ "meeting": id })).await;
    let fields = "minutes { phase text publishedText resolutions { question carried } people { name } }";
    assert_eq!(meeting(&stranger, &id, fields).await["minutes"], Value::Null, "a draft is not everybody's");
    assert!(text(&meeting(&organiser, &id, fields).await["minutes"]["text"]).contains("三月例会会议纪要"));
    organiser.does("approveMinutes", "meeting { id }", json!({ "meeting": id, "revision": 1 })).await;
    organiser.does("publishMinutes", "meeting { id }", json!({ "meeting": id })).await;
    organiser.does("reopenMinutes", "meeting { id }", json!({ "meeting": id, "reason": "补记" })).await;
    let minutes = meeting(&stranger, &id, fields).await["minutes"].clone();
    assert_eq!((&minutes["phase"], &minutes["text"]), (&json!("DRAFT"), &Value::Null));
    assert_eq!(minutes["resolutions"], json!([{ "question": "是否同意？", "carried": false }]));
    assert!(text(&minutes["publishedText"]).contains("决议") && minutes["people"].as_array().unwrap().len() == 3);

    let feed = stranger.sends(Request::get(format!("/calendar/council/{council_id}.ics")).body(Body::empty()).unwrap()).await;
    assert_eq!((feed.status.as_u16(), feed.headers["content-type"].to_str().unwrap()), (200, "text/calendar; charset=utf-8"));
    let feed = text(&feed.body);
    assert!(feed.contains("SUMMARY:三月例会") && feed.contains("DTSTART:20260302T020000Z") && feed.contains("\\n2.1 现状"), "{feed}");
    for unknown in ["x.ics".to_owned(), council_id.to_string()] {
        let answer = stranger.sends(Request::get(format!("/calendar/council/{unknown}")).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
}

/// A meeting an hour from now of a council of these people, convened at short notice.
async fn convened(district: &District, organiser: &Client<'_>, people: &[PersonId], title: &str) -> (CouncilId, Value) {
    let (council_id, council) = district.council(people.to_vec()).await;
    let notice = json!({ "title": title, "place": "社区活动室", "starts": district.in_minutes(60), "ends": district.in_minutes(180) });
    let input = json!({ "council": council, "notice": notice, "agenda": [{ "title": "开场" }], "shortNotice": "水管爆裂" });
    (council_id, organiser.does("conveneMeeting", "meeting { id }", input).await["meeting"]["id"].clone())
}

pub fn person_of(global: &str) -> PersonId {
    PersonId(uuid(global))
}

#[tokio::test]
async fn a_persons_calendar_is_fetched_under_its_secret_address_until_it_ends() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let (sits, invited) = (district.registers("张建国").await, district.registers("李秀英").await);
    let (_, meeting) = convened(&district, &organiser, &[person_of(&sits.person)], "甲会").await;
    convened(&district, &organiser, &[person_of(&invited.person)], "乙会").await;
    let invite = json!({ "meeting": meeting, "person": invited.person, "capacity": "EXPERT" });
    organiser.does("inviteToMeeting", "meeting { id }", invite).await;

    let make = "mutation { makeCalendarAddress { path refusal { code } } }";
    let path = async |client: &Client<'_>| text(&client.asks(make, json!({})).await.data()["makeCalendarAddress"]["path"]);
    let fetch = async |path: &str| district.stranger().sends(Request::get(path).body(Body::empty()).unwrap()).await;
    let refused = district.stranger().asks(make, json!({})).await.data()["makeCalendarAddress"].clone();
    assert_eq!(refused, json!({ "path": null, "refusal": { "code": "SignInRequired" } }));

    let own = path(&sits.client).await;
    let feed = fetch(&own).await;
    assert_eq!((feed.status.as_u16(), feed.headers["cache-control"].to_str().unwrap()), (200, "private, no-store"));
    let shown = text(&feed.body);
    assert!(shown.contains("SUMMARY:甲会") && !shown.contains("乙会"), "{shown}");
    for personal in ["张建国", &sits.person, &person_of(&sits.person).to_string()] {
        assert!(!shown.contains(personal), "{personal} is in the feed");
    }
    let others = path(&invited.client).await;
    let shown = text(&fetch(&others).await.body);
    assert!(shown.contains("SUMMARY:甲会") && shown.contains("SUMMARY:乙会"), "{shown}");

    let anew = path(&sits.client).await;
    assert_eq!((fetch(&own).await.status.as_u16(), fetch(&anew).await.status.as_u16()), (404, 200));
    let revoke = "mutation { revokeCalendarAddress { revoked } }";
    for _ in 0..2 {
        assert_eq!(sits.client.asks(revoke, json!({})).await.data()["revokeCalendarAddress"]["revoked"], true);
    }
    assert_eq!(fetch(&anew).await.status.as_u16(), 404);
    assert_eq!(fetch(&anew.replace(".ics", "")).await.status.as_u16(), 404);
    assert_eq!(fetch(&others).await.status.as_u16(), 200);
    let operator = district.with_role(Role::Operator, Scope::Everywhere).await;
    operator.does("erasePerson", "position", json!({ "person": invited.person })).await;
    assert_eq!(fetch(&others).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_meeting_is_followed_by_everybody_and_from_where_one_was() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let people = [district.registers("张建国").await, district.registers("李秀英").await];
    let ids: Vec<_> = people.iter().map(|it| person_of(&it.person)).collect();
    let (_, meeting) = convened(&district, &organiser, &ids, "例会").await;
    let address = district.serves().await;
    let query = "subscription($id: ID!, $after: Position) { meetingChanges(meeting: $id, after: $after) { position kind meeting { phase quorum { present } } } }";
    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", query, json!({ "id": meeting })).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let came = async |who: &str| {
        organiser.does("recordPresence", "meeting { id }", json!({ "meeting": meeting, "person": who, "passage": "CAME" })).await;
    };
    came(&people[0].person).await;
    let first = socket.item().await["data"]["meetingChanges"].clone();
    assert_eq!((&first["kind"], &first["meeting"]["quorum"]["present"]), (&json!("PRESENCE"), &json!(1)));
    drop(socket);

    came(&people[1].person).await;
    organiser.does("openMeeting", "meeting { id }", json!({ "meeting": meeting })).await;
    let mut socket = Socket::as_(address, None).await;
    socket.subscribes("1", query, json!({ "id": meeting, "after": first["position"] })).await;
    for kind in ["PRESENCE", "SESSION"] {
        assert_eq!(socket.item().await["data"]["meetingChanges"]["kind"], kind);
    }
    organiser.does("adjournMeeting", "meeting { id }", json!({ "meeting": meeting, "reason": "停电" })).await;
    let mut kinds = vec![];
    for _ in 0..3 {
        let item = socket.item().await["data"]["meetingChanges"].clone();
        assert_eq!(item["meeting"]["phase"], "ADJOURNED");
        kinds.push(text(&item["kind"]));
    }
    assert_eq!(kinds, ["PRESENCE", "PRESENCE", "SESSION"]);
}

/// A feed's lines, unfolded.
async fn feed(client: &Client<'_>, path: &str) -> (axum::http::HeaderMap, Vec<String>) {
    let answer = client.sends(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}");
    let unfolded = text(&answer.body).replace("\r\n ", "");
    (answer.headers, unfolded.split("\r\n").map(str::to_owned).collect())
}

/// What the events of a feed say under this name, in the order of their beginning.
fn said(feed: &[String], name: &str) -> Vec<String> {
    let events = feed.split(|line| line == "BEGIN:VEVENT").skip(1);
    let of = |event: &[String], name: &str| event.iter().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap_or("").to_owned();
    let mut told: Vec<_> = events.map(|event| (of(event, "DTSTART"), of(event, name))).collect();
    told.sort();
    told.into_iter().map(|(_, told)| told).collect()
}

/// A moment of the harness as a calendar writes it.
fn stamp(moment: &str) -> String {
    let seconds = moment.split(['.', '+', 'Z']).next().unwrap();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

#[tokio::test]
async fn a_meeting_adjourned_to_another_day_is_in_every_feed_and_list_on_both() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let people = [district.registers("张建国").await, district.registers("李秀英").await];
    let ids: Vec<_> = people.iter().map(|it| person_of(&it.person)).collect();
    let (council, id) = convened(&district, &organiser, &ids, "例会").await;
    let make = "mutation { makeCalendarAddress { path } }";
    let own = text(&people[0].client.asks(make, json!({})).await.data()["makeCalendarAddress"]["path"]);
    let (public, stranger) = (format!("/calendar/council/{council}.ics"), district.stranger());
    let (days, first) = (|n: i64| n * 24 * 60, district.in_minutes(60));
    for person in &people {
        organiser.does("recordPresence", "meeting { id }", json!({ "meeting": id, "person": person.person, "passage": "CAME" })).await;
    }
    organiser.does("openMeeting", "meeting { id }", json!({ "meeting": id })).await;
    let (again, (before, lines)) = (district.in_minutes(days(3)), feed(&stranger, &public).await);
    let sequence = said(&lines, "SEQUENCE");
    district.waits_minutes(2);
    let adjourn = json!({ "meeting": id, "until": again, "reason": "停电" });
    let fields = "meeting { starts sittings { starts ends place calledOff } }";
    let shown = organiser.does("adjournMeeting", fields, adjourn).await["meeting"].clone();
    assert_eq!((&shown["starts"], shown["sittings"].as_array().unwrap().len()), (&shown["sittings"][0]["starts"], 2));

    let list = "query($from: DateTime, $to: DateTime) { meetings(filter: { from: $from, to: $to }) { totalCount } }";
    let listed = async |from: i64, to: i64| {
        let asked = json!({ "from": district.in_minutes(from), "to": district.in_minutes(to) });
        stranger.asks(list, asked).await.data()["meetings"]["totalCount"].clone()
    };
    assert_eq!(listed(0, days(1)).await, 1, "the first sitting");
    assert_eq!(listed(days(2), days(4)).await, 1, "the continuation");
    assert_eq!(listed(days(1), days(2)).await, 0, "between them there is none");
    for path in [&public, &own] {
        let (_, lines) = feed(&stranger, path).await;
        assert_eq!(said(&lines, "DTSTART"), [stamp(&first), stamp(&again)], "{path}");
        let ids = said(&lines, "UID");
        assert!(ids[0] != ids[1] && said(&lines, "RELATED-TO")[1] == ids[0], "{ids:?}");
    }

    let moved = json!({ "title": "例会（续）", "place": "祠堂", "starts": district.in_minutes(days(5)), "ends": district.in_minutes(days(5) + 90) });
    let past = json!({ "title": "例会（续）", "place": "祠堂", "starts": district.in_minutes(-90), "ends": district.in_minutes(-30) });
    assert_eq!(organiser.is_refused("amendMeeting", json!({ "meeting": id, "notice": past })).await, "MeetingNoticeUnfit");
    let shown = organiser.does("amendMeeting", fields, json!({ "meeting": id, "notice": moved })).await["meeting"].clone();
    assert_eq!(shown["sittings"][1]["place"], "祠堂");
    let (headers, lines) = feed(&stranger, &public).await;
    assert_eq!(said(&lines, "DTSTART"), [stamp(&first), stamp(&text(&moved["starts"]))]);
    assert_eq!(said(&lines, "SUMMARY"), ["例会", "例会（续）"]);
    assert_eq!((listed(days(2), days(4)).await, listed(days(4), days(6)).await), (json!(0), json!(1)));
    assert_ne!(headers["etag"], before["etag"]);
    let number = |it: &str| it.parse::<u64>().unwrap();
    assert!(number(&said(&lines, "SEQUENCE")[0]) > number(&sequence[0]), "a client takes over what is newer");

    // Closed before it was held: called off in the feeds, and in no list.
    organiser.does("closeMeeting", "meeting { phase }", json!({ "meeting": id })).await;
    let (_, lines) = feed(&stranger, &public).await;
    assert_eq!(said(&lines, "STATUS"), ["CONFIRMED", "CANCELLED"]);
    assert_eq!(listed(days(4), days(6)).await, 0);
}

#[tokio::test]
async fn a_feed_names_its_council_and_is_sent_again_only_when_it_changed() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let person = district.registers("张建国").await;
    let (council, global) = district.council(vec![person_of(&person.person)]).await;
    let (path, stranger) = (format!("/calendar/council/{council}.ics"), district.stranger());
    let nobodys = format!("/calendar/council/{}.ics", Uuid::now_v7());
    assert_eq!(stranger.sends(Request::get(nobodys).body(Body::empty()).unwrap()).await.status.as_u16(), 404);

    let (_, empty) = feed(&stranger, &path).await;
    let has = |lines: &[String], line: &str| lines.iter().any(|it| it == line);
    assert!(has(&empty, "BEGIN:VTIMEZONE") && !has(&empty, "BEGIN:VEVENT"), "{empty:?}");
    for line in ["X-WR-CALNAME:议事会会议", "NAME;VALUE=TEXT:议事会会议", "PRODID:-//gongyi//gongyi//ZH"] {
        assert!(has(&empty, line), "{line} in {empty:?}");
    }
    for line in ["REFRESH-INTERVAL;VALUE=DURATION:PT3600S", "X-PUBLISHED-TTL:PT3600S"] {
        assert!(has(&empty, line), "{line} in {empty:?}");
    }

    let notice = json!({ "title": "例会", "place": "活动室", "starts": district.in_minutes(60), "ends": district.in_minutes(90) });
    let convene = json!({ "council": global, "notice": notice, "agenda": [{ "title": "开场" }], "shortNotice": "急" });
    let convened_at = district.in_minutes(0);
    let meeting = organiser.does("conveneMeeting", "meeting { id }", convene).await["meeting"]["id"].clone();
    let (headers, lines) = feed(&stranger, &path).await;
    assert!(!has(&lines, "BEGIN:VTIMEZONE"));
    assert_eq!((said(&lines, "DTSTAMP"), said(&lines, "LAST-MODIFIED")), (vec![stamp(&convened_at)], vec![stamp(&convened_at)]));
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let asks = async |tag: &str| {
        let request = Request::get(&path).header("if-none-match", tag).body(Body::empty()).unwrap();
        let answer = stranger.sends(request).await;
        (answer.status.as_u16(), answer.headers["etag"].to_str().unwrap().to_owned())
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        assert_eq!(asks(&known).await, (304, tag.clone()), "{known}");
    }
    assert_eq!(asks("\"other\"").await.0, 200);
    // Time goes on and somebody comes: nothing of that is in the feed.
    district.waits_minutes(5);
    organiser.does("recordPresence", "meeting { id }", json!({ "meeting": meeting, "person": person.person, "passage": "CAME" })).await;
    assert_eq!(asks(&tag).await.0, 304);
    let amended_at = district.in_minutes(0);
    let notice = json!({ "title": "例会", "place": "祠堂", "starts": district.in_minutes(60), "ends": district.in_minutes(90) });
    organiser.does("amendMeeting", "meeting { id }", json!({ "meeting": meeting, "notice": notice })).await;
    let (_, lines) = feed(&stranger, &path).await;
    assert_eq!((said(&lines, "DTSTAMP"), said(&lines, "LAST-MODIFIED")), (vec![stamp(&amended_at)], vec![stamp(&amended_at)]));
    assert_eq!(asks(&tag).await.0, 200);
}

#[tokio::test]
async fn a_persons_calendar_has_the_shifts_signed_up_for() {
    let district = District::new().await;
    let organisation = district.founds("净滩队", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 1).await;
    let (first, second) = (district.registers("张建国").await, district.registers("李秀英").await);
    for person in [&first, &second] {
        person.client.does("signUp", "phase", json!({ "shift": shift })).await;
    }
    let make = "mutation { makeCalendarAddress { path } }";
    let shown = async |client: &Client<'_>, field: &str| {
        let path = text(&client.asks(make, json!({})).await.data()["makeCalendarAddress"]["path"]);
        let (_, lines) = feed(&district.stranger(), &path).await;
        (said(&lines, "SUMMARY"), said(&lines, field))
    };
    let own = vec!["周末净滩".to_owned()];
    assert_eq!(shown(&first.client, "STATUS").await, (own.clone(), vec!["CONFIRMED".to_owned()]));
    assert_eq!(shown(&second.client, "STATUS").await, (own.clone(), vec!["TENTATIVE".to_owned()]));
    assert_eq!(shown(&first.client, "DTSTART").await, (own.clone(), vec![stamp(&district.in_minutes(60))]));
    first.client.does("withdrawSignUp", "phase", json!({ "shift": shift })).await;
    assert_eq!(shown(&first.client, "STATUS").await, (vec![], vec![]));
    assert_eq!(shown(&second.client, "STATUS").await.1, ["CONFIRMED"], "moved up");
    let cancel = json!({ "activity": activity, "reason": "台风" });
    district.operator().await.does("cancelActivity", "activity { phase }", cancel).await;
    assert_eq!(shown(&second.client, "STATUS").await, (own, vec!["CANCELLED".to_owned()]));
}

#[tokio::test]
async fn after_a_break_the_word_goes_to_who_is_back() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let mut people = vec![];
    for name in ["张建国", "李秀英", "王小明"] {
        people.push(district.registers(name).await);
    }
    let ids: Vec<_> = people.iter().map(|it| person_of(&it.person)).collect();
    let (_, id) = convened(&district, &organiser, &ids, "例会").await;
    let came = async |which: usize| {
        let came = json!({ "meeting": id, "person": people[which].person, "passage": "CAME" });
        organiser.does("recordPresence", "meeting { id }", came).await;
    };
    for which in 0..3 {
        came(which).await;
    }
    let opened = organiser.does("openMeeting", "meeting { agenda { id } }", json!({ "meeting": id })).await;
    let item = opened["meeting"]["agenda"][0]["id"].clone();
    organiser.does("takeUpItem", "meeting { id }", json!({ "item": item })).await;
    for who in &people[..2] {
        who.client.does("requestToSpeak", "meeting { id }", json!({ "item": item, "side": "NEUTRAL" })).await;
    }
    organiser.does("adjournMeeting", "meeting { id }", json!({ "meeting": id, "reason": "茶歇" })).await;
    came(1).await;
    came(2).await;
    organiser.does("resumeMeeting", "meeting { id }", json!({ "meeting": id })).await;
    let speakers = "meeting { agenda { speakers { waiting { participant { person } } speaking { participant { person } } } } }";
    let called = organiser.does("callNextSpeaker", speakers, json!({ "meeting": id })).await["meeting"]["agenda"][0]["speakers"].clone();
    assert_eq!(called, json!({ "waiting": [], "speaking": { "participant": { "person": people[1].person } } }));
    assert_eq!(organiser.is_refused("callNextSpeaker", json!({ "meeting": id })).await, "NobodyListed");
    came(0).await;
    let called = organiser.does("callNextSpeaker", speakers, json!({ "meeting": id })).await["meeting"]["agenda"][0]["speakers"].clone();
    assert_eq!(called["speaking"]["participant"]["person"], json!(people[0].person));
}
