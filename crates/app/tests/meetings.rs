//! Meetings from the notice to the published minutes. Makes loud: a vote without a quorum, a motion decided twice or in its
//! old text, an expert who votes, a notice counted in the wrong time zone, a motion left on a dead agenda, a lost resolution.

use gongyi_app::{
    Rejection,
    deliberation::{
        councils::{LeaveSeat, SeatRepresentatives, SourceGiven},
        covenants::{AdoptCovenant, FileCovenant, RepealCovenant, ReviseCovenant},
        meeting::{
            convening::{AgendaDraft, AmendMeeting, CancelMeeting, ConveneMeeting, ExcuseAbsence, InviteToMeeting},
            minutes::{ApproveMinutes, DraftMinutes, EditMinutes, PublishMinutes, ReopenMinutes},
            sitting::{
                AdjournMeeting, CallNextSpeaker, CloseMeeting, EndTurn, OpenMeeting, Passage, RecordPresence, RequestToSpeak,
                ResumeMeeting, TakeUpItem, WithdrawRequestToSpeak,
            },
            voting::{AnnulVote, CastMeetingBallot, CloseVote, CountHands, OpenVote, OpenedVote, VoteKind},
        },
        motion::amending::{AcceptAmendment, ChangeDraft, ProposeAmendment},
        poll::{
            casting::Cast,
            counting::{ClosePoll, CountPoll},
        },
        recount::recount,
    },
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    deliberation::{
        ballot::{Marks, Stance},
        charter::{Matter, Secrecy},
        covenant::Covenant,
        decision::{Counts, Outcome, statutes},
        meeting::{Choice, Hands, Meeting, MeetingPhase, Notice, VotePhase},
        minutes::{Minutes, MinutesPhase},
        motion::{Motion, MotionPhase},
        poll::{Poll, PollPhase},
        recount::Decided,
        sitting::Capacity,
        speakers::Side,
    },
    values::{AgendaItemId, CovenantId, Instant, MeetingId, MotionId, PersonId, VoteId},
};
use gongyi_eventlog::Upcasters;
use uuid::Uuid;

use crate::harness::{
    COMMUNITY, DISTRICT, District, Hand, OTHER_COMMUNITY, Sitting, Voter, area, expect_refused, expect_refused_at, moment,
};

const TITLE: &str = "东门停车";

fn hand<'d>(district: &'d District, voter: &Voter) -> Hand<'d> {
    Hand { district, app: district.app.clone(), actor: voter.actor.clone() }
}

fn officer(district: &District) -> Hand<'_> {
    district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT)))
}

fn notice(starts: Instant) -> Notice {
    Notice { title: "三月例会".into(), place: "社区活动室".into(), starts, ends: starts + chrono::TimeDelta::hours(3) }
}

fn item(title: &str, motion: Option<MotionId>) -> AgendaDraft {
    AgendaDraft { id: None, title: title.into(), motion, parts: vec![] }
}

fn convene(sitting: &Sitting, starts: Instant, motion: Option<MotionId>) -> ConveneMeeting {
    let parts = vec![item("情况说明", None)];
    let agenda = vec![item("开场", None), AgendaDraft { parts, ..item(TITLE, motion) }];
    ConveneMeeting { council: sitting.council, notice: notice(starts), agenda, short_notice: None }
}

/// A meeting four days ahead.
async fn convened(district: &District, sitting: &Sitting, motion: Option<MotionId>) -> MeetingId {
    district.organiser().does(&convene(sitting, district.in_minutes(4 * 24 * 60), motion)).await.unwrap()
}

fn came(meeting: MeetingId, person: PersonId) -> RecordPresence {
    RecordPresence { meeting, person, passage: Passage::Came, at: None }
}

/// In session with so many representatives in the room, and the second item in hand.
async fn in_session(district: &District, sitting: &Sitting, motion: Option<MotionId>, many: usize) -> (MeetingId, AgendaItemId) {
    let organiser = district.organiser();
    let meeting = convened(district, sitting, motion).await;
    district.waits_minutes(4 * 24 * 60);
    for voter in &sitting.representatives[..many] {
        organiser.does(&came(meeting, voter.person)).await.unwrap();
    }
    organiser.does(&OpenMeeting { meeting }).await.unwrap();
    let item = state(district, meeting).await.agenda.items()[1].id;
    organiser.does(&TakeUpItem { meeting, item }).await.unwrap();
    (meeting, item)
}

