//! Erasing a person. The silent failure made loud: a name, a phone or an ID number that stays behind in some file, in
//! some old page of a file, or in what the server printed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use gongyi_tests::{
    District, TestFolder, TestServer, awaited,
    district::{PASSWORD, RECORD, Volunteer, registration},
    people::{Somebody, somebody},
};
use serde_json::{Value, json};

/// What must vanish: as text, and as a database or a workbook might also hold it.
fn traces(who: &Somebody) -> Vec<(&'static str, Vec<u8>)> {
    let texts = [("name", &who.name), ("phone", &who.phone), ("ID number", &who.id_number)];
    let mut traces: Vec<_> = texts.iter().map(|(what, text)| (*what, text.as_bytes().to_vec())).collect();
    traces.push(("name in UTF-16", who.name.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    traces.push(("phone in base64", base64_of(&who.phone)));
    traces.push(("birth date", format!("{}-{}-{}", &who.id_number[6..10], &who.id_number[10..12], &who.id_number[12..14]).into_bytes()));
    traces.push(("reason", REASON.as_bytes().to_vec()));
    traces.push(("content", CONTENT.as_bytes().to_vec()));
    traces
}

const REASON: &str = "腰伤未愈故而驳回";
const CONTENT: &str = "清洁海滩";

fn base64_of(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    STANDARD_NO_PAD.encode(text).into_bytes()
}

/// Which traces are in which files.
fn found(folder: &TestFolder, who: &Somebody) -> Vec<String> {
    let files = folder.files();
    let mut found = vec![];
    for (what, bytes) in traces(who) {
        for (path, content) in &files {
            if content.windows(bytes.len()).any(|window| window == bytes) {
                found.push(format!("{what} in {}", path.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    found
}

fn is_in_views(folder: &TestFolder, who: &Somebody) -> bool {
    let found = found(folder, who);
    ["name", "phone", "ID number"].iter().all(|what| found.iter().any(|it| it.starts_with(&format!("{what} in views"))))
}

/// Somebody with an account, a confirmed hour with a description, and a rejected one with a reason.
fn with_a_past(district: &District) -> Volunteer {
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let first = anna.logs(&anna.client, &district.team, 1);
    coordinator.client.does("confirmService", &json!({"record": first["id"]}), "");
    let second = anna.logs(&anna.client, &district.team, 2);
    coordinator.client.does("rejectService", &json!({"record": second["id"], "reason": REASON}), RECORD);
    let told = district.operator.asks("query($id: ID!) { volunteer(id: $id) { name phone idNumber } }", &json!({"id": anna.id}));
    assert_eq!(told["volunteer"], json!({"name": anna.who.name, "phone": anna.who.phone, "idNumber": anna.who.id_number}));
    anna
}

fn is_forgotten(district: &District, erased: &Volunteer) {
    let ask = "query($id: ID!) { volunteer(id: $id) { name phone idNumber birthDate phase serviceRecords { nodes { content phase } } } }";
    let left = district.operator.asks(ask, &json!({"id": erased.id}));
    let left = &left["volunteer"];
    assert_eq!(
        (&left["name"], &left["phone"], &left["idNumber"], &left["birthDate"]),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(left["phase"], "ERASED");
    let records = left["serviceRecords"]["nodes"].as_array().unwrap();
    assert!(records.iter().all(|record| record["content"].is_null()), "{records:?}");
    is_in_no_file(&district.folder, &erased.who);
}

/// The read models purge their files right after they have answered; what stands still later stands for good.
fn is_in_no_file(folder: &TestFolder, who: &Somebody) {
    awaited("a folder without a trace", || found(folder, who).is_empty().then_some(()));
}

fn prints_nothing_of(printed: &str, who: &Somebody) {
    for (what, bytes) in traces(who) {
        assert!(!printed.as_bytes().windows(bytes.len()).any(|window| window == bytes), "the server printed the {what}: {printed}");
    }
}

#[test]
fn an_erased_person_is_in_no_byte_of_any_file_and_totals_stay() {
    let district = District::new();
    let anna = with_a_past(&district);
    assert!(is_in_views(&district.folder, &anna.who), "this test sees what it looks for");
    let in_log = found(&district.folder, &anna.who).into_iter().filter(|it| it.contains("in log.db")).collect::<Vec<_>>();
    assert_eq!(in_log, Vec::<String>::new(), "the log holds ciphertext only");
    let figures = district.figures();
    assert_eq!(figures["declaredMinutes"], 60);

    let whom = json!({"person": anna.person});
    assert_eq!(anna.client.is_refused("erasePerson", &json!({"person": registered_other(&district).person})), "NotAllowed");
    let erased = district.operator.does("erasePerson", &whom, "volunteer { name phase }");
    assert_eq!(erased["volunteer"], json!({"name": null, "phase": "ERASED"}));
    is_forgotten(&district, &anna);
    assert_eq!(district.figures(), figures, "totals stay");

    let signed_in = district.server.stranger().tries_to_sign_in(&anna.who.phone, PASSWORD);
    assert!(signed_in["session"].is_null() && signed_in["refusal"]["code"].is_string(), "{signed_in}");
    let me = anna.client.answer("{ me { account { id } } }", &json!({}));
    assert!(me.status == 401 || me.body["data"]["me"]["account"].is_null(), "the old token opens nothing: {me:?}");
    prints_nothing_of(&district.server.printed(), &anna.who);

    let district = district.is_served_anew(TestServer::stops);
    is_forgotten(&district, &anna);
    assert_eq!(district.figures(), figures);
    let again = district.registers(&anna.who);
    assert_ne!((&again.id, &again.person), (&anna.id, &anna.person), "who comes back is somebody new");
    assert_eq!(again.records(&again.client).len(), 0);
}

fn registered_other(district: &District) -> Volunteer {
    district.enters(&somebody())
}

#[test]
fn an_erasure_outlives_a_kill_right_after_its_answer() {
    for round in 0..3 {
        let district = District::new();
        let anna = with_a_past(&district);
        let figures = district.figures();
        let command = json!({"person": anna.person, "commandId": uuid::Uuid::now_v7()});
        district.operator.does("erasePerson", &command, "");
        let District { folder, server, .. } = district;
        let ended = server.is_killed();
        prints_nothing_of(&format!("{}{}", ended.stdout, ended.stderr), &anna.who);
        let district = District::of(folder);
        is_forgotten(&district, &anna);
        assert_eq!(district.figures(), figures, "round {round}");
        let again = district.operator.does("erasePerson", &command, "");
        assert_eq!(again["unchanged"], true);
        let mut input = registration(&anna.who);
        input["password"] = json!(PASSWORD);
        district.server.stranger().does("registerVolunteer", &input, "volunteer { id }");
    }
}

#[test]
fn views_of_an_older_build_go_when_the_new_ones_are_there() {
    let district = District::new();
    let anna = with_a_past(&district);
    let District { folder, server, .. } = district;
    let older =
        |name: &str| name.split_once('-').filter(|it| it.0 == "views").map(|(_, rest)| format!("views-0123456789abcdef{}", &rest[16..]));
    for (path, content) in folder.files() {
        if let Some(name) = older(&path.file_name().unwrap().to_string_lossy()) {
            fs::write(folder.data().join(name), content).unwrap();
        }
    }
    assert!(found(&folder, &anna.who).iter().any(|it| it.contains("0123456789abcdef")), "they hold the person too");
    // Killed, so that write-ahead logs stay behind.
    let _ = server.is_killed();
    let district = District::of(folder);
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    is_forgotten(&district, &anna);
    let left = district.folder.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("0123456789abcdef")).count();
    assert_eq!(left, 0);
}

#[test]
fn a_rebuild_brings_nobody_back() {
    let district = District::new();
    let (anna, stays) = (with_a_past(&district), registered_other(&district));
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    let figures = district.figures();
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    folder.runs(["rebuild"]).succeeded();
    assert_eq!(found(&folder, &anna.who), Vec::<String>::new());
    assert!(is_in_views(&folder, &stays.who), "who was not erased is still shown");
    let district = District::of(folder);
    is_forgotten(&district, &anna);
    assert_eq!(district.figures(), figures);
}
