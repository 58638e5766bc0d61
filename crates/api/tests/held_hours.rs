//! Stays that overlap another record. Makes loud: an attested hour that is on nobody's list, one that stays away after what
//! stood in its way is gone, a list that shows other people's records.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::harness::{Client, District, OTHER_STREET, STREET, area, text};

const HELD: &str = "query($area: AreaCode!) { serviceRecords(filter: { area: $area, phases: [HELD] }) {
    totalCount nodes { id phase minutes evidence heldBy { id evidence minutes organisation { name } } } } }";

async fn held(client: &Client<'_>) -> Value {
    client.asks(HELD, json!({ "area": STREET })).await.data()["serviceRecords"].clone()
}

#[tokio::test]
async fn a_held_hour_is_listed_with_what_it_waits_for_and_settled_by_either() {
    let district = District::new().await;
    let (team, other) = (district.founds("巡河队", STREET, None).await, district.founds("护林队", STREET, None).await);
    let (activity, shift) = district.publishes(&team, 5).await;
    let (mei, hand) = (district.registers("李梅").await, district.registers("赵云").await);
    mei.client.does("signUp", "phase", json!({ "shift": shift })).await;
    district.waits_minutes(60);
    district.operator().await.does("checkIn", "position", json!({ "shift": shift, "volunteer": mei.id })).await;
    district.waits_minutes(60);
    let mei = (district.stranger().signs_in(&mei.phone).await, mei.id);
    let log =
        json!({ "organisation": other, "category": "ENVIRONMENT", "started": district.in_minutes(-30), "ended": district.in_minutes(-20) });
    let declared = text(&mei.0.does("logService", "record { id }", log).await["record"]["id"]);
    district.operator().await.does("checkOut", "position", json!({ "activity": activity, "volunteer": mei.1 })).await;
    district.carries_out_attendance().await;

    let organiser = district.registers_with("组织者", "ORGANISER", json!({ "area": STREET })).await.client;
    let list = held(&organiser).await;
    assert_eq!(list["totalCount"], 1);
    let waiting = &list["nodes"][0];
    assert_eq!((&waiting["phase"], &waiting["minutes"], &waiting["evidence"]), (&json!("HELD"), &json!(60), &json!("ATTESTED")));
    let by = json!([{ "id": declared, "evidence": "DECLARED", "minutes": 10, "organisation": { "name": "护林队" } }]);
    assert_eq!(waiting["heldBy"], by);
    let id = json!({ "record": waiting["id"] });
    assert_eq!(organiser.is_refused("confirmService", id.clone()).await, "RecordIsHeld");
    let stranger = district.stranger().signs_in(&hand.phone).await;
    assert_eq!(stranger.asks(HELD, json!({ "area": STREET })).await.code(), "FORBIDDEN");
    // Who keeps one of the two organisations sees what waits there, not the other one's record.
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": team })).await.client;
    let of_team = "query($o: ID!) { serviceRecords(filter: { organisation: $o, phases: [HELD] }) { nodes { id heldBy { id } } } }";
    let seen = coordinator.asks(of_team, json!({ "o": team })).await.data()["serviceRecords"]["nodes"].clone();
    assert_eq!(seen, json!([{ "id": waiting["id"], "heldBy": [] }]));

    organiser.does("voidService", "record { phase }", json!({ "record": declared, "reason": "重复登记" })).await;
    assert_eq!(held(&organiser).await["totalCount"], 0);
    let confirmed = organiser.does("confirmService", "record { phase minutes heldBy { id } }", id).await;
    assert_eq!(confirmed["record"], json!({ "phase": "CONFIRMED", "minutes": 60, "heldBy": [] }));
}

#[tokio::test]
async fn who_is_in_when_it_is_called_off_keeps_the_time() {
    let district = District::new().await;
    let team = district.founds("巡河队", STREET, None).await;
    let (activity, shift) = district.publishes(&team, 5).await;
    let mei = district.registers("李梅").await;
    district.waits_minutes(60);
    // She comes without having signed up.
    district.operator().await.does("checkIn", "attendance { checkedInAt }", json!({ "shift": shift, "volunteer": mei.id })).await;
    district.waits_minutes(25);
    assert_eq!(district.operator().await.is_refused("dissolveOrganisation", json!({ "organisation": team })).await, "UnfinishedBusiness");
    let fields = "activity { phase attendances { checkedOutAt } }";
    let cancel = json!({ "activity": activity, "reason": "台风" });
    let cancelled = district.operator().await.does("cancelActivity", fields, cancel).await["activity"].clone();
    assert_eq!(cancelled["phase"], "CANCELLED");
    assert!(cancelled["attendances"][0]["checkedOutAt"].is_string(), "{cancelled}");
    district.carries_out_attendance().await;
    let query = "query($v: ID!) { serviceRecords(filter: { volunteer: $v }) { nodes { minutes phase } } }";
    let records = district.operator().await.asks(query, json!({ "v": mei.id })).await.data()["serviceRecords"]["nodes"].clone();
    assert_eq!(records, json!([{ "minutes": 25, "phase": "LOGGED" }]));
    district.operator().await.does("dissolveOrganisation", "organisation { dissolved }", json!({ "organisation": team })).await;
}

#[tokio::test]
async fn what_a_process_could_not_do_is_shown_to_who_can_mend_it() {
    let district = District::new().await;
    let team = district.founds("巡河队", STREET, None).await;
    let (activity, shift) = district.publishes(&team, 5).await;
    let mei = district.registers("李梅").await;
    district.waits_minutes(60);
    let operator = district.operator().await;
    operator.does("checkIn", "position", json!({ "shift": shift, "volunteer": mei.id })).await;
    district.waits_minutes(25);
    operator.does("checkOut", "position", json!({ "activity": activity, "volunteer": mei.id })).await;
    // As a rule that no longer stands in the way would have left it.
    let position = district.app.log().head().await.unwrap().position;
    district.app.vault().park("attendance-to-ledger", position, "VolunteerNotActive").await.unwrap();

    let ask = "{ parkedEvents { process event code recordedAt activity { title } volunteer { id } } }";
    let there = district.with_role(Role::Organiser, Scope::Area(area(STREET))).await;
    let list = there.asks(ask, json!({})).await.data()["parkedEvents"].clone();
    let parked = json!([{ "process": "attendance-to-ledger", "event": "VolunteerCheckedOut", "code": "VolunteerNotActive",
        "recordedAt": list[0]["recordedAt"], "activity": { "title": "周末净滩" }, "volunteer": { "id": mei.id } }]);
    assert_eq!(list, parked);
    assert_eq!(operator.asks(ask, json!({})).await.data()["parkedEvents"], parked);
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET))).await;
    assert_eq!(elsewhere.asks(ask, json!({})).await.data()["parkedEvents"], json!([]));
    assert_eq!(district.stranger().asks(ask, json!({})).await.code(), "UNAUTHENTICATED");
    let resident = district.registers("赵云").await;
    assert_eq!(resident.client.asks(ask, json!({})).await.code(), "FORBIDDEN");

    // The first time the process carries it out, so that nothing is left to do the second time.
    district.carries_out_attendance().await;
    district.carries_out_attendance().await;
    assert_eq!(operator.asks(ask, json!({})).await.data()["parkedEvents"], json!([]));
}
