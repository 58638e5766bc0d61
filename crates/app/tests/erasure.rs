//! Erasing a person. Makes loud: a key, a claim, a place or a session that outlives its person, a total that does not,
//! and an erasure that a crash or an old backup undoes.

use gongyi_app::{
    Command, Rejection,
    access::erasure::ErasePerson,
    processes::{DestroyErasedKeys, Process},
    volunteering::volunteers::{CorrectVolunteer, RegisterVolunteer},
    work::Work,
};
use gongyi_domain::{
    access::{
        authority::{Act, Role, Scope},
        person::{ERASE_PERSON, Person},
    },
    values::PersonId,
    volunteering::{calendar::Calendar, volunteer::VolunteerPhase},
};
use gongyi_vault::VAULT_FILE;
use serde::Serialize;
use uuid::Uuid;

use crate::harness::{District, OTHER_STREET, Resident, STREET, area, correction_of, expect_refused, expect_refused_at, moment};

impl District {
    async fn has_key(&self, person: PersonId) -> bool {
        self.app.vault().key(person).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn who_is_erased_is_forgotten_and_the_totals_stay() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let zhang = district.registers("张三").await;
    let served = zhang.logs(&zhang, team, moment("2026-03-01 00:00"), moment("2026-03-01 02:00")).await.unwrap();
    coordinator.confirms(served).await.unwrap();
    zhang.erases(&zhang).await.unwrap();

    assert!(!district.has_key(zhang.person).await);
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.name, seen.phone, seen.id_number, seen.birth_date), (None, None, None, None));
    assert_eq!((seen.phase, seen.declared_minutes, seen.records), (VolunteerPhase::Erased, 120, 1));
    let views = district.app.views();
    let person = views.person(zhang.person).await.unwrap().unwrap();
    assert!(person.erased && person.name.is_none() && person.home_area.is_none());
    let record = views.service_record(served.record).await.unwrap().unwrap();
    assert_eq!((record.content, record.minutes.0), (None, 120));
    let account = views.account(zhang.account()).await.unwrap().unwrap();
    assert!(account.closed && account.phone.is_none());
}

#[tokio::test]
async fn erasing_twice_or_nobody_is_refused_and_the_same_command_is_answered_again() {
    let district = District::new().await;
    let officer = district.officer().await;
    let zhang = district.registers("张三").await;
    let (id, erase) = (Uuid::now_v7(), ErasePerson { person: zhang.person });
    let first = officer.sends(id, &erase).await.unwrap();
    let again = officer.sends(id, &erase).await.unwrap();
    assert!(again.unchanged && again.token == first.token);
    expect_refused_at("PersonIsErased", "person", officer.does(&erase).await);
    expect_refused_at("UnknownPerson", "person", officer.does(&ErasePerson { person: PersonId(Uuid::now_v7()) }).await);
    expect_refused("AccountIsClosed", zhang.does(&erase).await);
}

#[tokio::test]
async fn who_may_erase_whom() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    expect_refused("NotAllowed", li.erases(&zhang).await);
    expect_refused("NotAllowed", district.organiser_in(STREET).await.erases(&zhang).await);
    expect_refused("SignInRequired", district.stranger().erases(&zhang).await);
    let elsewhere = district.with_role(Role::DistrictOfficer, Scope::Area(area(OTHER_STREET)));
    expect_refused("NotAllowed", elsewhere.erases(&zhang).await);
    assert!(district.has_key(zhang.person).await);
    district.operator().erases(&zhang).await.unwrap();
    li.erases(&li).await.unwrap();
}

#[tokio::test]
async fn who_was_erased_comes_back_as_somebody_new() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let changed = CorrectVolunteer { phone: Some("13700000001".to_owned()), ..correction_of(&zhang) };
    zhang.does(&changed).await.unwrap();
    zhang.erases(&zhang).await.unwrap();
    let back = RegisterVolunteer { id_number: zhang.id_number.clone(), phone: "13700000001".to_owned(), ..district.application("张三") };
    let back = district.registers_with(back).await;
    assert_ne!((back.person, back.volunteer), (zhang.person, zhang.volunteer));
    assert_eq!(district.sees(back.volunteer).await.name.as_deref(), Some("张三"));
    assert_eq!(district.sees(zhang.volunteer).await.name, None);
}

