//! What is told as it happens: an activity's places, a volunteer's service records, a meeting.
//!
//! - Every item says its position; subscribing again with the last one seen misses nothing and repeats nothing.
//! - An item comes once this node's views show it, so that what it refers to is at least as new.
//! - Who may is asked again before every item: a role that was taken back ends the subscription, and so does a volunteer
//!   who has left the asker's organisation or area.

use std::time::Duration;

use async_graphql::{Context, Enum, Error, ID, SimpleObject, Subscription};
use futures::{Stream, StreamExt, stream};
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    deliberation::{
        meeting::{MEETINGS, Meeting as MeetingAggregate, MeetingEvent},
        motion::Motion as MotionAggregate,
    },
    event::DomainEvent,
    values::{ActivityId, MeetingId, MotionId, RecordId, VolunteerId},
    volunteering::{
        activity::{ACTIVITIES, Activity as ActivityAggregate, ActivityEvent},
        service_ledger::{SERVICE_RECORDS, ServiceLedger, ServiceLedgerEvent},
    },
};
use gongyi_eventlog::{Recorded, StreamId, follow};
use gongyi_projections::Stale;

use super::{
    activities::{self, Activity},
    services::{self, ServiceRecord},
};
use crate::{
    deliberation::{
        meeting_changes::{MeetingChange, MeetingChangeKind},
        meetings, motions,
    },
    door::{Asker, Door},
    fault::{self, Code},
    http::sockets::Seat,
    ids::{self, RecordKey},
    scalars::{Moment, Position},
};

/// How long one wait for the views lasts before the next begins.
const VIEWS_WAIT: Duration = Duration::from_secs(5);

/// What happened to an activity's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PlacesEvent {
    /// The activity was published.
    Published,
    /// It was amended: shifts and places may have changed.
    Amended,
    /// It was cancelled.
    Cancelled,
    /// It was closed.
    Closed,
    /// A place was taken.
    SignedUp,
    /// A place on the waitlist was taken.
    Waitlisted,
    /// The first on the waitlist moved up.
    Promoted,
    /// A place was given back.
    Withdrawn,
}

/// A change of an activity's places.
#[derive(SimpleObject)]
pub struct PlacesChange {
    /// The platform's position after it: subscribe again after this one.
    position: Position,
    /// What happened.
    event: PlacesEvent,
    /// When it was recorded.
    at: Moment,
    /// The activity, at least as new as this change.
    activity: Option<Activity>,
}

/// What happened to a service record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ServiceRecordEvent {
    /// It was logged.
    Logged,
    /// It was confirmed.
    Confirmed,
    /// It was rejected.
    Rejected,
    /// The volunteer disputes what was decided.
    Disputed,
    /// It was corrected, and thereby confirmed.
    Corrected,
    /// It was voided.
    Voided,
}

/// A change of a volunteer's service records.
#[derive(SimpleObject)]
pub struct ServiceRecordChange {
    /// The platform's position after it: subscribe again after this one.
    position: Position,
    /// What happened.
    event: ServiceRecordEvent,
    /// When it was recorded.
    at: Moment,
    /// The record, at least as new as this change.
    record: Option<ServiceRecord>,
}

fn places_event(event: &ActivityEvent) -> Option<PlacesEvent> {
    match event {
        ActivityEvent::ActivityPublished { .. } => Some(PlacesEvent::Published),
        ActivityEvent::ActivityAmended { .. } => Some(PlacesEvent::Amended),
        ActivityEvent::ActivityCancelled { .. } => Some(PlacesEvent::Cancelled),
        ActivityEvent::ActivityClosed {} => Some(PlacesEvent::Closed),
        ActivityEvent::VolunteerSignedUp { .. } => Some(PlacesEvent::SignedUp),
        ActivityEvent::VolunteerWaitlisted { .. } => Some(PlacesEvent::Waitlisted),
        ActivityEvent::VolunteerPromoted { .. } => Some(PlacesEvent::Promoted),
        ActivityEvent::SignUpWithdrawn { .. } => Some(PlacesEvent::Withdrawn),
        ActivityEvent::VolunteerCheckedIn { .. } | ActivityEvent::VolunteerCheckedOut { .. } => None,
    }
}

