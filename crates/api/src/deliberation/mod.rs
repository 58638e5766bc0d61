//! 议事协商: motions and what comes of them.

pub(crate) mod motion_categories;
pub(crate) mod motion_commands;
pub(crate) mod motion_course_commands;
pub(crate) mod motion_inputs;
pub(crate) mod motion_parts;
pub(crate) mod motion_subscriptions;
pub(crate) mod motions;
pub(crate) mod texts;
