//! The data folder and its lock: one process writes, many may read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The log's file.
pub const LOG_FILE: &str = "log.db";
const LOCK_FILE: &str = "lock";

/// Somebody else writes in this folder.
#[derive(Debug, thiserror::Error)]
#[error("{} is in use by {holder}; stop it first, or use another folder", folder.display())]
pub struct Held {
    folder: PathBuf,
    holder: String,
}

impl Held {
    /// Whether the holder is a server that has written down its views.
    pub fn serves_views(&self) -> bool {
        self.holder.contains(", serving ")
    }

    /// Whether the holder serves this file of views.
    pub fn serves(&self, views: &Path) -> bool {
        views.file_name().is_some_and(|name| self.holder.contains(&*name.to_string_lossy()))
    }
}

/// The lock of a data folder, held while this lives. The operating system frees it with the process, however that ends.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Writes down which file of views the holder serves, so that a newer build may make its own beside it.
    ///
    /// # Errors
    /// Writing.
    pub fn serves(&mut self, views: &Path) -> io::Result<()> {
        let name = views.file_name().unwrap_or_default().to_string_lossy();
        write!(self.file, ", serving {name}")
    }
}

/// Takes the lock of `folder`, making the folder if need be, and writes down who holds it.
///
/// # Errors
/// [`Held`]; reading and writing.
pub fn lock(folder: &Path, purpose: &str) -> anyhow::Result<FolderLock> {
    create(folder)?;
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            return Err(Held { folder: folder.to_owned(), holder }.into());
        }
        Err(fs::TryLockError::Error(error)) => return Err(error.into()),
    }
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "gongyi {purpose} (process {})", std::process::id())?;
    Ok(FolderLock { file })
}

/// The folder's log, for commands that make nothing.
///
/// # Errors
/// There is none; the file is named.
pub fn existing_log(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(LOG_FILE);
    fs::metadata(&path).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Makes the folder for its owner alone: the read models in it show personal data.
///
/// # Errors
/// Writing.
pub fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a file for its owner alone, unless it is there; SQLite gives what belongs to it the same mode.
///
/// # Errors
/// Writing.
pub fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// A copy of the folder's log and vault for a trial that must change nothing. The lock must be held.
///
/// # Errors
/// Reading and writing.
pub fn trial_copy(folder: &Path) -> io::Result<tempfile::TempDir> {
    let trial = tempfile::Builder::new().prefix(".dry-run-").tempdir_in(folder)?;
    for name in [LOG_FILE, "log.db-wal", "vault.db", "vault.db-wal", gongyi_vault::KEK_FILE] {
        match fs::copy(folder.join(name), trial.path().join(name)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(trial)
}
