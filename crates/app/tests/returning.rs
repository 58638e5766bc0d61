//! Withdrawing, returning, and what becomes of memberships. Makes loud: a volunteer who cannot come back, one who comes
//! back without the suspension or as somebody else, a stranger who takes over another's ledger, an ex-member who is
//! still listed.

use gongyi_app::{
    Rejection,
    processes::EndMemberships,
    volunteering::{
        imports::ImportVolunteer,
        volunteers::{LeaveOrganisation, RegisterVolunteer, Registered, WithdrawVolunteer},
    },
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{OrganisationId, VolunteerId},
    volunteering::{
        skill::Skill,
        volunteer::{Consents, VolunteerPhase},
    },
};
use gongyi_projections::PageArgs;

use crate::harness::{
    COMMUNITY, District, Hand, OTHER_COMMUNITY, OTHER_STREET, PASSWORD, Resident, STREET, area, expect_refused, expect_refused_at,
    id_number, moment,
};

async fn leaves(who: &Resident<'_>) -> VolunteerId {
    who.does(&WithdrawVolunteer { volunteer: who.volunteer, reason: "搬家".to_owned() }).await.unwrap()
}

impl District {
    /// What somebody who has withdrawn fills in to come back: the same ID number, everything else anew.
    fn return_of(&self, who: &Resident<'_>) -> RegisterVolunteer {
        RegisterVolunteer { id_number: who.id_number.clone(), password: None, ..self.application("张三丰") }
    }

    async fn members(&self, organisation: OrganisationId) -> (u32, u64) {
        self.settles().await;
        let views = self.app.views();
        let counted = views.organisation(organisation).await.unwrap().unwrap().members;
        (counted, views.members_of_organisation(organisation, &PageArgs::default()).await.unwrap().total)
    }
}

async fn takes_back(by: &Hand<'_>, who: &Resident<'_>) -> Result<Registered, Rejection> {
    by.does(&by.district.return_of(who)).await
}

#[tokio::test]
async fn who_has_withdrawn_returns_as_the_same_volunteer_with_what_is_given_now() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let zhang = district.registers("张三").await;
    let served = zhang.logs(&zhang, team, moment("2026-03-01 00:00"), moment("2026-03-01 02:00")).await.unwrap();
    coordinator.confirms(served).await.unwrap();
    let before = district.sees(zhang.volunteer).await;
    leaves(&zhang).await;
    let comes_back = RegisterVolunteer {
        home_area: area(OTHER_COMMUNITY),
        skills: [Skill::FirstAid].into(),
        organisation: Some(team),
        ..district.return_of(&zhang)
    };
    let Registered { person, volunteer, account } = zhang.does(&comes_back).await.unwrap();
    assert_eq!((person, volunteer, account), (zhang.person, zhang.volunteer, None));
    let after = district.sees(zhang.volunteer).await;
    assert_eq!((&after.number, after.registered_on, after.declared_minutes), (&before.number, before.registered_on, 120));
    assert_eq!(
        (after.phase, after.name.as_deref(), after.phone.as_ref()),
        (VolunteerPhase::Active, Some("张三丰"), Some(&comes_back.phone))
    );
    assert_eq!((after.home_area, after.skills), (area(OTHER_COMMUNITY), [Skill::FirstAid].into()));
    assert_eq!(district.members(team).await, (1, 1));
    // The account is the old one, under the new phone number.
    assert_eq!(district.signs_in(&comes_back.phone, PASSWORD).await.unwrap().account, zhang.account());
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    zhang.logs(&zhang, team, moment("2026-03-01 03:00"), moment("2026-03-01 04:00")).await.unwrap();
    // Back is back: once more is somebody who is registered.
    expect_refused("NumberOrPhoneTaken", zhang.does(&district.return_of(&zhang)).await);
}

#[tokio::test]
async fn nobody_returns_who_is_here_and_no_stranger_returns_for_somebody() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    expect_refused("NumberOrPhoneTaken", takes_back(&zhang, &zhang).await);
    leaves(&zhang).await;
    let team = district.founds("巡河队").await;
    // Not to be told from somebody who is registered: nobody learns that Zhang has left.
    let with_password = RegisterVolunteer { password: Some(PASSWORD.to_owned()), ..district.return_of(&zhang) };
    expect_refused("NumberOrPhoneTaken", district.stranger().does(&with_password).await);
    expect_refused("NumberOrPhoneTaken", takes_back(&li, &zhang).await);
    for other in [&*district.coordinator_of(team).await, &district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET)))] {
        expect_refused_at("IdNumberTaken", "idNumber", takes_back(other, &zhang).await);
    }
    // Somebody else's file does not bring them back either.
    let row = ImportVolunteer {
        name: "张三".into(),
        id_number: zhang.id_number.clone(),
        document_kind: None,
        issuing_country: None,
        birth_date: None,
        phone: zhang.phone.clone(),
        area: area(COMMUNITY),
        organisation: None,
        consent: true,
        registered_on: "2026-01-01".parse().unwrap(),
    };
    expect_refused("IdNumberTaken", district.operator().does(&row).await);
    assert_eq!(district.sees(zhang.volunteer).await.phase, VolunteerPhase::Withdrawn);
    let another_day = RegisterVolunteer { registered_on: Some("2026-03-01".parse().unwrap()), ..district.return_of(&zhang) };
    expect_refused_at("InvalidInput", "registeredOn", district.operator().does(&another_day).await);
    let taken = RegisterVolunteer { phone: li.phone.clone(), ..district.return_of(&zhang) };
    expect_refused("NumberOrPhoneTaken", zhang.does(&taken).await);
    let anew = RegisterVolunteer { password: Some(PASSWORD.to_owned()), ..district.return_of(&zhang) };
    expect_refused("PasswordOfAnother", zhang.does(&anew).await);
    let coordinator = district.with_role(Role::Coordinator, Scope::Area(area(STREET)));
    assert_eq!(takes_back(&coordinator, &zhang).await.unwrap().volunteer, zhang.volunteer);
}

