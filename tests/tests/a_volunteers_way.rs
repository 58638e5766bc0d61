//! A volunteer's way from registering to a disputed, corrected and voided hour, over HTTP. The silent failures made
//! loud here: an hour counted twice, counted for the wrong reason, or changed without a trace of who and why.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use chrono::Duration;
use gongyi_tests::{
    Client, District, awaited,
    district::{PASSWORD, RECORD, Volunteer, at, now, registration},
    people::somebody,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The record that a stay leaves, once the process has followed it.
fn attested(volunteer: &Volunteer) -> Value {
    let look = || volunteer.records(&volunteer.client).into_iter().find(|record| record["source"] == "ATTENDANCE");
    awaited("the record of the stay", look)
}

/// The entries of a volunteer's history about service: event, who, why.
fn history(by: &Client, volunteer: &Volunteer) -> Vec<(String, String, Option<String>)> {
    let document =
        "query($id: ID!) { volunteer(id: $id) { history(first: 100) { nodes { event reason by { kind } recordedAt sequence } } } }";
    let found = by.asks(document, &json!({"id": volunteer.id}));
    let nodes = found["volunteer"]["history"]["nodes"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    nodes.iter().map(|node| (text(&node["event"]).unwrap(), text(&node["by"]["kind"]).unwrap(), text(&node["reason"]))).collect()
}

#[test]
fn a_stranger_serves_and_the_hours_are_attested_confirmed_and_told_apart() {
    let district = District::new();
    let coordinator = district.coordinator();
    let anna = district.registers(&somebody());
    let me = anna.client.asks("{ me { signedIn volunteer { id name phase } grants { role } } }", &json!({}));
    assert_eq!(me["me"]["volunteer"], json!({"id": anna.id, "name": anna.who.name, "phase": "ACTIVE"}));
    assert_eq!(me["me"]["grants"], json!([]));

    let activity = district.publishes(&coordinator.client, 5);
    let signed_up = anna.client.does("signUp", &json!({"shift": activity.shift}), "phase shift { taken free }");
    assert_eq!((&signed_up["phase"], &signed_up["shift"]), (&json!("TAKEN"), &json!({"taken": 1, "free": 4})));

    // In by the coordinator, out by the code on the wall.
    let began = now() - Duration::minutes(35);
    let arrival = json!({"shift": activity.shift, "volunteer": anna.id, "at": at(began)});
    assert_eq!(anna.client.is_refused("checkIn", &arrival), "NotAllowed", "nobody checks in like a coordinator");
    coordinator.client.does("checkIn", &arrival, "attendance { checkedInBy }");
    assert_eq!(coordinator.client.is_refused("checkIn", &arrival), "AlreadyCheckedIn");
    let code = coordinator
        .client
        .asks("query($shift: ID!) { attendanceCode(shift: $shift) { code validUntil } }", &json!({"shift": activity.shift}));
    let code = code["attendanceCode"]["code"].as_str().unwrap();
    assert_eq!(anna.client.is_refused("checkOutByCode", &json!({"shift": activity.shift, "code": "000000x"})), "CodeWrong");
    anna.client.does("checkOutByCode", &json!({"shift": activity.shift, "code": code}), "");

    let record = attested(&anna);
    assert_eq!((&record["phase"], &record["evidence"]), (&json!("LOGGED"), &json!("ATTESTED")));
    assert_eq!(record["loggedBy"]["kind"], "PROCESS");
    let logged = district.folder.events().into_iter().find(|it| it["type"] == "gongyi.service_ledger.ServiceLogged.v1").unwrap();
    let cause = logged["causationid"].as_str().and_then(|position| position.parse::<u64>().ok());
    assert!(cause.is_some_and(|cause| cause < logged["position"].as_u64().unwrap()), "the check-out's position, a string: {logged}");
    let minutes = record["minutes"].as_i64().unwrap();
    assert!((35..40).contains(&minutes), "{record}");
    assert_eq!(district.figures(), json!({"attestedMinutes": 0, "declaredMinutes": 0, "records": 0, "volunteers": 0}));

    // Hours typed in are declared, and never mixed with those.
    let declared = anna.logs(&anna.client, &district.team, 3);
    assert_eq!((&declared["evidence"], &declared["phase"], &declared["minutes"]), (&json!("DECLARED"), &json!("LOGGED"), &json!(60)));

    for id in [&record["id"], &declared["id"]] {
        let confirmed = coordinator.client.does("confirmService", &json!({"record": id}), RECORD);
        assert_eq!(confirmed["record"]["phase"], "CONFIRMED");
        assert_eq!(confirmed["record"]["decidedBy"], json!({"kind": "ACCOUNT", "name": coordinator.who.name}));
    }
    let expected = json!({"attestedMinutes": minutes, "declaredMinutes": 60, "records": 2, "volunteers": 1});
    assert_eq!(district.figures(), expected);
    let totals = anna.client.asks("{ me { volunteer { totals { attestedMinutes declaredMinutes records } } } }", &json!({}));
    assert_eq!(totals["me"]["volunteer"]["totals"], json!({"attestedMinutes": minutes, "declaredMinutes": 60, "records": 2}));
    let district = district.is_served_anew(gongyi_tests::TestServer::stops);
    assert_eq!(district.figures(), expected, "after a restart");
}

#[test]
fn checking_in_by_the_rotating_code_is_for_who_has_signed_up_and_sees_it() {
    let district = District::new();
    let coordinator = district.coordinator();
    let (anna, late) = (district.registers(&somebody()), district.registers(&somebody()));
    let activity = district.publishes(&coordinator.client, 1);
    anna.client.does("signUp", &json!({"shift": activity.shift}), "");
    let ask = "query($shift: ID!) { attendanceCode(shift: $shift) { code } }";
    assert_eq!(anna.client.asks_in_vain(ask, &json!({"shift": activity.shift})), "FORBIDDEN");
    let code = coordinator.client.asks(ask, &json!({"shift": activity.shift}))["attendanceCode"]["code"].take();
    let input = json!({"shift": activity.shift, "code": code});
    assert_eq!(late.client.is_refused("checkInByCode", &input), "NotSignedUp");
    let arrived = anna.client.does("checkInByCode", &input, "attendance { checkedInBy checkedOutAt }");
    assert_eq!(arrived["attendance"], json!({"checkedInBy": "CODE", "checkedOutAt": null}));
    assert_eq!(anna.client.is_refused("checkInByCode", &input), "AlreadyCheckedIn");
}

#[test]
fn confirming_twice_changes_nothing() {
    let district = District::new();
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let record = anna.logs(&anna.client, &district.team, 1);
    let input = json!({"record": record["id"], "commandId": Uuid::now_v7()});
    let first = coordinator.client.does("confirmService", &input, RECORD);
    let (figures, head) = (district.figures(), district.folder.head());

    let again = coordinator.client.does("confirmService", &input, RECORD);
    assert_eq!((&again["unchanged"], &again["position"], &again["record"]), (&json!(true), &first["position"], &first["record"]));
    assert_eq!(coordinator.client.is_refused("confirmService", &json!({"record": record["id"]})), "AlreadyConfirmed");
    assert_eq!((district.figures(), district.folder.head()), (figures, head), "neither added an event");

    let other = anna.logs(&anna.client, &district.team, 2);
    let head = district.folder.head();
    let misused = json!({"record": other["id"], "commandId": input["commandId"]});
    assert_eq!(coordinator.client.is_refused("confirmService", &misused), "CommandIdReused", "an id is of one command");
    let untouched = anna.records(&anna.client).into_iter().find(|record| record["id"] == other["id"]);
    assert_eq!((untouched, district.folder.head()), (Some(other), head), "the other record waits as before, in views and log");
}

#[test]
fn nobody_confirms_their_own_service() {
    let district = District::new();
    let coordinator = district.coordinator();
    let own = coordinator.logs(&coordinator.client, &district.team, 1);
    assert_eq!(coordinator.client.is_refused("confirmService", &json!({"record": own["id"]})), "OwnService");
    let anna = district.registers(&somebody());
    let hers = anna.logs(&anna.client, &district.team, 1);
    assert_eq!(anna.client.is_refused("confirmService", &json!({"record": hers["id"]})), "NotAllowed");
    assert_eq!(district.server.stranger().is_refused("confirmService", &json!({"record": hers["id"]})), "SignInRequired");
    assert_eq!(district.figures()["records"], 0);
}

#[test]
fn dispute_correction_and_voiding_leave_who_and_why_in_the_history() {
    let district = District::new();
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let record = anna.logs(&anna.client, &district.team, 1);
    let id = &record["id"];
    let staff = &coordinator.client;

    staff.does("rejectService", &json!({"record": id, "reason": "那天没有活动"}), "");
    assert_eq!(staff.is_refused("disputeService", &json!({"record": id, "reason": "代为申诉"})), "NotAllowed");
    let disputed = anna.client.does("disputeService", &json!({"record": id, "reason": "有照片为证"}), RECORD);
    assert_eq!((&disputed["record"]["disputed"], &disputed["record"]["phase"]), (&json!(true), &json!("REJECTED")));
    staff.does("confirmService", &json!({"record": id}), "");
    assert_eq!(district.figures()["declaredMinutes"], 60);

    let started = now().date_naive().and_hms_opt(1, 30, 0).unwrap().and_utc() - Duration::days(1);
    let correction = json!({"record": id, "started": at(started), "reason": "晚到半小时"});
    let corrected = staff.does("correctService", &correction, RECORD);
    assert_eq!((&corrected["record"]["minutes"], &corrected["record"]["phase"]), (&json!(30), &json!("CONFIRMED")));
    assert_eq!(district.figures()["declaredMinutes"], 30);
    assert_eq!(staff.is_refused("correctService", &correction), "NothingToCorrect");

    assert_eq!(staff.is_refused("voidService", &json!({"record": id, "reason": "  "})), "ReasonUnfit");
    staff.does("voidService", &json!({"record": id, "reason": "重复登记"}), "");
    assert_eq!(district.figures(), json!({"attestedMinutes": 0, "declaredMinutes": 0, "records": 0, "volunteers": 0}));
    assert_eq!(staff.is_refused("confirmService", &json!({"record": id})), "RecordIsVoided");

    let told = history(&anna.client, &anna);
    let service: Vec<_> = told.iter().filter(|(event, ..)| event.starts_with("Service")).cloned().collect();
    let entry = |event: &str, why: Option<&str>| (event.to_owned(), "ACCOUNT".to_owned(), why.map(str::to_owned));
    assert_eq!(
        service,
        [
            entry("ServiceLogged", None),
            entry("ServiceRejected", Some("那天没有活动")),
            entry("ServiceDisputed", Some("有照片为证")),
            entry("ServiceConfirmed", None),
            entry("ServiceCorrected", Some("晚到半小时")),
            entry("ServiceVoided", Some("重复登记")),
        ]
    );
    assert_eq!(told[0].1, "ANONYMOUS", "the stranger who registered: {told:?}");
}

#[test]
fn overlapping_and_future_hours_are_refused() {
    let district = District::new();
    let anna = district.registers(&somebody());
    anna.logs(&anna.client, &district.team, 1);
    let started = now() - Duration::days(1);
    let hours = |from, to| json!({"organisation": district.team, "category": "ENVIRONMENT", "started": at(from), "ended": at(to)});
    let nine = started.date_naive().and_hms_opt(1, 59, 0).unwrap().and_utc();
    let overlapping = hours(nine, nine + Duration::hours(1));
    assert_eq!(anna.client.is_refused("logService", &overlapping), "ServiceOverlaps");
    assert_eq!(anna.client.is_refused("logService", &hours(now(), now() + Duration::hours(1))), "ServiceInFuture");
    assert_eq!(anna.client.is_refused("logService", &hours(started, started)), "EndsBeforeStart");
    assert_eq!(anna.records(&anna.client).len(), 1);
}

#[test]
fn one_id_number_and_one_phone_are_registered_once() {
    let district = District::new();
    let (anna, other) = (district.registers(&somebody()), somebody());
    let mut twin = registration(&anna.who);
    twin["password"] = json!(PASSWORD);
    twin["phone"] = json!(other.phone);
    assert_eq!(district.server.stranger().is_refused("registerVolunteer", &twin), "NumberOrPhoneTaken");
    let mut shared = registration(&other);
    shared["password"] = json!(PASSWORD);
    shared["phone"] = json!(anna.who.phone);
    assert_eq!(district.server.stranger().is_refused("registerVolunteer", &shared), "NumberOrPhoneTaken");
    assert_eq!(
        district.server.stranger().is_refused("registerVolunteer", &registration(&other)),
        "InvalidInput",
        "a stranger needs a password"
    );
    let mut wrong = registration(&other);
    wrong["password"] = json!(PASSWORD);
    wrong["idNumber"] = json!("110105194912310021");
    assert_eq!(district.server.stranger().is_refused("registerVolunteer", &wrong), "InvalidInput");
}

#[test]
fn who_writes_reads_it_at_once_and_who_has_the_position_too() {
    let district = District::new();
    let anna = district.registers(&somebody());
    for nth in 1..=10 {
        let body = json!({
            "query": gongyi_tests::document("logService", "record { id }"),
            "variables": {"input": {
                "organisation": district.team, "category": "KNOWLEDGE",
                "started": at(now() - Duration::days(nth) - Duration::hours(1)), "ended": at(now() - Duration::days(nth)),
            }},
        });
        let written = anna.client.posts(&body.to_string(), &[]).unwrap();
        let payload = &written.body["data"]["logService"];
        let position = payload["position"].as_str().unwrap_or_else(|| panic!("{}", written.body));
        assert_eq!(written.position.as_deref(), Some(position), "the header says the same");

        let count = "query($id: ID!, $position: Position) { volunteer(id: $id, position: $position) { serviceRecords { totalCount } } }";
        let read = district.operator.asks(count, &json!({"id": anna.id, "position": position}));
        assert_eq!(read["volunteer"]["serviceRecords"]["totalCount"], nth);
        let body = json!({"query": count, "variables": {"id": anna.id}}).to_string();
        let read = district.operator.posts(&body, &[("x-gongyi-position", position)]).unwrap();
        assert_eq!(read.body["data"]["volunteer"]["serviceRecords"]["totalCount"], nth);
    }
    let other = District::new();
    let elsewhere = other.operator.does("foundOrganisation", &json!({"name": "别处", "kind": "GROUP", "area": "440402"}), "");
    let asked = json!({"position": elsewhere["position"]});
    let me = "query($position: Position) { me(position: $position) { signedIn } }";
    assert_eq!(anna.client.asks_in_vain(me, &asked), "UNKNOWN_POSITION", "a position of another log is noticed");
    assert_eq!(anna.client.asks_in_vain(me, &json!({"position": "nonsense"})), "UNKNOWN_POSITION");
}

/// 志愿服务记录与证明出具办法（试行）: a record says time, content and recording body, and the volunteer may print it alone; what is not
/// confirmed as voluntary service is not certified.
#[test]
fn a_volunteer_reads_alone_what_a_certificate_says() {
    let district = District::new();
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let amended = json!({"organisation": district.team, "creditCode": "91350100M000100Y43"});
    district.operator.does("amendOrganisation", &amended, "organisation { creditCode }");
    let [confirmed, waiting, voided] = [3, 4, 5].map(|day| anna.logs(&anna.client, &district.team, day));
    for record in [&confirmed, &voided] {
        coordinator.client.does("confirmService", &json!({"record": record["id"]}), RECORD);
    }
    coordinator.client.does("voidService", &json!({"record": voided["id"], "reason": "并非志愿服务"}), RECORD);
    let certificate = "query ($id: ID!) { volunteer(id: $id) { name number totals { attestedMinutes declaredMinutes }
        serviceRecords(filter: {phases: [CONFIRMED]}, first: 100) {
            nodes { id started ended minutes category content evidence level organisation { name creditCode } } } } }";
    let shown = anna.client.asks(certificate, &json!({"id": anna.id}));
    let mine = &shown["volunteer"];
    assert_eq!((&mine["totals"]["attestedMinutes"], &mine["totals"]["declaredMinutes"]), (&json!(0), &json!(60)));
    let nodes = mine["serviceRecords"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.iter().map(|node| &node["id"]).collect::<Vec<_>>(), [&confirmed["id"]]);
    assert_ne!(nodes[0]["id"], waiting["id"]);
    assert_eq!((&nodes[0]["started"], &nodes[0]["content"]), (&confirmed["started"], &json!("清洁海滩")));
    assert_eq!(nodes[0]["organisation"]["creditCode"], "91350100M000100Y43");
}
