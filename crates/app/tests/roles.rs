//! Roles. Makes loud: a role that grants more than itself, one that acts beyond its scope, one that lives on after it was
//! taken back.

use gongyi_app::{
    access::accounts::{GrantRole, RevokeRole},
    volunteering::{organisations::DissolveOrganisation, volunteers::JoinOrganisation},
};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope, Session},
    values::AccountId,
};
use uuid::Uuid;

use crate::harness::{COMMUNITY, DISTRICT, District, OTHER_STREET, PASSWORD, STREET, area, expect_refused, expect_refused_at};

fn within(code: &str) -> Scope {
    Scope::Area(area(code))
}

#[tokio::test]
async fn everybody_grants_only_below_themselves() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let below = district.founds_in("巡河一组", COMMUNITY, Some(team)).await;
    let zhang = district.registers("张三").await;
    let officer = district.officer().await;
    let organiser = district.organiser_in(STREET).await;
    let coordinator = district.coordinator_of(team).await;

    officer.grants(&zhang, Role::Organiser, within(STREET)).await.unwrap();
    officer.grants(&zhang, Role::Auditor, within(DISTRICT)).await.unwrap();
    expect_refused_at("BeyondOwnAuthority", "role", officer.grants(&zhang, Role::DistrictOfficer, within(DISTRICT)).await);
    expect_refused("BeyondOwnAuthority", officer.grants(&zhang, Role::Operator, within(DISTRICT)).await);

    organiser.grants(&zhang, Role::Coordinator, within(COMMUNITY)).await.unwrap();
    organiser.grants(&zhang, Role::Coordinator, Scope::Organisation(team)).await.unwrap();
    expect_refused("BeyondOwnAuthority", organiser.grants(&zhang, Role::Organiser, within(COMMUNITY)).await);
    expect_refused("BeyondOwnAuthority", organiser.grants(&zhang, Role::Auditor, within(COMMUNITY)).await);

    coordinator.grants(&zhang, Role::Coordinator, Scope::Organisation(below)).await.unwrap();
    expect_refused("NotAllowed", coordinator.grants(&zhang, Role::Coordinator, within(STREET)).await);
    expect_refused("BeyondOwnAuthority", coordinator.grants(&zhang, Role::Organiser, Scope::Organisation(team)).await);
    expect_refused("SignInRequired", district.stranger().grants(&zhang, Role::Coordinator, Scope::Organisation(team)).await);
    let li = district.registers("李四").await;
    expect_refused("NotAllowed", li.grants(&li, Role::Coordinator, Scope::Organisation(team)).await);
}

#[tokio::test]
async fn nobody_grants_where_their_role_does_not_reach() {
    let district = District::new().await;
    let elsewhere = district.founds_in("护林队", OTHER_STREET, None).await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let organiser = district.organiser_in(STREET).await;
    let coordinator = district.coordinator_of(team).await;
    let officer = district.officer().await;
    expect_refused("NotAllowed", organiser.grants(&zhang, Role::Coordinator, Scope::Organisation(elsewhere)).await);
    expect_refused("NotAllowed", organiser.grants(&zhang, Role::Coordinator, within(OTHER_STREET)).await);
    expect_refused("NotAllowed", organiser.grants(&zhang, Role::Coordinator, within(DISTRICT)).await);
    expect_refused("NotAllowed", coordinator.grants(&zhang, Role::Coordinator, Scope::Organisation(elsewhere)).await);
    expect_refused("NotAllowed", officer.grants(&zhang, Role::Organiser, Scope::Everywhere).await);
}

#[tokio::test]
async fn roles_fit_their_scopes_and_are_held_once() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let operator = district.operator();
    expect_refused_at("ScopeDoesNotFit", "scope", operator.grants(&zhang, Role::Organiser, Scope::Organisation(team)).await);
    expect_refused("ScopeDoesNotFit", operator.grants(&zhang, Role::Coordinator, Scope::Everywhere).await);
    expect_refused("UnknownArea", operator.grants(&zhang, Role::Organiser, within("440402999")).await);
    expect_refused("RoleNotHeld", operator.revokes(&zhang, Role::Organiser, within(STREET)).await);
    operator.grants(&zhang, Role::Organiser, within(STREET)).await.unwrap();
    expect_refused("RoleAlreadyGranted", operator.grants(&zhang, Role::Organiser, within(STREET)).await);
    expect_refused("RoleNotHeld", operator.revokes(&zhang, Role::Organiser, within(DISTRICT)).await);
    let (account, grant) = (AccountId(Uuid::now_v7()), Grant { role: Role::Auditor, scope: within(STREET) });
    expect_refused("UnknownAccount", operator.does(&GrantRole { account, grant: grant.clone() }).await);
    expect_refused("UnknownAccount", operator.does(&RevokeRole { account, grant }).await);
    district.settles().await;
    let seen = district.app.views().account(zhang.account()).await.unwrap().unwrap();
    assert_eq!(seen.grants, [Grant { role: Role::Organiser, scope: within(STREET) }]);
}

