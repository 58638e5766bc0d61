//! Everything anybody reads is built here: folds over the log into a local SQLite file, and every query on it.
//!
//! - A view is disposable: [`Views::rebuild`] makes it anew from the log, and the result is the same, row for row.
//! - A view never goes back: what [`Views::wait_for`] has seen stays seen.
//! - A bad event parks the read models that need it, loudly; the others go on, and nothing is skipped.
//! - After a person is erased no byte of the opened text stays in the folder.
//!
//! # A new read model
//! 1. Its tables in `migrations/views/`.
//! 2. One file beside the others: the rows with `row!`, a [`read_model::Fold`](crate) with one match that says what each
//!    event of its context concerns, the queries as methods of [`Views`].
//! 3. Its fold in the list of `runner.rs`.
//!
//! The file's name carries a hash of the DDL and of all sources here, so a changed fold is a new file.

// A wildcard over an enum loses the next new variant in silence; over events, a fact. Clippy sees neither `if let` nor
// `let … else` nor what stands inside a pattern: there a fold may look only after a match that names every event.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod deliberation;
pub mod volunteering;

mod batches;
mod change;
mod cost;
mod examine;
mod files;
mod opener;
mod paging;
mod period;
mod projects;
mod purge;
mod read_model;
mod reader;
mod report;
mod rows;
mod runner;
mod status;
mod stored;
mod unfinished;
mod values;
mod views;
mod writing;

pub use access::{accounts::*, areas::*, persons::*};
pub use deliberation::{
    councils::*, covenants::*, elections::*, issues::*, meetings::*, motion_history::*, motion_queries::*, motions::*, poll_queries::*,
    polls::*,
};
pub use examine::{Examined, HELD_MAX_RECORDS, HeldRecord, StoredView};
pub use files::{Discarded, OpenError};
pub use opener::{Keys, Opened, Opener, OpenerError};
pub use paging::{Cursor, PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS, Page, PageAnswer, PageArgs, PageError, PageQuery, QueryError, Together};
pub use projects::{
    community_activities::*, funds::*, incubations::*, project_queries::*, projects::*, round_queries::*, rounds::*, service_links::*,
};
pub use read_model::FoldError;
pub use report::{queries::*, small_cells::Untold};
pub use runner::RunError;
pub use status::{Parked, Stale, ViewStatus};
pub use views::{ViewOptions, Views};
pub use volunteering::{
    activities::*, activity_queries::*, history::*, organisations::*, participation_changes::*, participation_queries::*,
    service_record_queries::*, service_records::*, star_schemes::*, statistics::*, volunteers::*,
};
