//! The GraphQL door, through its router: what clients see.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod ballot_traces;
mod below;
mod commands;
mod councils;
mod elections;
mod faults;
mod harness;
mod held_hours;
mod http;
mod known_at;
mod limits;
mod meetings;
mod motions;
mod one_execution;
mod personal_data;
mod projects;
mod queries;
mod registration;
mod report;
mod rounds;
mod schema;
mod sight;
mod sign_in;
mod stars;
mod stolen_desk;
mod subscriptions;
mod votes;
mod walker;
