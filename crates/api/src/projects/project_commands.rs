//! What changes projects.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    Command,
    projects::{
        project_starts::{StartProject, StartSelectedProject},
        projects::{
            AuditProject, CancelProject, CompleteProject, ReachMilestone, RecordExpense, RecordRaisedMoney, ReviewProject, RevisePlan,
            VoidBookEntry,
        },
    },
};
use gongyi_domain::{
    refusal::Refusal,
    values::{BookEntryId, ProjectId},
};

use super::{
    applicants::ApplicantInput,
    project_parts::{self, BookEntry, MoneySource, ProjectPlanInput},
    projects::{self, Project},
};
use crate::{
    access::personal::in_the_name_of,
    attachment::{AttachmentInput, attachments},
    door::Door,
    ids::{self, ApplicationKey, BookEntryKey},
    outcome::payloads,
    scalars::{Area as AreaCode, Date, Money},
};

payloads! {
    /// What became of a command to a project.
    ProjectPayload {
        /// The project.
        project: Project,
    }
    /// What became of a command to a project's books.
    BookEntryPayload {
        /// The entry.
        entry: BookEntry,
        /// The project.
        project: Project,
    }
}

async fn shown(door: &Door<'_>, id: Option<ProjectId>) -> Result<Option<Project>, Error> {
    match id {
        Some(id) => projects::project(door, id).await,
        None => Ok(None),
    }
}

async fn done<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<ProjectPayload, Error>
where
    C: Command<Answer = ProjectId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let done = door.does(command_id, command).await?;
    Ok(ProjectPayload::new(done.told, shown(&door, done.answer).await?))
}

/// As [`done`], for an entry of the books of the project that the command names.
async fn entered<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<(ProjectId, C), Refusal>) -> Result<BookEntryPayload, Error>
where
    C: Command<Answer = BookEntryId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let project = command.as_ref().ok().map(|(project, _)| *project);
    let done = door.does(command_id, command.map(|(_, command)| command)).await?;
    let (entry, project) = match project.zip(done.answer) {
        Some((project, entry)) => {
            (project_parts::book_entry(&door, BookEntryKey { project, entry }).await?, shown(&door, Some(project)).await?)
        }
        None => (None, None),
    };
    Ok(BookEntryPayload::new(done.told, entry, project))
}

