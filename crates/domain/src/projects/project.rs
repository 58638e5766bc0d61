//! A project: begun by a resolution or a round, carried out by an organisation or council, paid by funds and by what it
//! raises itself, completed, audited and reviewed by residents.
//!
//! - Funds grant it no more than its plan says, all of them together; every movement of a grant is told by the fund and by the
//!   project in one commit, so that two funds cannot do it at once either.
//! - Nothing is paid to a cancelled project; what it was paid can come back.
//! - Its own books are never below nothing: no more is spent, given back or struck out than it has. They are kept to the end,
//!   see [`super::project_books`].
//! - It is completed when every milestone is reached. An audit that it fails opens it again.
//! - A resident reviews it once.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::project_books::left;
use super::{
    applicant::Applicant,
    project_plan::{PROJECT_TITLE_MAX_CHARS, Plan},
    project_terms::{BookEntry, BookEntryKind, GrantMovement, ProjectOrigin, ProjectPhase, ProjectRefusal, RaisedFrom},
};
use crate::{
    access::authority::{Act, Role, To},
    attachment::{self, Attachment},
    event::DomainEvent,
    prose::{Line, Prose, REASON_MAX_CHARS},
    values::{AllocationId, AreaCode, BookEntryId, Cents, Day, FundId, PersonId, Sealed},
};

/// Most entries of a project's own books; they stand in its stream.
pub const BOOK_ENTRIES_MAX_COUNT: usize = 2_000;
/// Longest text of a review, in characters; counted before it is sealed.
pub const PROJECT_REVIEW_TEXT_MAX_CHARS: usize = 1_000;
/// The best rating.
pub const PROJECT_RATING_MAX: u8 = 5;
/// Most reviews of one project; the reviewers stand in its stream.
pub const PROJECT_REVIEWS_MAX_COUNT: usize = 5_000;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Who carries it out, by a coordinator of the organisation, and who keeps projects.
const CARRIERS: &[To] = &[To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Start a project.
pub const START_PROJECT: Act = Act { name: "startProject", open_to: KEEPERS };
/// Change its plan.
pub const REVISE_PLAN: Act = Act { name: "revisePlan", open_to: KEEPERS };
/// Report that a milestone is reached.
pub const REACH_MILESTONE: Act = Act { name: "reachMilestone", open_to: CARRIERS };
/// Record money that it raised or had matched.
pub const RECORD_RAISED_MONEY: Act = Act { name: "recordRaisedMoney", open_to: CARRIERS };
/// Record what it spent.
pub const RECORD_EXPENSE: Act = Act { name: "recordExpense", open_to: CARRIERS };
/// Record what of an expense came back.
pub const RECORD_REFUND: Act = Act { name: "recordRefund", open_to: CARRIERS };
/// Strike out an entry of its books.
pub const VOID_BOOK_ENTRY: Act = Act { name: "voidBookEntry", open_to: CARRIERS };
/// Report that it is completed.
pub const COMPLETE_PROJECT: Act = Act { name: "completeProject", open_to: CARRIERS };
/// Audit it: not by whom carries it out.
pub const AUDIT_PROJECT: Act = Act { name: "auditProject", open_to: &[To::Holders(Role::DistrictOfficer)] };
/// Say how well it was carried out: for oneself only.
pub const REVIEW_PROJECT: Act = Act { name: "reviewProject", open_to: &[To::Oneself] };
/// Cancel it.
pub const CANCEL_PROJECT: Act = Act { name: "cancelProject", open_to: KEEPERS };
/// Read projects; they are public.
pub const PROJECTS: Act = Act { name: "projects", open_to: &[To::Anyone] };

/// A project's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Where it stands.
    pub phase: ProjectPhase,
    /// What it came from.
    pub origin: Option<ProjectOrigin>,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: Option<AreaCode>,
    /// Who carries it out.
    pub carrier: Option<Applicant>,
    /// The day it was started; `None` of one that was started when that was not said.
    pub started_on: Option<Day>,
    /// What it means to do.
    pub plan: Option<Plan>,
    /// The milestones that are reached, by number.
    pub reached: BTreeSet<u16>,
    /// What funds grant it, less what was released or given back.
    pub granted: Cents,
    /// What funds paid it, less what was given back.
    pub received: Cents,
    /// Its own books: what it raised, what it spent and what of that came back, without what was struck out.
    pub books: BTreeMap<BookEntryId, BookEntry>,
    /// Ids of entries that an audit has passed.
    pub audited: BTreeSet<BookEntryId>,
    /// Ids of entries that were struck out.
    pub voided: BTreeSet<BookEntryId>,
    /// Who reviewed it.
    pub reviewers: BTreeSet<PersonId>,
}

