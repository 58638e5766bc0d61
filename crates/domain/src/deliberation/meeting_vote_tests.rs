//! What breaks silently elsewhere: a vote by somebody who has left the seat, shares of a council that is no more, and a
//! recount that believes both.

use chrono::{DateTime, Days};
use esrs::Aggregate;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    deliberation::{
        Event,
        agenda::{Agenda, AgendaItem},
        charter::{Charter, CharterTerms},
        council::{Council, CouncilCommand},
        decision::{Outcome, Threshold},
        meeting::{MeetingCommand, Notice, StandingOrders},
        recount::{Difference, Recount},
        seat::{Mandate, SeatSource, Vacancy},
        speakers::Side,
    },
    values::{AreaCode, CouncilId, Day, MeetingId},
};

const COUNCIL: CouncilId = CouncilId(Uuid::from_u128(1));
const MEETING: MeetingId = MeetingId(Uuid::from_u128(2));
const ITEM: AgendaItemId = AgendaItemId(Uuid::from_u128(3));
const SEATS: u32 = 11;

fn who(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(100 + n))
}

fn vote(n: u128) -> VoteId {
    VoteId(Uuid::from_u128(n))
}

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

/// A council, its meeting, and the log of both.
#[derive(Default)]
struct House {
    council: Council,
    meeting: Meeting,
    minute: i64,
    log: Vec<(Uuid, Event)>,
}

impl House {
    /// A council of so many, its meeting convened.
    fn of(seated: u128) -> Self {
        let mut house = Self::default();
        let mandate = Mandate::Authority { authority: "民政局".into(), reason: "设立".into() };
        let (area, on, today): (AreaCode, Day, Day) = ("440402001001".parse().unwrap(), house.today(), house.today());
        let charter = Charter::try_new(CharterTerms::model(SEATS)).unwrap();
        let (name, on) = ("议事会".into(), on - Days::new(1_000));
        house.council(CouncilCommand::Establish { area: area.clone(), name, charter, mandate, on, today }).unwrap();
        (1..=seated).for_each(|n| house.seats(n).unwrap());
        let item = AgendaItem { id: ITEM, part_of: None, title: "修路".into(), motion: None };
        let terms = CharterTerms::model(SEATS);
        let convene = MeetingCommand::Convene {
            council: COUNCIL,
            area,
            notice: Notice { title: "例会".into(), place: "活动室".into(), starts: at(60), ends: at(120) },
            agenda: Agenda::try_new(vec![item]).unwrap(),
            orders: StandingOrders { charter_version: 1, quorum: terms.quorum, notice_days: 0, turns: terms.turns },
            days_ahead: 0,
            statute_days: None,
            short_notice: None,
            now: at(0),
        };
        house.asks(convene).unwrap();
        house
    }

    fn now(&self) -> Instant {
        at(self.minute)
    }

    fn today(&self) -> Day {
        self.now().date_naive()
    }

    fn standing(&self) -> Standing {
        self.council.standing(self.today())
    }

    fn council(&mut self, command: CouncilCommand) -> Result<(), crate::deliberation::council::CouncilRefusal> {
        for event in Council::handle_command(&self.council, command)? {
            self.log.push((COUNCIL.0, Event::Council(event.clone())));
            self.council = Council::apply_event(std::mem::take(&mut self.council), event);
        }
        Ok(())
    }

    fn seats(&mut self, n: u128) -> Result<(), crate::deliberation::council::CouncilRefusal> {
        let source = SeatSource::Transition { source: "名册".into() };
        // A seat that was left cannot begin again on its first day.
        let from = self.today() - Days::new(u64::try_from(self.log.len()).unwrap());
        self.council(CouncilCommand::Seat { people: vec![who(n)], from, until: None, source })
    }

    fn leaves(&mut self, n: u128) -> Result<(), crate::deliberation::council::CouncilRefusal> {
        let (on, today) = (self.today(), self.today());
        self.council(CouncilCommand::Vacate { person: who(n), how: Vacancy::Left { reason: None }, on, today })
    }

    fn asks(&mut self, command: MeetingCommand) -> Result<(), MeetingRefusal> {
        for event in Meeting::handle_command(&self.meeting, command)? {
            self.log.push((MEETING.0, Event::Meeting(event.clone())));
            self.meeting = Meeting::apply_event(std::mem::take(&mut self.meeting), event);
        }
        Ok(())
    }

