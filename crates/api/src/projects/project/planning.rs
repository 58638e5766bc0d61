//! Planning projects: starting them, their plans and milestones.

use async_graphql::{InputObject, Object, SimpleObject};
use gongyi_app::projects::{
    project_starts::{ProjectStart, StartOfficeProject, StartProject, StartSelectedProject},
    projects::{ReachMilestone, RevisePlan},
};
use gongyi_domain::{
    projects::project_plan::{Milestone as StoredMilestone, Plan},
    refusal::Refusal,
    values::{MotionId, ProjectId},
};

use super::ProjectPayload;
use crate::{
    deliberation::charters::AuthorityInput,
    ids::ApplicationKey,
    list::List,
    projects::{applicants::ApplicantInput, evidence::Evidence},
    scalars::{Area, Date, Money},
    table::{mutations, wires},
};

/// A step on the way.
#[derive(SimpleObject)]
pub struct Milestone {
    /// Its place in the plan, from 1.
    number: usize,
    /// What is done then.
    title: String,
    /// By when.
    due: Date,
}

/// A plan.
pub struct ProjectPlan(pub(crate) Plan);

/// What a project means to do.
#[Object]
impl ProjectPlan {
    /// What funds may grant it, at most.
    fn grant(&self) -> Money {
        Money(self.0.grant)
    }
    /// What it means to raise itself or to have matched.
    fn raised(&self) -> Money {
        Money(self.0.raised)
    }
    /// Its first day.
    fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }
    /// Its last day.
    fn ends_on(&self) -> Date {
        Date(self.0.ends_on)
    }
    /// The steps on the way; 50 at most.
    fn milestones(&self) -> List<Milestone> {
        let told = |(number, it): (usize, &StoredMilestone)| Milestone { number, title: it.title.clone(), due: Date(it.due) };
        (1..).zip(&self.0.milestones).map(told).collect()
    }
}

/// A step on the way.
#[derive(InputObject)]
pub struct MilestoneInput {
    /// What is done then.
    title: String,
    /// By when.
    due: Date,
}

/// What a project means to do.
#[derive(InputObject)]
pub struct ProjectPlanInput {
    /// What funds may grant it, at most.
    grant: Money,
    /// What it means to raise itself or to have matched.
    raised: Money,
    /// Its first day.
    starts_on: Date,
    /// Its last day.
    ends_on: Date,
    /// The steps on the way, 1 to 50, in order.
    milestones: Vec<MilestoneInput>,
}

impl ProjectPlanInput {
    fn plan(self) -> Plan {
        let milestones = self.milestones.into_iter().map(|it| StoredMilestone { title: it.title, due: it.due.0 }).collect();
        Plan { grant: self.grant.0, raised: self.raised.0, starts_on: self.starts_on.0, ends_on: self.ends_on.0, milestones }
    }
}

wires! {
    ProjectPlanInput => Plan = |plan| plan.plan();
}

fn origin_unfit() -> Refusal {
    let (zh, en) =
        ("须注明通过的议题或作出决定的机关，二者择一", "Say the motion that was adopted or the office that decided, one of the two");
    Refusal { code: "InvalidInput", field: Some("motion"), zh: zh.to_owned(), en: en.to_owned() }
}

mutations! {
    /// The root fields that start projects and change their plans.
    pub struct ProjectPlanningMutations;

    /// Start a project that a council resolved, or that an office decided on: either is said.
    StartProject -> ProjectPayload {
        /// The adopted motion.
        motion: Option<MotionId>,
        /// The office on whose own decision it is started, and why; both are public.
        office: Option<AuthorityInput>,
        /// Its title.
        title: String,
        /// Where it is carried out: in the council's area.
        area: Area,
        /// Who carries it out.
        carrier: ApplicantInput,
        /// What it means to do.
        plan: ProjectPlanInput,
    } = match (motion, office) {
        (Some(motion), None) => ProjectStart::Resolved(StartProject { motion, title, area, carrier, plan }),
        (None, Some(AuthorityInput { authority, reason })) => {
            ProjectStart::ByOffice(StartOfficeProject { authority, reason, title, area, carrier, plan })
        }
        (Some(_), Some(_)) | (None, None) => return Err(origin_unfit()),
    };

    /// Start the project of an application that a round selected.
    StartSelectedProject -> ProjectPayload {
        /// The selected application: title, area and carrier are its own.
        application: ApplicationKey,
        /// What it means to do; no more granted than was asked for.
        plan: ProjectPlanInput,
    } = StartSelectedProject { round: application.round, application: application.application, plan };

    /// Change a project's plan.
    RevisePlan -> ProjectPayload {
        /// Of which project.
        project: ProjectId,
        /// The new plan, as a whole. Milestones that are reached stay.
        plan: ProjectPlanInput,
        /// Why.
        reason: String,
    }

    /// Report that a milestone is reached.
    ReachMilestone -> ProjectPayload {
        /// Of which project.
        project: ProjectId,
        /// Its number, from 1.
        milestone: u16,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Evidence,
    }
}
