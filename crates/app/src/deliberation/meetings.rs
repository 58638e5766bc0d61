//! Convening meetings with notice and agenda, and who comes to them.
//!
//! - The charter's rules for the whole meeting are frozen when it is convened.
//! - A motion on the agenda is scheduled in the same commit, and taken off again with its item or the meeting.
//! - Meetings are locked: many check in, ask for the word and vote at once, and queue instead of colliding.

use async_trait::async_trait;
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        agenda::{AGENDA_MAX_DEPTH, Agenda, AgendaItem, AgendaRefusal},
        council::{Council, CouncilRefusal},
        meeting::{
            AMEND_MEETING, CANCEL_MEETING, CONVENE_MEETING, EXCUSE_ABSENCE, INVITE_TO_MEETING, Meeting, MeetingCommand, MeetingRefusal,
            Notice, RECORD_PRESENCE, StandingOrders,
        },
        motion::{Motion, Phase},
        seat::GuestKind,
        sitting::Capacity,
        text::tidied,
    },
    values::{AgendaItemId, CouncilId, Instant, MeetingId, MotionId, PersonId},
};
use serde::Serialize;
use uuid::Uuid;

use super::motions;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// Why a motion is off an agenda that was amended.
const AGENDA_AMENDED: &str = "会议议程调整 (the agenda was amended)";

/// The meeting, locked, if the actor may do `act` to it, about `person` if one is given.
pub(super) async fn kept(
    work: &mut Work<'_>,
    act: &Act,
    meeting: MeetingId,
    person: Option<PersonId>,
) -> Result<Loaded<Meeting>, Rejection> {
    let loaded = work.lock::<Meeting>(meeting).await?;
    let area = loaded.inner().require_area().map_err(refused)?.clone();
    work.may(act, &Subject { person, ..Subject::area(area) })?;
    Ok(loaded)
}

/// The council of a meeting.
pub(super) async fn council_of(work: &Work<'_>, meeting: &Meeting) -> Result<Council, Rejection> {
    let id = meeting.require_known().map_err(refused)?;
    Ok(work.load::<Council>(id).await?.into_inner())
}

/// Takes what still waits for the vote off the meeting's agenda.
pub(super) async fn take_off(
    work: &Work<'_>,
    meeting: MeetingId,
    motions: impl IntoIterator<Item = MotionId>,
    reason: &str,
) -> Result<(), Rejection> {
    for id in motions {
        let motion = work.load::<Motion>(id).await?.into_inner();
        if motion.phase == Phase::Scheduled && motion.meeting == Some(meeting) {
            motions::taken_off_agenda(work, id, reason.to_owned()).await?;
        }
    }
    Ok(())
}

/// An item as it is asked for, with its parts.
#[derive(Debug, Clone, Serialize)]
pub struct AgendaDraft {
    /// Which item it is, when an agenda is amended; `None` for a new one.
    pub id: Option<AgendaItemId>,
    /// What is dealt with.
    pub title: String,
    /// The motion that is dealt with.
    pub motion: Option<MotionId>,
    /// Its parts, in order.
    pub parts: Vec<AgendaDraft>,
}

/// The agenda that is asked for; items keep the ids they have on the `known` one.
fn agenda(drafts: &[AgendaDraft], known: &Agenda) -> Result<Agenda, Rejection> {
    fn list(
        drafts: &[AgendaDraft],
        part_of: Option<AgendaItemId>,
        depth: usize,
        known: &Agenda,
        items: &mut Vec<AgendaItem>,
    ) -> Result<(), Rejection> {
        if depth > AGENDA_MAX_DEPTH && !drafts.is_empty() {
            return Err(refused(AgendaRefusal::AgendaTooDeep { most: AGENDA_MAX_DEPTH }));
        }
        for draft in drafts {
            if draft.id.is_some_and(|id| known.item(id).is_none()) {
                return Err(refused(MeetingRefusal::UnknownItem));
            }
            let id = draft.id.unwrap_or_else(|| AgendaItemId(Uuid::now_v7()));
            items.push(AgendaItem { id, part_of, title: tidied(&draft.title), motion: draft.motion });
            list(&draft.parts, Some(id), depth + 1, known, items)?;
        }
        Ok(())
    }
    let mut items = vec![];
    list(drafts, None, 1, known, &mut items)?;
    Agenda::try_new(items).map_err(refused)
}

fn tidy(notice: &Notice) -> Notice {
    Notice { title: tidied(&notice.title), place: tidied(&notice.place), ..notice.clone() }
}

/// Convene a meeting.
#[derive(Debug, Serialize)]
pub struct ConveneMeeting {
    /// Of this council.
    pub council: CouncilId,
    /// When and where.
    pub notice: Notice,
    /// What is dealt with.
    pub agenda: Vec<AgendaDraft>,
    /// Why the notice is shorter than the charter asks, if it is.
    pub short_notice: Option<String>,
}

#[async_trait]
impl Command for ConveneMeeting {
    const ACT: &'static Act = &CONVENE_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let council = work.load::<Council>(self.council).await?.into_inner();
        let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        work.may(Self::ACT, &Subject::area(area.clone()))?;
        let charter = council.require_working().map_err(refused)?;
        let orders = StandingOrders {
            charter_version: council.charter_version(),
            quorum: charter.quorum,
            notice_days: charter.notice_days,
            turns: charter.turns,
        };
        let agenda = agenda(&self.agenda, &Agenda::default())?;
        let (id, now) = (MeetingId(Uuid::now_v7()), work.now);
        let convene = MeetingCommand::Convene {
            council: self.council,
            area,
            notice: tidy(&self.notice),
            agenda: agenda.clone(),
            orders,
            days_ahead: work.days_until(self.notice.starts),
            statute_days: charter.statute_notice_days(),
            short_notice: self.short_notice.clone(),
            now,
        };
        work.load_and_decide::<Meeting>(id, convene).await?;
        for motion in agenda.motions() {
            motions::schedule(work, self.council, motion, id).await?;
        }
        Ok(id)
    }
}

