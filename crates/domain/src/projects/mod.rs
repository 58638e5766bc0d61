//! 项目与资金: funds and their money, rounds in which projects are selected, projects and what they do, activities begun by
//! representatives, self-organisations incubated through deliberation.

pub mod applicant;
pub mod community_activity;
pub mod fund;
pub mod fund_terms;
pub mod incubation;
pub mod project;
mod project_books;
pub mod project_plan;
pub mod project_terms;
pub mod round;
pub mod selection;
pub mod service_link;

use crate::event::aggregates;

aggregates! {
    /// An event of projects and money.
    pub enum Event {
        /// Funds.
        Fund(fund::Fund),
        /// Rounds.
        Round(round::Round),
        /// Projects.
        Project(project::Project),
        /// Community benefit activities.
        CommunityActivity(community_activity::CommunityActivity),
        /// What volunteers' service was for.
        ServiceLink(service_link::ServiceLink),
        /// Incubations of self-organisations.
        Incubation(incubation::Incubation),
    }
}
