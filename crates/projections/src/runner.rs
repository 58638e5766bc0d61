//! Folds the log into the views, batch by batch.
//!
//! - A batch's rows and every read model's checkpoint are one transaction: a crash between batches loses nothing and
//!   doubles nothing.
//! - A redaction changes what earlier events say: all is folded again, in one transaction, so that readers see the old rows or
//!   the new ones and never a part of them.
//! - What cannot be folded parks its read model before that event; what cannot be read or written now is tried again.

use std::{
    collections::BTreeSet,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use gongyi_domain::values::PersonId;
use gongyi_eventlog::{Log, LogError, Upcasters};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
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
    opener::{Opener, Texts},
    projects::{
        community_activities::CommunityActivitiesFold, funds::FundsFold, incubations::IncubationsFold, projects::ProjectsFold,
        rounds::RoundsFold, service_links::ServiceLinksFold,
    },
    purge::{self, Purge},
    read_model::{ReadModel, model},
    report::figures::FiguresFold,
    status::{Parked, Progress, ViewStatus},
    views::ViewOptions,
    volunteering::{
        activities::ActivitiesFold, history::HistoryFold, organisations::OrganisationsFold, service_records::ServiceFold,
        star_schemes::StarSchemesFold, volunteers::VolunteersFold,
    },
    writing::{Care, StepError, write_rows},
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
    folding: Folding,
}

/// What is done with the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folding {
    /// They are folded on, as they come.
    On,
    /// All are folded anew, into a file of its own: redacted texts are read as such from the beginning.
    Anew,
    /// So they are within one transaction that has begun.
    Within,
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
        let folding = Folding::On;
        Ok(Self { connection, path, log, log_id, epoch, batches, opener, options, models, stands, purge, progress, folding })
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
        if self.purge == Purge::Due
            && let Err(error) = files::remove_other_finished(&self.path)
        {
            tracing::error!(%error, "views of other builds and time zones could not be removed");
            return false;
        }
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
        let changes = || items.iter().filter_map(|item| item.change.as_ref().ok());
        let erased = changes().any(|change| change.erases().is_some());
        if self.folding == Folding::On && changes().any(Change::redacts) {
            self.fold_anew().await?;
            return Ok(true);
        }

        match self.write(&items, &texts, erased, care).await {
            Err(StepError::Refused) if care == Care::Plain => self.write(&items, &texts, erased, Care::Savepoints).await?,
            outcome => outcome?,
        }
        Ok(true)
    }

    /// Folds everything again, in one transaction.
    async fn fold_anew(&mut self) -> Result<(), StepError> {
        let stands = self.stands.clone();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
        self.folding = Folding::Within;
        let folded = self.fold_from_nothing().await;
        self.folding = Folding::On;
        match folded {
            Ok(()) => {
                sqlx::query("COMMIT").execute(&mut self.connection).await?;
                self.purge = Purge::Due;
                self.publish();
                Ok(())
            }
            Err(error) => {
                self.stands = stands;
                sqlx::query("ROLLBACK").execute(&mut self.connection).await?;
                Err(error)
            }
        }
    }

    async fn fold_from_nothing(&mut self) -> Result<(), StepError> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%sqlx%'",
        )
        .fetch_all(&mut self.connection)
        .await?;
        for table in tables {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut self.connection).await?;
        }
        for stand in &mut self.stands {
            (stand.position, stand.parked) = (0, None);
        }
        while self.step_within().await? {}
        purge::mark_due(&mut self.connection).await?;
        Ok(())
    }

    /// A step of its own within a step.
    fn step_within(&mut self) -> Pin<Box<dyn Future<Output = Result<bool, StepError>> + Send + '_>> {
        Box::pin(self.step(Care::Plain))
    }

    /// Folds all there is, or up to an event that parks a read model.
    async fn fold_all(&mut self, care: Care, progress: &mut (impl FnMut(u64, u64) + Send)) -> Result<(), StepError> {
        let total = self.log.head().await?.position;
        progress(0, total);
        self.folding = Folding::Anew;
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
        let of = (self.log_id, self.epoch);
        if self.folding == Folding::Within {
            write_rows(&mut self.connection, &mut self.models, &mut stands, of, items, texts, care).await?;
            self.stands = stands;
            return Ok(());
        }
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        write_rows(&mut transaction, &mut self.models, &mut stands, of, items, texts, care).await?;
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
