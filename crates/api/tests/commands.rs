//! Commands: what they answer when done, repeated, refused.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{DISTRICT, District, STREET, text};

async fn logs_an_hour(district: &District, whose: &crate::harness::Resident<'_>, organisation: &str, ended: i64) -> String {
    let input = json!({
        "organisation": organisation, "category": "COMMUNITY_SERVICE",
        "started": district.in_minutes(ended - 60), "ended": district.in_minutes(ended), "content": "探访老人",
    });
    text(&whose.client.does("logService", "record { id }", input).await["record"]["id"])
}

#[tokio::test]
async fn a_record_is_logged_confirmed_and_counts() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    let record = logs_an_hour(&district, &volunteer, &organisation, -10).await;
    assert_eq!(volunteer.client.is_refused("confirmService", json!({ "record": record })).await, "NotAllowed");
    let fields =
        "record { phase minutes evidence decidedBy { kind name } volunteer { totals { declaredMinutes } } } position unchanged stale";
    let done = coordinator.client.does("confirmService", fields, json!({ "record": record })).await;
    assert_eq!(done["record"]["phase"], "CONFIRMED");
    assert_eq!(done["record"]["volunteer"]["totals"]["declaredMinutes"], 60);
    assert_eq!((&done["unchanged"], &done["stale"]), (&json!(false), &json!(false)));
    assert_eq!(coordinator.client.is_refused("confirmService", json!({ "record": record })).await, "AlreadyConfirmed");
}

#[tokio::test]
async fn sending_a_command_twice_answers_as_the_first_time() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let volunteer = district.registers("李梅").await;
    let id = Uuid::now_v7();
    let join = json!({ "organisation": organisation, "commandId": id });
    let first = volunteer.client.does("joinOrganisation", "unchanged position", join.clone()).await;
    let again =
        volunteer.client.does("joinOrganisation", "unchanged position volunteer { memberships { organisation { name } } }", join).await;
    assert_eq!((&first["unchanged"], &again["unchanged"]), (&json!(false), &json!(true)));
    assert_eq!(first["position"], again["position"]);
    assert_eq!(again["volunteer"]["memberships"][0]["organisation"]["name"], "翠香义工小组");
    let other = json!({ "organisation": organisation, "commandId": id });
    assert_eq!(volunteer.client.is_refused("leaveOrganisation", other).await, "CommandIdReused");
    let nonsense = json!({ "organisation": organisation, "commandId": "1" });
    assert_eq!(volunteer.client.is_refused("joinOrganisation", nonsense).await, "InvalidInput");
}

#[tokio::test]
async fn refusals_speak_two_languages_and_name_the_field() {
    let district = District::new().await;
    let input =
        json!({ "name": "李梅", "idNumber": "11010519491231002", "phone": "19901215279", "homeArea": STREET, "password": "correct horse" });
    let fields = "volunteer { id } refusal { code field zh en inChinese: message(lang: ZH) inEnglish: message(lang: EN) }";
    let refusal = district.stranger().tries("registerVolunteer", fields, input).await["refusal"].clone();
    assert_eq!((&refusal["code"], &refusal["field"]), (&json!("InvalidInput"), &json!("idNumber")));
    assert_eq!((&refusal["zh"], &refusal["en"]), (&refusal["inChinese"], &refusal["inEnglish"]));
    let missing = json!({ "record": "U2VydmljZVJlY29yZDp4" });
    assert_eq!(district.operator().await.is_refused("confirmService", missing).await, "InvalidInput");
}

#[tokio::test]
async fn many_records_are_confirmed_each_for_itself() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (volunteer, other) = (district.registers("李梅").await, district.registers("赵云").await);
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    let mut records = vec![];
    for hour in 1..4 {
        records.push(logs_an_hour(&district, &volunteer, &organisation, -hour * 100).await);
    }
    records.push(logs_an_hour(&district, &other, &organisation, -10).await);
    records.push(logs_an_hour(&district, &coordinator, &organisation, -10).await);
    records.push("nonsense".to_owned());
    let fields = "confirmed position stale results { id unchanged record { phase } refusal { code } }";
    let input = json!({ "records": records, "commandId": Uuid::now_v7() });
    let done = coordinator.client.tries("confirmServices", fields, input.clone()).await;
    let codes = |done: &Value| done["results"].as_array().unwrap().iter().map(|it| it["refusal"]["code"].clone()).collect::<Vec<_>>();
    assert_eq!(done["confirmed"], 4);
    assert_eq!(codes(&done)[4..], [json!("OwnService"), json!("InvalidInput")]);
    assert_eq!(done["results"][3]["record"]["phase"], "CONFIRMED");
    let again = coordinator.client.tries("confirmServices", fields, input).await;
    assert_eq!(again["confirmed"], 4);
    assert!((0..4).all(|n| again["results"][n]["unchanged"] == true), "{again}");
}

