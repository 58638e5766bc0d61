//! Makes loud: a proxy of a proxy, a fourth principal, a list of proxies that nobody saw, a nominee who never said yes, a
//! void election that elects.

use super::*;
use crate::deliberation::{
    ballot::Method,
    decision::{Counts, PollCounts, Returns},
    decision::{
        Decision, ElectionResult, Measured, Rule,
        statutes::{self, ROLL_PUBLISHED_DAYS, VILLAGE_ELECTION, VILLAGE_RECALL, VILLAGE_RUN_OFF},
    },
    election_terms::CandidateOrder,
};
use crate::scenario::{Given, given};
use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

/// What the roll needs before the poll.
const ROLL_MINUTES: i64 = ROLL_PUBLISHED_DAYS as i64 * 24 * 60;

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn person(id: u128) -> PersonId {
    PersonId(Uuid::from_u128(id))
}

fn rule(id: &str) -> Rule {
    statutes::find(id, 1).unwrap()
}

fn terms() -> ElectionTerms {
    ElectionTerms {
        council: crate::values::CouncilId(Uuid::from_u128(1)),
        area: "440402001001".parse().unwrap(),
        kind: ElectionKind::Seats,
        seats: 2,
        method: Method::Plurality { seats: 2, marks_max: 2 },
        rule: rule(VILLAGE_ELECTION),
        nominations_until: at(10),
        poll_opens: at(ROLL_MINUTES + 20),
        poll_closes: at(ROLL_MINUTES + 30),
        candidate_order: CandidateOrder::default(),
    }
}

fn roll() -> FrozenRoll {
    FrozenRoll { entries: 10, heads: 10, weight: 10, digest: "00".repeat(32), composition: None }
}

fn called() -> Given<Election> {
    given::<Election>([]).and(ElectionCommand::Call { terms: terms(), candidates: vec![], now: at(0) })
}

fn nominate(nominee: u128, by: u128) -> ElectionCommand {
    ElectionCommand::Nominate { nominee: person(nominee), by: person(by), now: at(1) }
}

fn proxy(principal: u128, proxy: u128) -> ElectionCommand {
    ElectionCommand::RegisterProxy { principal: person(principal), proxy: person(proxy) }
}

fn frozen() -> Given<Election> {
    let standing = called().and_all((101..=103).map(|who| nominate(who, who)));
    let attached = standing.and(ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(10) });
    attached.and(ElectionCommand::Freeze { roll: roll() })
}

fn returned(votes: [u64; 3], cast: u64) -> PollOutcome {
    let poll = Measured::by_heads(PollCounts { entitled: 10, voters: cast, cast, abstain: 0, invalid: 0 });
    let votes = (101..).zip(votes).map(|(who, votes)| (Uuid::from_u128(who), Measured::by_heads(votes))).collect();
    PollOutcome::Elected { result: ElectionResult::of(rule(VILLAGE_ELECTION), Returns { seats: 2, poll, votes }).unwrap() }
}

#[test]
fn a_nominee_stands_once_they_have_said_yes() {
    let election = called().and(nominate(101, 1)).and(nominate(102, 102));
    assert_eq!(election.candidates(), [person(102)], "who puts themselves forward has accepted");
    election.when(nominate(101, 1)).then_refused(ElectionRefusal::AlreadyNominated);
    let accept = |who, minute| ElectionCommand::Accept { nominee: person(who), now: at(minute) };
    election.when(accept(103, 1)).then_refused(ElectionRefusal::NotNominated);
    election.when(accept(101, 10)).then_refused(ElectionRefusal::NominationsClosed);
    let election = election.and(accept(101, 9));
    election.when(accept(101, 9)).then_refused(ElectionRefusal::AlreadyAccepted);
    assert_eq!(election.candidates(), [person(101), person(102)]);
    let election = election.and(ElectionCommand::Withdraw { nominee: person(101) });
    assert_eq!(election.candidates(), [person(102)]);
    let early = ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(9) };
    election.when(early).then_refused(ElectionRefusal::NominationsOpen);
    let nobody = ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(10) };
    called().when(nobody.clone()).then_refused(ElectionRefusal::NoCandidates);
    given::<Election>([]).when(nobody).then_refused(ElectionRefusal::UnknownElection);
}

#[test]
fn candidates_stand_on_the_ballot_in_the_order_that_was_made() {
    let standing = called().and_all((101..=103).map(|who| nominate(who, who))).and(nominate(104, 101));
    let attach = |order: &[u128]| {
        let order = Some(order.iter().copied().map(person).collect());
        ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order, now: at(10) }
    };
    for other in [&[103, 101][..], &[103, 101, 104], &[103, 101, 101], &[103, 101, 102, 104], &[]] {
        standing.when(attach(other)).then_refused(ElectionRefusal::OrderUnfit);
    }
    let attached = standing.clone().and(attach(&[103, 101, 102]));
    assert_eq!(attached.candidates(), [person(103), person(101), person(102)]);
    let as_nominated = standing.and(ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(10) });
    assert_eq!(as_nominated.candidates(), [person(101), person(102), person(103)]);
    let stored = serde_json::to_value(terms()).unwrap();
    assert!(stored.get("candidate_order").is_none(), "elections called before there was another order are stored as they were: {stored}");
}

