//! What breaks silently elsewhere: a last place given twice, a waitlist out of order, a fourth check-in.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    scenario::{Given, given},
    values::Minutes,
    volunteering::{activity_details::Risk, category::Category},
};

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

fn day(minute: i64) -> Day {
    at(minute).date_naive()
}

fn shift_id(n: u128) -> ShiftId {
    ShiftId(Uuid::from_u128(n))
}

fn who(n: u128) -> VolunteerId {
    VolunteerId(Uuid::from_u128(n))
}

/// Two shifts of an hour each, at 1000 and 2000 minutes; sign-up from 0 to 1900.
fn details(capacity: u32) -> Details {
    let shift = |n: u128, start| Shift { id: shift_id(n), starts: at(start), ends: at(start + 60), capacity };
    Details {
        title: "巡河".into(),
        category: Category::RiverPatrol,
        place: "前山河".into(),
        area: "440402003".parse().unwrap(),
        shifts: vec![shift(1, 1000), shift(2, 2000)],
        minimum_age: 16,
        required_skills: BTreeSet::from([Skill::Swimming]),
        risk: Some(Risk { notice: "水边".into(), insurance: "意外险".into() }),
        sign_up_opens: at(0),
        sign_up_closes: at(1900),
        withdrawal_minutes: Minutes(120),
    }
}

fn published(capacity: u32) -> Given<Activity> {
    let organisation = OrganisationId(Uuid::from_u128(9));
    given::<Activity>([]).and(ActivityCommand::Publish { organisation, details: details(capacity), now: at(0) })
}

fn sign_up(n: u128, now: i64) -> ActivityCommand {
    ActivityCommand::SignUp { shift: shift_id(1), volunteer: who(n), age: 30, skills: BTreeSet::from([Skill::Swimming]), now: at(now) }
}

/// Everybody of these tests may serve.
fn everybody() -> BTreeSet<VolunteerId> {
    (0..10).map(who).collect()
}

fn withdraw(n: u128, now: i64) -> ActivityCommand {
    ActivityCommand::Withdraw { shift: shift_id(1), volunteer: who(n), fit: everybody(), now: at(now), by_coordinator: false }
}

fn amend_to(details: Details, now: i64) -> ActivityCommand {
    let fit = everybody().into_iter().map(|who| (shift_id(1), who)).collect();
    ActivityCommand::Amend { details, fit, unqualified: 0, now: at(now) }
}

fn cancel(reason: &str, now: i64) -> ActivityCommand {
    ActivityCommand::Cancel { reason: reason.into(), elsewhere: BTreeMap::new(), now: at(now) }
}

fn check_in(n: u128, stay: u128, minute: i64) -> ActivityCommand {
    ActivityCommand::CheckIn {
        attendance: AttendanceId(Uuid::from_u128(stay)),
        shift: shift_id(1),
        volunteer: who(n),
        at: at(minute),
        day: day(minute),
        now: at(minute),
        witness: Witness::Coordinator,
        walk_in: None,
    }
}

fn check_out(n: u128, minute: i64) -> ActivityCommand {
    ActivityCommand::CheckOut { volunteer: who(n), at: at(minute), now: at(minute), witness: Witness::Code }
}

#[test]
fn the_last_place_goes_to_one_and_the_next_waits() {
    let full = published(1).and(sign_up(1, 10));
    let waiting = full.and(sign_up(2, 11));
    assert_eq!(waiting.places[&shift_id(1)], Places { taken: vec![who(1)], waiting: vec![who(2)] });
}

#[test]
fn who_withdraws_makes_the_first_waiting_move_up() {
    let activity = published(1).and_all([sign_up(1, 10), sign_up(2, 11), sign_up(3, 12)]);
    let activity = activity.and(withdraw(1, 20));
    assert_eq!(activity.places[&shift_id(1)], Places { taken: vec![who(2)], waiting: vec![who(3)] });
}

#[test]
fn signing_up_twice_is_refused() {
    let activity = published(1).and(sign_up(1, 10));
    activity.when(sign_up(1, 11)).then_refused(ActivityRefusal::AlreadySignedUp);
    let waiting = activity.and(sign_up(2, 11));
    waiting.when(sign_up(2, 12)).then_refused(ActivityRefusal::AlreadySignedUp);
}

