//! Makes loud: a poll that changes after it opened, a ballot out of time, paper counted by one, a count that hides that
//! ballots and voters differ.

use super::*;
use crate::deliberation::{
    ballot::{Method, Stance},
    counting::paper::Batch,
    decision::{Outcome, statutes},
    poll_terms::{Channels, Matter},
    roll::Roll,
    roll_entry::{Holder, RollLine},
};
use crate::scenario::{Given, given};
use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn person(id: u128) -> PersonId {
    PersonId(Uuid::from_u128(id))
}

fn terms() -> PollTerms {
    PollTerms {
        matter: Matter::Question,
        area: "440402001001".parse().unwrap(),
        title: "居民公约".to_owned(),
        options: vec![BallotOption::Text("通过".to_owned())],
        method: Method::Stances,
        secrecy: Secrecy::Secret { receipts: true },
        channels: Channels::Online,
        rule: statutes::find(statutes::RESIDENTS_MEETING, 1).unwrap(),
        opens_at: Some(at(0)),
        closes_at: Some(at(60)),
        vote: None,
        smallest: None,
        chartered: None,
    }
}

fn roll(entries: u64) -> FrozenRoll {
    FrozenRoll { entries, heads: entries, weight: entries, digest: "00".repeat(32), composition: None }
}

fn opened(terms: PollTerms, entries: u64) -> Given<Poll> {
    let mut poll = given::<Poll>([]).and(PollCommand::Prepare { terms });
    if Poll::has_paper(poll.terms().unwrap()) {
        poll = poll.and(PollCommand::AppointTellers { tellers: [person(1), person(2)] });
    }
    poll.and(PollCommand::Open { roll: roll(entries), now: at(0) })
}

fn ballots(stances: &[Stance]) -> Found {
    let ballot =
        |(stance, number): (&Stance, usize)| Ballot { tag: Some(format!("{number:022}")), marks: Marks::Stances(vec![(1, *stance)]) };
    Found::Secret(stances.iter().zip(0..).map(ballot).collect())
}

fn online(voters: u64) -> Participation {
    Participation { online: Count::of(voters), ..Participation::default() }
}

#[test]
fn a_poll_goes_its_way_once() {
    let poll = opened(terms(), 5);
    poll.when(PollCommand::Prepare { terms: terms() }).then_code("PollExists");
    poll.when(PollCommand::Open { roll: roll(5), now: at(1) }).then_code("PollIsOpened");
    poll.when(PollCommand::Close { now: at(59) }).then_code("TooEarly");
    poll.when(PollCommand::Publish).then_code("PollNotCounted");
    let closed = poll.and(PollCommand::Close { now: at(60) });
    closed.when(PollCommand::Close { now: at(61) }).then_code("PollNotOpen");
    let found = ballots(&[Stance::Yes, Stance::Yes, Stance::No]);
    let counted = closed.and(PollCommand::Count { participation: online(3), found: found.clone() });
    counted.when(PollCommand::Count { participation: online(3), found }).then_code("PollNotClosed");
    let PollOutcome::Decided { decisions } = &counted.report.as_ref().unwrap().outcome else { panic!("{:?}", counted.state) };
    assert_eq!(decisions[0].verdict.outcome, Outcome::Carried);
    assert_eq!(decisions[0].recheck(), Ok(()));
    let published = counted.and(PollCommand::Publish);
    published.when(PollCommand::Void { reason: "重选".to_owned() }).then_code("PollIsOver");
    for command in [PollCommand::Publish, PollCommand::Close { now: at(60) }, PollCommand::Void { reason: "无".into() }] {
        given::<Poll>([]).when(command).then_code("UnknownPoll");
    }
}

#[test]
fn a_ballot_comes_in_while_the_poll_is_open_and_in_its_way() {
    let poll = opened(terms(), 5);
    assert!(poll.require_casting(Channel::Online, at(59)).is_ok());
    assert_eq!(poll.require_casting(Channel::Online, at(60)), Err(PollRefusal::PollOver));
    assert_eq!(poll.require_casting(Channel::InPerson, at(1)), Err(PollRefusal::ChannelClosed));
    let closed = poll.and(PollCommand::Close { now: at(60) });
    assert_eq!(closed.require_casting(Channel::Online, at(1)), Err(PollRefusal::PollNotOpen));
    assert_eq!(Poll::default().require_casting(Channel::Online, at(1)), Err(PollRefusal::UnknownPoll));
}

