//! Projects: what they mean to do, their money, what was done, what residents say.
//!
//! - Phase, plan, milestones and grants are what the domain's own `apply_event` makes of them; nothing here says it a second
//!   time.
//! - What a project raised and spent is the sum of the entries of its books that were not struck out.
//! - The text of a review is gone when the person it was sealed for is erased; the rating stays.

use std::collections::BTreeSet;

use chrono::serde::ts_microseconds;
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    attachment::Attachment,
    projects::{
        self,
        applicant::Applicant,
        project::{self, Project, ProjectEvent as E},
        project_plan::Plan,
        project_terms::{ProjectOrigin, ProjectPhase, RaisedFrom},
    },
    values::{
        ApplicationId, AreaCode, BookEntryId, Cents, CouncilId, Day, Instant, MotionId, OrganisationId, PersonId, ProjectId, RoundId,
        VoteId,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::json,
};

/// A step of a project's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStep {
    /// Started.
    Started,
    /// Its plan was changed.
    PlanRevised,
    /// A milestone was reached.
    MilestoneReached,
    /// Reported complete.
    Completed,
    /// Passed its audit.
    AuditPassed,
    /// Failed its audit: it is under way again.
    AuditFailed,
    /// Cancelled for good.
    Cancelled,
}

row! {
    /// A project.
    ProjectRow in "projects" {
        key {
            /// The project.
            id: ProjectId,
        }
        fixed {
            /// Its title.
            title: String,
            /// Where.
            area: AreaCode,
            /// When it was started.
            #[serde(with = "ts_microseconds")]
            started_at: Instant,
            /// The organisation that carries it out, if it is one.
            organisation: Option<OrganisationId>,
            /// The council that carries it out, if it is one.
            council: Option<CouncilId>,
            /// The motion it came from.
            motion: Option<MotionId>,
            /// The council whose motion that is.
            resolved_by: Option<CouncilId>,
            /// The vote that adopted it.
            vote: Option<VoteId>,
            /// The round it came from.
            round: Option<RoundId>,
            /// The selected application.
            application: Option<ApplicationId>,
            /// The office whose decision it came from.
            office: Option<String>,
            /// Why that office decided so.
            office_reason: Option<String>,
        }
        rare {
            /// Where it stands.
            phase: ProjectPhase,
            /// Its last day, by its plan.
            ends_on: Day,
        }
        live {
            /// When anything of it changed last.
            #[serde(with = "ts_microseconds")]
            changed_at: Instant,
            /// What it means to do.
            #[serde(with = "json")]
            plan: Plan,
            /// The milestones that are reached, by number.
            #[serde(with = "json")]
            reached: BTreeSet<u16>,
            /// What funds grant it, less what was released or given back.
            granted: Cents,
            /// What funds paid it, less what was given back.
            paid: Cents,
            /// What it raised itself.
            raised: Cents,
            /// What it had matched.
            matched: Cents,
            /// What it spent, less what of that came back.
            spent: Cents,
            /// The day on which it was reported complete, as far as that stands.
            completed_on: Option<Day>,
            /// The day on which it passed its audit.
            audited_on: Option<Day>,
        }
    }
}

impl ProjectRow {
    /// What it has.
    pub fn left(&self) -> Cents {
        project::left([self.paid, self.raised, self.matched], self.spent)
    }
}

row! {
    /// A step of a project's course.
    ProjectHistoryRow in "project_history" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The project.
            project: ProjectId,
            /// When it was recorded.
            #[serde(with = "ts_microseconds")]
            recorded_at: Instant,
            /// Who did it, as the log names actors.
            actor: String,
            /// What was done.
            step: ProjectStep,
            /// The milestone that was reached.
            milestone: Option<u16>,
            /// Why, what was done, or what was found.
            text: Option<String>,
            /// Files that show it.
            #[serde(with = "json")]
            evidence: Vec<Attachment>,
            /// The plan since then, where the step made one.
            #[serde(with = "json")]
            plan: Option<Plan>,
        }
    }
}

