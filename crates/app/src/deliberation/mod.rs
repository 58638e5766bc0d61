//! 议事协商: councils, residents' issues, motions, elections, polls and their ballots.

pub mod casting;
pub mod councils;
pub mod elections;
pub mod issues;
pub mod motion_amendments;
pub mod motion_course;
pub mod motion_outcome;
pub mod motions;
pub mod polls;
pub mod recount;
