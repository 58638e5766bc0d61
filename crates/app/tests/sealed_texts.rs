//! Texts of documents in the log. Makes loud: a text that is stored in clear, one that no longer opens, a paragraph that is read
//! although it was redacted, others that vanish with it, and an old log that cannot be read any more.

use gongyi_app::{
    access::redaction::RedactTexts,
    deliberation::motion::drafting::{DraftMotion, ParagraphDraft, ReviseMotion, TextDraft},
    deliberation::recount::recount,
    texts::{REDACTED, SEALED},
};
use gongyi_domain::{
    Event,
    access::{
        authority::{Role, Scope},
        redaction::TextPlace,
    },
    deliberation::motion_category::MotionCategory,
    values::{CouncilId, MotionId},
};
use gongyi_eventlog::{Commit, Metadata, NewEvent, Recorded, StreamId, Upcasters};
use gongyi_projections::PageArgs;
use uuid::Uuid;

use crate::harness::{COMMUNITY, DISTRICT, District, Resident, area, expect_refused, text_of};

async fn council<'d>(district: &'d District) -> (CouncilId, Resident<'d>) {
    let people = [district.registers("张三").await, district.registers("李四").await, district.registers("王五").await];
    let council = district.establishes(COMMUNITY, &[&people[0], &people[1], &people[2]]).await;
    let [zhang, ..] = people;
    (council, zhang)
}

async fn drafted(council: CouncilId, by: &Resident<'_>, paragraphs: &[&str]) -> MotionId {
    let text = text_of("路灯", paragraphs);
    by.does(&DraftMotion { council, mover: by.person, category: MotionCategory::Other, text }).await.unwrap()
}

async fn stored(district: &District, kind: &str) -> Vec<Recorded> {
    let events = district.stored_log().read_after(0, usize::MAX >> 1).await.unwrap();
    events.into_iter().filter(|event| event.stream.kind == kind).collect()
}

#[tokio::test]
async fn what_is_written_is_sealed_in_the_log_and_read_everywhere_else() {
    let district = District::durable().await;
    let (council, zhang) = council(&district).await;
    let motion = drafted(council, &zhang, &["陈静家门口太暗", "装二十盏灯"]).await;
    for event in stored(&district, "motion").await {
        assert!(!event.payload.contains("陈静") && !event.payload.contains("路灯"), "{}", event.payload);
        assert!(event.payload.contains("{\"sealed\":{"), "{}", event.payload);
    }
    let text = district.motion(motion).await.text;
    assert_eq!((text.title.as_str(), text.paragraphs[0].text.as_str()), ("路灯", "陈静家门口太暗"));
    district.settles().await;
    let district = district.reopened().await;
    assert_eq!(district.motion(motion).await.text, text);
    let decided = recount(&*district.stored_log(), &Upcasters::new(), |_| {}).await.unwrap();
    assert_eq!(decided.unreadable, [], "no decision needs a text");
}

#[tokio::test]
async fn a_redacted_paragraph_is_read_nowhere_and_the_others_stay() {
    let district = District::durable().await;
    let (council, zhang) = council(&district).await;
    let motion = drafted(council, &zhang, &["陈静家门口太暗", "装二十盏灯"]).await;
    let before = district.motion(motion).await;
    // The second version keeps the paragraph: it stands in the log twice.
    let paragraph = |at: usize, text: &str| ParagraphDraft { id: Some(before.text.paragraphs[at].id), text: text.to_owned() };
    let text =
        TextDraft { title: "路灯".into(), paragraphs: vec![paragraph(0, "陈静家门口太暗"), paragraph(1, "装三十盏灯")] };
    zhang.does(&ReviseMotion { motion, by: zhang.person, against: 1, category: MotionCategory::Other, text }).await.unwrap();
    let chen = district.registers("陈静").await;
    let officer = district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT)));
    let named = district.app.named_elsewhere(&officer.actor, chen.person).await.unwrap();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named.iter().all(|it| it.found.sealed && it.excerpt == "陈静家门口太暗" && it.found.stream.id == motion.0));
    let places: Vec<_> = named.into_iter().map(|it| it.found.place).collect();

    expect_refused("NotAllowed", zhang.does(&RedactTexts { person: chen.person, texts: places.clone() }).await);
    officer.does(&RedactTexts { person: chen.person, texts: places.clone() }).await.unwrap();
    let after = district.motion(motion).await;
    let paragraphs: Vec<_> = after.text.paragraphs.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(paragraphs, [REDACTED, "装三十盏灯"]);
    district.settles().await;
    let versions = district.app.views().motion_versions(motion, 1, &PageArgs::default()).await.unwrap();
    let shown: Vec<_> = versions.edges.iter().map(|(_, row)| row.text.paragraphs[0].text.as_str()).collect();
    assert_eq!(shown, [REDACTED, REDACTED]);
    assert_eq!(district.app.named_elsewhere(&officer.actor, chen.person).await.unwrap(), []);
    expect_refused("UnknownText", officer.does(&RedactTexts { person: chen.person, texts: places }).await);

    // A key that a crash left is destroyed by whoever opens the log with its redactions.
    let district = district.reopened().await;
    assert_eq!(district.motion(motion).await.text.paragraphs[0].text, REDACTED);
}

