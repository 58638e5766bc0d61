//! 议事协商: councils, residents' issues, motions, elections, polls, meetings with their votes and minutes, covenants.

pub(crate) mod charters;
pub(crate) mod council_commands;
pub(crate) mod councils;
pub(crate) mod covenants;
pub(crate) mod decision_rules;
pub(crate) mod decisions;
pub(crate) mod elections;
pub(crate) mod issues;
pub(crate) mod meeting;
pub(crate) mod minutes;
pub(crate) mod motion;
pub(crate) mod motion_categories;
pub(crate) mod poll;
pub(crate) mod texts;
mod threads;
