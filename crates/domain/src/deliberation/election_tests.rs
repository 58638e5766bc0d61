//! Makes loud: a proxy of a proxy, a fourth principal, a list of proxies that nobody saw, a nominee who never said yes, a
//! void election that elects.

use super::*;
use crate::deliberation::{
    ballot::Method,
    decision::{Counts, PollCounts, Returns},
    decision::{
        Decision, ElectionResult, Measured, Rule,
        statutes::{self, VILLAGE_ELECTION, VILLAGE_RECALL},
    },
};
use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

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
        poll_opens: at(20),
        poll_closes: at(30),
    }
}

fn roll() -> FrozenRoll {
    FrozenRoll { entries: 10, heads: 10, weight: 10, digest: "00".repeat(32) }
}

fn told(election: Election, command: ElectionCommand) -> Election {
    let events = Election::handle_command(&election, command).unwrap();
    events.into_iter().fold(election, Election::apply_event)
}

fn refused(election: &Election, command: ElectionCommand) -> ElectionRefusal {
    Election::handle_command(election, command).unwrap_err()
}

fn called() -> Election {
    told(Election::default(), ElectionCommand::Call { terms: terms(), candidates: vec![], now: at(0) })
}

fn nominate(nominee: u128, by: u128) -> ElectionCommand {
    ElectionCommand::Nominate { nominee: person(nominee), by: person(by), now: at(1) }
}

fn proxy(principal: u128, proxy: u128) -> ElectionCommand {
    ElectionCommand::RegisterProxy { principal: person(principal), proxy: person(proxy) }
}

fn frozen() -> Election {
    let standing = (101..=103).fold(called(), |election, who| told(election, nominate(who, who)));
    let attached = told(standing, ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), now: at(10) });
    told(attached, ElectionCommand::Freeze { roll: roll() })
}

fn returned(votes: [u64; 3], cast: u64) -> PollOutcome {
    let poll = Measured::by_heads(PollCounts { entitled: 10, voters: cast, cast, abstain: 0, invalid: 0 });
    let votes = (101..).zip(votes).map(|(who, votes)| (Uuid::from_u128(who), Measured::by_heads(votes))).collect();
    PollOutcome::Elected { result: ElectionResult::of(rule(VILLAGE_ELECTION), Returns { seats: 2, poll, votes }).unwrap() }
}

#[test]
fn a_nominee_stands_once_they_have_said_yes() {
    let election = told(told(called(), nominate(101, 1)), nominate(102, 102));
    assert_eq!(election.candidates(), [person(102)], "who puts themselves forward has accepted");
    assert_eq!(refused(&election, nominate(101, 1)), ElectionRefusal::AlreadyNominated);
    let accept = |who, minute| ElectionCommand::Accept { nominee: person(who), now: at(minute) };
    assert_eq!(refused(&election, accept(103, 1)), ElectionRefusal::NotNominated);
    assert_eq!(refused(&election, accept(101, 10)), ElectionRefusal::NominationsClosed);
    let election = told(election, accept(101, 9));
    assert_eq!(refused(&election, accept(101, 9)), ElectionRefusal::AlreadyAccepted);
    assert_eq!(election.candidates(), [person(101), person(102)]);
    let election = told(election, ElectionCommand::Withdraw { nominee: person(101) });
    assert_eq!(election.candidates(), [person(102)]);
    let early = ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), now: at(9) };
    assert_eq!(refused(&election, early), ElectionRefusal::NominationsOpen);
    let nobody = ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), now: at(10) };
    assert_eq!(refused(&called(), nobody.clone()), ElectionRefusal::NoCandidates);
    assert_eq!(refused(&Election::default(), nobody), ElectionRefusal::UnknownElection);
}

#[test]
fn a_proxy_votes_for_three_and_passes_nothing_on() {
    let election = (1..=3).fold(called(), |election, principal| told(election, proxy(principal, 9)));
    assert_eq!(refused(&election, proxy(4, 9)), ElectionRefusal::ProxyFull { most: 3 });
    assert_eq!(refused(&election, proxy(9, 8)), ElectionRefusal::ProxyPassedOn, "a proxy of a proxy");
    assert_eq!(refused(&election, proxy(4, 1)), ElectionRefusal::ProxyPassedOn, "who has given their vote away");
    assert_eq!(refused(&election, proxy(4, 4)), ElectionRefusal::ProxyOfOneself);
    assert_eq!(refused(&election, proxy(1, 9)), ElectionRefusal::ProxyExists);
    assert_eq!(refused(&election, nominate(9, 9)), ElectionRefusal::ProxyStands);
    let election = told(election, ElectionCommand::RevokeProxy { principal: person(1) });
    assert_eq!(refused(&election, ElectionCommand::RevokeProxy { principal: person(1) }), ElectionRefusal::NoProxy);
    assert_eq!(told(election, proxy(4, 9)).proxy_of(person(4)), Some(person(9)));
    let standing = told(called(), nominate(101, 101));
    assert_eq!(refused(&standing, proxy(1, 101)), ElectionRefusal::ProxyStands);
}

#[test]
fn the_list_of_proxies_is_published_as_it_is_before_the_poll_opens() {
    let election = told(told(called(), nominate(101, 101)), proxy(1, 9));
    let election = told(election, ElectionCommand::PublishProxies);
    let changed = told(election, proxy(2, 9));
    let attached = told(changed, ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), now: at(10) });
    assert_eq!(refused(&attached, ElectionCommand::Freeze { roll: roll() }), ElectionRefusal::ProxiesNotPublished);
    let published = told(attached, ElectionCommand::PublishProxies);
    let frozen = told(published, ElectionCommand::Freeze { roll: roll() });
    assert_eq!(refused(&frozen, proxy(3, 9)), ElectionRefusal::ElectorateIsFrozen);
    assert_eq!(refused(&frozen, ElectionCommand::RevokeProxy { principal: person(1) }), ElectionRefusal::ElectorateIsFrozen);
}

