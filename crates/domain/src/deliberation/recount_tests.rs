//! Makes loud: a recorded outcome that its ballots, choices or hands do not give, and passes as checked.

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{
    deliberation::{
        ballot::{Marks, Method, Stance},
        decision::{Counts, Tally, statutes},
        meeting_vote::{Choice, Hands, Question},
        poll::PollCommand,
        poll_terms::{BallotOption, Channels},
        roll::RollCommand,
        roll_entry::{Channel, Holder},
        sitting::Capacity,
    },
    values::{AgendaItemId, Instant},
};

const POLL: PollId = PollId(Uuid::from_u128(1));
const MEETING: MeetingId = MeetingId(Uuid::from_u128(2));
const VOTE: VoteId = VoteId(Uuid::from_u128(3));
const MOTION: MotionId = MotionId(Uuid::from_u128(4));

type Log = Vec<(Uuid, Event)>;

fn digest(bytes: &[u8]) -> String {
    format!("{} bytes", bytes.len())
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(100 + n))
}

fn at() -> Instant {
    DateTime::from_timestamp(0, 0).unwrap()
}

fn terms() -> PollTerms {
    PollTerms {
        matter: Matter::Question,
        area: "440402001001".parse().unwrap(),
        title: "修路".into(),
        options: vec![BallotOption::Text("同意".into())],
        method: Method::Stances,
        secrecy: Secrecy::Secret { receipts: true },
        channels: Channels::Online,
        rule: statutes::find(statutes::RESIDENTS_MEETING, 1).unwrap(),
        opens_at: None,
        closes_at: None,
        vote: None,
        smallest: None,
        chartered: None,
    }
}

/// A secret poll of so many on the roll, one ballot of each stance by the first of them.
fn polled(entitled: u128, stances: &[Stance]) -> Log {
    let marks = stances.iter().map(|stance| Marks::Stances(vec![(1, *stance)])).collect();
    held(POLL, terms(), entitled, marks, RankedRule::EveryLot)
}

/// A secret poll of so many on the roll, one ballot by each of the first of them, counted by this rule.
fn held(id: PollId, terms: PollTerms, entitled: u128, marks: Vec<Marks>, rule: RankedRule) -> Log {
    let lines: Vec<_> = (0..entitled).map(|n| RollLine { holder: Holder::Person(person(n)), voter: person(n), weight: 1 }).collect();
    let mut log: Log = vec![];
    let (mut poll, mut roll) = (Poll::default(), Roll::default());
    let told = |command: PollCommand, poll: &mut Poll, log: &mut Log| {
        for event in Poll::handle_command(poll, command).unwrap() {
            log.push((id.0, Event::Poll(event.clone())));
            *poll = Poll::apply_event(std::mem::take(poll), event);
        }
    };
    told(PollCommand::Prepare { terms }, &mut poll, &mut log);
    for event in Roll::handle_command(
        &roll,
        RollCommand::Extend { poll: id, lines: lines.clone(), outside: None, register: None, days_to_poll: None },
    )
    .unwrap()
    {
        log.push((id.0, Event::Roll(event.clone())));
        roll = Roll::apply_event(roll, event);
    }
    let entries: Vec<_> = lines.iter().map(|line| line.holder.entry(id).0).collect();
    log.extend(
        lines
            .iter()
            .zip(&entries)
            .map(|(line, entry)| (*entry, Event::RollEntry(RollEntryEvent::EntitledOnRoll { poll: id, line: *line }))),
    );
    told(PollCommand::Open { roll: FrozenRoll::of(&roll, digest(&roll.canonical_bytes())), now: at() }, &mut poll, &mut log);
    let took_part = RollEntryEvent::BallotCast { channel: Channel::Online, proxy: None };
    log.extend(entries.iter().take(marks.len()).map(|entry| (*entry, Event::RollEntry(took_part.clone()))));
    told(PollCommand::Close { now: at() }, &mut poll, &mut log);
    let voters = marks.len();
    let ballots: Vec<_> = marks.into_iter().map(|marks| Ballot { tag: None, marks }).collect();
    log.push((id.0, Event::BallotList(BallotListEvent::BallotsPublished { ballots: ballots.clone() })));
    let mut participants = Participants::of(&roll);
    entries.iter().take(voters).for_each(|entry| participants.add(RollEntryId(*entry), took_part.clone()).unwrap());
    let report = poll.counted(participants.participation, Found::Secret(ballots), rule).unwrap();
    log.push((id.0, Event::Poll(PollEvent::PollCounted { report })));
    log
}

