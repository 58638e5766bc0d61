use super::*;
use crate::scenario::{Given, given};

fn at(minute: i64) -> Instant {
    chrono::DateTime::from_timestamp(minute * 60, 0).unwrap()
}

#[test]
fn what_was_served_before_a_suspension_is_not_lost_with_it_and_nothing_during_it_is_made_up_for() {
    let reason = || Sealed { of: PersonId(Uuid::from_u128(1)), text: "密".into() };
    let active = registered("1990-01-01", "2026-01-01", Consents::default());
    assert!(!active.interrupted);
    let suspended = active.and(VolunteerCommand::Suspend(reason()));
    let lasting = [Inactive { since: at(60), until: None }];
    assert!(suspended.require_active_during((at(50), at(59)), &lasting).is_ok());
    for time in [(at(50), at(60)), (at(70), at(80))] {
        assert_eq!(suspended.require_active_during(time, &lasting), Err(VolunteerRefusal::NotActive));
    }
    let reinstated = suspended.clone().and(VolunteerCommand::Reinstate(reason()));
    assert!(reinstated.interrupted);
    let over = [Inactive { since: at(60), until: Some(at(120)) }];
    for time in [(at(50), at(60)), (at(70), at(80)), (at(119), at(130)), (at(50), at(130))] {
        assert_eq!(reinstated.require_active_during(time, &over), Err(VolunteerRefusal::NotActiveThen));
    }
    for time in [(at(50), at(59)), (at(120), at(130))] {
        assert!(reinstated.require_active_during(time, &over).is_ok());
    }
    let erased = suspended.and(VolunteerCommand::Erase);
    assert_eq!(erased.require_active_during((at(1), at(2)), &lasting), Err(VolunteerRefusal::NotActive));
    assert_eq!(Volunteer::default().require_active_during((at(1), at(2)), &[]), Err(VolunteerRefusal::UnknownVolunteer));
}

