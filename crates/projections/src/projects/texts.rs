//! The sealed texts of the events of projects and money.

use gongyi_domain::{
    projects::{self, project::ProjectEvent, round::RoundEvent},
    values::Sealed,
};

/// Every sealed text of an event.
pub(crate) fn sealed_texts<'a>(event: &'a projects::Event, see: &mut impl FnMut(&'a Sealed)) {
    match event {
        projects::Event::Project(ProjectEvent::ProjectReviewed { text, .. }) => text.iter().for_each(see),
        projects::Event::Round(RoundEvent::ObjectionRaised { text, .. }) => see(text),
        projects::Event::Project(
            ProjectEvent::ProjectStarted { .. }
            | ProjectEvent::PlanRevised { .. }
            | ProjectEvent::MilestoneReached { .. }
            | ProjectEvent::GrantMoved { .. }
            | ProjectEvent::MoneyRaised { .. }
            | ProjectEvent::ExpenseRecorded { .. }
            | ProjectEvent::ExpenseRefunded { .. }
            | ProjectEvent::BookEntryVoided { .. }
            | ProjectEvent::ProjectCompleted { .. }
            | ProjectEvent::ProjectAudited { .. }
            | ProjectEvent::ProjectCancelled { .. },
        )
        | projects::Event::Round(
            RoundEvent::RoundCalled { .. }
            | RoundEvent::ApplicationSubmitted { .. }
            | RoundEvent::ApplicationWithdrawn { .. }
            | RoundEvent::ApplicationsClosed {}
            | RoundEvent::ApplicationScreened { .. }
            | RoundEvent::ExclusiveGroupFormed { .. }
            | RoundEvent::ReviewerAppointed { .. }
            | RoundEvent::ConflictDeclared { .. }
            | RoundEvent::ApplicationScored { .. }
            | RoundEvent::BallotPrepared { .. }
            | RoundEvent::ProjectsSelected { .. }
            | RoundEvent::ObjectionSettled { .. }
            | RoundEvent::SelectionAnnulled { .. }
            | RoundEvent::SelectionAnnounced { .. }
            | RoundEvent::ProjectAwarded { .. }
            | RoundEvent::AwardDeclined { .. }
            | RoundEvent::ReservePromoted { .. }
            | RoundEvent::RoundCancelled { .. },
        )
        | projects::Event::Fund(_)
        | projects::Event::CommunityActivity(_)
        | projects::Event::ServiceLink(_)
        | projects::Event::Incubation(_) => {}
    }
}
