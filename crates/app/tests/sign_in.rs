//! Signing in and staying so. Makes loud: an answer that tells a wrong password from an unknown number, a spelling that
//! buys more guesses, a stolen refresh token that goes on working, a token believed without its signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use gongyi_app::{
    App, Rejection,
    access::{
        sign_in::Caller,
        tokens::{ACCESS_TOKEN_MAX_SECONDS, operator_token},
    },
};
use gongyi_domain::access::authority::{Actor, Grant, Role, Scope, Session};
use gongyi_vault::{ATTEMPT_WINDOW_SECONDS, ATTEMPTS_PER_NAME_AND_ADDRESS_MAX};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::harness::{District, PASSWORD, STREET, area, expect_refused, expect_refused_at};

const MONTH_MINUTES: i64 = 30 * 24 * 60;

#[tokio::test]
async fn the_right_password_signs_in_however_the_number_is_typed() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let spaced = format!("+86 {} {}", &zhang.phone[..3], &zhang.phone[3..]);
    for phone in [&zhang.phone, &spaced] {
        let signed_in = district.signs_in(phone, PASSWORD).await.unwrap();
        assert_eq!((signed_in.account, signed_in.expires_in), (zhang.account(), ACCESS_TOKEN_MAX_SECONDS));
        let bearer = district.app.authenticate(&signed_in.access_token, district.now()).await.unwrap().unwrap();
        assert_eq!((bearer.log_name(), bearer.person()), (zhang.actor.log_name(), Some(zhang.person)));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_number_are_answered_alike() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let answers = [
        district.signs_in(&zhang.phone, "not the password").await,
        district.signs_in("13700000009", PASSWORD).await,
        district.signs_in("nobody", PASSWORD).await,
        district.signs_in("", "").await,
    ];
    let [wrong, others @ ..] = answers.map(|answer| expect_refused("WrongCredentials", answer));
    assert!(others.iter().all(|other| *other == wrong));
}

#[tokio::test]
async fn who_guesses_too_often_waits_whatever_the_spelling() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let spellings = ["", " ", "+86", "+86 ", "+86-"].map(|prefix| format!("{prefix}{}", zhang.phone));
    assert_eq!(spellings.len(), ATTEMPTS_PER_NAME_AND_ADDRESS_MAX as usize);
    for spelling in &spellings {
        expect_refused("WrongCredentials", district.signs_in(spelling, "not the password").await);
    }
    for phone in [zhang.phone.clone(), format!("{} {}", &zhang.phone[..5], &zhang.phone[5..])] {
        expect_refused_at("TooManyAttempts", "password", district.signs_in(&phone, PASSWORD).await);
    }
    district.waits_minutes(ATTEMPT_WINDOW_SECONDS / 60 + 1);
    district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_its_reuse_ends_the_session() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (app, now) = (&district.app, district.now());
    let other_device = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    let first = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    let second = app.refresh(&first.refresh_token, now).await.unwrap();
    let third = app.refresh(&second.refresh_token, now).await.unwrap();
    assert_eq!(third.account, zhang.account());
    expect_refused_at("SessionExpired", "refreshToken", app.refresh(&first.refresh_token, now).await);
    expect_refused("SessionExpired", app.refresh(&third.refresh_token, now).await);
    app.refresh(&other_device.refresh_token, now).await.unwrap();
    expect_refused("SessionExpired", app.refresh("no token at all", now).await);
}

#[tokio::test]
async fn a_session_ends_by_disuse_and_by_signing_out() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let app = &district.app;
    let first = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    district.waits_minutes(MONTH_MINUTES - 1);
    let second = app.refresh(&first.refresh_token, district.now()).await.unwrap();
    district.waits_minutes(MONTH_MINUTES - 1);
    let third = app.refresh(&second.refresh_token, district.now()).await.unwrap();
    district.waits_minutes(MONTH_MINUTES);
    expect_refused("SessionExpired", app.refresh(&third.refresh_token, district.now()).await);
    let again = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    for _ in 0..2 {
        app.sign_out(&again.refresh_token).await.unwrap();
    }
    app.sign_out("no token at all").await.unwrap();
    expect_refused("SessionExpired", app.refresh(&again.refresh_token, district.now()).await);
}

#[tokio::test]
async fn a_changed_password_ends_what_the_old_one_began() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (app, now, here) = (&district.app, district.now(), Caller::default());
    let session = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    assert!(believed(app, &session.access_token).await.is_some());
    let new = "a new password, a long one";
    expect_refused_at("WrongCredentials", "password", app.change_password(&zhang.actor, "not the password", new, &here, now).await);
    expect_refused_at("WeakPassword", "password", app.change_password(&zhang.actor, PASSWORD, "short", &here, now).await);
    expect_refused("SignInRequired", app.change_password(&Actor::Anonymous, PASSWORD, new, &here, now).await);
    expect_refused("NotAllowed", app.change_password(&district.operator().actor, PASSWORD, new, &here, now).await);
    app.change_password(&zhang.actor, PASSWORD, new, &here, now).await.unwrap();
    assert_eq!(believed(app, &session.access_token).await, None, "at once, not after a quarter of an hour");
    expect_refused("SessionExpired", app.refresh(&session.refresh_token, now).await);
    expect_refused("SessionExpired", app.change_password(&zhang.actor, new, PASSWORD, &here, now).await);
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    district.signs_in(&zhang.phone, new).await.unwrap();
}

