//! Casting and counting. Makes loud: a second ballot that counts, a ballot out of time or by a stranger, a lost or doubled
//! ballot, a repeat that changes a vote, weights in a secret poll, paper counted by one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gongyi_app::deliberation::{
    poll::{
        casting::{CastOpenBallot, RecordInPerson},
        counting::{ClosePoll, CountPoll, EnterPaperCount, PublishPoll, VoidPoll},
        preparing::{AppointTellers, OpenPoll, PrepareCouncilPoll, PreparePoll},
        roll::{EnterOnRoll, StrikeFromRoll},
    },
    recount::recount,
};
use gongyi_domain::{
    deliberation::{
        ballot::{BallotList, Marks, Method, Stance},
        charter::Matter,
        counting::{Count, paper::PaperCount},
        decision::{Outcome, statutes},
        poll::{PaperPhase, Poll, PollPhase},
        poll_report::PollOutcome,
        poll_terms::{BallotOption, Channels, PollTerms, Secrecy, Smallest},
        roll::Grounds,
        roll_entry::{Holder, RollEntry, RollLine},
    },
    values::{PersonId, PollId},
};
use gongyi_eventlog::Upcasters;
use uuid::Uuid;

use crate::harness::{District, Hand, OTHER_COMMUNITY, Sitting, Voter, choice_terms, expect_refused, expect_refused_at};

/// Voters of the load test; a poll of a street's size is in the benchmark.
const VOTERS: usize = 5_000;
const CLIENTS: usize = 256;

fn choose(option: u16) -> Marks {
    Marks::Chosen(vec![option])
}

fn hand<'d>(district: &'d District, voter: &Voter) -> Hand<'d> {
    Hand { district, app: district.app.clone(), actor: voter.actor.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_vote_once_though_each_tries_twice() {
    let district = District::durable().await;
    let voters = Arc::new(district.electorate(VOTERS).await);
    let poll = district.opens(choice_terms(), &voters).await;
    let next = Arc::new(AtomicUsize::new(0));
    let clients = (0..CLIENTS).map(|_| {
        let (app, voters, next) = (district.app.clone(), voters.clone(), next.clone());
        tokio::spawn(async move {
            let mut refused = 0;
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(voter) = voters.get(at) else { return refused };
                let option = u16::try_from(at % 4).unwrap() + 1;
                // Both at once: whichever comes first, one of them counts, and both are for the same option.
                let (one, other) = tokio::join!(
                    voter.casts(&app, poll, choose(option), Uuid::now_v7(), None),
                    voter.casts(&app, poll, choose(option), Uuid::now_v7(), None)
                );
                assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "voter {at}");
                expect_refused("AlreadyVoted", if one.is_ok() { other } else { one });
                refused += 1;
            }
        })
    });
    let mut refused = 0;
    for client in clients.collect::<Vec<_>>() {
        refused += client.await.unwrap();
    }
    district.closes(poll).await;
    let report = district.counts(poll).await;
    assert_eq!(refused, VOTERS);
    assert_eq!(report.participation.online, Count::of(VOTERS as u64));
    assert_eq!(report.tally.cast, Count::of(VOTERS as u64));
    assert_eq!(report.tally.options.iter().map(|it| it.votes.heads).collect::<Vec<_>>(), [VOTERS as u64 / 4; 4]);
    assert_eq!((report.tally.leading.as_slice(), report.tally.tied.as_slice()), (&[][..], &[1, 2, 3, 4][..]));
    assert!(!matches!(report.outcome, PollOutcome::Disputed { .. }));
    assert!(district.app.vault().ballot_box().await.unwrap().polls().await.unwrap().is_empty(), "the box is gone");
}

/// A council's secret choice, with receipts if its charter says so.
async fn councils_choice(district: &District, sitting: &Sitting) -> PollId {
    let organiser = district.organiser();
    let prepare = PrepareCouncilPoll {
        council: sitting.council,
        kind: Matter::Personnel,
        title: "秘书人选".into(),
        options: ["甲", "乙", "丙"].map(str::to_owned).to_vec(),
        method: Method::Choice,
        channels: Channels::Online,
        opens_at: None,
        closes_at: None,
    };
    let poll = organiser.does(&prepare).await.unwrap();
    let lines = sitting.representatives.iter().map(Voter::line).collect();
    organiser.does(&EnterOnRoll { poll, lines, exception: None, register: None }).await.unwrap();
    organiser.does(&OpenPoll { poll }).await.unwrap()
}

