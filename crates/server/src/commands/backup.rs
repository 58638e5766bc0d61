//! `gongyi backup`: log, vault and ballot box as they are at one moment, in one file; also of a folder that is being served.
//!
//! - All three are held still for the moment in which vault and ballot box are copied; the log only grows, so what it had at
//!   that moment is copied when everybody writes again.
//! - The key-encryption key is not in it: whoever finds the file can read nothing personal. Keep the key elsewhere.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::Path,
    process::ExitCode,
};

use gongyi_app::clock::{Clock, SystemClock};
use gongyi_eventlog::{FrozenLog, Moment, SqliteLog, SqliteSettings};
use gongyi_vault::Frozen;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    belonging,
    folder::{self, Held, LOG_FILE, NewFile},
    output,
    platform::open_vault,
    settings::Backup,
};

/// What a backup says of itself, first in the file.
pub const MANIFEST: &str = "backup.json";
/// The form of the file that this build writes and reads.
pub const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the file.
    pub format: u32,
    /// When it was made.
    pub made_at: chrono::DateTime<chrono::Utc>,
    /// The last event in it, as the log's own token.
    pub head: String,
    /// Its place.
    pub position: u64,
    /// The files in it.
    pub files: Vec<String>,
}

/// Runs `gongyi backup`.
///
/// # Errors
/// Log and vault that do not belong together; a file that is there already; faults.
pub async fn run(args: &Backup) -> anyhow::Result<ExitCode> {
    let data = &args.folder.data;
    let path = folder::existing_log(data)?;
    let mut out = NewFile::create(&args.out, data)?;
    // Whoever serves the folder goes on; if nobody does, nobody begins to meanwhile.
    let lock = match folder::lock(data, "backup") {
        Ok(lock) => Some(lock),
        Err(error) if error.is::<Held>() => None,
        Err(error) => return Err(error),
    };
    let vault = open_vault(data).await?;
    let log = SqliteLog::open_read_only(&path, SqliteSettings::default()).await?;
    belonging::require_together(&log, &vault).await?;
    log.close().await;
    vault.close().await;

    let copies = folder::backup_copies(data)?;
    let (moment, mut files) = copied(data, &path, copies.path()).await?;
    moment.copy_to(&copies.path().join(LOG_FILE)).await?;
    files.push(LOG_FILE);
    let head = moment.head();
    let files: Vec<_> = files.into_iter().map(str::to_owned).collect();
    let manifest = Manifest { format: FORMAT, made_at: SystemClock.now(), head: head.to_string(), position: head.position, files };
    pack(out.file(), &manifest, copies.path())?;
    out.done()?;
    copies.close()?;
    drop(lock);
    output::print_line(&json!({"file": args.out, "position": head.position, "head": manifest.head}).to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Copies vault and ballot box while everybody waits; the log's moment with them.
async fn copied(data: &Path, log: &Path, to: &Path) -> anyhow::Result<(Moment, Vec<&'static str>)> {
    let frozen = Frozen::take(data).await?;
    let log = FrozenLog::take(log).await?;
    let copied = frozen.copy_into(to).await;
    let moment = log.release().await?;
    frozen.release().await?;
    Ok((moment, copied?))
}

fn pack(out: &File, manifest: &Manifest, copies: &Path) -> anyhow::Result<()> {
    let options = SimpleFileOptions::default().large_file(true).unix_permissions(0o600);
    let mut archive = ZipWriter::new(out);
    archive.start_file(MANIFEST, options)?;
    archive.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
    for name in &manifest.files {
        archive.start_file(name.as_str(), options)?;
        io::copy(&mut File::open(copies.join(name))?, &mut archive)?;
    }
    let mut out = archive.finish()?;
    out.seek(io::SeekFrom::End(0))?;
    Ok(())
}