#[test]
fn a_roll_with_weights_opens_by_name_only() {
    let flat = |id, weight| RollLine { holder: Holder::Property(Uuid::from_u128(id)), voter: person(id), weight };
    let lines = [flat(1, 8_850), flat(2, 12_000)];
    let made = Roll {
        lines: lines.into_iter().map(|line| (line.holder.entry(crate::values::PollId(Uuid::nil())), line)).collect(),
        ..Roll::default()
    };
    let weighted = FrozenRoll::of(&made, String::new());
    let open = |secrecy| {
        let poll = given::<Poll>([]).and(PollCommand::Prepare { terms: PollTerms { secrecy, ..terms() } });
        poll.when(PollCommand::Open { roll: weighted.clone(), now: at(0) })
    };
    open(Secrecy::Secret { receipts: false }).then_code("WeightedSecretPoll");
    open(Secrecy::Open).then_done();
    let empty = given::<Poll>([]).and(PollCommand::Prepare { terms: terms() });
    empty.when(PollCommand::Open { roll: roll(0), now: at(0) }).then_code("RollEmpty");
}

#[test]
fn owners_decide_by_head_and_by_area() {
    let rule = statutes::find(statutes::OWNERS, 1).unwrap();
    let poll = given::<Poll>([]).and(PollCommand::Prepare { terms: PollTerms { secrecy: Secrecy::Open, rule, ..terms() } });
    let frozen = FrozenRoll { entries: 3, heads: 3, weight: 30_000, digest: String::new(), composition: None };
    let poll = poll.and(PollCommand::Open { roll: frozen, now: at(0) }).and(PollCommand::Close { now: at(60) });
    let vote = |stance, weight| (Marks::Stances(vec![(1, stance)]), Count { heads: 1, weight });
    let found = Found::Open(vec![vote(Stance::Yes, 5_000), vote(Stance::Yes, 5_000), vote(Stance::No, 20_000)]);
    let participation = Participation { online: Count { heads: 3, weight: 30_000 }, ..Participation::default() };
    let counted = poll.and(PollCommand::Count { participation, found });
    let PollOutcome::Decided { decisions } = &counted.state.report.unwrap().outcome else { panic!("decided") };
    assert_eq!(decisions[0].verdict.outcome, Outcome::Failed, "two of three heads, but a third of the area");
}

#[test]
fn two_tellers_must_say_the_same() {
    let terms = PollTerms { channels: Channels::Mixed, ..terms() };
    let prepared = given::<Poll>([]).and(PollCommand::Prepare { terms: terms.clone() });
    prepared.when(PollCommand::Open { roll: roll(5), now: at(0) }).then_code("TellersMissing");
    prepared.when(PollCommand::AppointTellers { tellers: [person(1), person(1)] }).then_code("TellersUnfit");
    let heap =
        |ballots| PaperCount::Batches { batches: vec![Batch { marks: Marks::Stances(vec![(1, Stance::Yes)]), ballots }], invalid: 1 };
    let enter = |teller, ballots| PollCommand::EnterPaperCount { teller: person(teller), count: heap(ballots) };
    let count = || PollCommand::Count {
        participation: Participation { online: Count::of(1), in_person: Count::of(3), by_proxy: 0 },
        found: ballots(&[Stance::Yes]),
    };

    let poll = opened(terms, 5);
    poll.when(enter(1, 2)).then_code("PollNotClosed");
    let poll = poll.and(PollCommand::Close { now: at(60) });
    poll.when(enter(3, 2)).then_code("NotTeller");
    let poll = poll.and(enter(1, 2));
    assert_eq!(poll.paper_phase(), PaperPhase::Awaited);
    poll.when(count()).then_code("PaperNotAgreed");
    let poll = poll.and(enter(2, 3));
    assert_eq!(poll.paper_phase(), PaperPhase::Disagreed(&heap(2), &heap(3)));
    poll.when(count()).then_code("PaperNotAgreed");
    let poll = poll.and(enter(2, 2));
    assert_eq!(poll.paper_phase(), PaperPhase::Agreed(&heap(2)));
    poll.when(enter(1, 9)).then_code("PaperIsAgreed");
    let report = poll.and(count()).state.report.unwrap();
    assert_eq!((report.tally.cast, report.tally.invalid, report.tally.options[0].votes), (Count::of(4), Count::of(1), Count::of(3)));
}