async fn state(district: &District, meeting: MeetingId) -> Meeting {
    district.app.state::<Meeting>(meeting).await.unwrap()
}

async fn phase(district: &District, motion: MotionId) -> MotionPhase {
    district.app.state::<Motion>(motion).await.unwrap().phase
}

fn vote_on(meeting: MeetingId, item: AgendaItemId, matter: Matter, kind: VoteKind) -> OpenVote {
    OpenVote { meeting, item, question: "是否同意？".into(), matter, kind, version: None, recused: vec![], repeats: None }
}

async fn votes(district: &District, opened: OpenedVote, voter: &Voter, choice: Choice) -> Result<MeetingId, Rejection> {
    hand(district, voter).does(&CastMeetingBallot { meeting: opened.meeting, vote: opened.vote, choice }).await
}

async fn outcome(district: &District, meeting: MeetingId, vote: VoteId) -> Outcome {
    match &state(district, meeting).await.vote(vote).unwrap().phase {
        VotePhase::Closed(decision) => decision.verdict.outcome,
        VotePhase::Open | VotePhase::Annulled => panic!("not closed"),
    }
}

#[tokio::test]
async fn a_motion_fails_by_one_is_voted_on_anew_and_stands_in_the_minutes() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    let people = &sitting.representatives;
    let motion = district.motion_before(&sitting, TITLE).await;
    let meeting = convened(&district, &sitting, Some(motion)).await;
    assert_eq!(phase(&district, motion).await, MotionPhase::Scheduled);
    let convened = state(&district, meeting).await;
    let orders = convened.orders.clone().unwrap();
    assert_eq!((orders.charter_version, orders.notice_days, convened.area), (1, 3, Some(area(COMMUNITY))));
    let item = convened.agenda.items()[1].id;
    assert_eq!(convened.agenda.number(convened.agenda.items()[2].id).as_deref(), Some("2.1"));

    district.waits_minutes(4 * 24 * 60);
    hand(&district, &people[5]).does(&ExcuseAbsence { meeting, person: people[5].person }).await.unwrap();
    for voter in &people[..3] {
        organiser.does(&came(meeting, voter.person)).await.unwrap();
    }
    expect_refused("NoQuorum", organiser.does(&OpenMeeting { meeting }).await);
    organiser.does(&came(meeting, people[3].person)).await.unwrap();
    expect_refused("AlreadyPresent", organiser.does(&came(meeting, people[3].person)).await);
    organiser.does(&came(meeting, sitting.lawyer.person)).await.unwrap();
    expect_refused("NotInvited", organiser.does(&came(meeting, PersonId(Uuid::now_v7()))).await);
    organiser.does(&OpenMeeting { meeting }).await.unwrap();
    expect_refused("MeetingHasBegun", organiser.does(&OpenMeeting { meeting }).await);
    organiser.does(&TakeUpItem { meeting, item }).await.unwrap();

    let went = RecordPresence { meeting, person: people[3].person, passage: Passage::Went, at: None };
    organiser.does(&went).await.unwrap();
    expect_refused("NoQuorum", organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await);
    assert_eq!(phase(&district, motion).await, MotionPhase::Scheduled, "nothing of a refused vote is kept");
    district.waits_minutes(1);
    organiser.does(&came(meeting, people[3].person)).await.unwrap();
    let old = OpenVote { version: Some(7), ..vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName) };
    expect_refused("VersionOutdated", organiser.does(&old).await);
    let opened = organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await.unwrap();
    assert_eq!(phase(&district, motion).await, MotionPhase::Voting);
    expect_refused("NotAVoter", votes(&district, opened, &sitting.lawyer, Choice::Yes).await);
    expect_refused("NotAVoter", votes(&district, opened, &people[4], Choice::Yes).await);
    for (voter, choice) in people.iter().zip([Choice::Yes, Choice::Yes, Choice::No, Choice::Abstain]) {
        votes(&district, opened, voter, choice).await.unwrap();
    }
    expect_refused("AlreadyVoted", votes(&district, opened, &people[0], Choice::No).await);
    expect_refused("VoteIsOpen", organiser.does(&CloseMeeting { meeting }).await);
    let close = CloseVote { meeting, vote: opened.vote };
    organiser.does(&close).await.unwrap();
    expect_refused("VoteNotOpen", organiser.does(&close).await);
    expect_refused("VoteNotOpen", votes(&district, opened, &people[0], Choice::Yes).await);
    assert_eq!((outcome(&district, meeting, opened.vote).await, phase(&district, motion).await), (Outcome::Failed, MotionPhase::Rejected));
    expect_refused("DecidedAlready", organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await);

    let annul = AnnulVote { meeting, vote: opened.vote, reason: "一名代表误投".into() };
    expect_refused("NotAllowed", organiser.does(&annul).await);
    officer(&district).does(&annul).await.unwrap();
    expect_refused("VoteAnnulledAlready", officer(&district).does(&annul).await);
    assert_eq!(phase(&district, motion).await, MotionPhase::Scheduled);
    let again = OpenVote { repeats: Some(opened.vote), ..vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName) };
    let again = organiser.does(&again).await.unwrap();
    for voter in &people[..3] {
        votes(&district, again, voter, Choice::Yes).await.unwrap();
    }
    organiser.does(&CloseVote { meeting, vote: again.vote }).await.unwrap();
    assert_eq!(phase(&district, motion).await, MotionPhase::Adopted);

    expect_refused("MeetingNotOver", organiser.does(&DraftMinutes { meeting }).await);
    organiser.does(&CloseMeeting { meeting }).await.unwrap();
    organiser.does(&DraftMinutes { meeting }).await.unwrap();
    expect_refused("MinutesExist", organiser.does(&DraftMinutes { meeting }).await);
    let text = district.app.state::<Minutes>(meeting).await.unwrap().text;
    for part in [
        "紫荆社区议事会三月例会会议纪要".to_owned(),
        format!("@{{{}}}（09:00—09:00，09:01—09:01）", people[3].person),
        format!("请假：@{{{}}}", people[5].person),
        format!("缺席：@{{{}}}", people[4].person),
        format!("特邀专家：@{{{}}}", sitting.lawyer.person),
        "2026年3月6日 09:00 会议开始：应到 6，出席 4，过半数 ✓".to_owned(),
        "不足法定人数：应到 6，出席 3，未过半数 ✗".to_owned(),
        "表决作废：一名代表误投".to_owned(),
        "1. 是否同意？：通过。".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} is missing in\n{text}");
    }
    assert_eq!(text.matches("表决结果").count(), 2);
    let edit = EditMinutes { meeting, revision: 1, text: format!("{text}\n补充") };
    organiser.does(&edit).await.unwrap();
    expect_refused("RevisionPassed", organiser.does(&EditMinutes { text: "他人".into(), ..edit }).await);
    expect_refused("MinutesNotApproved", organiser.does(&PublishMinutes { meeting }).await);
    organiser.does(&ApproveMinutes { meeting, revision: 2 }).await.unwrap();
    organiser.does(&PublishMinutes { meeting }).await.unwrap();
    expect_refused("MinutesArePublished", organiser.does(&PublishMinutes { meeting }).await);
    organiser.does(&ReopenMinutes { meeting, reason: "补记".into() }).await.unwrap();
    assert_eq!(district.app.state::<Minutes>(meeting).await.unwrap().phase, MinutesPhase::Draft);
}

