//! Who sees whose name, phone, ID number, birth date, words.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::harness::{COMMUNITY, Client, DISTRICT, District, OTHER_STREET, Resident, STREET, area};

const PERSON: &str = "query($id: ID!) { volunteer(id: $id) { name phone idNumber birthDate skills } }";

async fn seen(by: &Client<'_>, whom: &Resident<'_>) -> Value {
    by.asks(PERSON, json!({ "id": whom.id })).await.data()["volunteer"].clone()
}

#[tokio::test]
async fn staff_see_all_oneself_a_masked_number_auditors_a_masked_name() {
    let district = District::new().await;
    let volunteer = district.registers("欧阳梅").await;
    let number = crate::harness::id_number("1980-01-02", 0);
    let whole = json!({ "name": "欧阳梅", "phone": volunteer.phone, "idNumber": number, "birthDate": "1980-01-02", "skills": [] });
    for role in [Role::Operator, Role::DistrictOfficer, Role::Organiser] {
        assert_eq!(seen(&district.with_role(role, Scope::Area(area(COMMUNITY))).await, &volunteer).await, whole, "{role}");
    }
    let mut own = whole.clone();
    own["idNumber"] = json!(format!("{}**********{}", &number[..6], &number[16..]));
    assert_eq!(seen(&volunteer.client, &volunteer).await, own);
    let masked = json!({ "name": "欧*", "phone": null, "idNumber": null, "birthDate": null, "skills": [] });
    assert_eq!(seen(&district.with_role(Role::Auditor, Scope::Everywhere).await, &volunteer).await, masked);
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET))).await;
    assert_eq!(elsewhere.asks(PERSON, json!({ "id": volunteer.id })).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn names_are_not_found_out_by_searching() {
    let district = District::new().await;
    district.registers("欧阳梅").await;
    let auditor = district.with_role(Role::Auditor, Scope::Everywhere).await;
    let ask = "query($filter: VolunteerFilter, $order: VolunteerOrder) { volunteers(filter: $filter, orderBy: $order) { nodes { name } } }";
    let plain = auditor.asks(ask, json!({ "filter": { "area": DISTRICT } })).await;
    assert_eq!(plain.data()["volunteers"]["nodes"], json!([{ "name": "欧*" }]));
    for probing in [
        json!({ "filter": { "area": DISTRICT, "nameContains": "欧阳" } }),
        json!({ "filter": { "area": DISTRICT }, "order": { "field": "NAME" } }),
    ] {
        assert_eq!(auditor.asks(ask, probing).await.code(), "FORBIDDEN");
    }
    let accounts = format!("{{ accounts(filter: {{ area: \"{DISTRICT}\", phone: \"19901210000\" }}) {{ totalCount }} }}");
    assert_eq!(auditor.asks(&accounts, json!({})).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn an_activitys_staff_see_who_takes_part_in_it() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 3).await;
    let volunteer = district.registers("李梅").await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    assert_eq!(coordinator.client.asks(PERSON, json!({ "id": volunteer.id })).await.code(), "FORBIDDEN");
    volunteer.client.does("signUp", "phase", json!({ "shift": shift })).await;
    let ask = "query($id: ID!) { activity(id: $id) { title signUps { nodes { phase volunteer { name phone history { totalCount } } } } } }";
    let answer = coordinator.client.asks(ask, json!({ "id": activity })).await;
    let path = &answer.body["errors"][0]["path"];
    assert_eq!(path, &json!(["activity", "signUps", "nodes", 0, "volunteer", "history"]), "their other history is not the activity's");
    let ask = "query($id: ID!) { activity(id: $id) { signUps { nodes { phase volunteer { name phone } } } } }";
    let answer = coordinator.client.asks(ask, json!({ "id": activity })).await;
    let signed_up = json!({ "phase": "TAKEN", "volunteer": { "name": "李梅", "phone": volunteer.phone } });
    assert_eq!(answer.data()["activity"]["signUps"]["nodes"][0], signed_up);
    let auditor = district.with_role(Role::Auditor, Scope::Everywhere).await;
    let signed_up = json!({ "phase": "TAKEN", "volunteer": { "name": "李*", "phone": null } });
    assert_eq!(auditor.asks(ask, json!({ "id": activity })).await.data()["activity"]["signUps"]["nodes"][0], signed_up);
    assert_eq!(district.stranger().asks(ask, json!({ "id": activity })).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn reasons_and_words_are_personal_who_did_it_is_told() {
    let district = District::new().await;
    let volunteer = district.registers("李梅").await;
    let organiser = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let input = json!({ "volunteer": volunteer.id, "reason": "家中有事" });
    organiser.client.does("suspendVolunteer", "volunteer { phase }", input).await;
    let ask = "query($id: ID!) { volunteer(id: $id) { history(descending: true, first: 1) { nodes { event reason by { kind name } details } } } }";
    let last = async |by: &Client<'_>| by.asks(ask, json!({ "id": volunteer.id })).await.data()["volunteer"]["history"]["nodes"][0].clone();
    let told = |name: &str, reason: Value| json!({ "event": "VolunteerSuspended", "reason": reason, "by": { "kind": "ACCOUNT", "name": name }, "details": {} });
    assert_eq!(last(&district.operator().await).await, told("王强", json!("家中有事")));
    assert_eq!(last(&volunteer.client).await, told("王*", json!("家中有事")));
    assert_eq!(last(&district.with_role(Role::Auditor, Scope::Everywhere).await).await, told("王*", Value::Null));
}
