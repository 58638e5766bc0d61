//! A copy of the log as it was at a moment. The log only grows, so its writers wait for the moment alone, not for the copy.

use std::path::{Path, PathBuf};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{OpenError, SqliteSettings, base_options, check_version, head, meta, signed};
use crate::Token;

/// A log to which nobody appends while this lives.
pub struct FrozenLog {
    path: PathBuf,
    connection: SqliteConnection,
    head: Token,
    turn: i64,
}

/// A moment of a log, to be copied at leisure.
#[derive(Debug, Clone)]
pub struct Moment {
    path: PathBuf,
    head: Token,
    turn: i64,
}

impl FrozenLog {
    /// Takes the write lock.
    ///
    /// # Errors
    /// See [`OpenError`]; also if somebody writes for longer than one waits.
    pub async fn take(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let mut connection = base_options(&path, SqliteSettings::default()).connect().await?;
        check_version(&mut connection).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        let (log, epoch) = meta(&mut connection).await?;
        let head = head(&mut connection, log, epoch).await?.token();
        let turn = match has_turns(&mut connection, "main").await? {
            true => sqlx::query_scalar("SELECT coalesce(max(turn), 0) FROM vault_turns").fetch_one(&mut connection).await?,
            false => 0,
        };
        Ok(Self { path, connection, head, turn })
    }

    /// Lets everybody append again; what comes is not of this moment.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn release(mut self) -> Result<Moment, OpenError> {
        sqlx::query("ROLLBACK").execute(&mut self.connection).await?;
        self.connection.close().await?;
        Ok(Moment { path: self.path, head: self.head, turn: self.turn })
    }
}

impl Moment {
    /// The last event there was.
    pub fn head(&self) -> Token {
        self.head
    }

    /// Copies the log as it was into a new file, which the storage then has.
    ///
    /// # Errors
    /// See [`OpenError`]; a file that is there already.
    pub async fn copy_to(&self, to: &Path) -> Result<(), OpenError> {
        std::fs::File::create_new(to).map_err(|error| OpenError::Storage(sqlx::Error::Io(error)))?;
        let options = SqliteConnectOptions::new()
            .filename(to)
            .journal_mode(SqliteJournalMode::Delete)
            // Nobody has the file before it is complete; it is told to the disk at the end.
            .synchronous(SqliteSynchronous::Off)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        sqlx::migrate!("../../migrations/log-sqlite").run(&mut connection).await.map_err(OpenError::Migrate)?;
        sqlx::query("ATTACH ? AS source").bind(self.path.to_string_lossy()).execute(&mut connection).await?;
        let has_turns = has_turns(&mut connection, "source").await?;
        let mut copying = connection.begin().await?;
        sqlx::query("INSERT INTO main.log_meta SELECT * FROM source.log_meta WHERE epoch <= ? ORDER BY epoch")
            .bind(i64::from(self.head.epoch))
            .execute(&mut *copying)
            .await?;
        for sql in [
            "INSERT INTO main.commits SELECT * FROM source.commits WHERE last_position <= ? ORDER BY number",
            "INSERT INTO main.events SELECT * FROM source.events WHERE position <= ? ORDER BY position",
        ] {
            sqlx::query(sql).bind(signed(self.head.position)).execute(&mut *copying).await?;
        }
        if has_turns {
            sqlx::query("INSERT INTO main.vault_turns SELECT * FROM source.vault_turns WHERE turn <= ? ORDER BY turn")
                .bind(self.turn)
                .execute(&mut *copying)
                .await?;
        }
        copying.commit().await?;
        connection.close().await?;
        std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(|error| OpenError::Storage(sqlx::Error::Io(error)))
    }
}

/// Whether the database of this name counts the vault's turns: one from before them does not.
async fn has_turns(connection: &mut SqliteConnection, database: &'static str) -> Result<bool, OpenError> {
    let sql = match database {
        "source" => "SELECT EXISTS (SELECT 1 FROM source.sqlite_schema WHERE type = 'table' AND name = 'vault_turns')",
        _ => "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'vault_turns')",
    };
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}
