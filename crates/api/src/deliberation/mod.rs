//! 议事协商: councils' meetings, votes and minutes.

pub(crate) mod meeting_changes;
pub(crate) mod meeting_commands;
pub(crate) mod meeting_votes;
pub(crate) mod meetings;
pub(crate) mod minutes;
pub(crate) mod vote_commands;
