//! Rows of a read model: loaded set-based, folded in memory, flushed set-based: a few statements a table and batch.
//!
//! - A row is a struct whose fields are the table's columns, in order; [`row!`] declares both at once.
//! - Every row carries the position of the last event that changed it, and is only overwritten by a later one, so that
//!   a replay is harmless.
//! - A row that was not asked for before the fold cannot be read: that is a mistake and an error, never a guess.

use std::{collections::HashMap, fmt::Debug, hash::Hash};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Arguments, AssertSqlSafe, SqliteConnection, sqlite::SqliteArguments};

use crate::{
    cost::Clock,
    read_model::{FoldError, StoreError},
    values::Fields,
};

/// A row of a table of the views.
pub(crate) trait Row: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The table.
    const TABLE: &'static str;
    /// Columns of the primary key.
    const KEY: &'static [&'static str];
    /// Columns written once.
    const FIXED: &'static [&'static str];
    /// Columns that change.
    const LIVE: &'static [&'static str];
    /// Columns that change so rarely, and stand in so many indexes, that they are left alone unless they did.
    const RARE: &'static [&'static str];
    /// The primary key, as a tuple.
    type Key: Serialize + Clone + Debug + Eq + Hash + Send + Sync;

    /// The row's key.
    fn key(&self) -> Self::Key;
    /// The last event that changed it.
    fn position(&self) -> u64;
    /// Stamps the event that changes it now.
    fn stamp(&mut self, position: u64);
    /// Whether the rare columns are the same.
    fn same_rare(&self, other: &Self) -> bool;

    /// All columns, in the order of the struct's fields.
    fn columns() -> impl Iterator<Item = &'static str> {
        Self::KEY.iter().chain(Self::FIXED).chain(Self::RARE).chain(Self::LIVE).copied().chain(["position"])
    }

    /// `json_array(alias.column, …)`: what [`serde_json`] reads back into the row.
    fn select(alias: &str) -> String {
        let columns: Vec<_> = Self::columns().map(|column| format!("{alias}.{column}")).collect();
        format!("json_array({})", columns.join(","))
    }
}

