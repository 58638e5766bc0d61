//! What is done with a project after it was started.

use gongyi_domain::{
    access::authority::{Act, Subject},
    attachment::Attachment,
    projects::{
        project::{
            AUDIT_PROJECT, CANCEL_PROJECT, COMPLETE_PROJECT, PROJECT_REVIEW_TEXT_MAX_CHARS, Project, ProjectCommand, REACH_MILESTONE,
            RECORD_EXPENSE, RECORD_RAISED_MONEY, RECORD_REFUND, REVIEW_PROJECT, REVISE_PLAN, VOID_BOOK_ENTRY,
        },
        project_plan::Plan,
        project_terms::{ProjectRefusal, RaisedFrom},
    },
    prose::Prose,
    values::{BookEntryId, Cents, Day, PersonId, ProjectId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{is_at_home, project};
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Asks whether the actor may, then decides.
async fn done(work: &mut Work<'_>, act: &Act, id: ProjectId, command: ProjectCommand) -> Result<ProjectId, Rejection> {
    let (project, subject) = project(work, id).await?;
    work.may(act, &subject)?;
    work.decide::<Project>(project, command).await?;
    Ok(id)
}

/// Change a project's plan.
#[derive(Debug, Serialize)]
pub struct RevisePlan {
    /// Whose.
    pub project: ProjectId,
    /// The new plan.
    pub plan: Plan,
    /// Why.
    pub reason: String,
}

impl Command for RevisePlan {
    const ACT: &'static Act = &REVISE_PLAN;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let command = ProjectCommand::RevisePlan { plan: self.plan.clone(), reason: self.reason.clone() };
        done(work, Self::ACT, self.project, command).await
    }
}

/// Report that a milestone is reached.
#[derive(Debug, Serialize)]
pub struct ReachMilestone {
    /// Whose.
    pub project: ProjectId,
    /// Its number, from 1.
    pub milestone: u16,
    /// What was done.
    pub report: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for ReachMilestone {
    const ACT: &'static Act = &REACH_MILESTONE;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let (milestone, report, evidence) = (self.milestone, self.report.clone(), self.evidence.clone());
        done(work, Self::ACT, self.project, ProjectCommand::ReachMilestone { milestone, report, evidence }).await
    }
}

/// Record money that a project raised or had matched.
#[derive(Debug, Serialize)]
pub struct RecordRaisedMoney {
    /// Which project.
    pub project: ProjectId,
    /// Where it came from.
    pub from: RaisedFrom,
    /// How much.
    pub amount: Cents,
    /// The day it came; `None` for today.
    pub on: Option<Day>,
    /// In words, without a person's name.
    pub note: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for RecordRaisedMoney {
    const ACT: &'static Act = &RECORD_RAISED_MONEY;
    type Answer = BookEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<BookEntryId, Rejection> {
        let (entry, today) = (BookEntryId(Uuid::now_v7()), work.today());
        let (from, amount, on) = (self.from, self.amount, self.on.unwrap_or(today));
        let (note, evidence) = (self.note.clone(), self.evidence.clone());
        done(work, Self::ACT, self.project, ProjectCommand::RecordRaised { entry, from, amount, on, today, note, evidence }).await?;
        Ok(entry)
    }
}

/// Record what a project spent.
#[derive(Debug, Serialize)]
pub struct RecordExpense {
    /// Which project.
    pub project: ProjectId,
    /// How much.
    pub amount: Cents,
    /// The day it was spent; `None` for today.
    pub on: Option<Day>,
    /// What for.
    pub purpose: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for RecordExpense {
    const ACT: &'static Act = &RECORD_EXPENSE;
    type Answer = BookEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<BookEntryId, Rejection> {
        let (entry, today) = (BookEntryId(Uuid::now_v7()), work.today());
        let (amount, on, purpose, evidence) = (self.amount, self.on.unwrap_or(today), self.purpose.clone(), self.evidence.clone());
        done(work, Self::ACT, self.project, ProjectCommand::RecordExpense { entry, amount, on, today, purpose, evidence }).await?;
        Ok(entry)
    }
}

/// Record what of an expense came back.
#[derive(Debug, Serialize)]
pub struct RecordRefund {
    /// Of which project.
    pub project: ProjectId,
    /// Of which expense.
    pub expense: BookEntryId,
    /// How much.
    pub amount: Cents,
    /// The day it came; `None` for today.
    pub on: Option<Day>,
    /// In words, without a person's name.
    pub note: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for RecordRefund {
    const ACT: &'static Act = &RECORD_REFUND;
    type Answer = BookEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<BookEntryId, Rejection> {
        let (entry, expense, today) = (BookEntryId(Uuid::now_v7()), self.expense, work.today());
        let (amount, on) = (self.amount, self.on.unwrap_or(today));
        let (note, evidence) = (self.note.clone(), self.evidence.clone());
        done(work, Self::ACT, self.project, ProjectCommand::RecordRefund { entry, expense, amount, on, today, note, evidence }).await?;
        Ok(entry)
    }
}

/// Strike out an entry of a project's books.
#[derive(Debug, Serialize)]
pub struct VoidBookEntry {
    /// Which project.
    pub project: ProjectId,
    /// Which entry.
    pub entry: BookEntryId,
    /// Why.
    pub reason: String,
}

impl Command for VoidBookEntry {
    const ACT: &'static Act = &VOID_BOOK_ENTRY;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let command = ProjectCommand::VoidEntry { entry: self.entry, reason: self.reason.clone() };
        done(work, Self::ACT, self.project, command).await
    }
}

/// Report that a project is completed.
#[derive(Debug, Serialize)]
pub struct CompleteProject {
    /// Which.
    pub project: ProjectId,
    /// What came of it.
    pub report: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for CompleteProject {
    const ACT: &'static Act = &COMPLETE_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let command = ProjectCommand::Complete { report: self.report.clone(), evidence: self.evidence.clone() };
        done(work, Self::ACT, self.project, command).await
    }
}

/// Record a project's audit.
#[derive(Debug, Serialize)]
pub struct AuditProject {
    /// Which.
    pub project: ProjectId,
    /// Whether it passed.
    pub passed: bool,
    /// What was found.
    pub findings: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for AuditProject {
    const ACT: &'static Act = &AUDIT_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let (passed, findings, evidence) = (self.passed, self.findings.clone(), self.evidence.clone());
        done(work, Self::ACT, self.project, ProjectCommand::Audit { passed, findings, evidence }).await
    }
}

/// Say how well a project was carried out.
#[derive(Debug, Serialize)]
pub struct ReviewProject {
    /// Which.
    pub project: ProjectId,
    /// Who.
    pub by: PersonId,
    /// 1 to 5.
    pub rating: u8,
    /// In one's own words.
    pub text: Option<String>,
}

impl Command for ReviewProject {
    const ACT: &'static Act = &REVIEW_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        let (project, subject) = project(work, self.project).await?;
        let area = subject.area.clone();
        work.may(Self::ACT, &Subject { person: Some(self.by), ..subject })?;
        let at_home = match &area {
            Some(area) => is_at_home(work, self.by, area).await?,
            None => false,
        };
        if !at_home {
            return Err(refused(ProjectRefusal::ReviewerFromElsewhere));
        }
        let unfit = |most| refused(ProjectRefusal::ProjectReviewTextUnfit { most });
        let text = match Prose::parse_any(self.text.as_deref(), PROJECT_REVIEW_TEXT_MAX_CHARS, unfit)? {
            None => None,
            Some(text) => Some(work.sealer::<Project>(self.by, self.project, "ProjectReviewed").await?.seal("text", text.as_str())),
        };
        work.decide::<Project>(project, ProjectCommand::Review { by: self.by, rating: self.rating, text }).await?;
        Ok(self.project)
    }
}

/// Cancel a project for good.
#[derive(Debug, Serialize)]
pub struct CancelProject {
    /// Which.
    pub project: ProjectId,
    /// Why.
    pub reason: String,
}

impl Command for CancelProject {
    const ACT: &'static Act = &CANCEL_PROJECT;
    type Answer = ProjectId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ProjectId, Rejection> {
        done(work, Self::ACT, self.project, ProjectCommand::Cancel { reason: self.reason.clone() }).await
    }
}