fn record_event(event: &ServiceLedgerEvent) -> (RecordId, ServiceRecordEvent) {
    match event {
        ServiceLedgerEvent::ServiceLogged { record, .. } => (*record, ServiceRecordEvent::Logged),
        ServiceLedgerEvent::ServiceConfirmed { record, .. } => (*record, ServiceRecordEvent::Confirmed),
        ServiceLedgerEvent::ServiceRejected { record, .. } => (*record, ServiceRecordEvent::Rejected),
        ServiceLedgerEvent::ServiceDisputed { record, .. } => (*record, ServiceRecordEvent::Disputed),
        ServiceLedgerEvent::ServiceCorrected { record, .. } => (*record, ServiceRecordEvent::Corrected),
        ServiceLedgerEvent::ServiceVoided { record, .. } => (*record, ServiceRecordEvent::Voided),
    }
}

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
            Self::Places(id) => StreamId::of::<ActivityAggregate>(id),
            Self::Records(id) => StreamId::of::<ServiceLedger>(id),
            Self::Motion(id) => StreamId::of::<MotionAggregate>(id),
            Self::Meeting(id) => StreamId::of::<MeetingAggregate>(id),
        }
    }

    /// The act, and what it is about as things stand now.
    async fn asked(self, door: &Door<'_>) -> Result<(&'static Act, Subject), Error> {
        match self {
            Self::Places(_) => Ok((&ACTIVITIES, Subject::default())),
            Self::Meeting(_) => Ok((&MEETINGS, Subject::default())),
            Self::Records(id) => Ok((&SERVICE_RECORDS, services::about(door, id).await?)),
            Self::Motion(id) => motions::act_of_following(door, id).await,
        }
    }
}

/// The events of one stream after a position, each once the views show it and the actor still may.
pub(crate) struct Following<'c> {
    door: Door<'c>,
    followed: Followed,
    _seat: Option<Seat>,
}

impl<'c> Following<'c> {
    pub(crate) async fn new(ctx: &Context<'c>, followed: Followed) -> Result<Self, Error> {
        let door = Door::of(ctx)?;
        let (act, subject) = followed.asked(&door).await?;
        door.may(act, &subject)?;
        Ok(Self { door, followed, _seat: Seat::take(ctx)? })
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
        let (stream, events) = (self.followed.stream(), Box::pin(follow(door.app.log().clone(), start)));
        Ok(stream::unfold(Some((self, stream, events)), |state| async move {
            let (this, stream, mut events) = state?;
            loop {
                let heard = match events.next().await? {
                    Ok(event) if event.stream != stream => continue,
                    Ok(event) => this.told(event).await,
                    Err(error) => Err(this.door.internal(&error)),
                };
                let more = heard.is_ok();
                return Some((heard, more.then_some((this, stream, events))));
            }
        }))
    }

    async fn told<E: DomainEvent>(&self, event: Recorded) -> Result<Heard<E>, Error> {
        let Door { app, .. } = self.door;
        // However long the views take: the item is not lost, it waits.
        while let Err(stale) = app.views().wait_for(event.position, VIEWS_WAIT).await {
            if let Stale::Parked { .. } = stale {
                return Err(fault::error(Code::Stale, "a read model of this node is parked before this change"));
            }
        }
        self.still_may().await?;
        let token = app.log().token_at(event.position).await.map_err(|error| self.door.internal(&error))?;
        let token = token.ok_or_else(|| fault::error(Code::UnknownPosition, "the log has lost this position"))?;
        let decoded = app.upcasters().decode::<E>(&event).map_err(|error| self.door.internal(&error))?;
        Ok(Heard { position: token.into(), at: Moment(event.commit.metadata.recorded_at), event: decoded })
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

/// The root subscriptions.
#[derive(Default)]
pub struct Subscriptions;

/// What volunteering tells as it happens.
#[Subscription]
impl Subscriptions {
    /// Every change of an activity's places. Open to everybody.
    async fn activity_places<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Which activity.")] activity: ID,
        #[graphql(desc = "What comes after this position; from now on if not said.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<PlacesChange, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        let id: ActivityId = ids::asked(&activity)?;
        let events = Following::new(ctx, Followed::Places(id)).await?.after::<ActivityEvent>(after.as_ref()).await?;
        Ok(events.filter_map(move |heard| async move {
            match heard {
                Err(error) => Some(Err(error)),
                Ok(Heard { position, at, event }) => {
                    let event = places_event(&event)?;
                    let activity = activities::activity(&door, id).await;
                    Some(activity.map(|activity| PlacesChange { position, event, at, activity }))
                }
            }
        }))
    }

    /// Every change of a volunteer's service records, for oneself and the volunteer's staff.
    async fn service_record_changes<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Whose records.")] volunteer: ID,
        #[graphql(desc = "What comes after this position; from now on if not said.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<ServiceRecordChange, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        let id: VolunteerId = ids::asked(&volunteer)?;
        let events = Following::new(ctx, Followed::Records(id)).await?.after::<ServiceLedgerEvent>(after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let (record, event) = record_event(&event);
            let record = services::service_record(&door, RecordKey { volunteer: id, record }).await?;
            Ok(ServiceRecordChange { position, event, at, record })
        }))
    }

    /// Every change of a meeting: who comes and goes, the quorum, speakers, votes. Open to everybody.
    async fn meeting_changes<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Which meeting.")] meeting: ID,
        #[graphql(desc = "What comes after this position; from now on if not said.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<MeetingChange, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        let id: MeetingId = ids::asked(&meeting)?;
        let events = Following::new(ctx, Followed::Meeting(id)).await?.after::<MeetingEvent>(after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let meeting = meetings::meeting(&door, id).await?;
            Ok(MeetingChange { position, kind: MeetingChangeKind::from(&event), at, meeting })
        }))
    }
}
