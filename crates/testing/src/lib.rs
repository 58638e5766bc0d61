//! What the tests of several crates share: people and places that were never given out, and, with the feature `platform`, a
//! whole platform in one process: log, vault, running views and a clock that the test moves.
//!
//! - Only tests and benches depend on this crate.
//! - Nothing here asks the product what is right: check characters are computed anew.
//! - What is done to a platform is done by commands, so that whoever asks afterwards sees it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "platform")]
mod councils;
pub mod people;
pub mod places;
#[cfg(feature = "platform")]
mod platform;

#[cfg(feature = "platform")]
pub use councils::EstablishesCouncil;
#[cfg(feature = "platform")]
pub use platform::{Hands, Platform, area, opened};
