//! What happened to a motion, and what happens.

use async_graphql::{Context, Error, ID, Object, SimpleObject, Subscription};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::Followed;
use gongyi_domain::{
    deliberation::motion::MotionEvent,
    event::DomainEvent,
    values::{CouncilId, MotionId},
};
use gongyi_projections::MotionHistoryRow;

use super::{Motion, MotionPerson};
use crate::{
    access::agents::Agent,
    door::Door,
    following::{Heard, followed},
    ids,
    scalars::{Moment, Position},
};

/// A line of a motion's history.
pub struct MotionHistoryLine {
    pub(super) row: MotionHistoryRow,
    pub(super) council: CouncilId,
}

/// One change of a motion.
#[Object(name = "MotionHistoryEntry")]
impl MotionHistoryLine {
    /// What happened, as the log names it: `MotionSeconded`.
    fn event(&self) -> &str {
        &self.row.event_type
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.row.recorded_at)
    }
    /// Who did it.
    fn by(&self) -> Agent {
        Agent(self.row.actor.clone())
    }
    /// In whose name, if in a person's.
    fn in_the_name_of(&self) -> Option<MotionPerson> {
        // Reviews are by residents; all else that is done in a person's name is a representative's.
        let is_review = self.row.event_type == "MotionReviewed";
        let named = |person| if is_review { MotionPerson::resident(person) } else { MotionPerson::in_public(person, self.council) };
        self.row.person.map(named)
    }
    /// Why, or what was reported; null if nothing was said.
    fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }
    /// Its place in the log.
    fn sequence(&self) -> u64 {
        self.row.at
    }
}

/// A change of a motion.
#[derive(SimpleObject)]
pub struct MotionChange {
    /// The platform's position after it: subscribe again after this one.
    position: Position,
    /// What happened, as the log names it: `MotionSeconded`.
    event: String,
    /// When it was recorded.
    at: Moment,
    /// The motion, at least as new as this change.
    motion: Option<Motion>,
}

/// The subscriptions about motions.
#[derive(Default)]
pub struct MotionSubscriptions;

/// What happens to motions.
#[Subscription]
impl MotionSubscriptions {
    /// Every change of a motion. Open to everybody; that of a draft to its movers and the area's staff.
    async fn motion_changes<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Which motion.")] motion: ID,
        #[graphql(desc = "What comes after this position; from now on if not said.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<MotionChange, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        let id: MotionId = ids::asked(&motion)?;
        let events = followed::<MotionEvent>(ctx, Followed::Motion(id), after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let (event, _) = event.encode().map_err(|error| door.internal(&error))?;
            Ok(MotionChange { position, event, at, motion: super::motion(&door, id).await? })
        }))
    }
}
