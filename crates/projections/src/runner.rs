//! Folds the log into the views, batch by batch.
//!
//! - A batch's rows and every read model's checkpoint are one transaction: a crash between batches loses nothing and
//!   doubles nothing.
//! - What cannot be folded parks its read model before that event; what cannot be read or written now is tried again.

use std::{
    collections::BTreeSet,
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use gongyi_domain::values::PersonId;
use gongyi_eventlog::{Log, LogError, Upcasters};
use sqlx::{Connection, QueryBuilder, SqliteConnection};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    access::{accounts::AccountsFold, areas::AreasFold, persons::PersonsFold},
    batches::{Batches, Item},
    change::{self, Change},
    cost::Clock,
    deliberation::{
        acts::DeliberationActsFold, councils::CouncilsFold, covenants::CovenantsFold, elections::ElectionsFold, issues::IssuesFold,
        meetings::MeetingsFold, motion_history::MotionHistoryFold, motions::MotionsFold, polls::PollsFold,
    },
    files::{self, OpenError},
    opener::{Opener, OpenerError, Texts},
    projects::{
        community_activities::CommunityActivitiesFold, funds::FundsFold, incubations::IncubationsFold, projects::ProjectsFold,
        rounds::RoundsFold, service_links::ServiceLinksFold,
    },
    purge::{self, Purge},
    read_model::{ApplyError, ReadModel, StoreError, model},
    report::figures::FiguresFold,
    status::{Parked, Progress, ViewStatus},
    views::ViewOptions,
    volunteering::{
        activities::ActivitiesFold, history::HistoryFold, organisations::OrganisationsFold, service_records::ServiceFold,
        star_schemes::StarSchemesFold, volunteers::VolunteersFold,
    },
};

/// How long to wait before what failed is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How long to wait before a purge that a reader stood in the way of is tried again.
const PURGE_RETRY_AFTER: Duration = Duration::from_millis(50);

/// The views cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// They are being run already.
    #[error("these views are being run already")]
    Running,
    /// They are closed.
    #[error("these views are closed")]
    Closed,
}

fn models() -> Vec<Box<dyn ReadModel>> {
    vec![
        model::<AreasFold>(),
        model::<PersonsFold>(),
        model::<AccountsFold>(),
        model::<OrganisationsFold>(),
        model::<VolunteersFold>(),
        model::<ActivitiesFold>(),
        model::<ServiceFold>(),
        model::<HistoryFold>(),
        model::<StarSchemesFold>(),
        model::<CouncilsFold>(),
        model::<IssuesFold>(),
        model::<MotionsFold>(),
        model::<MotionHistoryFold>(),
        model::<ElectionsFold>(),
        model::<PollsFold>(),
        model::<MeetingsFold>(),
        model::<CovenantsFold>(),
        model::<DeliberationActsFold>(),
        model::<FundsFold>(),
        model::<FiguresFold>(),
        model::<ProjectsFold>(),
        model::<RoundsFold>(),
        model::<CommunityActivitiesFold>(),
        model::<ServiceLinksFold>(),
        model::<IncubationsFold>(),
    ]
}

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
enum Care {
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

/// The only writer of a file of views.
pub(crate) struct Writer {
    connection: SqliteConnection,
    path: PathBuf,
    log: Arc<dyn Log>,
    log_id: Uuid,
    epoch: u32,
    batches: Batches,
    opener: Arc<dyn Opener>,
    options: ViewOptions,
    models: Vec<Box<dyn ReadModel>>,
    stands: Vec<ViewStatus>,
    purge: Purge,
    progress: watch::Sender<Progress>,
}

impl Writer {
    /// Takes a checked file over. Parked read models are given another chance.
    pub(crate) async fn init(
        mut connection: SqliteConnection,
        path: PathBuf,
        log: Arc<dyn Log>,
        upcasters: Arc<Upcasters>,
        opener: Arc<dyn Opener>,
        options: ViewOptions,
    ) -> Result<Self, OpenError> {
        let head = log.head().await?;
        let models = models();
        let mut stands = Vec::with_capacity(models.len());
        for model in &models {
            let position: Option<i64> = sqlx::query_scalar("SELECT position FROM checkpoints WHERE name=?")
                .bind(model.name())
                .fetch_optional(&mut connection)
                .await?;
            let position = position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0);
            stands.push(ViewStatus { name: model.name(), position, parked: None });
        }
        let purge = if purge::is_due(&mut connection).await? { Purge::Due } else { Purge::Done };
        let (progress, _) = watch::channel(Progress { views: stands.clone().into() });
        let (log_id, epoch) = (head.log, head.epoch);
        let batches = Batches::new(Arc::clone(&log), upcasters, options);
        Ok(Self { connection, path, log, log_id, epoch, batches, opener, options, models, stands, purge, progress })
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Whether every read model has come as far as the log.
    pub(crate) async fn is_complete(&self) -> Result<bool, LogError> {
        let head = self.log.head().await?.position;
        Ok(self.stands.iter().all(|stand| stand.position >= head))
    }