/// Five in the room of six; these choices, a decision, and the motion it decides.
fn voted(choices: &[Choice], kind: VoteKind) -> Log {
    let rule = statutes::find(statutes::VILLAGERS_REPRESENTATIVES, 1).unwrap();
    let question = Question { item: AgendaItemId(Uuid::nil()), motion: Some(MOTION), text: "修路".into(), kind, rule, repeats: None };
    let came = |n| MeetingEvent::AttendeeCame { person: person(n), capacity: Capacity::Representative, at: at() };
    let mut events: Vec<_> = (0..5).map(came).collect();
    let voters = (0..5).map(person).collect();
    events.push(MeetingEvent::VoteOpened {
        vote: VOTE,
        question: question.clone(),
        voters,
        recused: vec![],
        entitled: 6,
        at: at(),
        on: None,
    });
    let of = |choice| choices.iter().filter(|it| **it == choice).count();
    let (yes, no, abstain) = (of(Choice::Yes), of(Choice::No), of(Choice::Abstain));
    match kind {
        VoteKind::ByName => {
            let cast = |(n, choice): (u128, &Choice)| MeetingEvent::BallotCast { vote: VOTE, person: person(n), choice: *choice, on: None };
            events.extend((0..).zip(choices).map(cast));
        }
        VoteKind::ShowOfHands => {
            let [yes, no, abstain] = [yes, no, abstain].map(|it| u32::try_from(it).unwrap());
            let counted =
                |n| MeetingEvent::HandsCounted { vote: VOTE, teller: person(n), hands: Hands { yes, no, abstain }, voters: vec![] };
            events.extend([counted(7), counted(8)]);
        }
        VoteKind::Secret { .. } => {}
    }
    let [yes, no, abstain] = [yes, no, abstain].map(many);
    let tally = Tally::by_heads(Counts { entitled: 6, present: 5, yes, no, abstain, invalid: 0 });
    let decision = Decision::of(question.rule, tally).unwrap();
    let adopted = decision.verdict.outcome == Outcome::Carried;
    events.push(MeetingEvent::VoteClosed { vote: VOTE, at: at(), decision, on: None });
    let mut log: Log = events.into_iter().map(|event| (MEETING.0, Event::Meeting(event))).collect();
    let moved = MotionEvent::MotionAdopted { vote: VOTE, version: 1 };
    let stayed = MotionEvent::MotionRejected { vote: VOTE, version: 1 };
    log.push((MOTION.0, Event::Motion(if adopted { moved } else { stayed })));
    log
}

fn recounted(log: Log) -> Vec<Recounted> {
    let mut recount = Recount::new(digest);
    log.into_iter().for_each(|(stream, event)| recount.read(stream, event));
    recount.commit_ends()
}

fn differ(log: Log) -> bool {
    recounted(log).iter().any(|it| !it.differences.is_empty())
}

fn any_stance() -> impl Strategy<Value = Stance> {
    prop_oneof![Just(Stance::Yes), Just(Stance::No), Just(Stance::Abstain)]
}

fn any_choice() -> impl Strategy<Value = Choice> {
    prop_oneof![Just(Choice::Yes), Just(Choice::No), Just(Choice::Abstain)]
}

#[test]
fn the_reason_is_printed_as_it_was_decided() {
    let found = recounted(polled(5, &[Stance::Yes, Stance::Yes, Stance::No]));
    assert_eq!((found.len(), found[0].of), (1, Decided::Poll(POLL)));
    assert_eq!(found[0].recorded.en, "carried: present 3 of 5, more than half ✓; yes 2 of 3, more than half ✓");
    let found = recounted(voted(&[Choice::Yes, Choice::Yes, Choice::No], VoteKind::ByName));
    assert_eq!(found.iter().map(|it| it.of).collect::<Vec<_>>(), [Decided::Vote(MEETING, VOTE), Decided::Motion(MOTION, VOTE)]);
    assert_eq!(found[1].recorded.zh, "未通过");
}

#[test]
fn votes_and_ballots_after_the_count_are_told() {
    let mut log = polled(3, &[Stance::Yes, Stance::No]);
    let mut recount = Recount::new(digest);
    log.drain(..).for_each(|(stream, event)| recount.read(stream, event));
    assert!(recount.commit_ends()[0].differences.is_empty());
    let late = Holder::Person(person(2)).entry(POLL).0;
    recount.read(late, Event::RollEntry(RollEntryEvent::BallotCast { channel: Channel::Online, proxy: None }));
    let ballots = vec![Ballot { tag: None, marks: Marks::Blank }];
    recount.read(POLL.0, Event::BallotList(BallotListEvent::BallotsPublished { ballots }));
    let told: Vec<_> = recount.commit_ends().into_iter().flat_map(|it| it.differences).collect();
    assert_eq!(told, [Difference::OutOfTurn { entries: 1 }, Difference::LateBallots { ballots: 1 }]);
}