/// What may be asked of a project.
#[derive(Debug, Clone)]
pub enum ProjectCommand {
    /// Start it.
    Start {
        /// What it came from; that it was adopted or selected is asked in the same commit.
        origin: ProjectOrigin,
        /// Its title.
        title: String,
        /// Where.
        area: AreaCode,
        /// Who carries it out.
        carrier: Applicant,
        /// What it means to do.
        plan: Plan,
        /// Today.
        on: Day,
    },
    /// Change its plan. Milestones that are reached stay.
    RevisePlan {
        /// The new plan.
        plan: Plan,
        /// Why.
        reason: String,
    },
    /// A milestone is reached.
    ReachMilestone {
        /// Its number.
        milestone: u16,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// A fund moves a grant: in the same commit as the fund's own event.
    MoveGrant {
        /// The fund.
        fund: FundId,
        /// The grant.
        allocation: AllocationId,
        /// What happens to it.
        movement: GrantMovement,
        /// How much.
        amount: Cents,
    },
    /// It raised money or had money matched.
    RecordRaised {
        /// The new entry.
        entry: BookEntryId,
        /// Where it came from.
        from: RaisedFrom,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// Today.
        today: Day,
        /// In words, without a person's name.
        note: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// It spent money.
    RecordExpense {
        /// The new entry.
        entry: BookEntryId,
        /// How much.
        amount: Cents,
        /// The day it was spent.
        on: Day,
        /// Today.
        today: Day,
        /// What for.
        purpose: String,
        /// Files that show it; at least one.
        evidence: Vec<Attachment>,
    },
    /// Of what it spent, something came back: a supplier's refund.
    RecordRefund {
        /// The new entry.
        entry: BookEntryId,
        /// The expense.
        expense: BookEntryId,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// Today.
        today: Day,
        /// In words, without a person's name.
        note: String,
        /// Files that show it; at least one.
        evidence: Vec<Attachment>,
    },
    /// An entry of its books was wrong.
    VoidEntry {
        /// Which.
        entry: BookEntryId,
        /// Why.
        reason: String,
    },
    /// It is completed.
    Complete {
        /// What came of it.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// It was audited.
    Audit {
        /// Whether it passed.
        passed: bool,
        /// What was found.
        findings: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Say how well it was carried out.
    Review {
        /// Who.
        by: PersonId,
        /// 1 to 5.
        rating: u8,
        /// A resident's own words, sealed under the resident's key.
        text: Option<Sealed>,
    },
    /// Cancel it for good.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// What happened to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProjectEvent {
    /// Started.
    ProjectStarted {
        /// What it came from.
        origin: ProjectOrigin,
        /// Its title.
        title: String,
        /// Where.
        area: AreaCode,
        /// Who carries it out.
        carrier: Applicant,
        /// What it means to do.
        plan: Plan,
        /// The day; events from before it was said have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Day>,
    },
    /// Its plan was changed.
    PlanRevised {
        /// The new plan.
        plan: Plan,
        /// Why.
        reason: String,
    },
    /// A milestone was reached.
    MilestoneReached {
        /// Its number.
        milestone: u16,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// A fund moved a grant; the fund's own event says when and why.
    GrantMoved {
        /// The fund.
        fund: FundId,
        /// The grant.
        allocation: AllocationId,
        /// What happened to it.
        movement: GrantMovement,
        /// How much.
        amount: Cents,
    },
    /// Money beside grants came in.
    MoneyRaised {
        /// The entry.
        entry: BookEntryId,
        /// Where it came from.
        from: RaisedFrom,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// In words.
        note: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Money was spent.
    ExpenseRecorded {
        /// The entry.
        entry: BookEntryId,
        /// How much.
        amount: Cents,
        /// The day it was spent.
        on: Day,
        /// What for.
        purpose: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Of what was spent, something came back.
    ExpenseRefunded {
        /// The entry.
        entry: BookEntryId,
        /// The expense.
        expense: BookEntryId,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// In words.
        note: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// An entry of its books counts for nothing.
    BookEntryVoided {
        /// Which.
        entry: BookEntryId,
        /// Why.
        reason: String,
    },
    /// Reported complete.
    ProjectCompleted {
        /// What came of it.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Audited.
    ProjectAudited {
        /// Whether it passed.
        passed: bool,
        /// What was found.
        findings: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// A resident reviewed it.
    ProjectReviewed {
        /// Who.
        person: PersonId,
        /// 1 to 5.
        rating: u8,
        /// The resident's own words.
        text: Option<Sealed>,
    },
    /// Cancelled for good.
    ProjectCancelled {
        /// Why.
        reason: String,
    },
}
impl DomainEvent for ProjectEvent {}

use ProjectCommand as C;
use ProjectEvent as E;
use ProjectPhase as P;
use ProjectRefusal as R;
pub(super) type Decision = Result<Vec<E>, R>;

pub(super) fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

/// A reason or report as it is stored.
pub(super) fn written(text: &str) -> Result<String, R> {
    Prose::parse(text, REASON_MAX_CHARS, |most| R::ProjectReasonUnfit { most }).map(String::from)
}

/// A report and its files as they are stored.
pub(super) fn reported(text: &str, evidence: Vec<Attachment>) -> Result<(String, Vec<Attachment>), R> {
    Ok((written(text)?, attachment::fitted(evidence)?))
}

impl Project {
    pub(super) fn require(&self, phases: &[P]) -> Result<&Plan, R> {
        let plan = self.plan.as_ref().ok_or(R::UnknownProject)?;
        check(phases.contains(&self.phase), R::ProjectPhaseUnfit { zh: self.phase.zh(), en: self.phase.en() })?;
        Ok(plan)
    }

    /// The project exists and is not cancelled: what activities and hours may be linked with.
    ///
    /// # Errors
    /// Unknown and cancelled projects.
    pub fn require_live(&self) -> Result<(), R> {
        self.require(&[P::UnderWay, P::Completed, P::Audited]).map(drop)
    }

    /// The earliest day of money that moves for it: its first, by its plan, or the one it was started on, if that is earlier.
    ///
    /// # Errors
    /// Unknown projects.
    pub fn require_begun(&self, today: Day) -> Result<Day, R> {
        let plan = self.plan.as_ref().ok_or(R::UnknownProject)?;
        Ok(plan.starts_on.min(self.started_on.unwrap_or(today)))
    }

    fn require_unpaid(&self, amount: Cents) -> Result<(), R> {
        let left = self.granted.checked_sub(self.received).unwrap_or_default();
        check(amount <= left, R::GrantMovedTooFar { left })
    }

    fn move_grant(&self, fund: FundId, allocation: AllocationId, movement: GrantMovement, amount: Cents) -> Decision {
        match movement {
            GrantMovement::Allocated => {
                let plan = self.require(&[P::UnderWay])?;
                let left = plan.grant.checked_sub(self.granted).unwrap_or_default();
                check(amount <= left, R::GrantBeyondPlan { left })?;
            }
            GrantMovement::Disbursed => {
                self.require(&[P::UnderWay, P::Completed, P::Audited])?;
                self.require_unpaid(amount)?;
            }
            GrantMovement::Released => {
                self.plan.as_ref().ok_or(R::UnknownProject)?;
                self.require_unpaid(amount)?;
            }
            GrantMovement::Returned => {
                self.plan.as_ref().ok_or(R::UnknownProject)?;
                check(amount <= self.received, R::GrantMovedTooFar { left: self.received })?;
                self.require_left(amount)?;
            }
        }
        Ok(vec![E::GrantMoved { fund, allocation, movement, amount }])
    }

    pub(super) fn carry_out(&self, command: ProjectCommand) -> Decision {
        match command {
            C::RevisePlan { plan, reason } => {
                let old = self.require(&[P::UnderWay])?;
                let (plan, reason) = (plan.fitted(self.started_on)?, written(&reason)?);
                check(plan.grant >= self.granted, R::PlanBelowGranted { granted: self.granted })?;
                let stay = self.reached.iter().all(|number| plan.milestone(*number) == old.milestone(*number));
                check(stay, R::ReachedMilestoneChanged)?;
                Ok(vec![E::PlanRevised { plan, reason }])
            }
            C::ReachMilestone { milestone, report, evidence } => {
                let plan = self.require(&[P::UnderWay])?;
                check(plan.milestone(milestone).is_some(), R::UnknownMilestone)?;
                check(!self.reached.contains(&milestone), R::MilestoneIsReached)?;
                let (report, evidence) = reported(&report, evidence)?;
                Ok(vec![E::MilestoneReached { milestone, report, evidence }])
            }
            C::Complete { report, evidence } => {
                let count = self.require(&[P::UnderWay])?.milestones.len().saturating_sub(self.reached.len());
                check(count == 0, R::MilestonesOpen { count })?;
                let (report, evidence) = reported(&report, evidence)?;
                Ok(vec![E::ProjectCompleted { report, evidence }])
            }
            C::Audit { passed, findings, evidence } => {
                self.require(&[P::Completed])?;
                let (findings, evidence) = reported(&findings, evidence)?;
                Ok(vec![E::ProjectAudited { passed, findings, evidence }])
            }
            C::Review { by, rating, text } => {
                self.require(&[P::Completed, P::Audited])?;
                check((1..=PROJECT_RATING_MAX).contains(&rating), R::ProjectRatingUnfit)?;
                check(!self.reviewers.contains(&by), R::ProjectReviewedAlready)?;
                let most = PROJECT_REVIEWS_MAX_COUNT;
                check(self.reviewers.len() < most, R::ProjectReviewsFull { most })?;
                Ok(vec![E::ProjectReviewed { person: by, rating, text }])
            }
            C::Cancel { reason } => {
                self.require(&[P::UnderWay])?;
                Ok(vec![E::ProjectCancelled { reason: written(&reason)? }])
            }
            C::Start { .. }
            | C::MoveGrant { .. }
            | C::RecordRaised { .. }
            | C::RecordExpense { .. }
            | C::RecordRefund { .. }
            | C::VoidEntry { .. } => Err(R::ProjectExists),
        }
    }
}

impl Aggregate for Project {
    const NAME: &'static str = "project";
    type State = Self;
    type Command = ProjectCommand;
    type Event = E;
    type Error = R;

    fn handle_command(project: &Self, command: ProjectCommand) -> Decision {
        match command {
            C::Start { origin, title, area, carrier, plan, on } => {
                check(project.phase == P::Unknown, R::ProjectExists)?;
                let title = Line::parse(&title, PROJECT_TITLE_MAX_CHARS, |most| R::ProjectTitleUnfit { most })?.into();
                let (origin, plan) = (origin.fitted()?, plan.fitted(Some(on))?);
                Ok(vec![E::ProjectStarted { origin, title, area, carrier, plan, on: Some(on) }])
            }
            C::MoveGrant { fund, allocation, movement, amount } => project.move_grant(fund, allocation, movement, amount),
            other => project.keep_books(other),
        }
    }

    fn apply_event(mut project: Self, event: E) -> Self {
        match event {
            E::ProjectStarted { origin, title, area, carrier, plan, on } => {
                project.started_on = on;
                project.phase = P::UnderWay;
                (project.origin, project.title, project.area) = (Some(origin), title, Some(area));
                (project.carrier, project.plan) = (Some(carrier), Some(plan));
            }
            E::PlanRevised { plan, .. } => project.plan = Some(plan),
            E::MilestoneReached { milestone, .. } => drop(project.reached.insert(milestone)),
            E::GrantMoved { movement, amount, .. } => {
                let more = |held: Cents| held.checked_add(amount).unwrap_or(Cents::MAX);
                let less = |held: Cents| held.checked_sub(amount).unwrap_or_default();
                match movement {
                    GrantMovement::Allocated => project.granted = more(project.granted),
                    GrantMovement::Released => project.granted = less(project.granted),
                    GrantMovement::Disbursed => project.received = more(project.received),
                    GrantMovement::Returned => (project.granted, project.received) = (less(project.granted), less(project.received)),
                }
            }
            E::MoneyRaised { entry, from, amount, on, .. } => {
                project.books.insert(entry, BookEntry { amount, on, kind: BookEntryKind::Raised(from) });
            }
            E::ExpenseRecorded { entry, amount, on, .. } => {
                project.books.insert(entry, BookEntry { amount, on, kind: BookEntryKind::Expense });
            }
            E::ExpenseRefunded { entry, expense, amount, on, .. } => {
                project.books.insert(entry, BookEntry { amount, on, kind: BookEntryKind::Refund { of: expense } });
            }
            E::BookEntryVoided { entry, .. } => {
                project.books.remove(&entry);
                project.voided.insert(entry);
            }
            E::ProjectCompleted { .. } => project.phase = P::Completed,
            E::ProjectAudited { passed: false, .. } => project.phase = P::UnderWay,
            E::ProjectAudited { passed: true, .. } => {
                project.phase = P::Audited;
                project.audited = project.books.keys().copied().collect();
            }
            E::ProjectReviewed { person, .. } => drop(project.reviewers.insert(person)),
            E::ProjectCancelled { .. } => project.phase = P::Cancelled,
        }
        project
    }
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