#[tokio::test]
async fn notice_is_counted_in_the_tenants_days_and_a_shorter_one_says_why() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    // Half past midnight in Zhuhai, on the third day from now; two days from now by UTC.
    let third_day = moment("2026-03-05 00:30");
    organiser.does(&convene(&sitting, third_day, None)).await.unwrap();
    let late = convene(&sitting, moment("2026-03-04 23:30"), None);
    expect_refused("NoticeTooShort", organiser.does(&late).await);
    organiser.does(&ConveneMeeting { short_notice: Some("水管爆裂".into()), ..late }).await.unwrap();
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_COMMUNITY)));
    expect_refused("NotAllowed", elsewhere.does(&convene(&sitting, third_day, None)).await);
    let unknown = ConveneMeeting { council: gongyi_domain::values::CouncilId(Uuid::now_v7()), ..convene(&sitting, third_day, None) };
    expect_refused("UnknownCouncil", organiser.does(&unknown).await);
}

#[tokio::test]
async fn a_villagers_meeting_is_announced_ten_days_ahead() {
    let district = District::new().await;
    let organiser = district.organiser();
    let rule = statutes::find(statutes::VILLAGERS_MEETING, 1).unwrap();
    let sitting = district.council_with(6, |terms| terms.ordinary.rule = rule).await;
    let late = ConveneMeeting { short_notice: Some("水管爆裂".into()), ..convene(&sitting, moment("2026-03-11 23:30"), None) };
    expect_refused_at("StatuteNoticeTooShort", "starts", organiser.does(&late).await);
    let meeting = organiser.does(&convene(&sitting, moment("2026-03-12 00:30"), None)).await.unwrap();
    let put_on = |day: &str| AmendMeeting { meeting, notice: Some(notice(moment(day))), agenda: None };
    expect_refused_at("StatuteNoticeTooShort", "starts", organiser.does(&put_on("2026-03-04 19:00")).await);
    organiser.does(&put_on("2026-03-20 19:00")).await.unwrap();
}

