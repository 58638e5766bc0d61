//! 议事协商: councils, residents' issues, motions.

pub mod councils;
pub mod issues;
pub mod motion_history;
pub mod motion_queries;
pub mod motions;
