//! Read models of projects and money.

pub mod funds;
pub(crate) mod texts;
