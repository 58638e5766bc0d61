//! The append floor: the rows that the log writes for one command, written set-based and synced by bare sqlx and SQLite.

use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use super::load::percentile;

const RECORDED_AT_MICROS: i64 = 1_772_413_200_000_000;

/// The log's two tables.
pub const TABLES: &str =
    "CREATE TABLE commits (number INTEGER PRIMARY KEY, first_position INTEGER, last_position INTEGER UNIQUE, actor TEXT,
        command_id BLOB, command_digest BLOB, correlation BLOB, causation INTEGER, recorded_at INTEGER, answer TEXT, hash BLOB,
        chain BLOB, UNIQUE (actor, command_id)) STRICT;
    CREATE TABLE events (position INTEGER PRIMARY KEY, commit_number INTEGER, stream_kind TEXT, stream_id BLOB, version INTEGER,
        event_type TEXT, schema_version INTEGER, payload TEXT, UNIQUE (stream_kind, stream_id, version)) STRICT";

pub fn bare_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .pragma("journal_mode", "WAL")
        .pragma("synchronous", "FULL")
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "4000")
        .disable_statement_logging()
}

/// A row of each table, as the log writes them for one command.
pub type BareRow = (serde_json::Value, serde_json::Value);

pub async fn insert(connection: &mut SqliteConnection, rows: &[BareRow]) {
    let (commits, events): (Vec<_>, Vec<_>) = rows.iter().map(|(commit, event)| (commit, event)).unzip();
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(
        "INSERT INTO commits SELECT value->>0, value->>1, value->>2, value->>3, unhex(value->>4), unhex(value->>5), unhex(value->>6),
            value->>7, value->>8, value->>9, unhex(value->>10), unhex(value->>11) FROM json_each(?)",
    )
    .bind(serde_json::to_string(&commits).unwrap())
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO events SELECT value->>0, value->>1, value->>2, unhex(value->>3), value->>4, value->>5, value->>6, value->>7
         FROM json_each(?)",
    )
    .bind(serde_json::to_string(&events).unwrap())
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
}

pub fn bare_row(position: u64, kind: &str, stream: Uuid, version: u64, event_type: &str, payload: &str) -> BareRow {
    let (id, digest, now) = (Uuid::now_v7(), "0f".repeat(32), RECORDED_AT_MICROS);
    let actor = "account:0190b1f0-0000-7000-8000-000000000001";
    let answer = format!("\"{id}\"");
    (
        json!([position, position, position, actor, id.simple(), digest, id.simple(), null, now, answer, digest, digest]),
        json!([position, position, kind, stream.simple(), version, event_type, 1, payload]),
    )
}

/// The median of a 4 KiB append and its `fdatasync`, in milliseconds.
pub fn fsync_millis(folder: &Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let mut took: Vec<Duration> = (0..500)
        .map(|_| {
            let begin = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            begin.elapsed()
        })
        .collect();
    percentile(&mut took, 0.5)
}