    fn comes(&mut self, n: u128) -> Result<(), MeetingRefusal> {
        let (council, now) = (self.standing(), self.now());
        let representative = council.sits(who(n));
        self.asks(MeetingCommand::Come { person: who(n), representative, council, at: now, now })
    }

    fn goes(&mut self, n: u128) -> Result<(), MeetingRefusal> {
        let (council, now) = (self.standing(), self.now());
        self.asks(MeetingCommand::Go { person: who(n), council, at: now, now })
    }

    fn opens(&mut self) -> Result<(), MeetingRefusal> {
        let (council, now) = (self.standing(), self.now());
        self.asks(MeetingCommand::Open { council, now })?;
        self.asks(MeetingCommand::TakeUp { item: ITEM, now })
    }

    fn adjourns(&mut self) -> Result<(), MeetingRefusal> {
        let now = self.now();
        self.asks(MeetingCommand::Adjourn { until: None, reason: "停电".into(), now })
    }

    fn resumes(&mut self) -> Result<(), MeetingRefusal> {
        let (council, now) = (self.standing(), self.now());
        self.asks(MeetingCommand::Resume { council, now })
    }

    fn puts(&mut self, n: u128, kind: VoteKind) -> Result<(), MeetingRefusal> {
        let rule = CharterTerms::model(SEATS).ordinary.rule;
        let question = Question { item: ITEM, motion: None, text: "是否修路".into(), kind, rule, repeats: None };
        let (council, now) = (self.standing(), self.now());
        self.asks(MeetingCommand::OpenVote { vote: vote(n), question, secrecy: Secrecy::Open, recused: vec![], council, now })
    }

    fn casts(&mut self, n: u128, person: u128, choice: Choice) -> Result<(), MeetingRefusal> {
        let council = self.standing();
        self.asks(MeetingCommand::CastBallot { vote: vote(n), person: who(person), choice, council })
    }

    fn counts(&mut self, n: u128, teller: u128, yes: u32) -> Result<(), MeetingRefusal> {
        let council = self.standing();
        self.asks(MeetingCommand::CountHands { vote: vote(n), teller: who(teller), hands: Hands { yes, no: 0, abstain: 0 }, council })
    }

    fn closes(&mut self, n: u128) -> Result<(), MeetingRefusal> {
        let (council, now) = (self.standing(), self.now());
        self.asks(MeetingCommand::CloseVote { vote: vote(n), council, now })
    }

    fn decision(&self, n: u128) -> &Decision {
        match &self.meeting.vote(vote(n)).unwrap().phase {
            VotePhase::Closed(decision) => decision,
            state => panic!("{state:?}"),
        }
    }

    fn differences(&self) -> Vec<Difference> {
        let mut recount = Recount::new(|bytes| format!("{}", bytes.len()));
        let mut found = vec![];
        for (stream, event) in self.log.clone() {
            recount.read(stream, event);
            found.extend(recount.commit_ends().into_iter().flat_map(|it| it.differences));
        }
        found
    }
}

#[test]
fn who_has_left_the_seat_neither_votes_nor_counts() {
    let mut house = House::of(3);
    (1..=3).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.puts(1, VoteKind::ByName).unwrap();
    house.casts(1, 1, Choice::Yes).unwrap();
    house.leaves(2).unwrap();
    assert_eq!(house.casts(1, 2, Choice::Yes), Err(MeetingRefusal::NotAVoter), "in the room, but no longer in the seat");
    house.goes(3).unwrap();
    assert_eq!(house.casts(1, 3, Choice::No), Err(MeetingRefusal::NotAVoter), "in the seat, but no longer in the room");
    house.comes(3).unwrap();
    house.casts(1, 3, Choice::No).unwrap();
    house.closes(1).unwrap();
    let heads = house.decision(1).tally.heads;
    assert_eq!((heads.entitled, heads.present, heads.yes, heads.no), (2, 2, 1, 1));
    assert_eq!(house.differences(), []);
}

#[test]
fn what_was_cast_stays_and_its_voter_is_one_of_those_present() {
    let mut house = House::of(3);
    (1..=3).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.puts(1, VoteKind::ByName).unwrap();
    (1..=2).for_each(|n| house.casts(1, n, Choice::Yes).unwrap());
    house.leaves(2).unwrap();
    house.closes(1).unwrap();
    let heads = house.decision(1).tally.heads;
    assert_eq!((heads.entitled, heads.present, heads.yes), (3, 3, 2));
    assert_eq!(house.differences(), []);
}