#[tokio::test]
async fn a_motion_leaves_the_agenda_with_its_item_and_with_the_meeting() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    let (first, second) = (district.motion_before(&sitting, "停车").await, district.motion_before(&sitting, "绿化").await);
    let meeting = convened(&district, &sitting, Some(first)).await;
    let opening = state(&district, meeting).await.agenda.items()[0].clone();
    let agenda = vec![AgendaDraft { id: Some(opening.id), ..item(&opening.title, None) }, item("绿化", Some(second))];
    let amend = AmendMeeting { meeting, notice: None, agenda: Some(agenda) };
    organiser.does(&amend).await.unwrap();
    assert_eq!((phase(&district, first).await, phase(&district, second).await), (MotionPhase::Accepted, MotionPhase::Scheduled));
    assert_eq!(state(&district, meeting).await.agenda.items()[0].id, opening.id);
    let stranger = AgendaDraft { id: Some(AgendaItemId(Uuid::now_v7())), ..item("无", None) };
    let unknown = AmendMeeting { meeting, notice: None, agenda: Some(vec![stranger]) };
    expect_refused("UnknownItem", organiser.does(&unknown).await);
    organiser.does(&CancelMeeting { meeting, reason: "台风".into() }).await.unwrap();
    assert_eq!((phase(&district, second).await, state(&district, meeting).await.phase), (MotionPhase::Accepted, MeetingPhase::Cancelled));
    expect_refused("MeetingIsOver", organiser.does(&CancelMeeting { meeting, reason: "台风".into() }).await);

    let other = district.council_with(3, |_| ()).await;
    expect_refused("CouncilUnfit", organiser.does(&convene(&other, district.in_minutes(9_000), Some(first))).await);
    let (meeting, _) = in_session(&district, &sitting, Some(first), 4).await;
    organiser.does(&CloseMeeting { meeting }).await.unwrap();
    assert_eq!(phase(&district, first).await, MotionPhase::Accepted, "not reached");
    expect_refused("UnknownMeeting", organiser.does(&CloseMeeting { meeting: MeetingId(Uuid::now_v7()) }).await);
}

#[tokio::test]
async fn speakers_are_called_by_the_policy_and_ask_for_themselves() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    let (meeting, item) = in_session(&district, &sitting, None, 5).await;
    let people = &sitting.representatives;
    let ask = |n: usize, side| RequestToSpeak { meeting, item, person: people[n].person, side };
    for (n, side) in [(0, Side::For), (1, Side::For), (2, Side::Against)] {
        hand(&district, &people[n]).does(&ask(n, side)).await.unwrap();
    }
    expect_refused("AlreadyListed", hand(&district, &people[0]).does(&ask(0, Side::For)).await);
    expect_refused("NotAllowed", hand(&district, &people[0]).does(&ask(3, Side::For)).await);
    expect_refused("NotPresent", hand(&district, &people[5]).does(&ask(5, Side::For)).await);
    expect_refused("NotAllowed", hand(&district, &people[0]).does(&CallNextSpeaker { meeting }).await);
    let mut called = vec![];
    for _ in 0..2 {
        organiser.does(&CallNextSpeaker { meeting }).await.unwrap();
        called.push(state(&district, meeting).await.speakers[&item].speaking.unwrap().person);
    }
    assert_eq!(called, [people[0].person, people[2].person], "against follows for");
    hand(&district, &people[1]).does(&WithdrawRequestToSpeak { meeting, item, person: people[1].person }).await.unwrap();
    organiser.does(&EndTurn { meeting }).await.unwrap();
    expect_refused("NobodyListed", organiser.does(&CallNextSpeaker { meeting }).await);

    organiser.does(&AdjournMeeting { meeting, until: None, reason: "停电".into() }).await.unwrap();
    expect_refused("NoQuorum", organiser.does(&ResumeMeeting { meeting }).await);
    for voter in &people[..4] {
        organiser.does(&came(meeting, voter.person)).await.unwrap();
    }
    organiser.does(&ResumeMeeting { meeting }).await.unwrap();
    let observer = district.somebody().await;
    organiser.does(&InviteToMeeting { meeting, person: observer.person, capacity: Capacity::Observer }).await.unwrap();
    let representative = InviteToMeeting { meeting, person: people[0].person, capacity: Capacity::Expert };
    expect_refused("GuestIsRepresentative", organiser.does(&representative).await);
}

