//! 议事协商: councils, residents' issues, motions, elections, polls, meetings and their minutes,
//! covenants.

pub mod acts;
pub mod councils;
pub mod covenants;
pub mod elections;
pub mod issues;
pub mod meetings;
pub mod motion_history;
pub mod motion_queries;
pub mod motions;
pub mod poll_queries;
pub mod polls;