#[tokio::test]
async fn a_receipt_is_told_once_finds_the_ballot_and_is_not_the_voters_tag() {
    let district = District::new().await;
    let sitting = district.council_with(3, |terms| terms.receipts = true).await;
    let (voters, poll) = (&sitting.representatives, councils_choice(&district, &sitting).await);
    let (app, id) = (&district.app, Uuid::now_v7());
    let first = voters[0].casts(app, poll, choose(2), id, None).await.unwrap();
    let receipt = first.receipt.unwrap();
    let again = voters[0].casts(app, poll, choose(3), id, None).await.unwrap();
    assert!(again.done.unchanged && again.receipt.is_none(), "the first ballot stays, and its receipt is not told again");
    let tag = "o".repeat(22);
    let made = voters[1].casts(app, poll, choose(1), Uuid::now_v7(), Some(tag.clone())).await.unwrap().receipt.unwrap();
    assert_ne!(made, tag);
    expect_refused("TagUnfit", voters[2].casts(app, poll, choose(1), Uuid::now_v7(), Some("short".into())).await);
    district.closes(poll).await;
    let ballots = district.app.vault().ballot_box().await.unwrap();
    assert!(ballots.receipt(poll, tag.clone()).await.is_err(), "whoever knows the tag makes no receipt of it any more");
    district.counts(poll).await;
    let list = app.state::<BallotList>(poll).await.unwrap().ballots;
    let found = |tag: &str| list.iter().find(|it| it.tag.as_deref() == Some(tag)).map(|it| it.marks.clone());
    assert_eq!((found(&receipt), found(&made), found(&tag), list.len()), (Some(choose(2)), Some(choose(1)), None, 2));
}

#[tokio::test]
async fn without_a_charter_that_gives_receipts_no_ballot_bears_one() {
    let district = District::new().await;
    let asked = PollTerms { secrecy: Secrecy::Secret { receipts: true }, ..choice_terms() };
    expect_refused("ReceiptsNotChartered", district.organiser().does(&PreparePoll { terms: asked }).await);
    let sitting = district.council_with(1, |_| ()).await;
    let poll = councils_choice(&district, &sitting).await;
    let voter = &sitting.representatives[0];
    let cast = voter.casts(&district.app, poll, choose(1), Uuid::now_v7(), Some("o".repeat(22))).await.unwrap();
    assert_eq!(cast.receipt, None);
    district.closes(poll).await;
    district.counts(poll).await;
    let list = district.app.state::<BallotList>(poll).await.unwrap().ballots;
    assert_eq!((list.len(), list[0].tag.as_ref()), (1, None));
}

/// The order in which options were marked, or one of several ways to mark nothing, would be a receipt that anybody can ask for.
#[tokio::test]
async fn the_published_list_says_nothing_by_order_or_form() {
    let district = District::new().await;
    let voters = district.electorate(5).await;
    let method = Method::Approval { seats: 1 };
    let poll = district.opens(PollTerms { method, ..choice_terms() }, &voters).await;
    let marks = [vec![4, 1, 2], vec![2, 4, 1], vec![1, 2, 4], vec![], vec![3]].map(Marks::Chosen);
    for (voter, marks) in voters.iter().zip(marks) {
        voter.casts(&district.app, poll, marks, Uuid::now_v7(), None).await.unwrap();
    }
    district.closes(poll).await;
    let report = district.counts(poll).await;
    assert_eq!((report.tally.blank.heads, report.tally.options[3].votes.heads), (1, 3));
    let mut list: Vec<_> = district.app.state::<BallotList>(poll).await.unwrap().ballots.into_iter().map(|it| it.marks).collect();
    list.sort();
    let alike = Marks::Chosen(vec![1, 2, 4]);
    assert_eq!(list, [Marks::Blank, alike.clone(), alike.clone(), alike, Marks::Chosen(vec![3])]);
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound(), "{again:?}");
}