#[tokio::test]
async fn who_guesses_the_old_password_too_often_waits() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (app, now, here, new) = (&district.app, district.now(), Caller::default(), "a new password, a long one");
    for _ in 0..ATTEMPTS_PER_NAME_AND_ADDRESS_MAX {
        expect_refused("WrongCredentials", app.change_password(&zhang.actor, "not the password", new, &here, now).await);
    }
    expect_refused("TooManyAttempts", app.change_password(&zhang.actor, PASSWORD, new, &here, now).await);
}

async fn believed(app: &App, token: &str) -> Option<Actor> {
    app.authenticate(token, app.now()).await.unwrap().ok()
}

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn opened(part: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_holds_for_a_quarter_of_an_hour() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let token = district.signs_in(&zhang.phone, PASSWORD).await.unwrap().access_token;
    district.waits_minutes(ACCESS_TOKEN_MAX_SECONDS / 60);
    let bearer = believed(&district.app, &token).await;
    assert_eq!(bearer.and_then(|bearer| bearer.person()), Some(zhang.person), "clocks may differ a little");
    district.waits_minutes(1);
    assert_eq!(believed(&district.app, &token).await, None);
}

#[tokio::test]
async fn a_token_changed_by_a_byte_is_not_believed() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let token = district.signs_in(&zhang.phone, PASSWORD).await.unwrap().access_token;
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let claims = |change: &dyn Fn(&mut Value)| {
        let mut claims = opened(payload);
        change(&mut claims);
        part(&claims)
    };
    let everything = json!({"role": "operator", "scope": "everywhere"});
    let forged = [
        format!("{header}.{}.{signature}", claims(&|it| it["sub"] = json!(format!("account:{}", li.account())))),
        format!("{header}.{}.{signature}", claims(&|it| it["exp"] = json!(4_000_000_000_u64))),
        format!("{header}.{}.{signature}", claims(&|it| it["operator"] = everything.clone())),
        format!("{header}.{payload}.{}", BASE64.encode([0; 64])),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        String::new(),
        "..".to_owned(),
        "ey.ey.ey".to_owned(),
    ];
    assert!(believed(&district.app, &token).await.is_some());
    for token in forged {
        assert_eq!(believed(&district.app, &token).await, None, "{token}");
    }
}

#[tokio::test]
async fn another_algorithm_or_another_issuer_is_not_believed() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let app = &district.app;
    let token = district.signs_in(&zhang.phone, PASSWORD).await.unwrap().access_token;
    let parts: Vec<_> = token.split('.').collect();
    let (header, claims) = (opened(parts[0]), opened(parts[1]));
    assert_eq!(header["alg"], "EdDSA");
    for alg in ["none", "None", ""] {
        let unsigned = json!({"alg": alg, "typ": "JWT", "kid": header["kid"]});
        assert_eq!(believed(app, &format!("{}.{}.", part(&unsigned), parts[1])).await, None, "{alg}");
        assert_eq!(believed(app, &format!("{}.{}.{}", part(&unsigned), parts[1], parts[2])).await, None, "{alg}");
    }
    // The published key as a shared secret: the classic confusion.
    let jwks = app.jwks(district.now()).await.unwrap();
    let public = jwks["keys"][0]["x"].as_str().unwrap();
    let header = Header { kid: header["kid"].as_str().map(str::to_owned), ..Header::new(Algorithm::HS256) };
    for secret in [public.as_bytes().to_vec(), BASE64.decode(public).unwrap()] {
        let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
        assert_eq!(believed(app, &forged).await, None);
    }
    let elsewhere = District::new().await;
    assert_eq!(believed(&elsewhere.app, &token).await, None);
}

#[tokio::test]
async fn an_operators_token_carries_its_role_and_nothing_more() {
    let district = District::new().await;
    let grant = Grant { role: Role::Organiser, scope: Scope::Area(area(STREET)) };
    let token = operator_token(district.app.vault(), grant.clone(), district.now(), 3_600).await.unwrap();
    let bearer = believed(&district.app, &token).await.unwrap();
    assert_eq!(bearer, Actor::Operator(grant));
    assert_eq!(bearer.log_name(), "operator:organiser@area:440402001");
    district.waits_minutes(61);
    assert_eq!(believed(&district.app, &token).await, None);
}

#[tokio::test]
async fn a_retired_key_is_published_until_its_tokens_are_gone() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let app = &district.app;
    let old = app.access_token(zhang.account(), Session::default(), district.now()).await.unwrap();
    app.vault().rotate_signing_key(district.now()).await.unwrap();
    let new = app.access_token(zhang.account(), Session::default(), district.now()).await.unwrap();
    assert_eq!(app.jwks(district.now()).await.unwrap()["keys"].as_array().unwrap().len(), 2);
    assert!(believed(app, &old).await.is_some() && believed(app, &new).await.is_some());
    district.waits_minutes(24 * 60);
    assert_eq!(app.jwks(district.now()).await.unwrap()["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_of_nobody_is_not_believed() {
    let district = District::new().await;
    let nobody = gongyi_domain::values::AccountId(uuid::Uuid::now_v7());
    let token = district.app.access_token(nobody, Session::default(), district.now()).await.unwrap();
    let outcome: Result<_, Rejection> = district.app.authenticate(&token, district.now()).await;
    assert!(outcome.unwrap().is_err());
}
