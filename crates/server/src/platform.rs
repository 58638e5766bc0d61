//! Opening and closing what a data folder holds, in the right order.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono_tz::Tz;
use gongyi_app::{
    App,
    clock::{SharedClock, SystemClock},
    personal::VaultOpener,
};
use gongyi_eventlog::{SqliteLog, SqliteSettings, StateCache, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KekOrigin, KeyEncryptionKey, VAULT_FILE, Vault};

use crate::{
    folder::{self, FolderLock, Held, LOG_FILE, make_private},
    progress,
};

/// The environment variable that may carry the key-encryption key.
pub const KEK_VARIABLE: &str = "GONGYI_KEK";

/// An open data folder.
pub struct Platform {
    app: App,
    log: Arc<SqliteLog>,
}

impl Platform {
    /// Opens a folder to write in; its lock must be held.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open(folder: &Path, zone: Tz) -> anyhow::Result<Self> {
        Self::open_at(folder, zone, Arc::new(SystemClock), StateCache::default()).await
    }

    /// The same at a time of its own, with a cache of states of a size chosen.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open_at(folder: &Path, zone: Tz, clock: SharedClock, states: StateCache) -> anyhow::Result<Self> {
        make_private(&folder.join(LOG_FILE))?;
        make_private(&Views::file(folder, zone))?;
        let log = SqliteLog::open(folder.join(LOG_FILE), SqliteSettings::default()).await?;
        Self::with_log(folder, zone, log, clock, states).await
    }

    /// Opens a copy of a folder for a trial. The key of its vault stays in the folder; where there is none yet, the trial makes
    /// one of its own.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open_trial(trial: &Path, folder: &Path, zone: Tz) -> anyhow::Result<Self> {
        let log = SqliteLog::open(trial.join(LOG_FILE), SqliteSettings::default()).await?;
        let has_key = [VAULT_FILE, gongyi_vault::KEK_FILE].iter().any(|name| folder.join(name).exists());
        let vault = open_vault_at(&trial.join(VAULT_FILE), if has_key { folder } else { trial }).await?;
        Self::with_vault(trial, zone, log, vault, Arc::new(SystemClock), StateCache::default()).await
    }

    /// Opens a folder to read beside whoever holds its lock.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open_beside(folder: &Path, zone: Tz) -> anyhow::Result<Self> {
        let log = SqliteLog::open_read_only(folder.join(LOG_FILE), SqliteSettings::default()).await?;
        Self::with_log(folder, zone, log, Arc::new(SystemClock), StateCache::default()).await
    }

    /// Opens a folder to read its views. With the lock they are brought up to date here; beside a server, that keeps them so.
    ///
    /// # Errors
    /// No data there; any part that does not open.
    pub async fn open_to_read(folder: &Path, zone: Tz, who: &str) -> anyhow::Result<(Self, Option<FolderLock>)> {
        folder::existing_log(folder)?;
        match folder::lock(folder, who) {
            Ok(lock) => {
                let platform = Self::open(folder, zone).await?;
                platform.catch_up_views().await?;
                Ok((platform, Some(lock)))
            }
            Err(error) if error.is::<Held>() => Ok((Self::open_beside(folder, zone).await?, None)),
            Err(error) => Err(error),
        }
    }

    async fn with_log(folder: &Path, zone: Tz, log: SqliteLog, clock: SharedClock, states: StateCache) -> anyhow::Result<Self> {
        let vault = open_vault(folder).await?;
        Self::with_vault(folder, zone, log, vault, clock, states).await
    }

    async fn with_vault(
        folder: &Path,
        zone: Tz,
        log: SqliteLog,
        vault: Vault,
        clock: SharedClock,
        states: StateCache,
    ) -> anyhow::Result<Self> {
        let log = Arc::new(log);
        let upcasters = Arc::new(Upcasters::new());
        let views = Views::open(folder, log.clone(), upcasters.clone(), opener(&vault), view_options(zone)).await?;
        let app = App::with_states(log.clone(), vault, views, upcasters, clock, zone, states);
        Ok(Self { app, log })
    }

    /// The platform.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Brings the read models to the head of the log.
    ///
    /// # Errors
    /// Views that are being run already.
    pub async fn catch_up_views(&self) -> anyhow::Result<()> {
        let head = self.app.log().head().await?.position;
        let views = self.app.views();
        let reached = views.wait_for(head, std::time::Duration::MAX);
        views.run(async move { drop(reached.await) }).await?;
        Ok(())
    }

    /// Closes everything; what was acknowledged is durable long before.
    pub async fn close(self) {
        self.app.views().close().await;
        self.app.vault().close().await;
        self.log.close().await;
    }
}

/// Builds a folder's read models anew, with a bar; tells the file. Nobody may have this build's views open.
///
/// # Errors
/// Any part that does not open; faults; an event that a read model cannot take.
pub async fn rebuild_views(folder: &Path, zone: Tz) -> anyhow::Result<PathBuf> {
    let log = Arc::new(SqliteLog::open_read_only(folder.join(LOG_FILE), SqliteSettings::default()).await?);
    let vault = open_vault(folder).await?;
    let bar = progress::bar(0, "rebuild");
    let upcasters = Arc::new(Upcasters::new());
    let path = Views::rebuild(folder, log.clone(), upcasters, opener(&vault), view_options(zone), |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    vault.close().await;
    log.close().await;
    Ok(path)
}

/// The options of this tenant's views.
pub fn view_options(zone: Tz) -> ViewOptions {
    ViewOptions { time_zone: zone, ..ViewOptions::default() }
}

/// The vault's keys for the views.
pub fn opener(vault: &Vault) -> Arc<VaultOpener> {
    Arc::new(VaultOpener(vault.clone()))
}

/// Opens the vault, with a warning where its key-encryption key was just made or can be read by others.
///
/// # Errors
/// A missing or wrong key; a vault that does not open.
pub async fn open_vault(folder: &Path) -> anyhow::Result<Vault> {
    open_vault_at(&folder.join(VAULT_FILE), folder).await
}

/// A vault's file, with the key that a folder holds.
async fn open_vault_at(vault: &Path, folder: &Path) -> anyhow::Result<Vault> {
    let (kek, origin) = KeyEncryptionKey::load_or_create(folder, std::env::var(KEK_VARIABLE).ok())?;
    let file = folder.join(gongyi_vault::KEK_FILE);
    match origin {
        KekOrigin::Environment | KekOrigin::File { readable_by_others: false } => {}
        KekOrigin::File { readable_by_others: true } => eprintln!("gongyi: warning: others can read {}", file.display()),
        KekOrigin::Created => eprintln!(
            "gongyi: warning: made a key-encryption key at {}; keep a copy of it apart from the data, without it no personal data can be read",
            file.display()
        ),
    }
    Ok(Vault::open(vault, kek.that_opens(vault, folder).await?).await?)
}
