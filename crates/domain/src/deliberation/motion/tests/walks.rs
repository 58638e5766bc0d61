//! Walks through a motion's states by whatever anybody may ask, in any order.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{TestCaseResult, TestRunner},
};

use super::*;
use crate::event::DomainEvent;

fn change() -> impl Strategy<Value = Change> {
    let says = || "[甲乙丙]{1,2}";
    let known = || (1u128..7).prop_map(paragraph);
    prop_oneof![
        4 => (known(), says()).prop_map(|(paragraph, text)| Change::Replace { paragraph, text }),
        2 => (proptest::option::of(known()), known(), says()).prop_map(|(after, paragraph, text)| Change::InsertAfter { after, paragraph, text }),
        1 => known().prop_map(|paragraph| Change::Delete { paragraph }),
        1 => says().prop_map(|title| Change::Retitle { title }),
    ]
}

/// Any command with ids from so small a choice that most fit something. Version 0 stands for the last one, vote 0 for
/// the last one it was put to.
fn wish() -> impl Strategy<Value = MotionCommand> {
    let one = || (1u128..5).prop_map(person);
    let drafting = prop_oneof![
        4 => one().prop_map(|by| Drafting::Submit { by, seconds_needed: 1 }),
        2 => one().prop_map(|by| Drafting::Join { by }),
        1 => one().prop_map(|by| Drafting::Withdraw { by }),
        1 => (one(), 1usize..4).prop_map(|(by, n)| Drafting::Revise { by, category: MotionCategory::Other, text: text(&["一", "二", "三"][..n]) }),
        4 => one().prop_map(|by| Drafting::Second { by, sitting: (0..20).map(person).collect() }),
        2 => one().prop_map(|by| Drafting::WithdrawSecond { by }),
        4 => one().prop_map(|by| Drafting::Accept { screener: Some(by) }),
        2 => one().prop_map(|by| Drafting::Return { screener: Some(by), reason: reason() }),
    ];
    let changes = || proptest::collection::vec(change(), 1..3);
    let amendment = || (1u128..9).prop_map(amendment_id);
    let amending = prop_oneof![
        3 => (amendment(), one(), changes())
            .prop_map(|(amendment, by, changes)| Amending::Propose { amendment, by, against: 0, changes, grounds: None }),
        3 => (amendment(), one(), changes())
            .prop_map(|(amendment, by, changes)| Amending::Revise { amendment, by, against: 0, changes, grounds: None }),
        4 => amendment().prop_map(|amendment| Amending::Accept { amendment, by: None, vote: None }),
        2 => amendment().prop_map(|amendment| Amending::Reject { amendment, vote: None, reason: reason() }),
        3 => (amendment(), one()).prop_map(|(amendment, by)| Amending::Withdraw { amendment, by }),
    ];
    let ballot = || prop_oneof![3 => Just(vote(0)), 1 => (1u128..40).prop_map(vote)];
    let deciding = prop_oneof![
        6 => (1u128..3).prop_map(|n| Deciding::Schedule { meeting: meeting(n) }),
        8 => (1u128..3, 1u128..40).prop_map(|(m, v)| Deciding::PutToVote { meeting: meeting(m), vote: vote(v), version: 0 }),
        6 => (ballot(), any::<bool>()).prop_map(|(vote, adopted)| Deciding::Decide { vote, adopted }),
        2 => ballot().prop_map(|vote| Deciding::AbandonVote { vote, reason: reason() }),
        1 => Just(Deciding::TakeOffAgenda { reason: reason() }),
        1 => (1u128..3).prop_map(|n| Deciding::Refer { to: council(n), vote: None, reason: reason() }),
        3 => (1u128..3).prop_map(|n| Deciding::DeclineReferral { council: council(n), reason: reason() }),
        1 => Just(Deciding::Postpone { until: None, today: day(1), vote: None, reason: reason() }),
        2 => ballot().prop_map(|vote| Deciding::AnnulDecision { vote, reason: reason() }),
        2 => one().prop_map(|mover| Deciding::Reconsider { mover, vote: None, reason: reason() }),
    ];
    let carrying_out = prop_oneof![
        Just(CarryingOut::ReportProgress { percent: 50, report: reason(), evidence: vec![] }),
        Just(CarryingOut::Complete { report: reason(), evidence: vec![] }),
        Just(CarryingOut::RevokeCompletion { reason: reason() }),
        one().prop_map(|by| CarryingOut::Review { by, rating: 3, text: None }),
    ];
    prop_oneof![
        3 => drafting.prop_map(MotionCommand::from),
        8 => amending.prop_map(MotionCommand::from),
        4 => deciding.prop_map(MotionCommand::from),
        2 => carrying_out.prop_map(MotionCommand::from),
    ]
}