/// What starting takes that a council resolved.
#[derive(InputObject)]
pub struct StartProjectInput {
    /// The adopted motion.
    motion: ID,
    /// Its title.
    title: String,
    /// Where it is carried out: in the council's area.
    area: AreaCode,
    /// Who carries it out.
    carrier: ApplicantInput,
    /// What it means to do.
    plan: ProjectPlanInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What starting takes that a round selected.
#[derive(InputObject)]
pub struct StartSelectedProjectInput {
    /// The selected application: title, area and carrier are its own.
    application: ID,
    /// What it means to do; no more granted than was asked for.
    plan: ProjectPlanInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What changing a plan takes.
#[derive(InputObject)]
pub struct RevisePlanInput {
    /// Of which project.
    project: ID,
    /// The new plan, as a whole. Milestones that are reached stay.
    plan: ProjectPlanInput,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What reaching a milestone takes.
#[derive(InputObject)]
pub struct ReachMilestoneInput {
    /// Of which project.
    project: ID,
    /// Its number, from 1.
    milestone: u16,
    /// What was done.
    report: String,
    /// Files that show it.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What recording money takes that came in.
#[derive(InputObject)]
pub struct RecordRaisedMoneyInput {
    /// Of which project.
    project: ID,
    /// Where it came from.
    source: MoneySource,
    /// How much.
    amount: Money,
    /// The day it came; today if not said.
    on: Option<Date>,
    /// In words, without a person's name: it is public.
    note: String,
    /// Files that show it.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What recording an expense takes.
#[derive(InputObject)]
pub struct RecordExpenseInput {
    /// Of which project.
    project: ID,
    /// How much.
    amount: Money,
    /// The day it was spent; today if not said.
    on: Option<Date>,
    /// What for, without a person's name: it is public.
    purpose: String,
    /// Files that show it; at least one.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What striking out takes.
#[derive(InputObject)]
pub struct VoidBookEntryInput {
    /// Which entry.
    entry: ID,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What completing takes.
#[derive(InputObject)]
pub struct CompleteProjectInput {
    /// Which project.
    project: ID,
    /// What came of it.
    report: String,
    /// Files that show it.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What auditing takes.
#[derive(InputObject)]
pub struct AuditProjectInput {
    /// Which project.
    project: ID,
    /// Whether it passed; if not, it is under way again.
    passed: bool,
    /// What was found.
    findings: String,
    /// Files that show it.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What reviewing takes.
#[derive(InputObject)]
pub struct ReviewProjectInput {
    /// Which project.
    project: ID,
    /// 1 to 5.
    rating: u8,
    /// In one's own words; kept sealed, shown to those who may see personal data.
    text: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What cancelling takes.
#[derive(InputObject)]
pub struct CancelProjectInput {
    /// Which project.
    project: ID,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// The root fields that change projects.
#[derive(Default)]
pub struct ProjectMutations;

fn named(id: &ID) -> Result<ProjectId, Refusal> {
    ids::named(id, "project")
}

#[Object]
impl ProjectMutations {
    /// Start a project that a council resolved.
    async fn start_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: StartProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let (title, area, plan) = (input.title, input.area.0, input.plan.plan());
        let command = ids::named(&input.motion, "motion").and_then(|motion| {
            let carrier = input.carrier.named("carrier")?;
            Ok(StartProject { motion, title, area, carrier, plan })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Start the project of an application that a round selected.
    async fn start_selected_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: StartSelectedProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let plan = input.plan.plan();
        let command = ids::named(&input.application, "application").map(|ApplicationKey { round, application }| StartSelectedProject {
            round,
            application,
            plan,
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Change a project's plan.
    async fn revise_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RevisePlanInput,
    ) -> Result<ProjectPayload, Error> {
        let (plan, reason) = (input.plan.plan(), input.reason);
        let command = named(&input.project).map(|project| RevisePlan { project, plan, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Report that a milestone is reached.
    async fn reach_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ReachMilestoneInput,
    ) -> Result<ProjectPayload, Error> {
        let (milestone, report) = (input.milestone, input.report);
        let command = named(&input.project).and_then(|project| {
            let evidence = attachments(input.evidence)?;
            Ok(ReachMilestone { project, milestone, report, evidence })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Record money that a project raised or had matched.
    async fn record_raised_money(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RecordRaisedMoneyInput,
    ) -> Result<BookEntryPayload, Error> {
        let (from, amount, on, note) = (input.source.into(), input.amount.0, input.on.map(|it| it.0), input.note);
        let command = named(&input.project).and_then(|project| {
            let evidence = attachments(input.evidence)?;
            Ok((project, RecordRaisedMoney { project, from, amount, on, note, evidence }))
        });
        entered(ctx, input.command_id.as_ref(), command).await
    }

    /// Record what a project spent; never more than it has.
    async fn record_expense(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RecordExpenseInput,
    ) -> Result<BookEntryPayload, Error> {
        let (amount, on, purpose) = (input.amount.0, input.on.map(|it| it.0), input.purpose);
        let command = named(&input.project).and_then(|project| {
            let evidence = attachments(input.evidence)?;
            Ok((project, RecordExpense { project, amount, on, purpose, evidence }))
        });
        entered(ctx, input.command_id.as_ref(), command).await
    }

    /// Strike out an entry of a project's books.
    async fn void_book_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: VoidBookEntryInput,
    ) -> Result<ProjectPayload, Error> {
        let reason = input.reason;
        let command = ids::named(&input.entry, "entry").map(|BookEntryKey { project, entry }| VoidBookEntry { project, entry, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Report that a project is completed: every milestone is reached.
    async fn complete_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CompleteProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let report = input.report;
        let command = named(&input.project).and_then(|project| {
            let evidence = attachments(input.evidence)?;
            Ok(CompleteProject { project, report, evidence })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Record a project's audit.
    async fn audit_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AuditProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let (passed, findings) = (input.passed, input.findings);
        let command = named(&input.project).and_then(|project| {
            let evidence = attachments(input.evidence)?;
            Ok(AuditProject { project, passed, findings, evidence })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Say how well a project was carried out, for oneself, once.
    async fn review_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ReviewProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let door = Door::of(ctx)?;
        let (rating, text) = (input.rating, input.text);
        let command =
            named(&input.project).and_then(|project| Ok(ReviewProject { project, by: in_the_name_of(&door, None, "by")?, rating, text }));
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Cancel a project for good: nothing more is paid to it.
    async fn cancel_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CancelProjectInput,
    ) -> Result<ProjectPayload, Error> {
        let reason = input.reason;
        let command = named(&input.project).map(|project| CancelProject { project, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }
}
