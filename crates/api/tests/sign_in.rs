//! Signing in, staying signed in, signing out.

use serde_json::json;

use crate::harness::{District, PASSWORD, text};

#[tokio::test]
async fn who_registers_signs_in_and_is_known() {
    let district = District::new().await;
    let resident = district.registers("李梅").await;
    let me = resident.client.asks("{ me { signedIn volunteer { id name idNumber } grants { role } account { phone } } }", json!({})).await;
    let me = &me.data()["me"];
    assert_eq!(me["signedIn"], true);
    assert_eq!(me["volunteer"]["id"], resident.id.as_str());
    assert_eq!(me["volunteer"]["name"], "李梅");
    assert_eq!(me["account"]["phone"], resident.phone.as_str());
    assert!(text(&me["volunteer"]["idNumber"]).starts_with("440499**********"), "one's own ID number is masked");
    let stranger = district.stranger().asks("{ me { signedIn account { id } } }", json!({})).await;
    assert_eq!(stranger.data()["me"], json!({ "signedIn": false, "account": null }));
}

#[tokio::test]
async fn wrong_passwords_are_data() {
    let district = District::new().await;
    let resident = district.registers("李梅").await;
    let input = json!({ "phone": resident.phone, "password": "something else" });
    assert_eq!(district.stranger().is_refused("signIn", input).await, "WrongCredentials");
}

#[tokio::test]
async fn a_refresh_token_is_used_once() {
    let district = District::new().await;
    let resident = district.registers("李梅").await;
    let stranger = district.stranger();
    let signed_in = stranger.does("signIn", "session { refreshToken }", json!({ "phone": resident.phone, "password": PASSWORD })).await;
    let first = json!({ "refreshToken": signed_in["session"]["refreshToken"] });
    let refreshed = stranger.does("refresh", "session { refreshToken accessToken expiresIn }", first.clone()).await;
    assert_eq!(refreshed["session"]["expiresIn"], 900);
    assert_eq!(stranger.is_refused("refresh", first).await, "SessionExpired");
    let second = json!({ "refreshToken": refreshed["session"]["refreshToken"] });
    assert_eq!(stranger.is_refused("refresh", second.clone()).await, "SessionExpired", "reuse ends the whole session");
    assert_eq!(stranger.does("signOut", "signedOut", second).await["signedOut"], true);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let district = District::new().await;
    let resident = district.registers("李梅").await;
    let change = |old: &str| json!({ "oldPassword": old, "newPassword": "battery staple 公益" });
    assert_eq!(resident.client.is_refused("changePassword", change("guess guess")).await, "WrongCredentials");
    assert_eq!(resident.client.does("changePassword", "changed", change(PASSWORD)).await["changed"], true);
    assert_eq!(district.stranger().is_refused("changePassword", change(PASSWORD)).await, "SignInRequired");
    let old = json!({ "phone": resident.phone, "password": PASSWORD });
    assert_eq!(district.stranger().is_refused("signIn", old).await, "WrongCredentials");
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_told_at_once() {
    let district = District::new().await;
    let mut operator = district.operator().await;
    district.waits_minutes(61);
    let answer = operator.asks("{ __typename }", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "UNAUTHENTICATED"));
    operator.token = Some("nonsense".to_owned());
    assert_eq!(operator.asks("{ __typename }", json!({})).await.status.as_u16(), 401);
    assert_eq!(district.stranger().asks("{ __typename }", json!({})).await.data()["__typename"], "Query");
}

