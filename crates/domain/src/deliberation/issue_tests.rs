//! What breaks silently elsewhere: an endorsement counted twice, a threshold reached without anybody being told, an issue
//! closed without a word.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

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

fn decide(issue: &ResidentIssue, command: ResidentIssueCommand) -> Decision {
    ResidentIssue::handle_command(issue, command)
}

fn after(issue: ResidentIssue, command: ResidentIssueCommand) -> ResidentIssue {
    decide(&issue, command).unwrap().into_iter().fold(issue, ResidentIssue::apply_event)
}

fn raised() -> ResidentIssue {
    after(ResidentIssue::default(), raise())
}

fn endorse(n: u128) -> ResidentIssueCommand {
    ResidentIssueCommand::Endorse { person: person(n), needed: 3 }
}

fn admit() -> ResidentIssueCommand {
    ResidentIssueCommand::Admit { screener: Some(person(7)), needed: 3 }
}

fn answer() -> ResidentIssueCommand {
    ResidentIssueCommand::Answer { answer: "已请物业加装路灯".into() }
}

fn phase_unfit(phase: IssuePhase) -> R {
    R::IssuePhaseUnfit { zh: phase.zh(), en: phase.en() }
}

#[test]
fn the_endorsement_that_reaches_the_number_puts_it_before_the_council() {
    let issue = [admit(), endorse(2), endorse(3)].into_iter().fold(raised(), after);
    assert_eq!(issue.phase, IssuePhase::Admitted);
    assert_eq!(
        decide(&issue, endorse(4)),
        Ok(vec![E::IssueEndorsed { person: person(4) }, E::IssueQualified { endorsements: 3, needed: 3 }])
    );
    let issue = after(issue, endorse(4));
    assert_eq!(decide(&issue, endorse(5)), Ok(vec![E::IssueEndorsed { person: person(5) }]), "told once");
    assert_eq!(issue.phase, IssuePhase::Qualified);
}

#[test]
fn an_issue_endorsed_before_its_screening_qualifies_when_it_is_admitted() {
    let issue = [endorse(2), endorse(3), endorse(4)].into_iter().fold(raised(), after);
    assert_eq!(issue.phase, IssuePhase::Raised);
    assert_eq!(decide(&issue, admit()), Ok(vec![E::IssueAdmitted {}, E::IssueQualified { endorsements: 3, needed: 3 }]));
}

#[test]
fn endorsing_twice_or_ones_own_is_refused() {
    let issue = after(raised(), endorse(2));
    assert_eq!(decide(&issue, endorse(2)), Err(R::AlreadyEndorsed));
    assert_eq!(decide(&issue, endorse(1)), Err(R::OwnEndorsement));
    assert_eq!(decide(&ResidentIssue::default(), endorse(2)), Err(R::UnknownIssue));
    let full = ResidentIssue { endorsers: (10..10 + ENDORSEMENTS_MAX_COUNT as u128).map(person).collect(), ..raised() };
    assert_eq!(decide(&full, endorse(2)), Err(R::EndorsementsFull { most: ENDORSEMENTS_MAX_COUNT }));
}

#[test]
fn an_endorsement_can_be_taken_back_and_given_again() {
    let back = ResidentIssueCommand::WithdrawEndorsement { person: person(2) };
    let issue = [endorse(2), back.clone()].into_iter().fold(raised(), after);
    assert!(issue.endorsers.is_empty());
    assert_eq!(decide(&issue, back), Err(R::NotEndorsed));
    assert!(decide(&issue, endorse(2)).is_ok());
}

#[test]
fn nobody_screens_their_own_issue_and_none_is_screened_twice() {
    assert_eq!(decide(&raised(), ResidentIssueCommand::Admit { screener: Some(person(1)), needed: 3 }), Err(R::OwnIssueScreened));
    let turn_away = |screener| ResidentIssueCommand::TurnAway { screener, reason: sealed("r") };
    assert_eq!(decide(&raised(), turn_away(Some(person(1)))), Err(R::OwnIssueScreened));
    let gone = after(raised(), turn_away(None));
    assert_eq!(decide(&gone, turn_away(None)), Err(phase_unfit(IssuePhase::TurnedAway)));
    assert_eq!(decide(&gone, admit()), Err(phase_unfit(IssuePhase::TurnedAway)));
    assert_eq!(decide(&raised(), raise()), Err(R::IssueExists));
}

#[test]
fn it_is_withdrawn_by_who_raised_it_until_it_is_before_the_council() {
    let withdraw = |n| ResidentIssueCommand::Withdraw { by: person(n) };
    assert_eq!(decide(&raised(), withdraw(2)), Err(R::NotOwnIssue));
    assert_eq!(after(raised(), withdraw(1)).phase, IssuePhase::Withdrawn);
    let before_council = after(raised(), ResidentIssueCommand::Admit { screener: None, needed: 0 });
    assert_eq!(decide(&before_council, withdraw(1)), Err(phase_unfit(IssuePhase::Qualified)));
}

#[test]
fn it_becomes_a_motion_once_when_it_is_screened() {
    let take_up = ResidentIssueCommand::TakeUp { motion: MotionId(Uuid::from_u128(5)) };
    assert_eq!(decide(&raised(), take_up.clone()), Err(phase_unfit(IssuePhase::Raised)));
    let admitted = after(raised(), admit());
    assert!(decide(&admitted, take_up.clone()).is_ok());
    let before_council = after(raised(), ResidentIssueCommand::Admit { screener: None, needed: 0 });
    let taken = after(before_council, take_up.clone());
    assert_eq!(taken.motion, Some(MotionId(Uuid::from_u128(5))));
    assert_eq!(decide(&taken, take_up), Err(phase_unfit(IssuePhase::TakenUp)));
    assert!(decide(&taken, answer()).is_ok());
}

#[test]
fn none_is_closed_without_an_answer() {
    let admitted = after(raised(), admit());
    assert_eq!(decide(&admitted, ResidentIssueCommand::Close), Err(phase_unfit(IssuePhase::Admitted)));
    let blank = ResidentIssueCommand::Answer { answer: " ".into() };
    assert_eq!(decide(&admitted, blank), Err(R::AnswerUnfit { most: REASON_MAX_CHARS }));
    let closed = [answer(), ResidentIssueCommand::Close].into_iter().fold(admitted, after);
    assert_eq!(closed.phase, IssuePhase::Closed);
    assert_eq!(decide(&closed, ResidentIssueCommand::Close), Err(phase_unfit(IssuePhase::Closed)));
}

fn wish() -> impl Strategy<Value = ResidentIssueCommand> {
    let one = || (1u128..6).prop_map(person);
    prop_oneof![
        6 => one().prop_map(|person| ResidentIssueCommand::Endorse { person, needed: 3 }),
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
        let mut issue = raised();
        let mut told = 0;
        for command in wishes {
            let Ok(events) = decide(&issue, command) else { continue };
            for event in events {
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