#[tokio::test]
async fn a_suspension_outlives_withdrawal_and_return() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let organiser = district.organiser_in(STREET).await;
    let zhang = district.registers("张三").await;
    organiser.suspends(&zhang).await.unwrap();
    leaves(&zhang).await;
    // Nor does one join on the way.
    let joining = RegisterVolunteer { organisation: Some(team), ..district.return_of(&zhang) };
    expect_refused("NotActive", zhang.does(&joining).await);
    takes_back(&zhang, &zhang).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.phase, VolunteerPhase::Suspended);
    expect_refused("NotActive", zhang.joins(team).await);
    let reinstate = gongyi_app::volunteering::volunteers::ReinstateVolunteer { volunteer: zhang.volunteer, reason: "已核实".to_owned() };
    organiser.does(&reinstate).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.phase, VolunteerPhase::Active);
}

#[tokio::test]
async fn who_returns_as_a_minor_needs_the_consents_of_today() {
    let district = District::new().await;
    let both = Consents { guardian: true, separate: true };
    let child = RegisterVolunteer { id_number: id_number("2012-03-05", 7), consents: both, ..district.application("小明") };
    let child = district.registers_with(child).await;
    leaves(&child).await;
    expect_refused_at("GuardianConsentMissing", "guardianConsent", takes_back(&child, &child).await);
    let guardian = || RegisterVolunteer { consents: Consents { guardian: true, separate: false }, ..district.return_of(&child) };
    expect_refused_at("SeparateConsentMissing", "separateConsent", child.does(&guardian()).await);
    district.waits_minutes(3 * 24 * 60);
    child.does(&guardian()).await.unwrap();
    let seen = district.sees(child.volunteer).await;
    assert!(seen.guardian_consent && !seen.separate_consent);
}

#[tokio::test]
async fn who_was_erased_comes_back_as_somebody_new() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    leaves(&zhang).await;
    zhang.erases(&zhang).await.unwrap();
    let anew = RegisterVolunteer { password: Some(PASSWORD.to_owned()), ..district.return_of(&zhang) };
    let back = district.stranger().does(&anew).await.unwrap();
    assert!(back.person != zhang.person && back.volunteer != zhang.volunteer);
    assert_eq!(district.sees(zhang.volunteer).await.phase, VolunteerPhase::Erased);
}

#[tokio::test]
async fn memberships_end_with_withdrawal_and_erasure_and_once_only() {
    let district = District::new().await;
    let (team, other) = (district.founds("巡河队").await, district.founds("护林队").await);
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    for who in [&zhang, &li] {
        who.joins(team).await.unwrap();
    }
    zhang.joins(other).await.unwrap();
    zhang.does(&LeaveOrganisation { volunteer: zhang.volunteer, organisation: other }).await.unwrap();
    zhang.joins(other).await.unwrap();
    district.app.catch_up(&EndMemberships).await.unwrap();
    assert_eq!((district.members(team).await, district.members(other).await), ((2, 2), (1, 1)));
    leaves(&zhang).await;
    li.erases(&li).await.unwrap();
    district.app.catch_up(&EndMemberships).await.unwrap();
    assert_eq!((district.members(team).await, district.members(other).await), ((0, 0), (0, 0)));
    let history = district.app.views().history(zhang.volunteer, true, &PageArgs::default()).await.unwrap();
    let left: Vec<_> = history.edges.iter().filter(|(_, line)| line.event_type == "OrganisationLeft").collect();
    assert_eq!(left.len(), 3);
    assert_eq!(left[0].1.actor, "process:end-memberships");
    assert!(district.app.parked_processes().await.unwrap().iter().all(|(_, parked)| *parked == 0));
    assert!(district.app.vault().checkpoint("end-memberships").await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_joined_after_the_return_is_not_ended_by_the_withdrawal_before() {
    let district = District::new().await;
    let (team, other) = (district.founds("巡河队").await, district.founds("护林队").await);
    let zhang = district.registers("张三").await;
    zhang.joins(team).await.unwrap();
    leaves(&zhang).await;
    // The process is late: Zhang is back already and has joined another team.
    zhang.does(&RegisterVolunteer { organisation: Some(other), ..district.return_of(&zhang) }).await.unwrap();
    for _ in 0..2 {
        district.app.catch_up(&EndMemberships).await.unwrap();
        assert_eq!((district.members(team).await, district.members(other).await), ((0, 0), (1, 1)));
    }
}