#[tokio::test]
async fn a_small_or_a_mixed_secret_poll_is_told_in_sums_only() {
    let district = District::new().await;
    let voters = district.electorate(6).await;
    let state = async |poll: PollId| district.app.state::<Poll>(poll).await.unwrap();
    let few = district.opens(choice_terms(), &voters[..4]).await;
    assert_eq!(state(few).await.terms.unwrap().smallest, Some(Smallest { roll: 5, turnout: 5 }), "it is said before anybody votes");
    assert!(state(few).await.sums_only());
    let enough = district.opens(choice_terms(), &voters).await;
    assert!(!state(enough).await.sums_only());
    for voter in &voters[..4] {
        voter.casts(&district.app, enough, choose(1), Uuid::now_v7(), None).await.unwrap();
    }
    district.closes(enough).await;
    district.counts(enough).await;
    assert!(state(enough).await.sums_only(), "4 of 6 took part");
    let smallest = |roll, turnout| PollTerms { smallest: Some(Smallest { roll, turnout }), ..choice_terms() };
    let raised = district.opens(smallest(7, 5), &voters).await;
    assert!(state(raised).await.sums_only(), "six are fewer than seven");
    for (roll, turnout) in [(4, 5), (5, 4), (1, 1)] {
        expect_refused_at(
            "SmallestNotChartered",
            "smallest",
            district.organiser().does(&PreparePoll { terms: smallest(roll, turnout) }).await,
        );
    }
    let open = district.opens(PollTerms { secrecy: Secrecy::Open, ..choice_terms() }, &voters[..2]).await;
    assert!(!state(open).await.sums_only(), "who voted what is public there");
    expect_refused("SmallestUnfit", district.organiser().does(&PreparePoll { terms: smallest(0, 5) }).await);
    let mixed = district.organiser().does(&PreparePoll { terms: PollTerms { channels: Channels::Mixed, ..choice_terms() } }).await.unwrap();
    assert!(state(mixed).await.sums_only(), "a few on paper would stand out among those online");
}

#[tokio::test]
async fn those_vote_who_are_registered_at_home_or_named_with_a_reason() {
    let district = District::new().await;
    let (voters, outside) = (district.electorate(2).await, district.registers_in(OTHER_COMMUNITY).await);
    let organiser = district.organiser();
    let poll = district.prepares(choice_terms(), &[]).await;
    let line = |person| RollLine { holder: Holder::Person(person), voter: person, weight: 1 };
    let enters = |lines: Vec<RollLine>, exception: Option<&str>, register: Option<&str>| {
        let (exception, register) = (exception.map(str::to_owned), register.map(str::to_owned));
        EnterOnRoll { poll, lines, exception, register }
    };
    let nobody = PersonId(Uuid::now_v7());
    expect_refused("VoterUnknown", organiser.does(&enters(vec![line(nobody)], Some("外来"), None)).await);
    let two = vec![voters[0].line(), line(outside)];
    expect_refused("VoterFromElsewhere", organiser.does(&enters(two.clone(), None, None)).await);
    expect_refused("ExceptionUnfit", organiser.does(&enters(two.clone(), Some(" "), None)).await);
    organiser.does(&enters(two, Some("在本社区经营"), None)).await.unwrap();
    let household = |id: u128| RollLine { holder: Holder::Household(Uuid::from_u128(id)), voter: voters[1].person, weight: 1 };
    let many: Vec<_> = (1..=50).map(household).collect();
    expect_refused("VoterTwice", organiser.does(&enters(many.clone(), None, None)).await);
    organiser.does(&enters(many[..3].to_vec(), None, Some("2026 年户代表登记册"))).await.unwrap();

    let tellers = |other| AppointTellers { poll, tellers: [voters[0].person, other] };
    expect_refused("TellerUnknown", organiser.does(&tellers(nobody)).await);
    organiser.does(&tellers(outside)).await.unwrap();
    organiser.does(&OpenPoll { poll }).await.unwrap();
    let composition = district.app.state::<Poll>(poll).await.unwrap().roll.unwrap().composition.unwrap();
    assert_eq!((composition.persons, composition.households, composition.properties), (2, 3, 0));
    assert_eq!(composition.outside, [Grounds { text: "在本社区经营".into(), entries: 1 }]);
    assert_eq!(composition.registers, [Grounds { text: "2026 年户代表登记册".into(), entries: 3 }]);
}

