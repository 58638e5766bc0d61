//! 议事协商: councils and their charters, residents' issues, motions, meetings and votes, elections, covenants.

pub mod agenda;
pub mod amendment;
pub mod ballot;
pub mod charter;
pub mod council;
pub mod counting;
pub mod covenant;
pub mod decision;
pub mod difference;
pub mod election;
pub mod election_terms;
pub mod issue;
pub mod meeting;
mod meeting_acts;
mod meeting_continuation;
mod meeting_refusal;
mod meeting_session;
mod meeting_vote;
pub mod minutes;
pub mod motion;
pub mod motion_category;
pub mod motion_register;
pub mod poll;
pub mod poll_report;
pub mod poll_terms;
pub mod recount;
pub mod roll;
pub mod roll_entry;
pub mod seat;
pub mod sitting;
pub mod speakers;
pub mod standing;
pub mod text;

pub use crate::attachment;
use crate::event::aggregates;

aggregates! {
    /// An event of deliberation.
    pub enum Event {
        /// Councils.
        Council(council::Council),
        /// Residents' issues.
        ResidentIssue(issue::ResidentIssue),
        /// Motions.
        Motion(motion::Motion),
        /// Registers of motions.
        MotionRegister(motion_register::MotionRegister),
        /// Covenants.
        Covenant(covenant::Covenant),
        /// Meetings.
        Meeting(meeting::Meeting),
        /// Elections.
        Election(election::Election),
        /// Polls.
        Poll(poll::Poll),
        /// Rolls of polls.
        Roll(roll::Roll),
        /// Entries of rolls.
        RollEntry(roll_entry::RollEntry),
        /// Published ballots of polls.
        BallotList(ballot::BallotList),
        /// Minutes of meetings.
        Minutes(minutes::Minutes),
    }
}