row! {
    /// An entry of a project's own books.
    BookEntryRow in "project_books" {
        key {
            /// The project.
            project: ProjectId,
            /// The entry.
            entry: BookEntryId,
        }
        fixed {
            /// Where the money came from; `None` for an expense and a refund.
            raised: Option<RaisedFrom>,
            /// The expense of which it is a refund, if it is one.
            refunds: Option<BookEntryId>,
            /// How much.
            amount: Cents,
            /// The day it came or was spent.
            moved_on: Day,
            /// When it was recorded.
            #[serde(with = "ts_microseconds")]
            recorded_at: Instant,
            /// What for, or where from.
            note: String,
            /// Files that show it.
            #[serde(with = "json")]
            evidence: Vec<Attachment>,
        }
        live {
            /// Why it was struck out, if it was.
            void_reason: Option<String>,
        }
    }
}

row! {
    /// What a resident says of a project.
    ProjectReviewRow in "project_reviews" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The project.
            project: ProjectId,
            /// Who.
            person: PersonId,
            /// 1 to 5.
            rating: u8,
            /// When.
            #[serde(with = "ts_microseconds")]
            reviewed_at: Instant,
            /// Whose key the text is sealed with.
            text_of: Option<PersonId>,
        }
        live {
            /// In the resident's own words; `None` if nothing was said or the person was erased.
            text: Option<String>,
        }
    }
}

/// What a step of the course tells.
#[derive(Default)]
struct Told<'a> {
    milestone: Option<u16>,
    text: Option<&'a String>,
    evidence: &'a [Attachment],
    plan: Option<&'a Plan>,
}

/// An entry of the books in the making.
struct Entry<'a> {
    entry: BookEntryId,
    raised: Option<RaisedFrom>,
    refunds: Option<BookEntryId>,
    amount: Cents,
    on: Day,
    note: &'a str,
    evidence: &'a [Attachment],
}

impl Entry<'_> {
    fn row(self, change: &Change) -> BookEntryRow {
        BookEntryRow {
            project: ProjectId(change.stream.id),
            entry: self.entry,
            raised: self.raised,
            refunds: self.refunds,
            amount: self.amount,
            moved_on: self.on,
            recorded_at: change.recorded_at,
            note: self.note.to_owned(),
            evidence: self.evidence.to_vec(),
            void_reason: None,
            position: change.position,
        }
    }
}

#[derive(Default)]
pub(crate) struct ProjectsFold {
    projects: Rows<ProjectRow>,
    history: Rows<ProjectHistoryRow>,
    books: Rows<BookEntryRow>,
    reviews: Rows<ProjectReviewRow>,
}

impl ProjectsFold {
    fn start(
        &mut self,
        change: &Change,
        origin: &ProjectOrigin,
        title: &str,
        area: &AreaCode,
        carrier: Applicant,
        plan: &Plan,
    ) -> Result<(), FoldError> {
        let (organisation, council) = match carrier {
            Applicant::Organisation(id) => (Some(id), None),
            Applicant::Council(id) => (None, Some(id)),
        };
        let (motion, resolved_by, vote) = match origin {
            ProjectOrigin::Resolution { council, motion, vote } => (Some(*motion), Some(*council), Some(*vote)),
            ProjectOrigin::Round { .. } | ProjectOrigin::Office { .. } => (None, None, None),
        };
        let (round, application) = match origin {
            ProjectOrigin::Round { round, application } => (Some(*round), Some(*application)),
            ProjectOrigin::Resolution { .. } | ProjectOrigin::Office { .. } => (None, None),
        };
        let (office, office_reason) = match origin {
            ProjectOrigin::Office { authority, reason } => (Some(authority.clone()), Some(reason.clone())),
            ProjectOrigin::Resolution { .. } | ProjectOrigin::Round { .. } => (None, None),
        };
        self.projects.add(ProjectRow {
            id: ProjectId(change.stream.id),
            title: title.to_owned(),
            area: area.clone(),
            started_at: change.recorded_at,
            organisation,
            council,
            motion,
            resolved_by,
            vote,
            round,
            application,
            office,
            office_reason,
            phase: ProjectPhase::UnderWay,
            ends_on: plan.ends_on,
            changed_at: change.recorded_at,
            plan: plan.clone(),
            reached: BTreeSet::new(),
            granted: Cents::ZERO,
            paid: Cents::ZERO,
            raised: Cents::ZERO,
            matched: Cents::ZERO,
            spent: Cents::ZERO,
            completed_on: None,
            audited_on: None,
            position: change.position,
        })
    }

