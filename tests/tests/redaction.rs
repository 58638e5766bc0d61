//! Erasure that holds. The silent failures made loud: a name that stays in a motion's text or in some file of read models, an id
//! that tells who came back.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use gongyi_tests::{District, TestFolder, TestServer, awaited, district, people::somebody};
use serde_json::{Value, json};

/// Whether some bytes stand in some file.
fn places(folder: &TestFolder, text: &str) -> Vec<String> {
    let has = |content: &[u8]| content.windows(text.len()).any(|window| window == text.as_bytes());
    let files = folder.files().into_iter().filter(|(_, content)| has(content));
    files.map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

/// An activity whose title, place and notice name somebody.
fn names_in_an_activity(district: &District, by: &gongyi_tests::Client, name: &str) -> String {
    let starts = district::now() + chrono::Duration::minutes(20);
    let details = json!({
        "title": format!("{name}带队清洁海滩"), "category": "ENVIRONMENT", "place": "情侣路灯塔下", "area": district::TEAM_AREA,
        "shifts": [{"starts": district::at(starts), "ends": district::at(starts + chrono::Duration::hours(2)), "capacity": 3}],
        "signUpOpens": district::at(starts - chrono::Duration::days(1)), "signUpCloses": district::at(starts),
    });
    let published = by.does("publishActivity", &json!({"organisation": district.team, "details": details}), "activity { id }");
    published["activity"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_text_that_names_somebody_is_found_redacted_and_gone_from_every_file() {
    let district = District::new();
    let coordinator = district.coordinator();
    let (anna, bert) = (district.registers(&somebody()), district.registers(&somebody()));
    let activity = names_in_an_activity(&district, &coordinator.client, &anna.who.name);
    assert_eq!(places(&district.folder, "情侣路灯塔下").iter().filter(|it| it.starts_with("log.db")).count(), 0, "sealed in the log");
    let exported = district.folder.runs(["export", "events"]).succeeded().stdout;
    assert!(!exported.contains("情侣路灯塔下") && exported.contains("\"sealed\""), "the export shows what is stored");
    assert!(!places(&district.folder, "情侣路灯塔下").is_empty(), "the read models show it");
    district.folder.verified();
    let decisions = district.folder.runs(["verify", "--decisions", "--json"]).succeeded().json();
    assert_eq!(decisions["unreadable"], json!([]));

    let ask = "query($person: ID!) { namedElsewhere(person: $person) { id document documentId writtenBy excerpt sealed } }";
    let asked = |client: &gongyi_tests::Client, person: &str| client.answer(ask, &json!({"person": person}));
    let refused = asked(&bert.client, &anna.person);
    assert!(!refused.body["errors"].is_null(), "only who may erase by a role: {:?}", refused.body);
    let found = district.operator.asks(ask, &json!({"person": anna.person}));
    let found = found["namedElsewhere"].as_array().unwrap().clone();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["document"], &found[0]["sealed"]), (&json!("activity"), &json!(true)));
    assert!(found[0]["excerpt"].as_str().unwrap().contains(&anna.who.name));
    assert_eq!(asked(&district.operator, &bert.person).body["data"]["namedElsewhere"], json!([]));
    let told = district.folder.runs(["find-name", "--person", &uuid_of(&anna.person), "--json"]).succeeded().json();
    assert_eq!(told[0]["id"], found[0]["id"], "the command line finds the same, beside the server");

    let input = json!({"person": anna.person, "texts": [found[0]["id"]]});
    assert_eq!(bert.client.is_refused("redactTexts", &input), "NotAllowed");
    let nowhere = json!({"person": anna.person, "texts": ["1:/nothing"]});
    assert_eq!(district.operator.is_refused("redactTexts", &nowhere), "UnknownText");
    district.operator.does("redactTexts", &input, "");
    let shown = |district: &District| -> Value {
        district.operator.asks("query($id: ID!) { activity(id: $id) { title place } }", &json!({"id": activity}))["activity"].clone()
    };
    assert_eq!(shown(&district), json!({"title": "〔已隐去〕", "place": "情侣路灯塔下"}), "the other text stays");
    assert_eq!(district.operator.is_refused("redactTexts", &input), "UnknownText", "it is no more");
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    awaited("a folder without a trace", || places(&district.folder, &anna.who.name).is_empty().then_some(()));

    let district = district.is_served_anew(TestServer::is_killed);
    assert_eq!(shown(&district)["title"], "〔已隐去〕");
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    folder.runs(["rebuild"]).succeeded();
    assert_eq!(places(&folder, &anna.who.name), Vec::<String>::new());
    folder.verified();
    assert_eq!(shown(&District::of(folder))["title"], "〔已隐去〕");
}

/// The UUID in a global id.
fn uuid_of(id: &str) -> String {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    };
    let bytes = STANDARD.decode(id).or_else(|_| STANDARD_NO_PAD.decode(id)).or_else(|_| URL_SAFE_NO_PAD.decode(id)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.rsplit([':', '/']).next().unwrap().to_owned()
}

/// Every UUID in some JSON.
fn ids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 36 && uuid::Uuid::parse_str(text).is_ok() => _ = found.insert(text.clone()),
        Value::String(text) => {
            for part in text.split(['/', ':']).filter(|part| part.len() == 36 && uuid::Uuid::parse_str(part).is_ok()) {
                found.insert(part.to_owned());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        Value::Object(map) => map.values().for_each(|value| ids(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn no_id_in_any_export_is_of_both_lives_and_no_file_has_the_old_one() {
    let district = District::new();
    let first = district.registers(&somebody());
    let before = district.folder.events();
    district.operator.does("erasePerson", &json!({"person": first.person}), "");
    awaited("a folder without a trace", || places(&district.folder, &first.who.phone).is_empty().then_some(()));
    let between = district.folder.events().len();
    let _again = district.registers(&first.who);
    let events = district.folder.events();
    let of = |events: &[Value]| {
        let mut found = BTreeSet::new();
        for event in events {
            let mut event = event.clone();
            // Of which log, by whom and of which organisation: not of a person.
            event.as_object_mut().unwrap().remove("source");
            ids(&event, &mut found);
        }
        found
    };
    let alive =
        before.iter().position(|event| event["type"] == "gongyi.claim.Claimed.v1" && event["data"]["purpose"] == "id_number").unwrap();
    let (old, new) = (of(&events[alive..between]), of(&events[between..]));
    let mut team = BTreeSet::new();
    ids(&json!(uuid_of(&district.team)), &mut team);
    let shared: Vec<_> = old.intersection(&new).filter(|id| !team.contains(*id)).collect();
    assert_eq!(shared, Vec::<&String>::new(), "what tells that they are one");
    assert!(new.iter().filter(|id| uuid::Uuid::parse_str(id).unwrap().get_version_num() == 4).count() >= 2, "their claims are random");
}

#[test]
fn views_of_other_builds_and_zones_go_with_the_erased() {
    let district = District::new();
    let anna = district.registers(&somebody());
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    folder.runs(["export", "participation", "--area", "440402", "--time-zone", "Asia/Urumqi"]).succeeded();
    let urumqi = folder.files().into_iter().find(|(path, _)| path.to_string_lossy().ends_with("urumqi.db")).unwrap();
    let district = District::of(folder);
    std::fs::write(&urumqi.0, &urumqi.1).unwrap();
    assert!(places(&district.folder, &anna.who.phone).iter().any(|it| it.contains("urumqi")), "it holds the person");
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    awaited("a folder without a trace", || places(&district.folder, &anna.who.phone).is_empty().then_some(()));
}

/// Erasures that are killed right after the answer, or before it.
fn killed_erasures(rounds: u32) {
    for _ in 0..rounds {
        let district = District::new();
        let (anna, other) = (district.registers(&somebody()), district.registers(&somebody()));
        let command = json!({"person": anna.person, "commandId": uuid::Uuid::now_v7()});
        std::thread::scope(|scope| {
            let erasing = scope.spawn(|| {
                let document = "mutation($input: ErasePersonInput!) { erasePerson(input: $input) { unchanged } }";
                // It may be answered or not.
                let _ = district.operator.posts(&json!({"query": document, "variables": {"input": command}}).to_string(), &[]);
            });
            std::thread::sleep(std::time::Duration::from_micros(fastrand::u64(..30_000)));
            district.server.dies();
            erasing.join().unwrap();
        });
        let District { folder, .. } = district;
        let district = District::of(folder);
        district.operator.does("erasePerson", &command, "");
        awaited("a folder without a trace", || places(&district.folder, &anna.who.phone).is_empty().then_some(()));
        let kept = district.operator.asks("query($id: ID!) { volunteer(id: $id) { phone } }", &json!({"id": other.id}));
        assert_eq!(kept["volunteer"]["phone"], other.who.phone.as_str(), "nobody else is forgotten");
        let again = district.registers(&anna.who);
        assert_ne!(again.person, anna.person);
    }
}

#[test]
fn a_killed_erasure_is_done_again_and_nothing_erased_comes_back() {
    killed_erasures(2);
}

#[test]
#[ignore = "takes long: make soak"]
fn soak_killed_erasures() {
    killed_erasures(10);
}