#[test]
fn sign_up_asks_for_window_age_skill_and_shift() {
    let activity = published(5);
    let wish = |shift, age, skills: &[Skill], now| ActivityCommand::SignUp {
        shift: shift_id(shift),
        volunteer: who(1),
        age,
        skills: skills.iter().copied().collect(),
        now: at(now),
    };
    activity.when(wish(1, 30, &[Skill::Swimming], -1)).then_refused(ActivityRefusal::SignUpNotOpen);
    activity.when(wish(1, 30, &[Skill::Swimming], 1000)).then_refused(ActivityRefusal::ShiftBegun);
    activity.when(wish(2, 30, &[Skill::Swimming], 1900)).then_refused(ActivityRefusal::SignUpNotOpen);
    activity.when(wish(1, 15, &[Skill::Swimming], 10)).then_refused(ActivityRefusal::TooYoung { least: 16 });
    activity.when(wish(1, 30, &[], 10)).then_refused(ActivityRefusal::SkillMissing { zh: "游泳", en: "swimming" });
    activity.when(wish(7, 30, &[Skill::Swimming], 10)).then_refused(ActivityRefusal::UnknownShift);
    given::<Activity>([]).when(sign_up(1, 10)).then_refused(ActivityRefusal::UnknownActivity);
}

fn by_coordinator(n: u128, now: i64, fit: BTreeSet<VolunteerId>) -> ActivityCommand {
    ActivityCommand::Withdraw { shift: shift_id(1), volunteer: who(n), fit, now: at(now), by_coordinator: true }
}

#[test]
fn the_first_who_may_serve_moves_up_until_the_shift_ends() {
    let activity = published(1).and_all([sign_up(1, 10), sign_up(2, 11), sign_up(3, 12)]);
    let promoted = |n| ActivityEvent::VolunteerPromoted { shift: shift_id(1), volunteer: who(n) };
    // The second is suspended, as far as the activity can tell: no place, but the turn is kept.
    let only_third = || BTreeSet::from([who(3)]);
    assert_eq!(activity.when(by_coordinator(1, 20, only_third())).events()[1..], [promoted(3)]);
    assert_eq!(activity.when(by_coordinator(1, 1059, everybody())).events()[1..], [promoted(2)]);
    assert_eq!(activity.when(by_coordinator(1, 1060, everybody())).events()[1..], []);
    let beside_a_free_place = activity.and(by_coordinator(1, 20, BTreeSet::new()));
    assert_eq!(beside_a_free_place.places[&shift_id(1)].waiting, [who(2), who(3)]);
    let move_up = |fit| ActivityCommand::MoveUp { shift: shift_id(1), fit, now: at(30) };
    assert_eq!(beside_a_free_place.when(move_up(everybody())).events(), [promoted(2)]);
    assert_eq!(beside_a_free_place.and(move_up(only_third())).places[&shift_id(1)].waiting, [who(2)]);
}

#[test]
fn who_comes_without_a_place_takes_a_free_one() {
    let walk_in = |n, age| match check_in(n, 50 + n, 1010) {
        ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness, .. } => {
            let walk_in = Some((age, BTreeSet::from([Skill::Swimming])));
            ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness, walk_in }
        }
        other => other,
    };
    let activity = published(2).and(sign_up(1, 10));
    activity.when(walk_in(2, 15)).then_refused(ActivityRefusal::TooYoung { least: 16 });
    let events = activity.when(walk_in(2, 30)).events();
    assert_eq!(events[0], ActivityEvent::VolunteerSignedUp { shift: shift_id(1), volunteer: who(2) });
    activity.and(walk_in(2, 30)).when(walk_in(3, 30)).then_refused(ActivityRefusal::ShiftFull);
    // Who waits beside a free place is one who could not serve before.
    let waits = published(1).and_all([sign_up(1, 10), sign_up(2, 11), by_coordinator(1, 20, BTreeSet::new())]);
    let events = waits.when(walk_in(2, 30)).events();
    assert_eq!(events[0], ActivityEvent::VolunteerPromoted { shift: shift_id(1), volunteer: who(2) });
}

