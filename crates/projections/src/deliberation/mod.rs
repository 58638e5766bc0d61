//! 议事协商: councils, residents' issues.

pub mod councils;
pub mod issues;