/// Declares a row: a public struct and its table. `position` is added as the last column.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal {
            key { $($(#[$kdoc:meta])* $key:ident: $kty:ty),+ $(,)? }
            $(fixed { $($(#[$fdoc:meta])* $fixed:ident: $fty:ty),* $(,)? })?
            $(rare { $($(#[$rdoc:meta])* $rare:ident: $rty:ty),* $(,)? })?
            $(live { $($(#[$ldoc:meta])* $live:ident: $lty:ty),* $(,)? })?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$kdoc])* pub $key: $kty,)+
            $($($(#[$fdoc])* pub $fixed: $fty,)*)?
            $($($(#[$rdoc])* pub $rare: $rty,)*)?
            $($($(#[$ldoc])* pub $live: $lty,)*)?
            /// The last event that changed this row.
            pub position: u64,
        }

        impl $crate::rows::Row for $name {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const FIXED: &'static [&'static str] = &[$($(stringify!($fixed)),*)?];
            const RARE: &'static [&'static str] = &[$($(stringify!($rare)),*)?];
            const LIVE: &'static [&'static str] = &[$($(stringify!($live)),*)?];
            type Key = ($($kty,)+);

            fn key(&self) -> Self::Key { ($(self.$key.clone(),)+) }
            fn position(&self) -> u64 { self.position }
            fn stamp(&mut self, position: u64) { self.position = position; }
            fn same_rare(&self, other: &Self) -> bool {
                let _ = other;
                true $($(&& self.$rare == other.$rare)*)?
            }
        }
    };
}
pub(crate) use row;

struct Slot<R> {
    /// As it stands in the table.
    stored: Option<R>,
    row: Option<R>,
    loaded: bool,
    dirty: bool,
}

impl<R> Slot<R> {
    const EMPTY: Self = Self { stored: None, row: None, loaded: false, dirty: false };
}

/// The rows of one table that a batch touches.
pub(crate) struct Rows<R: Row> {
    slots: HashMap<R::Key, Slot<R>>,
    wanted_by: HashMap<&'static str, Vec<String>>,
}

impl<R: Row> Default for Rows<R> {
    fn default() -> Self {
        Self { slots: HashMap::new(), wanted_by: HashMap::new() }
    }
}

impl<R: Row> Rows<R> {
    /// Asks for a row, before the fold.
    pub(crate) fn want(&mut self, key: R::Key) {
        self.slots.entry(key).or_insert(Slot::EMPTY);
    }

    /// Asks for all rows with this value in a column, before the fold.
    pub(crate) fn want_by(&mut self, column: &'static str, value: impl ToString) {
        self.wanted_by.entry(column).or_default().push(value.to_string());
    }

    fn slot(&mut self, key: &R::Key) -> Result<&mut Slot<R>, FoldError> {
        self.slots.get_mut(key).ok_or_else(|| FoldError::NotAskedFor { table: R::TABLE, key: format!("{key:?}") })
    }

    /// A row that may not exist.
    pub(crate) fn get(&mut self, key: &R::Key) -> Result<Option<&R>, FoldError> {
        self.slot(key).map(|slot| slot.row.as_ref())
    }

    /// A row that must exist, to be changed by the event at `position`.
    pub(crate) fn change(&mut self, key: &R::Key, position: u64) -> Result<&mut R, FoldError> {
        let slot = self.slot(key)?;
        match &mut slot.row {
            Some(row) => {
                slot.dirty = true;
                row.stamp(position);
                Ok(row)
            }
            None => Err(FoldError::Missing { table: R::TABLE, key: format!("{key:?}") }),
        }
    }

    /// Puts a row in place of what is there.
    pub(crate) fn put(&mut self, row: R) {
        let slot = self.slots.entry(row.key()).or_insert(Slot::EMPTY);
        slot.row = Some(row);
        slot.dirty = true;
    }

    /// Adds a row that must not exist yet.
    pub(crate) fn add(&mut self, row: R) -> Result<(), FoldError> {
        let key = row.key();
        if self.slot(&key)?.row.is_some() {
            return Err(FoldError::Exists { table: R::TABLE, key: format!("{key:?}") });
        }
        self.put(row);
        Ok(())
    }

    /// Takes a row away that must exist.
    pub(crate) fn remove(&mut self, key: &R::Key) -> Result<R, FoldError> {
        let slot = self.slot(key)?;
        slot.dirty = true;
        slot.row.take().ok_or_else(|| FoldError::Missing { table: R::TABLE, key: format!("{key:?}") })
    }

    /// Changes every row at hand that fits; to be used after [`Self::want_by`].
    pub(crate) fn change_all(&mut self, position: u64, fits: impl Fn(&R) -> bool, mut change: impl FnMut(&mut R)) {
        for slot in self.slots.values_mut() {
            if let Some(row) = slot.row.as_mut().filter(|row| fits(row)) {
                row.stamp(position);
                change(row);
                slot.dirty = true;
            }
        }
    }

    /// Takes away every row at hand that fits; to be used after [`Self::want_by`].
    pub(crate) fn remove_all(&mut self, fits: impl Fn(&R) -> bool) {
        for slot in self.slots.values_mut().filter(|slot| slot.row.as_ref().is_some_and(&fits)) {
            slot.row = None;
            slot.dirty = true;
        }
    }

    /// Loads the rows that join `values`, an SQL expression for rows `j` made of a JSON text. All rows come as one value:
    /// a row each would cross threads one by one.
    async fn load_slots(&mut self, connection: &mut SqliteConnection, values: &str, on: &str, json: String) -> Result<(), StoreError> {
        let clock = Clock::start(R::TABLE, "select");
        let sql = format!("SELECT json_group_array({}) FROM {values} j CROSS JOIN {} t ON {on}", R::select("t"), R::TABLE);
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql)).bind(json).fetch_one(connection).await?;
        let rows: Vec<R> = serde_json::from_str(&text)?;
        clock.stop(rows.len());
        for row in rows {
            let slot = self.slots.entry(row.key()).or_insert(Slot::EMPTY);
            // What is at hand is newer than what is stored.
            if !slot.dirty {
                *slot = Slot { stored: Some(row.clone()), row: Some(row), loaded: true, dirty: false };
            }
        }
        Ok(())
    }
}

/// What the driver does with any table.
#[async_trait]
pub(crate) trait Table: Send {
    /// Rows at hand.
    fn len(&self) -> usize;
    /// Loads what was asked for.
    async fn load(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError>;
    /// Writes what was changed.
    async fn flush(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError>;
}

#[async_trait]
impl<R: Row> Table for Rows<R> {
    fn len(&self) -> usize {
        self.slots.len()
    }

    async fn load(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let new: Vec<_> = self.slots.iter_mut().filter(|(_, slot)| !slot.loaded).collect();
        if !new.is_empty() {
            let keys: Vec<_> = new.into_iter().map(|(key, slot)| (slot.loaded = true, key).1).collect();
            let keys = serde_json::to_string(&keys)?;
            let on: Vec<_> = R::KEY.iter().enumerate().map(|(at, column)| format!("t.{column}=j.value->>{at}")).collect();
            self.load_slots(connection, "jsonb_each(?)", &on.join(" AND "), keys).await?;
        }
        for (column, values) in std::mem::take(&mut self.wanted_by) {
            let values = serde_json::to_string(&values)?;
            self.load_slots(connection, "(SELECT DISTINCT value FROM json_each(?))", &format!("t.{column}=j.value"), values).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let (mut new, mut whole, mut narrow, mut gone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut dirty: Vec<_> = self.slots.iter_mut().filter(|(_, slot)| slot.dirty).collect();
        // In the order of events: neighbours in the log become neighbours in the file.
        dirty.sort_unstable_by_key(|(_, slot)| slot.row.as_ref().map(Row::position));
        for (key, slot) in dirty {
            slot.dirty = false;
            match (&slot.row, &slot.stored) {
                (Some(row), Some(stored)) if !R::RARE.is_empty() && row.same_rare(stored) => narrow.push(row),
                (Some(row), Some(_)) => whole.push(row),
                (Some(row), None) => new.push(row),
                (None, Some(_)) => gone.push(key),
                (None, None) => {}
            }
        }
        if !gone.is_empty() {
            let on: Vec<_> = R::KEY.iter().enumerate().map(|(at, _)| format!("value->>{at}")).collect();
            let sql = format!("DELETE FROM {} WHERE ({}) IN (SELECT {} FROM jsonb_each(?))", R::TABLE, R::KEY.join(","), on.join(","));
            let clock = Clock::start(R::TABLE, "delete");
            sqlx::query(AssertSqlSafe(sql)).bind(serde_json::to_string(&gone)?).execute(&mut *connection).await?;
            clock.stop(gone.len());
        }
        write(connection, &new, None).await?;
        write(connection, &whole, Some(&[R::RARE, R::LIVE].concat())).await?;
        write(connection, &narrow, Some(R::LIVE)).await
    }
}

/// Rows of one statement: few sizes, so that every statement is prepared once. From 96 to 256 rows the cost is the same
/// within a tenth.
const CHUNKS_ROWS: [usize; 4] = [96, 16, 4, 1];

/// Writes rows: over what is older, setting these columns, or beside what is there.
async fn write<R: Row>(connection: &mut SqliteConnection, rows: &[&R], set: Option<&[&str]>) -> Result<(), StoreError> {
    let clock = Clock::start(R::TABLE, if set.is_some() { "update" } else { "insert" });
    let mut left = rows;
    while let Some(size) = CHUNKS_ROWS.into_iter().find(|size| *size <= left.len()) {
        let (chunk, rest) = left.split_at(size);
        let mut values = SqliteArguments::default();
        values.reserve(size * R::columns().count(), 0);
        for row in chunk {
            row.serialize(Fields(&mut values))?;
        }
        sqlx::query_with(AssertSqlSafe(statement::<R>(size, set)), values).execute(&mut *connection).await?;
        left = rest;
    }
    clock.stop(rows.len());
    Ok(())
}

fn statement<R: Row>(rows: usize, set: Option<&[&str]>) -> String {
    let columns: Vec<_> = R::columns().collect();
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    // A row that is new is there already only if its event was folded before. (Without an update SQLite keeps no
    // journal of the statement; FAIL rather than ABORT for the same reason: a refused row takes the whole batch back.)
    let then = match set {
        None => "NOTHING".to_owned(),
        Some(set) => {
            let set: Vec<_> = set.iter().chain(&["position"]).map(|column| format!("{column}=excluded.{column}")).collect();
            format!("UPDATE SET {} WHERE excluded.position>{}.position", set.join(","), R::TABLE)
        }
    };
    format!(
        "INSERT OR FAIL INTO {}({}) VALUES {} ON CONFLICT({}) DO {then}",
        R::TABLE,
        columns.join(","),
        vec![row; rows].join(","),
        R::KEY.join(",")
    )
}
