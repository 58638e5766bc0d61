//! 议事协商: councils, their charters, and how they decide.

pub mod decision;
