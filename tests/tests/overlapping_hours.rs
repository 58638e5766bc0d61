//! A stay that overlaps hours entered by hand, over HTTP and beside the server. The silent failure made loud here: attested
//! hours that are neither in the ledger nor on anybody's list, and stay away for ever.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use chrono::Duration;
use gongyi_tests::{
    District, awaited,
    district::{at, now},
    people::somebody,
};
use serde_json::{Value, json};

fn held(district: &District) -> usize {
    let doctor = district.folder.runs(["doctor", "--json"]).succeeded().json();
    assert_eq!(doctor["well"], true, "people mend it, not the operator: {doctor}");
    doctor["heldRecords"].as_array().unwrap().len()
}

#[test]
fn a_stay_that_overlaps_declared_hours_waits_and_counts_once_they_are_voided() {
    let district = District::new();
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let activity = district.publishes(&coordinator.client, 5);
    anna.client.does("signUp", &json!({"shift": activity.shift}), "");
    let arrival = json!({"shift": activity.shift, "volunteer": anna.id, "at": at(now() - Duration::minutes(39))});
    coordinator.client.does("checkIn", &arrival, "");
    let declared = json!({
        "volunteer": anna.id, "organisation": district.team, "category": "ENVIRONMENT",
        "started": at(now() - Duration::minutes(30)), "ended": at(now() - Duration::minutes(20)),
    });
    let declared = anna.client.does("logService", &declared, "record { id }")["record"]["id"].take();
    coordinator.client.does("checkOut", &json!({"activity": activity.activity, "volunteer": anna.id}), "");

    let look =
        |phase: &str| anna.records(&anna.client).into_iter().find(|record| record["source"] == "ATTENDANCE" && record["phase"] == phase);
    let record: Value = awaited("the stay on the list", || look("HELD"));
    assert!(record["minutes"].as_i64().unwrap() >= 39, "{record}");
    awaited("the stay beside the server", || (held(&district) == 1).then_some(()));
    assert_eq!(coordinator.client.is_refused("confirmService", &json!({"record": record["id"]})), "RecordIsHeld");
    coordinator.client.does("voidService", &json!({"record": declared, "reason": "重复登记"}), "");
    assert!(look("LOGGED").is_some(), "released with what stood in its way");
    coordinator.client.does("confirmService", &json!({"record": record["id"]}), "");
    assert_eq!(district.figures()["attestedMinutes"], record["minutes"]);
    awaited("nothing waits", || (held(&district) == 0).then_some(()));
}
