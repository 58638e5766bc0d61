//! Community benefit activities, and what volunteers' service was for.

use gongyi_domain::{
    access::authority::{Act, Subject},
    attachment::Attachment,
    projects::{
        community_activity::{
            BEGIN_COMMUNITY_ACTIVITY, Beginner, CANCEL_COMMUNITY_ACTIVITY, CORRECT_PERSON_TIMES, CommunityActivity,
            CommunityActivityCommand, CommunityActivityRefusal, HOLD_COMMUNITY_ACTIVITY, VOID_COMMUNITY_ACTIVITY,
        },
        project::Project,
        service_link::{LINK_SERVICE, ServiceLink, ServiceLinkCommand, ServicePurpose, UNLINK_SERVICE},
    },
    values::{ActivityId, AreaCode, CommunityActivityId, Day, ProjectId},
    volunteering::activity::{Activity, ActivityRefusal},
};
use serde::Serialize;
use uuid::Uuid;

use super::{project, working_council};
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// Begin an activity.
#[derive(Debug, Serialize)]
pub struct BeginCommunityActivity {
    /// The representative who begins it, with the council of the seat.
    pub begun_by: Option<Beginner>,
    /// The project it is for.
    pub project: Option<ProjectId>,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: AreaCode,
}

impl Command for BeginCommunityActivity {
    const ACT: &'static Act = &BEGIN_COMMUNITY_ACTIVITY;
    type Answer = CommunityActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CommunityActivityId, Rejection> {
        let mut about = Subject { person: self.begun_by.map(|it| it.person), ..Subject::area(self.area.clone()) };
        let mut within = vec![];
        if let Some(id) = self.project {
            let (project, subject) = project(work, id).await?;
            project.inner().require_live().map_err(refused)?;
            about.organisations = subject.organisations;
            within.extend(subject.area);
        }
        work.may(Self::ACT, &about)?;
        work.require_area(&self.area).await?;
        if let Some(Beginner { person, council }) = self.begun_by {
            let (council, area) = working_council(work, council).await?;
            if !council.is_representative(person, work.today()) {
                return Err(refused(CommunityActivityRefusal::BeginnerNotSeated));
            }
            within.push(area);
        }
        // Somewhere in the area of whoever it is done for; who does it for nobody is told so by the activity itself.
        if !within.is_empty() && !within.iter().any(|area| area.contains(&self.area)) {
            return Err(refused(CommunityActivityRefusal::CommunityActivityElsewhere));
        }
        let id = CommunityActivityId(Uuid::now_v7());
        let (begun_by, project, title, area) = (self.begun_by, self.project, self.title.clone(), self.area.clone());
        work.load_and_decide::<CommunityActivity>(id, CommunityActivityCommand::Begin { begun_by, project, title, area }).await?;
        Ok(id)
    }
}

/// An activity that was begun, if the actor may do `act` to it.
async fn kept(work: &mut Work<'_>, act: &Act, id: CommunityActivityId) -> Result<Loaded<CommunityActivity>, Rejection> {
    let activity = work.load::<CommunityActivity>(id).await?;
    let it = activity.inner();
    let area = it.area.clone().ok_or_else(|| refused(CommunityActivityRefusal::UnknownCommunityActivity))?;
    let organisations = match it.project {
        Some(id) => project(work, id).await?.1.organisations,
        None => vec![],
    };
    work.may(act, &Subject { area: Some(area), organisations, person: it.begun_by.map(|it| it.person) })?;
    Ok(activity)
}

