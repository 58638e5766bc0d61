//! What breaks silently elsewhere: a stay that leaves no record, two places at one time, a check-out forgotten for a day
//! and believed, everybody's morning gone with the activity that was called off.

use std::collections::BTreeMap;

use chrono::DateTime;
use esrs::Aggregate;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    scenario::{Given, given},
    values::{ActivityId, Minutes, OrganisationId, PersonId, RecordId, Sealed},
    volunteering::{
        activity::ActivityCommand,
        activity_details::{Details, Shift},
        category::Category,
        service_ledger::{Approver, ServiceLedger, ServiceLedgerCommand},
        service_record::{Evidence, Level, Served, ServicePhase, Setting, Source},
    },
};

const WHO: VolunteerId = VolunteerId(Uuid::from_u128(1));
const SHIFT: ShiftId = ShiftId(Uuid::from_u128(1));

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_800_000_000 / 86_400 * 86_400 + minute * 60, 0).unwrap()
}

/// An activity with one shift from minute 100 to 700, for which the volunteer has a place.
fn activity() -> Given<Activity> {
    let details = Details {
        title: "巡河".into(),
        category: Category::RiverPatrol,
        place: "前山河".into(),
        area: "440402003".parse().unwrap(),
        shifts: vec![Shift { id: SHIFT, starts: at(100), ends: at(700), capacity: 9 }],
        minimum_age: 0,
        required_skills: BTreeSet::new(),
        risk: None,
        sign_up_opens: at(0),
        sign_up_closes: at(99),
        withdrawal_minutes: Minutes(0),
    };
    let organisation = OrganisationId(Uuid::from_u128(9));
    let sign_up = ActivityCommand::SignUp { shift: SHIFT, volunteer: WHO, age: 30, skills: BTreeSet::new(), now: at(10) };
    given::<Activity>([]).and(ActivityCommand::Publish { organisation, details, now: at(0) }).and(sign_up)
}

fn enters(stay: u128, minute: i64, now: i64) -> ActivityCommand {
    let (attendance, at, now) = (AttendanceId(Uuid::from_u128(stay)), at(minute), at(now));
    let (shift, volunteer, day, witness) = (SHIFT, WHO, at.date_naive(), Witness::Coordinator);
    ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness, walk_in: None }
}

fn leaves(minute: i64, now: i64) -> ActivityCommand {
    ActivityCommand::CheckOut { volunteer: WHO, at: at(minute), now: at(now), witness: Witness::Coordinator }
}

fn called_off(now: i64) -> ActivityCommand {
    ActivityCommand::Cancel { reason: "台风".into(), elsewhere: BTreeMap::new(), now: at(now) }
}

fn ends(activity: &Activity, stay: u128) -> Option<Instant> {
    activity.attendance[&AttendanceId(Uuid::from_u128(stay))].checked_out
}

#[test]
fn stays_are_entered_in_any_order_and_never_overlap() {
    let afternoon = activity().and(enters(1, 400, 600)).and(leaves(500, 600));
    afternoon.when(enters(2, 450, 600)).then_refused(ActivityRefusal::StaysOverlap);
    afternoon.when(enters(2, 400, 600)).then_refused(ActivityRefusal::StaysOverlap);
    afternoon.when(enters(2, 500, 600)).then_done();
    let morning = afternoon.and(enters(2, 200, 600));
    morning.when(leaves(401, 600)).then_refused(ActivityRefusal::StaysOverlap);
    morning.when(leaves(550, 600)).then_refused(ActivityRefusal::StaysOverlap);
    assert_eq!(ends(&morning.and(leaves(400, 600)), 2), Some(at(400)));
}

#[test]
fn a_forgotten_check_out_is_not_believed() {
    let present = activity().and(enters(1, 600, 600));
    present.when(leaves(700 + CHECK_OUT_LATE_MINUTES, 5000)).then_done();
    present.when(leaves(701 + CHECK_OUT_LATE_MINUTES, 5000)).then_refused(ActivityRefusal::CheckOutLate);
    present.when(leaves(600 + 24 * 60 + 1, 5000)).then_refused(ActivityRefusal::CheckOutTimeUnfit);
    present.when(leaves(650, 5000)).then_done();
}

#[test]
fn who_is_in_when_it_is_called_off_is_checked_out_with_it() {
    let present = activity().and(enters(1, 200, 200));
    let ended = present.clone().and(called_off(260));
    assert_eq!(ends(&ended, 1), Some(at(260)));
    ended.when(leaves(260, 300)).then_refused(ActivityRefusal::NotCheckedIn);
    assert_eq!(ends(&present.clone().and(called_off(5000)), 1), Some(at(700)), "forgotten: it ends with the shift");
    // Nobody was in: nothing but the cancellation.
    assert_eq!(activity().when(called_off(260)).events().len(), 1);
    let later_first = activity().and(enters(1, 400, 600)).and(leaves(500, 600)).and(enters(2, 200, 600)).and(called_off(600));
    assert_eq!(ends(&later_first, 2), Some(at(400)));
}

#[test]
fn who_was_left_in_by_an_older_cancellation_still_comes_out() {
    let left_in = activity().and(enters(1, 200, 200));
    let cancelled =
        Given::<Activity> { state: Activity::apply_event(left_in.state, ActivityEvent::ActivityCancelled { reason: "台风".into() }) };
    assert_eq!(ends(&cancelled.and(leaves(300, 5000)), 1), Some(at(300)));
}

/// Two activities at one time, and what becomes of the volunteer's stays.
struct District {
    activities: [Activity; 2],
    ledger: ServiceLedger,
    now: i64,
}

