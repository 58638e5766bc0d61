//! What volunteers' service at an activity was for, and how much of it there is.
//!
//! - An activity of volunteering is for one thing at a time, or for none.
//! - Service counts while it is confirmed; attested and declared minutes are never added up. What is for a community activity
//!   of a project is for that project too.
//! - A link with a community activity stands while that does: for one that was cancelled or voided there is no service.

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    Event,
    projects::{
        self,
        service_link::{ServiceLinkEvent as E, ServicePurpose},
    },
    values::{ActivityId, CommunityActivityId, Instant, ProjectId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    views::Views,
};

row! {
    /// What the service at an activity of volunteering is for.
    ServiceLinkRow in "service_links" {
        key {
            /// The activity of volunteering.
            activity: ActivityId,
        }
        live {
            /// The project it is for.
            project: Option<ProjectId>,
            /// The community activity it is for.
            community_activity: Option<CommunityActivityId>,
            /// When that was last said or taken back.
            #[serde(with = "ts_microseconds")]
            changed_at: Instant,
            /// Why it was taken back; `None` while it stands.
            reason: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct ServiceLinksFold {
    links: Rows<ServiceLinkRow>,
}

/// What an event says of what service was for.
fn concern(change: &Change) -> Option<&E> {
    use projects::Event as P;
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::ServiceLink(event) => Some(event),
        P::Fund(_) | P::Round(_) | P::Project(_) | P::CommunityActivity(_) | P::Incubation(_) => None,
    }
}

impl Fold for ServiceLinksFold {
    const NAME: &'static str = "service_links";
    const KINDS: &'static [&'static str] = &["service_link"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.links.want((ActivityId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (project, community_activity, reason) = match event {
            E::ServiceLinked { purpose: ServicePurpose::Project(id), .. } => (Some(*id), None, None),
            E::ServiceLinked { purpose: ServicePurpose::CommunityActivity(id), .. } => (None, Some(*id), None),
            E::ServiceUnlinked { reason, .. } => (None, None, Some(reason.clone())),
        };
        let (activity, changed_at) = (ActivityId(change.stream.id), change.recorded_at);
        self.links.put(ServiceLinkRow { activity, project, community_activity, changed_at, reason, position: change.position });
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.links]
    }
}

/// A link whose community activity, if it is for one, was neither cancelled nor voided.
const STANDS: &str =
    "NOT EXISTS(SELECT 1 FROM community_activities v WHERE v.id=l.community_activity AND v.phase IN ('cancelled','voided'))";

/// Which links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceLinkFilter {
    /// With this project.
    Project(ProjectId),
    /// With this project or a community activity for it.
    ProjectAndActivities(ProjectId),
    /// With this community activity.
    CommunityActivity(CommunityActivityId),
}

/// Of what service is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceOf {
    /// Of projects, with their community activities.
    Project,
    /// Of community activities.
    CommunityActivity,
    /// Of activities of volunteering.
    Activity,
}

/// Confirmed service. The two kinds of minutes are never added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSum {
    /// Minutes with evidence of attendance.
    pub attested_minutes: u64,
    /// Minutes entered by hand.
    pub declared_minutes: u64,
    /// Records.
    pub records: u64,
    /// Volunteers, each counted once.
    pub volunteers: u64,
}

impl Views {
    /// Links that stand, by when they were made.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_links(&self, filter: ServiceLinkFilter, page: &PageArgs) -> Result<Page<ServiceLinkRow>, QueryError> {
        let mut conditions = Conditions::default();
        match filter {
            ServiceLinkFilter::Project(id) => conditions.with("l.project=?", id.to_string()),
            ServiceLinkFilter::CommunityActivity(id) => conditions.with("l.community_activity=?", id.to_string()),
            ServiceLinkFilter::ProjectAndActivities(id) => {
                let of_activities = "l.community_activity IN (SELECT c.id FROM community_activities c WHERE c.project=?)";
                conditions.holds(format!("(l.project=? OR {of_activities})"), vec![id.to_string().into(), id.to_string().into()]);
            }
        }
        conditions.plain(STANDS);
        let columns = vec![SortColumn::plain("l.changed_at"), SortColumn::plain("l.activity")];
        let sort = Sort { name: "service_links", columns, descending: false };
        Listing { select: ServiceLinkRow::select("l"), from: "service_links l", conditions, sort }.page(self, page).await
    }

    /// The links of these activities of volunteering that stand, in no order.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_links_of(&self, activities: &[ActivityId]) -> Result<Vec<ServiceLinkRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM service_links l WHERE l.activity IN (SELECT value FROM json_each(?)) AND l.reason IS NULL AND {STANDS}",
            ServiceLinkRow::select("l")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(activities)?.into()]).await
    }

    /// The confirmed service of each of these; what has none is left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_sums(&self, of: ServiceOf, ids: &[Uuid]) -> Result<Vec<(Uuid, ServiceSum)>, QueryError> {
        let linked = match of {
            ServiceOf::Project => {
                "SELECT l.project, l.activity FROM service_links l WHERE l.project IN asked
                 UNION SELECT c.project, l.activity FROM community_activities c JOIN service_links l ON l.community_activity=c.id
                 WHERE c.project IN asked AND c.phase NOT IN ('cancelled','voided')"
            }
            ServiceOf::CommunityActivity => {
                "SELECT c.id, l.activity FROM community_activities c JOIN service_links l ON l.community_activity=c.id
                 WHERE c.id IN asked AND c.phase NOT IN ('cancelled','voided')"
            }
            ServiceOf::Activity => "SELECT id, id FROM asked",
        };
        let sql = format!(
            "WITH asked(id) AS (SELECT value FROM json_each(?)), linked(purpose, activity) AS ({linked})
             SELECT json_array(k.purpose, json_array(
                sum(CASE r.evidence WHEN 'attested' THEN r.minutes ELSE 0 END),
                sum(CASE r.evidence WHEN 'declared' THEN r.minutes ELSE 0 END),
                count(*), count(DISTINCT r.volunteer)))
             FROM linked k JOIN service_records r ON r.activity=k.activity WHERE r.phase='confirmed' GROUP BY k.purpose"
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }
}