/// The command with the last version and the last vote where it leaves them open.
fn fitted(command: MotionCommand, motion: &Motion) -> MotionCommand {
    let last = motion.version;
    let ballot = |it| if it == vote(0) { motion.votes.last().copied().unwrap_or(it) } else { it };
    match command {
        MotionCommand::Amending(Amending::Propose { amendment, by, changes, grounds, .. }) => {
            Amending::Propose { amendment, by, against: last, changes, grounds }.into()
        }
        MotionCommand::Amending(Amending::Revise { amendment, by, changes, grounds, .. }) => {
            Amending::Revise { amendment, by, against: last, changes, grounds }.into()
        }
        MotionCommand::Deciding(Deciding::PutToVote { meeting, vote, .. }) => Deciding::PutToVote { meeting, vote, version: last }.into(),
        MotionCommand::Deciding(Deciding::Decide { vote, adopted }) => Deciding::Decide { vote: ballot(vote), adopted }.into(),
        MotionCommand::Deciding(Deciding::AbandonVote { vote, reason }) => Deciding::AbandonVote { vote: ballot(vote), reason }.into(),
        MotionCommand::Deciding(Deciding::AnnulDecision { vote, reason }) => Deciding::AnnulDecision { vote: ballot(vote), reason }.into(),
        other => other,
    }
}

/// Asks one thing after the other and checks after each that the rules hold; counts the events in `seen`.
fn walk(start: usize, wishes: Vec<MotionCommand>, seen: &mut BTreeMap<String, usize>) -> TestCaseResult {
    let mut motion = [drafted, accepted, scheduled, voting][start]().state;
    let mut merged = motion.text.clone();
    for command in wishes {
        let Ok(events) = Motion::handle_command(&motion, fitted(command, &motion)) else { continue };
        prop_assert!(!events.is_empty(), "what is taken is told");
        for event in events {
            *seen.entry(event.encode().unwrap().0).or_default() += 1;
            let before = motion.clone();
            motion = Motion::apply_event(motion, event.clone());
            match event {
                E::AmendmentAccepted { amendment, version, .. } => {
                    merged = merged.amended(&motion.amendments[&amendment].changes).unwrap();
                    prop_assert_eq!(version, before.version + 1);
                }
                E::MotionRevised { text, version, .. } => {
                    merged = text;
                    prop_assert_eq!(version, before.version + 1);
                }
                E::MotionPutToVote { version, vote, .. } => {
                    prop_assert_eq!((version, motion.open_amendments().count()), (motion.version, 0));
                    prop_assert!(!before.votes.contains(&vote));
                }
                E::MotionAdopted { .. } | E::MotionRejected { .. } => prop_assert!(before.outcome.is_none()),
                E::MotionWithdrawn { .. } | E::MoverLeft { .. } => prop_assert!(before.votes.is_empty()),
                _ => prop_assert_eq!(&motion.text, &before.text, "the text changes by amendments only"),
            }
        }
        prop_assert_eq!(&motion.text, &merged, "the text is its amendments, made in order");
        prop_assert_eq!(motion.text.clone().fitted(), Ok(motion.text.clone()));
        prop_assert!(!motion.movers.is_empty() && motion.movers.iter().all(|mover| !motion.seconders.contains(mover)));
        let adopted = MotionPhase::ADOPTED.contains(&motion.phase);
        let decided = motion.outcome.map(|it| it.adopted);
        let fits = match motion.phase {
            MotionPhase::Rejected => decided == Some(false),
            MotionPhase::Referred => decided != Some(false),
            _ => decided == adopted.then_some(true),
        };
        prop_assert!(fits, "a decision stands where the motion is decided, or referred with it");
        prop_assert!(motion.meeting.is_some() || !matches!(motion.phase, MotionPhase::Scheduled | MotionPhase::Voting));
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_is_asked_a_motion_keeps_its_rules(start in 0usize..4, wishes in proptest::collection::vec(wish(), 0..120)) {
        walk(start, wishes, &mut BTreeMap::new())?;
    }
}

/// How many kinds of events [`wish`] can lead to.
const EVENTS_ASKED_FOR: usize = 29;

/// Without this the property above could hold because its walks never get anywhere.
#[test]
fn the_walks_reach_every_event_that_they_can_ask_for() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..150 {
        let (start, wishes) = (0usize..4, proptest::collection::vec(wish(), 120)).new_tree(&mut runner).unwrap().current();
        walk(start, wishes, &mut seen).unwrap();
    }
    assert_eq!(seen.len(), EVENTS_ASKED_FOR, "{seen:?}");
}
