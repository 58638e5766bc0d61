//! Read models of projects and money.

pub mod community_activities;
pub mod funds;
pub mod incubations;
pub mod project_queries;
#[expect(clippy::module_inception, reason = "the context has the name of what it is about")]
pub mod projects;
pub mod round_queries;
pub mod rounds;
pub mod service_links;
pub(crate) mod texts;
