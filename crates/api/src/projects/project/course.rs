//! The course of projects: every step on the way, and the last ones.

use async_graphql::{Enum, Object};
use gongyi_app::projects::projects::{AuditProject, CancelProject, CompleteProject};
use gongyi_domain::values::ProjectId;
use gongyi_projections::{ProjectHistoryRow, ProjectStep as StoredStep};

use super::{ProjectPayload, planning::ProjectPlan};
use crate::{
    access::agents::Agent,
    attachment::{self, Attachment},
    list::List,
    projects::evidence::Evidence,
    scalars::Moment,
    table::mutations,
};

/// A step of a project's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredStep")]
pub enum ProjectStep {
    /// 立项: started.
    Started,
    /// 计划调整: its plan was changed.
    PlanRevised,
    /// 节点完成: a milestone was reached.
    MilestoneReached,
    /// 完工: reported complete.
    Completed,
    /// 验收通过: passed its audit.
    AuditPassed,
    /// 验收未通过: failed its audit; it is under way again.
    AuditFailed,
    /// 取消: cancelled for good.
    Cancelled,
}

/// A line of a project's course.
pub struct ProjectHistoryLine(pub(crate) ProjectHistoryRow);

/// A step of a project's course, with what was said of it.
#[Object(name = "ProjectHistoryEntry")]
impl ProjectHistoryLine {
    /// What was done.
    fn step(&self) -> ProjectStep {
        self.0.step.into()
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.0.recorded_at)
    }
    /// Who recorded it.
    fn by(&self) -> Agent {
        Agent(self.0.actor.clone())
    }
    /// The number of the milestone that was reached.
    fn milestone(&self) -> Option<u16> {
        self.0.milestone
    }
    /// Why, what was done, or what was found.
    fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }
    /// Files that show it.
    fn evidence(&self) -> List<Attachment> {
        attachment::shown(&self.0.evidence)
    }
    /// The plan since then, where the step made one.
    fn plan(&self) -> Option<ProjectPlan> {
        self.0.plan.clone().map(ProjectPlan)
    }
    /// Its event's place in the log.
    fn sequence(&self) -> u64 {
        self.0.at
    }
}

mutations! {
    /// The root fields that end projects.
    pub struct ProjectCourseMutations;

    /// Report that a project is completed: every milestone is reached.
    CompleteProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// What came of it.
        report: String,
        /// Files that show it.
        evidence: Evidence,
    }

    /// Record a project's audit.
    AuditProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// Whether it passed; if not, it is under way again.
        passed: bool,
        /// What was found.
        findings: String,
        /// Files that show it.
        evidence: Evidence,
    }

    /// Cancel a project for good: nothing more is paid to it.
    CancelProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// Why.
        reason: String,
    }
}