#[test]
fn withdrawal_has_a_deadline_that_does_not_bind_coordinators_or_the_waitlist() {
    let activity = published(1).and_all([sign_up(1, 10), sign_up(2, 11)]);
    activity.when(withdraw(1, 881)).then_refused(ActivityRefusal::WithdrawalTooLate);
    activity.when(withdraw(1, 880)).then_done();
    activity.when(withdraw(2, 999)).then_done();
    activity.when(by_coordinator(1, 999, everybody())).then_done();
    activity.when(withdraw(3, 10)).then_refused(ActivityRefusal::NotSignedUp);
}

#[test]
fn a_fourth_check_in_on_a_day_is_refused() {
    let mut activity = published(1).and(sign_up(1, 10));
    for n in 0..3 {
        let minute = 1000 + n * 10;
        activity = activity.and(check_in(1, n as u128, minute));
        activity.when(check_in(1, 99, minute + 1)).then_refused(ActivityRefusal::AlreadyCheckedIn);
        activity = activity.and(check_out(1, minute + 5));
    }
    activity.when(check_in(1, 4, 1050)).then_refused(ActivityRefusal::TooManyCheckIns { most: 3 });
}

#[test]
fn check_in_keeps_to_the_shift_and_check_out_follows_it() {
    let activity = published(1).and(sign_up(1, 10));
    activity.when(check_in(1, 1, 939)).then_refused(ActivityRefusal::CheckInTimeUnfit);
    activity.when(check_in(1, 1, 1060)).then_refused(ActivityRefusal::CheckInTimeUnfit);
    activity.when(check_in(2, 1, 1000)).then_refused(ActivityRefusal::NotSignedUp);
    activity.when(check_out(1, 1000)).then_refused(ActivityRefusal::NotCheckedIn);
    let present = activity.and(check_in(1, 1, 1000));
    present.when(check_out(1, 1000)).then_refused(ActivityRefusal::CheckOutTimeUnfit);
    present.when(check_out(1, 1000 + 24 * 60 + 1)).then_refused(ActivityRefusal::CheckOutTimeUnfit);
    present.when(withdraw(1, 1001)).then_refused(ActivityRefusal::HasAttended);
}

#[test]
fn amending_keeps_what_people_signed_up_for() {
    let activity = published(1).and_all([sign_up(1, 10), sign_up(2, 11), sign_up(3, 12)]);
    let amend = |change: &dyn Fn(&mut Details)| {
        let mut new = activity.details.clone().unwrap();
        change(&mut new);
        activity.when(amend_to(new, 20))
    };
    amend(&|it| it.shifts[0].ends = at(1100)).then_refused(ActivityRefusal::ShiftInUse);
    amend(&|it| it.shifts.retain(|shift| shift.id != shift_id(1))).then_refused(ActivityRefusal::ShiftInUse);
    amend(&|it| it.shifts.truncate(1)).then_done();
    let roomier = amend(&|it| it.shifts[0].capacity = 2).events();
    assert_eq!(roomier[1..], [ActivityEvent::VolunteerPromoted { shift: shift_id(1), volunteer: who(2) }]);
    let both = activity.clone().and(amend_to(details(3), 20));
    both.when(amend_to(details(2), 21)).then_refused(ActivityRefusal::CapacityBelowTaken);
    let stricter = Details { minimum_age: 20, ..details(1) };
    assert!(stricter.is_stricter_than(&details(1)) && !details(1).is_stricter_than(&stricter));
    let amend = ActivityCommand::Amend { details: stricter, fit: BTreeSet::new(), unqualified: 2, now: at(20) };
    activity.when(amend).then_refused(ActivityRefusal::SignedUpUnqualified { count: 2 });
}

