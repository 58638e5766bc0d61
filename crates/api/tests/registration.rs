//! Registering through the door: how often, and coming back. Makes loud: a signed-in volunteer who registers without end,
//! a coordinator who may not register the next one at the desk, a return that makes another volunteer.

use gongyi_api::ApiSettings;
use serde_json::{Value, json};

use crate::harness::{COMMUNITY, District, PASSWORD, STREET, id_number};

fn somebody(sequence: u32) -> Value {
    json!({ "name": "张三", "idNumber": id_number("1970-01-02", sequence), "phone": format!("1990122{sequence:04}"), "homeArea": COMMUNITY })
}

#[tokio::test]
async fn who_holds_no_role_registers_so_many_an_hour_signed_in_or_not() {
    let district = District::with(ApiSettings { registrations_per_hour: 3, ..ApiSettings::default() }).await;
    let volunteer = district.registers("李梅").await;
    for sequence in 0..2 {
        volunteer.client.does("registerVolunteer", "volunteer { id }", somebody(sequence)).await;
    }
    assert_eq!(volunteer.client.is_refused("registerVolunteer", somebody(2)).await, "TooManyAttempts");
    assert_eq!(district.stranger().is_refused("registerVolunteer", somebody(2)).await, "TooManyAttempts");
    // Staff take in whoever stands before them.
    for sequence in 2..6 {
        district.operator().await.does("registerVolunteer", "volunteer { id }", somebody(sequence)).await;
    }
}

#[tokio::test]
async fn a_stranger_is_told_few_times_that_somebody_is_registered_and_never_which_number() {
    let district = District::with(ApiSettings { refused_registrations_per_hour: 3, ..ApiSettings::default() }).await;
    let volunteer = district.registers("李梅").await;
    let with = |id_number: String, phone: &str| json!({ "name": "张三", "idNumber": id_number, "phone": phone, "homeArea": COMMUNITY, "password": PASSWORD });
    let number_taken = with(id_number("1980-01-02", 0), "19901229999");
    let phone_taken = with(id_number("1970-01-02", 9), &volunteer.phone);
    let refused = async |input: &Value| {
        district.stranger().tries("registerVolunteer", "refusal { code field zh en }", input.clone()).await["refusal"].clone()
    };
    // What was typed wrong tells nothing and costs nothing.
    let mut weak = number_taken.clone();
    for password in ["1234567890", "short", "19901229999"] {
        weak["password"] = json!(password);
        assert!(refused(&weak).await["field"] == "password");
    }
    let (number, phone) = (refused(&number_taken).await, refused(&phone_taken).await);
    assert_eq!((&number["code"], &number), (&json!("NumberOrPhoneTaken"), &phone));
    refused(&phone_taken).await;
    assert_eq!(refused(&number_taken).await["code"], "TooManyAttempts");
    // Who is not registered registers all the same, and staff are told which number it is.
    district.stranger().does("registerVolunteer", "volunteer { id }", with(id_number("1970-01-02", 10), "19901229998")).await;
    let mut by_staff = number_taken;
    by_staff.as_object_mut().unwrap().remove("password");
    assert_eq!(district.operator().await.is_refused("registerVolunteer", by_staff).await, "IdNumberTaken");
}

#[tokio::test]
async fn who_has_withdrawn_registers_again_and_is_the_same_volunteer() {
    let district = District::new().await;
    let volunteer = district.registers("李梅").await;
    let fields = "volunteer { id number phase skills homeAreaCode guardianConsent }";
    let left = volunteer.client.does("withdrawVolunteer", fields, json!({ "reason": "搬家" })).await["volunteer"].clone();
    assert_eq!(left["phase"], "WITHDRAWN");
    let again = json!({ "name": "李梅", "idNumber": id_number("1980-01-02", 0), "phone": volunteer.phone, "homeArea": STREET, "skills": ["SWIMMING", "FIRST_AID"] });
    let stranger = json!({ "password": PASSWORD });
    let mut as_stranger = again.clone();
    as_stranger.as_object_mut().unwrap().extend(stranger.as_object().unwrap().clone());
    assert_eq!(district.stranger().is_refused("registerVolunteer", as_stranger).await, "NumberOrPhoneTaken");
    let back = volunteer.client.does("registerVolunteer", fields, again.clone()).await["volunteer"].clone();
    assert_eq!((&back["id"], &back["number"]), (&left["id"], &left["number"]));
    let want = (&json!("ACTIVE"), &json!(["FIRST_AID", "SWIMMING"]), &json!(STREET));
    assert_eq!((&back["phase"], &back["skills"], &back["homeAreaCode"]), want);
    assert_eq!(volunteer.client.is_refused("registerVolunteer", again).await, "NumberOrPhoneTaken");
    let names = district.stranger().asks("{ skills { skill code zh en } }", json!({})).await.data()["skills"].clone();
    assert_eq!(names[0], json!({ "skill": "FIRST_AID", "code": "first_aid", "zh": "急救", "en": "first aid" }));
}
