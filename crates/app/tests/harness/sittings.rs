//! A council, its representatives and motions, written straight into the log: what meetings are tested with.

use esrs::Aggregate;
use gongyi_domain::{
    access::account::{Account, AccountEvent, account_of},
    deliberation::{
        charter::{Charter, CharterTerms},
        council::{Council, CouncilEvent},
        motion::{Motion, MotionCommand, drafting::Drafting},
        motion_category::MotionCategory,
        seat::{GuestKind, Mandate, SeatSource},
        text::{Paragraph, Text},
    },
    event::DomainEvent,
    values::{CouncilId, MotionId, ParagraphId, PersonId},
};
use gongyi_eventlog::{NewEvent, StreamId};
use uuid::Uuid;

use super::{COMMUNITY, District, Voter, area};

/// A council of nine with so many representatives, one guest, and a model charter.
pub struct Sitting {
    pub council: CouncilId,
    pub representatives: Vec<Voter>,
    pub lawyer: Voter,
}

impl District {
    /// Events that begin a stream.
    async fn begins_with(&self, stream: StreamId, events: Vec<NewEvent>) {
        let events = events.into_iter().map(|event| (stream.clone(), event)).collect();
        self.appends(vec![(stream, 0)], events).await;
    }

    /// What `commands` make of a new aggregate.
    async fn begins<A: Aggregate<State: Default, Event: DomainEvent>>(&self, id: Uuid, commands: Vec<A::Command>) {
        let (mut state, mut events) = (A::State::default(), vec![]);
        for command in commands {
            for event in A::handle_command(&state, command).unwrap_or_else(|_| panic!("{} says no", A::NAME)) {
                events.push(NewEvent::of(&event).unwrap());
                state = A::apply_event(state, event);
            }
        }
        self.begins_with(StreamId::of::<A>(id), events).await;
    }

    /// Somebody with an account and nothing else.
    pub async fn somebody(&self) -> Voter {
        let voter = Voter::new(PersonId(Uuid::now_v7()));
        let event = NewEvent::of(&AccountEvent::AccountOpened { person: voter.person, proven: true }).unwrap();
        self.begins_with(StreamId::of::<Account>(account_of(voter.person).0), vec![event]).await;
        voter
    }

    /// A council of nine seats, so many of them filled.
    pub async fn council_with(&self, filled: usize, change: impl FnOnce(&mut CharterTerms)) -> Sitting {
        let mut terms = CharterTerms::model(9);
        change(&mut terms);
        let (council, today) = (CouncilId(Uuid::now_v7()), self.now().date_naive());
        let representatives = self.electorate(filled).await;
        let lawyer = self.somebody().await;
        let mandate = Mandate::Authority { authority: "民政局".into(), reason: "设立".into() };
        let established = CouncilEvent::CouncilEstablished {
            area: area(COMMUNITY),
            name: "紫荆社区议事会".into(),
            charter: Charter::try_new(terms).unwrap(),
            mandate,
            on: today,
        };
        let seated = representatives.iter().map(|it| CouncilEvent::RepresentativeSeated {
            person: it.person,
            from: today,
            until: today + chrono::Days::new(1_000),
            source: SeatSource::Transition { source: "名册".into() },
        });
        let guest = CouncilEvent::GuestRegistered { person: lawyer.person, kind: GuestKind::Lawyer };
        let events = [established].into_iter().chain(seated).chain([guest]).map(|event| NewEvent::of(&event).unwrap()).collect();
        self.begins_with(StreamId::of::<Council>(council.0), events).await;
        Sitting { council, representatives, lawyer }
    }

    /// A motion that the council has taken in.
    pub async fn motion_before(&self, sitting: &Sitting, title: &str) -> MotionId {
        let motion = MotionId(Uuid::now_v7());
        let [mover, first, second] = [0, 1, 2].map(|n| sitting.representatives[n].person);
        let text = Text {
            title: title.into(),
            paragraphs: vec![Paragraph { id: ParagraphId(Uuid::now_v7()), text: "东门外划出二十个车位。".into() }],
        };
        let commands: Vec<MotionCommand> = vec![
            Drafting::Draft {
                council: sitting.council,
                area: area(COMMUNITY),
                mover,
                category: MotionCategory::ParkingAndTraffic,
                text,
                origin: None,
            }
            .into(),
            Drafting::Submit { by: mover, seconds_needed: 2 }.into(),
            Drafting::Second { by: first, sitting: [first, second].into() }.into(),
            Drafting::Second { by: second, sitting: [first, second].into() }.into(),
            Drafting::Accept { screener: None }.into(),
        ];
        self.begins::<Motion>(motion.0, commands).await;
        motion
    }
}
