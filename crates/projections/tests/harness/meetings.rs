//! Random but valid meetings: random wishes, decided by the domain's own rules.

use std::collections::HashMap;

use chrono::TimeDelta;
use esrs::Aggregate;
use gongyi_domain::{
    deliberation::{
        agenda::{Agenda, AgendaItem},
        charter::{CharterTerms, Secrecy},
        covenant::{Adoption, Covenant, CovenantCommand},
        decision::Threshold,
        meeting::{Choice, Meeting, MeetingCommand, Notice, Question, StandingOrders, VoteKind},
        minutes::{Minutes, MinutesCommand},
        sitting::Capacity,
        speakers::Side,
        standing::Standing,
        text::{Paragraph, Text},
    },
    event::DomainEvent,
    values::{AgendaItemId, CouncilId, MeetingId, MotionId, ParagraphId, VoteId},
};
use uuid::Uuid;

use super::{Platform, story::person};

/// Meetings in the making.
#[derive(Default)]
pub struct Meetings {
    meetings: HashMap<Uuid, Meeting>,
    minutes: HashMap<Uuid, Minutes>,
    covenants: HashMap<Uuid, Covenant>,
    votes: u128,
}

fn item(n: u32) -> AgendaItemId {
    AgendaItemId(Uuid::from_u128(0x5000 + u128::from(n % 2)))
}

async fn act<A: Aggregate<State = A> + Clone + Default>(
    states: &mut HashMap<Uuid, A>,
    platform: &mut Platform,
    id: Uuid,
    command: A::Command,
) where
    A::Event: DomainEvent,
{
    let state = states.get(&id).cloned().unwrap_or_default();
    if let Ok(events) = A::handle_command(&state, command)
        && !events.is_empty()
    {
        states.insert(id, events.iter().cloned().fold(state, A::apply_event));
        platform.append::<A>(id, &events).await;
    }
}

impl Meetings {
    /// Something may happen in a meeting.
    pub async fn wish(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, now, who) = (Uuid::from_u128(0x4000 + u128::from(a % 2)), platform.now, person(b));
        let vote = VoteId(Uuid::from_u128(0x6000 + self.votes));
        let council = Standing { on: now.date_naive(), representatives: (0..3).map(person).chain([who]).collect(), charter_seats: None };
        let command = match a / 2 % 18 {
            0 => self.convene(platform),
            1..=4 => MeetingCommand::Come { person: who, representative: !b.is_multiple_of(5), council, at: now, now },
            5 => MeetingCommand::Go { person: who, council, at: now, now },
            6 => MeetingCommand::Open { council, now },
            7 => MeetingCommand::TakeUp { item: item(b), now },
            8 => MeetingCommand::AskToSpeak { item: item(b), person: who, side: Side::For },
            9 => MeetingCommand::CallNext { now },
            10 => {
                self.votes += 1;
                let rule = CharterTerms::model(9).ordinary.rule;
                let question = Question { item: item(b), motion: None, text: "问".into(), kind: VoteKind::ByName, rule, repeats: None };
                let vote = VoteId(Uuid::from_u128(0x6000 + self.votes));
                MeetingCommand::OpenVote { vote, question, secrecy: Secrecy::Open, recused: vec![], council, now }
            }
            11 | 12 => MeetingCommand::CastBallot { vote, person: who, choice: Choice::Yes, council },
            13 => MeetingCommand::CloseVote { vote, council, now },
            14 if b.is_multiple_of(3) => MeetingCommand::AnnulVote { vote, reason: "误投".into() },
            14 if b.is_multiple_of(7) => MeetingCommand::Close { now },
            14 => MeetingCommand::Adjourn { until: None, reason: "停电".into(), now },
            15 if b.is_multiple_of(2) => MeetingCommand::Resume { council, now },
            16 => {
                let capacity = if b.is_multiple_of(2) { Capacity::Expert } else { Capacity::Observer };
                MeetingCommand::Invite { person: who, capacity }
            }
            17 => return self.covenant(platform, b).await,
            _ => return self.minutes(platform, id, b).await,
        };
        act(&mut self.meetings, platform, id, command).await;
    }

    fn convene(&self, platform: &Platform) -> MeetingCommand {
        let starts = platform.now + TimeDelta::hours(1);
        let plain = |n| AgendaItem { id: item(n), part_of: None, title: format!("第{n}项"), motion: None };
        MeetingCommand::Convene {
            council: CouncilId(Uuid::from_u128(0x7000)),
            area: "440402001001".parse().unwrap(),
            notice: Notice { title: "例会".into(), place: "活动室".into(), starts, ends: starts + TimeDelta::hours(2) },
            agenda: Agenda::try_new(vec![plain(0), plain(1)]).unwrap(),
            orders: StandingOrders {
                charter_version: 1,
                quorum: Threshold::MORE_THAN_HALF,
                notice_days: 0,
                turns: CharterTerms::model(9).turns,
            },
            days_ahead: 0,
            statute_days: None,
            short_notice: None,
            now: platform.now,
        }
    }

    async fn covenant(&mut self, platform: &mut Platform, b: u32) {
        let (id, on) = (Uuid::from_u128(0x8000 + u128::from(b % 2)), platform.now.date_naive());
        let number = |of: u128| Uuid::from_u128(of + u128::from(b));
        let adoption = Adoption { motion: MotionId(number(0x10_0000)), vote: VoteId(number(0x20_0000)), on };
        let paragraph = Paragraph { id: ParagraphId(Uuid::from_u128(0x8100)), text: format!("第 {b} 稿") };
        let text = Text { title: format!("居民公约 {}", b % 5), paragraphs: vec![paragraph] };
        let known = self.covenants.contains_key(&id);
        let command = match b / 2 % 6 {
            _ if !known => {
                let council = CouncilId(Uuid::from_u128(0x7000));
                CovenantCommand::Adopt { council, area: "440402001001".parse().unwrap(), text, adoption, effective: on }
            }
            0..=2 => CovenantCommand::Revise { text, adoption, effective: on },
            3 | 4 => CovenantCommand::File { version: 1 + b % 2, on, today: on },
            _ => CovenantCommand::Repeal { adoption, effective: on },
        };
        act(&mut self.covenants, platform, id, command).await;
    }

    async fn minutes(&mut self, platform: &mut Platform, id: Uuid, b: u32) {
        let revision = self.minutes.get(&id).map_or(0, |it| it.revision);
        let command = match b % 11 {
            1 | 3 => {
                MinutesCommand::Draft { council: CouncilId(Uuid::from_u128(0x7000)), meeting: MeetingId(id), text: format!("稿 {b}") }
            }
            5 => MinutesCommand::Edit { revision, text: format!("稿 {b}") },
            7 => MinutesCommand::Approve { revision },
            9 => MinutesCommand::Publish { resolutions: vec![] },
            _ => MinutesCommand::Reopen { reason: "补记".into() },
        };
        act(&mut self.minutes, platform, id, command).await;
    }
}
