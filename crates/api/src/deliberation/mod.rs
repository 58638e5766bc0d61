//! 议事协商: councils, residents' issues, motions, elections, polls.

pub(crate) mod charters;
pub(crate) mod council_commands;
pub(crate) mod councils;
pub(crate) mod decisions;
pub(crate) mod election_commands;
pub(crate) mod elections;
pub(crate) mod issues;
pub(crate) mod motion_categories;
pub(crate) mod motion_commands;
pub(crate) mod motion_course_commands;
pub(crate) mod motion_inputs;
pub(crate) mod motion_parts;
pub(crate) mod motion_subscriptions;
pub(crate) mod motions;
pub(crate) mod poll_commands;
pub(crate) mod poll_inputs;
pub(crate) mod poll_outcomes;
pub(crate) mod poll_progress;
pub(crate) mod polls;
pub(crate) mod roll_entries;
pub(crate) mod texts;
