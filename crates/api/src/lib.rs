//! The GraphQL door: the schema, and HTTP, WebSocket, health and metrics around it.
//!
//! To add a field:
//! 1. its act in `domain`, beside the rule it guards, and in `gongyi_domain::ACTS`;
//! 2. the field in the file of its area here, named as the act: a query asks `Door::may`, a mutation sends a command,
//!    which asks by itself;
//! 3. `gongyi generate`, which writes `schema/schema.graphql`.
//!
//! What the rules refuse is data in a mutation's payload. Everything else that is not answered is a GraphQL error with
//! `extensions.code`, see [`Code`].

// The roots merge one object an area: the compiler follows them all when it lays out a query.
#![recursion_limit = "256"]

mod access;
mod attachment;
mod budget;
mod deliberation;
mod door;
mod execution;
mod fault;
mod following;
mod http;
mod ids;
mod limits;
mod list;
mod loaders;
mod merging;
mod node;
mod outcome;
mod paging;
mod phase;
mod projects;
mod report;
mod scalars;
mod schema;
pub mod settings;
mod table;
mod volunteering;

pub use fault::Code;
pub use http::{
    POSITION_HEADER,
    guests::{Full, Guest, Guests},
    metrics::Metrics,
    router,
};
pub use schema::{Mutation, Query, Schema, schema, sdl};
pub use settings::{ApiSettings, Stopping};
