//! Starting projects: from what a council resolved, from what a round selected, or on an office's own decision.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::motion::{Motion, MotionRefusal},
    projects::{
        applicant::Applicant,
        project::{Project, ProjectCommand, START_PROJECT},
        project_plan::Plan,
        project_terms::{ProjectOrigin, ProjectRefusal},
        round::{Round, RoundCommand, terms::RoundRefusal},
    },
    values::{ApplicationId, AreaCode, MotionId, ProjectId, RoundId},
};
use serde::Serialize;
use uuid::Uuid;

use super::require_working;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Start a project that a council resolved.
#[derive(Debug, Serialize)]
pub struct StartProject {
    /// The adopted motion.
    pub motion: MotionId,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: AreaCode,
    /// Who carries it out.
    pub carrier: Applicant,
    /// What it means to do.
    pub plan: Plan,
}

impl Command for StartProject {
    const ACT: &'static Act = &START_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        work.require_area(&self.area).await?;
        let motion = work.load::<Motion>(self.motion).await?.into_inner();
        let (Some(council), Some(within)) = (motion.council, &motion.area) else { return Err(refused(MotionRefusal::UnknownMotion)) };
        let vote = motion.require_adopted().map_err(refused)?.vote;
        if !within.contains(&self.area) {
            return Err(refused(ProjectRefusal::ProjectElsewhere));
        }
        require_working(work, self.carrier).await?;
        let origin = ProjectOrigin::Resolution { council, motion: self.motion, vote };
        let (title, area, carrier, plan) = (self.title.clone(), self.area.clone(), self.carrier, self.plan.clone());
        let (id, on) = (ProjectId(Uuid::now_v7()), work.today());
        work.load_and_decide::<Project>(id, ProjectCommand::Start { origin, title, area, carrier, plan, on }).await?;
        Ok(id)
    }
}

/// Start a project on an office's own decision: an urgent repair, say, that no council and no round was asked about.
#[derive(Debug, Serialize)]
pub struct StartOfficeProject {
    /// The office.
    pub authority: String,
    /// Why, and by which document; public.
    pub reason: String,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: AreaCode,
    /// Who carries it out.
    pub carrier: Applicant,
    /// What it means to do.
    pub plan: Plan,
}

impl Command for StartOfficeProject {
    const ACT: &'static Act = &START_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        work.require_area(&self.area).await?;
        require_working(work, self.carrier).await?;
        let origin = ProjectOrigin::Office { authority: self.authority.clone(), reason: self.reason.clone() };
        let (title, area, carrier, plan) = (self.title.clone(), self.area.clone(), self.carrier, self.plan.clone());
        let (id, on) = (ProjectId(Uuid::now_v7()), work.today());
        work.load_and_decide::<Project>(id, ProjectCommand::Start { origin, title, area, carrier, plan, on }).await?;
        Ok(id)
    }
}

/// Start a project that a council resolved, or an office decided on. Serialised as that command: a project's command ids are known
/// by it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ProjectStart {
    /// A council's.
    Resolved(StartProject),
    /// An office's.
    ByOffice(StartOfficeProject),
}

impl Command for ProjectStart {
    const ACT: &'static Act = &START_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        match self {
            Self::Resolved(start) => start.decide(work).await,
            Self::ByOffice(start) => start.decide(work).await,
        }
    }
}

/// Start the project of a selected application: with its title and area, carried out by who applied.
#[derive(Debug, Serialize)]
pub struct StartSelectedProject {
    /// The round.
    pub round: RoundId,
    /// The application.
    pub application: ApplicationId,
    /// What it means to do; no more granted than was asked for.
    pub plan: Plan,
}

impl Command for StartSelectedProject {
    const ACT: &'static Act = &START_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let round = work.lock::<Round>(self.round).await?;
        let within = round.inner().terms.as_ref().ok_or_else(|| refused(RoundRefusal::UnknownRound))?.area.clone();
        work.may(Self::ACT, &Subject::area(within))?;
        let it = round.inner().application(self.application).map_err(refused)?.clone();
        require_working(work, it.applicant).await?;
        let (id, application, on) = (ProjectId(Uuid::now_v7()), self.application, work.today());
        work.decide::<Round>(round, RoundCommand::Award { application, project: id, grant: self.plan.grant }).await?;
        let origin = ProjectOrigin::Round { round: self.round, application };
        let (title, area, carrier, plan) = (it.title, it.area, it.applicant, self.plan.clone());
        work.load_and_decide::<Project>(id, ProjectCommand::Start { origin, title, area, carrier, plan, on }).await?;
        Ok(id)
    }
}
