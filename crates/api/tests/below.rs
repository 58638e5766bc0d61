//! Lists of an organisation with those below it. Makes loud: a child that is left out, a role in one area that reads what
//! lies in another through the organisation's tree.

use serde_json::{Value, json};

use crate::harness::{Client, District, OTHER_STREET, STREET, text};

const LISTS: &str = "query($o: ID!, $below: Boolean!, $area: AreaCode) {
    volunteers(filter: { organisation: $o, includeBelow: $below, area: $area }) { totalCount }
    serviceRecords(filter: { organisation: $o, includeBelow: $below, area: $area }) { totalCount }
    participation(organisation: $o, includeBelow: $below, area: $area, from: \"2026-01-01\", to: \"2026-12-31\") { total { records } } }";

async fn counts(client: &Client<'_>, organisation: &str, below: bool, area: Value) -> (u64, u64, u64) {
    let answer = client.asks(LISTS, json!({ "o": organisation, "below": below, "area": area })).await;
    let data = answer.data();
    let number = |value: &Value| value.as_u64().unwrap();
    (
        number(&data["volunteers"]["totalCount"]),
        number(&data["serviceRecords"]["totalCount"]),
        number(&data["participation"]["total"]["records"]),
    )
}

#[tokio::test]
async fn a_list_of_an_organisation_takes_in_those_below_it_when_asked_to() {
    let district = District::new().await;
    let top = district.founds("联合会", STREET, None).await;
    let team = district.founds("翠香义工小组", STREET, Some(&top)).await;
    let far = district.founds("梅华义工小组", OTHER_STREET, Some(&team)).await;
    for (name, organisation) in [("李梅", &top), ("赵云", &team), ("马超", &far)] {
        let volunteer = district.registers(name).await;
        volunteer.client.does("joinOrganisation", "position", json!({ "organisation": organisation })).await;
        let input = json!({ "organisation": organisation, "category": "ENVIRONMENT", "started": district.in_minutes(-70), "ended": district.in_minutes(-10) });
        let record = text(&volunteer.client.does("logService", "record { id }", input).await["record"]["id"]);
        let by = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
        by.client.does("confirmService", "record { id }", json!({ "record": record })).await;
        district.publishes(organisation, 1).await;
    }
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": top })).await;
    assert_eq!(counts(&coordinator.client, &top, false, Value::Null).await, (1, 1, 1));
    assert_eq!(counts(&coordinator.client, &top, true, Value::Null).await, (3, 3, 3));
    assert_eq!(counts(&coordinator.client, &team, true, Value::Null).await, (2, 2, 2));
    assert_eq!(counts(&coordinator.client, &far, true, Value::Null).await, (1, 1, 1));
    // Who looks after the street reads what lies in it, of the whole tree, and no more.
    let organiser = district.registers_with("组织者", "ORGANISER", json!({ "area": STREET })).await;
    assert_eq!(counts(&organiser.client, &top, true, json!(STREET)).await, (3, 2, 2));
    let beyond = organiser.client.asks(LISTS, json!({ "o": top, "below": true })).await;
    assert_eq!(beyond.code(), "FORBIDDEN");
    assert_eq!(counts(&organiser.client, &top, false, Value::Null).await, (1, 1, 1));

    let activities = "query($o: ID!, $below: Boolean!) { activities(filter: { organisation: $o, includeBelow: $below }) { totalCount } }";
    for (below, want) in [(false, 1), (true, 3)] {
        let answer = district.stranger().asks(activities, json!({ "o": top, "below": below })).await;
        assert_eq!(answer.data()["activities"]["totalCount"], want);
    }
    // Accounts by the organisation they hold a role for.
    let accounts = "query($o: ID!, $role: Role) { accounts(filter: { organisation: $o, role: $role }) { totalCount nodes { name } } }";
    let found = async |role: Value| {
        coordinator.client.asks(accounts, json!({ "o": top, "role": role })).await.data()["accounts"]["totalCount"].clone()
    };
    assert_eq!(
        (found(Value::Null).await, found(json!("COORDINATOR")).await, found(json!("AUDITOR")).await),
        (json!(2), json!(2), json!(0))
    );
    assert_eq!(district.registers("路人").await.client.asks(accounts, json!({ "o": top })).await.code(), "FORBIDDEN");
}
