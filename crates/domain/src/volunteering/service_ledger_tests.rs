//! What breaks silently elsewhere: one's own hours confirmed, two records for one hour, a day of thirteen hours that
//! nobody above has seen.

use chrono::{DateTime, Duration};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    scenario::{Given, given},
    values::{AttendanceId, OrganisationId, PersonId},
    volunteering::category::Category,
};

const NOW: i64 = 100_000;

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_700_000_000 / 86_400 * 86_400 + minute * 60, 0).unwrap()
}

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

fn served(start: i64, length: i64) -> Served {
    let (started, ended) = (at(start), at(start + length));
    let minutes = Minutes(u32::try_from(length).unwrap_or(0));
    Served { started, ended, minutes, day: started.date_naive(), category: Category::CommunityService }
}

fn reason() -> Sealed {
    Sealed { of: PersonId(Uuid::nil()), text: "密".into() }
}

fn by(level: Level) -> Approver {
    Approver { is_the_volunteer: false, level }
}

fn log(n: u128, start: i64, length: i64) -> ServiceLedgerCommand {
    ServiceLedgerCommand::Log {
        record: id(n),
        setting: Setting { organisation: OrganisationId(Uuid::nil()), activity: None, area: "440402001".parse().unwrap() },
        served: served(start, length),
        evidence: if n.is_multiple_of(2) {
            Evidence::Declared
        } else {
            Evidence::Attested { attendance: AttendanceId(Uuid::from_u128(n)) }
        },
        source: Source::Volunteer,
        content: None,
        now: at(NOW),
    }
}

fn confirm(n: u128, level: Level) -> ServiceLedgerCommand {
    ServiceLedgerCommand::Confirm { record: id(n), by: by(level) }
}

fn ledger(commands: impl IntoIterator<Item = ServiceLedgerCommand>) -> Given<ServiceLedger> {
    given::<ServiceLedger>([]).and_all(commands)
}

#[test]
fn confirming_twice_changes_nothing() {
    let confirmed = ledger([log(1, 0, 60), confirm(1, Level::Organisation)]);
    confirmed.when(confirm(1, Level::District)).then_refused(Refused::AlreadyConfirmed);
    confirmed.when(confirm(2, Level::District)).then_refused(Refused::UnknownRecord);
}

#[test]
fn nobody_decides_about_their_own_service() {
    let logged = ledger([log(1, 0, 60)]);
    let own = Approver { is_the_volunteer: true, level: Level::District };
    for command in [
        ServiceLedgerCommand::Confirm { record: id(1), by: own },
        ServiceLedgerCommand::Reject { record: id(1), by: own, reason: Some(reason()) },
        ServiceLedgerCommand::Correct { record: id(1), served: served(0, 50), by: own, reason: Some(reason()), now: at(NOW) },
        ServiceLedgerCommand::Void { record: id(1), by: own, reason: Some(reason()) },
    ] {
        logged.when(command).then_refused(Refused::OwnService);
    }
}

#[test]
fn spans_are_refused_one_by_one() {
    let logged = ledger([log(1, 0, 60)]);
    logged.when(log(2, 100, 0)).then_refused(Refused::EndsBeforeStart);
    logged.when(log(2, 100, -30)).then_refused(Refused::EndsBeforeStart);
    logged.when(log(2, 100, 24 * 60 + 1)).then_refused(Refused::ServiceTooLong);
    logged.when(log(2, NOW - 10, 11)).then_refused(Refused::ServiceInFuture);
    logged.when(log(2, 59, 10)).then_refused(Refused::ServiceOverlaps { with: id(1) });
    logged.when(log(1, 500, 10)).then_refused(Refused::RecordExists);
    logged.when(log(2, 60, 24 * 60)).then_done();
}

#[test]
fn a_second_over_24_hours_is_too_long() {
    let mut command = log(1, 0, 24 * 60);
    if let ServiceLedgerCommand::Log { served, .. } = &mut command {
        served.ended += Duration::seconds(1);
    }
    given::<ServiceLedger>([]).when(command).then_refused(Refused::ServiceTooLong);
}

