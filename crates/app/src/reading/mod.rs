//! One reading's way, whichever door it comes through: ask who may, wait for the position that must be seen, query, and mask
//! what of persons the asker does not see.
//!
//! 1. [`App::known`] and [`App::shows`] wait until this node has seen what its client has;
//! 2. [`Rows`] is where a door loads single rows from: [`Subjects`] made of them say what an act is about;
//! 3. [`sight`] says how much of a person the asker sees: the only place that does;
//! 4. [`following`] tells the events of one thing as they happen, to whoever still may;
//! 5. [`allowances`] bound what strangers may try.

pub mod allowances;
pub(crate) mod feed;
pub mod following;
pub mod sight;
pub mod subjects;

use std::time::Duration;

use gongyi_domain::access::authority::{Act, Actor, Subject};
use gongyi_eventlog::{Standing, Token};

pub use subjects::{Rows, Subjects};

use crate::{App, Rejection, rejection::refused};

/// How long a reading waits for the position it must have seen, in milliseconds.
pub const READ_POSITION_MAX_MILLIS: u64 = 5_000;

/// Why something was not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The asker may not, or something broke.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The position is no position, or of another log, or of another history of this one.
    #[error("this position is of another log, or of another history of this one")]
    UnknownPosition,
    /// This node has not come as far as the position asked for.
    #[error("this node is at {at} and has not seen the position asked for; try again")]
    Stale {
        /// How far it is.
        at: u64,
    },
    /// A read model of this node is parked before it.
    #[error("a read model of this node is parked before this change")]
    Parked,
}

impl From<gongyi_eventlog::LogError> for Unread {
    fn from(error: gongyi_eventlog::LogError) -> Self {
        Self::Rejected(error.into())
    }
}

impl App {
    /// A position that a client holds, as a token of this log's history, at most as far as its head after a while.
    ///
    /// # Errors
    /// [`Unread::UnknownPosition`], [`Unread::Stale`], faults of the log.
    pub async fn known(&self, position: &str) -> Result<Token, Unread> {
        let token: Token = position.parse().map_err(|_| Unread::UnknownPosition)?;
        let wait = Duration::from_millis(READ_POSITION_MAX_MILLIS);
        let log = self.log();
        let mut head = log.watch();
        match log.check(&token).await? {
            Standing::Known => return Ok(token),
            Standing::OtherLog | Standing::Forked => return Err(Unread::UnknownPosition),
            Standing::Ahead { .. } => _ = tokio::time::timeout(wait, head.wait_for(|head| *head >= token.position)).await,
        }
        match log.check(&token).await? {
            Standing::Known => Ok(token),
            Standing::Ahead { head } => Err(Unread::Stale { at: head }),
            Standing::OtherLog | Standing::Forked => Err(Unread::UnknownPosition),
        }
    }

    /// Waits until this node's views show a position.
    ///
    /// # Errors
    /// [`Unread::Stale`].
    pub async fn shows(&self, position: u64) -> Result<(), Unread> {
        let wait = Duration::from_millis(READ_POSITION_MAX_MILLIS);
        let views = self.views();
        views.wait_for(position, wait).await.map_err(|_| Unread::Stale { at: views.position() })
    }
}

/// The actor may do `act` to what lies in all of these subjects at once: covered in one, it is allowed.
///
/// # Errors
/// Refused: nobody is signed in, or no role covers it.
pub fn may_within(act: &Act, actor: &Actor, subjects: &[Subject]) -> Result<(), Rejection> {
    let may = |subject: &Subject| act.may(actor, subject).map_err(refused);
    let mut outcome = if subjects.is_empty() { may(&Subject::default()) } else { Ok(()) };
    for subject in subjects {
        outcome = may(subject);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}