#[tokio::test]
async fn coming_shifts_are_given_back_and_the_past_is_kept() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let one_place = || {
        let mut draft = district.draft("巡河");
        draft.shifts[0].capacity = 1;
        draft
    };
    let past = organiser.publishes(team, one_place()).await.unwrap();
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    zhang.signs_up(&zhang, past).await.unwrap();
    district.waits_until(past.starts);
    organiser.checks_in(&zhang, past).await.unwrap();
    let cancelled = organiser.publishes(team, one_place()).await.unwrap();
    zhang.signs_up(&zhang, cancelled).await.unwrap();
    organiser.cancels(cancelled).await.unwrap();
    let coming = organiser.publishes(team, one_place()).await.unwrap();
    for resident in [&zhang, &li] {
        resident.signs_up(resident, coming).await.unwrap();
    }
    zhang.erases(&zhang).await.unwrap();
    let after = district.activity(coming.activity).await.places[&coming.shift].clone();
    assert_eq!((after.taken, after.waiting), (vec![li.volunteer], vec![]));
    assert_eq!(district.activity(past.activity).await.places[&past.shift].taken, [zhang.volunteer]);
    let booked = district.app.state::<Calendar>(zhang.volunteer).await.unwrap().booked;
    assert!(booked.keys().eq([&past.shift]));
    expect_refused("NotActive", organiser.signs_up(&zhang, coming).await);
}

#[tokio::test]
async fn about_the_erased_nothing_personal_is_written_any_more() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let organiser = district.organiser_in(STREET).await;
    let zhang = district.registers("张三").await;
    let at = |time: &str| moment(&format!("2026-03-01 {time}"));
    zhang.joins(team).await.unwrap();
    let open = zhang.logs(&zhang, team, at("00:00"), at("01:00")).await.unwrap();
    zhang.erases(&zhang).await.unwrap();
    // Refusals; a fault would be a stack trace in somebody's face.
    expect_refused("PersonIsErased", organiser.suspends(&zhang).await);
    let rename = CorrectVolunteer { name: Some("张一".to_owned()), ..correction_of(&zhang) };
    expect_refused("PersonIsErased", organiser.does(&rename).await);
    expect_refused("NotActive", coordinator.logs(&zhang, team, at("02:00"), at("03:00")).await);
    // The hours are still decided: confirmed, corrected, taken back. The words of the reason are kept nowhere.
    coordinator.confirms(open).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.declared_minutes, 60);
    coordinator.corrects(open, at("00:30"), "早退").await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.declared_minutes, 30);
    coordinator.voids(open, "查无此事").await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.declared_minutes, 0);
}

/// The erasure of somebody whose process died right after the commit.
#[derive(Serialize)]
struct CrashAfterCommit(ErasePerson);

gongyi_app::commands! { CrashAfterCommit }

impl Command for CrashAfterCommit {
    const ACT: &'static Act = &ERASE_PERSON;
    type Answer = PersonId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PersonId, Rejection> {
        self.0.decide(work).await
    }
}

async fn is_erased_everywhere(district: &District, zhang: (PersonId, &str)) {
    let (person, refresh_token) = zhang;
    assert_eq!(district.app.state::<Person>(person).await.unwrap(), Person::Erased);
    assert!(!district.has_key(person).await);
    expect_refused("SessionExpired", district.app.refresh(refresh_token, district.now()).await);
    assert!(district.app.vault().create_key(person).await.is_err(), "nor is a new one made");
}

async fn signed_in(district: &District, who: &Resident<'_>) -> String {
    district.signs_in(&who.phone, crate::harness::PASSWORD).await.unwrap().refresh_token
}

#[tokio::test]
async fn a_crash_between_the_commit_and_the_key_is_made_good_at_the_next_start() {
    let district = District::durable().await;
    let (person, token) = {
        let zhang = district.registers("张三").await;
        let token = signed_in(&district, &zhang).await;
        district.operator().does(&CrashAfterCommit(ErasePerson { person: zhang.person })).await.unwrap();
        assert!(district.has_key(zhang.person).await, "this is the crash");
        (zhang.person, token)
    };
    let district = district.reopened().await;
    for _ in 0..2 {
        district.app.catch_up(&DestroyErasedKeys).await.unwrap();
        is_erased_everywhere(&district, (person, &token)).await;
    }
}

#[tokio::test]
async fn an_old_vault_does_not_bring_anybody_back() {
    let district = District::durable().await;
    let (person, token) = {
        let zhang = district.registers("张三").await;
        let token = signed_in(&district, &zhang).await;
        district.app.catch_up(&DestroyErasedKeys).await.unwrap();
        (zhang.person, token)
    };
    let vault = |folder: &std::path::Path, name: &str| folder.join(name);
    let district = district
        .reopened_after(|folder| {
            std::fs::copy(vault(folder, VAULT_FILE), vault(folder, "backup")).unwrap();
        })
        .await;
    district.operator().does(&ErasePerson { person }).await.unwrap();
    district.app.catch_up(&DestroyErasedKeys).await.unwrap();
    let district = district
        .reopened_after(|folder| {
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(vault(folder, &format!("{VAULT_FILE}{suffix}")));
            }
            std::fs::copy(vault(folder, "backup"), vault(folder, VAULT_FILE)).unwrap();
        })
        .await;
    assert!(district.has_key(person).await, "this is the old vault");
    district.app.catch_up(&DestroyErasedKeys).await.unwrap();
    is_erased_everywhere(&district, (person, &token)).await;
    assert_eq!(district.app.vault().parked(DestroyErasedKeys::NAME).await.unwrap(), []);
}
