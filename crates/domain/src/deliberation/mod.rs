//! 议事协商: councils, their charters, and how they decide.

pub mod charter;
pub mod council;
pub mod decision;
pub mod seat;
