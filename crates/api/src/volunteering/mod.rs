//! 志愿服务: volunteers, their organisations, activities, service records, and what they add up to.

pub(crate) mod activities;
pub(crate) mod attendance;
pub(crate) mod batch_confirmation;
pub(crate) mod categories;
pub(crate) mod history;
pub(crate) mod organisations;
pub(crate) mod participation;
pub(crate) mod services;
pub(crate) mod sign_ups;
pub(crate) mod skills;
pub(crate) mod stars;
pub(crate) mod subscriptions;
pub(crate) mod volunteers;
