//! 议事协商: councils, residents' issues.

pub(crate) mod charters;
pub(crate) mod council_commands;
pub(crate) mod councils;
pub(crate) mod issues;