#[tokio::test]
async fn a_place_is_taken_waited_for_and_given_on() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (_, shift) = district.publishes(&organisation, 1).await;
    let (first, second) = (district.registers("李梅").await, district.registers("赵云").await);
    let sign_up = json!({ "shift": shift });
    assert_eq!(first.client.does("signUp", "phase shift { taken waiting free }", sign_up.clone()).await["phase"], "TAKEN");
    let waits = second.client.does("signUp", "phase shift { taken waiting free }", sign_up.clone()).await;
    assert_eq!(waits, json!({ "phase": "WAITING", "shift": { "taken": 1, "waiting": 1, "free": 0 }, "refusal": null }));
    assert_eq!(first.client.is_refused("signUp", sign_up.clone()).await, "AlreadySignedUp");
    let left = first.client.does("withdrawSignUp", "phase shift { taken waiting }", sign_up).await;
    assert_eq!((&left["phase"], &left["shift"]), (&json!("WITHDRAWN"), &json!({ "taken": 1, "waiting": 0 })));
}

#[tokio::test]
async fn attendance_by_code_becomes_a_record() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let (activity, shift) = district.publishes(&organisation, 5).await;
    let volunteer = district.registers("李梅").await;
    volunteer.client.does("signUp", "phase", json!({ "shift": shift })).await;
    district.waits_minutes(30);
    let itself = district.stranger().signs_in(&volunteer.phone).await;
    let ask = "query($shift: ID!) { attendanceCode(shift: $shift) { code validUntil } }";
    assert_eq!(itself.asks(ask, json!({ "shift": shift })).await.code(), "FORBIDDEN");
    let operator = district.operator().await;
    let code = operator.asks(ask, json!({ "shift": shift })).await.data()["attendanceCode"]["code"].clone();
    assert_eq!(itself.is_refused("checkInByCode", json!({ "shift": shift, "code": "000" })).await, "CodeWrong");
    let stay = itself.does("checkInByCode", "attendance { checkedInBy checkedOutAt }", json!({ "shift": shift, "code": code })).await;
    assert_eq!(stay["attendance"], json!({ "checkedInBy": "CODE", "checkedOutAt": null }));
    district.waits_minutes(60);
    let input = json!({ "activity": activity, "volunteer": volunteer.id });
    let over = operator.does("checkOut", "activity { attendances { checkedOutBy volunteer { id name } } }", input).await;
    assert_eq!(
        over["activity"]["attendances"][0],
        json!({ "checkedOutBy": "COORDINATOR", "volunteer": { "id": volunteer.id, "name": "李梅" } })
    );
    district.carries_out_attendance().await;
    let records = "{ me { volunteer { serviceRecords { nodes { minutes evidence source loggedBy { kind name } } } } } }";
    let itself = district.stranger().signs_in(&volunteer.phone).await;
    let records = itself.asks(records, json!({})).await.data()["me"]["volunteer"]["serviceRecords"]["nodes"].clone();
    let logged_by = json!({ "kind": "PROCESS", "name": "attendance-to-ledger" });
    assert_eq!(records, json!([{ "minutes": 60, "evidence": "ATTESTED", "source": "ATTENDANCE", "loggedBy": logged_by }]));
}

#[tokio::test]
async fn who_is_erased_leaves_no_name() {
    let district = District::new().await;
    let volunteer = district.registers("李梅").await;
    assert_eq!(district.stranger().is_refused("erasePerson", json!({ "person": volunteer.person })).await, "SignInRequired");
    let erased = volunteer.client.does("erasePerson", "volunteer { name phone phase }", json!({ "person": volunteer.person })).await;
    assert_eq!(erased["volunteer"], json!({ "name": null, "phone": null, "phase": "ERASED" }));
    assert_eq!(volunteer.client.asks("{ __typename }", json!({})).await.status.as_u16(), 401);
    assert_eq!(district.operator().await.is_refused("erasePerson", json!({ "person": volunteer.person })).await, "PersonIsErased");
}

#[tokio::test]
async fn roles_are_granted_within_ones_own() {
    let district = District::new().await;
    let organisation = district.founds("翠香义工小组", STREET, None).await;
    let organiser = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let volunteer = district.registers("李梅").await;
    let account = volunteer.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
    let grant = |role: &str, place: Value| {
        let mut input = json!({ "account": account, "role": role });
        input.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        input
    };
    let fields = "account { grants { role everywhere areaCode organisation { name } } }";
    let done = organiser.client.does("grantRole", fields, grant("COORDINATOR", json!({ "organisation": organisation }))).await;
    let granted = json!({ "role": "COORDINATOR", "everywhere": false, "areaCode": null, "organisation": { "name": "翠香义工小组" } });
    assert_eq!(done["account"]["grants"], json!([granted]));
    assert_eq!(organiser.client.is_refused("grantRole", grant("ORGANISER", json!({ "area": STREET }))).await, "BeyondOwnAuthority");
    assert_eq!(organiser.client.is_refused("grantRole", grant("AUDITOR", json!({ "area": DISTRICT }))).await, "NotAllowed");
    assert_eq!(
        organiser.client.is_refused("grantRole", grant("AUDITOR", json!({ "area": DISTRICT, "everywhere": true }))).await,
        "InvalidInput"
    );
}