#[tokio::test]
async fn who_may_not_and_when_and_what_is_refused() {
    let district = District::new().await;
    let voters = district.electorate(3).await;
    let app = &district.app;
    let terms = PollTerms { closes_at: Some(district.in_minutes(60)), ..choice_terms() };
    let poll = district.prepares(terms, &voters[..2]).await;
    let cast = async |voter: usize, marks| voters[voter].casts(app, poll, marks, Uuid::now_v7(), None).await;
    expect_refused("PollNotOpen", cast(0, choose(1)).await);
    district.organiser().does(&OpenPoll { poll }).await.unwrap();
    expect_refused("NotOnRoll", cast(2, choose(1)).await);
    expect_refused("NotAllowed", voters[2].casts_for(app, poll, voters[0].entry(poll), choose(1), Uuid::now_v7(), None).await);
    expect_refused("TooManyMarks", cast(0, Marks::Chosen(vec![1, 2])).await);
    expect_refused("UnknownOption", cast(0, choose(5)).await);
    expect_refused("OtherMethod", cast(0, Marks::Ranked(vec![1])).await);
    expect_refused(
        "OtherSecrecy",
        hand(&district, &voters[0]).does(&CastOpenBallot { poll, entry: voters[0].entry(poll), marks: choose(1) }).await,
    );
    expect_refused("UnknownPoll", voters[0].casts(app, Uuid::nil().into(), choose(1), Uuid::now_v7(), None).await);
    expect_refused(
        "PollIsOpened",
        district.organiser().does(&EnterOnRoll { poll, lines: vec![voters[2].line()], exception: None, register: None }).await,
    );
    let (entries, reason) = (vec![voters[0].entry(poll)], "迁出".to_owned());
    expect_refused("PollIsOpened", district.organiser().does(&StrikeFromRoll { poll, entries, reason }).await);
    expect_refused("TooEarly", district.organiser().does(&ClosePoll { poll }).await);
    cast(0, Marks::Blank).await.unwrap();
    district.waits_minutes(60);
    expect_refused("PollOver", cast(1, choose(1)).await);
    district.closes(poll).await;
    expect_refused("PollNotOpen", cast(1, choose(1)).await);
    let report = district.counts(poll).await;
    assert_eq!((report.tally.cast, report.tally.blank), (Count::ONE, Count::ONE));
    expect_refused("PollNotClosed", district.organiser().does(&CountPoll { poll }).await);
    district.organiser().does(&PublishPoll { poll }).await.unwrap();
    expect_refused("PollIsOver", district.organiser().does(&PublishPoll { poll }).await);
    expect_refused("NotAllowed", hand(&district, &voters[0]).does(&VoidPoll { poll, reason: "无".into() }).await);
}

#[tokio::test]
async fn paper_and_online_share_a_roll_and_two_tellers_must_agree() {
    let district = District::new().await;
    let voters = district.electorate(6).await;
    let terms = PollTerms { channels: Channels::Mixed, ..choice_terms() };
    let poll = district.prepares(terms, &voters[..4]).await;
    let organiser = district.organiser();
    expect_refused("TellersMissing", organiser.does(&OpenPoll { poll }).await);
    organiser.does(&AppointTellers { poll, tellers: [voters[4].person, voters[5].person] }).await.unwrap();
    organiser.does(&OpenPoll { poll }).await.unwrap();
    let on_paper = |voter: usize| RecordInPerson { poll, entry: voters[voter].entry(poll), proxy: None, marks: None };
    voters[0].casts(&district.app, poll, choose(1), Uuid::now_v7(), None).await.unwrap();
    expect_refused("AlreadyVoted", organiser.does(&on_paper(0)).await);
    organiser.does(&on_paper(1)).await.unwrap();
    organiser.does(&on_paper(2)).await.unwrap();
    expect_refused("AlreadyVoted", voters[1].casts(&district.app, poll, choose(1), Uuid::now_v7(), None).await);
    district.closes(poll).await;

    let sheet =
        |votes: [u64; 4]| EnterPaperCount { poll, count: PaperCount::Options { valid: 1, blank: 0, invalid: 1, votes: votes.to_vec() } };
    expect_refused("NotTeller", hand(&district, &voters[0]).does(&sheet([1, 0, 0, 0])).await);
    hand(&district, &voters[4]).does(&sheet([1, 0, 0, 0])).await.unwrap();
    hand(&district, &voters[5]).does(&sheet([0, 1, 0, 0])).await.unwrap();
    expect_refused("PaperNotAgreed", organiser.does(&CountPoll { poll }).await);
    assert!(matches!(district.app.state::<Poll>(poll).await.unwrap().paper_phase(), PaperPhase::Disagreed(..)));
    hand(&district, &voters[5]).does(&sheet([1, 0, 0, 0])).await.unwrap();
    let report = district.counts(poll).await;
    assert_eq!((report.tally.cast.heads, report.tally.invalid.heads, report.tally.options[0].votes.heads), (3, 1, 2));
    assert_eq!((report.participation.online.heads, report.participation.in_person.heads), (1, 2));
}

