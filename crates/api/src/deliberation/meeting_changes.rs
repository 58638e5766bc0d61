//! What is told of a meeting as it happens.

use async_graphql::{Enum, SimpleObject};
use gongyi_domain::deliberation::meeting::MeetingEvent;

use super::meetings::Meeting;
use crate::scalars::{Moment, Position};

/// What happened in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MeetingChangeKind {
    /// It was convened, amended or cancelled.
    Notice,
    /// Somebody was invited or excused.
    Guests,
    /// Somebody came or went.
    Presence,
    /// The quorum came or was lost.
    Quorum,
    /// It was opened, adjourned, resumed or closed.
    Session,
    /// An item was taken up.
    Item,
    /// The speakers' list or the running turn changed.
    Speakers,
    /// A vote was opened, closed or annulled.
    Vote,
    /// Somebody has voted, or a teller has counted; what, is told when the vote is closed.
    Ballots,
}

impl From<&MeetingEvent> for MeetingChangeKind {
    fn from(event: &MeetingEvent) -> Self {
        use MeetingEvent as E;
        match event {
            E::MeetingConvened { .. } | E::MeetingAmended { .. } | E::MeetingCancelled { .. } => Self::Notice,
            E::GuestInvited { .. } | E::AbsenceExcused { .. } => Self::Guests,
            E::AttendeeCame { .. } | E::AttendeeWent { .. } => Self::Presence,
            E::QuorumReached { .. } | E::QuorumLost { .. } => Self::Quorum,
            E::MeetingOpened { .. } | E::MeetingAdjourned { .. } | E::MeetingResumed { .. } | E::MeetingClosed { .. } => Self::Session,
            E::ItemTakenUp { .. } => Self::Item,
            E::SpeakerListed { .. } | E::SpeakerUnlisted { .. } | E::SpeakerCalled { .. } | E::TurnEnded { .. } => Self::Speakers,
            E::VoteOpened { .. } | E::VoteClosed { .. } | E::VoteAnnulled { .. } => Self::Vote,
            E::OpenVoteCast { .. } | E::HandsCounted { .. } => Self::Ballots,
        }
    }
}

/// A change of a meeting.
#[derive(SimpleObject)]
pub struct MeetingChange {
    /// The platform's position after it: subscribe again after this one.
    pub(crate) position: Position,
    /// What happened.
    pub(crate) kind: MeetingChangeKind,
    /// When it was recorded.
    pub(crate) at: Moment,
    /// The meeting, at least as new as this change.
    pub(crate) meeting: Option<Meeting>,
}
