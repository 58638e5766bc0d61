//! 议事协商: councils, their charters, and how they decide.

pub mod agenda;
pub mod charter;
pub mod council;
pub mod decision;
pub mod meeting;
mod meeting_refusal;
mod meeting_session;
mod meeting_vote;
pub mod minutes;
pub mod seat;
pub mod sitting;
pub mod speakers;

use crate::event::aggregates;

aggregates! {
    /// An event of deliberation.
    pub enum Event {
        /// Councils.
        Council(council::Council),
        /// Meetings.
        Meeting(meeting::Meeting),
        /// Minutes of meetings.
        Minutes(minutes::Minutes),
    }
}