#[test]
fn a_meeting_that_goes_on_asks_for_the_quorum_of_the_council_as_it_is() {
    let mut house = House::of(3);
    (1..=2).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.adjourns().unwrap();
    (4..=11).for_each(|n| house.seats(n).unwrap());
    (1..=2).for_each(|n| house.comes(n).unwrap());
    assert_eq!(house.resumes(), Err(MeetingRefusal::NoQuorum { present: 2, entitled: 11 }));
    (3..=6).for_each(|n| house.comes(n).unwrap());
    house.resumes().unwrap();
    assert_eq!(house.meeting.entitled, 11);
    (7..=9).for_each(|n| house.leaves(n).unwrap());
    house.puts(1, VoteKind::ByName).unwrap();
    (1..=4).for_each(|n| house.casts(1, n, Choice::Yes).unwrap());
    house.closes(1).unwrap();
    let heads = house.decision(1).tally.heads;
    assert_eq!((heads.entitled, heads.present, heads.yes), (8, 6, 4));
    assert_eq!(house.differences(), []);
}

#[test]
fn seats_filled_while_a_meeting_is_open_count_at_the_next_vote_and_at_the_close() {
    let mut house = House::of(3);
    (1..=2).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.puts(1, VoteKind::ByName).unwrap();
    (1..=2).for_each(|n| house.casts(1, n, Choice::Yes).unwrap());
    (4..=11).for_each(|n| house.seats(n).unwrap());
    house.closes(1).unwrap();
    assert_eq!(house.decision(1).verdict.outcome, Outcome::NoQuorum, "2 of 11");
    assert_eq!(house.puts(2, VoteKind::ByName), Err(MeetingRefusal::NoQuorum { present: 2, entitled: 11 }));
    assert_eq!(house.differences(), []);
}

#[test]
fn hands_are_counted_anew_once_somebody_who_might_raise_one_has_left() {
    let mut house = House::of(3);
    (1..=3).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.puts(1, VoteKind::ShowOfHands).unwrap();
    (21..=22).for_each(|teller| house.counts(1, teller, 2).unwrap());
    house.leaves(2).unwrap();
    assert_eq!(house.closes(1), Err(MeetingRefusal::HandsOutdated));
    assert_eq!(house.counts(1, 21, 3), Err(MeetingRefusal::TooManyHands { voters: 2 }));
    (21..=22).for_each(|teller| house.counts(1, teller, 1).unwrap());
    house.closes(1).unwrap();
    let heads = house.decision(1).tally.heads;
    assert_eq!((heads.entitled, heads.present, heads.yes), (2, 2, 1));
    assert_eq!(house.differences(), []);
}

#[test]
fn a_recount_reads_the_councils_own_events_and_never_goes_back_to_the_opening() {
    let mut house = House::of(3);
    (1..=3).for_each(|n| house.comes(n).unwrap());
    house.opens().unwrap();
    house.puts(1, VoteKind::ByName).unwrap();
    (1..=2).for_each(|n| house.casts(1, n, Choice::Yes).unwrap());
    house.closes(1).unwrap();
    assert_eq!(house.differences(), []);

    let without =
        |gone: fn(&Event) -> bool| House { log: house.log.iter().filter(|(_, it)| !gone(it)).cloned().collect(), ..House::default() };
    let unseated = without(|event| matches!(event, Event::Council(_))).differences();
    assert!(unseated.contains(&Difference::StrayChoices { choices: 2 }), "{unseated:?}");

    let mut log = house.log.clone();
    for (_, event) in &mut log {
        if let Event::Meeting(MeetingEvent::VoteClosed { on, .. }) = event {
            *on = None;
        }
    }
    assert_eq!(House { log, ..House::default() }.differences(), [Difference::CouncilNotAsked]);
}

/// What may happen in a meeting and to its council.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Seat(u128),
    Leave(u128),
    Come(u128),
    Go(u128),
    Open,
    Adjourn,
    Resume,
    Put(bool),
    Cast(u128, Choice),
    Count(u128, u32),
    Close,
    Night,
    Ask(u128),
}