#[tokio::test]
async fn owners_vote_by_name_by_head_and_by_area() {
    let district = District::new().await;
    let voters = district.electorate(3).await;
    let flat = |n: u128, voter: &Voter, weight| RollLine { holder: Holder::Property(Uuid::from_u128(n)), voter: voter.person, weight };
    let lines = vec![flat(1, &voters[0], 8_850), flat(2, &voters[0], 3_000), flat(3, &voters[1], 12_000), flat(4, &voters[2], 9_000)];
    let terms = PollTerms {
        options: vec![BallotOption::Text("使用维修资金".to_owned())],
        method: Method::Stances,
        secrecy: Secrecy::Open,
        rule: statutes::find(statutes::OWNERS, 1).unwrap(),
        ..choice_terms()
    };
    let secret = PollTerms { secrecy: Secrecy::Secret { receipts: false }, ..terms.clone() };
    let secret = district.prepares(secret, &[]).await;
    expect_refused(
        "WeightedSecretPoll",
        district.organiser().does(&EnterOnRoll { poll: secret, lines: lines.clone(), exception: None, register: None }).await,
    );
    let poll = district.prepares(terms, &[]).await;
    let enters =
        |register: Option<&str>| EnterOnRoll { poll, lines: lines.clone(), exception: None, register: register.map(str::to_owned) };
    expect_refused_at("WeightUnregistered", "register", district.organiser().does(&enters(None)).await);
    district.organiser().does(&enters(Some("不动产登记簿"))).await.unwrap();
    district.organiser().does(&OpenPoll { poll }).await.unwrap();
    let secretly = voters[0].casts_for(&district.app, poll, lines[0].holder.entry(poll), Marks::Blank, Uuid::now_v7(), None).await;
    expect_refused("OtherSecrecy", secretly);
    for (line, stance) in lines.iter().zip([Stance::Yes, Stance::Yes, Stance::Yes, Stance::No]) {
        let voter = voters.iter().find(|it| it.person == line.voter).unwrap();
        let vote = CastOpenBallot { poll, entry: line.holder.entry(poll), marks: Marks::Stances(vec![(1, stance)]) };
        hand(&district, voter).does(&vote).await.unwrap();
        expect_refused("AlreadyVoted", hand(&district, voter).does(&vote).await);
    }
    district.closes(poll).await;
    let report = district.counts(poll).await;
    assert_eq!(report.participation.online, Count { heads: 3, weight: 32_850 }, "four flats, three owners");
    let PollOutcome::Decided { decisions } = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(decisions[0].verdict.outcome, Outcome::Carried);
    let RollEntry::Voted { marks: Some(marks), .. } = district.app.state::<RollEntry>(lines[3].holder.entry(poll)).await.unwrap() else {
        panic!("by name")
    };
    assert_eq!(marks, Marks::Stances(vec![(1, Stance::No)]));
}

#[tokio::test]
async fn a_lost_box_is_told_loudly() {
    let district = District::durable().await;
    let voters = district.electorate(2).await;
    let poll = district.opens(choice_terms(), &voters).await;
    voters[0].casts(&district.app, poll, choose(1), Uuid::now_v7(), None).await.unwrap();
    let district = district.reopened_after(|folder| std::fs::remove_file(folder.join("ballots.db")).unwrap()).await;
    district.app.reconcile_ballots().await.unwrap();
    // The box is made anew for those who still vote; what was in it is gone, and the count says so.
    voters[1].casts(&district.app, poll, choose(1), Uuid::now_v7(), None).await.unwrap();
    district.closes(poll).await;
    assert_eq!(district.counts(poll).await.outcome, PollOutcome::Disputed { participations: 2, ballots: 1 });
    expect_refused("PollIsDisputed", district.organiser().does(&PublishPoll { poll }).await);
    district.organiser().does(&VoidPoll { poll, reason: "票箱损坏".into() }).await.unwrap();
    assert_eq!(district.app.state::<Poll>(poll).await.unwrap().phase, PollPhase::Voided);
}

#[tokio::test]
async fn the_roll_is_frozen_with_its_count_and_digest() {
    let district = District::new().await;
    let voters = district.electorate(3).await;
    let poll = district.prepares(choice_terms(), &voters).await;
    let organiser = district.organiser();
    expect_refused(
        "HolderOnRoll",
        organiser.does(&EnterOnRoll { poll, lines: vec![voters[0].line()], exception: None, register: None }).await,
    );
    let strike = StrikeFromRoll { poll, entries: vec![voters[2].entry(poll)], reason: "迁出".to_owned() };
    organiser.does(&strike).await.unwrap();
    expect_refused("EntryNotOnRoll", organiser.does(&strike).await);
    organiser.does(&OpenPoll { poll }).await.unwrap();
    let frozen = district.app.state::<Poll>(poll).await.unwrap().roll.unwrap();
    assert_eq!((frozen.entries, frozen.digest.len()), (2, 64));
    expect_refused("NotOnRoll", voters[2].casts(&district.app, poll, choose(1), Uuid::now_v7(), None).await);
    let nobody = district.prepares(choice_terms(), &[]).await;
    expect_refused("RollEmpty", organiser.does(&OpenPoll { poll: nobody }).await);
}