#[test]
fn more_paper_than_voters_voids_the_vote() {
    let poll = opened(PollTerms { channels: Channels::InPerson, ..terms() }, 5);
    let mut poll = poll.and(PollCommand::Close { now: at(60) });
    for teller in [1, 2] {
        let count = PaperCount::Batches { batches: vec![Batch { marks: Marks::Stances(vec![(1, Stance::Yes)]), ballots: 4 }], invalid: 0 };
        poll = poll.and(PollCommand::EnterPaperCount { teller: person(teller), count });
    }
    let participation = Participation { in_person: Count::of(3), ..Participation::default() };
    let counted = poll.and(PollCommand::Count { participation, found: Found::Secret(vec![]) });
    let PollOutcome::Decided { decisions } = &counted.state.report.unwrap().outcome else { panic!("decided") };
    assert_eq!(decisions[0].verdict.outcome, Outcome::Void);
}

#[test]
fn a_lost_or_a_stuffed_ballot_is_told_and_nothing_is_published() {
    for (voters, cast) in [(3, 2), (3, 4)] {
        let closed = opened(terms(), 5).and(PollCommand::Close { now: at(60) });
        let found = ballots(&vec![Stance::Yes; cast]);
        let counted = closed.and(PollCommand::Count { participation: online(voters), found });
        let outcome = &counted.report.as_ref().unwrap().outcome;
        assert_eq!(*outcome, PollOutcome::Disputed { participations: voters, ballots: cast as u64 });
        counted.when(PollCommand::Publish).then_code("PollIsDisputed");
        assert_eq!(counted.and(PollCommand::Void { reason: "票数不符".to_owned() }).phase, PollPhase::Voided);
    }
}

#[test]
fn a_tag_on_two_ballots_is_told() {
    let ballot = || Ballot { tag: Some("A".repeat(22)), marks: Marks::Blank };
    let closed = opened(terms(), 5).and(PollCommand::Close { now: at(60) });
    let counted = closed.and(PollCommand::Count { participation: online(2), found: Found::Secret(vec![ballot(), ballot()]) });
    assert_eq!(counted.state.report.unwrap().clashing_tags, 1);
}

#[test]
fn terms_that_do_not_fit_are_refused() {
    let unfit = |change: &dyn Fn(&mut PollTerms)| {
        let mut terms = terms();
        change(&mut terms);
        given::<Poll>([]).when(PollCommand::Prepare { terms })
    };
    unfit(&|it| it.title = "  ".into()).then_code("PollTitleUnfit");
    unfit(&|it| it.options = vec![]).then_code("OptionsUnfit");
    unfit(&|it| it.options = vec![BallotOption::Nominee(person(1)); 2]).then_code("OptionsUnfit");
    unfit(&|it| it.options = vec![BallotOption::Text(String::new())]).then_code("OptionsUnfit");
    unfit(&|it| it.method = Method::Plurality { seats: 1, marks_max: 2 }).then_code("MethodUnfit");
    unfit(&|it| it.method = Method::Ranked { seats: 0 }).then_code("MethodUnfit");
    unfit(&|it| it.closes_at = Some(at(0))).then_code("TimesUnfit");
}

