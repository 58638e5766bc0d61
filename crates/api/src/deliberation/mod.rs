//! 议事协商: councils, residents' issues, motions, elections, polls, meetings with their votes and minutes, covenants.

pub(crate) mod charters;
pub(crate) mod council_commands;
pub(crate) mod councils;
pub(crate) mod covenants;
pub(crate) mod decision_rules;
pub(crate) mod decisions;
pub(crate) mod election_commands;
pub(crate) mod elections;
pub(crate) mod issues;
pub(crate) mod meeting_changes;
pub(crate) mod meeting_commands;
pub(crate) mod meeting_votes;
pub(crate) mod meetings;
pub(crate) mod minutes;
pub(crate) mod motion;
pub(crate) mod motion_categories;
pub(crate) mod poll_commands;
pub(crate) mod poll_inputs;
pub(crate) mod poll_outcomes;
pub(crate) mod poll_progress;
pub(crate) mod polls;
pub(crate) mod roll_entries;
pub(crate) mod texts;
mod threads;
pub(crate) mod vote_commands;
