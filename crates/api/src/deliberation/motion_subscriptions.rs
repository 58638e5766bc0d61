//! A motion's changes as they happen.

use async_graphql::{Context, Error, ID, SimpleObject, Subscription};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::Followed;
use gongyi_domain::{deliberation::motion::MotionEvent, event::DomainEvent, values::MotionId};

use super::motions::{self, Motion};
use crate::{
    door::Door,
    following::{Heard, followed},
    ids,
    scalars::{Moment, Position},
};

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
            Ok(MotionChange { position, event, at, motion: motions::motion(&door, id).await? })
        }))
    }
}
