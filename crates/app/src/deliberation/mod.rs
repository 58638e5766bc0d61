//! 议事协商: councils, residents' issues, elections, polls and their ballots.

pub mod casting;
pub mod councils;
pub mod elections;
pub mod issues;
pub mod polls;
