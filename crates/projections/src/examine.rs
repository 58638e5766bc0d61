//! How a folder's views are, told without touching them: also beside the process that keeps them, also when they would
//! be thrown away at the next opening.

use std::path::Path;

use chrono::serde::ts_microseconds;
use gongyi_domain::values::{ActivityId, AreaCode, Instant, OrganisationId, RecordId};
use gongyi_eventlog::Log;
use serde::Deserialize;
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

use crate::{
    files::{self, Discarded, OpenError},
    status::Parked,
    views::{ViewOptions, Views},
};

/// One read model as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredView {
    /// Its name.
    pub name: String,
    /// The last event it has folded.
    pub position: u64,
    /// The event it could not fold when it was last run, if there was one.
    pub parked: Option<Parked>,
}

/// Most held records that are told, the longest waiting first.
pub const HELD_MAX_RECORDS: usize = 100;

/// A service record that waits because it overlaps another one: for the staff of its organisation and area to mend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldRecord {
    /// The record.
    pub record: RecordId,
    /// The organisation that organised it.
    pub organisation: OrganisationId,
    /// The activity, if it was one.
    pub activity: Option<ActivityId>,
    /// Where it counts.
    pub area: AreaCode,
    /// Since when it waits.
    #[serde(with = "ts_microseconds")]
    pub since: Instant,
}

/// How the views of this build are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// Every read model that has folded anything; none if there is no file yet.
    pub views: Vec<StoredView>,
    /// Why the file would be thrown away when opened, if so.
    pub unfit: Option<Discarded>,
    /// Records that are held, up to [`HELD_MAX_RECORDS`].
    pub held: Vec<HeldRecord>,
}

impl Views {
    /// Looks at the views of this build in a folder and changes nothing. Those `at_rest` are written by nobody meanwhile and have
    /// an empty WAL: then nothing is made beside the file, either.
    ///
    /// # Errors
    /// The log or the file could not be read.
    pub async fn examine(dir: &Path, log: &dyn Log, options: ViewOptions, at_rest: bool) -> Result<Examined, OpenError> {
        let path = files::current(dir, options.time_zone);
        if !path.exists() {
            return Ok(Examined::default());
        }
        let read_only = SqliteConnectOptions::new().filename(&path).read_only(true).immutable(at_rest).busy_timeout(options.busy_timeout);
        let mut connection = read_only.connect().await?;
        let unfit = files::follows(&mut connection, log).await?;
        let rows = sqlx::query(
            "SELECT c.name, c.position, p.position, p.event_type, p.reason FROM checkpoints c LEFT JOIN parked p USING (name)
             ORDER BY c.name",
        )
        .fetch_all(&mut connection)
        .await?;
        let held = sqlx::query_scalar::<_, String>(
            "SELECT json_array(record, organisation, activity, area, logged_at) FROM service_records WHERE phase='held'
             ORDER BY logged_at, record LIMIT ?",
        )
        .bind(i64::try_from(HELD_MAX_RECORDS).unwrap_or(i64::MAX))
        .fetch_all(&mut connection)
        .await?;
        let held = held
            .iter()
            .map(|row| serde_json::from_str(row))
            .collect::<Result<_, _>>()
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        connection.close().await?;
        let place = |position: i64| u64::try_from(position).unwrap_or(0);
        let views = rows.iter().map(|row| {
            let parked = match row.try_get::<Option<i64>, _>(2)? {
                Some(at) => Some(Parked { position: place(at), event_type: row.try_get(3)?, reason: row.try_get(4)? }),
                None => None,
            };
            Ok(StoredView { name: row.try_get(0)?, position: place(row.try_get(1)?), parked })
        });
        Ok(Examined { views: views.collect::<Result<_, sqlx::Error>>()?, unfit, held })
    }
}
