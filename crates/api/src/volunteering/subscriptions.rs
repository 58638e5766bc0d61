//! What volunteering tells as it happens: an activity's places, a volunteer's service records.

use async_graphql::{Context, Enum, Error, ID, SimpleObject, Subscription};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::Followed;
use gongyi_domain::{
    values::{ActivityId, RecordId, VolunteerId},
    volunteering::{activity::ActivityEvent, service_ledger::ServiceLedgerEvent},
};

use super::{
    activities::{self, Activity},
    services::{self, ServiceRecord},
};
use crate::{
    door::Door,
    following::{Heard, followed},
    ids::{self, RecordKey},
    scalars::{Moment, Position},
};

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
    /// It was logged, and waits because it overlaps another one.
    Held,
    /// What it waited for is gone: it stands as logged.
    Released,
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
        ServiceLedgerEvent::ServiceHeld { record, .. } => (*record, ServiceRecordEvent::Held),
        ServiceLedgerEvent::ServiceReleased { record } => (*record, ServiceRecordEvent::Released),
        ServiceLedgerEvent::ServiceConfirmed { record, .. } => (*record, ServiceRecordEvent::Confirmed),
        ServiceLedgerEvent::ServiceRejected { record, .. } => (*record, ServiceRecordEvent::Rejected),
        ServiceLedgerEvent::ServiceDisputed { record, .. } => (*record, ServiceRecordEvent::Disputed),
        ServiceLedgerEvent::ServiceCorrected { record, .. } => (*record, ServiceRecordEvent::Corrected),
        ServiceLedgerEvent::ServiceVoided { record, .. } => (*record, ServiceRecordEvent::Voided),
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
        let events = followed::<ActivityEvent>(ctx, Followed::Places(id), after.as_ref()).await?;
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
        let events = followed::<ServiceLedgerEvent>(ctx, Followed::Records(id), after.as_ref()).await?;
        Ok(events.then(move |heard| async move {
            let Heard { position, at, event } = heard?;
            let (record, event) = record_event(&event);
            let record = services::service_record(&door, RecordKey { volunteer: id, record }).await?;
            Ok(ServiceRecordChange { position, event, at, record })
        }))
    }
}
