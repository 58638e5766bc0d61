//! What a log tells of its vault, and which streams there are: to see whether the two belong together.

use std::path::Path;

use sqlx::{
    ConnectOptions, Connection, Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

use super::{OpenError, SqliteLog, SqliteSettings, read_error, signed, write_options};
use crate::LogError;

impl SqliteLog {
    /// The last turn of its vault that this log has seen begin; 0 if none, also in a file from before turns were counted.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn vault_turn(&self) -> Result<u64, LogError> {
        let counted = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'vault_turns')";
        if !sqlx::query_scalar::<_, bool>(counted).fetch_one(&self.readers).await.map_err(read_error)? {
            return Ok(0);
        }
        let turn = sqlx::query_scalar::<_, i64>("SELECT coalesce(max(turn), 0) FROM vault_turns");
        Ok(u64::try_from(turn.fetch_one(&self.readers).await.map_err(read_error)?).unwrap_or(0))
    }

    /// Notes that a turn of the vault has begun, of a log that is open for writing in this process. It is no event: nothing has
    /// happened that anybody would ask for.
    ///
    /// # Errors
    /// The storage failed; a later turn has begun.
    pub async fn begin_vault_turn(path: impl AsRef<Path>, turn: u64) -> Result<(), OpenError> {
        let mut connection = write_options(path.as_ref(), SqliteSettings::default()).connect().await?;
        sqlx::query("INSERT INTO vault_turns (turn) VALUES (?)").bind(signed(turn)).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// The streams of a kind, in no order.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn streams_of(&self, kind: &str) -> Result<Vec<Uuid>, LogError> {
        let sql = "SELECT stream_id FROM events WHERE stream_kind = ? AND version = 1";
        self.stream_ids(sqlx::query(sql).bind(kind)).await
    }

    /// The stream of a kind that began last.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn newest_stream_of(&self, kind: &str) -> Result<Option<Uuid>, LogError> {
        let sql = "SELECT stream_id FROM events WHERE stream_kind = ? AND version = 1 ORDER BY position DESC LIMIT 1";
        Ok(self.stream_ids(sqlx::query(sql).bind(kind)).await?.pop())
    }

    async fn stream_ids(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Vec<Uuid>, LogError> {
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        let id = |row: &SqliteRow| Uuid::from_slice(row.try_get(0)?).map_err(|error| sqlx::Error::Decode(error.into()));
        rows.iter().map(id).collect::<Result<_, _>>().map_err(read_error)
    }
}
