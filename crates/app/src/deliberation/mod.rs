//! 议事协商: councils, residents' issues, motions, meetings, covenants.

pub mod councils;
pub mod issues;