#[tokio::test]
async fn a_revoked_role_is_gone_at_once_though_the_token_still_holds() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let zhang = district.registers("张三").await;
    let now = district.now();
    let served = zhang.logs(&zhang, team, district.in_minutes(-60), now).await.unwrap();
    let token = district.app.access_token(coordinator.account(), Session::default(), now).await.unwrap();
    district.operator().revokes(&coordinator, Role::Coordinator, Scope::Organisation(team)).await.unwrap();
    // Whatever an actor at hand still claims to hold, the log decides.
    let mut stale = coordinator.actor.clone();
    if let Actor::Account { grants, .. } = &mut stale {
        grants.push(Grant { role: Role::Coordinator, scope: Scope::Organisation(team) });
    }
    let mut hand = district.stranger();
    hand.actor = stale;
    expect_refused("NotAllowed", hand.confirms(served).await);
    let bearer = district.app.authenticate(&token, now).await.unwrap().unwrap();
    assert_eq!(bearer.grants(), []);
    hand.actor = bearer;
    expect_refused("NotAllowed", hand.confirms(served).await);
}

#[tokio::test]
async fn what_a_dissolved_organisation_entrusted_can_be_taken_back_and_not_given_again() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let zhang = district.registers("张三").await;
    let served = zhang.logs(&zhang, team, district.in_minutes(-60), district.now()).await.unwrap();
    let operator = district.operator();
    operator.does(&DissolveOrganisation { organisation: team }).await.unwrap();
    expect_refused("OrganisationIsDissolved", operator.does(&DissolveOrganisation { organisation: team }).await);
    let scope = || Scope::Organisation(team);
    expect_refused("OrganisationIsDissolved", operator.grants(&zhang, Role::Coordinator, scope()).await);
    operator.revokes(&coordinator, Role::Coordinator, scope()).await.unwrap();
    expect_refused("NotAllowed", coordinator.confirms(served).await);
}

#[tokio::test]
async fn a_role_counts_for_what_lies_below_it_and_not_beside_it() {
    let district = District::new().await;
    let federation = district.founds_in("义工联", DISTRICT, None).await;
    let team = district.founds_in("巡河队", STREET, Some(federation)).await;
    let beside = district.founds_in("护林队", OTHER_STREET, Some(federation)).await;
    let publishes = |who: Role, scope: Scope| {
        let hand = district.with_role(who, scope);
        let draft = district.draft("巡河");
        async move { hand.publishes(team, draft).await }
    };
    for (role, scope) in [
        (Role::Coordinator, Scope::Organisation(team)),
        (Role::Coordinator, Scope::Organisation(federation)),
        (Role::Coordinator, within(STREET)),
        (Role::Organiser, within(STREET)),
        (Role::DistrictOfficer, within(DISTRICT)),
        (Role::Operator, Scope::Everywhere),
    ] {
        assert!(publishes(role, scope.clone()).await.is_ok(), "{role} {scope:?}");
    }
    for (role, scope) in [
        (Role::Coordinator, Scope::Organisation(beside)),
        (Role::Coordinator, within(OTHER_STREET)),
        (Role::Organiser, within(OTHER_STREET)),
        (Role::Organiser, within(COMMUNITY)),
        (Role::Auditor, Scope::Everywhere),
    ] {
        expect_refused("NotAllowed", publishes(role, scope).await);
    }
}

#[tokio::test]
async fn a_closed_account_neither_signs_in_nor_acts() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let signed_in = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    zhang.erases(&zhang).await.unwrap();
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    expect_refused("SessionExpired", district.app.refresh(&signed_in.refresh_token, district.now()).await);
    assert!(district.app.authenticate(&signed_in.access_token, district.now()).await.unwrap().is_err());
    let join = JoinOrganisation { volunteer: zhang.volunteer, organisation: team };
    expect_refused_at("AccountIsClosed", "account", zhang.does(&join).await);
    expect_refused("AccountIsClosed", district.operator().grants(&zhang, Role::Auditor, within(STREET)).await);
}
