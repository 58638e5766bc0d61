//! The views as everybody else holds them: queries, status, and waiting for what one has written.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono_tz::Tz;
use gongyi_eventlog::{Log, Upcasters};
use sqlx::SqlitePool;
use tokio::sync::{Mutex, watch};

use crate::{
    files::{self, Discarded, OpenError},
    opener::Opener,
    paging::Together,
    reader::Reader,
    runner::{self, RunError, Writer},
    status::{Progress, Stale, ViewStatus},
};

/// How views are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewOptions {
    /// The tenant's time zone: it decides on which day something was recorded. Part of the views' version.
    pub time_zone: Tz,
    /// Events folded in one transaction, about.
    pub batch_events: usize,
    /// Rows that may wait in memory for their next change while a file is built that nobody reads; a hundred thousand are
    /// about 70 MiB. 0 writes every batch out.
    pub kept_rows: usize,
    /// Reading connections, at most.
    pub readers: u32,
    /// How long to wait for another process that holds the file's lock.
    pub busy_timeout: Duration,
}

impl Default for ViewOptions {
    fn default() -> Self {
        let (time_zone, busy_timeout) = (chrono_tz::Asia::Shanghai, Duration::from_secs(5));
        Self { time_zone, batch_events: 16_000, kept_rows: 150_000, readers: 4, busy_timeout }
    }
}

/// The read models of one node. A clone is the same views.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
    together: Option<Arc<dyn Together>>,
}

pub(crate) struct Inner {
    pool: SqlitePool,
    path: PathBuf,
    discarded: Option<Discarded>,
    progress: watch::Receiver<Progress>,
    writer: Mutex<Option<Writer>>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").field("path", &self.inner.path).field("position", &self.position()).finish()
    }
}

impl Views {
    /// Opens the views of this build in a folder, empty ones if there are none yet; [`Self::run`] brings and keeps them
    /// up to date. A file that follows another log, or another history of this one, is thrown away, loudly.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        dir: &Path,
        log: Arc<dyn Log>,
        upcasters: Arc<Upcasters>,
        opener: Arc<dyn Opener>,
        options: ViewOptions,
    ) -> Result<Self, OpenError> {
        let path = files::current(dir, options.time_zone);
        let (connection, discarded) = files::open_checked(&path, log.as_ref(), options).await?;
        let writer = Writer::init(connection, path.clone(), log, upcasters, opener, options).await?;
        let progress = writer.progress();
        if writer.is_complete().await? {
            files::remove_others(&path)?;
        }
        let pool = files::readers(&path, options);
        let inner = Inner { pool, path, discarded, progress, writer: Mutex::new(Some(writer)) };
        Ok(Self { inner: Arc::new(inner), together: None })
    }

    /// Folds what is in the log and what comes to it, until `shutdown` is ready or the log is closed. What cannot be
    /// read or written now is tried again.
    ///
    /// # Errors
    /// [`RunError::Running`] if these views are being run already, [`RunError::Closed`] after [`Self::close`].
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RunError> {
        let mut writer = self.inner.writer.try_lock().map_err(|_| RunError::Running)?;
        writer.as_mut().ok_or(RunError::Closed)?.run(shutdown).await;
        Ok(())
    }

    /// Builds the views anew beside what is there, and puts them in place at once. Views of an older version stay until
    /// this build opens its own: whoever has them open goes on serving, and purging. `progress` is told how many of how
    /// many events are folded; it begins again if an event does not fold, to find out which. Returns the file. The caller
    /// sees to it that nobody has views of **this** version open.
    ///
    /// # Errors
    /// See [`OpenError`]; a parked read model is one.
    pub async fn rebuild(
        dir: &Path,
        log: Arc<dyn Log>,
        upcasters: Arc<Upcasters>,
        opener: Arc<dyn Opener>,
        options: ViewOptions,
        progress: impl Fn(u64, u64) + Send,
    ) -> Result<PathBuf, OpenError> {
        runner::rebuild(dir, log, upcasters, opener, options, progress).await
    }

    /// How each read model stands.
    pub fn status(&self) -> Vec<ViewStatus> {
        self.inner.progress.borrow().views.to_vec()
    }

    /// How far every read model that is not parked has come.
    pub fn position(&self) -> u64 {
        self.inner.progress.borrow().position()
    }

    /// Waits until every read model has folded the event at `position`: reads your writes.
    ///
    /// # Errors
    /// [`Stale::Behind`] after `timeout`; [`Stale::Parked`] if all have but one that is parked and never will.
    pub async fn wait_for(&self, position: u64, timeout: Duration) -> Result<(), Stale> {
        let mut progress = self.inner.progress.clone();
        let reached = async {
            match progress.wait_for(|progress| progress.reached(position).is_some()).await {
                Ok(progress) => progress.reached(position),
                Err(_) => None,
            }
        };
        let outcome = tokio::time::timeout(timeout, reached).await.ok().flatten();
        outcome.unwrap_or_else(|| Err(Stale::Behind { at: self.position() }))
    }

    /// Where this build keeps its views in a folder.
    pub fn file(dir: &Path, time_zone: Tz) -> PathBuf {
        files::current(dir, time_zone)
    }

    /// Removes this build's views of a folder. Nobody may have them open.
    ///
    /// # Errors
    /// Writing.
    pub fn remove(dir: &Path, time_zone: Tz) -> std::io::Result<()> {
        files::remove(&files::current(dir, time_zone))
    }

    /// The file of these views.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Why an older file of these views was thrown away when they were opened, if it was.
    pub fn discarded(&self) -> Option<&Discarded> {
        self.inner.discarded.as_ref()
    }

    /// Closes the file; to be called when nobody queries any more and [`Self::run`] has ended (it waits for that).
    pub async fn close(&self) {
        self.inner.pool.close().await;
        if let Some(writer) = self.inner.writer.lock().await.take() {
            writer.close().await;
        }
    }

    /// The same views; pages that are asked of them at one time are read together.
    #[must_use]
    pub fn together(&self, together: Arc<dyn Together>) -> Self {
        Self { inner: self.inner.clone(), together: Some(together) }
    }

    pub(crate) fn read_together(&self) -> Option<&dyn Together> {
        self.together.as_deref()
    }

    /// A connection for work that may take long.
    pub(crate) async fn reader(&self) -> Result<Reader, sqlx::Error> {
        Reader::of(self.pool()).await
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.inner.pool
    }
}
