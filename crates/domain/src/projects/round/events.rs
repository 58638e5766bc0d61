//! What happens to a round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terms::{ConflictGround, RoundTerms};
use crate::{
    event::DomainEvent,
    projects::{applicant::Applicant, selection::Selection},
    values::{ApplicationId, AreaCode, Cents, Day, ObjectionId, PersonId, PollId, ProjectId, Sealed},
};

/// What happened to a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RoundEvent {
    /// Called.
    RoundCalled {
        /// What it is.
        terms: RoundTerms,
    },
    /// Somebody applied.
    ApplicationSubmitted {
        /// The application.
        application: ApplicationId,
        /// Who applies.
        applicant: Applicant,
        /// Who wrote it.
        by: PersonId,
        /// Its title.
        title: String,
        /// What is to be done.
        text: String,
        /// Where.
        area: AreaCode,
        /// What it asks for.
        ask: Cents,
        /// The day.
        on: Day,
    },
    /// An application was withdrawn.
    ApplicationWithdrawn {
        /// Which.
        application: ApplicationId,
    },
    /// No more applications.
    ApplicationsClosed {},
    /// An application was screened, or screened again.
    ApplicationScreened {
        /// Which.
        application: ApplicationId,
        /// Whether it is in.
        eligible: bool,
        /// Why.
        reason: String,
    },
    /// Of these at most one is selected.
    ExclusiveGroupFormed {
        /// The group's number.
        group: u16,
        /// Its applications.
        applications: Vec<ApplicationId>,
        /// Why.
        reason: String,
    },
    /// Somebody reviews.
    ReviewerAppointed {
        /// Who.
        reviewer: PersonId,
    },
    /// A reviewer does not score an application; a score given before counts for nothing.
    ConflictDeclared {
        /// Who.
        reviewer: PersonId,
        /// Which.
        application: ApplicationId,
        /// Why.
        ground: ConflictGround,
    },
    /// A reviewer gave points, in place of those given before.
    ApplicationScored {
        /// Who.
        reviewer: PersonId,
        /// Which.
        application: ApplicationId,
        /// For each criterion.
        points: Vec<u16>,
    },
    /// Residents vote in this poll.
    BallotPrepared {
        /// Which.
        poll: PollId,
        /// The applications in the ballot's order.
        options: Vec<ApplicationId>,
    },
    /// Selected.
    ProjectsSelected {
        /// The applications that were selected from, by their number from 1.
        candidates: Vec<ApplicationId>,
        /// How, with a reason for each.
        selection: Selection,
        /// The day.
        on: Day,
    },
    /// Somebody objected.
    ObjectionRaised {
        /// The objection.
        objection: ObjectionId,
        /// Who.
        by: PersonId,
        /// Against what, and why.
        text: Sealed,
        /// The day.
        on: Day,
    },
    /// An objection was settled.
    ObjectionSettled {
        /// Which.
        objection: ObjectionId,
        /// Whether it is right: then the selection is annulled.
        upheld: bool,
        /// Why.
        reason: String,
    },
    /// The selection counts for nothing; it is evaluated again.
    SelectionAnnulled {
        /// The objection that was right.
        objection: ObjectionId,
    },
    /// Announced.
    SelectionAnnounced {
        /// The day.
        on: Day,
    },
    /// A selected application became a project.
    ProjectAwarded {
        /// Which.
        application: ApplicationId,
        /// The project.
        project: ProjectId,
    },
    /// A selected applicant does not want it any more.
    AwardDeclined {
        /// Which.
        application: ApplicationId,
        /// Why.
        reason: String,
    },
    /// An application moves up from the reserve list.
    ReservePromoted {
        /// Which.
        application: ApplicationId,
    },
    /// Cancelled for good.
    RoundCancelled {
        /// Why.
        reason: String,
    },
}
impl DomainEvent for RoundEvent {}
