//! What breaks silently elsewhere: an endorsement counted twice, a threshold reached without anybody being told, an issue
//! closed without a word.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::scenario::{Given, given};

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn sealed(text: &str) -> Sealed {
    Sealed { of: person(1), text: text.into() }
}

fn raise() -> ResidentIssueCommand {
    ResidentIssueCommand::Raise {
        council: CouncilId(Uuid::from_u128(9)),
        area: "440402001001".parse().unwrap(),
        raised_by: person(1),
        category: MotionCategory::ParkingAndTraffic,
        title: sealed("t"),
        text: sealed("x"),
    }
}

fn raised() -> Given<ResidentIssue> {
    given::<ResidentIssue>([]).and(raise())
}

/// Everybody of these tests lives in the council's area.
fn residents() -> BTreeSet<PersonId> {
    (1..100).map(person).collect()
}

fn endorse(n: u128) -> ResidentIssueCommand {
    ResidentIssueCommand::Endorse { person: person(n), at_home: residents(), needed: 3 }
}

fn admit() -> ResidentIssueCommand {
    ResidentIssueCommand::Admit { screener: Some(person(7)), at_home: residents(), needed: 3 }
}

fn answer() -> ResidentIssueCommand {
    ResidentIssueCommand::Answer { answer: "已请物业加装路灯".into() }
}

fn phase_unfit(phase: IssuePhase) -> R {
    R::IssuePhaseUnfit { zh: phase.zh(), en: phase.en() }
}

#[test]
fn the_endorsement_that_reaches_the_number_puts_it_before_the_council() {
    let issue = raised().and_all([admit(), endorse(2), endorse(3)]);
    assert_eq!(issue.phase, IssuePhase::Admitted);
    issue.when(endorse(4)).then([E::IssueEndorsed { person: person(4) }, E::IssueQualified { endorsements: 3, needed: 3 }]);
    let issue = issue.and(endorse(4));
    issue.when(endorse(5)).then([E::IssueEndorsed { person: person(5) }]); // told once
    assert_eq!(issue.phase, IssuePhase::Qualified);
}

#[test]
fn an_issue_endorsed_before_its_screening_qualifies_when_it_is_admitted() {
    let issue = raised().and_all([endorse(2), endorse(3), endorse(4)]);
    assert_eq!(issue.phase, IssuePhase::Raised);
    issue.when(admit()).then([E::IssueAdmitted {}, E::IssueQualified { endorsements: 3, needed: 3 }]);
}

#[test]
fn who_has_moved_away_counts_no_more_and_counts_again_once_back() {
    let issue = raised().and_all([admit(), endorse(2), endorse(3)]);
    let without_2 = ResidentIssueCommand::Endorse { person: person(4), at_home: [person(3)].into(), needed: 3 };
    issue.when(without_2.clone()).then([E::IssueEndorsed { person: person(4) }]);
    let issue = issue.and(without_2);
    assert_eq!((issue.phase, issue.endorsers.len()), (IssuePhase::Admitted, 3));
    issue.when(endorse(2)).then_refused(R::AlreadyEndorsed); // who comes back is counted once
    issue.when(endorse(5)).then([E::IssueEndorsed { person: person(5) }, E::IssueQualified { endorsements: 4, needed: 3 }]);
}

#[test]
fn endorsing_twice_or_ones_own_is_refused() {
    let issue = raised().and(endorse(2));
    issue.when(endorse(2)).then_refused(R::AlreadyEndorsed);
    issue.when(endorse(1)).then_refused(R::OwnEndorsement);
    given::<ResidentIssue>([]).when(endorse(2)).then_refused(R::UnknownIssue);
    let endorsers = (10..10 + ENDORSEMENTS_MAX_COUNT as u128).map(person).collect();
    let full = Given::<ResidentIssue> { state: ResidentIssue { endorsers, ..raised().state } };
    full.when(endorse(2)).then_refused(R::EndorsementsFull { most: ENDORSEMENTS_MAX_COUNT });
}

#[test]
fn an_endorsement_can_be_taken_back_and_given_again() {
    let back = ResidentIssueCommand::WithdrawEndorsement { person: person(2) };
    let issue = raised().and_all([endorse(2), back.clone()]);
    assert!(issue.endorsers.is_empty());
    issue.when(back).then_refused(R::NotEndorsed);
    issue.when(endorse(2)).then_done();
}