#[tokio::test]
async fn two_tellers_must_agree_on_the_hands() {
    let district = District::new().await;
    let sitting = district.council_with(6, |_| ()).await;
    let motion = district.motion_before(&sitting, TITLE).await;
    let (meeting, item) = in_session(&district, &sitting, Some(motion), 5).await;
    let tellers = [district.organiser_in(COMMUNITY).await, district.organiser_in(COMMUNITY).await];
    let opened = tellers[0].does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ShowOfHands)).await.unwrap();
    let count = |yes, no| CountHands { meeting, vote: opened.vote, hands: Hands { yes, no, abstain: 0 } };
    expect_refused("OtherVoteKind", votes(&district, opened, &sitting.representatives[0], Choice::Yes).await);
    expect_refused("TooManyHands", tellers[0].does(&count(6, 0)).await);
    expect_refused("TellerUnknown", district.organiser().does(&count(3, 2)).await);
    tellers[0].does(&count(3, 2)).await.unwrap();
    tellers[1].does(&count(4, 1)).await.unwrap();
    let close = CloseVote { meeting, vote: opened.vote };
    expect_refused("TellersDisagree", tellers[0].does(&close).await);
    tellers[1].does(&count(3, 2)).await.unwrap();
    tellers[0].does(&close).await.unwrap();
    assert_eq!((outcome(&district, meeting, opened.vote).await, phase(&district, motion).await), (Outcome::Carried, MotionPhase::Adopted));
}

#[tokio::test]
async fn a_secret_vote_is_a_poll_of_those_in_the_room() {
    let district = District::new().await;
    let (app, organiser) = (&district.app, district.organiser());
    let sitting = district.council_with(6, |_| ()).await;
    let motion = district.motion_before(&sitting, TITLE).await;
    let (meeting, item) = in_session(&district, &sitting, Some(motion), 5).await;
    let people = &sitting.representatives;
    expect_refused("SecretBallotNeeded", organiser.does(&vote_on(meeting, item, Matter::Personnel, VoteKind::ByName)).await);
    expect_refused("OpenBallotNeeded", organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::Secret)).await);
    let recused = vec![people[4].person];
    let open = OpenVote { recused, ..vote_on(meeting, item, Matter::Personnel, VoteKind::Secret) };
    let wrong = organiser.does(&open).await.unwrap();
    organiser.does(&AnnulVote { meeting, vote: wrong.vote, reason: "题目有误".into() }).await.unwrap();
    assert_eq!(app.state::<Poll>(wrong.poll.unwrap()).await.unwrap().phase, PollPhase::Voided);
    assert_eq!(phase(&district, motion).await, MotionPhase::Scheduled);

    let opened = organiser.does(&OpenVote { repeats: Some(wrong.vote), ..open }).await.unwrap();
    let poll = opened.poll.unwrap();
    let cast = async |voter: &Voter, stance| -> Result<Cast, Rejection> {
        voter.casts(app, poll, Marks::Stances(vec![(1, stance)]), Uuid::now_v7(), None).await
    };
    for (voter, stance) in people.iter().zip([Stance::Yes, Stance::Yes, Stance::No]) {
        cast(voter, stance).await.unwrap();
    }
    for outsider in [&people[4], &people[5], &sitting.lawyer] {
        assert!(matches!(cast(outsider, Stance::Yes).await, Err(Rejection::Refused(_))), "recused, absent and experts have no ballot");
    }
    let close = CloseVote { meeting, vote: opened.vote };
    expect_refused("PollNotCounted", organiser.does(&close).await);
    organiser.does(&ClosePoll { poll }).await.unwrap();
    expect_refused("PollNotOpen", cast(&people[3], Stance::Yes).await);
    organiser.does(&CountPoll { poll }).await.unwrap();
    organiser.does(&close).await.unwrap();
    let closed = state(&district, meeting).await;
    let VotePhase::Closed(decision) = &closed.vote(opened.vote).unwrap().phase else { panic!("not closed") };
    let counts = decision.tally.heads;
    assert_eq!((counts.entitled, counts.present, counts.yes, counts.no), (6, 4, 2, 1));
    assert_eq!(
        (decision.verdict.outcome, phase(&district, motion).await),
        (Outcome::Failed, MotionPhase::Rejected),
        "2 of 4 is not more than half"
    );
    assert!(closed.vote(opened.vote).unwrap().choices.is_empty(), "the meeting knows no choice of anybody");
    let again = recount(app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound(), "{again:?}");
    assert!(again.decisions.iter().any(|(_, it)| it.of == Decided::Vote(meeting, opened.vote)), "{again:?}");
}

