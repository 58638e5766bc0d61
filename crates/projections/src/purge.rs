//! No byte of an erased person's opened text stays in the views' files.
//!
//! - `secure_delete` overwrites what is deleted, but pages that were split before may keep stale copies between their
//!   cells, and the write-ahead log keeps old pages until it is truncated. So the file is made anew (`VACUUM`) and the
//!   write-ahead log truncated.
//! - It is due from the transaction that folds the erasure on, and stays due over restarts until it is done.

use sqlx::{Connection, Row, SqliteConnection};

pub(crate) async fn mark_due(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO purge_due (one) VALUES (1) ON CONFLICT DO NOTHING").execute(connection).await.map(|_| ())
}

pub(crate) async fn is_due(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM purge_due)").fetch_one(connection).await
}

/// Moves all of the write-ahead log into the file and truncates it; false if a reader is in the way.
pub(crate) async fn truncate(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>(0)? == 0)
}

/// Makes the file anew and truncates the write-ahead log; false if it is to be tried again.
pub(crate) async fn purge(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query("VACUUM").execute(&mut *connection).await?;
    if !truncate(connection).await? {
        return Ok(false);
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM purge_due").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
