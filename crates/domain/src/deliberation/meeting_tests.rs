//! What breaks silently elsewhere: a vote taken without a quorum, an expert who counts, a second ballot by name, a
//! result that is overwritten, a speaker out of turn or out of the room, a continuation that no calendar knows of.

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    deliberation::{
        agenda::AgendaItem,
        decision::{
            Abstentions, Basis, Majority, Measure, Outcome, Quorum, Rule, Turnout, Wording, statutes::VILLAGERS_MEETING_NOTICE_DAYS,
        },
    },
    scenario::{Given, given},
    values::{MotionId, PollId},
};

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

fn who(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn item(n: u128) -> AgendaItemId {
    AgendaItemId(Uuid::from_u128(n))
}

fn vote(n: u128) -> VoteId {
    VoteId(Uuid::from_u128(n))
}

fn motion() -> MotionId {
    MotionId(Uuid::from_u128(70))
}

fn quorum() -> Quorum {
    Quorum { counts: Turnout::Present, by: Measure::Heads, threshold: Threshold::AT_LEAST_TWO_THIRDS }
}

/// More than half of those present.
fn rule() -> Rule {
    Rule {
        id: "test/present".into(),
        version: 1,
        title: Wording::new("到会过半数", "more than half of those present"),
        source: Wording::new("章程", "charter"),
        quorum: vec![quorum()],
        majority: vec![Majority { of: Basis::Present, by: Measure::Heads, threshold: Threshold::MORE_THAN_HALF }],
        abstentions: Abstentions::Count,
    }
}

fn agenda() -> Agenda {
    let plain = |n| AgendaItem { id: item(n), part_of: None, title: format!("第{n}项"), motion: None };
    Agenda::try_new(vec![plain(1), AgendaItem { motion: Some(motion()), ..plain(2) }]).unwrap()
}

fn notice() -> Notice {
    Notice { title: "第一次会议".into(), place: "社区活动室".into(), starts: at(10_000), ends: at(10_120) }
}

fn convene(days_ahead: i64, short_notice: Option<&str>) -> MeetingCommand {
    convene_by(None, days_ahead, short_notice)
}

fn convene_by(statute_days: Option<u32>, days_ahead: i64, short_notice: Option<&str>) -> MeetingCommand {
    let turns = TurnPolicy { seconds_per_turn: 120, turns_per_speaker: 2, sides_alternate: true, unspoken_first: true };
    MeetingCommand::Convene {
        council: CouncilId(Uuid::from_u128(9)),
        area: "440402001001".parse().unwrap(),
        notice: notice(),
        agenda: agenda(),
        orders: StandingOrders { charter_version: 1, quorum: quorum().threshold, notice_days: 7, turns },
        days_ahead,
        statute_days,
        short_notice: short_notice.map(str::to_owned),
        now: at(0),
    }
}

fn amend(notice: Notice, agenda: Agenda, days_ahead: i64, statute_days: Option<u32>, now: Instant) -> MeetingCommand {
    MeetingCommand::Amend { notice, agenda, days_ahead, statute_days, now }
}

fn come(n: u128, minute: i64) -> MeetingCommand {
    MeetingCommand::Come { person: who(n), representative: true, council: council(), at: at(minute), now: at(minute) }
}

fn go(n: u128, minute: i64) -> MeetingCommand {
    MeetingCommand::Go { person: who(n), council: council(), at: at(minute), now: at(minute) }
}

/// A council of these people.
fn council_of(people: impl IntoIterator<Item = u128>) -> Standing {
    Standing { on: at(10_000).date_naive(), representatives: people.into_iter().map(who).collect(), charter_seats: None }
}

/// A council of nine.
fn council() -> Standing {
    council_of(1..=9)
}

/// A council of nine, of whom the first `present` have come; open, with the motion in hand.
fn open(present: u128) -> Given<Meeting> {
    let room = given::<Meeting>([]).and(convene(7, None)).and_all((1..=present).map(|n| come(n, 9_990)));
    let meeting = room.and(MeetingCommand::Open { council: council(), now: at(10_000) });
    meeting.and(MeetingCommand::TakeUp { item: item(2), now: at(10_001) })
}

fn question(kind: VoteKind, repeats: Option<VoteId>) -> Question {
    Question { item: item(2), motion: Some(motion()), text: "是否通过".into(), kind, rule: rule(), repeats }
}

fn open_vote(n: u128, kind: VoteKind, repeats: Option<VoteId>) -> MeetingCommand {
    let secrecy = if matches!(kind, VoteKind::Secret { .. }) { Secrecy::Secret } else { Secrecy::Open };
    MeetingCommand::OpenVote {
        vote: vote(n),
        question: question(kind, repeats),
        secrecy,
        recused: vec![],
        council: council(),
        now: at(10_010),
    }
}

fn cast(n: u128, person: u128, choice: Choice) -> MeetingCommand {
    MeetingCommand::CastBallot { vote: vote(n), person: who(person), choice, council: council() }
}

fn outcome(meeting: &Meeting, n: u128) -> Outcome {
    match &meeting.vote(vote(n)).unwrap().phase {
        VotePhase::Closed(decision) => decision.verdict.outcome,
        state => panic!("{state:?}"),
    }
}

#[test]
fn a_shorter_notice_needs_a_reason() {
    given::<Meeting>([]).when(convene(6, None)).then_refused(MeetingRefusal::NoticeTooShort { least: 7 });
    let meeting = given::<Meeting>([]).and(convene(6, Some("水管爆裂")));
    assert_eq!(meeting.phase, MeetingPhase::Convened);
    meeting.when(convene(7, None)).then_refused(MeetingRefusal::MeetingExists);
    given::<Meeting>([]).when(MeetingCommand::Close { now: at(0) }).then_refused(MeetingRefusal::UnknownMeeting);
}

#[test]
fn a_villagers_meeting_is_announced_ten_days_ahead_and_no_reason_makes_them_fewer() {
    let ten = Some(VILLAGERS_MEETING_NOTICE_DAYS);
    let refused = || MeetingRefusal::StatuteNoticeTooShort { least: 10 };
    given::<Meeting>([]).when(convene_by(ten, 9, None)).then_refused(refused());
    given::<Meeting>([]).when(convene_by(ten, 9, Some("水管爆裂"))).then_refused(refused());
    // The longer one binds: a charter's seven days ask for their reason still.
    given::<Meeting>([]).when(convene_by(Some(5), 6, None)).then_refused(MeetingRefusal::NoticeTooShort { least: 7 });
    given::<Meeting>([]).when(convene_by(Some(5), 6, Some("水管爆裂"))).then_done();
    let meeting = given::<Meeting>([]).and(convene_by(ten, 10, None));
    let sooner = Notice { starts: at(5_000), ..notice() };
    meeting.when(amend(sooner.clone(), agenda(), 9, ten, at(1))).then_refused(refused());
    meeting.when(amend(sooner, agenda(), 10, ten, at(1))).then_done();
    let elsewhere = Notice { place: "祠堂".into(), ..notice() };
    meeting.when(amend(elsewhere, agenda(), 1, ten, at(1))).then_done(); // the day stays as it was announced
}

#[test]
fn a_meeting_opens_with_a_quorum_and_not_with_one_less() {
    let five = given::<Meeting>([]).and(convene(7, None)).and_all((1..=5).map(|n| come(n, 9_990)));
    let open = MeetingCommand::Open { council: council(), now: at(10_000) };
    five.when(open.clone()).then_refused(MeetingRefusal::NoQuorum { present: 5, entitled: 9 });
    assert_eq!(five.and(come(6, 9_991)).and(open).phase, MeetingPhase::Open);
}

#[test]
fn experts_and_observers_do_not_make_a_quorum() {
    let invite = |n, capacity| MeetingCommand::Invite { person: who(n), capacity };
    let guest = |n| MeetingCommand::Come { person: who(n), representative: false, council: council(), at: at(9_990), now: at(9_990) };
    let meeting = given::<Meeting>([]).and(convene(7, None)).and(invite(20, Capacity::Expert));
    let meeting = meeting.and(guest(20));
    assert_eq!((meeting.present(), meeting.sitting.len()), (0, 1));
    meeting.when(guest(21)).then_refused(MeetingRefusal::NotInvited);
    meeting.when(invite(3, Capacity::Representative)).then_refused(MeetingRefusal::GuestIsRepresentative);
}

#[test]
fn a_quorum_lost_stops_votes_until_it_is_regained() {
    let meeting = open(6);
    let lost = meeting.when(go(6, 10_005)).events();
    assert_eq!(lost.last(), Some(&MeetingEvent::QuorumLost { at: at(10_005), present: 5, entitled: 9 }));
    let meeting = meeting.and(go(6, 10_005));
    meeting.when(open_vote(1, VoteKind::ByName, None)).then_refused(MeetingRefusal::NoQuorum { present: 5, entitled: 9 });
    let regained = meeting.when(come(7, 10_006)).events();
    assert_eq!(regained.last(), Some(&MeetingEvent::QuorumReached { at: at(10_006), present: 6, entitled: 9 }));
    let meeting = meeting.and(come(7, 10_006));
    meeting.when(open_vote(1, VoteKind::ByName, None)).then_done();
}

#[test]
fn a_plurality_that_is_not_more_than_half_of_those_present_fails_and_is_taken_anew() {
    use Choice::{Abstain, No, Yes};
    let meeting = open(8).and(open_vote(1, VoteKind::ByName, None));
    let ballots = [Yes, Yes, Yes, Yes, No, No, No, Abstain];
    let meeting = meeting.and_all((1..).zip(ballots).map(|(n, choice)| cast(1, n, choice)));
    let meeting = meeting.and(MeetingCommand::CloseVote { vote: vote(1), council: council(), now: at(10_020) });
    assert_eq!(outcome(&meeting, 1), Outcome::Failed, "4 of 8 is not more than half");
    meeting.when(open_vote(2, VoteKind::ByName, None)).then_refused(MeetingRefusal::DecidedAlready);
    meeting.when(open_vote(2, VoteKind::ByName, Some(vote(1)))).then_refused(MeetingRefusal::NothingToRepeat);

    let annul = MeetingCommand::AnnulVote { vote: vote(1), reason: "一人误投".into() };
    let meeting = meeting.and(annul.clone());
    meeting.when(annul).then_refused(MeetingRefusal::VoteAnnulledAlready);
    let meeting = meeting.and(open_vote(2, VoteKind::ByName, Some(vote(1))));
    let meeting = meeting.and_all((1..=5).map(|n| cast(2, n, Yes)));
    let meeting = meeting.and(MeetingCommand::CloseVote { vote: vote(2), council: council(), now: at(10_030) });
    assert_eq!(outcome(&meeting, 2), Outcome::Carried);
    meeting.when(open_vote(3, VoteKind::ByName, Some(vote(1)))).then_refused(MeetingRefusal::NothingToRepeat);
}

#[test]
fn by_name_everybody_in_the_room_votes_once_and_nobody_else() {
    let meeting = open(6).and(open_vote(1, VoteKind::ByName, None));
    let meeting = meeting.and(cast(1, 1, Choice::Yes));
    meeting.when(cast(1, 1, Choice::No)).then_refused(MeetingRefusal::AlreadyVoted);
    meeting.when(cast(1, 7, Choice::No)).then_refused(MeetingRefusal::NotAVoter); // not here
    meeting.when(cast(8, 2, Choice::No)).then_refused(MeetingRefusal::UnknownVote);
    // Whoever comes while it is open votes too, and counts among those present at the close.
    let late = meeting.and(come(7, 10_011)).and(cast(1, 7, Choice::No));
    assert_eq!(late.votes[&vote(1)].choices.len(), 2);
    let closed = late.and(MeetingCommand::CloseVote { vote: vote(1), council: council(), now: at(10_020) });
    let VotePhase::Closed(decision) = &closed.votes[&vote(1)].phase else { panic!("it is closed") };
    assert_eq!((decision.tally.heads.present, decision.tally.heads.no), (7, 1));
}

#[test]
fn nobody_has_gone_before_a_vote_in_which_they_cast_a_ballot() {
    let meeting = open(6).and(open_vote(1, VoteKind::ByName, None)).and(cast(1, 1, Choice::Yes));
    let goes = |n, then| MeetingCommand::Go { person: who(n), council: council(), at: at(then), now: at(10_020) };
    meeting.when(goes(1, 10_009)).then_refused(MeetingRefusal::VotedSince);
    meeting.when(goes(2, 10_009)).then_done();
    meeting.when(goes(1, 10_011)).then_done();
}

#[test]
fn whether_a_vote_is_secret_is_the_charters_to_say() {
    let opened = |kind, secrecy| MeetingCommand::OpenVote {
        vote: vote(1),
        question: question(kind, None),
        secrecy,
        recused: vec![],
        council: council(),
        now: at(10_010),
    };
    let secret = VoteKind::Secret { poll: PollId(Uuid::from_u128(1)) };
    for kind in [VoteKind::ByName, VoteKind::ShowOfHands] {
        open(9).when(opened(kind, Secrecy::Secret)).then_refused(MeetingRefusal::SecretBallotNeeded);
        assert_eq!(open(9).and(opened(kind, Secrecy::Open)).votes.len(), 1);
    }
    open(9).when(opened(secret, Secrecy::Open)).then_refused(MeetingRefusal::OpenBallotNeeded);
    assert_eq!(open(9).and(opened(secret, Secrecy::Secret)).votes.len(), 1);
}

#[test]
fn a_state_is_the_same_after_it_was_stored() {
    let meeting = open(9).and(open_vote(1, VoteKind::ByName, None)).and(cast(1, 1, Choice::Yes));
    let meeting = meeting.and(MeetingCommand::AskToSpeak { item: item(2), person: who(1), side: Side::For });
    let stored = serde_json::to_string(&meeting.state).unwrap();
    assert_eq!(serde_json::from_str::<Meeting>(&stored).unwrap(), meeting.state);
}

#[test]
fn who_is_recused_is_present_for_nothing_in_that_vote() {
    let opened = MeetingCommand::OpenVote {
        vote: vote(1),
        question: question(VoteKind::ByName, None),
        secrecy: Secrecy::Open,
        recused: vec![who(1), who(2)],
        council: council(),
        now: at(10_010),
    };
    let meeting = open(9).and(opened);
    meeting.when(cast(1, 1, Choice::Yes)).then_refused(MeetingRefusal::NotAVoter);
    let meeting = meeting.and_all((3..=6).map(|n| cast(1, n, Choice::Yes)));
    let meeting = meeting.and(MeetingCommand::CloseVote { vote: vote(1), council: council(), now: at(10_020) });
    assert_eq!(outcome(&meeting, 1), Outcome::Carried, "4 of 7");
}

#[test]
fn hands_count_when_two_tellers_agree() {
    let hands = |teller, yes| MeetingCommand::CountHands {
        vote: vote(1),
        teller: who(teller),
        hands: Hands { yes, no: 1, abstain: 0 },
        council: council(),
    };
    let close = MeetingCommand::CloseVote { vote: vote(1), council: council(), now: at(10_020) };
    let meeting = open(6).and(open_vote(1, VoteKind::ShowOfHands, None));
    meeting.when(hands(50, 6)).then_refused(MeetingRefusal::TooManyHands { voters: 6 });
    let meeting = meeting.and(hands(50, 4));
    meeting.when(close.clone()).then_refused(MeetingRefusal::TellersDisagree); // one teller
    let meeting = meeting.and(hands(51, 5));
    meeting.when(close.clone()).then_refused(MeetingRefusal::TellersDisagree);
    let meeting = meeting.and(hands(50, 5)).and(close.clone());
    assert_eq!(outcome(&meeting, 1), Outcome::Carried);
    meeting.when(close).then_refused(MeetingRefusal::VoteNotOpen);
    meeting.when(cast(1, 1, Choice::Yes)).then_refused(MeetingRefusal::VoteNotOpen);
}

#[test]
fn the_word_is_given_by_the_policy_and_taken_back_from_who_goes() {
    let ask = |n, side| MeetingCommand::AskToSpeak { item: item(2), person: who(n), side };
    let meeting = open(7).and_all([ask(1, Side::For), ask(2, Side::For)]);
    meeting.when(ask(1, Side::For)).then_refused(MeetingRefusal::AlreadyListed);
    meeting.when(ask(8, Side::For)).then_refused(MeetingRefusal::NotPresent);
    let meeting = meeting.and(MeetingCommand::CallNext { now: at(10_002) });
    let gone = meeting.when(go(1, 10_003)).events();
    assert_eq!(gone[0], MeetingEvent::TurnEnded { item: item(2), person: who(1), at: at(10_003) });
    let next = meeting.when(MeetingCommand::CallNext { now: at(10_004) }).events();
    assert!(matches!(next[..], [MeetingEvent::TurnEnded { .. }, MeetingEvent::SpeakerCalled { seconds: 120, .. }]), "{next:?}");

    let meeting = meeting.and(MeetingCommand::CallNext { now: at(10_004) });
    meeting.when(MeetingCommand::CallNext { now: at(10_005) }).then_refused(MeetingRefusal::NobodyListed);
    let second = meeting.and(ask(1, Side::For)).and(MeetingCommand::CallNext { now: at(10_006) });
    let ended = second.and(MeetingCommand::EndTurn { now: at(10_007) });
    ended.when(ask(1, Side::For)).then_refused(MeetingRefusal::NoTurnsLeft { most: 2 });
}

#[test]
fn an_adjourned_meeting_goes_on_with_a_quorum_and_a_closed_one_never() {
    let adjourn = MeetingCommand::Adjourn { until: None, reason: "停电".into(), now: at(10_050) };
    let voting = open(6).and(open_vote(1, VoteKind::ByName, None));
    voting.when(adjourn.clone()).then_refused(MeetingRefusal::VoteIsOpen);
    let meeting = open(6).and(adjourn);
    assert_eq!(meeting.present(), 0, "everybody goes");
    let resume = MeetingCommand::Resume { council: council(), now: at(20_000) };
    meeting.when(resume.clone()).then_refused(MeetingRefusal::NoQuorum { present: 0, entitled: 9 });
    let meeting = meeting.and_all((1..=6).map(|n| come(n, 19_990))).and(resume.clone());
    let meeting = meeting.and(MeetingCommand::Close { now: at(20_100) });
    meeting.when(resume).then_refused(MeetingRefusal::MeetingIsOver);
}

fn adjourn(until: Option<i64>, minute: i64) -> MeetingCommand {
    MeetingCommand::Adjourn { until: until.map(at), reason: "停电".into(), now: at(minute) }
}

/// From when to when each sitting is, in minutes, without those that were called off.
fn sittings(meeting: &Meeting) -> Vec<(i64, i64)> {
    let minute = |moment: Instant| (moment - at(0)).num_minutes();
    let standing = meeting.sittings().filter(|(_, called_off)| !called_off);
    standing.map(|(notice, _)| (minute(notice.starts), minute(notice.ends))).collect()
}

#[test]
fn a_meeting_adjourned_to_another_day_has_a_sitting_there() {
    let first = (10_000, 10_120);
    assert_eq!(sittings(&open(6)), [first]);
    assert_eq!(sittings(&open(6).and(adjourn(Some(10_060), 10_050))), [first], "a break within the sitting");
    assert_eq!(sittings(&open(6).and(adjourn(None, 10_050))), [first], "nobody knows when");
    let meeting = open(6).and(adjourn(Some(20_000), 10_050));
    assert_eq!(sittings(&meeting), [first, (20_000, 20_120)]);
    let resumed = |minute| meeting_resumed(&meeting, minute);
    assert_eq!(sittings(&resumed(20_005)), [first, (20_000, 20_120)]);
    assert_eq!(sittings(&resumed(30_000)), [first, (30_000, 30_120)], "it stands where it was held");
    let closed = meeting.and(MeetingCommand::Close { now: at(15_000) });
    assert_eq!(sittings(&closed), [first], "closed before it was held");
    let late = meeting_resumed(&open(6).and(adjourn(None, 10_050)), 30_000);
    assert_eq!(sittings(&late), [first, (30_000, 30_120)]);
}

fn meeting_resumed(meeting: &Given<Meeting>, minute: i64) -> Given<Meeting> {
    meeting.clone().and_all((1..=6).map(|n| come(n, minute - 1))).and(MeetingCommand::Resume { council: council(), now: at(minute) })
}

#[test]
fn while_it_is_adjourned_the_continuations_notice_is_amended_and_the_first_stays() {
    let moved = Notice { starts: at(25_000), ends: at(25_060), place: "祠堂".into(), ..notice() };
    let command = |notice: &Notice| amend(notice.clone(), agenda(), 0, Some(VILLAGERS_MEETING_NOTICE_DAYS), at(10_060));
    open(6).when(command(&moved)).then_refused(MeetingRefusal::MeetingHasBegun);
    let meeting = open(6).and(adjourn(Some(20_000), 10_050)).and(command(&moved));
    assert_eq!(sittings(&meeting), [(10_000, 10_120), (25_000, 25_060)]);
    assert_eq!((meeting.notice.as_ref(), meeting.announced()), (Some(&notice()), Some(&moved)));
    assert_eq!(meeting.when(command(&moved)).events(), [], "as it is announced already");
    let over = Notice { starts: at(10_000), ends: at(10_050), ..notice() };
    meeting.when(command(&over)).then_refused(MeetingRefusal::MeetingNoticeUnfit { most: MEETING_TITLE_MAX_CHARS });
    // Where no time was known, one is given.
    let meeting = open(6).and(adjourn(None, 10_050)).and(command(&moved));
    assert_eq!(sittings(&meeting), [(10_000, 10_120), (25_000, 25_060)]);
    // The agenda alone leaves both notices as they are.
    let mut items = agenda().items().to_vec();
    items.push(AgendaItem { id: item(5), part_of: None, title: "临时动议".into(), motion: None });
    let longer = meeting.and(amend(moved.clone(), Agenda::try_new(items).unwrap(), 0, None, at(10_070)));
    assert_eq!((longer.notice.as_ref(), longer.announced(), longer.agenda.items().len()), (Some(&notice()), Some(&moved), 3));
}

#[test]
fn a_break_keeps_the_list_and_the_word_goes_to_who_is_back() {
    let ask = |n| MeetingCommand::AskToSpeak { item: item(2), person: who(n), side: Side::For };
    let meeting = open(8).and_all([ask(1), ask(2)]).and(adjourn(None, 10_050));
    let back = meeting.and_all((2..=8).map(|n| come(n, 10_060))).and(MeetingCommand::Resume { council: council(), now: at(10_061) });
    let called = back.when(MeetingCommand::CallNext { now: at(10_062) }).events();
    assert!(matches!(called[..], [MeetingEvent::SpeakerCalled { person, .. }] if person == who(2)), "{called:?}");
    let spoken = back.and(MeetingCommand::CallNext { now: at(10_062) });
    spoken.when(MeetingCommand::CallNext { now: at(10_063) }).then_refused(MeetingRefusal::NobodyListed);
    let late = spoken.and(come(1, 10_063)).when(MeetingCommand::CallNext { now: at(10_064) }).events();
    assert!(matches!(late[..], [_, MeetingEvent::SpeakerCalled { person, .. }] if person == who(1)), "{late:?}");
}

#[test]
fn what_is_entered_late_does_not_reach_behind_what_was_seen() {
    let late = |n, minute, now| MeetingCommand::Go { council: council(), person: who(n), at: at(minute), now: at(now) };
    let ask = MeetingCommand::AskToSpeak { item: item(2), person: who(1), side: Side::For };
    let speaking = open(6).and_all([ask, MeetingCommand::CallNext { now: at(10_020) }]);
    let gone = speaking.when(late(1, 10_010, 10_030)).events();
    assert_eq!(gone[0], MeetingEvent::TurnEnded { item: item(2), person: who(1), at: at(10_020) });
    assert_eq!(gone[1], MeetingEvent::AttendeeWent { person: who(1), at: at(10_010) });
    // Gone before the meeting opened: the quorum was found to be there then.
    let lost = open(6).when(late(2, 9_995, 10_030)).events();
    assert_eq!(lost.last(), Some(&MeetingEvent::QuorumLost { at: at(10_000), present: 5, entitled: 9 }));
    // A coming that is entered during the break was a coming to the sitting before it.
    let entered = MeetingCommand::Come { council: council(), person: who(9), representative: true, at: at(10_040), now: at(10_055) };
    let meeting = open(6).and(adjourn(None, 10_050)).and(entered);
    assert!(!meeting.sitting.is_in(who(9)));
}

#[test]
fn what_was_dealt_with_stays_on_the_agenda() {
    let other = AgendaItem { id: item(5), part_of: None, title: "临时动议".into(), motion: None };
    let amend = |items: Vec<AgendaItem>| amend(notice(), Agenda::try_new(items).unwrap(), 0, None, at(10_002));
    let mut items = agenda().items().to_vec();
    items.push(other.clone());
    assert_eq!(open(6).and(amend(items)).agenda.items().len(), 3);
    open(6).when(amend(vec![other])).then_refused(MeetingRefusal::ItemDealtWith);
}

fn any_command() -> impl Strategy<Value = MeetingCommand> {
    let person = 1_u128..12;
    let minute = 9_900_i64..10_300;
    prop_oneof![
        4 => (person.clone(), minute.clone()).prop_map(|(n, minute)| come(n, minute)),
        3 => (person.clone(), minute.clone()).prop_map(|(n, minute)| go(n, minute)),
        1 => minute.clone().prop_map(|minute| MeetingCommand::Open { council: council(), now: at(minute) }),
        1 => minute.clone().prop_map(|minute| MeetingCommand::TakeUp { item: item(2), now: at(minute) }),
        2 => person.clone().prop_map(|n| MeetingCommand::AskToSpeak { item: item(2), person: who(n), side: Side::Against }),
        1 => minute.clone().prop_map(|minute| MeetingCommand::CallNext { now: at(minute) }),
        2 => (1_u128..4).prop_map(|n| open_vote(n, VoteKind::ByName, None)),
        1 => (1_u128..4).prop_map(|n| open_vote(n, VoteKind::ByName, Some(vote(1)))),
        4 => (1_u128..4, person).prop_map(|(n, person)| cast(n, person, Choice::Yes)),
        2 => (1_u128..4, minute.clone()).prop_map(|(n, minute)| MeetingCommand::CloseVote { vote: vote(n), council: council(), now: at(minute) }),
        1 => (1_u128..4).prop_map(|n| MeetingCommand::AnnulVote { vote: vote(n), reason: "有误".into() }),
        1 => (minute.clone(), proptest::option::of(10_301_i64..10_900)).prop_map(|(minute, until)| adjourn(until, minute)),
        1 => minute.prop_map(|minute| MeetingCommand::Resume { council: council(), now: at(minute) }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_votes_have_a_quorum_and_stays_never_overlap(commands in proptest::collection::vec(any_command(), 0..120)) {
        let mut meeting = given::<Meeting>([]).and(convene(7, None)).state;
        for command in commands {
            for event in Meeting::handle_command(&meeting, command).unwrap_or_default() {
                if let MeetingEvent::VoteOpened { voters, entitled, .. } = &event {
                    prop_assert!(voters.len() as u64 * 3 >= entitled * 2);
                    prop_assert!(meeting.quorate);
                }
                if let MeetingEvent::SpeakerCalled { person, .. } = &event {
                    prop_assert!(meeting.sitting.is_in(*person), "only who is there is given the word");
                }
                if let MeetingEvent::TurnEnded { item, at, .. } = &event {
                    let turn = meeting.speakers[item].speaking;
                    prop_assert!(turn.is_some_and(|turn| turn.began <= *at), "a turn ends after it began");
                }
                meeting = Meeting::apply_event(meeting, event);
            }
            if meeting.phase == MeetingPhase::Open {
                prop_assert_eq!(meeting.quorate, meeting.require_quorum(&council()).is_ok());
            }
        }
        for n in 1..12 {
            let stays = meeting.sitting.of(who(n)).map(|it| it.stays.clone()).unwrap_or_default();
            for pair in stays.windows(2) {
                prop_assert!(pair[0].until.is_some_and(|until| until <= pair[1].from));
            }
            prop_assert!(stays.iter().all(|stay| stay.until.is_none_or(|until| until >= stay.from)));
        }
        let decided = meeting.votes.values().filter(|vote| matches!(vote.phase, VotePhase::Closed(_))).count();
        prop_assert!(decided <= 1, "one motion is decided once");
    }
}
