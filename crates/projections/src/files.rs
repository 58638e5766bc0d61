//! The views' files: one a version, `views-<version>.db` with its `-wal` and `-shm`.
//!
//! - A file that follows another log, or another history of this log, is thrown away: it is made anew, and what it
//!   opened must not linger.
//! - Files of other versions, and half-built ones, are removed when the current version is open and complete.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;
use gongyi_eventlog::{Log, LogError, Standing, Token};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{cost::Clock, reader::Reader, views::ViewOptions};

/// The oldest SQLite without the WAL-reset corruption bug.
const SQLITE_MIN_VERSION: (u32, u32, u32) = (3, 51, 3);
/// The writer's page cache, in KiB, as SQLite wants it (negative).
const WRITER_CACHE_KIB: &str = "-65536";
/// The same while a file is built that nobody reads.
const BUILDER_CACHE_KIB: &str = "-262144";
/// Pages of WAL after which SQLite moves them into the file.
const CHECKPOINT_PAGES: &str = "8000";

/// The views could not be opened or built.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite library is too old to be trusted with a WAL.
    #[error("SQLite {found} is too old, 3.51.3 is needed")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// The tables could not be made.
    #[error("the views' tables could not be prepared")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The storage failed.
    #[error("the views' storage failed")]
    Storage(#[from] sqlx::Error),
    /// The folder could not be read or changed.
    #[error("the views' folder cannot be read or changed")]
    Folder(#[from] io::Error),
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// A read model is parked: what was built is not put in place.
    #[error("the read model {name} cannot fold position {position} ({event_type}): {reason}")]
    Parked {
        /// The read model.
        name: &'static str,
        /// The event's place.
        position: u64,
        /// The event's type.
        event_type: String,
        /// Why.
        reason: String,
    },
    /// A batch could not be folded now.
    #[error("the views could not be built")]
    Build(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a file of views was thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discarded {
    /// It follows another log.
    #[error("the views follow another log")]
    OtherLog,
    /// It follows another history of this log.
    #[error("the views follow another history of this log")]
    Forked,
    /// It is ahead of the log.
    #[error("the views are at {position}, ahead of the log")]
    Ahead {
        /// Where they are.
        position: u64,
    },
    /// It cannot be read.
    #[error("the views' file cannot be read")]
    Unreadable,
}

/// The file of this build's views.
pub(crate) fn current(dir: &Path, zone: Tz) -> PathBuf {
    let zone: String = zone.name().chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    dir.join(format!("views-{}-{zone}.db", env!("GONGYI_VIEWS_SOURCES")))
}

/// Where the next file is built.
pub(crate) fn building(current: &Path) -> PathBuf {
    beside(current, ".building")
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes a database with what belongs to it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-shm", ""] {
        remove_file(&beside(path, suffix))?;
    }
    Ok(())
}

/// Removes views of other versions and time zones, and half-built ones.
pub(crate) fn remove_others(current: &Path) -> io::Result<()> {
    remove_others_but(current, |_| false)
}

/// The same, save what somebody builds at this moment: that has folded nothing yet that is purged here, or will meet it.
pub(crate) fn remove_other_finished(current: &Path) -> io::Result<()> {
    remove_others_but(current, |name| name.contains(".building"))
}

fn remove_others_but(current: &Path, spared: impl Fn(&str) -> bool) -> io::Result<()> {
    let (Some(dir), Some(own)) = (current.parent(), current.file_name()) else { return Ok(()) };
    let own = own.to_string_lossy().into_owned();
    let keep = [own.clone(), format!("{own}-wal"), format!("{own}-shm")];
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("views-") && name.contains(".db") && !keep.contains(&name) && !spared(&name) {
            tracing::info!(file = name, "removing views of another version");
            remove_file(&dir.join(&name))?;
        }
    }
    Ok(())
}

fn write_options(path: &Path, options: ViewOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.busy_timeout)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", WRITER_CACHE_KIB)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
}

/// Connections that only read. Every query is one statement or one short transaction, so that no reader stands in the
/// way of a purge for long.
pub(crate) fn readers(path: &Path, options: ViewOptions) -> SqlitePool {
    let connect =
        SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(options.busy_timeout).pragma("temp_store", "MEMORY");
    SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .after_release(|connection, _| Box::pin(Reader::release(connection)))
        .connect_lazy_with(connect)
}

