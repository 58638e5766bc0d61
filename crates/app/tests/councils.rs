//! Councils. Makes loud: a charter amended on the word of a vote that does not carry it, a seat for somebody unknown, a
//! keeper of another area who changes who sits, an amendment that undoes another one.

use gongyi_app::{
    Rejection,
    deliberation::{
        councils::{
            AmendCharter, DissolveCouncil, EndTerms, EstablishCouncil, ForfeitSeat, LeaveSeat, MandateGiven, RecallRepresentative,
            RegisterGuest, ReleaseGuest, RenameCouncil, SeatRepresentatives, SourceGiven,
        },
        elections::{CallElection, Nominate},
        meeting::convening::{AgendaDraft, CancelMeeting, ConveneMeeting},
        poll::{
            casting::CastOpenBallot,
            preparing::{OpenPoll, PrepareCouncilPoll, PreparePoll},
            roll::{EnterOnRoll, StrikeFromRoll},
        },
        recount::recount,
    },
    processes::EndMandates,
};
use gongyi_domain::{
    deliberation::{
        ballot::{Marks, Method, Stance},
        charter::{Charter, CharterTerms, Matter},
        council::Council,
        decision::{Outcome, statutes},
        election::Election,
        election_terms::{CandidateOrder, ElectionKind, ElectionTerms},
        meeting::Notice,
        poll::Poll,
        poll_report::PollOutcome,
        poll_terms::{Channels, Secrecy as PollSecrecy},
        roll_entry::{Holder, RollLine},
        seat::GuestKind,
    },
    values::{CouncilId, Day, MeetingId, PersonId, VoteId},
};
use gongyi_eventlog::Upcasters;
use gongyi_projections::PageArgs;
use gongyi_vault::Checkpoint;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, Hand, OTHER_STREET, Resident, STREET, area, expect_refused, expect_refused_at};

pub fn word() -> MandateGiven {
    MandateGiven::Authority { authority: "香洲区民政局".into(), reason: "批复".into() }
}

fn establish(code: &str, seats: u32) -> EstablishCouncil {
    let (authority, reason) = ("香洲区民政局".into(), "批复".into());
    EstablishCouncil {
        area: area(code), name: " 紫荆社区议事会 ".into(), charter: CharterTerms::model(seats), authority, reason, on: None
    }
}