#[test]
fn nobody_screens_their_own_issue_and_none_is_screened_twice() {
    raised()
        .when(ResidentIssueCommand::Admit { screener: Some(person(1)), at_home: residents(), needed: 3 })
        .then_refused(R::OwnIssueScreened);
    let turn_away = |screener| ResidentIssueCommand::TurnAway { screener, reason: sealed("r") };
    raised().when(turn_away(Some(person(1)))).then_refused(R::OwnIssueScreened);
    let gone = raised().and(turn_away(None));
    gone.when(turn_away(None)).then_refused(phase_unfit(IssuePhase::TurnedAway));
    gone.when(admit()).then_refused(phase_unfit(IssuePhase::TurnedAway));
    raised().when(raise()).then_refused(R::IssueExists);
}

#[test]
fn it_is_withdrawn_by_who_raised_it_until_it_is_before_the_council() {
    let withdraw = |n| ResidentIssueCommand::Withdraw { by: person(n) };
    raised().when(withdraw(2)).then_refused(R::NotOwnIssue);
    assert_eq!(raised().and(withdraw(1)).phase, IssuePhase::Withdrawn);
    let before_council = raised().and(ResidentIssueCommand::Admit { screener: None, at_home: residents(), needed: 0 });
    before_council.when(withdraw(1)).then_refused(phase_unfit(IssuePhase::Qualified));
}

#[test]
fn it_becomes_a_motion_once_when_it_is_screened() {
    let take_up = ResidentIssueCommand::TakeUp { motion: MotionId(Uuid::from_u128(5)) };
    raised().when(take_up.clone()).then_refused(phase_unfit(IssuePhase::Raised));
    let admitted = raised().and(admit());
    admitted.when(take_up.clone()).then_done();
    let before_council = raised().and(ResidentIssueCommand::Admit { screener: None, at_home: residents(), needed: 0 });
    let taken = before_council.and(take_up.clone());
    assert_eq!(taken.motion, Some(MotionId(Uuid::from_u128(5))));
    taken.when(take_up).then_refused(phase_unfit(IssuePhase::TakenUp));
    taken.when(answer()).then_done();
}

#[test]
fn none_is_closed_without_an_answer() {
    let admitted = raised().and(admit());
    admitted.when(ResidentIssueCommand::Close).then_refused(phase_unfit(IssuePhase::Admitted));
    let blank = ResidentIssueCommand::Answer { answer: " ".into() };
    admitted.when(blank).then_refused(R::AnswerUnfit { most: REASON_MAX_CHARS });
    let closed = admitted.and_all([answer(), ResidentIssueCommand::Close]);
    assert_eq!(closed.phase, IssuePhase::Closed);
    closed.when(ResidentIssueCommand::Close).then_refused(phase_unfit(IssuePhase::Closed));
}

fn wish() -> impl Strategy<Value = ResidentIssueCommand> {
    let one = || (1u128..6).prop_map(person);
    prop_oneof![
        6 => one().prop_map(|person| ResidentIssueCommand::Endorse { person, at_home: residents(), needed: 3 }),
        2 => one().prop_map(|person| ResidentIssueCommand::WithdrawEndorsement { person }),
        1 => Just(admit()),
        1 => one().prop_map(|by| ResidentIssueCommand::Withdraw { by }),
        1 => Just(ResidentIssueCommand::TakeUp { motion: MotionId(Uuid::nil()) }),
        1 => Just(answer()),
        1 => Just(ResidentIssueCommand::Close),
    ]
}

proptest! {
    #[test]
    fn it_is_before_the_council_only_when_screened_and_endorsed_by_enough_others(wishes in proptest::collection::vec(wish(), 0..40)) {
        let mut issue = raised().state;
        let mut told = 0;
        for command in wishes {
            for event in ResidentIssue::handle_command(&issue, command).unwrap_or_default() {
                let was = issue.phase;
                issue = ResidentIssue::apply_event(issue, event.clone());
                if let E::IssueQualified { endorsements, needed } = event {
                    told += 1;
                    prop_assert_eq!(was, IssuePhase::Admitted);
                    prop_assert!(endorsements >= needed && issue.endorsers.len() == endorsements as usize);
                }
            }
            prop_assert!(!issue.endorsers.contains(&person(1)));
        }
        prop_assert!(told <= 1);
        prop_assert!(told == 1 || issue.phase != IssuePhase::Qualified);
    }
}
