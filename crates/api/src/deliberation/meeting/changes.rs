//! What is told of a meeting as it happens.

use async_graphql::{Context, Enum, Error, ID, SimpleObject, Subscription};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::Followed;
use gongyi_domain::{deliberation::meeting::MeetingEvent, values::MeetingId};

use super::Meeting;
use crate::{
    door::Door,
    following::{Heard, followed},
    ids,
    scalars::{Moment, Position},
};

/// What happened in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MeetingChangeKind {
    /// It was convened, amended or cancelled, or its continuation was announced.
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
            E::MeetingConvened { .. } | E::MeetingAmended { .. } | E::ContinuationAnnounced { .. } | E::MeetingCancelled { .. } => {
                Self::Notice
            }
            E::GuestInvited { .. } | E::AbsenceExcused { .. } => Self::Guests,
            E::AttendeeCame { .. } | E::AttendeeWent { .. } => Self::Presence,
            E::QuorumReached { .. } | E::QuorumLost { .. } => Self::Quorum,
            E::MeetingOpened { .. } | E::MeetingAdjourned { .. } | E::MeetingResumed { .. } | E::MeetingClosed { .. } => Self::Session,
            E::ItemTakenUp { .. } => Self::Item,
            E::SpeakerListed { .. } | E::SpeakerUnlisted { .. } | E::SpeakerCalled { .. } | E::TurnEnded { .. } => Self::Speakers,
            E::VoteOpened { .. } | E::VoteClosed { .. } | E::VoteAnnulled { .. } => Self::Vote,
            E::BallotCast { .. } | E::HandsCounted { .. } => Self::Ballots,
        }
    }
}

/// A change of a meeting.
#[derive(SimpleObject)]
pub struct MeetingChange {
    /// The platform's position after it: subscribe again after this one.
    position: Position,
    /// What happened.
    kind: MeetingChangeKind,
    /// When it was recorded.
    at: Moment,
    /// The meeting, at least as new as this change.
    meeting: Option<Meeting>,
}

/// The subscriptions to meetings.
#[derive(Default)]
pub struct MeetingSubscriptions;

/// What happens in meetings.
#[Subscription]
impl MeetingSubscriptions {
    /// Every change of a meeting: who comes and goes, the quorum, speakers, votes. Open to everybody.
    async fn meeting_changes<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Which meeting.")] meeting: ID,
        #[graphql(desc = "What comes after this position; from now on if not said.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<MeetingChange, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        let id: MeetingId = ids::asked(&meeting)?;
        let events = followed::<MeetingEvent>(ctx, Followed::Meeting(id), after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let meeting = super::meeting(&door, id).await?;
            Ok(MeetingChange { position, kind: MeetingChangeKind::from(&event), at, meeting })
        }))
    }
}
