//! Convening and leading meetings.

use async_graphql::{ID, InputObject};
use gongyi_app::deliberation::meeting::{
    convening::{AgendaDraft, AmendMeeting, CancelMeeting, ConveneMeeting, ExcuseAbsence, InviteToMeeting},
    sitting::{
        AdjournMeeting, CallNextSpeaker, CloseMeeting, EndTurn, OpenMeeting, Passage as Way, RecordPresence, RequestToSpeak, ResumeMeeting,
        TakeUpItem, WithdrawRequestToSpeak,
    },
};
use gongyi_domain::{
    deliberation::meeting::Notice,
    refusal::Refusal,
    values::{CouncilId, MeetingId, PersonId},
};

use super::meetings::{self, Meeting, MeetingCapacity, SpeechSide};
use crate::{
    ids::{self, AgendaItemKey},
    outcome::payloads,
    scalars::Moment,
    table::{Oneself, mutations, wires},
};

payloads! {
    /// A meeting, after a command.
    MeetingPayload(MeetingId) {
        /// The meeting.
        meeting: Meeting = |door, id| meetings::meeting(door, *id),
    }
}

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

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "Way")]
pub enum Passage {
    /// Into the room.
    Came,
    /// Out of it.
    Went,
}

wires! {
    MeetingNoticeInput => Notice = |it| Notice { title: it.title, place: it.place, starts: it.starts.0, ends: it.ends.0 };
    AgendaItemInput => AgendaDraft = |item| item.draft()?;
    Passage => Way = |it| it.into();
}

mutations! {
    /// The root fields that convene and lead meetings.
    pub struct MeetingMutations;

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

    /// Change the notice of a meeting that has not begun, or its agenda.
    AmendMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
        /// When and where; left out, it stays.
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

    /// Record that somebody came or went. Representatives and guests of the council need no invitation.
    RecordPresence -> MeetingPayload {
        /// At which meeting.
        meeting: MeetingId,
        /// Who.
        person: PersonId,
        /// Which way.
        passage: Passage,
        /// When; now if not said, at most 24 hours ago.
        at: Option<Moment>,
    }

    /// Open a meeting; the quorum must be there.
    OpenMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// Break a meeting off, to go on later; everybody leaves the room.
    AdjournMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
        /// Until when, if that is known.
        until: Option<Moment>,
        /// Why; public.
        reason: String,
    }

    /// Go on with an adjourned meeting; the quorum must be there.
    ResumeMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// Close a meeting for good; motions that were not put to the vote are off its agenda.
    CloseMeeting -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// Take up an item of the agenda.
    TakeUpItem -> MeetingPayload {
        /// Which item of an agenda; its id names the meeting.
        item: AgendaItemKey,
    } = TakeUpItem { meeting: item.meeting, item: item.item };

    /// Ask for the word: whoever is in the room.
    RequestToSpeak -> MeetingPayload {
        /// On which item; its id names the meeting.
        item: AgendaItemKey,
        /// Who; oneself if not said.
        person: Oneself,
        /// For what.
        side: SpeechSide,
    } = RequestToSpeak { meeting: item.meeting, item: item.item, person, side };

    /// No longer ask for the word.
    WithdrawRequestToSpeak -> MeetingPayload {
        /// On which item; its id names the meeting.
        item: AgendaItemKey,
        /// Who; oneself if not said.
        person: Oneself,
    } = WithdrawRequestToSpeak { meeting: item.meeting, item: item.item, person };

    /// Give the word to the next by the charter's turn policy; a running turn ends.
    CallNextSpeaker -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// End the running turn of speech.
    EndTurn -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }
}
