//! 项目与资金: funds, rounds, projects, community benefit activities and the service for them, self-organisations.

pub(crate) mod applicants;
pub(crate) mod community_activities;
pub(crate) mod community_activity_commands;
pub(crate) mod evidence;
pub(crate) mod fund_commands;
pub(crate) mod funds;
pub(crate) mod project_commands;
pub(crate) mod project_parts;
#[expect(clippy::module_inception, reason = "the context has the name of what it is about")]
pub(crate) mod projects;
pub(crate) mod round_applications;
pub(crate) mod round_commands;
pub(crate) mod round_terms;
pub(crate) mod rounds;
pub(crate) mod selection_commands;
pub(crate) mod selections;
pub(crate) mod self_organisations;
pub(crate) mod service_links;