/// Report that an activity was held.
#[derive(Debug, Serialize)]
pub struct HoldCommunityActivity {
    /// Which.
    pub community_activity: CommunityActivityId,
    /// When; `None` for today.
    pub on: Option<Day>,
    /// How many it reached, each time a person came.
    pub person_times: u32,
    /// What was done.
    pub report: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for HoldCommunityActivity {
    const ACT: &'static Act = &HOLD_COMMUNITY_ACTIVITY;
    type Answer = CommunityActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CommunityActivityId, Rejection> {
        let activity = kept(work, Self::ACT, self.community_activity).await?;
        let (today, person_times) = (work.today(), self.person_times);
        let (on, report, evidence) = (self.on.unwrap_or(today), self.report.clone(), self.evidence.clone());
        let command = CommunityActivityCommand::Hold { on, today, person_times, report, evidence };
        work.decide::<CommunityActivity>(activity, command).await?;
        Ok(self.community_activity)
    }
}

/// Correct how many an activity reached.
#[derive(Debug, Serialize)]
pub struct CorrectPersonTimes {
    /// Which.
    pub community_activity: CommunityActivityId,
    /// How many it reached.
    pub person_times: u32,
    /// Why.
    pub reason: String,
}

impl Command for CorrectPersonTimes {
    const ACT: &'static Act = &CORRECT_PERSON_TIMES;
    type Answer = CommunityActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CommunityActivityId, Rejection> {
        let activity = kept(work, Self::ACT, self.community_activity).await?;
        let command = CommunityActivityCommand::CorrectPersonTimes { person_times: self.person_times, reason: self.reason.clone() };
        work.decide::<CommunityActivity>(activity, command).await?;
        Ok(self.community_activity)
    }
}

/// Cancel an activity before it is held.
#[derive(Debug, Serialize)]
pub struct CancelCommunityActivity {
    /// Which.
    pub community_activity: CommunityActivityId,
    /// Why.
    pub reason: String,
}

impl Command for CancelCommunityActivity {
    const ACT: &'static Act = &CANCEL_COMMUNITY_ACTIVITY;
    type Answer = CommunityActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CommunityActivityId, Rejection> {
        let activity = kept(work, Self::ACT, self.community_activity).await?;
        work.decide::<CommunityActivity>(activity, CommunityActivityCommand::Cancel { reason: self.reason.clone() }).await?;
        Ok(self.community_activity)
    }
}

/// Void what was reported of an activity.
#[derive(Debug, Serialize)]
pub struct VoidCommunityActivity {
    /// Which.
    pub community_activity: CommunityActivityId,
    /// Why.
    pub reason: String,
}

impl Command for VoidCommunityActivity {
    const ACT: &'static Act = &VOID_COMMUNITY_ACTIVITY;
    type Answer = CommunityActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CommunityActivityId, Rejection> {
        let activity = kept(work, Self::ACT, self.community_activity).await?;
        work.decide::<CommunityActivity>(activity, CommunityActivityCommand::Void { reason: self.reason.clone() }).await?;
        Ok(self.community_activity)
    }
}

/// The actor may say what the service at a volunteering activity is for: who runs it.
async fn about_service(work: &mut Work<'_>, act: &Act, id: ActivityId) -> Result<(), Rejection> {
    let organisation = work.load::<Activity>(id).await?.inner().organisation;
    let line = work.line_of_any(organisation.ok_or_else(|| refused(ActivityRefusal::UnknownActivity))?).await?;
    work.may(act, &line.subject(None))
}

/// Say what the service at an activity of volunteering is for.
#[derive(Debug, Serialize)]
pub struct LinkService {
    /// The volunteering activity.
    pub activity: ActivityId,
    /// What its service is for.
    pub purpose: ServicePurpose,
}

impl Command for LinkService {
    const ACT: &'static Act = &LINK_SERVICE;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        about_service(work, Self::ACT, self.activity).await?;
        match self.purpose {
            ServicePurpose::Project(id) => work.load::<Project>(id).await?.inner().require_live().map_err(refused)?,
            ServicePurpose::CommunityActivity(id) => {
                work.load::<CommunityActivity>(id).await?.inner().require_live().map_err(refused)?;
            }
        }
        take_back_what_fell_away(work, self.activity).await?;
        let command = ServiceLinkCommand::Link { activity: self.activity, purpose: self.purpose };
        work.load_and_decide::<ServiceLink>(self.activity, command).await?;
        Ok(self.activity)
    }
}

/// A link with a community activity that was cancelled or voided meanwhile stands in the way of no other.
async fn take_back_what_fell_away(work: &Work<'_>, activity: ActivityId) -> Result<(), Rejection> {
    let link = work.load::<ServiceLink>(activity).await?;
    if let Some(ServicePurpose::CommunityActivity(id)) = link.inner().purpose
        && work.load::<CommunityActivity>(id).await?.inner().require_live().is_err()
    {
        let reason = "所关联的公益活动已取消或作废 / The community activity was cancelled or voided".to_owned();
        work.decide::<ServiceLink>(link, ServiceLinkCommand::Unlink { reason }).await?;
    }
    Ok(())
}

/// Take back what the service at an activity of volunteering is for.
#[derive(Debug, Serialize)]
pub struct UnlinkService {
    /// The volunteering activity.
    pub activity: ActivityId,
    /// Why.
    pub reason: String,
}

impl Command for UnlinkService {
    const ACT: &'static Act = &UNLINK_SERVICE;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        about_service(work, Self::ACT, self.activity).await?;
        work.load_and_decide::<ServiceLink>(self.activity, ServiceLinkCommand::Unlink { reason: self.reason.clone() }).await?;
        Ok(self.activity)
    }
}