async fn leaves_the_seat(district: &District, sitting: &Sitting, voter: &Voter) {
    let leave = LeaveSeat { council: sitting.council, person: voter.person, reason: None, on: None };
    hand(district, voter).does(&leave).await.unwrap();
}

async fn counts(district: &District, opened: OpenedVote) -> Counts {
    match &state(district, opened.meeting).await.vote(opened.vote).unwrap().phase {
        VotePhase::Closed(decision) => decision.tally.heads,
        VotePhase::Open | VotePhase::Annulled => panic!("not closed"),
    }
}

#[tokio::test]
async fn who_leaves_the_seat_neither_votes_nor_counts_and_what_was_cast_stays() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(3, |_| ()).await;
    let people = &sitting.representatives;
    let (meeting, item) = in_session(&district, &sitting, None, 3).await;
    let opened = organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await.unwrap();
    votes(&district, opened, &people[0], Choice::Yes).await.unwrap();
    leaves_the_seat(&district, &sitting, &people[1]).await;
    expect_refused("NotAVoter", votes(&district, opened, &people[1], Choice::Yes).await);
    organiser.does(&RecordPresence { meeting, person: people[2].person, passage: Passage::Went, at: None }).await.unwrap();
    expect_refused("NotAVoter", votes(&district, opened, &people[2], Choice::Yes).await);
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    let heads = counts(&district, opened).await;
    assert_eq!((heads.entitled, heads.present, heads.yes), (2, 1, 1));
    assert_eq!(outcome(&district, meeting, opened.vote).await, Outcome::NoQuorum, "1 of 2 is not more than half");

    organiser.does(&came(meeting, people[2].person)).await.unwrap();
    let opened = organiser.does(&vote_on(meeting, item, Matter::Personnel, VoteKind::Secret)).await.unwrap();
    let poll = opened.poll.unwrap();
    let cast = async |voter: &Voter| voter.casts(&district.app, poll, Marks::Stances(vec![(1, Stance::Yes)]), Uuid::now_v7(), None).await;
    cast(&people[0]).await.unwrap();
    leaves_the_seat(&district, &sitting, &people[0]).await;
    organiser.does(&RecordPresence { meeting, person: people[2].person, passage: Passage::Went, at: None }).await.unwrap();
    expect_refused("NotAVoter", cast(&people[2]).await);
    organiser.does(&came(meeting, people[2].person)).await.unwrap();
    cast(&people[2]).await.unwrap();
    organiser.does(&ClosePoll { poll }).await.unwrap();
    organiser.does(&CountPoll { poll }).await.unwrap();
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    let heads = counts(&district, opened).await;
    assert_eq!((heads.entitled, heads.present, heads.yes), (2, 2, 2), "the ballot of who has left since is in the box");
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound(), "{again:?}");
}

