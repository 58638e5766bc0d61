//! 议事协商: elections and polls.

pub(crate) mod decisions;
pub(crate) mod election_commands;
pub(crate) mod elections;
pub(crate) mod poll_commands;
pub(crate) mod poll_inputs;
pub(crate) mod poll_outcomes;
pub(crate) mod poll_progress;
pub(crate) mod polls;
pub(crate) mod roll_entries;