#[test]
fn long_days_need_those_above() {
    let day = ledger([log(1, 0, 480), confirm(1, Level::Organisation), log(2, 480, 1)]);
    day.when(confirm(2, Level::Organisation)).then_refused(Refused::ParentMustConfirm);
    let day = day.and_all([confirm(2, Level::Parent), log(3, 481, 239), confirm(3, Level::Parent), log(4, 720, 1)]);
    day.when(confirm(4, Level::Parent)).then_refused(Refused::DistrictMustConfirm);
    day.when(confirm(4, Level::District)).then_done();
}

#[test]
fn a_long_day_is_long_whichever_record_is_confirmed_first() {
    let day = ledger([log(1, 0, 300), log(2, 300, 300)]);
    for first in [1, 2] {
        day.when(confirm(first, Level::Organisation)).then_refused(Refused::ParentMustConfirm);
    }
    let longer = day.clone().and(confirm(1, Level::Parent)).and(log(3, 600, 180));
    for next in [2, 3] {
        longer.when(confirm(next, Level::Parent)).then_refused(Refused::DistrictMustConfirm);
    }
    // What was rejected or voided makes no day long.
    let reject = ServiceLedgerCommand::Reject { record: id(2), by: by(Level::Organisation), reason: Some(reason()) };
    day.and(reject).when(confirm(1, Level::Organisation)).then_done();
}

#[test]
fn a_record_over_midnight_belongs_to_the_day_it_began() {
    let night = ledger([log(1, 1320, 480), confirm(1, Level::Organisation), log(2, 1800, 480)]);
    night.when(confirm(2, Level::Organisation)).then_done();
}

#[test]
fn a_rejected_record_frees_its_time_and_a_dispute_may_bring_it_back() {
    let reject = ServiceLedgerCommand::Reject { record: id(1), by: by(Level::Organisation), reason: Some(reason()) };
    let dispute = ServiceLedgerCommand::Dispute { record: id(1), reason: reason() };
    ledger([log(1, 0, 60)]).when(dispute.clone()).then_refused(Refused::NothingToDispute);
    let rejected = ledger([log(1, 0, 60), reject.clone()]);
    rejected.when(reject.clone()).then_refused(Refused::AlreadyRejected);
    rejected.when(confirm(1, Level::District)).then_refused(Refused::AlreadyRejected);
    let disputed = rejected.and(dispute.clone());
    disputed.when(dispute).then_refused(Refused::NothingToDispute);
    assert_eq!(disputed.clone().and(confirm(1, Level::Organisation)).records[&id(1)].phase, ServicePhase::Confirmed);
    let taken = disputed.and(log(2, 30, 60));
    taken.when(confirm(1, Level::Organisation)).then_refused(Refused::ServiceOverlaps { with: id(2) });
}