#[tokio::test]
async fn a_meeting_goes_on_with_the_quorum_of_the_council_as_it_is() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(3, |_| ()).await;
    let (meeting, item) = in_session(&district, &sitting, None, 2).await;
    organiser.does(&AdjournMeeting { meeting, until: None, reason: "停电".into() }).await.unwrap();
    let newcomers = district.electorate(5).await;
    let people = newcomers.iter().map(|it| it.person).collect();
    let source = SourceGiven::Appointment { authority: "民政局".into(), reason: "增补".into() };
    organiser.does(&SeatRepresentatives { council: sitting.council, people, from: None, until: None, source }).await.unwrap();
    for voter in &sitting.representatives[..2] {
        organiser.does(&came(meeting, voter.person)).await.unwrap();
    }
    expect_refused("NoQuorum", organiser.does(&ResumeMeeting { meeting }).await);
    for voter in &newcomers[..3] {
        organiser.does(&came(meeting, voter.person)).await.unwrap();
    }
    organiser.does(&ResumeMeeting { meeting }).await.unwrap();
    let opened = organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await.unwrap();
    for voter in &sitting.representatives[..2] {
        votes(&district, opened, voter, Choice::Yes).await.unwrap();
    }
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    let heads = counts(&district, opened).await;
    assert_eq!((heads.entitled, heads.present, heads.yes), (8, 5, 2));
    assert_eq!(outcome(&district, meeting, opened.vote).await, Outcome::Failed, "2 of 5 is not more than half");
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound(), "{again:?}");
}

#[tokio::test]
async fn a_vote_that_decides_nothing_leaves_its_motion_on_the_agenda() {
    let district = District::new().await;
    let organiser = district.organiser();
    // The rule asks for more present than the meeting needs to be open.
    let strict = |terms: &mut gongyi_domain::deliberation::charter::CharterTerms| {
        terms.ordinary.rule.quorum[0].threshold = gongyi_domain::deliberation::decision::Threshold::AT_LEAST_TWO_THIRDS;
        assert_eq!(terms.ordinary.secrecy, Secrecy::Open);
    };
    let sitting = district.council_with(9, strict).await;
    let motion = district.motion_before(&sitting, TITLE).await;
    let (meeting, item) = in_session(&district, &sitting, Some(motion), 5).await;
    let opened = organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await.unwrap();
    for voter in &sitting.representatives[..5] {
        votes(&district, opened, voter, Choice::Yes).await.unwrap();
    }
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    assert_eq!(
        (outcome(&district, meeting, opened.vote).await, phase(&district, motion).await),
        (Outcome::NoQuorum, MotionPhase::Scheduled)
    );
}

#[tokio::test]
async fn a_command_sent_again_is_done_once_and_another_one_under_its_id_is_refused() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    let (meeting, item) = in_session(&district, &sitting, None, 4).await;
    let opened = organiser.does(&vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName)).await.unwrap();
    let voter = hand(&district, &sitting.representatives[0]);
    let (request, cast) = (voter.request(Uuid::now_v7()), CastMeetingBallot { meeting, vote: opened.vote, choice: Choice::Yes });
    assert!(!district.app.dispatch(&request, &cast).await.unwrap().unchanged);
    assert!(district.app.dispatch(&request, &cast).await.unwrap().unchanged);
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    // Both name nothing but the meeting: only the act tells them apart.
    let request = organiser.request(Uuid::now_v7());
    district.app.dispatch(&request, &CloseMeeting { meeting }).await.unwrap();
    expect_refused("CommandIdReused", district.app.dispatch(&request, &ResumeMeeting { meeting }).await);
}

#[tokio::test]
async fn an_amended_motion_is_not_voted_on_in_its_old_text() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = district.council_with(6, |_| ()).await;
    let motion = district.motion_before(&sitting, TITLE).await;
    let (meeting, item) = in_session(&district, &sitting, Some(motion), 5).await;
    let paragraph = district.app.state::<Motion>(motion).await.unwrap().text.paragraphs[0].id;
    let proposer = &sitting.representatives[1];
    let changes = vec![ChangeDraft::Replace { paragraph, text: "东门外划出三十个车位。".into() }];
    let propose = ProposeAmendment { motion, by: proposer.person, against: 1, changes, grounds: None };
    let amendment = hand(&district, proposer).does(&propose).await.unwrap();
    let old = OpenVote { version: Some(1), ..vote_on(meeting, item, Matter::Ordinary, VoteKind::ByName) };
    expect_refused("AmendmentsOpen", organiser.does(&old).await);
    organiser.does(&AcceptAmendment { motion, amendment }).await.unwrap();
    expect_refused("VersionOutdated", organiser.does(&old).await);
    organiser.does(&OpenVote { version: Some(2), ..old }).await.unwrap();
}

