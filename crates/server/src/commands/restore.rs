//! `gongyi restore`: a backup in a folder of its own, as a new life of its log.
//!
//! - Everything is put together beside the folder and moved there at the end, whole: a restore that is killed leaves nothing in
//!   it, and is done again.
//! - The log begins a new epoch: positions that were handed out after the backup are told as lost.
//! - Keys of whom the log calls erased are destroyed again, claims that nobody holds are forgotten, and ballots whose
//!   participation is not in the log are dropped: their voters vote again.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use gongyi_app::{
    clock::SystemClock,
    processes::{DestroyErasedKeys, Process},
};
use gongyi_eventlog::{Log, SqliteLog, SqliteSettings, StateCache, verify};
use gongyi_projections::Views;
use gongyi_vault::{BALLOT_BOX_FILE, Checkpoint, KEK_FILE, KekError, KeyEncryptionKey, VAULT_FILE, Vault};
use serde_json::json;
use zip::ZipArchive;

use super::backup::{FORMAT, MANIFEST, Manifest};
use crate::{
    folder::{self, FolderLock, LOG_FILE},
    output,
    platform::{KEK_VARIABLE, Platform},
    settings::{Restore, WrongUsage},
};

/// A file that is no backup that this build can restore.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", file.display())]
pub struct NoBackup {
    file: PathBuf,
    why: String,
}

/// Runs `gongyi restore`.
///
/// # Errors
/// A folder that holds something; a missing or wrong key-encryption key; a file that is no sound backup; faults.
pub async fn run(args: &Restore) -> anyhow::Result<ExitCode> {
    let (target, zone) = (&args.folder.data, args.folder.zone()?);
    require_empty(target)?;
    let mut archive = File::open(&args.file).with_context(|| args.file.display().to_string())?;
    let kek = match &args.kek {
        Some(path) => KeyEncryptionKey::from_file(path)?,
        None => {
            let given = std::env::var(KEK_VARIABLE).ok().filter(|text| !text.trim().is_empty());
            KeyEncryptionKey::parse(&given.ok_or(KekError::MissingForVault)?)?
        }
    };
    let (work, lock) = work_folder(target)?;
    let manifest = unpack(&mut archive, &work).map_err(|why| NoBackup { file: args.file.clone(), why: why.to_string() })?;
    Vault::open_existing(work.join(VAULT_FILE), kek.clone()).await?.close().await;
    if args.kek.is_some() {
        kek.store_new(&work.join(KEK_FILE))?;
    }
    let path = work.join(LOG_FILE);
    require_sound(&path, &manifest).await.map_err(|why| NoBackup { file: args.file.clone(), why: why.to_string() })?;
    let epoch = SqliteLog::begin_epoch(&path).await?;

    let platform = Platform::open_at(&work, zone, Arc::new(SystemClock), StateCache::default()).await?;
    let app = platform.app();
    from_the_beginning(app).await?;
    app.catch_up(&DestroyErasedKeys).await?;
    app.forget_unheld_claims().await?;
    app.reconcile_ballots().await?;
    let open_polls = match app.vault().has_ballot_box() {
        true => app.vault().ballot_box().await?.polls().await?,
        false => vec![],
    };
    platform.close().await;
    // Whoever serves the folder builds its views; these have folded nothing.
    Views::remove(&work, zone)?;
    for name in [LOG_FILE, VAULT_FILE, BALLOT_BOX_FILE, KEK_FILE] {
        match File::open(work.join(name)) {
            Ok(file) => file.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    File::open(&work)?.sync_all()?;
    require_empty(target)?;
    fs::rename(&work, target).with_context(|| target.display().to_string())?;
    if let Some(parent) = work.parent() {
        File::open(parent)?.sync_all()?;
    }
    drop(lock);
    let told = json!({
        "position": manifest.position, "madeAt": manifest.made_at, "epoch": epoch,
        "openSecretPolls": open_polls.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    output::print_line(&told.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Nothing may be lost by a restore: it makes a folder, it fills none that holds something.
fn require_empty(target: &Path) -> anyhow::Result<()> {
    let empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| target.display().to_string()),
    };
    if empty { Ok(()) } else { Err(WrongUsage(format!("{} is not empty; restore into a new folder", target.display())).into()) }
}

/// The folder in which the restored one is put together, beside it. What a killed restore has left there goes.
fn work_folder(target: &Path) -> anyhow::Result<(PathBuf, FolderLock)> {
    let target = std::path::absolute(target)?;
    let name = target.file_name().context("the data folder has no name")?.to_string_lossy().into_owned();
    let work = target.with_file_name(folder::restoring(&name));
    let lock = folder::lock(&work, "restore")?;
    folder::empty_but_lock(&work)?;
    Ok((work, lock))
}

/// Unpacks the files that a backup has, and no others.
fn unpack(archive: &mut File, work: &Path) -> anyhow::Result<Manifest> {
    let mut archive = ZipArchive::new(archive)?;
    let manifest: Manifest = {
        let mut text = String::new();
        archive.by_name(MANIFEST).context("it is no backup of gongyi")?.read_to_string(&mut text)?;
        serde_json::from_str(&text)?
    };
    if manifest.format != FORMAT {
        anyhow::bail!("its form is {}, this build reads {FORMAT}", manifest.format);
    }
    for name in [LOG_FILE, VAULT_FILE, BALLOT_BOX_FILE] {
        if !manifest.files.iter().any(|file| file == name) {
            anyhow::ensure!(name == BALLOT_BOX_FILE, "{name} is not in it");
            continue;
        }
        let path = work.join(name);
        folder::make_private(&path)?;
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(&path)?;
        io::copy(&mut archive.by_name(name)?, &mut file)?;
        file.sync_all()?;
    }
    Ok(manifest)
}

/// The log is sound, ends where the manifest says, and belongs to the vault beside it.
async fn require_sound(path: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let log = SqliteLog::open_read_only(path, SqliteSettings::default()).await?;
    let report = verify::verify(&log, |_| {}).await?;
    let head = log.head().await?.to_string();
    log.close().await;
    anyhow::ensure!(report.is_sound(), "its log is not sound");
    anyhow::ensure!(head == manifest.head, "its log does not end where it should");
    Ok(())
}

/// Every erasure of the log is carried out again, also those that the restored vault has carried out.
async fn from_the_beginning(app: &gongyi_app::App) -> anyhow::Result<()> {
    if let Some(birth) = app.log().token_at(0).await? {
        app.vault().save_checkpoint(DestroyErasedKeys::NAME, &Checkpoint { token: birth.to_string(), position: 0 }).await?;
    }
    Ok(())
}
