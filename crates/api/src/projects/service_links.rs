//! What volunteers' service at an activity was for, how much of it there is, and saying so.

use async_graphql::{Context, Error, ID, Object, OneofObject, SimpleObject};
use gongyi_app::projects::community_activities::{LinkService, UnlinkService};
use gongyi_domain::{
    access::authority::Subject, projects::service_link::ServicePurpose, values::ActivityId, volunteering::service_ledger::SERVICE_RECORDS,
};
use gongyi_projections::{PageArgs, ServiceLinkFilter, ServiceLinkRow, ServiceOf, ServiceRecordFilter, ServiceRecordSort, ServiceSum};
use uuid::Uuid;

use super::{
    community_activities::{self, CommunityActivity},
    project::{self, Project},
};
use crate::{
    door::Door,
    ids,
    loaders::{LinkOf, ServedFor},
    outcome::payloads,
    paging::{self, Paged},
    scalars::Moment,
    table::{mutations, wires},
    volunteering::{
        activities::{self, Activity},
        services::ServiceRecord,
    },
};

/// Confirmed service. Attested and declared minutes are never added up.
#[derive(SimpleObject)]
pub struct ServedHours {
    /// Minutes with evidence of attendance.
    attested_minutes: u64,
    /// Minutes entered by hand.
    declared_minutes: u64,
    /// Confirmed records.
    records: u64,
    /// Volunteers, each counted once.
    volunteers: u64,
}

impl From<ServiceSum> for ServedHours {
    fn from(sum: ServiceSum) -> Self {
        let ServiceSum { attested_minutes, declared_minutes, records, volunteers } = sum;
        Self { attested_minutes, declared_minutes, records, volunteers }
    }
}

/// The confirmed service for something; nothing, if there is none.
pub(crate) async fn served(door: &Door<'_>, of: ServiceOf, id: Uuid) -> Result<ServedHours, Error> {
    Ok(door.load(ServedFor(of, id)).await?.unwrap_or_default().into())
}

/// A link.
pub struct ServiceLink(ServiceLinkRow);

/// What the service at an activity of volunteering is for: a project or a community activity.
#[Object]
impl ServiceLink {
    /// The activity of volunteering.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        activities::activity(&Door::of(ctx)?, self.0.activity).await
    }
    /// The project it is for; null if it is for a community activity.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>, Error> {
        match self.0.project {
            Some(id) => project::project(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The community activity it is for; null if it is for a project.
    async fn community_activity(&self, ctx: &Context<'_>) -> Result<Option<CommunityActivity>, Error> {
        match self.0.community_activity {
            Some(id) => community_activities::community_activity(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// When that was said.
    fn linked_at(&self) -> Moment {
        Moment(self.0.changed_at)
    }
    /// The confirmed service at the activity.
    async fn served(&self, ctx: &Context<'_>) -> Result<ServedHours, Error> {
        served(&Door::of(ctx)?, ServiceOf::Activity, self.0.activity.0).await
    }
    /// The records of service at the activity, by day; for its staff and auditors.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ServiceRecord>, Error> {
        let door = Door::of(ctx)?;
        let subject = match door.load(self.0.activity).await? {
            Some(row) => activities::subject_of(&door, &row).await?,
            None => Subject::default(),
        };
        door.may(&SERVICE_RECORDS, &subject)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = ServiceRecordFilter { activity: Some(self.0.activity), ..ServiceRecordFilter::default() };
        let page = door.read(door.lists().service_records(&filter, ServiceRecordSort::Day, false, &page).await)?;
        Ok(paging::paged(page, ServiceRecord::new))
    }
}

/// What the service at an activity of volunteering is for; `None` if that is not said.
pub(crate) async fn link(door: &Door<'_>, activity: ActivityId) -> Result<Option<ServiceLink>, Error> {
    Ok(door.load(LinkOf(activity)).await?.map(ServiceLink))
}

/// Links, by when they were made.
pub(crate) async fn listed(door: &Door<'_>, filter: ServiceLinkFilter, page: &PageArgs) -> Result<Paged<ServiceLink>, Error> {
    Ok(paging::paged(door.read(door.lists().service_links(filter, page).await)?, ServiceLink))
}

payloads! {
    /// What service is for, after a command.
    ServiceLinkPayload(ActivityId) {
        /// What the service is for now; null if for nothing.
        link: ServiceLink = |door, id| link(door, *id),
        /// The activity of volunteering.
        activity: Activity = |door, id| activities::activity(door, *id),
    }
}

/// What service is for.
#[derive(OneofObject)]
pub enum ServicePurposeInput {
    /// A project.
    Project(ID),
    /// A community activity.
    CommunityActivity(ID),
}

wires! {
    ServicePurposeInput => ServicePurpose = |purpose| match purpose {
        ServicePurposeInput::Project(id) => ServicePurpose::Project(ids::named(&id, "purpose")?),
        ServicePurposeInput::CommunityActivity(id) => ServicePurpose::CommunityActivity(ids::named(&id, "purpose")?),
    };
}

mutations! {
    /// The root fields that say what service was for.
    pub struct ServiceLinkMutations;

    /// Say what the service at an activity of volunteering is for.
    LinkService -> ServiceLinkPayload {
        /// The activity of volunteering.
        activity: ActivityId,
        /// What its service is for.
        purpose: ServicePurposeInput,
    }

    /// Take back what the service at an activity of volunteering is for.
    UnlinkService -> ServiceLinkPayload {
        /// The activity of volunteering.
        activity: ActivityId,
        /// Why.
        reason: String,
    }
}
