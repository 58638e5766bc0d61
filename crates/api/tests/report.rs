//! The district report through the door. Makes loud: a past report that changes, a change nobody is told of, figures that
//! only some may see, a period that ends before it begins.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::harness::{COMMUNITY, Client, DISTRICT, District, OTHER_STREET, STREET, area, text};

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
        district.operator().await.asks(REPORT, asked).await.data()["districtReport"].clone()
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
    // Three people: whoever holds no role is told that they are too few, and of no single change.
    let asked = json!({ "area": "440402", "asOf": "2026-05-31", "knownAt": "2026-05-01" });
    let told = district.stranger().asks(REPORT, asked).await.data()["districtReport"].clone();
    assert_eq!((&told["figures"]["registeredVolunteers"], &told["figures"]["confirmedServiceMinutes"]), (&Value::Null, &Value::Null));
    assert_eq!((&told["figures"]["organisations"], &told["figures"]["projectGrantCents"]), (&json!(1), &json!(0)));
    assert_eq!((&told["changed"], &told["changes"]["totalCount"]), (&Value::Null, &json!(0)));
    let backwards = district.stranger().asks(REPORT, json!({ "area": "440402", "asOf": "2025-12-31" })).await;
    assert_eq!(backwards.code(), "BAD_INPUT");
}

/// Fewer than five people in one street are not told of, nor reckoned from the district and the other street.
#[tokio::test]
async fn what_few_people_did_is_told_to_no_stranger() {
    let district = District::new().await;
    let (community, street) = (district.founds("甲队", COMMUNITY, None).await, district.founds("乙队", OTHER_STREET, None).await);
    let mut people = vec![];
    for name in ["安一", "白二", "陈三", "丁四", "方五", "高六"] {
        people.push(district.registers(name).await);
    }
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(DISTRICT))).await;
    const MONTH_MINUTES: i64 = 30 * 24 * 60;
    let serves = async |organiser: &Client<'_>, volunteer: &str, organisation: &str, minutes: i64| {
        let (started, ended) = (district.in_minutes(-minutes - 10), district.in_minutes(-minutes));
        let input =
            json!({ "volunteer": volunteer, "organisation": organisation, "category": "ENVIRONMENT", "started": started, "ended": ended });
        let record = text(&organiser.does("logService", "record { id }", input).await["record"]["id"]);
        organiser.does("confirmService", "record { id }", json!({ "record": record })).await;
    };
    for person in &people {
        serves(&organiser, &person.id, &street, 20).await;
    }
    serves(&organiser, &people[0].id, &community, 40).await;

    let records = async |client: &Client<'_>, area: &str| {
        let asked = json!({ "area": area, "asOf": "2026-03-31" });
        let report = client.asks(FEW, asked).await.data()["districtReport"].clone();
        let of = |figures: &Value| figures["confirmedServiceRecords"].clone();
        let parts: Vec<Value> = report["parts"].as_array().unwrap().iter().map(|part| of(&part["figures"])).collect();
        (of(&report["figures"]), parts, of(&report["own"]))
    };
    let (stranger, null) = (district.stranger(), Value::Null);
    assert_eq!(records(&stranger, "440402").await, (null.clone(), vec![null.clone(), null.clone()], null.clone()), "the month is not over");
    district.waits_minutes(MONTH_MINUTES);
    let operator = district.operator().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(DISTRICT))).await;
    let resident = district.stranger().signs_in(&people[1].phone).await;
    assert_eq!(records(&operator, "440402").await, (json!(7), vec![json!(1), json!(6)], json!(0)));
    assert_eq!(records(&stranger, "440402").await, (json!(7), vec![null.clone(), null.clone()], json!(0)));
    for area in [STREET, COMMUNITY, OTHER_STREET] {
        assert_eq!(records(&stranger, area).await.0, null, "{area}");
    }
    assert_eq!(records(&resident, COMMUNITY).await.0, null, "an account without a role is a stranger here");
    for person in &people[1..5] {
        serves(&organiser, &person.id, &community, MONTH_MINUTES + 60).await;
    }
    assert_eq!(records(&stranger, "440402").await, (json!(11), vec![json!(5), json!(6)], json!(0)));
    assert_eq!(records(&stranger, COMMUNITY).await.0, 5);
}

/// Of a month in which few served nothing is told, nor reckoned from periods that end before and after it, or begin there.
#[tokio::test]
async fn no_two_periods_tell_of_few_people_by_their_difference() {
    const DAY_MINUTES: i64 = 24 * 60;
    let district = District::new().await;
    let team = district.founds("甲队", COMMUNITY, None).await;
    let mut people = vec![];
    for _ in 0..6 {
        people.push(district.registers("安一").await);
    }
    // All six serve in March, one of them in April, all again in May.
    for served in [6, 1, 6] {
        let organiser = district.with_role(Role::Organiser, Scope::Area(area(DISTRICT))).await;
        for person in &people[..served] {
            let input = json!({ "volunteer": person.id, "organisation": team, "category": "ENVIRONMENT",
                "started": district.in_minutes(-60), "ended": district.in_minutes(0) });
            let record = text(&organiser.does("logService", "record { id }", input).await["record"]["id"]);
            organiser.does("confirmService", "record { id }", json!({ "record": record })).await;
        }
        district.waits_minutes(31 * DAY_MINUTES);
    }
    let operator = district.operator().await;
    let records = async |client: &Client<'_>, from: &str, as_of: &str| {
        let ask = "query($from: Date!, $asOf: Date!) { districtReport(area: \"440402001001\", from: $from, asOf: $asOf) {
            figures { confirmedServiceRecords registeredVolunteers } } }";
        let figures = client.asks(ask, json!({ "from": from, "asOf": as_of })).await.data()["districtReport"]["figures"].clone();
        (figures["confirmedServiceRecords"].clone(), figures["registeredVolunteers"].clone())
    };
    let stranger = district.stranger();
    for (from, as_of, all, told) in [
        ("2026-03-01", "2026-03-31", 6, true),
        ("2026-03-01", "2026-05-31", 13, true),
        ("2026-04-01", "2026-05-31", 7, true),
        ("2026-03-01", "2026-04-30", 7, false),
        ("2026-05-01", "2026-05-31", 6, false),
        ("2026-03-01", "2026-03-30", 6, false),
        ("2026-03-02", "2026-03-31", 6, false),
    ] {
        assert_eq!(records(&operator, from, as_of).await.0, all, "{from} to {as_of}");
        let expected = if told { json!(all) } else { Value::Null };
        assert_eq!(records(&stranger, from, as_of).await.0, expected, "{from} to {as_of}");
    }
    // All are there since March: nothing changed in April.
    assert_eq!(records(&stranger, "2026-03-01", "2026-04-30").await.1, 6);
    assert_eq!(records(&stranger, "2026-03-01", "2026-03-30").await.1, Value::Null);
}

const FEW: &str = "query($area: AreaCode!, $asOf: Date!) { districtReport(area: $area, from: \"2026-01-01\", asOf: $asOf) {
    figures { confirmedServiceRecords } own { confirmedServiceRecords } parts { figures { confirmedServiceRecords } } } }";
