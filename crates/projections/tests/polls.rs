//! Elections and polls in the views. Makes loud: a turnout that is not the roll's, a published ballot too many or too few, a
//! list that leaves somebody out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use esrs::Aggregate;
use gongyi_domain::{
    deliberation::{
        election,
        poll::{Poll, PollEvent, PollPhase},
        poll_terms::{BallotOption, Secrecy},
        roll_entry::{Channel, Holder, RollEntry, RollEntryCommand, RollLine},
    },
    values::{ElectionId, PollId},
};
use gongyi_projections::{ElectionFilter, PageArgs, PollFilter, RollFilter};
use harness::{Platform, polls::Polls, story::person};
use uuid::Uuid;

#[tokio::test]
async fn turnout_roll_and_published_ballots_agree_through_whole_courses() {
    let (mut platform, mut polls, mut seed) = (Platform::new(), Polls::default(), 1_u64);
    for _ in 0..2_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        polls.wish(&mut platform, (seed >> 33) as u32, (seed >> 2) as u32).await;
    }
    let views = platform.settled().await;
    let all = PageArgs::first(100);
    let (mut published, mut by_name) = (0, 0);
    let page = views.polls(&PollFilter::default(), &all).await.unwrap();
    assert_eq!(page.total, 4);
    for (_, row) in page.edges {
        let roll = views.roll_of_poll(row.id, &RollFilter::default(), &all).await.unwrap();
        let voted = RollFilter { voted: Some(true), ..RollFilter::default() };
        let voted = views.roll_of_poll(row.id, &voted, &all).await.unwrap();
        let ballots = views.published_ballots(row.id, None, &all).await.unwrap();
        assert_eq!((row.entries, row.online + row.in_person, row.ballots), (roll.total, voted.total, ballots.total));
        assert_eq!(row.by_proxy, voted.edges.iter().filter(|(_, it)| it.proxy.is_some()).count() as u64);
        assert_eq!(row.phase, row.state.phase);
        let secret = row.state.terms().unwrap().secrecy != Secrecy::Open;
        assert_eq!(row.ballots, if row.state.report.is_some() && secret { row.online } else { 0 });
        assert!(voted.edges.iter().all(|(_, it)| it.marks.is_some() != secret), "marks stand by name in an open poll alone");
        for (_, entry) in &roll.edges {
            assert!(views.is_on_roll(row.id, entry.voter).await.unwrap());
            let own = views.roll_entries_of_person(entry.voter, &all).await.unwrap();
            assert!(own.edges.iter().any(|(_, it)| it.id == entry.id));
        }
        if let Some((_, ballot)) = ballots.edges.first() {
            let found = views.published_ballots(row.id, ballot.tag.as_deref(), &all).await.unwrap();
            assert_eq!(found.edges.into_iter().map(|(_, it)| it.number).collect::<Vec<_>>(), [ballot.number]);
            published += ballots.total;
        }
        by_name += u64::from(!secret && voted.total > 0);
    }
    assert!(published > 0 && by_name > 0, "the courses went far enough: {published} {by_name}");

    let (mut concluded, mut principals) = (0, 0);
    for (_, row) in views.elections(&ElectionFilter::default(), &all).await.unwrap().edges {
        let proxies = views.proxies_of_election(row.id, &all).await.unwrap();
        assert_eq!(proxies.total, row.state.proxies.len() as u64);
        for (_, proxy) in proxies.edges {
            assert_eq!(row.state.proxy_of(proxy.principal), Some(proxy.proxy));
            principals += 1;
        }
        assert_eq!(row.conclusion.is_some(), matches!(row.phase, election::ElectionPhase::Certified | election::ElectionPhase::Voided));
        concluded += u64::from(row.conclusion.is_some());
        let filter = ElectionFilter { phase: Some(row.phase), council: Some(row.council), area: Some(row.area.clone()) };
        assert!(views.elections(&filter, &all).await.unwrap().edges.iter().any(|(_, it)| it.id == row.id));
    }
    assert!(concluded > 0 && principals > 0, "the courses went far enough: {concluded} {principals}");
}

#[tokio::test]
async fn what_is_not_there_is_empty_and_a_struck_entry_may_come_back() {
    let mut platform = Platform::new();
    let views = platform.settled().await;
    let (all, nowhere) = (PageArgs::first(10), PollId(Uuid::nil()));
    assert!(views.polls_by_ids(&[nowhere]).await.unwrap().is_empty());
    assert!(views.elections_by_ids(&[ElectionId(Uuid::nil())]).await.unwrap().is_empty());
    assert_eq!(views.published_ballots(nowhere, None, &all).await.unwrap().total, 0);
    assert_eq!(views.roll_entries_of_person(person(0), &all).await.unwrap().total, 0);
    assert!(!views.is_on_roll(nowhere, person(0)).await.unwrap());
    views.close().await;

    let id = harness::polls::poll(2);
    let terms = harness::polls::poll_terms(2, vec![BallotOption::Text("one".into())]);
    platform.append::<Poll>(id, &[PollEvent::PollPrepared { terms }]).await;
    let holder = Holder::Person(person(1));
    let line = RollLine { holder, voter: person(1), weight: 1 };
    let commands = [
        RollEntryCommand::Entitle { poll: id, line },
        RollEntryCommand::Strike,
        RollEntryCommand::Entitle { poll: id, line },
        RollEntryCommand::CastBallot { channel: Channel::InPerson, proxy: None, marks: None },
    ];
    let mut state = RollEntry::default();
    for (at, command) in commands.into_iter().enumerate() {
        let events = RollEntry::handle_command(&state, command).unwrap();
        state = events.iter().cloned().fold(state, RollEntry::apply_event);
        platform.append::<RollEntry>(holder.entry(id), &events).await;
        let views = platform.settled().await;
        let row = views.polls_by_ids(&[id]).await.unwrap().remove(0);
        assert_eq!((row.phase, row.entries, row.in_person), (PollPhase::Prepared, [1, 0, 1, 1][at], [0, 0, 0, 1][at]));
        assert_eq!(views.roll_of_poll(id, &RollFilter { voter: Some(person(1)), voted: None }, &all).await.unwrap().total, row.entries);
        views.close().await;
    }
}
