//! Opening and closing what a data folder holds, in the right order.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono_tz::Tz;
use esrs::Aggregate;
use gongyi_app::{
    App,
    clock::{SharedClock, SystemClock},
    personal::VaultOpener,
    texts::SealedTexts,
};
use gongyi_domain::access::redaction::Redaction;
use gongyi_eventlog::{Log, SqliteLog, SqliteSettings, StateCache, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KekOrigin, KeyEncryptionKey, VAULT_FILE, Vault};

use crate::{
    belonging::{self, Apart},
    folder::{self, FolderLock, Held, LOG_FILE, make_private},
    progress,
};

/// The environment variable that may carry the key-encryption key.
pub const KEK_VARIABLE: &str = "GONGYI_KEK";

/// An open data folder.
pub struct Platform {
    app: App,
    log: Arc<SqliteLog>,
    /// The log's file, if log and vault are written here.
    writes: Option<PathBuf>,
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
        let path = folder.join(LOG_FILE);
        let (log, vault) = open_or_make(&path, folder).await?;
        make_private(&Views::file(folder, zone))?;
        belonging::name_vault(&log, &vault, clock.now()).await?;
        belonging::begin_turn(&log, &path, &vault).await?;
        let mut platform = Self::with_vault(folder, zone, log, vault, clock, states).await?;
        platform.writes = Some(path);
        Ok(platform)
    }

    /// Opens a copy of a folder for a trial. The key of its vault stays in the folder; where there is none yet, the trial's is
    /// never stored.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open_trial(trial: &Path, folder: &Path, zone: Tz) -> anyhow::Result<Self> {
        let (path, vault) = (trial.join(LOG_FILE), trial.join(VAULT_FILE));
        let (log, vault) = match (path.exists(), vault.exists()) {
            (true, true) => {
                let vault = open_vault_at(&vault, folder).await?;
                (SqliteLog::open(&path, SqliteSettings::default()).await?, vault)
            }
            (false, false) => {
                let vault = Vault::open(&vault, KeyEncryptionKey::generate()).await?;
                (SqliteLog::open(&path, SqliteSettings::default()).await?, vault)
            }
            (true, false) => return Err(Apart::LostVault.into()),
            (false, true) => return Err(Apart::LostLog.into()),
        };
        belonging::require_together(&log, &vault).await?;
        Self::with_vault(trial, zone, log, vault, Arc::new(SystemClock), StateCache::default()).await
    }

    /// Opens a folder to read beside whoever holds its lock.
    ///
    /// # Errors
    /// Any part that does not open.
    pub async fn open_beside(folder: &Path, zone: Tz) -> anyhow::Result<Self> {
        let log = SqliteLog::open_read_only(folder.join(LOG_FILE), SqliteSettings::default()).await?;
        Self::with_log(folder, zone, log).await
    }

    /// Opens a folder to read its views. With the lock they are brought up to date here; beside a server, that keeps them so.
    ///
    /// # Errors
    /// No data there; any part that does not open.
    pub async fn open_to_read(folder: &Path, zone: Tz, who: &str) -> anyhow::Result<(Self, Option<FolderLock>)> {
        folder::existing_log(folder)?;
        match folder::lock(folder, who) {
            Ok(lock) => {
                make_private(&Views::file(folder, zone))?;
                let log = SqliteLog::open(folder.join(LOG_FILE), SqliteSettings::default()).await?;
                let platform = Self::with_log(folder, zone, log).await?;
                platform.catch_up_views().await?;
                Ok((platform, Some(lock)))
            }
            Err(error) if error.is::<Held>() => Ok((Self::open_beside(folder, zone).await?, None)),
            Err(error) => Err(error),
        }
    }

    async fn with_log(folder: &Path, zone: Tz, log: SqliteLog) -> anyhow::Result<Self> {
        let vault = open_vault(folder).await?;
        belonging::require_together(&log, &vault).await?;
        Self::with_vault(folder, zone, log, vault, Arc::new(SystemClock), StateCache::default()).await
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
        let texts = texts_of(&log, &vault).await?;
        let views = Views::open(folder, texts.log(), upcasters.clone(), opener(&vault), view_options(zone)).await?;
        let app = App::with_states(texts, vault, views, upcasters, clock, zone, states);
        Ok(Self { app, log, writes: None })
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

    /// Whether nothing has happened here yet.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn holds_nothing(&self) -> anyhow::Result<bool> {
        belonging::holds_nothing(&*self.log).await
    }

    /// Closes everything; what was acknowledged is durable long before. The vault's turn ends with it: a copy of the vault that
    /// was taken meanwhile is an older one from now on.
    pub async fn close(self) {
        self.app.views().close().await;
        if let Some(path) = &self.writes
            && let Err(error) = belonging::begin_turn(&self.log, path, self.app.vault()).await
        {
            tracing::warn!(error = %error, "the end of the vault's turn could not be noted");
        }
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
    belonging::require_together(&log, &vault).await?;
    let bar = progress::bar(0, "rebuild");
    let upcasters = Arc::new(Upcasters::new());
    let path = Views::rebuild(folder, texts_of(&log, &vault).await?.log(), upcasters, opener(&vault), view_options(zone), |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    vault.close().await;
    log.close().await;
    Ok(path)
}

/// A log with its texts. Those that were redacted are read no more, also if their keys are still there.
async fn texts_of(log: &Arc<SqliteLog>, vault: &Vault) -> anyhow::Result<SealedTexts> {
    let texts = SealedTexts::over(log.clone(), vault.clone());
    texts.take_redactions(&log.streams_of(Redaction::NAME).await?).await?;
    Ok(texts)
}

/// The options of this tenant's views.
pub fn view_options(zone: Tz) -> ViewOptions {
    ViewOptions { time_zone: zone, ..ViewOptions::default() }
}

/// The vault's keys for the views.
pub fn opener(vault: &Vault) -> Arc<VaultOpener> {
    Arc::new(VaultOpener(vault.clone()))
}

/// Opens log and vault of a folder to write in them; an empty folder gets both.
async fn open_or_make(path: &Path, folder: &Path) -> anyhow::Result<(SqliteLog, Vault)> {
    let vault_path = folder.join(VAULT_FILE);
    match (path.exists(), vault_path.exists()) {
        (true, true) => {
            let vault = open_vault(folder).await?;
            let log = SqliteLog::open(path, SqliteSettings::default()).await?;
            belonging::require_together(&log, &vault).await?;
            Ok((log, vault))
        }
        // What is left of a first start that was killed, or nothing at all.
        (has_log, has_vault) => {
            if has_log {
                let log = SqliteLog::open(path, SqliteSettings::default()).await?;
                let events = log.head().await?.position;
                log.close().await;
                if events > 0 {
                    return Err(Apart::LostVault.into());
                }
            }
            let kek = if has_vault {
                kek_of(folder, &vault_path, true).await?
            } else {
                let (kek, origin) = KeyEncryptionKey::load_or_create(folder, std::env::var(KEK_VARIABLE).ok())?;
                warn_of(origin, folder);
                kek
            };
            let vault = Vault::open(&vault_path, kek).await?;
            if !vault.is_unused().await? {
                return Err(Apart::LostLog.into());
            }
            make_private(path)?;
            Ok((SqliteLog::open(path, SqliteSettings::default()).await?, vault))
        }
    }
}

/// Opens a folder's vault, with a warning where its key-encryption key can be read by others. It makes none.
///
/// # Errors
/// [`Apart::LostVault`]; a missing or wrong key; a vault that does not open.
pub async fn open_vault(folder: &Path) -> anyhow::Result<Vault> {
    open_vault_at(&folder.join(VAULT_FILE), folder).await
}

/// A vault's file, with the key that a folder holds.
async fn open_vault_at(vault: &Path, folder: &Path) -> anyhow::Result<Vault> {
    if !vault.exists() {
        return Err(Apart::LostVault.into());
    }
    Ok(Vault::open_existing(vault, kek_of(folder, vault, true).await?).await?)
}

/// Opens a folder's vault to look at it, see [`Vault::open_read_only`].
///
/// # Errors
/// As [`open_vault`].
pub async fn look_at_vault(folder: &Path, at_rest: bool) -> anyhow::Result<Vault> {
    let path = folder.join(VAULT_FILE);
    if !path.exists() {
        return Err(Apart::LostVault.into());
    }
    let kek = kek_of(folder, &path, false).await?;
    Ok(Vault::open_read_only(path, kek, at_rest).await?)
}

/// The key-encryption key of a folder that opens a vault; whoever may write finishes a rotation that was killed.
async fn kek_of(folder: &Path, vault: &Path, finishes: bool) -> anyhow::Result<KeyEncryptionKey> {
    let (kek, origin) = KeyEncryptionKey::load(folder, std::env::var(KEK_VARIABLE).ok())?;
    warn_of(origin, folder);
    Ok(kek.that_opens(vault, folder, finishes).await?)
}

fn warn_of(origin: KekOrigin, folder: &Path) {
    let file = folder.join(gongyi_vault::KEK_FILE);
    match origin {
        KekOrigin::Environment | KekOrigin::File { readable_by_others: false } => {}
        KekOrigin::File { readable_by_others: true } => eprintln!("gongyi: warning: others can read {}", file.display()),
        KekOrigin::Created => eprintln!(
            "gongyi: warning: made a key-encryption key at {}; keep a copy of it apart from the data, without it no personal data can be read",
            file.display()
        ),
    }
}