#[test]
fn a_proxy_votes_for_three_and_passes_nothing_on() {
    let election = called().and_all((1..=3).map(|principal| proxy(principal, 9)));
    election.when(proxy(4, 9)).then_refused(ElectionRefusal::ProxyFull { most: 3 });
    election.when(proxy(9, 8)).then_refused(ElectionRefusal::ProxyPassedOn); // a proxy of a proxy
    election.when(proxy(4, 1)).then_refused(ElectionRefusal::ProxyPassedOn); // who has given their vote away
    election.when(proxy(4, 4)).then_refused(ElectionRefusal::ProxyOfOneself);
    election.when(proxy(1, 9)).then_refused(ElectionRefusal::ProxyExists);
    election.when(nominate(9, 9)).then_refused(ElectionRefusal::ProxyStands);
    let election = election.and(ElectionCommand::RevokeProxy { principal: person(1) });
    election.when(ElectionCommand::RevokeProxy { principal: person(1) }).then_refused(ElectionRefusal::NoProxy);
    assert_eq!(election.and(proxy(4, 9)).proxy_of(person(4)), Some(person(9)));
    let standing = called().and(nominate(101, 101));
    standing.when(proxy(1, 101)).then_refused(ElectionRefusal::ProxyStands);
}

#[test]
fn the_list_of_proxies_is_published_as_it_is_before_the_poll_opens() {
    let election = called().and(nominate(101, 101)).and(proxy(1, 9));
    let election = election.and(ElectionCommand::PublishProxies);
    let changed = election.and(proxy(2, 9));
    let attached = changed.and(ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(10) });
    attached.when(ElectionCommand::Freeze { roll: roll() }).then_refused(ElectionRefusal::ProxiesNotPublished);
    let published = attached.and(ElectionCommand::PublishProxies);
    let frozen = published.and(ElectionCommand::Freeze { roll: roll() });
    frozen.when(proxy(3, 9)).then_refused(ElectionRefusal::ElectorateIsFrozen);
    frozen.when(ElectionCommand::RevokeProxy { principal: person(1) }).then_refused(ElectionRefusal::ElectorateIsFrozen);
}

#[test]
fn certified_as_the_rule_says_and_a_run_off_for_the_seats_left() {
    let certified = frozen().and(ElectionCommand::Certify { outcome: returned([6, 3, 3], 8) });
    assert_eq!(certified.left, Some((1, vec![person(102), person(103)])));
    certified.when(ElectionCommand::Certify { outcome: returned([6, 3, 3], 8) }).then_refused(ElectionRefusal::ElectionIsOver);
    let run_off = ElectionCommand::CallRunOff { run_off: ElectionId(Uuid::from_u128(5)) };
    let with_run_off = certified.and(run_off.clone());
    with_run_off.when(run_off.clone()).then_refused(ElectionRefusal::RunOffExists);
    let filled = frozen().and(ElectionCommand::Certify { outcome: returned([6, 5, 3], 8) });
    filled.when(run_off).then_refused(ElectionRefusal::NoSeatsLeft);
    let standing =
        ElectionTerms { kind: ElectionKind::RunOff { of: ElectionId(Uuid::nil()) }, seats: 1, method: Method::Choice, ..terms() };
    let call = |candidates| ElectionCommand::Call { terms: standing.clone(), candidates, now: at(0) };
    given::<Election>([]).when(call(vec![])).then_refused(ElectionRefusal::ElectionUnfit);
    let second = given::<Election>([]).and(call(vec![person(102), person(103)]));
    assert_eq!(second.candidates().len(), 2);
    second.when(nominate(101, 101)).then_refused(ElectionRefusal::NominationsClosed);
}

#[test]
fn all_who_tie_by_ranked_ballots_stand_in_the_run_off() {
    let tied: Vec<Uuid> = (101..=103).map(Uuid::from_u128).collect();
    let outcome = PollOutcome::Placed { steps: vec![], valid: true, elected: vec![], tied, too_many_ties: false };
    let certified = frozen().and(ElectionCommand::Certify { outcome });
    assert_eq!(certified.left, Some((2, (101..=103).map(person).collect())));
}