pub async fn established(district: &District, seats: u32, who: &[&Resident<'_>]) -> CouncilId {
    let council = district.operator().does(&establish(COMMUNITY, seats)).await.unwrap();
    if !who.is_empty() {
        district.operator().seats(council, who).await.unwrap();
    }
    council
}

impl Hand<'_> {
    pub async fn seats(&self, council: CouncilId, who: &[&Resident<'_>]) -> Result<CouncilId, Rejection> {
        let people = who.iter().map(|it| it.person).collect();
        let source = SourceGiven::Transition { source: "名册".into() };
        self.does(&SeatRepresentatives { council, people, from: None, until: None, source }).await
    }
}

fn leave(council: CouncilId, who: &Resident<'_>, reason: Option<&str>) -> LeaveSeat {
    LeaveSeat { council, person: who.person, reason: reason.map(str::to_owned), on: None }
}

fn today() -> Day {
    "2026-03-02".parse().unwrap()
}

#[tokio::test]
async fn a_council_is_established_where_one_has_a_say() {
    let district = District::new().await;
    let council = district.officer().await.does(&establish(COMMUNITY, 9)).await.unwrap();
    let state = district.app.state::<Council>(council).await.unwrap();
    assert_eq!((state.name.as_str(), state.charter_version(), state.area), ("紫荆社区议事会", 1, Some(area(COMMUNITY))));
    expect_refused("NotAllowed", district.organiser_in(COMMUNITY).await.does(&establish(COMMUNITY, 9)).await);
    expect_refused("SignInRequired", district.stranger().does(&establish(COMMUNITY, 9)).await);
    expect_refused_at("UnknownArea", "area", district.operator().does(&establish("440402999", 9)).await);
    expect_refused_at("SeatsUnfit", "seats", district.operator().does(&establish(COMMUNITY, 0)).await);
    let unfounded = EstablishCouncil { reason: " ".into(), ..establish(COMMUNITY, 9) };
    expect_refused_at("MandateUnfit", "mandate", district.operator().does(&unfounded).await);
    let rename = |council| RenameCouncil { council, name: "新议事会".into() };
    district.operator().does(&rename(council)).await.unwrap();
    expect_refused("NothingAmended", district.operator().does(&rename(council)).await);
    expect_refused_at("UnknownCouncil", "council", district.operator().does(&rename(CouncilId(Uuid::now_v7()))).await);
}

#[tokio::test]
async fn a_charter_is_amended_against_its_last_version_on_a_word_that_holds() {
    let district = District::new().await;
    let council = established(&district, 9, &[]).await;
    let amend = |against, seats, mandate| AmendCharter { council, against, charter: CharterTerms::model(seats), mandate };
    let operator = district.operator();
    let vote = MandateGiven::Vote { meeting: MeetingId(Uuid::now_v7()), vote: VoteId(Uuid::now_v7()) };
    expect_refused_at("MandateNotCarried", "mandate", operator.does(&amend(1, 11, vote)).await);
    operator.does(&amend(1, 11, word())).await.unwrap();
    expect_refused_at("CharterOutdated", "against", operator.does(&amend(1, 13, word())).await);
    expect_refused("NothingAmended", operator.does(&amend(2, 11, word())).await);
    let versions = district.app.views().charters_of_councils(&[council]).await.unwrap();
    assert_eq!(versions.iter().map(|it| (it.version, it.charter.seats)).collect::<Vec<_>>(), [(1, 9), (2, 11)]);
}

#[tokio::test]
async fn seats_are_taken_left_lost_and_ended() {
    let district = District::new().await;
    let (zhang, li, wang) = (district.registers("张三").await, district.registers("李四").await, district.registers("王五").await);
    let council = established(&district, 2, &[]).await;
    let keeper = district.organiser_in(STREET).await;
    expect_refused("NotAllowed", district.organiser_in(OTHER_STREET).await.seats(council, &[&zhang]).await);
    expect_refused("NotAllowed", zhang.seats(council, &[&zhang]).await);
    let source = SourceGiven::Transition { source: "名册".into() };
    let nobody = SeatRepresentatives { council, people: vec![PersonId(Uuid::now_v7())], from: None, until: None, source };
    expect_refused("UnknownPerson", keeper.does(&nobody).await);
    keeper.seats(council, &[&zhang, &li]).await.unwrap();
    expect_refused("HoldsASeat", keeper.seats(council, &[&zhang]).await);
    expect_refused("SeatsTaken", keeper.seats(council, &[&wang]).await);
    // Somebody else's seat is not left for them; one's own is, with a reason that is kept sealed.
    expect_refused("NotAllowed", li.does(&leave(council, &zhang, None)).await);
    zhang.does(&leave(council, &zhang, Some("搬家"))).await.unwrap();
    expect_refused("NotARepresentative", zhang.does(&leave(council, &zhang, None)).await);
    let ever = district.app.views().seats(council, None, &PageArgs::default()).await.unwrap();
    let left = ever.edges.iter().find(|(_, row)| row.person == zhang.person).unwrap().1.clone();
    assert_eq!((left.vacated_on, left.reason.as_deref()), (Some(today()), Some("搬家")));
    let missed = vec![MeetingId(Uuid::now_v7())];
    expect_refused_at("NotAnAbsence", "missed", keeper.does(&ForfeitSeat { council, person: li.person, missed, on: None }).await);
    let recall = || RecallRepresentative { council, person: li.person, mandate: word(), on: None };
    keeper.does(&recall()).await.unwrap();
    expect_refused("NotARepresentative", keeper.does(&recall()).await);
    district.operator().seats(council, &[&wang]).await.unwrap();
    district.operator().does(&EndTerms { council, mandate: Some(word()), on: None }).await.unwrap();
    let now = district.app.views().seats(council, Some(today()), &PageArgs::default()).await.unwrap();
    assert_eq!((ever.total, now.total), (2, 0));
    // Erased: the seat stays in the history, what was said about leaving it goes.
    zhang.erases(&zhang).await.unwrap();
    let ever = district.app.views().seats(council, None, &PageArgs::default()).await.unwrap();
    assert!(ever.total == 3 && ever.edges.iter().all(|(_, row)| row.reason.is_none()));
}

#[tokio::test]
async fn who_is_erased_sits_and_stands_no_more() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let council = established(&district, 2, &[&zhang, &li]).await;
    let organiser = district.organiser();
    let terms = ElectionTerms {
        council,
        area: area(COMMUNITY),
        kind: ElectionKind::Seats,
        seats: 1,
        method: Method::Choice,
        rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
        nominations_until: district.in_minutes(10),
        poll_opens: district.in_minutes(20),
        poll_closes: district.in_minutes(30),
        candidate_order: CandidateOrder::default(),
    };
    let election = organiser.does(&CallElection { terms }).await.unwrap();
    for who in [&zhang, &li] {
        who.does(&Nominate { election, nominee: who.person, by: who.person }).await.unwrap();
    }
    // The seat of another council that is to be taken next month.
    let other = established(&district, 2, &[&li]).await;
    let source = SourceGiven::Transition { source: "名册".into() };
    let next_month = today() + chrono::Days::new(30);
    let seat = SeatRepresentatives { council: other, people: vec![zhang.person], from: Some(next_month), until: None, source };
    organiser.does(&seat).await.unwrap();
    assert_eq!(district.app.state::<Council>(other).await.unwrap().seats_filled(next_month), 2);
    zhang.erases(&zhang).await.unwrap();
    let state = async || (district.app.state::<Council>(council).await.unwrap(), district.app.state::<Election>(election).await.unwrap());
    assert_eq!(state().await.0.seats_filled(today()), 2);
    for _ in 0..2 {
        district.app.catch_up(&EndMandates).await.unwrap();
        let (council, election) = state().await;
        assert_eq!(council.representatives(today()).collect::<Vec<_>>(), [li.person]);
        assert_eq!(election.nominees.iter().map(|it| it.person).collect::<Vec<_>>(), [li.person]);
    }
    assert_eq!(district.app.state::<Council>(other).await.unwrap().seats_filled(next_month), 1);
    let events = district.events().await;
    // Forgetting where it stood, it meets the erasure again and changes nothing.
    let nowhere = Checkpoint { token: "of another log".into(), position: 0 };
    district.app.vault().save_checkpoint("end-mandates", &nowhere).await.unwrap();
    district.app.catch_up(&EndMandates).await.unwrap();
    assert_eq!(district.events().await, events);
    assert!(district.app.vault().parked("end-mandates").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_councils_poll_is_held_as_its_charter_says() {
    let district = District::new().await;
    let names = ["张三", "李四", "王五"];
    let mut who = vec![];
    for name in names {
        who.push(district.registers(name).await);
    }
    let sitting: Vec<_> = who.iter().take(2).collect();
    let council = established(&district, 3, &sitting).await;
    let organiser = district.organiser();
    let prepare = |kind| PrepareCouncilPoll {
        council,
        kind,
        title: "增补召集人".into(),
        options: vec!["同意".into()],
        method: Method::Stances,
        channels: Channels::Online,
        opens_at: None,
        closes_at: None,
    };
    let charter = Charter::try_new(CharterTerms::model(3)).unwrap();
    for kind in Matter::ALL {
        let poll = organiser.does(&prepare(kind)).await.unwrap();
        let terms = district.app.state::<Poll>(poll).await.unwrap().terms.unwrap();
        assert_eq!((terms.matter, terms.secrecy, terms.rule), charter.poll_terms(council, kind, 1), "{kind:?}");
        assert_eq!(terms.secrecy != PollSecrecy::Open, kind == Matter::Personnel);
    }
    let unknown = PrepareCouncilPoll { council: CouncilId(Uuid::now_v7()), ..prepare(Matter::Grave) };
    expect_refused("UnknownCouncil", organiser.does(&unknown).await);
    expect_refused("NotAllowed", who[0].does(&prepare(Matter::Grave)).await);

    let poll = organiser.does(&prepare(Matter::Grave)).await.unwrap();
    let terms = district.app.state::<Poll>(poll).await.unwrap().terms.unwrap();
    expect_refused("CouncilsOwnPoll", organiser.does(&PreparePoll { terms }).await);
    let line = |it: &Resident<'_>| RollLine { holder: Holder::Person(it.person), voter: it.person, weight: 1 };
    let enter = |who: &Resident<'_>| EnterOnRoll { poll, lines: vec![line(who)], exception: None, register: None };
    organiser.does(&enter(&who[0])).await.unwrap();
    expect_refused("RollNotTheCouncil", organiser.does(&OpenPoll { poll }).await);
    organiser.does(&enter(&who[2])).await.unwrap();
    organiser.does(&enter(&who[1])).await.unwrap();
    expect_refused("RollNotTheCouncil", organiser.does(&OpenPoll { poll }).await);
    let entries = vec![Holder::Person(who[2].person).entry(poll)];
    organiser.does(&StrikeFromRoll { poll, entries, reason: "不是代表".into() }).await.unwrap();
    let amended = AmendCharter { council, against: 1, charter: CharterTerms::model(4), mandate: word() };
    let late = organiser.does(&prepare(Matter::Ordinary)).await.unwrap();
    organiser.does(&OpenPoll { poll }).await.unwrap();
    for it in &who[..2] {
        let entry = Holder::Person(it.person).entry(poll);
        it.does(&CastOpenBallot { poll, entry, marks: Marks::Stances(vec![(1, Stance::Yes)]) }).await.unwrap();
    }
    district.closes(poll).await;
    let PollOutcome::Decided { decisions } = district.counts(poll).await.outcome else { panic!("decided") };
    assert_eq!((decisions[0].verdict.outcome, decisions[0].rule.id.as_str()), (Outcome::Carried, "model/grave"));
    district.operator().does(&amended).await.unwrap();
    organiser.does(&EnterOnRoll { poll: late, lines: who[..2].iter().map(line).collect(), exception: None, register: None }).await.unwrap();
    expect_refused("CharterOutdated", organiser.does(&OpenPoll { poll: late }).await);
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound() && again.decisions.len() == 1, "{again:?}");
}

#[tokio::test]
async fn guests_come_and_go_and_a_dissolved_council_starts_nothing() {
    let district = District::new().await;
    let lawyer = district.registers("赵律师").await;
    let council = established(&district, 2, &[]).await;
    let keeper = district.organiser_in(STREET).await;
    let guest = |kind| RegisterGuest { council, person: lawyer.person, kind };
    keeper.does(&guest(GuestKind::Lawyer)).await.unwrap();
    expect_refused("AlreadyAGuest", keeper.does(&guest(GuestKind::Lawyer)).await);
    expect_refused("NotAllowed", lawyer.does(&guest(GuestKind::Observer)).await);
    keeper.does(&ReleaseGuest { council, person: lawyer.person }).await.unwrap();
    expect_refused("NotAGuest", keeper.does(&ReleaseGuest { council, person: lawyer.person }).await);
    let dissolve = || DissolveCouncil { council, mandate: word(), on: None };
    expect_refused("NotAllowed", keeper.does(&dissolve()).await);
    // What people are invited to is called off first.
    let starts = district.in_minutes(10 * 24 * 60);
    let notice = Notice { title: "例会".into(), place: "社区活动室".into(), starts, ends: starts + chrono::TimeDelta::hours(2) };
    let agenda = vec![AgendaDraft { id: None, title: "开场".into(), motion: None, parts: vec![] }];
    let convene = ConveneMeeting { council, notice, agenda, short_notice: None };
    let meeting = keeper.does(&convene).await.unwrap();
    let refusal = expect_refused("UnfinishedBusiness", district.officer().await.does(&dissolve()).await);
    assert!(refusal.en.contains("1 meetings"), "{}", refusal.en);
    keeper.does(&CancelMeeting { meeting, reason: "议事会将解散".into() }).await.unwrap();
    district.officer().await.does(&dissolve()).await.unwrap();
    expect_refused("CouncilIsDissolved", district.operator().does(&dissolve()).await);
    expect_refused("CouncilIsDissolved", keeper.seats(council, &[&lawyer]).await);
}