#[test]
fn details_are_refused_one_by_one() {
    let refusal = |change: &dyn Fn(&mut Details)| {
        let mut wrong = details(1);
        change(&mut wrong);
        wrong.fitted(&[], at(0)).unwrap_err()
    };
    assert_eq!(refusal(&|it| it.title = " ".into()), DetailsRefusal::TitleUnfit { most: 120 });
    assert_eq!(refusal(&|it| it.place.clear()), DetailsRefusal::PlaceUnfit { most: 2000 });
    assert_eq!(refusal(&|it| it.shifts.clear()), DetailsRefusal::ShiftsUnfit { most: 100 });
    assert_eq!(refusal(&|it| it.shifts[1].id = it.shifts[0].id), DetailsRefusal::ShiftsUnfit { most: 100 });
    assert_eq!(refusal(&|it| it.shifts[0].ends = it.shifts[0].starts), DetailsRefusal::ShiftSpanUnfit);
    assert_eq!(refusal(&|it| it.shifts[0].ends += Duration::hours(24)), DetailsRefusal::ShiftSpanUnfit);
    assert_eq!(refusal(&|it| it.shifts[0].capacity = 0), DetailsRefusal::CapacityUnfit { most: 10_000 });
    assert_eq!(refusal(&|it| it.shifts[0].starts = at(-1)), DetailsRefusal::ShiftInPast);
    assert_eq!(refusal(&|it| it.sign_up_opens = it.sign_up_closes), DetailsRefusal::SignUpWindowUnfit);
    assert_eq!(refusal(&|it| it.minimum_age = 81), DetailsRefusal::MinimumAgeUnfit { most: 80 });
    assert_eq!(
        refusal(&|it| it.risk = Some(Risk { notice: "水边".into(), insurance: " ".into() })),
        DetailsRefusal::RiskIncomplete { most: 2000 }
    );
}

#[test]
fn cancelled_and_closed_activities_take_nobody_in() {
    let cancelled = published(1).and(cancel("台风", 5));
    cancelled.when(sign_up(1, 10)).then_refused(ActivityRefusal::ActivityNotOpen);
    cancelled.when(cancel("台风", 6)).then_refused(ActivityRefusal::ActivityNotOpen);
    published(1).when(cancel(" ", 5)).then_refused(ActivityRefusal::CancelReasonUnfit { most: 2000 });
    published(1).when(ActivityCommand::Close { now: at(2059) }).then_refused(ActivityRefusal::NotOver);
    let closed = published(1).and(ActivityCommand::Close { now: at(2060) });
    assert_eq!(closed.phase, ActivityPhase::Closed);
}

proptest! {
    /// Whatever is asked in whatever order: never more taken than places, nobody twice, nobody waits beside a free
    /// place, and the waitlist keeps the order of arrival.
    #[test]
    fn never_overbooked(capacity in 1u32..4, steps in proptest::collection::vec((0u8..5, 0u128..8, 0i64..1200), 0..80)) {
        let mut activity = published(capacity).state;
        let mut arrivals: Vec<VolunteerId> = vec![];
        let mut now = 0;
        for (n, (kind, volunteer, minute)) in steps.into_iter().enumerate() {
            now = now.max(minute);
            let command = match kind {
                0 | 1 => sign_up(volunteer, now),
                2 => withdraw(volunteer, now),
                3 => check_in(volunteer, n as u128 + 100, now),
                _ => check_out(volunteer, now),
            };
            let Ok(events) = Activity::handle_command(&activity, command) else { continue };
            for event in &events {
                match event {
                    ActivityEvent::VolunteerWaitlisted { volunteer, .. } => arrivals.push(*volunteer),
                    ActivityEvent::SignUpWithdrawn { volunteer, .. } => arrivals.retain(|it| it != volunteer),
                    ActivityEvent::VolunteerPromoted { volunteer, .. } => {
                        prop_assert_eq!(arrivals.first(), Some(volunteer));
                        arrivals.remove(0);
                    }
                    _ => {}
                }
            }
            activity = events.into_iter().fold(activity, Activity::apply_event);
            let places = activity.places.get(&shift_id(1)).cloned().unwrap_or_default();
            prop_assert!(places.taken.len() <= capacity as usize);
            prop_assert!(places.waiting.is_empty() || places.taken.len() == capacity as usize || now >= 1060);
            prop_assert_eq!(&places.waiting, &arrivals);
            let mut all: Vec<_> = activity.signed_up().collect();
            all.sort();
            let count = all.len();
            all.dedup();
            prop_assert_eq!(all.len(), count);
        }
    }
}
