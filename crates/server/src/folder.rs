//! The data folder and its lock: one process writes, many may read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use gongyi_vault::VAULT_FILE;

use crate::settings::WrongUsage;

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
    sweep(folder)?;
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "gongyi {purpose} (process {})", std::process::id())?;
    Ok(FolderLock { file })
}

/// Who holds the lock of `folder`, if anybody does. Nothing is made or changed, so it works where nothing can be.
///
/// # Errors
/// Reading.
pub fn holder(folder: &Path) -> anyhow::Result<Option<Held>> {
    let mut file = match File::open(folder.join(LOCK_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            Ok(Some(Held { folder: folder.to_owned(), holder }))
        }
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Whether nobody writes in the folder and no write-ahead log waits: then its databases can be read without a file made beside
/// them.
///
/// # Errors
/// Reading.
pub fn is_at_rest(folder: &Path) -> anyhow::Result<bool> {
    if holder(folder)?.is_some() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with("-wal") && entry.metadata()?.len() > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What was left behind: trials that were killed, restores that were never finished, views of other builds and zones.
///
/// # Errors
/// Reading.
pub fn left_over(folder: &Path, views: &Path) -> io::Result<Vec<String>> {
    let own = views.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut left = vec![];
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(TRIAL_PREFIX) || name.starts_with(BACKUP_PREFIX) || (is_views(&name) && !name.starts_with(&own)) {
            left.push(name);
        }
    }
    let beside = std::path::absolute(folder)?;
    let restoring = beside.file_name().map(|name| restoring(&name.to_string_lossy()));
    left.extend(restoring.filter(|name| beside.with_file_name(name).exists()));
    left.sort();
    Ok(left)
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

/// Begins the names of trials.
const TRIAL_PREFIX: &str = ".dry-run-";
/// Begins the names of folders in which a backup is put together.
const BACKUP_PREFIX: &str = ".backup-";

/// A folder for the copies of which a backup is made, gone with this value.
///
/// # Errors
/// Writing.
pub fn backup_copies(folder: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(BACKUP_PREFIX).tempdir_in(folder)
}

/// The name of the folder in which a folder of this name is restored.
pub fn restoring(name: &str) -> String {
    format!(".{name}.restoring")
}

/// Empties a folder whose lock is held.
///
/// # Errors
/// Reading and writing.
pub fn empty_but_lock(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == LOCK_FILE {
            continue;
        }
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

/// A copy of the folder's log and vault for a trial that must change nothing; the key that opens the vault stays where it is.
/// The lock must be held.
///
/// # Errors
/// Reading and writing.
pub fn trial_copy(folder: &Path) -> io::Result<tempfile::TempDir> {
    let trial = tempfile::Builder::new().prefix(TRIAL_PREFIX).tempdir_in(folder)?;
    for name in [LOG_FILE, "log.db-wal", VAULT_FILE, "vault.db-wal"] {
        match fs::copy(folder.join(name), trial.path().join(name)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(trial)
}

/// Whether a file is one of views, by its name.
fn is_views(name: &str) -> bool {
    name.starts_with("views-") && name.ends_with(".db")
}

/// Removes what trials and backups that were killed have left. Whoever holds the lock knows that none is going on.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if [TRIAL_PREFIX, BACKUP_PREFIX].iter().any(|prefix| name.starts_with(prefix)) && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A file for people that is made before what fills it is known, so that nobody finds out at the end that it cannot be.
/// Without [`NewFile::keep`] it is gone.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl NewFile {
    /// Makes an empty file for its owner alone.
    ///
    /// # Errors
    /// [`WrongUsage`] if something is there already, there is no such folder, or it would lie in the data folder, which is no
    /// place for what people hand on; writing.
    pub fn create(path: &Path, data: &Path) -> anyhow::Result<Self> {
        require_outside(path, data)?;
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file, kept: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(WrongUsage(format!("{} is there already", path.display())).into())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(WrongUsage(format!("{}: there is no such folder", path.display())).into())
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Fills it.
    ///
    /// # Errors
    /// Writing.
    pub fn keep(mut self, content: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(content).with_context(|| self.path.display().to_string())?;
        self.done()
    }

    /// The file, to be filled bit by bit and [kept](Self::done).
    pub fn file(&mut self) -> &File {
        &self.file
    }

    /// It is filled.
    ///
    /// # Errors
    /// Writing.
    pub fn done(mut self) -> anyhow::Result<()> {
        self.file.sync_all().with_context(|| self.path.display().to_string())?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            // Who is told of the failure before it need not be told of this one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A path that something is to be written to must not lie in the data folder, by whatever name.
///
/// # Errors
/// [`WrongUsage`] if it does.
pub fn require_outside(path: &Path, data: &Path) -> Result<(), WrongUsage> {
    let Ok(data) = data.canonicalize() else { return Ok(()) };
    // The nearest folder above that exists decides; what is to be made in it has no links.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let above = absolute.ancestors().find_map(|above| above.canonicalize().ok());
    if above.is_some_and(|above| above.starts_with(&data)) {
        return Err(WrongUsage(format!("{} lies in the data folder {}", path.display(), data.display())));
    }
    Ok(())
}
