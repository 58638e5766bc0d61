//! 议事协商: councils, residents' issues, motions, meetings, covenants.

pub mod motion_amendments;
pub mod motion_course;
pub mod motion_outcome;
pub mod motions;