fn wish() -> impl Strategy<Value = Wish> {
    let person = || 1_u128..8;
    let choice = prop_oneof![Just(Choice::Yes), Just(Choice::No), Just(Choice::Abstain)];
    prop_oneof![
        3 => person().prop_map(Wish::Seat),
        3 => person().prop_map(Wish::Leave),
        6 => person().prop_map(Wish::Come),
        2 => person().prop_map(Wish::Go),
        2 => Just(Wish::Open),
        1 => Just(Wish::Adjourn),
        2 => Just(Wish::Resume),
        3 => any::<bool>().prop_map(Wish::Put),
        8 => (person(), choice).prop_map(|(n, choice)| Wish::Cast(n, choice)),
        3 => (21_u128..23, 0_u32..4).prop_map(|(teller, yes)| Wish::Count(teller, yes)),
        3 => Just(Wish::Close),
        1 => Just(Wish::Night),
        1 => person().prop_map(Wish::Ask),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// Whoever sits, leaves, comes and goes in whatever order: nobody's vote is taken who is not in the seat and in the room at
    /// that moment, no decision counts anybody else, and the log says the same.
    #[test]
    fn no_vote_counts_who_is_not_entitled_at_that_moment(
        seated in 1_u128..6, present in 0_u128..6, wishes in proptest::collection::vec(wish(), 0..80),
    ) {
        let mut house = House::of(seated);
        for n in 1..=present.min(seated) {
            house.comes(n).unwrap();
        }
        let _ = house.opens();
        let mut current = 0;
        for wish in wishes {
            house.minute += 1;
            let before = house.log.len();
            let (standing, meeting) = (house.standing(), house.meeting.clone());
            let is_in = |person: &PersonId| meeting.sitting.is_in(*person);
            // Refusals are as good as deeds here: what counts is what was done.
            let _ = match wish {
                Wish::Seat(n) => house.seats(n).map_err(drop),
                Wish::Leave(n) => house.leaves(n).map_err(drop),
                Wish::Come(n) => house.comes(n).map_err(drop),
                Wish::Go(n) => house.goes(n).map_err(drop),
                Wish::Open => house.opens().map_err(drop),
                Wish::Adjourn => house.adjourns().map_err(drop),
                Wish::Resume => house.resumes().map_err(drop),
                Wish::Put(hands) => {
                    let kind = if hands { VoteKind::ShowOfHands } else { VoteKind::ByName };
                    let put = house.puts(current + 1, kind);
                    current += u128::from(put.is_ok());
                    put.map_err(drop)
                }
                Wish::Cast(n, choice) => house.casts(current, n, choice).map_err(drop),
                Wish::Count(teller, yes) => house.counts(current, teller, yes).map_err(drop),
                Wish::Close => house.closes(current).map_err(drop),
                Wish::Night => {
                    house.minute += 24 * 60;
                    Ok(())
                }
                Wish::Ask(n) => {
                    house.asks(MeetingCommand::AskToSpeak { item: ITEM, person: who(n), side: Side::Neutral }).map_err(drop)
                }
            };
            for (_, event) in &house.log[before..] {
                match event {
                    Event::Meeting(MeetingEvent::VoteOpened { voters, entitled, .. }) => {
                        prop_assert!(voters.iter().all(|it| standing.sits(*it) && is_in(it)));
                        prop_assert_eq!(*entitled, standing.representatives.len() as u64);
                        prop_assert!(Threshold::MORE_THAN_HALF.reached(meeting.present_of(&standing).len() as u64, *entitled));
                    }
                    Event::Meeting(MeetingEvent::BallotCast { person, .. }) => {
                        prop_assert!(standing.sits(*person) && is_in(person));
                    }
                    Event::Meeting(MeetingEvent::HandsCounted { hands, voters, .. }) => {
                        prop_assert!(voters.iter().all(|it| standing.sits(*it) && is_in(it)));
                        prop_assert!(hands.all().unwrap() as usize <= voters.len());
                    }
                    Event::Meeting(MeetingEvent::VoteClosed { vote, decision, .. }) => {
                        let (heads, vote) = (decision.tally.heads, meeting.vote(*vote).unwrap());
                        let cast = vote.cast();
                        let all = standing.representatives.union(&cast).count() as u64;
                        let may: BTreeSet<_> = standing.representatives.iter().filter(|it| is_in(it)).copied().collect();
                        prop_assert_eq!((heads.entitled, heads.present), (all, may.union(&cast).count() as u64));
                        prop_assert!(heads.yes + heads.no + heads.abstain <= heads.present && heads.present <= heads.entitled);
                    }
                    Event::Meeting(MeetingEvent::MeetingResumed { present, entitled, .. }) => {
                        prop_assert_eq!(*entitled, Some(standing.representatives.len() as u64));
                        prop_assert!(Threshold::MORE_THAN_HALF.reached(*present, entitled.unwrap()));
                    }
                    _ => {}
                }
            }
        }
        prop_assert_eq!(house.differences(), vec![]);
    }
}
