//! What is told as it happens: an activity's places, a volunteer's service records.
//!
//! - Every item says its position; subscribing again with the last one seen misses nothing and repeats nothing.
//! - An item comes once this node's views show it, so that what it refers to is at least as new.
//! - Who may is asked again before every item: a role that was taken back ends the subscription.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Enum, Error, ID, SimpleObject, Subscription};
use futures::{Stream, StreamExt, stream};
use gongyi_app::App;
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    event::DomainEvent,
    values::{ActivityId, RecordId, VolunteerId},
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

/// The events of one stream after a position, each once the views show it and the actor still may.
pub(crate) struct Following {
    app: App,
    asker: Arc<Asker>,
    stream: StreamId,
    act: &'static Act,
    subject: Subject,
    _seat: Option<Seat>,
}

impl Following {
    /// Events after the client's position, or from now on.
    pub(crate) async fn after<E: DomainEvent>(
        self,
        door: &Door<'_>,
        after: Option<&Position>,
    ) -> Result<impl Stream<Item = Result<Heard<E>, Error>> + use<E>, Error> {
        let start = match after {
            Some(position) => door.known(&position.0).await?.position,
            None => door.app.log().head().await.map_err(|error| door.internal(&error))?.position,
        };
        let events = Box::pin(follow(self.app.log().clone(), start));
        Ok(stream::unfold(Some((self, events)), |state| async move {
            let (this, mut events) = state?;
            loop {
                let heard = match events.next().await? {
                    Ok(event) if event.stream != this.stream => continue,
                    Ok(event) => this.told(event).await,
                    Err(error) => Err(fault::internal(this.asker.correlation, &error)),
                };
                let more = heard.is_ok();
                return Some((heard, more.then_some((this, events))));
            }
        }))
    }

    async fn told<E: DomainEvent>(&self, event: Recorded) -> Result<Heard<E>, Error> {
        let internal = |error: &(dyn std::error::Error + 'static)| fault::internal(self.asker.correlation, error);
        // However long the views take: the item is not lost, it waits.
        while let Err(stale) = self.app.views().wait_for(event.position, VIEWS_WAIT).await {
            if let Stale::Parked { .. } = stale {
                return Err(fault::error(Code::Stale, "a read model of this node is parked before this change"));
            }
        }
        self.still_may().await?;
        let token = self.app.log().token_at(event.position).await.map_err(|error| internal(&error))?;
        let token = token.ok_or_else(|| fault::error(Code::UnknownPosition, "the log has lost this position"))?;
        let decoded = self.app.upcasters().decode::<E>(&event).map_err(|error| internal(&error))?;
        Ok(Heard { position: token.into(), at: Moment(event.commit.metadata.recorded_at), event: decoded })
    }

    async fn still_may(&self) -> Result<(), Error> {
        let actor = match &self.asker.actor {
            Actor::Account { account, .. } => {
                let now = self.app.actor_of(*account).await.map_err(|error| fault::rejected(error, self.asker.correlation))?;
                now.unwrap_or(Actor::Anonymous)
            }
            actor @ (Actor::Anonymous | Actor::Operator(_) | Actor::Process(_)) => actor.clone(),
        };
        self.act.may(&actor, &self.subject).map_err(fault::refused)
    }
}

/// The events of a stream, for who may.
pub(crate) fn following(ctx: &Context<'_>, stream: StreamId, act: &'static Act, subject: Subject) -> Result<Following, Error> {
    let door = Door::of(ctx)?;
    let asker = ctx.data::<Arc<Asker>>()?.clone();
    door.may(act, &subject)?;
    Ok(Following { app: door.app.clone(), asker, stream, act, subject, _seat: Seat::take(ctx)? })
}

/// The root subscriptions.
#[derive(Default)]
pub struct Subscriptions;

/// Everything that is told as it happens. Each item says its position; subscribe again after it to miss nothing.
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
        let following = following(ctx, StreamId::of::<ActivityAggregate>(id), &ACTIVITIES, Subject::default())?;
        let events = following.after::<ActivityEvent>(&door, after.as_ref()).await?;
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
        let subject = match door.load(id).await? {
            Some(view) => door.volunteer_subject(&view).await?,
            None => Subject::default(),
        };
        let following = following(ctx, StreamId::of::<ServiceLedger>(id), &SERVICE_RECORDS, subject)?;
        let events = following.after::<ServiceLedgerEvent>(&door, after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let (record, event) = record_event(&event);
            let record = services::service_record(&door, RecordKey { volunteer: id, record }).await?;
            Ok(ServiceRecordChange { position, event, at, record })
        }))
    }
}