/// The writing connection, with its tables.
pub(crate) async fn open_writer(path: &Path, options: ViewOptions) -> Result<SqliteConnection, OpenError> {
    prepare(write_options(path, options)).await
}

/// Another writing connection to a file that has its tables.
pub(crate) async fn reopen_writer(path: &Path, options: ViewOptions) -> Result<SqliteConnection, sqlx::Error> {
    write_options(path, options).connect().await
}

/// The writing connection to a file that nobody sees before it is complete: it need not survive a crash.
pub(crate) async fn open_builder(path: &Path, options: ViewOptions) -> Result<SqliteConnection, OpenError> {
    let connect = write_options(path, options)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", BUILDER_CACHE_KIB);
    prepare(connect).await
}

/// Indexes that folds look rows up by. All others are for queries: while a file is built that nobody reads they are left
/// out, and made when all rows are there, for a fraction of the cost of keeping them.
const INDEXES_FOR_FOLDS: [&str; 2] = ["history_by_reason", "service_records_by_content"];

/// Takes the indexes away that only queries need. Returns the statements that make them.
pub(crate) async fn set_indexes_aside(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let indexes: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL").fetch_all(&mut *connection).await?;
    let mut aside = Vec::new();
    for (name, sql) in indexes.into_iter().filter(|(name, _)| !INDEXES_FOR_FOLDS.contains(&name.as_str())) {
        sqlx::query(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(&mut *connection).await?;
        aside.push(sql);
    }
    Ok(aside)
}

/// Makes the indexes that were set aside.
pub(crate) async fn make_indexes(connection: &mut SqliteConnection, statements: Vec<String>) -> Result<(), sqlx::Error> {
    let clock = Clock::start("all", "index");
    let count = statements.len();
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    clock.stop(count);
    Ok(())
}

async fn prepare(options: SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let mut connection = options.connect().await?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let mut parts = found.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < SQLITE_MIN_VERSION {
        return Err(OpenError::OldSqlite { found });
    }
    sqlx::migrate!("../../migrations/views").run(&mut connection).await?;
    Ok(connection)
}

/// The writing connection to a file that follows this log; one that does not is thrown away first.
pub(crate) async fn open_checked(
    path: &Path,
    log: &dyn Log,
    options: ViewOptions,
) -> Result<(SqliteConnection, Option<Discarded>), OpenError> {
    let existed = path.exists();
    let why = match open_writer(path, options).await {
        Ok(mut connection) => match follows(&mut connection, log).await? {
            None => return Ok((connection, None)),
            Some(why) => {
                connection.close().await?;
                why
            }
        },
        Err(OpenError::Migrate(_) | OpenError::Storage(sqlx::Error::Database(_))) if existed => Discarded::Unreadable,
        Err(error) => return Err(error),
    };
    tracing::error!(file = %path.display(), reason = %why, "these views are thrown away and made anew");
    remove(path)?;
    Ok((open_writer(path, options).await?, Some(why)))
}

/// Why the file does not follow this log, if so.
pub(crate) async fn follows(connection: &mut SqliteConnection, log: &dyn Log) -> Result<Option<Discarded>, OpenError> {
    for row in sqlx::query("SELECT log_id, epoch, position, chain FROM checkpoints").fetch_all(&mut *connection).await? {
        let Some(token) = token(&row)? else { return Ok(Some(Discarded::Unreadable)) };
        match log.check(&token).await? {
            Standing::Known => {}
            Standing::OtherLog => return Ok(Some(Discarded::OtherLog)),
            Standing::Forked => return Ok(Some(Discarded::Forked)),
            // Views fold only what is durable: a log that has less than they have seen has lost something.
            Standing::Ahead { .. } => return Ok(Some(Discarded::Ahead { position: token.position })),
        }
    }
    Ok(None)
}

fn token(row: &sqlx::sqlite::SqliteRow) -> Result<Option<Token>, sqlx::Error> {
    let log = row.try_get::<&str, _>(0)?.parse().ok();
    let epoch = u32::try_from(row.try_get::<i64, _>(1)?).ok();
    let position = u64::try_from(row.try_get::<i64, _>(2)?).ok();
    let chain = row.try_get::<Vec<u8>, _>(3)?.try_into().ok();
    Ok(log.zip(epoch).zip(position.zip(chain)).map(|((log, epoch), (position, chain))| Token { log, epoch, position, chain }))
}
