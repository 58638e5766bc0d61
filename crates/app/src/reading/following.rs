//! Following one stream of the log, whichever door it is told through.
//!
//! - Every item says its position; following again from the last one seen misses nothing and repeats nothing.
//! - An item comes once this node's views show it, so that what it refers to is at least as new.
//! - Who may is asked again before every item: a role that was taken back ends the following, and so does a volunteer
//!   who has left the asker's organisation or area. Each item brings the asker as of now along, by whom all of it is seen.

use std::time::Duration;

use futures::{Stream, stream};
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    deliberation::{
        meeting::{MEETINGS, Meeting},
        motion::Motion,
    },
    event::DomainEvent,
    values::{ActivityId, Instant, MeetingId, MotionId, VolunteerId},
    volunteering::{
        activity::{ACTIVITIES, Activity},
        service_ledger::{SERVICE_RECORDS, ServiceLedger},
    },
};
use gongyi_eventlog::{StreamId, Token};
use gongyi_projections::Stale;

use super::{Rows, Subjects, Unread, feed::News};
use crate::{
    App,
    rejection::{Fault, Rejection, refused},
};

/// How long one wait for the views lasts before the next begins.
const VIEWS_WAIT: Duration = Duration::from_secs(5);

/// One event of a followed stream.
#[derive(Debug)]
pub struct Heard<E> {
    /// Its position.
    pub token: Token,
    /// When it was recorded.
    pub at: Instant,
    /// The event.
    pub event: E,
    /// Who follows, with the roles held now: what the item shows is for nobody else to see.
    pub asker: Actor,
}

/// What is followed.
#[derive(Debug, Clone, Copy)]
pub enum Followed {
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
    async fn asked<R: Rows>(self, rows: &R, actor: &Actor) -> Result<(&'static Act, Subject), R::Error> {
        match self {
            Self::Places(_) => Ok((&ACTIVITIES, Subject::default())),
            Self::Meeting(_) => Ok((&MEETINGS, Subject::default())),
            Self::Records(id) => Ok((&SERVICE_RECORDS, rows.subject_of_volunteer(id).await?)),
            Self::Motion(id) => rows.motion_subject(id, actor).await,
        }
    }
}

/// The events of one stream after a position, each once the views show it and the actor still may.
pub struct Following<R> {
    app: App,
    rows: R,
    actor: Actor,
    followed: Followed,
}

impl<R: Rows + Send> Following<R>
where
    Unread: From<R::Error>,
{
    /// Who follows what, if they may.
    ///
    /// # Errors
    /// Refused; what `rows` say.
    pub async fn new(app: App, rows: R, actor: Actor, followed: Followed) -> Result<Self, Unread> {
        let following = Self { app, rows, actor, followed };
        following.may(&following.actor).await?;
        Ok(following)
    }

    async fn may(&self, actor: &Actor) -> Result<(), Unread> {
        let (act, subject) = self.followed.asked(&self.rows, actor).await?;
        Ok(act.may(actor, &subject).map_err(refused)?)
    }

    /// Events after a position that a client holds, or from now on. The first error ends them.
    ///
    /// # Errors
    /// [`Unread::UnknownPosition`], [`Unread::Stale`], faults of the log.
    pub async fn after<E: DomainEvent>(
        self,
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Heard<E>, Unread>> + use<R, E>, Unread> {
        let start = match after {
            Some(position) => self.app.known(position).await?.position,
            None => self.app.log().head().await?.position,
        };
        let follower = self.app.feed().follow(self.followed.stream(), start).await?;
        Ok(stream::unfold(Some((self, follower)), |state| async move {
            let (this, mut follower) = state?;
            let heard = match follower.next().await {
                Ok(news) => this.told(&*news?).await,
                Err(error) => Err(error.into()),
            };
            let more = heard.is_ok();
            Some((heard, more.then_some((this, follower))))
        }))
    }

    async fn told<E: DomainEvent>(&self, News { event, token }: &News) -> Result<Heard<E>, Unread> {
        // However long the views take: the item is not lost, it waits.
        while let Err(stale) = self.app.views().wait_for(event.position, VIEWS_WAIT).await {
            if let Stale::Parked { .. } = stale {
                return Err(Unread::Parked);
            }
        }
        let asker = self.now().await?;
        self.may(&asker).await?;
        let decoded = self.app.upcasters().decode::<E>(event).map_err(|error| Rejection::Fault(Fault::Decoding(error)))?;
        Ok(Heard { token: *token, at: event.commit.metadata.recorded_at, event: decoded, asker })
    }

    /// The actor with the roles held now.
    async fn now(&self) -> Result<Actor, Unread> {
        Ok(self.app.as_now(&self.actor).await?)
    }
}
