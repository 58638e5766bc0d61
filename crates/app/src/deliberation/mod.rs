//! 议事协商: councils, residents' issues, motions, elections, polls and their ballots, meetings with their
//! votes and minutes, covenants.

pub mod councils;
pub mod covenants;
pub mod elections;
pub mod issues;
pub mod meeting;
pub mod motion;
pub mod poll;
pub mod recount;
mod residents;
pub mod threads;
