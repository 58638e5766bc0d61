//! What a read model is: a pure fold over events, and the tables it owns.
//!
//! - A fold sees every event of the kinds it names, in order, each once; what it writes is in the same transaction as
//!   its checkpoint. (While a file is built that nobody reads, some rows may come later: a crash throws all of it away.)
//! - What a fold cannot digest parks its read model there; the others go on.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::{change::Change, cost::Clock, opener::Texts, rows::Table, values::Unstorable};

/// Why an event cannot be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A row that must exist does not.
    #[error("{table} has no row {key}")]
    Missing {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// A row that must not exist does.
    #[error("{table} has a row {key} already")]
    Exists {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// A counter left its range.
    #[error("{0} leaves its range")]
    Overflow(&'static str),
    /// The fold reads what it did not ask for: a mistake in its source.
    #[error("{table} row {key} was not asked for")]
    NotAskedFor {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// Anything else that does not fit.
    #[error("{0}")]
    Unfit(String),
}

/// The tables could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the views' storage failed")]
    Storage(#[from] sqlx::Error),
    #[error("a row does not read or write as JSON")]
    Row(#[from] serde_json::Error),
    #[error(transparent)]
    Value(#[from] Unstorable),
}

impl StoreError {
    /// Whether it is the data's fault, not the storage's: trying again will not help.
    pub(crate) fn is_of_the_data(&self) -> bool {
        const CONSTRAINT: i32 = 19;
        const MISMATCH: i32 = 20;
        match self {
            Self::Row(_) | Self::Value(_) => true,
            Self::Storage(sqlx::Error::Database(error)) => {
                let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                matches!(code & 0xff, CONSTRAINT | MISMATCH)
            }
            Self::Storage(_) => false,
        }
    }
}

/// A batch was not applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error("position {position} cannot be folded")]
    Fold { position: u64, source: FoldError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A read model's fold, with the rows of one batch.
pub(crate) trait Fold: Default + Send + Sync + 'static {
    /// Its name, as its checkpoint and its status have it.
    const NAME: &'static str;
    /// The stream kinds it listens to.
    const KINDS: &'static [&'static str];
    /// Its rows change several times before they come to rest: while a file is built that nobody reads they may wait in
    /// memory from batch to batch, and are written once.
    const KEEPS_ROWS: bool = false;

    /// Asks for the rows that `fold` will read or change. It need not name every event, as `fold` does: a row that was not
    /// asked for is refused there.
    fn want(&mut self, change: &Change);
    /// Asks for rows that only those asked for first tell of.
    fn want_next(&mut self, change: &Change) {
        let _ = change;
    }
    /// Folds one event. After an error its rows are thrown away.
    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError>;
    /// Its tables.
    fn tables(&mut self) -> Vec<&mut dyn Table>;
}

/// A read model as the runner sees it.
#[async_trait]
pub(crate) trait ReadModel: Send + Sync {
    fn name(&self) -> &'static str;
    fn kinds(&self) -> &'static [&'static str];
    /// Loads, folds and writes a batch. Up to `kept_rows` rows may wait in memory until [`Self::write_kept`]; after an
    /// error they are worth nothing.
    async fn apply(
        &mut self,
        connection: &mut SqliteConnection,
        changes: &[&Change],
        texts: &Texts<'_>,
        kept_rows: usize,
    ) -> Result<(), ApplyError>;
    /// Writes the rows that wait in memory.
    async fn write_kept(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError>;
}

/// The fold with the rows at hand.
struct Model<F>(F);

pub(crate) fn model<F: Fold>() -> Box<dyn ReadModel> {
    Box::new(Model(F::default()))
}

#[async_trait]
impl<F: Fold> ReadModel for Model<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn kinds(&self) -> &'static [&'static str] {
        F::KINDS
    }

    async fn apply(
        &mut self,
        connection: &mut SqliteConnection,
        changes: &[&Change],
        texts: &Texts<'_>,
        kept_rows: usize,
    ) -> Result<(), ApplyError> {
        if kept_rows == 0 {
            self.0 = F::default();
        }
        let fold = &mut self.0;
        for change in changes {
            fold.want(change);
        }
        for table in fold.tables() {
            table.load(connection).await?;
        }
        for change in changes {
            fold.want_next(change);
        }
        for table in fold.tables() {
            table.load(connection).await?;
        }
        let clock = Clock::start(F::NAME, "fold");
        for change in changes {
            fold.fold(change, texts).map_err(|source| ApplyError::Fold { position: change.position, source })?;
        }
        clock.stop(changes.len());
        let rows: usize = fold.tables().iter().map(|table| table.len()).sum();
        if !F::KEEPS_ROWS || rows >= kept_rows {
            self.write_kept(connection).await?;
        }
        Ok(())
    }

    async fn write_kept(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for table in self.0.tables() {
            table.flush(connection).await?;
        }
        self.0 = F::default();
        Ok(())
    }
}
