//! An election from the call to the run-off. Makes loud: a nominee who never said yes on the ballot, a proxy who votes for
//! somebody unpublished, a result that is not the rule's.

use gongyi_app::deliberation::{
    elections::{
        AnswerNomination, CallElection, CallRunOff, CertifyElection, Nominate, PrepareElectionPoll, PublishProxies, RegisterProxy,
        VoidElection,
    },
    poll::{
        preparing::OpenPoll,
        roll::{EnterOnRoll, StrikeFromRoll},
    },
    recount::recount,
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    deliberation::{
        ballot::{Marks, Method},
        council::Council,
        decision::statutes,
        election::{Election, ElectionPhase},
        election_terms::{CandidateOrder, ElectionKind, ElectionTerms},
        poll::Poll,
        poll_terms::{BallotOption, Channels},
        recount::Decided,
    },
    values::CouncilId,
};
use gongyi_eventlog::Upcasters;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, Hand, STREET, Voter, area, expect_refused, expect_refused_at};

fn hand<'d>(district: &'d District, voter: &Voter) -> Hand<'d> {
    Hand { district, app: district.app.clone(), actor: voter.actor.clone() }
}

/// What the roll of a village election needs before its poll.
const ROLL_MINUTES: i64 = statutes::ROLL_PUBLISHED_DAYS as i64 * 24 * 60;

fn terms(district: &District, council: CouncilId) -> ElectionTerms {
    ElectionTerms {
        council,
        area: area(COMMUNITY),
        kind: ElectionKind::Seats,
        seats: 2,
        method: Method::Plurality { seats: 2, marks_max: 2 },
        rule: statutes::find(statutes::VILLAGE_ELECTION, 1).unwrap(),
        nominations_until: district.in_minutes(10),
        poll_opens: district.in_minutes(ROLL_MINUTES + 20),
        poll_closes: district.in_minutes(ROLL_MINUTES + 30),
        candidate_order: CandidateOrder::default(),
    }
}

#[tokio::test]
async fn candidates_stand_in_the_order_of_their_surnames_strokes() {
    let district = District::new().await;
    let organiser = district.organiser();
    let council = district.council(&[]).await;
    let called = ElectionTerms { candidate_order: CandidateOrder::SurnameStrokes, ..terms(&district, council) };
    let election = organiser.does(&CallElection { terms: called }).await.unwrap();
    let mut candidates = vec![];
    for name in ["林一", "王一丁", "陈一", "尤一", "王一"] {
        let resident = district.registers(name).await;
        resident.does(&Nominate { election, nominee: resident.person, by: resident.person }).await.unwrap();
        candidates.push(resident.person);
    }
    assert_eq!(district.app.state::<Election>(election).await.unwrap().candidates(), candidates, "until then as they were put forward");
    district.waits_minutes(10);
    let prepare = PrepareElectionPoll { election, title: "选举".into(), secret: false, receipts: None, channels: Channels::Online };
    let poll = organiser.does(&prepare).await.unwrap();
    let ordered = [4, 1, 3, 2, 0].map(|it: usize| candidates[it]);
    assert_eq!(district.app.state::<Election>(election).await.unwrap().candidates(), ordered);
    let options = district.app.state::<Poll>(poll).await.unwrap().terms.unwrap().options;
    assert_eq!(options, ordered.map(BallotOption::Nominee));
}

