//! Elections, polls and their ballots.

pub mod casting;
pub mod elections;
pub mod polls;
