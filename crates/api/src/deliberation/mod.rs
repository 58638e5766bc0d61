//! 议事协商: councils, residents' issues, motions and what comes of them.

pub(crate) mod charters;
pub(crate) mod council_commands;
pub(crate) mod councils;
pub(crate) mod issues;
pub(crate) mod motion_categories;
pub(crate) mod motion_commands;
pub(crate) mod motion_course_commands;
pub(crate) mod motion_inputs;
pub(crate) mod motion_parts;
pub(crate) mod motion_subscriptions;
pub(crate) mod motions;
pub(crate) mod texts;
