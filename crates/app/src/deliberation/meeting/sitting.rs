//! A meeting that sits: opened, adjourned, resumed, closed; its items taken up, its speakers called; who comes and goes.

use gongyi_domain::{
    access::authority::Act,
    deliberation::{
        meeting::{
            ADJOURN_MEETING, CALL_NEXT_SPEAKER, CLOSE_MEETING, END_TURN, Meeting, MeetingCommand, OPEN_MEETING, RECORD_PRESENCE,
            REQUEST_TO_SPEAK, RESUME_MEETING, TAKE_UP_ITEM, WITHDRAW_REQUEST_TO_SPEAK,
        },
        seat::GuestKind,
        sitting::Capacity,
        speakers::Side,
    },
    values::{AgendaItemId, Instant, MeetingId, PersonId},
};
use serde::Serialize;

use super::{council_of, kept, standing, take_off};
use crate::{Command, rejection::Rejection, work::Work};

/// Why a motion is off the agenda of a meeting that is closed.
const NOT_REACHED: &str = "会议结束时尚未表决 (the meeting closed before the vote)";

/// Open a meeting.
#[derive(Debug, Serialize)]
pub struct OpenMeeting {
    /// Which.
    pub meeting: MeetingId,
}

impl Command for OpenMeeting {
    const ACT: &'static Act = &OPEN_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (council, now) = (standing(work, loaded.inner()).await?, work.now);
        work.decide::<Meeting>(loaded, MeetingCommand::Open { council, now }).await?;
        Ok(self.meeting)
    }
}

/// Break a meeting off, to go on later.
#[derive(Debug, Serialize)]
pub struct AdjournMeeting {
    /// Which.
    pub meeting: MeetingId,
    /// Until when, if that is known.
    pub until: Option<Instant>,
    /// Why; public.
    pub reason: String,
}

impl Command for AdjournMeeting {
    const ACT: &'static Act = &ADJOURN_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let adjourn = MeetingCommand::Adjourn { until: self.until, reason: self.reason.clone(), now: work.now };
        work.decide::<Meeting>(loaded, adjourn).await?;
        Ok(self.meeting)
    }
}

/// Go on with an adjourned meeting.
#[derive(Debug, Serialize)]
pub struct ResumeMeeting {
    /// Which.
    pub meeting: MeetingId,
}

impl Command for ResumeMeeting {
    const ACT: &'static Act = &RESUME_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (council, now) = (standing(work, loaded.inner()).await?, work.now);
        work.decide::<Meeting>(loaded, MeetingCommand::Resume { council, now }).await?;
        Ok(self.meeting)
    }
}

/// Close a meeting for good; motions that were not put to the vote are off its agenda.
#[derive(Debug, Serialize)]
pub struct CloseMeeting {
    /// Which.
    pub meeting: MeetingId,
}

impl Command for CloseMeeting {
    const ACT: &'static Act = &CLOSE_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (agenda, now) = (loaded.inner().agenda.clone(), work.now);
        work.decide::<Meeting>(loaded, MeetingCommand::Close { now }).await?;
        take_off(work, self.meeting, agenda.motions(), NOT_REACHED).await?;
        Ok(self.meeting)
    }
}

/// Take up an item of the agenda.
#[derive(Debug, Serialize)]
pub struct TakeUpItem {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Which.
    pub item: AgendaItemId,
}

impl Command for TakeUpItem {
    const ACT: &'static Act = &TAKE_UP_ITEM;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let now = work.now;
        work.decide::<Meeting>(loaded, MeetingCommand::TakeUp { item: self.item, now }).await?;
        Ok(self.meeting)
    }
}

/// Ask for the word.
#[derive(Debug, Serialize)]
pub struct RequestToSpeak {
    /// In which meeting.
    pub meeting: MeetingId,
    /// On which item.
    pub item: AgendaItemId,
    /// Who: oneself, or who has no device.
    pub person: PersonId,
    /// For what.
    pub side: Side,
}

