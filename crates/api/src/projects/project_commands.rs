//! What changes projects.

use gongyi_app::projects::{
    project_starts::{StartProject, StartSelectedProject},
    projects::{
        AuditProject, CancelProject, CompleteProject, ReachMilestone, RecordExpense, RecordRaisedMoney, ReviewProject, RevisePlan,
        VoidBookEntry,
    },
};
use gongyi_domain::values::{MotionId, ProjectId};

use super::{
    applicants::ApplicantInput,
    evidence::Evidence,
    project_parts::{self, BookEntry, MoneySource, ProjectPlanInput},
    projects::{self, Project},
};
use crate::{
    ids::{ApplicationKey, BookEntryKey},
    outcome::payloads,
    scalars::{Area, Date, Money},
    table::mutations,
};

payloads! {
    /// A project, after a command.
    ProjectPayload(ProjectId) {
        /// The project.
        project: Project = |door, id| projects::project(door, *id),
    }
    /// An entry of a project's books, after a command.
    BookEntryPayload(BookEntryKey) {
        /// The entry.
        entry: BookEntry = |door, key| project_parts::book_entry(door, *key),
        /// The project.
        project: Project = |door, key| projects::project(door, key.project),
    }
}

mutations! {
    /// The root fields that change projects.
    pub struct ProjectMutations;

    /// Start a project that a council resolved.
    StartProject -> ProjectPayload {
        /// The adopted motion.
        motion: MotionId,
        /// Its title.
        title: String,
        /// Where it is carried out: in the council's area.
        area: Area,
        /// Who carries it out.
        carrier: ApplicantInput,
        /// What it means to do.
        plan: ProjectPlanInput,
    }

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

    /// Record money that a project raised or had matched.
    RecordRaisedMoney -> BookEntryPayload {
        /// Of which project.
        project: ProjectId,
        /// Where it came from.
        source: MoneySource,
        /// How much.
        amount: Money,
        /// The day it came; today if not said.
        on: Option<Date>,
        /// In words, without a person's name: it is public.
        note: String,
        /// Files that show it.
        evidence: Evidence,
    } = RecordRaisedMoney { project, from: source, amount, on, note, evidence }, move |entry| BookEntryKey { project, entry };

    /// Record what a project spent; never more than it has.
    RecordExpense -> BookEntryPayload {
        /// Of which project.
        project: ProjectId,
        /// How much.
        amount: Money,
        /// The day it was spent; today if not said.
        on: Option<Date>,
        /// What for, without a person's name: it is public.
        purpose: String,
        /// Files that show it; at least one.
        evidence: Evidence,
    } = RecordExpense { project, amount, on, purpose, evidence }, move |entry| BookEntryKey { project, entry };

    /// Strike out an entry of a project's books.
    VoidBookEntry -> ProjectPayload {
        /// Which entry.
        entry: BookEntryKey,
        /// Why.
        reason: String,
    } = VoidBookEntry { project: entry.project, entry: entry.entry, reason };

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

    /// Say how well a project was carried out, for oneself, once.
    ReviewProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// 1 to 5.
        rating: u8,
        /// In one's own words; kept sealed, shown to those who may see personal data.
        text: Option<String>,
    } for by

    /// Cancel a project for good: nothing more is paid to it.
    CancelProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// Why.
        reason: String,
    }
}