    /// The project itself, as the domain changes it.
    fn apply(&mut self, change: &Change, event: &E) -> Result<(), FoldError> {
        let row = self.projects.change(&(ProjectId(change.stream.id),), change.position)?;
        let before = Project {
            phase: row.phase,
            plan: Some(row.plan.clone()),
            reached: std::mem::take(&mut row.reached),
            granted: row.granted,
            received: row.paid,
            ..Project::default()
        };
        let after = Project::apply_event(before, event.clone());
        (row.phase, row.reached, row.changed_at) = (after.phase, after.reached, change.recorded_at);
        (row.granted, row.paid) = (after.granted, after.received);
        if let Some(plan) = after.plan {
            (row.ends_on, row.plan) = (plan.ends_on, plan);
        }
        match row.phase {
            ProjectPhase::Unknown | ProjectPhase::UnderWay | ProjectPhase::Cancelled => (row.completed_on, row.audited_on) = (None, None),
            ProjectPhase::Completed => row.completed_on = row.completed_on.or(Some(change.recorded_day)),
            ProjectPhase::Audited => row.audited_on = row.audited_on.or(Some(change.recorded_day)),
        }
        Ok(())
    }

    fn step(&mut self, change: &Change, step: ProjectStep, told: Told<'_>) {
        self.history.put(ProjectHistoryRow {
            at: change.position,
            project: ProjectId(change.stream.id),
            recorded_at: change.recorded_at,
            actor: change.actor().to_owned(),
            step,
            milestone: told.milestone,
            text: told.text.cloned(),
            evidence: told.evidence.to_vec(),
            plan: told.plan.cloned(),
            position: change.position,
        });
    }

    /// Moves what the project raised, had matched or spent.
    fn total(&mut self, change: &Change, raised: Option<RaisedFrom>, moved: impl Fn(Cents) -> Option<Cents>) -> Result<(), FoldError> {
        let row = self.projects.change(&(ProjectId(change.stream.id),), change.position)?;
        let (total, name) = match raised {
            Some(RaisedFrom::SelfRaised) => (&mut row.raised, "projects.raised"),
            Some(RaisedFrom::Matched) => (&mut row.matched, "projects.matched"),
            None => (&mut row.spent, "projects.spent"),
        };
        *total = moved(*total).ok_or(FoldError::Overflow(name))?;
        Ok(())
    }

    fn enter(&mut self, change: &Change, entry: BookEntryRow) -> Result<(), FoldError> {
        let (refund, amount) = (entry.refunds.is_some(), entry.amount);
        self.total(change, entry.raised, |total| if refund { total.checked_sub(amount) } else { total.checked_add(amount) })?;
        self.books.add(entry)
    }

    fn strike(&mut self, change: &Change, entry: BookEntryId, reason: &str) -> Result<(), FoldError> {
        let row = self.books.change(&(ProjectId(change.stream.id), entry), change.position)?;
        row.void_reason = Some(reason.to_owned());
        let (raised, refund, amount) = (row.raised, row.refunds.is_some(), row.amount);
        self.total(change, raised, |total| if refund { total.checked_add(amount) } else { total.checked_sub(amount) })
    }

