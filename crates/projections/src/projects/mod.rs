//! Read models of projects and money.

pub(crate) mod texts;
