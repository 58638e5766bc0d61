//! Figures as they were known, through the door. Makes loud: a past report that changes, a difference nobody is told, a
//! stranger who reads the records behind figures.

use serde_json::{Value, json};

use crate::harness::{DISTRICT, District, STREET, text};

const FIGURES: &str = "query($at: Date) { participation(area: \"440402\", from: \"2026-03-01\", to: \"2026-03-31\", knownAt: $at) {
    total { declaredMinutes records volunteers } } }";
const CHANGES: &str = "query($at: Date!, $after: String) { participationChanges(area: \"440402\", from: \"2026-03-01\", to: \"2026-03-31\", knownAt: $at, first: 1, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { record { id volunteer { name } } before { minutes category day } after { minutes category day } } } }";

#[tokio::test]
async fn a_past_report_stays_and_what_has_changed_since_is_told_record_by_record() {
    let district = District::new().await;
    let team = district.founds("翠香义工小组", STREET, None).await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": team })).await;
    let mut records = vec![];
    for name in ["李梅", "赵云"] {
        let volunteer = district.registers(name).await;
        let input = json!({ "organisation": team, "category": "ENVIRONMENT", "started": district.in_minutes(-70), "ended": district.in_minutes(-10) });
        records.push(text(&volunteer.client.does("logService", "record { id }", input).await["record"]["id"]));
    }
    // The first is confirmed on 2 March, corrected on the 3rd; the other confirmed on the 3rd.
    coordinator.client.does("confirmService", "record { id }", json!({ "record": records[0] })).await;
    district.waits_minutes(24 * 60);
    let ended = district.in_minutes(-24 * 60 - 40);
    let later = district.stranger().signs_in(&coordinator.phone).await;
    later.does("correctService", "record { id }", json!({ "record": records[0], "ended": ended, "reason": "早退" })).await;
    later.does("confirmService", "record { id }", json!({ "record": records[1] })).await;

    let auditor = district.registers_with("审计员", "AUDITOR", json!({ "area": DISTRICT })).await;
    let figures = async |at: Value| auditor.client.asks(FIGURES, json!({ "at": at })).await.data()["participation"]["total"].clone();
    let total = |minutes: u32, people: u32| json!({ "declaredMinutes": minutes, "records": people, "volunteers": people });
    assert_eq!(figures(json!("2026-03-01")).await, total(0, 0));
    assert_eq!(figures(json!("2026-03-02")).await, total(60, 1));
    assert_eq!(figures(json!("2026-03-03")).await, total(90, 2));
    assert_eq!(figures(Value::Null).await, total(90, 2));

    let mut found = vec![];
    let mut after = Value::Null;
    loop {
        let page = auditor.client.asks(CHANGES, json!({ "at": "2026-03-02", "after": after })).await.data()["participationChanges"].clone();
        assert_eq!(page["totalCount"], 2);
        found.push(page["nodes"][0].clone());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let counted = |minutes: u32| json!({ "minutes": minutes, "category": "ENVIRONMENT", "day": "2026-03-02" });
    let of = |id: &str| found.iter().find(|it| it["record"]["id"] == id).unwrap();
    assert_eq!((&of(&records[0])["before"], &of(&records[0])["after"]), (&counted(60), &counted(30)));
    assert_eq!((&of(&records[1])["before"], &of(&records[1])["after"]), (&Value::Null, &counted(60)));
    assert_eq!(of(&records[1])["record"]["volunteer"]["name"], "赵*", "an auditor sees no personal data");
    let none = auditor.client.asks(CHANGES, json!({ "at": "2026-03-03" })).await;
    assert_eq!(none.data()["participationChanges"]["totalCount"], 0);
    let stranger = district.stranger().asks(CHANGES, json!({ "at": "2026-03-02" })).await;
    assert_eq!(stranger.code(), "UNAUTHENTICATED");
}