    fn project(&mut self, change: &Change, texts: &Texts<'_>, event: &E) -> Result<(), FoldError> {
        let (project, position) = (ProjectId(change.stream.id), change.position);
        let recorded_at = change.recorded_at;
        if let E::ProjectStarted { origin, title, area, carrier, plan, on: _ } = event {
            self.start(change, origin, title, area, *carrier, plan)?;
        } else {
            self.apply(change, event)?;
        }
        match event {
            E::ProjectStarted { plan, .. } => self.step(change, ProjectStep::Started, Told { plan: Some(plan), ..Told::default() }),
            E::PlanRevised { plan, reason } => {
                self.step(change, ProjectStep::PlanRevised, Told { text: Some(reason), plan: Some(plan), ..Told::default() });
            }
            E::MilestoneReached { milestone, report, evidence } => {
                let told = Told { milestone: Some(*milestone), text: Some(report), evidence, plan: None };
                self.step(change, ProjectStep::MilestoneReached, told);
            }
            E::GrantMoved { .. } => {}
            E::MoneyRaised { entry, from, amount, on, note, evidence } => {
                let entry = Entry { entry: *entry, raised: Some(*from), refunds: None, amount: *amount, on: *on, note, evidence };
                self.enter(change, entry.row(change))?;
            }
            E::ExpenseRecorded { entry, amount, on, purpose, evidence } => {
                let entry = Entry { entry: *entry, raised: None, refunds: None, amount: *amount, on: *on, note: purpose, evidence };
                self.enter(change, entry.row(change))?;
            }
            E::ExpenseRefunded { entry, expense, amount, on, note, evidence } => {
                let entry = Entry { entry: *entry, raised: None, refunds: Some(*expense), amount: *amount, on: *on, note, evidence };
                self.enter(change, entry.row(change))?;
            }
            E::BookEntryVoided { entry, reason } => self.strike(change, *entry, reason)?,
            E::ProjectCompleted { report, evidence } => {
                self.step(change, ProjectStep::Completed, Told { text: Some(report), evidence, ..Told::default() });
            }
            E::ProjectAudited { passed, findings, evidence } => {
                let step = if *passed { ProjectStep::AuditPassed } else { ProjectStep::AuditFailed };
                self.step(change, step, Told { text: Some(findings), evidence, ..Told::default() });
            }
            E::ProjectReviewed { person, rating, text } => self.reviews.put(ProjectReviewRow {
                at: position,
                project,
                person: *person,
                rating: *rating,
                reviewed_at: recorded_at,
                text_of: text.as_ref().map(|sealed| sealed.of),
                text: texts.open_maybe(change, "text", text.as_ref()),
                position,
            }),
            E::ProjectCancelled { reason } => {
                self.step(change, ProjectStep::Cancelled, Told { text: Some(reason), ..Told::default() });
            }
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a project.
    Project(&'e E),
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use projects::Event as P;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::Project(event) => Some(Concern::Project(event)),
        P::Fund(_) | P::Round(_) | P::CommunityActivity(_) | P::ServiceLink(_) | P::Incubation(_) => None,
    }
}

impl Fold for ProjectsFold {
    const NAME: &'static str = "projects";
    const KINDS: &'static [&'static str] = &["project", "person"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Project(event)) => {
                let project = ProjectId(change.stream.id);
                self.projects.want((project,));
                if let E::MoneyRaised { entry, .. }
                | E::ExpenseRecorded { entry, .. }
                | E::ExpenseRefunded { entry, .. }
                | E::BookEntryVoided { entry, .. } = event
                {
                    self.books.want((project, *entry));
                }
            }
            Some(Concern::Erased(person)) => self.reviews.want_by("text_of", person),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Project(event)) => self.project(change, texts, event)?,
            Some(Concern::Erased(person)) => {
                self.reviews.change_all(change.position, |row| row.text_of == Some(person), |row| row.text = None);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.projects, &mut self.history, &mut self.books, &mut self.reviews]
    }
}
