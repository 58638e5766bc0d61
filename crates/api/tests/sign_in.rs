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
