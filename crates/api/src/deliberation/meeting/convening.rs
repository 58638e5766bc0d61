//! Convening meetings: notice and agenda, guests, excuses.

use async_graphql::{ID, InputObject};
use gongyi_app::deliberation::meeting::convening::{
    AgendaDraft, AmendMeeting, CancelMeeting, ConveneMeeting, ExcuseAbsence, InviteToMeeting,
};
use gongyi_domain::{
    deliberation::meeting::Notice,
    refusal::Refusal,
    values::{CouncilId, MeetingId, PersonId},
};

use super::{MeetingCapacity, MeetingPayload};
use crate::{
    ids::{self, AgendaItemKey},
    scalars::Moment,
    table::{Oneself, mutations, wires},
};

/// When and where.
#[derive(InputObject)]
pub struct MeetingNoticeInput {
    /// What it is about.
    title: String,
    /// Where; an address or a room.
    place: String,
    /// From when.
    starts: Moment,
    /// Until when, as planned.
    ends: Moment,
}

/// An item of the agenda, with its parts.
#[derive(InputObject)]
pub struct AgendaItemInput {
    /// Which item it is, when an agenda is amended; left out for a new one.
    id: Option<ID>,
    /// What is dealt with.
    title: String,
    /// The motion that is dealt with, if one is.
    motion: Option<ID>,
    /// Its parts, in order; four levels at most.
    #[graphql(default)]
    parts: Vec<AgendaItemInput>,
}

impl AgendaItemInput {
    fn draft(self) -> Result<AgendaDraft, Refusal> {
        let id = ids::named_maybe::<AgendaItemKey>(self.id.as_ref(), "agenda")?.map(|key| key.item);
        let motion = ids::named_maybe(self.motion.as_ref(), "agenda")?;
        let parts = self.parts.into_iter().map(Self::draft).collect::<Result<_, _>>()?;
        Ok(AgendaDraft { id, title: self.title, motion, parts })
    }
}

wires! {
    MeetingNoticeInput => Notice = |it| Notice { title: it.title, place: it.place, starts: it.starts.0, ends: it.ends.0 };
    AgendaItemInput => AgendaDraft = |item| item.draft()?;
}

mutations! {
    /// The root fields that convene meetings.
    pub struct MeetingConveningMutations;

    /// Convene a meeting of a council, with the charter's notice.
    ConveneMeeting -> MeetingPayload {
        /// Of which council.
        council: CouncilId,
        /// When and where.
        notice: MeetingNoticeInput,
        /// What is dealt with; motions are put on the agenda with it.
        agenda: Vec<AgendaItemInput>,
        /// Why the notice is shorter than the charter asks, if it is; public.
        short_notice: Option<String>,
    }

    /// Change the notice of a meeting that has not begun, or of the continuation of one that is adjourned; or the agenda.
    AmendMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
        /// When and where, while it is adjourned of its continuation; left out, it stays.
        notice: Option<MeetingNoticeInput>,
        /// The whole agenda anew; left out, it stays. What was dealt with stays on it.
        agenda: Option<Vec<AgendaItemInput>>,
    }

    /// Call a meeting off.
    CancelMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
        /// Why; public, so not about a person.
        reason: String,
    }

    /// Invite an expert or observer.
    InviteToMeeting -> MeetingPayload {
        /// To which meeting.
        meeting: MeetingId,
        /// Whom.
        person: PersonId,
        /// As what.
        capacity: MeetingCapacity,
    }

    /// Excuse a representative's absence; they may excuse their own.
    ExcuseAbsence -> MeetingPayload {
        /// From which meeting.
        meeting: MeetingId,
        /// Whose; one's own if not said.
        person: Oneself,
    }
}
