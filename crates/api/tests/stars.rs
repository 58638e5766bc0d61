//! Stars through the door. Makes loud: a scheme that a street's staff sets for the district, a figure that does not say
//! what it counts, a filter that disagrees with the field.

use serde_json::{Value, json};

use crate::harness::{DISTRICT, District, STREET, text};

const SCHEME: &str = "query($d: AreaCode!) { starScheme(district: $d) { hours counts setAt setBy { kind name } districtCode } }";

async fn stars_of(district: &District, volunteer: &str) -> Value {
    let query = "query($id: ID!) { volunteer(id: $id) { stars { count most minutesToNext counts } } }";
    district.operator().await.asks(query, json!({ "id": volunteer })).await.data()["volunteer"]["stars"].clone()
}

async fn with_at_least(district: &District, stars: u32) -> u64 {
    let query = "query($n: Int!) { volunteers(filter: { minStars: $n }) { totalCount } }";
    district.operator().await.asks(query, json!({ "n": stars })).await.data()["volunteers"]["totalCount"].as_u64().unwrap()
}

#[tokio::test]
async fn a_district_sets_its_stars_and_everybodys_change_at_once() {
    let district = District::new().await;
    let team = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    let input =
        json!({ "organisation": team, "category": "ENVIRONMENT", "started": district.in_minutes(-130), "ended": district.in_minutes(-10) });
    let record = text(&volunteer.client.does("logService", "record { id }", input).await["record"]["id"]);
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": team })).await;
    coordinator.client.does("confirmService", "record { id }", json!({ "record": record })).await;
    let national = json!({ "count": 0, "most": 5, "minutesToNext": 5_880, "counts": "ATTESTED_AND_DECLARED" });
    assert_eq!(stars_of(&district, &volunteer.id).await, national);
    let default = district.stranger().asks(SCHEME, json!({ "d": DISTRICT })).await.data()["starScheme"].clone();
    let unset = json!({ "hours": [100, 300, 600, 1_000, 1_500], "counts": "ATTESTED_AND_DECLARED", "setAt": null, "setBy": null, "districtCode": DISTRICT });
    assert_eq!(default, unset);

    let officer = district.registers_with("区主管", "DISTRICT_OFFICER", json!({ "area": DISTRICT })).await;
    let set = json!({ "district": DISTRICT, "hours": [1, 2, 3] });
    let done = officer.client.does("setStarScheme", "starScheme { hours setBy { kind } } unchanged", set.clone()).await;
    assert_eq!((&done["starScheme"]["hours"], &done["unchanged"]), (&json!([1, 2, 3]), &json!(false)));
    assert_eq!(done["starScheme"]["setBy"]["kind"], "ACCOUNT");
    assert_eq!(stars_of(&district, &volunteer.id).await["count"], 2);
    assert_eq!((with_at_least(&district, 2).await, with_at_least(&district, 3).await), (1, 0));
    // The same again changes nothing.
    assert_eq!(officer.client.does("setStarScheme", "unchanged", set).await["unchanged"], true);
    // Entered by hand, the hours are worth nothing where only attested ones count.
    let attested = json!({ "district": DISTRICT, "hours": [1, 2, 3], "counts": "ATTESTED" });
    officer.client.does("setStarScheme", "unchanged", attested).await;
    let none = json!({ "count": 0, "most": 3, "minutesToNext": 60, "counts": "ATTESTED" });
    assert_eq!(stars_of(&district, &volunteer.id).await, none);
}

#[tokio::test]
async fn wrong_stars_and_others_districts_are_refused() {
    let district = District::new().await;
    let operator = district.operator().await;
    for hours in [json!([]), json!([0]), json!([-5, 3]), json!([3, 3]), json!([2_000_000_000])] {
        assert_eq!(
            operator.is_refused("setStarScheme", json!({ "district": DISTRICT, "hours": hours })).await,
            "StarThresholdsUnfit",
            "{hours}"
        );
    }
    assert_eq!(operator.is_refused("setStarScheme", json!({ "district": STREET, "hours": [1] })).await, "NotADistrict");
    assert_eq!(operator.is_refused("setStarScheme", json!({ "district": "110101", "hours": [1] })).await, "UnknownArea");
    assert_eq!(operator.asks(SCHEME, json!({ "d": STREET })).await.code(), "BAD_INPUT");
    let street = district.registers_with("街道主管", "DISTRICT_OFFICER", json!({ "area": STREET })).await;
    let organiser = district.registers_with("组织者", "ORGANISER", json!({ "area": DISTRICT })).await;
    for client in [&street.client, &organiser.client] {
        assert_eq!(client.is_refused("setStarScheme", json!({ "district": DISTRICT, "hours": [1] })).await, "NotAllowed");
    }
}
