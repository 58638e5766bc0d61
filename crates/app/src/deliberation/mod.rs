//! Elections, polls and their ballots; meetings, their votes and minutes.

pub mod casting;
pub mod elections;
pub mod polls;

pub mod meeting_course;
pub mod meeting_votes;
pub mod meetings;
pub mod minutes;
mod minutes_text;
