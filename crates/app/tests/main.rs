//! What the platform promises to whoever sends it commands, one file a topic.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod activities;
mod anything;
mod attendance;
mod ballots;
mod claims;
mod community_activities;
mod councils;
mod dispatch;
mod documents;
mod elections;
mod erasure;
mod funds;
mod harness;
mod issues;
mod meetings;
mod motions;
mod motions_course;
mod organisations;
mod projects;
mod real;
mod registration;
mod returning;
mod roles;
mod rounds;
mod sealed_texts;
mod secrecy;
mod services;
mod sign_in;
mod states;
mod texts;