/// Change a meeting's notice or agenda: all of it anew.
#[derive(Debug, Serialize)]
pub struct AmendMeeting {
    /// Which.
    pub meeting: MeetingId,
    /// When and where; `None` stays.
    pub notice: Option<Notice>,
    /// What is dealt with; `None` stays. Items that stay are named by their ids.
    pub agenda: Option<Vec<AgendaDraft>>,
}

#[async_trait]
impl Command for AmendMeeting {
    const ACT: &'static Act = &AMEND_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let council = loaded.inner().require_known().map_err(refused)?;
        let before = loaded.inner().agenda.clone();
        let notice = match (&self.notice, &loaded.inner().notice) {
            (Some(notice), _) => tidy(notice),
            (None, Some(notice)) => notice.clone(),
            (None, None) => return Err(refused(MeetingRefusal::UnknownMeeting)),
        };
        let after = match &self.agenda {
            Some(drafts) => agenda(drafts, &before)?,
            None => before.clone(),
        };
        let orders = loaded.inner().orders.as_ref().ok_or_else(|| refused(MeetingRefusal::UnknownMeeting))?;
        let held_by = council_of(work, loaded.inner()).await?;
        let charter = held_by.charter_at(orders.charter_version).ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        let amend = MeetingCommand::Amend {
            days_ahead: work.days_until(notice.starts),
            statute_days: charter.statute_notice_days(),
            notice,
            agenda: after.clone(),
            now: work.now,
        };
        work.decide::<Meeting>(loaded, amend).await?;
        let is_on = |agenda: &Agenda, motion| agenda.motions().any(|it| it == motion);
        take_off(work, self.meeting, before.motions().filter(|it| !is_on(&after, *it)), AGENDA_AMENDED).await?;
        for motion in after.motions().filter(|it| !is_on(&before, *it)) {
            motions::schedule(work, council, motion, self.meeting).await?;
        }
        Ok(self.meeting)
    }
}

/// Call a meeting off.
#[derive(Debug, Serialize)]
pub struct CancelMeeting {
    /// Which.
    pub meeting: MeetingId,
    /// Why; public.
    pub reason: String,
}

#[async_trait]
impl Command for CancelMeeting {
    const ACT: &'static Act = &CANCEL_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let agenda = loaded.inner().agenda.clone();
        work.decide::<Meeting>(loaded, MeetingCommand::Cancel { reason: self.reason.clone() }).await?;
        take_off(work, self.meeting, agenda.motions(), &self.reason).await?;
        Ok(self.meeting)
    }
}

/// Invite somebody who is no representative.
#[derive(Debug, Serialize)]
pub struct InviteToMeeting {
    /// To which.
    pub meeting: MeetingId,
    /// Whom.
    pub person: PersonId,
    /// As what.
    pub capacity: Capacity,
}

#[async_trait]
impl Command for InviteToMeeting {
    const ACT: &'static Act = &INVITE_TO_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        if council_of(work, loaded.inner()).await?.is_representative(self.person, work.today()) {
            return Err(refused(MeetingRefusal::GuestIsRepresentative));
        }
        work.decide::<Meeting>(loaded, MeetingCommand::Invite { person: self.person, capacity: self.capacity }).await?;
        Ok(self.meeting)
    }
}

/// Excuse a representative's absence.
#[derive(Debug, Serialize)]
pub struct ExcuseAbsence {
    /// From which meeting.
    pub meeting: MeetingId,
    /// Whose.
    pub person: PersonId,
}

#[async_trait]
impl Command for ExcuseAbsence {
    const ACT: &'static Act = &EXCUSE_ABSENCE;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, Some(self.person)).await?;
        let day = loaded.inner().notice.as_ref().map_or(work.today(), |notice| work.day_of(notice.starts));
        if !council_of(work, loaded.inner()).await?.is_representative(self.person, day) {
            return Err(refused(CouncilRefusal::NotARepresentative));
        }
        work.decide::<Meeting>(loaded, MeetingCommand::Excuse { person: self.person }).await?;
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

#[async_trait]
impl Command for RecordPresence {
    const ACT: &'static Act = &RECORD_PRESENCE;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let mut loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (person, now) = (self.person, work.now);
        let at = self.at.unwrap_or(now);
        let command = match self.passage {
            Passage::Went => MeetingCommand::Go { person, at, now },
            Passage::Came => {
                let council = council_of(work, loaded.inner()).await?;
                let representative = council.is_representative(person, work.day_of(at));
                if let Some(kind) = council.guests.get(&person).filter(|_| !representative)
                    && !loaded.inner().invited.contains_key(&person)
                {
                    work.decide::<Meeting>(loaded, MeetingCommand::Invite { person, capacity: capacity_of(*kind) }).await?;
                    loaded = work.load::<Meeting>(self.meeting).await?;
                }
                MeetingCommand::Come { person, representative, at, now }
            }
        };
        work.decide::<Meeting>(loaded, command).await?;
        Ok(self.meeting)
    }
}