    pub(crate) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the views' file was not closed in order");
        }
    }

    fn publish(&self) {
        self.progress.send_replace(Progress { views: self.stands.clone().into() });
    }

    /// See [`crate::Views::run`].
    pub(crate) async fn run(&mut self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut watch = self.log.watch();
        let mut others_removed = false;
        loop {
            if shutdown.as_mut().now_or_never().is_some() {
                return;
            }
            // Marked as seen before reading, so that what is appended meanwhile wakes the next wait.
            watch.borrow_and_update();
            let open = watch.has_changed().is_ok();
            let wait = match self.step(Care::Plain).await {
                Ok(true) => Duration::ZERO,
                Ok(false) => {
                    if !others_removed && self.stands.iter().all(|stand| stand.parked.is_none()) {
                        others_removed = true;
                        if let Err(error) = files::remove_others(&self.path) {
                            tracing::error!(%error, "views of other versions could not be removed");
                        }
                    }
                    match self.purge_if_due().await {
                        true if !open => return,
                        true => Duration::MAX,
                        false => PURGE_RETRY_AFTER,
                    }
                }
                Err(StepError::Log(LogError::Closed)) => return,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the views could not be folded on; trying again");
                    self.leave_stuck_connection().await;
                    RETRY_AFTER
                }
            };
            if wait.is_zero() {
                continue;
            }
            let wake = async {
                if open {
                    _ = tokio::time::timeout(wait, watch.changed()).await;
                } else {
                    tokio::time::sleep(wait).await;
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = wake => {}
            }
        }
    }

    /// SQLite ends a transaction by itself when the disk is full; sqlx goes on counting it and could begin no other.
    async fn leave_stuck_connection(&mut self) {
        // What is asked after the rollback is answered after it.
        if self.connection.ping().await.is_ok() && !self.connection.is_in_transaction() {
            return;
        }
        match files::reopen_writer(&self.path, self.options).await {
            Ok(fresh) => _ = std::mem::replace(&mut self.connection, fresh).close().await,
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the views' file could not be opened again"),
        }
    }

    /// Purges if it is due; whether nothing is due any more.
    async fn purge_if_due(&mut self) -> bool {
        match purge::purge(&mut self.connection, self.purge).await {
            Ok(left) => self.purge = left,
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "erased text could not be purged; trying again"),
        }
        self.purge == Purge::Done
    }

    /// Folds the next batch; false if there is none.
    async fn step(&mut self, care: Care) -> Result<bool, StepError> {
        let going = self.stands.iter().filter(|stand| stand.parked.is_none());
        let Some(from) = going.map(|stand| stand.position).min() else { return Ok(false) };
        let items = self.batches.after(from).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let mut persons = BTreeSet::new();
        for item in &items {
            if let Ok(change) = &item.change {
                change::sealed_texts(&change.event, &mut |sealed| _ = persons.insert(sealed.of));
            }
        }
        let persons: Vec<PersonId> = persons.into_iter().collect();
        let keys = self.opener.keys(&persons).await?;
        let texts = Texts { keys: keys.as_ref() };
        let erased = items.iter().filter_map(|item| item.change.as_ref().ok()).any(|change| change.erases().is_some());

        match self.write(&items, &texts, erased, care).await {
            Err(StepError::Refused) if care == Care::Plain => self.write(&items, &texts, erased, Care::Savepoints).await?,
            outcome => outcome?,
        }
        Ok(true)
    }

    /// Folds all there is, or up to an event that parks a read model.
    async fn fold_all(&mut self, care: Care, progress: &mut (impl FnMut(u64, u64) + Send)) -> Result<(), StepError> {
        let total = self.log.head().await?.position;
        progress(0, total);
        while self.stands.iter().all(|stand| stand.parked.is_none()) && self.step(care).await? {
            let done = self.stands.iter().map(|stand| stand.position).min().unwrap_or(0);
            progress(done, total.max(done));
        }
        let mut transaction = self.connection.begin().await?;
        for model in &mut self.models {
            model
                .write_kept(&mut transaction)
                .await
                .map_err(|error| if error.is_of_the_data() { StepError::Refused } else { error.into() })?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Folds a batch in one transaction.
    async fn write(&mut self, items: &[Item], texts: &Texts<'_>, erased: bool, care: Care) -> Result<(), StepError> {
        let mut stands = self.stands.clone();
        let mut reached = Vec::with_capacity(stands.len());
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        for (model, stand) in self.models.iter_mut().zip(&mut stands) {
            if stand.parked.is_some() {
                continue;
            }
            let first = items.partition_point(|item| item.position <= stand.position);
            let (folded, parked) = fold(&mut transaction, model.as_mut(), &items[first..], texts, care).await?;
            if let Some(last) = folded {
                stand.position = last.position;
                reached.push((model.name(), last));
            }
            if let Some(parked) = parked {
                park(&mut transaction, model.name(), &parked).await?;
                stand.parked = Some(parked);
            }
        }
        save_checkpoints(&mut transaction, (self.log_id, self.epoch), &reached).await?;
        let going: Vec<_> = stands.iter().filter(|stand| stand.parked.is_none()).map(|stand| stand.name).collect();
        sqlx::query("DELETE FROM parked WHERE name IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(going).to_string())
            .execute(&mut *transaction)
            .await?;
        if erased {
            purge::mark_due(&mut transaction).await?;
        }
        let clock = Clock::start("all", "commit");
        transaction.commit().await?;
        clock.stop(items.len());
        if erased {
            self.purge = Purge::Due;
        }
        self.stands = stands;
        self.publish();
        Ok(())
    }
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
    let mut savepoint = connection.begin().await.map_err(StoreError::from)?;
    match model.apply(&mut savepoint, changes, texts, 0).await {
        Ok(()) => Ok(savepoint.commit().await.map_err(StoreError::from)?),
        Err(error) => {
            savepoint.rollback().await.map_err(StoreError::from)?;
            Err(error)
        }
    }
}

/// See [`crate::Views::rebuild`].
pub(crate) async fn rebuild(
    dir: &Path,
    log: Arc<dyn Log>,
    upcasters: Arc<Upcasters>,
    opener: Arc<dyn Opener>,
    options: ViewOptions,
    mut progress: impl Fn(u64, u64) + Send,
) -> Result<PathBuf, OpenError> {
    let current = files::current(dir, options.time_zone);
    let path = files::building(&current);
    let mut care = Care::Keep(options.kept_rows);
    let (mut writer, indexes) = loop {
        files::remove(&path)?;
        let connection = files::open_builder(&path, options).await?;
        let (log, upcasters, opener) = (Arc::clone(&log), Arc::clone(&upcasters), Arc::clone(&opener));
        let mut writer = Writer::init(connection, path.clone(), log, upcasters, opener, options).await?;
        let indexes = files::set_indexes_aside(&mut writer.connection).await?;
        match writer.fold_all(care, &mut progress).await {
            Ok(()) => break (writer, indexes),
            Err(StepError::Refused) => {
                writer.connection.close().await?;
                care = Care::Plain;
            }
            Err(error) => return Err(OpenError::Build(Box::new(error))),
        }
    };
    if let Some((name, parked)) = writer.stands.iter().find_map(|stand| Some((stand.name, stand.parked.clone()?))) {
        let Parked { position, event_type, reason } = parked;
        writer.connection.close().await?;
        files::remove(&path)?;
        return Err(OpenError::Parked { name, position, event_type, reason });
    }
    purge::purge(&mut writer.connection, writer.purge).await?;
    files::make_indexes(&mut writer.connection, indexes).await?;
    writer.connection.close().await?;
    // Written without waiting for the disk; before it counts it must be there.
    std::fs::File::open(&path)?.sync_all()?;
    for suffix in ["-wal", "-shm"] {
        for file in [files::beside(&path, suffix), files::beside(&current, suffix)] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
    }
    std::fs::rename(&path, &current)?;
    Ok(current)
}