#[test]
fn a_poll_that_does_not_count_elects_nobody() {
    let voided = |outcome| {
        let events = frozen().when(ElectionCommand::Certify { outcome }).events();
        match events.as_slice() {
            [ElectionEvent::ElectionVoided { reason, .. }] => reason.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(voided(returned([5, 5, 0], 5)), VoidReason::TooFewVoted, "five of ten are not more than half");
    assert_eq!(voided(returned([11, 5, 0], 11)), VoidReason::CountsContradict, "eleven voters of ten");
    assert_eq!(voided(PollOutcome::Disputed { participations: 8, ballots: 7 }), VoidReason::BallotsMissing);
    let unfit = ElectionCommand::Certify { outcome: PollOutcome::Decided { decisions: vec![] } };
    frozen().when(unfit).then_refused(ElectionRefusal::OutcomeUnfit);
    called().when(ElectionCommand::Certify { outcome: returned([6, 5, 0], 8) }).then_refused(ElectionRefusal::NotInThisPhase);
}

#[test]
fn a_recall_says_whether_the_representative_goes() {
    let kind = ElectionKind::Recall { representative: person(101) };
    let terms = ElectionTerms { kind, seats: 1, method: Method::Stances, rule: rule(VILLAGE_RECALL), ..terms() };
    let recall = given::<Election>([]).and(ElectionCommand::Call { terms, candidates: vec![person(101)], now: at(0) });
    let recall = recall.and(ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), order: None, now: at(0) });
    let recall = recall.and(ElectionCommand::Freeze { roll: roll() });
    for (yes, present, expected) in [(5, 8, Some(true)), (4, 8, Some(false)), (5, 5, None)] {
        let counts = Counts { entitled: 10, present, yes, no: present - yes, abstain: 0, invalid: 0 };
        let decision = Decision::of(rule(VILLAGE_RECALL), Measured::by_heads(counts)).unwrap();
        let events = recall.when(ElectionCommand::Certify { outcome: PollOutcome::Decided { decisions: vec![decision] } }).events();
        let recalled = match events.into_iter().next().unwrap() {
            ElectionEvent::ElectionCertified { recalled, .. } => recalled,
            ElectionEvent::ElectionVoided { .. } => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(recalled, expected, "{yes} of {present}");
    }
}

#[test]
fn dates_out_of_order_are_refused() {
    let call = |change: fn(&mut ElectionTerms)| {
        let mut terms = terms();
        change(&mut terms);
        given::<Election>([]).when(ElectionCommand::Call { terms, candidates: vec![], now: at(0) })
    };
    call(|it| it.nominations_until = at(ROLL_MINUTES + 21)).then_refused(ElectionRefusal::DatesUnfit);
    call(|it| it.poll_closes = at(ROLL_MINUTES + 20)).then_refused(ElectionRefusal::DatesUnfit);
    call(|it| it.seats = 3).then_refused(ElectionRefusal::ElectionUnfit);
}

#[test]
fn a_village_election_leaves_the_days_that_its_roll_needs() {
    let call = |rule, opens, now| {
        let terms = ElectionTerms { rule, poll_opens: at(opens), poll_closes: at(opens + 10), ..terms() };
        given::<Election>([]).when(ElectionCommand::Call { terms, candidates: vec![], now: at(now) })
    };
    let nineteen = ROLL_MINUTES - 24 * 60;
    let short = ElectionRefusal::RollTimeTooShort { least: 20 };
    call(rule(VILLAGE_ELECTION), 10 + nineteen, 0).then_refused(short.clone());
    call(rule(VILLAGE_ELECTION), 20 + nineteen, 30).then_refused(short); // called after the nominations' end
    // So many hours may lie in twenty days: the roll's own days are counted when it is entered.
    call(rule(VILLAGE_ELECTION), 11 + nineteen, 0).then_done();
    call(rule(VILLAGE_RUN_OFF), 10 + nineteen, 0).then_done(); // a run-off has the roll of the first poll
}

proptest! {
    /// Whatever is registered and revoked in whatever order: at most three principals a proxy, and nobody is both.
    #[test]
    fn votes_are_given_once_and_to_few(steps in proptest::collection::vec((0u128..8, 0u128..8, any::<bool>()), 0..80)) {
        let mut election = called().state;
        for (principal, to, revoke) in steps {
            let command = if revoke { ElectionCommand::RevokeProxy { principal: person(principal) } } else { proxy(principal, to) };
            for event in Election::handle_command(&election, command).unwrap_or_default() {
                let (kind, payload) = event.encode().unwrap();
                prop_assert_eq!(&ElectionEvent::decode(&kind, &payload).unwrap(), &event);
                election = Election::apply_event(election, event);
            }
            for proxy in election.proxies.values() {
                prop_assert!(!election.proxies.contains_key(proxy), "passed on");
                prop_assert!(election.proxies.values().filter(|it| *it == proxy).count() <= 3);
            }
        }
    }
}
