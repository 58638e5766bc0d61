//! Read models of projects and money.

pub mod community_activities;
pub mod funds;
pub mod incubations;
pub mod project_queries;
pub mod projects;
pub mod round_queries;
pub mod rounds;
pub mod service_links;
pub(crate) mod texts;
