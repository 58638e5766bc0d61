//! 议事协商: councils, residents' issues, motions, elections, polls.

pub mod acts;
pub mod councils;
pub mod elections;
pub mod issues;
pub mod motion_history;
pub mod motion_queries;
pub mod motions;
pub mod poll_queries;
pub mod polls;
