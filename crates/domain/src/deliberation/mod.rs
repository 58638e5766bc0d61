//! 议事协商: councils, their charters, and how they decide; elections, polls and their rolls.

pub mod ballot;
pub mod counting;
pub mod decision;
pub mod election;
pub mod election_terms;
pub mod poll;
pub mod poll_report;
pub mod poll_terms;
pub mod roll;
pub mod roll_entry;