/// The motion is voted on under this kind of matter, and carried.
async fn carried(district: &District, sitting: &Sitting, matter: Matter) -> (MotionId, OpenedVote) {
    let organiser = district.organiser();
    let motion = district.motion_before(sitting, TITLE).await;
    let (meeting, item) = in_session(district, sitting, Some(motion), 6).await;
    let opened = organiser.does(&vote_on(meeting, item, matter, VoteKind::ByName)).await.unwrap();
    for voter in &sitting.representatives[..6] {
        votes(district, opened, voter, Choice::Yes).await.unwrap();
    }
    organiser.does(&CloseVote { meeting, vote: opened.vote }).await.unwrap();
    organiser.does(&CloseMeeting { meeting }).await.unwrap();
    (motion, opened)
}

/// A council whose covenant takes more than half of all, openly.
async fn covenant_council(district: &District) -> Sitting {
    let open = |terms: &mut gongyi_domain::deliberation::charter::CharterTerms| {
        let mut covenant = terms.ordinary.clone();
        covenant.rule.id = "council/covenant".into();
        terms.special.insert(Matter::Covenant, covenant);
    };
    district.council_with(6, open).await
}

#[tokio::test]
async fn a_covenants_versions_are_what_carried_motions_say() {
    let district = District::new().await;
    let organiser = district.organiser();
    let sitting = covenant_council(&district).await;
    let drafted = district.motion_before(&sitting, TITLE).await;
    expect_refused("MotionNotAdopted", organiser.does(&AdoptCovenant { motion: drafted, effective: None }).await);
    let unknown = AdoptCovenant { motion: MotionId(Uuid::now_v7()), effective: None };
    expect_refused("UnknownMotion", organiser.does(&unknown).await);
    let (ordinary, _) = carried(&district, &sitting, Matter::Ordinary).await;
    expect_refused("NotVotedAsCovenant", organiser.does(&AdoptCovenant { motion: ordinary, effective: None }).await);

    let (motion, opened) = carried(&district, &sitting, Matter::Covenant).await;
    let adopt = AdoptCovenant { motion, effective: None };
    expect_refused("NotAllowed", hand(&district, &sitting.representatives[0]).does(&adopt).await);
    let covenant = organiser.does(&adopt).await.unwrap();
    expect_refused("CovenantVoteTaken", organiser.does(&adopt).await);
    let state = district.app.state::<Covenant>(covenant).await.unwrap();
    let text = district.app.state::<Motion>(motion).await.unwrap().text;
    assert_eq!((state.council, &state.versions[0].text, state.versions[0].adoption.vote), (Some(sitting.council), &text, opened.vote));
    expect_refused("SameText", organiser.does(&ReviseCovenant { covenant, motion, effective: None }).await);

    let other = covenant_council(&district).await;
    let (others, _) = carried(&district, &other, Matter::Covenant).await;
    expect_refused("OtherCouncilsMotion", organiser.does(&ReviseCovenant { covenant, motion: others, effective: None }).await);
    let file = FileCovenant { covenant, version: 1, on: None };
    organiser.does(&file).await.unwrap();
    expect_refused("AlreadyFiled", organiser.does(&file).await);

    let (repeal, _) = carried(&district, &sitting, Matter::Covenant).await;
    let unknown = RepealCovenant { covenant: CovenantId(Uuid::now_v7()), motion: repeal, effective: None };
    expect_refused("UnknownCovenant", organiser.does(&unknown).await);
    organiser.does(&RepealCovenant { covenant, motion: repeal, effective: None }).await.unwrap();
    assert!(district.app.state::<Covenant>(covenant).await.unwrap().repealed.is_some());
    let (late, _) = carried(&district, &sitting, Matter::Covenant).await;
    expect_refused("CovenantIsRepealed", organiser.does(&ReviseCovenant { covenant, motion: late, effective: None }).await);
}
