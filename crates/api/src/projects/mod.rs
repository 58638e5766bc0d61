//! 项目与资金: funds, rounds, projects, community benefit activities and the service for them, self-organisations.

pub(crate) mod applicants;
pub(crate) mod community_activities;
pub(crate) mod evidence;
pub(crate) mod fund_commands;
pub(crate) mod funds;
pub(crate) mod project;
pub(crate) mod round;
pub(crate) mod self_organisations;
pub(crate) mod service_links;