#[tokio::test]
async fn a_council_is_elected_with_proxies_and_a_run_off() {
    let district = District::new().await;
    let (app, organiser) = (&district.app, district.organiser());
    let voters = district.electorate(9).await;
    let council = district.council(&[]).await;
    let election = organiser.does(&CallElection { terms: terms(&district, council) }).await.unwrap();
    let nominate = |nominee: usize, by: usize| Nominate { election, nominee: voters[nominee].person, by: voters[by].person };
    for candidate in [0, 1, 2] {
        hand(&district, &voters[candidate]).does(&nominate(candidate, candidate)).await.unwrap();
    }
    hand(&district, &voters[4]).does(&nominate(3, 4)).await.unwrap();
    expect_refused("NotAllowed", hand(&district, &voters[4]).does(&nominate(3, 5)).await);
    let accept = AnswerNomination { election, nominee: voters[3].person, stands: true };
    expect_refused("NotAllowed", hand(&district, &voters[4]).does(&accept).await);

    let proxy =
        |principal: usize, to: usize| RegisterProxy { election, principal: voters[principal].person, proxy: Some(voters[to].person) };
    for principal in [5, 6, 7] {
        hand(&district, &voters[principal]).does(&proxy(principal, 8)).await.unwrap();
    }
    expect_refused("ProxyFull", hand(&district, &voters[4]).does(&proxy(4, 8)).await);
    expect_refused("ProxyPassedOn", hand(&district, &voters[8]).does(&proxy(8, 4)).await);

    district.waits_minutes(10);
    expect_refused("NominationsClosed", hand(&district, &voters[3]).does(&accept).await);
    let (title, channels) = ("议事会选举".to_owned(), Channels::Online);
    let with_receipts = PrepareElectionPoll { election, title, secret: true, receipts: Some(true), channels };
    expect_refused("ReceiptsNotChartered", organiser.does(&with_receipts).await);
    let prepare = PrepareElectionPoll { receipts: None, ..with_receipts };
    let poll = organiser.does(&prepare).await.unwrap();
    let options = app.state::<Poll>(poll).await.unwrap().terms.unwrap().options;
    assert_eq!(options, [0, 1, 2].map(|it| BallotOption::Nominee(voters[it].person)), "who never accepted is not on the ballot");
    organiser.does(&EnterOnRoll { poll, lines: voters.iter().map(Voter::line).collect(), exception: None, register: None }).await.unwrap();
    expect_refused("TooEarly", organiser.does(&OpenPoll { poll }).await);
    district.waits_minutes(ROLL_MINUTES + 10);
    expect_refused("ProxiesNotPublished", organiser.does(&OpenPoll { poll }).await);
    organiser.does(&PublishProxies { election }).await.unwrap();
    organiser.does(&OpenPoll { poll }).await.unwrap();

    let marks = |options: &[u16]| Marks::Chosen(options.to_vec());
    // Eight votes: the first has six, the others three and two.
    for (voter, options) in [(0, &[1, 2][..]), (1, &[1, 2]), (2, &[1, 3]), (4, &[1, 3])] {
        voters[voter].casts(app, poll, marks(options), Uuid::now_v7(), None).await.unwrap();
    }
    for (principal, options) in [(5, &[1][..]), (6, &[1, 2]), (7, &[][..])] {
        let entry = voters[principal].entry(poll);
        expect_refused("NotAllowed", voters[4].casts_for(app, poll, entry, marks(options), Uuid::now_v7(), None).await);
        voters[8].casts_for(app, poll, entry, marks(options), Uuid::now_v7(), None).await.unwrap();
        expect_refused("AlreadyVoted", voters[principal].casts(app, poll, marks(options), Uuid::now_v7(), None).await);
    }
    voters[8].casts(app, poll, Marks::Blank, Uuid::now_v7(), None).await.unwrap();
    district.waits_minutes(10);
    district.closes(poll).await;
    expect_refused("PollNotCounted", organiser.does(&CertifyElection { election }).await);
    let report = district.counts(poll).await;
    assert_eq!((report.participation.online.heads, report.participation.by_proxy, report.tally.blank.heads), (8, 3, 2));

    organiser.does(&CertifyElection { election }).await.unwrap();
    let state = app.state::<Election>(election).await.unwrap();
    assert_eq!((state.phase, state.left), (ElectionPhase::Certified, Some((1, vec![voters[1].person, voters[2].person]))));
    let seated: Vec<_> = app.state::<Council>(council).await.unwrap().representatives(app.now().date_naive()).collect();
    assert_eq!(seated, [voters[0].person], "the certificate seats who is elected, and nobody else");
    expect_refused("ElectionIsOver", organiser.does(&CertifyElection { election }).await);
    expect_refused("ElectionIsOver", organiser.does(&VoidElection { election, reason: "无".into() }).await);

    let again = recount(app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound(), "{again:?}");
    let of: Vec<_> = again.decisions.iter().map(|(_, it)| it.of).collect();
    assert_eq!(of, [Decided::Poll(poll), Decided::Election(election)]);

    let rule = statutes::find(statutes::VILLAGE_RUN_OFF, 1).unwrap();
    let (poll_opens, poll_closes) = (district.in_minutes(20), district.in_minutes(30));
    let call = CallRunOff { election, method: Method::Choice, rule, poll_opens, poll_closes };
    let run_off = organiser.does(&call).await.unwrap();
    expect_refused("RunOffExists", organiser.does(&CallRunOff { poll_closes: district.in_minutes(31), ..call }).await);
    let candidates = app.state::<Election>(run_off).await.unwrap().candidates();
    assert_eq!(candidates, [voters[1].person, voters[2].person]);
    expect_refused("UnknownElection", organiser.does(&PublishProxies { election: Uuid::nil().into() }).await);
}

