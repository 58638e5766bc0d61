//! No byte of an erased person's opened text stays in the views' files.
//!
//! - `secure_delete` overwrites what is deleted, but pages that were split before may keep stale copies between their
//!   cells, and the write-ahead log keeps old pages until it is truncated. So the file is made anew (`VACUUM`) and the
//!   write-ahead log truncated.
//! - It is due from the transaction that folds the erasure on, and stays due over restarts until it is done.

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

pub(crate) async fn mark_due(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO purge_due (one) VALUES (1) ON CONFLICT DO NOTHING").execute(connection).await.map(|_| ())
}

pub(crate) async fn is_due(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM purge_due)").fetch_one(connection).await
}

/// How long a truncation waits for readers, in milliseconds: folding waits with it.
const READERS_MAX_MILLISECONDS: u32 = 100;

/// What is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purge {
    /// Nothing.
    Done,
    /// All of it.
    Due,
    /// The file is clean, old pages may stand in the write-ahead log.
    Vacuumed,
}

/// Moves all of the write-ahead log into the file and truncates it; false if a reader is in the way.
async fn truncate(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let patience: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut *connection).await?;
    set_patience(connection, i64::from(READERS_MAX_MILLISECONDS)).await?;
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    set_patience(connection, patience).await?;
    Ok(row?.try_get::<i64, _>(0)? == 0)
}

async fn set_patience(connection: &mut SqliteConnection, milliseconds: i64) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("PRAGMA busy_timeout={milliseconds}"))).execute(connection).await.map(|_| ())
}

/// Makes the file anew and truncates the write-ahead log, as far as readers let it; says what is left.
pub(crate) async fn purge(connection: &mut SqliteConnection, due: Purge) -> Result<Purge, sqlx::Error> {
    match due {
        Purge::Done => return Ok(Purge::Done),
        Purge::Due => _ = sqlx::query("VACUUM").execute(&mut *connection).await?,
        Purge::Vacuumed => {}
    }
    if !truncate(connection).await? {
        return Ok(Purge::Vacuumed);
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM purge_due").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Purge::Done)
}
