//! The district report through the door. Makes loud: a past report that changes, a change nobody is told of, figures that
//! only some may see, a period that ends before it begins.

use serde_json::{Value, json};

use crate::harness::{District, STREET, text};

const REPORT: &str = "query($area: AreaCode!, $asOf: Date!, $knownAt: Date) {
    districtReport(area: $area, from: \"2026-01-01\", asOf: $asOf, knownAt: $knownAt) {
        areaCode from asOf knownAt
        figures { registeredVolunteers organisations confirmedServiceRecords confirmedServiceMinutes serviceCategories projectGrantCents }
        changed { registeredVolunteers confirmedServiceMinutes }
        parts { areaCode area { name } figures { confirmedServiceMinutes } }
        own { confirmedServiceMinutes serviceCategories }
        changes(first: 10) { totalCount nodes { figure amount corrects areaCode day recordedDay kind } } } }";

#[tokio::test]
async fn a_correction_of_march_changes_todays_report_and_not_aprils() {
    let district = District::new().await;
    let team = district.founds("翠香义工小组", STREET, None).await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": team })).await;
    let volunteer = district.registers("李梅").await;
    let input =
        json!({ "organisation": team, "category": "ENVIRONMENT", "started": district.in_minutes(-70), "ended": district.in_minutes(-10) });
    let record = text(&volunteer.client.does("logService", "record { id }", input).await["record"]["id"]);
    coordinator.client.does("confirmService", "record { id }", json!({ "record": record })).await;
    // It is May.
    district.waits_minutes(62 * 24 * 60);
    let ended = district.in_minutes(-62 * 24 * 60 - 40);
    let later = district.stranger().signs_in(&coordinator.phone).await;
    later.does("correctService", "record { id }", json!({ "record": record, "ended": ended, "reason": "早退" })).await;
    district.registers("赵云").await;

    let report = async |area: &str, as_of: &str, known_at: Value| {
        let asked = json!({ "area": area, "asOf": as_of, "knownAt": known_at });
        district.stranger().asks(REPORT, asked).await.data()["districtReport"].clone()
    };
    let april = report("440402", "2026-04-30", json!("2026-04-30")).await;
    assert_eq!(april["figures"]["confirmedServiceMinutes"], 60, "as it was known then: {april}");
    assert_eq!(april["changed"]["confirmedServiceMinutes"], 30, "and it is told that it has changed: {april}");
    assert_eq!(april["figures"]["registeredVolunteers"], april["changed"]["registeredVolunteers"], "who came in May is none of April's");
    assert_eq!(april["changes"]["totalCount"], 0);
    let now = report("440402", "2026-05-31", Value::Null).await;
    assert_eq!((&now["figures"]["confirmedServiceMinutes"], &now["figures"]["confirmedServiceRecords"]), (&json!(30), &json!(1)));
    assert_eq!((&now["changed"], &now["knownAt"]), (&Value::Null, &Value::Null));
    assert_eq!(report("440402", "2026-04-30", Value::Null).await["figures"]["confirmedServiceMinutes"], 30);

    assert_eq!(now["parts"], json!([{ "areaCode": STREET, "area": { "name": "翠香街道" }, "figures": { "confirmedServiceMinutes": 30 } }]));
    assert_eq!(now["own"], json!({ "confirmedServiceMinutes": 0, "serviceCategories": 0 }));
    let street = report(STREET, "2026-05-31", Value::Null).await;
    assert_eq!((&street["figures"]["serviceCategories"], &street["own"]["confirmedServiceMinutes"]), (&json!(1), &json!(30)));

    let early = report("440402", "2026-05-31", json!("2026-05-01")).await;
    let told: Vec<_> =
        early["changes"]["nodes"].as_array().unwrap().iter().map(|it| (it["figure"].clone(), it["amount"].clone())).collect();
    assert_eq!(told, [(json!("REGISTERED_VOLUNTEERS"), json!(1))], "{early}");
    let backwards = district.stranger().asks(REPORT, json!({ "area": "440402", "asOf": "2025-12-31" })).await;
    assert_eq!(backwards.code(), "BAD_INPUT");
}
