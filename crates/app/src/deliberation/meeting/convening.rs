//! Convening meetings with notice and agenda, and who is to come to them.
//!
//! - The charter's rules for the whole meeting are frozen when it is convened.
//! - A motion on the agenda is scheduled in the same commit, and taken off again with its item or the meeting.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        agenda::{AGENDA_MAX_DEPTH, Agenda, AgendaItem, AgendaRefusal},
        council::{Council, CouncilRefusal},
        meeting::{
            AMEND_MEETING, CANCEL_MEETING, CONVENE_MEETING, EXCUSE_ABSENCE, INVITE_TO_MEETING, Meeting, MeetingCommand, MeetingRefusal,
            Notice, StandingOrders,
        },
        sitting::Capacity,
    },
    values::{AgendaItemId, CouncilId, MeetingId, MotionId, PersonId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{council_of, kept, take_off};
use crate::{
    Command,
    deliberation::motion::deciding,
    rejection::{Rejection, refused},
    work::Work,
};

/// Why a motion is off an agenda that was amended.
const AGENDA_AMENDED: &str = "会议议程调整 (the agenda was amended)";

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
            items.push(AgendaItem { id, part_of, title: draft.title.clone(), motion: draft.motion });
            list(&draft.parts, Some(id), depth + 1, known, items)?;
        }
        Ok(())
    }
    let mut items = vec![];
    list(drafts, None, 1, known, &mut items)?;
    Agenda::try_new(items).map_err(refused)
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
            notice: self.notice.clone(),
            agenda: agenda.clone(),
            orders,
            days_ahead: work.days_until(self.notice.starts),
            statute_days: charter.statute_notice_days(),
            short_notice: self.short_notice.clone(),
            now,
        };
        work.load_and_decide::<Meeting>(id, convene).await?;
        for motion in agenda.motions() {
            deciding::schedule(work, self.council, motion, id).await?;
        }
        Ok(id)
    }
}

/// Change the notice of a meeting or of its continuation, or its agenda: all of it anew.
#[derive(Debug, Serialize)]
pub struct AmendMeeting {
    /// Which.
    pub meeting: MeetingId,
    /// When and where, while it is adjourned of its continuation; `None` stays.
    pub notice: Option<Notice>,
    /// What is dealt with; `None` stays. Items that stay are named by their ids.
    pub agenda: Option<Vec<AgendaDraft>>,
}

impl Command for AmendMeeting {
    const ACT: &'static Act = &AMEND_MEETING;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let council = loaded.inner().require_known().map_err(refused)?;
        let before = loaded.inner().agenda.clone();
        let notice = match (&self.notice, loaded.inner().announced()) {
            (Some(notice), _) => notice.clone(),
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
            deciding::schedule(work, council, motion, self.meeting).await?;
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

impl Command for ExcuseAbsence {
    const ACT: &'static Act = &EXCUSE_ABSENCE;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, Some(self.person)).await?;
        let day = loaded.inner().announced().map_or(work.today(), |notice| work.day_of(notice.starts));
        if !council_of(work, loaded.inner()).await?.is_representative(self.person, day) {
            return Err(refused(CouncilRefusal::NotARepresentative));
        }
        work.decide::<Meeting>(loaded, MeetingCommand::Excuse { person: self.person }).await?;
        Ok(self.meeting)
    }
}