#[test]
fn a_correction_keeps_the_old_value_and_confirms_the_new() {
    let correct = |length| ServiceLedgerCommand::Correct {
        record: id(2),
        served: served(0, length),
        by: by(Level::Organisation),
        reason: Some(reason()),
        now: at(NOW),
    };
    let confirmed = ledger([log(2, 0, 60), confirm(2, Level::Organisation)]);
    confirmed.when(correct(60)).then_refused(Refused::NothingToCorrect);
    confirmed.when(correct(481)).then_refused(Refused::ParentMustConfirm);
    let events = confirmed.when(correct(45)).events();
    let [ServiceLedgerEvent::ServiceCorrected { was, now, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((was.minutes, now.minutes), (Minutes(60), Minutes(45)));
}

#[test]
fn an_attested_record_is_corrected_only_within_the_stay() {
    let correct = |n, start, length| ServiceLedgerCommand::Correct {
        record: id(n),
        served: served(start, length),
        by: by(Level::District),
        reason: Some(reason()),
        now: at(NOW),
    };
    let stay = ledger([log(1, 60, 60), log(2, 300, 60)]);
    for (start, length) in [(59, 61), (60, 61), (0, 30), (200, 30)] {
        stay.when(correct(1, start, length)).then_refused(Refused::BeyondAttendance);
    }
    stay.when(correct(2, 290, 80)).then_done(); // what was declared is declared anew
    // A correction too narrow is widened again, up to the stay.
    let narrowed = stay.and(correct(1, 70, 30));
    narrowed.when(correct(1, 70, 51)).then_refused(Refused::BeyondAttendance);
    let restored = narrowed.and(correct(1, 60, 60));
    assert_eq!(restored.records[&id(1)].served.minutes, Minutes(60));
}

fn void(n: u128) -> ServiceLedgerCommand {
    ServiceLedgerCommand::Void { record: id(n), by: by(Level::Organisation), reason: Some(reason()) }
}

#[test]
fn a_stay_that_overlaps_is_held_until_the_other_is_gone() {
    let held = ledger([log(2, 30, 10), log(1, 0, 60)]);
    assert_eq!(held.records[&id(1)].phase, ServicePhase::Held);
    held.when(confirm(1, Level::District)).then_refused(Refused::RecordIsHeld);
    held.when(ServiceLedgerCommand::Dispute { record: id(1), reason: reason() }).then_refused(Refused::NothingToDispute);
    held.when(log(1, 0, 60)).then_refused(Refused::RecordExists);
    // Nothing is declared over what is held; beside it there is room.
    held.when(log(4, 50, 20)).then_refused(Refused::ServiceOverlaps { with: id(1) });
    held.when(log(4, 60, 20)).then_done();
    let events = held.when(void(2)).events();
    assert_eq!(events[1..], [ServiceLedgerEvent::ServiceReleased { record: id(1) }]);
    let reject = ServiceLedgerCommand::Reject { record: id(2), by: by(Level::Organisation), reason: Some(reason()) };
    assert_eq!(held.clone().and(reject).records[&id(1)].phase, ServicePhase::Logged);
    held.and(void(2)).and(confirm(1, Level::Organisation)).when(log(4, 30, 10)).then_refused(Refused::ServiceOverlaps { with: id(1) });
}

#[test]
fn either_of_two_records_gives_way_by_a_correction() {
    let correct = |n, start, length| ServiceLedgerCommand::Correct {
        record: id(n),
        served: served(start, length),
        by: by(Level::Organisation),
        reason: Some(reason()),
        now: at(NOW),
    };
    let held = ledger([log(2, 30, 90), log(1, 0, 60)]);
    held.when(correct(1, 0, 31)).then_refused(Refused::ServiceOverlaps { with: id(2) });
    assert_eq!(held.clone().and(correct(1, 0, 30)).records[&id(1)].phase, ServicePhase::Confirmed);
    assert_eq!(held.clone().and(correct(2, 59, 61)).records[&id(1)].phase, ServicePhase::Held);
    assert_eq!(held.and(correct(2, 60, 60)).records[&id(1)].phase, ServicePhase::Logged);
}

#[test]
fn of_two_stays_held_by_one_record_the_earlier_is_released_first() {
    let held = ledger([log(2, 0, 100), log(1, 40, 60), log(3, 10, 40)]);
    let events = held.when(void(2)).events();
    assert_eq!(events[1..], [ServiceLedgerEvent::ServiceReleased { record: id(3) }]);
    let freed = held.and(void(2)).and(void(3));
    assert_eq!(freed.records[&id(1)].phase, ServicePhase::Logged);
}

#[test]
fn voided_is_for_good() {
    let void = ServiceLedgerCommand::Void { record: id(1), by: by(Level::Organisation), reason: Some(reason()) };
    let voided = ledger([log(1, 0, 60), confirm(1, Level::Organisation), void.clone()]);
    voided.when(void).then_refused(Refused::RecordIsVoided);
    voided.when(confirm(1, Level::District)).then_refused(Refused::RecordIsVoided);
    voided.when(ServiceLedgerCommand::Dispute { record: id(1), reason: reason() }).then_refused(Refused::RecordIsVoided);
    voided.when(log(2, 0, 60)).then_done();
}

proptest! {
    /// Whatever is asked in whatever order: live records never overlap, the confirmed total equals a recount from the
    /// events, no day passes its limit unseen, and applying never panics.
    #[test]
    fn totals_equal_the_fold(steps in proptest::collection::vec((0u8..6, 0u128..12, 0i64..3000, -5i64..900, 0u8..3), 0..80)) {
        let mut ledger = ServiceLedger::default();
        let mut confirmed = std::collections::HashMap::new();
        for (kind, n, start, length, level) in steps {
            let level = [Level::Organisation, Level::Parent, Level::District][usize::from(level)];
            let by = by(level);
            let command = match kind {
                0 | 1 => log(n, start, length),
                2 => ServiceLedgerCommand::Confirm { record: id(n), by },
                3 => ServiceLedgerCommand::Reject { record: id(n), by, reason: Some(reason()) },
                4 => ServiceLedgerCommand::Dispute { record: id(n), reason: reason() },
                _ if start % 3 == 0 => ServiceLedgerCommand::Void { record: id(n), by, reason: Some(reason()) },
                _ => ServiceLedgerCommand::Correct { record: id(n), served: served(start, length), by, reason: Some(reason()), now: at(NOW) },
            };
            let Ok(events) = ServiceLedger::handle_command(&ledger, command) else { continue };
            for event in &events {
                match event {
                    ServiceLedgerEvent::ServiceLogged { .. }
                    | ServiceLedgerEvent::ServiceHeld { .. }
                    | ServiceLedgerEvent::ServiceReleased { .. }
                    | ServiceLedgerEvent::ServiceDisputed { .. } => {}
                    ServiceLedgerEvent::ServiceConfirmed { record, level } => {
                        let served = &ledger.records[record].served;
                        prop_assert!(*level >= ledger.level_needed(*record, served.day, served.minutes));
                        confirmed.insert(*record, served.minutes.0);
                    }
                    ServiceLedgerEvent::ServiceCorrected { record, now, level, .. } => {
                        prop_assert!(*level >= ledger.level_needed(*record, now.day, now.minutes));
                        confirmed.insert(*record, now.minutes.0);
                    }
                    ServiceLedgerEvent::ServiceRejected { record, .. } | ServiceLedgerEvent::ServiceVoided { record, .. } => {
                        confirmed.remove(record);
                    }
                }
            }
            ledger = events.into_iter().fold(ledger, ServiceLedger::apply_event);
            let live: Vec<_> = ledger.records.values().filter(|it| it.phase.is_live()).collect();
            for (i, a) in live.iter().enumerate() {
                let span = |it: &Record| (it.served.started, it.served.ended);
                prop_assert!(live[i + 1..].iter().all(|b| !overlaps(span(a), span(b))));
            }
            // Nothing waits that could stand, and what was attested is there whatever was asked.
            for (id, it) in ledger.records.iter().filter(|(_, it)| it.phase == ServicePhase::Held) {
                prop_assert_ne!(it.evidence, Evidence::Declared);
                prop_assert!(ledger.require_free(*id, &it.served).is_err());
            }
            let total: u32 = live.iter().filter(|it| it.phase == ServicePhase::Confirmed).map(|it| it.served.minutes.0).sum();
            prop_assert_eq!(total, confirmed.values().sum::<u32>());
            // Whatever waits on a long day waits for those above.
            for (id, it) in ledger.records.iter().filter(|(_, it)| it.phase == ServicePhase::Logged) {
                let on_day = live.iter().filter(|other| other.served.day == it.served.day);
                let long = on_day.map(|other| other.served.minutes.0).sum::<u32>() > SERVICE_DAY_ORGANISATION_MAX_MINUTES;
                prop_assert_eq!(long, ledger.level_needed(*id, it.served.day, it.served.minutes) > Level::Organisation);
            }
        }
    }

    /// Events of any ledger, in any order, on any state: applying them never panics.
    #[test]
    fn apply_never_panics(order in proptest::collection::vec(0usize..8, 0..30)) {
        let events = [
            given::<ServiceLedger>([]).when(log(1, 0, 60)).events().remove(0),
            ledger([log(2, 0, 60)]).when(log(1, 0, 60)).events().remove(0),
            ServiceLedgerEvent::ServiceReleased { record: id(1) },
            ServiceLedgerEvent::ServiceConfirmed { record: id(1), level: Level::Parent },
            ServiceLedgerEvent::ServiceRejected { record: id(1), reason: Some(reason()) },
            ServiceLedgerEvent::ServiceDisputed { record: id(1), reason: reason() },
            ServiceLedgerEvent::ServiceCorrected { record: id(1), was: served(0, 60), now: served(0, 50), level: Level::Parent, reason: Some(reason()) },
            ServiceLedgerEvent::ServiceVoided { record: id(1), reason: Some(reason()) },
        ];
        let ledger = order.iter().map(|n| events[*n].clone()).fold(ServiceLedger::default(), ServiceLedger::apply_event);
        prop_assert!(ledger.records.len() <= 1);
    }
}