impl District {
    /// As the app does it: who is in elsewhere is not let in, and nobody was elsewhere during a stay.
    fn does(&mut self, which: usize, mut command: ActivityCommand) {
        let elsewhere = &self.activities[1 - which];
        let present = self.activities[which].present(WHO).map(|(_, stay)| stay.checked_in);
        if let ActivityCommand::Cancel { elsewhere: came, .. } = &mut command {
            *came = present.and_then(|since| elsewhere.next_check_in(WHO, since)).map(|next| (WHO, next)).into_iter().collect();
        }
        let refused = match &command {
            ActivityCommand::CheckIn { at, .. } => elsewhere.is_in(WHO, *at),
            ActivityCommand::CheckOut { at, .. } => present.is_some_and(|since| elsewhere.was_in(WHO, (since, *at))),
            _ => false,
        };
        if let (false, Ok(events)) = (refused, Activity::handle_command(&self.activities[which], command)) {
            let activity = std::mem::take(&mut self.activities[which]);
            self.activities[which] = events.into_iter().fold(activity, Activity::apply_event);
        }
    }

    fn asks(&mut self, command: ServiceLedgerCommand) -> bool {
        let Ok(events) = ServiceLedger::handle_command(&self.ledger, command) else { return false };
        self.ledger = events.into_iter().fold(std::mem::take(&mut self.ledger), ServiceLedger::apply_event);
        true
    }

    /// Stays that have ended after a minute at least.
    fn stays(&self) -> BTreeMap<AttendanceId, (Instant, Instant)> {
        let all = self.activities.iter().flat_map(|it| &it.attendance);
        all.filter_map(|(id, stay)| Some((*id, stay.span()?))).filter(|(_, span)| Minutes::between(span.0, span.1).is_some()).collect()
    }

    /// The process catches up.
    fn follows(&mut self) {
        for (attendance, (started, ended)) in self.stays() {
            let (record, evidence) = (RecordId(attendance.0), Evidence::Attested { attendance });
            if !self.ledger.records.contains_key(&record) {
                assert!(self.asks(log(record, started, ended, evidence, self.now)), "the ledger takes every stay");
            }
        }
    }
}

fn served(started: Instant, ended: Instant) -> Served {
    let minutes = Minutes::between(started, ended).unwrap_or_default();
    Served { started, ended, minutes, day: started.date_naive(), category: Category::RiverPatrol }
}

fn log(record: RecordId, started: Instant, ended: Instant, evidence: Evidence, now: i64) -> ServiceLedgerCommand {
    let setting = Setting { organisation: OrganisationId(Uuid::nil()), activity: None::<ActivityId>, area: "440402".parse().unwrap() };
    let (served, source, now) = (served(started, ended), Source::Attendance, at(now));
    ServiceLedgerCommand::Log { record, setting, served, evidence, source, content: None, now }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is checked in, declared, decided and called off, and however late the process is: every attested minute has
    /// a record, what is held has something in its way, and nobody is in at two places at once.
    #[test]
    fn no_attested_minute_is_lost(steps in proptest::collection::vec((0u8..12, 0usize..2, 0i64..90, 0i64..120, any::<bool>()), 1..60)) {
        let mut district = District { activities: [activity().state, activity().state], ledger: ServiceLedger::default(), now: 60 };
        let by = Approver { is_the_volunteer: false, level: Level::District };
        let reason = Some(Sealed { of: PersonId(Uuid::nil()), text: "密".into() });
        for (n, (kind, which, back, length, follows)) in steps.into_iter().enumerate() {
            district.now += length / 4;
            let (now, then) = (district.now, district.now - back);
            let id = RecordId(Uuid::from_u128(1_000 + n as u128));
            let some = district.ledger.records.keys().nth(back as usize % district.ledger.records.len().max(1)).copied().unwrap_or(id);
            match kind {
                0..=2 => district.does(which, enters(10 + n as u128, then, now)),
                3..=5 => district.does(which, leaves(then, now)),
                6 | 7 => drop(district.asks(log(id, at(then - length), at(then), Evidence::Declared, now))),
                8 => drop(district.asks(ServiceLedgerCommand::Void { record: some, by, reason: reason.clone() })),
                9 => drop(district.asks(ServiceLedgerCommand::Reject { record: some, by, reason: reason.clone() })),
                10 if length < 5 => district.does(which, called_off(now)),
                10 => drop(district.asks(ServiceLedgerCommand::Confirm { record: some, by })),
                _ => {
                    let served = served(at(then - length), at(then));
                    district.asks(ServiceLedgerCommand::Correct { record: some, served, by, reason: reason.clone(), now: at(now) });
                }
            }
            if follows {
                district.follows();
            }
        }
        for which in 0..2 {
            district.does(which, called_off(district.now));
            prop_assert_eq!(district.activities[which].all_present().count(), 0);
        }
        district.follows();
        let stays = district.stays();
        let spans: Vec<_> = stays.values().collect();
        for (n, a) in spans.iter().enumerate() {
            prop_assert!(spans[n + 1..].iter().all(|b| !overlaps(**a, **b)), "in at two places at once");
        }
        for (attendance, span) in &stays {
            let record = &district.ledger.records[&RecordId(attendance.0)];
            prop_assert_eq!(record.logged, *span);
        }
        let live = |it: &&crate::volunteering::service_ledger::Record| it.phase.is_live();
        for held in district.ledger.records.values().filter(|it| it.phase == ServicePhase::Held) {
            let time = (held.served.started, held.served.ended);
            prop_assert!(district.ledger.records.values().filter(live).any(|it| overlaps((it.served.started, it.served.ended), time)));
        }
    }
}
