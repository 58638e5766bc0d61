//! What the platform promises to whoever sends it commands, one file a topic.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod activities;
mod anything;
mod attendance;
mod dispatch;
mod erasure;
mod harness;
mod motions;
mod motions_course;
mod organisations;
mod registration;
mod roles;
mod services;
mod sign_in;