#[tokio::test]
async fn what_is_no_text_cannot_be_redacted() {
    let district = District::new().await;
    let (council, zhang) = council(&district).await;
    drafted(council, &zhang, &["一"]).await;
    let position = stored(&district, "motion").await[0].position;
    let redact =
        |position: u64, path: &str| RedactTexts { person: zhang.person, texts: vec![TextPlace { position, path: path.to_owned() }] };
    for wrong in [redact(position, "/category"), redact(position, ""), redact(0, "/text/title"), redact(u64::MAX, "/text/title")] {
        expect_refused("UnknownText", district.operator().does(&wrong).await);
    }
    let none = RedactTexts { person: zhang.person, texts: vec![] };
    expect_refused("TextsUnfit", district.operator().does(&none).await);
}

/// A log from before texts were sealed: read as it is, and what is redacted is shown no more.
#[tokio::test]
async fn a_text_stored_in_clear_is_read_and_can_be_redacted_from_what_is_shown() {
    let district = District::durable().await;
    let (council, zhang) = council(&district).await;
    let motion = MotionId(Uuid::now_v7());
    let payload = serde_json::json!({
        "council": council, "area": COMMUNITY, "mover": zhang.person, "category": "other", "origin": null,
        "text": {"title": "路灯", "paragraphs": [{"id": Uuid::now_v7(), "text": "陈静家门口太暗"}]},
    });
    let (stream, id) = (StreamId::new("motion", motion.0), Uuid::now_v7());
    let event = NewEvent { event_type: "MotionDrafted".to_owned(), schema_version: 1, payload: payload.to_string() };
    let metadata =
        Metadata { actor: "anonymous".to_owned(), command_id: id, correlation: id, causation: None, recorded_at: district.now() };
    let commit = Commit {
        metadata,
        command_digest: [0; 32],
        answer: "null".to_owned(),
        expectations: vec![(stream.clone(), 0)],
        events: vec![(stream, event)],
    };
    district.stored_log().append(commit).await.unwrap();
    assert_eq!(district.motion(motion).await.text.paragraphs[0].text, "陈静家门口太暗");
    let chen = district.registers("陈静").await;
    let officer = district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT)));
    let named = district.app.named_elsewhere(&officer.actor, chen.person).await.unwrap();
    assert_eq!(named.iter().map(|it| it.found.sealed).collect::<Vec<_>>(), [false], "its bytes stay in the log");
    let texts = named.into_iter().map(|it| it.found.place).collect();
    officer.does(&RedactTexts { person: chen.person, texts }).await.unwrap();
    let text = district.motion(motion).await.text;
    assert_eq!((text.title.as_str(), text.paragraphs[0].text.as_str()), ("路灯", REDACTED));
}

/// Every kind and field of the list is one that events have.
#[test]
fn every_sealed_field_stands_in_some_event() {
    let schemas: Vec<_> =
        gongyi_domain::event_schemas().into_iter().map(|(kind, schema)| (kind, serde_json::to_string(&schema).unwrap())).collect();
    for (kind, fields) in SEALED {
        assert!(Event::schema_version(kind, "").is_some(), "{kind}");
        let schema = &schemas.iter().find(|(it, _)| it == kind).unwrap().1;
        for field in *fields {
            assert!(schema.contains(&format!("\"{field}\":{{")), "{kind} has no {field}");
        }
    }
}