proptest::proptest! {
    #[test]
    fn a_moment_lies_in_an_inactive_time_just_if_the_last_phase_before_it_was_none(steps in proptest::collection::vec(0..4u8, 1..12)) {
        let phase = |step: &u8| match step {
            0 | 1 => VolunteerPhase::Active,
            2 => VolunteerPhase::Suspended,
            _ => VolunteerPhase::Withdrawn,
        };
        let times = Inactive::among(steps.iter().zip(1..).map(|(step, number)| (at(number * 10), phase(step))));
        for (step, number) in steps.iter().zip(1..) {
            let moment = at(number * 10 + 5);
            proptest::prop_assert_eq!(times.iter().any(|it| it.touches(moment, moment)), phase(step) != VolunteerPhase::Active);
        }
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn register(birth: &str, on: &str, consents: Consents) -> VolunteerCommand {
    VolunteerCommand::Register {
        person: PersonId(Uuid::from_u128(1)),
        number: volunteer_number(42),
        birth_date: day(birth),
        registered_on: day(on),
        today: day("2026-01-01"),
        home_area: "440402".parse().unwrap(),
        skills: BTreeSet::new(),
        consents,
    }
}

fn registered(birth: &str, on: &str, consents: Consents) -> Given<Volunteer> {
    given::<Volunteer>([]).and(register(birth, on, consents))
}

#[test]
fn age_is_judged_on_the_day_of_registration() {
    let none = Consents::default();
    let guardian = Consents { guardian: true, separate: false };
    let both = Consents { guardian: true, separate: true };
    let nobody = given::<Volunteer>([]);
    nobody.when(register("2000-05-05", "2018-05-05", none)).then_done();
    nobody.when(register("2000-05-05", "2018-05-04", none)).then_refused(VolunteerRefusal::GuardianConsentMissing);
    nobody.when(register("2000-05-05", "2014-05-05", guardian)).then_done();
    nobody.when(register("2000-05-05", "2014-05-04", guardian)).then_refused(VolunteerRefusal::SeparateConsentMissing);
    nobody.when(register("2000-05-05", "2014-05-04", both)).then_done();
    nobody.when(register("2000-05-05", "2026-01-02", none)).then_refused(VolunteerRefusal::RegisteredInFuture);
}

#[test]
fn another_birth_date_is_judged_by_the_day_of_registration_too() {
    let guardian = Consents { guardian: true, separate: false };
    let registered = |consents| registered("1980-01-01", "2020-05-05", consents);
    let adult = registered(Consents::default());
    assert_eq!(adult.require_consents_for(day("2002-05-05")), Ok(()));
    assert_eq!(adult.require_consents_for(day("2002-05-06")), Err(VolunteerRefusal::GuardianConsentMissing));
    assert_eq!(registered(guardian).require_consents_for(day("2002-05-06")), Ok(()));
    assert_eq!(registered(guardian).require_consents_for(day("2006-05-06")), Err(VolunteerRefusal::SeparateConsentMissing));
    assert_eq!(Volunteer::default().require_consents_for(day("1980-01-01")), Err(VolunteerRefusal::UnknownVolunteer));
}

#[test]
fn suspended_volunteers_take_on_nothing_new_and_come_back() {
    let active = registered("1980-01-01", "2020-01-01", Consents::default());
    let reason = || Sealed { of: PersonId(Uuid::nil()), text: String::new() };
    active.when(VolunteerCommand::Reinstate(reason())).then_refused(VolunteerRefusal::NotSuspended);
    let suspended = active.and(VolunteerCommand::Suspend(reason()));
    assert_eq!(suspended.require_active(), Err(VolunteerRefusal::NotActive));
    assert!(suspended.and(VolunteerCommand::Reinstate(reason())).require_active().is_ok());
}

#[test]
fn who_has_withdrawn_returns_by_the_age_of_that_day_and_under_the_same_suspension() {
    let reason = || Sealed { of: PersonId(Uuid::nil()), text: String::new() };
    let child = Consents { guardian: true, separate: true };
    let registered = registered("2012-05-05", "2020-01-01", child);
    let comes_back = |consents| VolunteerCommand::Return {
        birth_date: day("2012-05-05"),
        today: day("2026-05-05"),
        home_area: "440402001".parse().unwrap(),
        skills: BTreeSet::new(),
        consents,
    };
    let guardian = Consents { guardian: true, separate: false };
    registered.when(comes_back(child)).then_refused(VolunteerRefusal::AlreadyRegistered);
    given::<Volunteer>([]).when(comes_back(child)).then_refused(VolunteerRefusal::UnknownVolunteer);
    let withdrawn = registered.clone().and(VolunteerCommand::Withdraw(None));
    // The consents of then do not count any more, and fourteen years ask for less.
    withdrawn.when(comes_back(Consents::default())).then_refused(VolunteerRefusal::GuardianConsentMissing);
    let back = withdrawn.and(comes_back(guardian));
    assert_eq!((back.phase, back.person, back.consents), (VolunteerPhase::Active, registered.person, guardian));
    assert_eq!(back.require_consents_for(day("2012-05-06")), Err(VolunteerRefusal::SeparateConsentMissing));

    let suspended = registered.and(VolunteerCommand::Suspend(reason()));
    let back = suspended.and(VolunteerCommand::Withdraw(None)).and(comes_back(guardian));
    assert_eq!(back.phase, VolunteerPhase::Suspended);
    // Withdrawing again and again does not shake it off; reinstating does.
    let again = back.and(VolunteerCommand::Withdraw(None)).and(comes_back(guardian));
    assert_eq!(again.phase, VolunteerPhase::Suspended);
    let gone = again.and(VolunteerCommand::Reinstate(reason())).and(VolunteerCommand::Withdraw(None));
    assert_eq!(gone.clone().and(comes_back(guardian)).phase, VolunteerPhase::Active);
    gone.and(VolunteerCommand::Erase).when(comes_back(guardian)).then_refused(VolunteerRefusal::NotActive);
}

#[test]
fn an_unknown_volunteer_is_refused() {
    given::<Volunteer>([]).when(VolunteerCommand::Erase).then_refused(VolunteerRefusal::UnknownVolunteer);
}

#[test]
fn volunteer_numbers_are_twelve_characters_in_three_groups() {
    assert_eq!(volunteer_number(0), "0000-0000-0000");
    assert_eq!(volunteer_number(u64::MAX), "ZZZZ-ZZZZ-ZZZZ");
}
