//! The GraphQL door, through its router: what clients see.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod commands;
mod harness;
mod http;
mod limits;
mod motions;
mod personal_data;
mod queries;
mod schema;
mod sign_in;
mod subscriptions;