fn any_command() -> impl Strategy<Value = PollCommand> {
    let count = || PaperCount::Batches { batches: vec![], invalid: 0 };
    prop_oneof![
        prop_oneof![Just(Channels::Online), Just(Channels::Mixed)]
            .prop_map(|channels| PollCommand::Prepare { terms: PollTerms { channels, ..terms() } }),
        (0u128..4, 0u128..4).prop_map(|(one, other)| PollCommand::AppointTellers { tellers: [person(one), person(other)] }),
        (0u64..4, 0i64..90).prop_map(|(entries, minute)| PollCommand::Open { roll: roll(entries), now: at(minute) }),
        (0i64..90).prop_map(|minute| PollCommand::Close { now: at(minute) }),
        (0u128..4).prop_map(move |teller| PollCommand::EnterPaperCount { teller: person(teller), count: count() }),
        (0u64..4, 0usize..4)
            .prop_map(|(voters, cast)| PollCommand::Count { participation: online(voters), found: ballots(&vec![Stance::Yes; cast]) }),
        Just(PollCommand::Publish),
        Just(PollCommand::Void { reason: "作废".to_owned() }),
    ]
}

#[test]
fn equal_ranked_ballots_tie_and_the_reason_says_when_they_tie_in_too_many_ways() {
    let report = |options: u16| {
        let terms = PollTerms {
            options: (1..=options).map(|number| BallotOption::Text(number.to_string())).collect(),
            method: Method::Ranked { seats: 1 },
            rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
            ..terms()
        };
        let closed = opened(terms, options.into()).and(PollCommand::Close { now: at(60) });
        let found = Found::Secret((1..=options).map(|number| Ballot { tag: None, marks: Marks::Ranked(vec![number]) }).collect());
        closed.and(PollCommand::Count { participation: online(options.into()), found }).report.clone().unwrap()
    };
    let reason = |report: &PollReport| report.outcome.reason(1, |id| id.as_u128().to_string());
    let three = report(3);
    assert_eq!((three.tally.leading.as_slice(), three.tally.tied.as_slice()), (&[][..], &[1, 2, 3][..]));
    assert_eq!(reason(&three).en, "1 tied; 2 tied; 3 tied; seats left: 1");
    let placed = PollOutcome::Placed { steps: vec![], valid: true, elected: vec![Uuid::from_u128(2)], tied: vec![], too_many_ties: false };
    let told = |seats| placed.reason(seats, |id| id.as_u128().to_string());
    assert_eq!((told(1).en.as_str(), told(3).en.as_str(), told(3).zh.as_str()), ("2 elected", "2 elected; seats left: 2", "2当选；缺额 2"));
    let twenty = report(20);
    assert_eq!((twenty.tally.too_many_ties, twenty.tally.tied.len()), (true, 20));
    let (zh, en) = (reason(&twenty).zh, reason(&twenty).en);
    let en_ends = "too many ties: more than 10000 states of the count, whoever is undecided counts as tied; seats left: 1";
    assert!(en.ends_with(en_ends), "{en}");
    assert!(zh.ends_with("凡未确定者均列为并列；缺额 1"), "{zh}");
}

proptest! {
    /// Whatever is asked in whatever order: terms and roll stay as they were opened with, phases only go on, every event
    /// is stored and read as itself, and what is published had as many ballots as voters.
    #[test]
    fn a_poll_only_goes_on(commands in proptest::collection::vec(any_command(), 0..40)) {
        let mut poll = Poll::default();
        for command in commands {
            let before = poll.clone();
            for event in Poll::handle_command(&poll, command).unwrap_or_default() {
                let (kind, payload) = event.encode().unwrap();
                prop_assert_eq!(&PollEvent::decode(&kind, &payload).unwrap(), &event);
                poll = Poll::apply_event(poll, event);
            }
            prop_assert!(poll.phase as u8 >= before.phase as u8);
            if before.phase as u8 >= PollPhase::Opened as u8 {
                prop_assert_eq!((&poll.terms, &poll.roll), (&before.terms, &before.roll));
            }
            if poll.phase == PollPhase::Published {
                prop_assert!(!matches!(poll.report.as_ref().unwrap().outcome, PollOutcome::Disputed { .. }), "published though disputed");
            }
        }
    }
}