/// Three equal preferences for one place, counted by this rule.
fn ranked(id: u128, rule: RankedRule) -> Log {
    let options = ["一", "二", "三"].map(|text| BallotOption::Text(text.into())).into();
    let terms =
        PollTerms { options, method: Method::Ranked { seats: 1 }, rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(), ..terms() };
    held(PollId(Uuid::from_u128(id)), terms, 3, (1..=3).map(|option| Marks::Ranked(vec![option])).collect(), rule)
}

#[test]
fn ranked_ballots_are_counted_again_by_the_rule_that_counted_them() {
    let tied = |log: &Log| match log.last() {
        Some((_, Event::Poll(PollEvent::PollCounted { report }))) => report.tally.tied.clone(),
        other => panic!("{other:?}"),
    };
    let (earlier, later) = (ranked(20, RankedRule::TwoLots), ranked(21, RankedRule::EveryLot));
    assert_eq!((tied(&earlier), tied(&later)), (vec![1, 3], vec![1, 2, 3]));
    let told = |log: Log| recounted(log).into_iter().flat_map(|it| it.differences).collect::<Vec<_>>();
    assert_eq!(told([earlier.clone(), later.clone()].concat()), []);
    assert_eq!(told([later, earlier.clone()].concat()), [Difference::EarlierRankedRule], "nobody goes back to the earlier rule");

    let stored = earlier.last().unwrap().1.encode().unwrap().1;
    assert!(!stored.contains("ranked_rule") && !stored.contains("too_many_ties"), "{stored}");
    assert_eq!(
        Event::decode(Poll::NAME, "PollCounted", &stored).unwrap(),
        earlier.last().unwrap().1,
        "as it was stored before rules had names"
    );
}

#[test]
fn a_rule_that_bears_a_statutes_name_reads_as_it() {
    let mut log = polled(3, &[Stance::Yes]);
    for (_, event) in &mut log {
        if let Event::Poll(PollEvent::PollPrepared { terms }) = event {
            terms.rule.majority.clear();
        }
    }
    let differences = &recounted(log)[0].differences;
    assert!(differences.iter().any(|it| matches!(it, Difference::Rule { .. })), "{differences:?}");
    assert!(differences.iter().all(|it| !it.wording().zh.is_empty() && !it.wording().en.is_empty()));
}

proptest! {
    /// What the rules decided is found again; another mark on one ballot, or one event less, is told.
    #[test]
    fn a_poll_is_found_again_and_nothing_in_it_changes_unnoticed(
        stances in proptest::collection::vec(any_stance(), 1..12), spare in 0u128..4, ballot in 0usize..12, other in any_stance(), gone in 0usize..60,
    ) {
        let log = polled(stances.len() as u128 + spare, &stances);
        prop_assert_eq!(recounted(log.clone())[0].differences.clone(), vec![]);
        let mut changed = log.clone();
        for (_, event) in &mut changed {
            if let Event::BallotList(BallotListEvent::BallotsPublished { ballots }) = event {
                let at = ballot % ballots.len();
                ballots[at].marks = Marks::Stances(vec![(1, other)]);
            }
        }
        prop_assert_eq!(differ(changed.clone()), changed != log);
        let mut less = log;
        let gone = gone % (less.len() - 1);
        less.remove(gone);
        prop_assert!(differ(less), "without event {}", gone);
    }

    #[test]
    fn a_meetings_vote_is_found_again_and_no_choice_changes_unnoticed(
        choices in proptest::collection::vec(any_choice(), 0..6), hands in any::<bool>(), which in 0usize..6, other in any_choice(),
    ) {
        let kind = if hands { VoteKind::ShowOfHands } else { VoteKind::ByName };
        let log = voted(&choices, kind);
        prop_assert!(!differ(log.clone()));
        let mut changed = log.clone();
        let mut nth = 0;
        for (_, event) in &mut changed {
            match event {
                Event::Meeting(MeetingEvent::BallotCast { choice, .. }) => {
                    if nth == which { *choice = other }
                    nth += 1;
                }
                Event::Meeting(MeetingEvent::HandsCounted { hands, .. }) => hands.yes += u32::try_from(which).unwrap(),
                _ => {}
            }
        }
        prop_assert_eq!(differ(changed.clone()), changed != log);
        let mut turned = log;
        if let Some((_, Event::Motion(event))) = turned.last_mut() {
            *event = match event {
                MotionEvent::MotionAdopted { vote, version } => MotionEvent::MotionRejected { vote: *vote, version: *version },
                _ => MotionEvent::MotionAdopted { vote: VOTE, version: 1 },
            };
        }
        prop_assert!(differ(turned));
    }
}
