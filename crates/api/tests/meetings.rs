//! Meetings through the door. Makes loud: a vote whose choices are told before it is over, a reason that is not printed, a
//! draft of minutes that everybody reads, a name shown to strangers, a feed that a calendar cannot read.

use axum::{body::Body, http::Request};
use esrs::Aggregate;
use gongyi_domain::{
    access::authority::{Role, Scope},
    deliberation::{
        charter::{Charter, CharterTerms},
        council::{Council, CouncilEvent},
        seat::{Mandate, SeatSource},
    },
    values::{CouncilId, PersonId},
};
use gongyi_eventlog::{Commit, Metadata, NewEvent, StreamId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{COMMUNITY, Client, DISTRICT, District, area, text};

/// A council of these people, written straight into the log.
async fn council(district: &District, people: &[PersonId]) -> (CouncilId, String) {
    let (id, today) = (CouncilId(Uuid::now_v7()), district.app.now().date_naive());
    let established = CouncilEvent::CouncilEstablished {
        area: area(COMMUNITY),
        name: "紫荆社区议事会".into(),
        charter: Charter::try_new(CharterTerms::model(9)).unwrap(),
        mandate: Mandate::Authority { authority: "民政局".into(), reason: "设立".into() },
        on: today,
    };
    let seated = people.iter().map(|person| CouncilEvent::RepresentativeSeated {
        person: *person,
        from: today,
        until: today + chrono::Days::new(1_000),
        source: SeatSource::Transition { source: "名册".into() },
    });
    let stream = StreamId::new(Council::NAME, id.0);
    let events = [established].into_iter().chain(seated).map(|event| (stream.clone(), NewEvent::of(&event).unwrap())).collect();
    let command = Uuid::now_v7();
    let metadata =
        Metadata { actor: "test".into(), command_id: command, correlation: command, causation: None, recorded_at: district.app.now() };
    let commit = Commit { metadata, command_digest: [0; 32], answer: "null".into(), expectations: vec![(stream, 0)], events };
    district.app.log().append(commit).await.unwrap();
    (id, global("Council", id.0))
}

fn global(kind: &str, id: Uuid) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{kind}:{id}"))
}

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
    let ids: Vec<PersonId> = people
        .iter()
        .map(|it| {
            use base64::Engine;
            let id = base64::engine::general_purpose::STANDARD.decode(&it.person).unwrap();
            String::from_utf8(id).unwrap().split_once(':').unwrap().1.parse().unwrap()
        })
        .collect();
    let (council_id, council) = council(&district, &ids).await;
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
    assert_eq!(*speaking, json!({ "participant": { "person": people[0].person, "name": "张*" }, "secondsLeft": 120 }));

    let open = json!({ "item": item, "question": "是否同意？", "matter": "ORDINARY", "ballot": "BY_NAME" });
    let opened = organiser.does("openVote", "voteId pollId", open).await;
    let vote = opened["voteId"].clone();
    people[0].client.does("castOpenVote", "meeting { id }", json!({ "meeting": id, "vote": vote, "choice": "YES" })).await;
    let again = json!({ "meeting": id, "vote": vote, "choice": "NO" });
    assert_eq!(people[0].client.is_refused("castOpenVote", again.clone()).await, "AlreadyVoted");
    assert_eq!(people[2].client.is_refused("castOpenVote", again).await, "NotAVoter");
    let votes = "votes { phase castCount choices { choice } decision { outcome counts { yes } steps { held } reason { zh en } } }";
    let running = meeting(&stranger, &id, votes).await["votes"][0].clone();
    assert_eq!(running, json!({ "phase": "OPEN", "castCount": 1, "choices": [], "decision": null }));
    organiser.does("closeVote", "meeting { id }", json!({ "meeting": id, "vote": vote })).await;
    let closed = meeting(&stranger, &id, votes).await["votes"][0].clone();
    assert_eq!((&closed["choices"], &closed["decision"]["outcome"]), (&json!([{ "choice": "YES" }]), &json!("FAILED")));
    let reason = text(&closed["decision"]["reason"]["en"]);
    assert!(reason.starts_with("present 2 of 3, more than half ✓; yes 1 of 2") && reason.ends_with("✗"), "{reason}");

    organiser.does("closeMeeting", "meeting { id }", json!({ "meeting": id })).await;
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