impl Command for RequestToSpeak {
    const ACT: &'static Act = &REQUEST_TO_SPEAK;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, Some(self.person)).await?;
        let ask = MeetingCommand::AskToSpeak { item: self.item, person: self.person, side: self.side };
        work.decide::<Meeting>(loaded, ask).await?;
        Ok(self.meeting)
    }
}

/// No longer ask for the word.
#[derive(Debug, Serialize)]
pub struct WithdrawRequestToSpeak {
    /// In which meeting.
    pub meeting: MeetingId,
    /// On which item.
    pub item: AgendaItemId,
    /// Who.
    pub person: PersonId,
}

impl Command for WithdrawRequestToSpeak {
    const ACT: &'static Act = &WITHDRAW_REQUEST_TO_SPEAK;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, Some(self.person)).await?;
        work.decide::<Meeting>(loaded, MeetingCommand::Unlist { item: self.item, person: self.person }).await?;
        Ok(self.meeting)
    }
}

/// Give the word to the next, by the charter's turn policy; a running turn ends.
#[derive(Debug, Serialize)]
pub struct CallNextSpeaker {
    /// In which meeting.
    pub meeting: MeetingId,
}

impl Command for CallNextSpeaker {
    const ACT: &'static Act = &CALL_NEXT_SPEAKER;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let now = work.now;
        work.decide::<Meeting>(loaded, MeetingCommand::CallNext { now }).await?;
        Ok(self.meeting)
    }
}

/// End the running turn of speech.
#[derive(Debug, Serialize)]
pub struct EndTurn {
    /// In which meeting.
    pub meeting: MeetingId,
}

impl Command for EndTurn {
    const ACT: &'static Act = &END_TURN;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let now = work.now;
        work.decide::<Meeting>(loaded, MeetingCommand::EndTurn { now }).await?;
        Ok(self.meeting)
    }
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Passage {
    /// Into the room.
    Came,
    /// Out of it.
    Went,
}

/// Record that somebody came or went. Who is on the council's register of guests needs no further invitation.
#[derive(Debug, Serialize)]
pub struct RecordPresence {
    /// At which meeting.
    pub meeting: MeetingId,
    /// Who.
    pub person: PersonId,
    /// Which way.
    pub passage: Passage,
    /// When; now if not said.
    pub at: Option<Instant>,
}

/// As what a guest on the council's register is in the room.
fn capacity_of(kind: GuestKind) -> Capacity {
    match kind {
        GuestKind::Observer | GuestKind::Official => Capacity::Observer,
        GuestKind::Lawyer
        | GuestKind::Mediator
        | GuestKind::Accountant
        | GuestKind::Engineer
        | GuestKind::SocialWorker
        | GuestKind::PropertyManager
        | GuestKind::OtherExpert => Capacity::Expert,
    }
}

impl Command for RecordPresence {
    const ACT: &'static Act = &RECORD_PRESENCE;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let mut loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (person, now) = (self.person, work.now);
        let at = self.at.unwrap_or(now);
        let command = match self.passage {
            Passage::Went => {
                let council = standing(work, loaded.inner()).await?;
                MeetingCommand::Go { person, council, at, now }
            }
            Passage::Came => {
                let council = council_of(work, loaded.inner()).await?;
                let representative = council.is_representative(person, work.day_of(at));
                if let Some(kind) = council.guests.get(&person).filter(|_| !representative)
                    && !loaded.inner().invited.contains_key(&person)
                {
                    work.decide::<Meeting>(loaded, MeetingCommand::Invite { person, capacity: capacity_of(*kind) }).await?;
                    loaded = work.load::<Meeting>(self.meeting).await?;
                }
                MeetingCommand::Come { person, representative, council: council.standing(work.today()), at, now }
            }
        };
        work.decide::<Meeting>(loaded, command).await?;
        Ok(self.meeting)
    }
}