#[tokio::test]
async fn a_revoked_role_is_gone_at_once() {
    let district = District::new().await;
    let organiser = district.registers_with("王强", "ORGANISER", json!({ "area": crate::harness::STREET })).await;
    let ask = format!("{{ volunteers(filter: {{ area: \"{}\" }}) {{ totalCount }} }}", crate::harness::COMMUNITY);
    assert_eq!(organiser.client.asks(&ask, json!({})).await.data()["volunteers"]["totalCount"], 1);
    let account = organiser.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
    let input = json!({ "account": account, "role": "ORGANISER", "area": crate::harness::STREET });
    district.operator().await.does("revokeRole", "account { grants { role } }", input).await;
    assert_eq!(organiser.client.asks(&ask, json!({})).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn an_account_is_opened_with_a_code_that_is_told_once() {
    let district = District::new().await;
    let operator = district.operator().await;
    let input = json!({ "name": "李梅", "idNumber": crate::harness::id_number("1980-01-02", 7), "phone": "19901217777", "homeArea": crate::harness::COMMUNITY });
    let person = operator.does("registerVolunteer", "volunteer { person }", input).await["volunteer"]["person"].clone();
    let open = json!({ "person": person, "commandId": uuid::Uuid::now_v7() });
    let fields = "code unchanged account { id proven }";
    let opened = operator.does("openAccount", fields, open.clone()).await;
    assert_eq!((&opened["account"]["proven"], text(&opened["code"]).len()), (&json!(false), 19));
    let again = operator.does("openAccount", fields, open).await;
    assert_eq!((&again["code"], &again["unchanged"]), (&json!(null), &json!(true)));

    let set = |code: &str| json!({ "phone": "19901217777", "code": code, "password": PASSWORD });
    let (stranger, code) = (district.stranger(), text(&opened["code"]));
    assert_eq!(stranger.is_refused("setPasswordByCode", set("0000-0000-0000-0000")).await, "CodeNotAccepted");
    assert_eq!(operator.is_refused("setPasswordByCode", set(&code)).await, "SignOutFirst");
    assert_eq!(stranger.does("setPasswordByCode", "changed", set(&code.replace('-', " "))).await["changed"], true);
    assert_eq!(stranger.is_refused("setPasswordByCode", set(&code)).await, "CodeNotAccepted");
    let owner = stranger.signs_in("19901217777").await;
    assert_eq!(owner.asks("{ me { account { proven } } }", json!({})).await.data()["me"]["account"]["proven"], true);

    let account = json!({ "account": opened["account"]["id"] });
    let another = operator.does("issueSignInCode", "code account { proven }", account).await;
    assert_eq!((&another["account"]["proven"], text(&another["code"]).len()), (&json!(true), 19));
}

#[tokio::test]
async fn a_device_is_told_at_sign_in_and_passes_where_an_address_does_not() {
    let district = District::with(gongyi_api::ApiSettings { sign_ins_per_minute: 3, ..Default::default() }).await;
    let resident = district.registers("李梅").await;
    let fields = "session { device refreshToken }";
    let sign_in = |device: &serde_json::Value| json!({ "phone": resident.phone, "password": PASSWORD, "device": device });
    let stranger = district.stranger();
    let first = stranger.does("signIn", fields, sign_in(&json!(null))).await["session"].clone();
    let refresh = json!({ "refreshToken": first["refreshToken"] });
    assert_eq!(stranger.does("refresh", fields, refresh).await["session"]["device"], json!(null));
    for _ in 0..3 {
        stranger.tries("signIn", "refusal { code }", json!({ "phone": resident.phone, "password": "not the password" })).await;
    }
    assert_eq!(stranger.is_refused("signIn", sign_in(&json!(null))).await, "TooManyAttempts");
    assert_eq!(stranger.is_refused("signIn", sign_in(&json!("no such device"))).await, "TooManyAttempts");
    let again = stranger.does("signIn", fields, sign_in(&first["device"])).await;
    assert_eq!(again["session"]["device"], first["device"]);
}

#[tokio::test]
async fn one_sees_ones_sessions_and_ends_them() {
    let district = District::new().await;
    let resident = district.registers("李梅").await;
    let elsewhere = district.stranger().signs_in(&resident.phone).await;
    let sessions = async || resident.client.asks("{ me { sessions { id current } } }", json!({})).await.data()["me"]["sessions"].clone();
    let both = sessions().await;
    assert_eq!((both.as_array().unwrap().len(), both.as_array().unwrap().iter().filter(|it| it["current"] == true).count()), (2, 1));
    let other = both.as_array().unwrap().iter().find(|it| it["current"] == false).unwrap();
    assert_eq!(resident.client.is_refused("endSessions", json!({ "session": "x" })).await, "InvalidInput");
    resident.client.does("endSessions", "account { id }", json!({ "session": other["id"] })).await;
    assert_eq!(elsewhere.asks("{ me { signedIn } }", json!({})).await.status.as_u16(), 401);
    assert_eq!(sessions().await.as_array().unwrap().len(), 1);
    resident.client.does("endSessions", "account { closed }", json!({})).await;
    assert_eq!(resident.client.asks("{ me { signedIn } }", json!({})).await.status.as_u16(), 401);
    assert_eq!(district.stranger().is_refused("endSessions", json!({})).await, "SignInRequired");
    let again = district.stranger().signs_in(&resident.phone).await;
    again.does("closeAccount", "account { closed }", json!({})).await;
    let sign_in = json!({ "phone": resident.phone, "password": PASSWORD });
    assert_eq!(district.stranger().is_refused("signIn", sign_in).await, "WrongCredentials");
}
