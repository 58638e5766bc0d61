//! Writes what a batch of events is folded into: every read model's rows and how far each has come.

use gongyi_eventlog::LogError;
use sqlx::{QueryBuilder, SqliteConnection};
use uuid::Uuid;

use crate::{
    batches::Item,
    change::{self, Change},
    opener::{OpenerError, Texts},
    read_model::{ApplyError, ReadModel, StoreError},
    status::{Parked, ViewStatus},
};

/// A batch was not folded, for a reason that may pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("the log could not be read")]
    Log(#[from] LogError),
    #[error(transparent)]
    Opener(#[from] OpenerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row was refused, or an event did not fold; to be done again with more care.
    #[error("a row was refused")]
    Refused,
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// So many rows may wait in memory for their next change. Which event is to blame for what goes wrong is not told.
    Keep(usize),
    /// Whole, or not at all.
    Plain,
    /// To find the event whose row is refused; costs a tenth of the whole.
    Savepoints,
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Storage(error))
    }
}

/// Lets every read model fold a batch, and notes how far they have come.
pub(crate) async fn write_rows(
    connection: &mut SqliteConnection,
    models: &mut [Box<dyn ReadModel>],
    stands: &mut [ViewStatus],
    of: (Uuid, u32),
    items: &[Item],
    texts: &Texts<'_>,
    care: Care,
) -> Result<(), StepError> {
    let mut reached = Vec::with_capacity(stands.len());
    for (model, stand) in models.iter_mut().zip(stands.iter_mut()) {
        if stand.parked.is_some() {
            continue;
        }
        let first = items.partition_point(|item| item.position <= stand.position);
        let (folded, parked) = fold(connection, model.as_mut(), &items[first..], texts, care).await?;
        if let Some(last) = folded {
            stand.position = last.position;
            reached.push((model.name(), last));
        }
        if let Some(parked) = parked {
            park(connection, model.name(), &parked).await?;
            stand.parked = Some(parked);
        }
    }
    save_checkpoints(connection, of, &reached).await?;
    let going: Vec<_> = stands.iter().filter(|stand| stand.parked.is_none()).map(|stand| stand.name).collect();
    sqlx::query("DELETE FROM parked WHERE name IN (SELECT value FROM json_each(?))")
        .bind(serde_json::json!(going).to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes how far read models have come, all in one statement: a batch may be a single event.
async fn save_checkpoints(
    connection: &mut SqliteConnection,
    (log_id, epoch): (Uuid, u32),
    reached: &[(&'static str, &Item)],
) -> Result<(), sqlx::Error> {
    if reached.is_empty() {
        return Ok(());
    }
    let mut insert = QueryBuilder::new("INSERT INTO checkpoints (name, log_id, epoch, position, chain) ");
    insert.push_values(reached, |mut row, (name, last)| {
        row.push_bind(*name).push_bind(log_id.to_string()).push_bind(i64::from(epoch));
        row.push_bind(i64::try_from(last.position).unwrap_or(i64::MAX)).push_bind(last.chain.as_slice());
    });
    insert.push(
        " ON CONFLICT(name) DO UPDATE SET log_id=excluded.log_id, epoch=excluded.epoch, position=excluded.position, \
         chain=excluded.chain WHERE excluded.position>position",
    );
    insert.build().execute(connection).await.map(|_| ())
}

async fn park(connection: &mut SqliteConnection, name: &str, parked: &Parked) -> Result<(), sqlx::Error> {
    let Parked { position, event_type, reason } = parked;
    tracing::error!(view = name, position, event_type, reason, "this read model is parked: it cannot fold this event");
    sqlx::query("INSERT OR REPLACE INTO parked (name, position, event_type, reason) VALUES (?,?,?,?)")
        .bind(name)
        .bind(i64::try_from(*position).unwrap_or(i64::MAX))
        .bind(event_type)
        .bind(reason)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Lets a read model fold a batch, up to what it cannot fold. Returns the last item it is past and why it stops.
async fn fold<'i>(
    connection: &mut SqliteConnection,
    model: &mut dyn ReadModel,
    items: &'i [Item],
    texts: &Texts<'_>,
    care: Care,
) -> Result<(Option<&'i Item>, Option<Parked>), StepError> {
    let mut end = items.len();
    let mut parked = None;
    // An event of a kind this build does not know concerns everybody, as far as anybody can tell.
    let kinds = model.kinds();
    let concerns = |item: &Item| kinds.contains(&item.kind()) || !change::is_known_kind(item.kind());
    if let Some((at, item, undecoded)) = items
        .iter()
        .enumerate()
        .filter(|(_, item)| concerns(item))
        .find_map(|(at, item)| item.change.as_ref().err().map(|undecoded| (at, item, undecoded)))
    {
        end = at;
        parked = Some(item.park(undecoded.reason.clone()));
    }
    let relevant = |items: &'i [Item]| -> Vec<&'i Change> {
        items.iter().filter(|item| concerns(item)).filter_map(|item| item.change.as_ref().ok()).collect()
    };

    match apply(connection, model, &relevant(&items[..end]), texts, care).await {
        Ok(()) => {}
        Err(ApplyError::Fold { .. }) if matches!(care, Care::Keep(_)) => return Err(StepError::Refused),
        Err(ApplyError::Fold { position, source }) => {
            end = items.partition_point(|item| item.position < position);
            parked = Some(items[end].park(source.to_string()));
            apply(connection, model, &relevant(&items[..end]), texts, care).await.map_err(refold)?;
        }
        Err(ApplyError::Store(error)) if error.is_of_the_data() && care != Care::Savepoints => return Err(StepError::Refused),
        // The storage refuses a row: which event's is found by folding one at a time.
        Err(ApplyError::Store(error)) if error.is_of_the_data() => {
            let mut at = 0;
            while at < end {
                match apply(connection, model, &relevant(&items[at..=at]), texts, care).await {
                    Ok(()) => at += 1,
                    Err(ApplyError::Store(error)) if !error.is_of_the_data() => return Err(error.into()),
                    Err(error) => {
                        let reason = match &error {
                            ApplyError::Fold { source, .. } => source.to_string(),
                            ApplyError::Store(StoreError::Storage(source)) => source.to_string(),
                            ApplyError::Store(StoreError::Row(source)) => source.to_string(),
                            ApplyError::Store(StoreError::Value(source)) => source.to_string(),
                        };
                        parked = Some(items[at].park(reason));
                        end = at;
                    }
                }
            }
        }
        Err(ApplyError::Store(error)) => return Err(error.into()),
    }
    Ok((items[..end].last(), parked))
}

fn refold(error: ApplyError) -> StepError {
    match error {
        ApplyError::Store(error) => error.into(),
        // What folded once up to here folds again; else the fold is not a function of its events.
        ApplyError::Fold { position, source } => {
            let text = format!("the fold of position {position} is not repeatable: {source}");
            StepError::Store(StoreError::Storage(sqlx::Error::Protocol(text)))
        }
    }
}

/// Applies a batch. An event that does not fold leaves nothing written; a refused row does so only with savepoints.
async fn apply(
    connection: &mut SqliteConnection,
    model: &mut dyn ReadModel,
    changes: &[&Change],
    texts: &Texts<'_>,
    care: Care,
) -> Result<(), ApplyError> {
    if changes.is_empty() {
        return Ok(());
    }
    match care {
        Care::Keep(rows) => return model.apply(connection, changes, texts, rows).await,
        Care::Plain => return model.apply(connection, changes, texts, 0).await,
        Care::Savepoints => {}
    }
    // By their own names, for the transaction around them may be one that SQLite alone knows of.
    sqlx::query("SAVEPOINT batch").execute(&mut *connection).await.map_err(StoreError::from)?;
    let applied = model.apply(connection, changes, texts, 0).await;
    if applied.is_err() {
        sqlx::query("ROLLBACK TO batch").execute(&mut *connection).await.map_err(StoreError::from)?;
    }
    sqlx::query("RELEASE batch").execute(connection).await.map_err(StoreError::from)?;
    applied
}
