//! Following one stream of the log, for subscriptions.
//!
//! - Every item says its position; subscribing again with the last one seen misses nothing and repeats nothing.
//! - An item comes once this node's views show it, so that what it refers to is at least as new.
//! - Who may is asked again before every item: a role that was taken back ends the subscription, and so does a volunteer
//!   who has left the asker's organisation or area.

use std::time::Duration;

use async_graphql::{Context, Error};
use futures::{Stream, stream};
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    deliberation::{
        meeting::{MEETINGS, Meeting},
        motion::Motion,
    },
    event::DomainEvent,
    values::{ActivityId, MeetingId, MotionId, VolunteerId},
    volunteering::{
        activity::{ACTIVITIES, Activity},
        service_ledger::{SERVICE_RECORDS, ServiceLedger},
    },
};
use gongyi_eventlog::StreamId;
use gongyi_projections::Stale;

use crate::{
    deliberation::motion,
    door::{Asker, Door},
    fault::{self, Code},
    feed::{Feed, News},
    http::sockets::Seat,
    scalars::{Moment, Position},
    volunteering::services,
};

/// How long one wait for the views lasts before the next begins.
const VIEWS_WAIT: Duration = Duration::from_secs(5);

/// One event of a followed stream, as it is told.
pub(crate) struct Heard<E> {
    pub(crate) position: Position,
    pub(crate) at: Moment,
    pub(crate) event: E,
}

/// What is followed.
#[derive(Clone, Copy)]
pub(crate) enum Followed {
    /// An activity: its places are everybody's to see.
    Places(ActivityId),
    /// A volunteer's service records.
    Records(VolunteerId),
    /// A motion: a draft is its movers' and the area's staff's to see, everything later everybody's.
    Motion(MotionId),
    /// A meeting: everybody may follow it.
    Meeting(MeetingId),
}

impl Followed {
    fn stream(self) -> StreamId {
        match self {
            Self::Places(id) => StreamId::of::<Activity>(id),
            Self::Records(id) => StreamId::of::<ServiceLedger>(id),
            Self::Motion(id) => StreamId::of::<Motion>(id),
            Self::Meeting(id) => StreamId::of::<Meeting>(id),
        }
    }

    /// The act, and what it is about as things stand now.
    async fn asked(self, door: &Door<'_>) -> Result<(&'static Act, Subject), Error> {
        match self {
            Self::Places(_) => Ok((&ACTIVITIES, Subject::default())),
            Self::Meeting(_) => Ok((&MEETINGS, Subject::default())),
            Self::Records(id) => Ok((&SERVICE_RECORDS, services::about(door, id).await?)),
            Self::Motion(id) => motion::act_of_following(door, id).await,
        }
    }
}

/// The events of one stream after a position, each once the views show it and the actor still may.
pub(crate) struct Following<'c> {
    door: Door<'c>,
    feed: &'c Feed,
    followed: Followed,
    _seat: Option<Seat>,
}

impl<'c> Following<'c> {
    pub(crate) async fn new(ctx: &Context<'c>, followed: Followed) -> Result<Self, Error> {
        let door = Door::of(ctx)?;
        let (act, subject) = followed.asked(&door).await?;
        door.may(act, &subject)?;
        Ok(Self { door, feed: ctx.data()?, followed, _seat: Seat::take(ctx)? })
    }

    /// Events after the client's position, or from now on.
    pub(crate) async fn after<E: DomainEvent>(
        self,
        after: Option<&Position>,
    ) -> Result<impl Stream<Item = Result<Heard<E>, Error>> + use<'c, E>, Error> {
        let door = self.door;
        let start = match after {
            Some(position) => door.known(&position.0).await?.position,
            None => door.app.log().head().await.map_err(|error| door.internal(&error))?.position,
        };
        let follower = self.feed.follow(self.followed.stream(), start).await.map_err(|error| door.internal(&error))?;
        Ok(stream::unfold(Some((self, follower)), |state| async move {
            let (this, mut follower) = state?;
            let heard = match follower.next().await {
                Ok(news) => this.told(&*news?).await,
                Err(error) => Err(this.door.internal(&error)),
            };
            let more = heard.is_ok();
            Some((heard, more.then_some((this, follower))))
        }))
    }

    async fn told<E: DomainEvent>(&self, News { event, token }: &News) -> Result<Heard<E>, Error> {
        let Door { app, .. } = self.door;
        // However long the views take: the item is not lost, it waits.
        while let Err(stale) = app.views().wait_for(event.position, VIEWS_WAIT).await {
            if let Stale::Parked { .. } = stale {
                return Err(fault::error(Code::Stale, "a read model of this node is parked before this change"));
            }
        }
        self.still_may().await?;
        let decoded = app.upcasters().decode::<E>(event).map_err(|error| self.door.internal(&error))?;
        Ok(Heard { position: (*token).into(), at: Moment(event.commit.metadata.recorded_at), event: decoded })
    }

    async fn still_may(&self) -> Result<(), Error> {
        let Asker { actor, correlation, .. } = self.door.asker;
        let actor = match actor {
            Actor::Account { account, .. } => {
                let now = self.door.app.actor_of(*account).await.map_err(|error| fault::rejected(error, *correlation))?;
                now.unwrap_or(Actor::Anonymous)
            }
            actor @ (Actor::Anonymous | Actor::Operator(_) | Actor::Process(_)) => actor.clone(),
        };
        let (act, subject) = self.followed.asked(&self.door).await?;
        act.may(&actor, &subject).map_err(fault::refused)
    }
}
