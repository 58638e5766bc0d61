//! Who deliberates on what: motions.

pub mod motion_history;
pub mod motion_queries;
pub mod motions;
