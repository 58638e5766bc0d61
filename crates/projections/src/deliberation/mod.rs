//! Who deliberates on what: elections and polls.

pub mod elections;
pub mod poll_queries;
pub mod polls;
