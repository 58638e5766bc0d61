//! Who decides what together: elections, polls and their rolls, and how ballots are counted.

pub mod ballot;
pub mod counting;
pub mod election;
pub mod poll;
pub mod roll;
pub mod roll_entry;