#[test]
fn certified_as_the_rule_says_and_a_run_off_for_the_seats_left() {
    let certified = told(frozen(), ElectionCommand::Certify { outcome: returned([6, 3, 3], 8) });
    assert_eq!(certified.left, Some((1, vec![person(102), person(103)])));
    assert_eq!(refused(&certified, ElectionCommand::Certify { outcome: returned([6, 3, 3], 8) }), ElectionRefusal::ElectionIsOver);
    let run_off = ElectionCommand::CallRunOff { run_off: ElectionId(Uuid::from_u128(5)) };
    let with_run_off = told(certified, run_off.clone());
    assert_eq!(refused(&with_run_off, run_off.clone()), ElectionRefusal::RunOffExists);
    let filled = told(frozen(), ElectionCommand::Certify { outcome: returned([6, 5, 3], 8) });
    assert_eq!(refused(&filled, run_off), ElectionRefusal::NoSeatsLeft);
    let standing =
        ElectionTerms { kind: ElectionKind::RunOff { of: ElectionId(Uuid::nil()) }, seats: 1, method: Method::Choice, ..terms() };
    let call = |candidates| ElectionCommand::Call { terms: standing.clone(), candidates, now: at(0) };
    assert_eq!(refused(&Election::default(), call(vec![])), ElectionRefusal::ElectionUnfit);
    let second = told(Election::default(), call(vec![person(102), person(103)]));
    assert_eq!(second.candidates().len(), 2);
    assert_eq!(refused(&second, nominate(101, 101)), ElectionRefusal::NominationsClosed);
}

#[test]
fn all_who_tie_by_ranked_ballots_stand_in_the_run_off() {
    let tied: Vec<Uuid> = (101..=103).map(Uuid::from_u128).collect();
    let outcome = PollOutcome::Placed { steps: vec![], valid: true, elected: vec![], tied, too_many_ties: false };
    let certified = told(frozen(), ElectionCommand::Certify { outcome });
    assert_eq!(certified.left, Some((2, (101..=103).map(person).collect())));
}

#[test]
fn a_poll_that_does_not_count_elects_nobody() {
    let voided = |outcome| {
        let events = Election::handle_command(&frozen(), ElectionCommand::Certify { outcome }).unwrap();
        match events.as_slice() {
            [ElectionEvent::ElectionVoided { reason, .. }] => reason.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(voided(returned([5, 5, 0], 5)), VoidReason::TooFewVoted, "five of ten are not more than half");
    assert_eq!(voided(returned([11, 5, 0], 11)), VoidReason::CountsContradict, "eleven voters of ten");
    assert_eq!(voided(PollOutcome::Disputed { participations: 8, ballots: 7 }), VoidReason::BallotsMissing);
    let unfit = ElectionCommand::Certify { outcome: PollOutcome::Decided { decisions: vec![] } };
    assert_eq!(refused(&frozen(), unfit), ElectionRefusal::OutcomeUnfit);
    assert_eq!(refused(&called(), ElectionCommand::Certify { outcome: returned([6, 5, 0], 8) }), ElectionRefusal::NotAtThisStage);
}

#[test]
fn a_recall_says_whether_the_representative_goes() {
    let kind = ElectionKind::Recall { representative: person(101) };
    let terms = ElectionTerms { kind, seats: 1, method: Method::Stances, rule: rule(VILLAGE_RECALL), ..terms() };
    let recall = told(Election::default(), ElectionCommand::Call { terms, candidates: vec![person(101)], now: at(0) });
    let recall = told(recall, ElectionCommand::AttachPoll { poll: PollId(Uuid::nil()), now: at(0) });
    let recall = told(recall, ElectionCommand::Freeze { roll: roll() });
    for (yes, present, expected) in [(5, 8, Some(true)), (4, 8, Some(false)), (5, 5, None)] {
        let counts = Counts { entitled: 10, present, yes, no: present - yes, abstain: 0, invalid: 0 };
        let decision = Decision::of(rule(VILLAGE_RECALL), Measured::by_heads(counts)).unwrap();
        let events =
            Election::handle_command(&recall, ElectionCommand::Certify { outcome: PollOutcome::Decided { decisions: vec![decision] } });
        let recalled = match events.unwrap().remove(0) {
            ElectionEvent::ElectionCertified { recalled, .. } => recalled,
            ElectionEvent::ElectionVoided { .. } => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(recalled, expected, "{yes} of {present}");
    }
}

#[test]
fn dates_out_of_order_are_refused() {
    let unfit: [fn(&mut ElectionTerms); 3] = [|it| it.nominations_until = at(21), |it| it.poll_closes = at(20), |it| it.seats = 3];
    for change in unfit {
        let mut terms = terms();
        change(&mut terms);
        assert!(Election::handle_command(&Election::default(), ElectionCommand::Call { terms, candidates: vec![], now: at(0) }).is_err());
    }
}

proptest! {
    /// Whatever is registered and revoked in whatever order: at most three principals a proxy, and nobody is both.
    #[test]
    fn votes_are_given_once_and_to_few(steps in proptest::collection::vec((0u128..8, 0u128..8, any::<bool>()), 0..80)) {
        let mut election = called();
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
