//! Sitting: who is in the room, what is dealt with, who speaks.

use async_graphql::{Enum, SimpleObject};
use gongyi_app::deliberation::meeting::sitting::{
    AdjournMeeting, CallNextSpeaker, CloseMeeting, EndTurn, OpenMeeting, Passage as Way, RecordPresence, RequestToSpeak, ResumeMeeting,
    TakeUpItem, WithdrawRequestToSpeak,
};
use gongyi_domain::{
    deliberation::{
        charter::TurnPolicy,
        sitting::Attendee,
        speakers::{Side, SpeakersList as StoredList},
    },
    values::{CouncilId, Instant, MeetingId, PersonId},
};
use gongyi_projections::{CourseEntry, CourseStep as StoredStep};

use super::{MeetingCapacity, MeetingPayload, Participant};
use crate::{
    ids::AgendaItemKey,
    list::List,
    scalars::Moment,
    table::{Oneself, mutations, wires},
};

/// For what somebody asks to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Side")]
pub enum SpeechSide {
    /// 赞成.
    For,
    /// 反对.
    Against,
    /// 中立.
    Neutral,
}

/// Somebody who waits for the word.
#[derive(SimpleObject)]
pub struct WaitingSpeaker {
    /// Who.
    participant: Participant,
    /// For what.
    side: SpeechSide,
}

/// The turn that is being taken.
#[derive(SimpleObject)]
pub struct RunningTurn {
    /// Who speaks.
    participant: Participant,
    /// For what.
    side: SpeechSide,
    /// Since when.
    began: Moment,
    /// For how long, in seconds.
    seconds: u32,
    /// Seconds left; negative when the time is over.
    seconds_left: i64,
}

/// The speakers' list of an item.
#[derive(Default, SimpleObject)]
pub struct SpeakersList {
    /// Those who wait, in the order in which they will be called if nobody else asks.
    waiting: List<WaitingSpeaker>,
    /// Who speaks now.
    speaking: Option<RunningTurn>,
}

impl SpeakersList {
    /// The list of an item, by the charter's turn policy.
    pub(super) fn new(council: CouncilId, list: &StoredList, turns: &TurnPolicy, now: Instant) -> Self {
        let seconds = turns.seconds_per_turn;
        let waiting = list.order(turns).into_iter();
        Self {
            waiting: waiting.map(|(who, side)| WaitingSpeaker { participant: Participant::of(council, who), side: side.into() }).collect(),
            speaking: list.speaking.map(|turn| RunningTurn {
                participant: Participant::of(council, turn.person),
                side: turn.side.into(),
                began: Moment(turn.began),
                seconds,
                seconds_left: i64::from(seconds) - (now - turn.began).num_seconds(),
            }),
        }
    }
}

/// One stay in the room.
#[derive(SimpleObject)]
pub struct RoomStay {
    /// Came.
    from: Moment,
    /// Went; null while in the room.
    until: Option<Moment>,
}

/// Somebody's attendance.
#[derive(SimpleObject)]
pub struct MeetingAttendance {
    /// Who.
    participant: Participant,
    /// As what.
    capacity: MeetingCapacity,
    /// In the room now.
    present: bool,
    /// The stays, oldest first.
    stays: List<RoomStay>,
}

impl MeetingAttendance {
    pub(super) fn new(participant: Participant, attendee: &Attendee) -> Self {
        Self {
            participant,
            capacity: attendee.capacity.into(),
            present: attendee.is_in(),
            stays: attendee.stays.iter().map(|stay| RoomStay { from: Moment(stay.from), until: stay.until.map(Moment) }).collect(),
        }
    }
}

/// What happened in a meeting's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredStep")]
pub enum MeetingStep {
    /// It was opened, with a quorum.
    Opened,
    /// The quorum was lost.
    QuorumLost,
    /// The quorum was there again.
    QuorumReached,
    /// It was adjourned.
    Adjourned,
    /// It was resumed, with a quorum.
    Resumed,
    /// It was closed.
    Closed,
}

/// One step of a meeting's course.
#[derive(SimpleObject)]
pub struct MeetingCourseEntry {
    /// What happened.
    step: MeetingStep,
    /// When.
    at: Moment,
    /// Representatives in the room, where it is told.
    present: Option<u64>,
    /// Of how many, where it is told.
    entitled: Option<u64>,
    /// Until when it was adjourned, if that is known.
    until: Option<Moment>,
    /// Why it was adjourned.
    reason: Option<String>,
}

impl From<&CourseEntry> for MeetingCourseEntry {
    fn from(entry: &CourseEntry) -> Self {
        Self {
            step: entry.step.into(),
            at: Moment(entry.at),
            present: entry.present,
            entitled: entry.entitled,
            until: entry.until.map(Moment),
            reason: entry.reason.clone(),
        }
    }
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Way")]
pub enum Passage {
    /// Into the room.
    Came,
    /// Out of it.
    Went,
}

wires! {
    SpeechSide => Side = |it| it.into();
    Passage => Way = |it| it.into();
}

mutations! {
    /// The root fields that lead meetings.
    pub struct MeetingSittingMutations;

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