#[tokio::test]
async fn the_roll_of_a_village_election_is_published_in_time_and_changes_only_for_objections() {
    let district = District::new().await;
    let organiser = district.organiser();
    let voters = district.electorate(3).await;
    let council = district.council(&[]).await;
    let days = |days: i64| days * 24 * 60;
    let soon = ElectionTerms { poll_opens: district.in_minutes(days(7)), ..terms(&district, council) };
    expect_refused_at("RollTimeTooShort", "pollOpens", organiser.does(&CallElection { terms: soon }).await);
    let polled = async || {
        let election = organiser.does(&CallElection { terms: terms(&district, council) }).await.unwrap();
        for voter in &voters[..2] {
            hand(&district, voter).does(&Nominate { election, nominee: voter.person, by: voter.person }).await.unwrap();
        }
        district.waits_minutes(10);
        let channels = Channels::Online;
        organiser.does(&PrepareElectionPoll { election, title: "选举".into(), secret: true, receipts: None, channels }).await.unwrap()
    };
    let enters = |poll, who: usize| EnterOnRoll { poll, lines: vec![voters[who].line()], exception: None, register: None };
    let strikes = |poll, who: usize| StrikeFromRoll { poll, entries: vec![voters[who].entry(poll)], reason: "迁出".into() };
    let poll = polled().await;
    organiser.does(&enters(poll, 0)).await.unwrap();
    district.waits_minutes(days(8));
    organiser.does(&enters(poll, 1)).await.unwrap();
    organiser.does(&strikes(poll, 1)).await.unwrap();
    district.waits_minutes(days(1));
    expect_refused("RollIsFinal", organiser.does(&enters(poll, 2)).await);
    expect_refused("RollIsFinal", organiser.does(&strikes(poll, 0)).await);

    let poll = polled().await;
    district.waits_minutes(days(1));
    expect_refused("RollTooLate", organiser.does(&enters(poll, 0)).await);
}

#[tokio::test]
async fn an_election_is_of_a_council_that_works_and_a_recall_of_who_sits_in_it() {
    let district = District::new().await;
    let organiser = district.organiser();
    let voters = district.electorate(2).await;
    let council = district.council(&[voters[0].person]).await;
    let unknown = terms(&district, CouncilId(Uuid::now_v7()));
    expect_refused("UnknownCouncil", organiser.does(&CallElection { terms: unknown }).await);
    let elsewhere = ElectionTerms { area: area(STREET), ..terms(&district, council) };
    expect_refused("NotAllowed", organiser.does(&CallElection { terms: elsewhere.clone() }).await);
    let officer = district.with_role(Role::DistrictOfficer, Scope::Everywhere);
    expect_refused("ElectionUnfit", officer.does(&CallElection { terms: elsewhere }).await);

    let recall = |whom: &Voter| ElectionTerms {
        kind: ElectionKind::Recall { representative: whom.person },
        seats: 1,
        method: Method::Stances,
        rule: statutes::find(statutes::VILLAGE_RECALL, 1).unwrap(),
        ..terms(&district, council)
    };
    expect_refused("NotARepresentative", organiser.does(&CallElection { terms: recall(&voters[1]) }).await);
    let election = organiser.does(&CallElection { terms: recall(&voters[0]) }).await.unwrap();
    assert_eq!(district.app.state::<Election>(election).await.unwrap().candidates(), [voters[0].person]);
}
