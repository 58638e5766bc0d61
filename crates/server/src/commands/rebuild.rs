//! `gongyi rebuild`: the read models anew, beside the old ones, swapped at once.

use std::{process::ExitCode, sync::Arc};

use gongyi_eventlog::{SqliteLog, SqliteSettings, Upcasters};
use gongyi_projections::Views;

use crate::{
    folder::{self, Held},
    output,
    platform::{open_vault, opener, view_options},
    progress,
    settings::DataFolder,
};

/// Runs `gongyi rebuild`. A server of an older build goes on serving its own views meanwhile, and the next start of
/// this build takes the new ones; a server that has this build's views open must be stopped first.
///
/// # Errors
/// A held folder, faults, an event that a read model cannot take.
pub async fn run(args: &DataFolder) -> anyhow::Result<ExitCode> {
    let path = folder::existing_log(&args.data)?;
    let lock = match folder::lock(&args.data, "rebuild") {
        Ok(lock) => Some(lock),
        Err(error) => match error.downcast_ref::<Held>() {
            Some(held) if held.serves_views() && !held.serves(&Views::file(&args.data, args.zone()?)) => None,
            _ => return Err(error),
        },
    };
    let log = Arc::new(SqliteLog::open_read_only(path, SqliteSettings::default()).await?);
    let vault = open_vault(&args.data).await?;
    let bar = progress::bar(0, "rebuild");
    let options = view_options(args.zone()?);
    let path = Views::rebuild(&args.data, log.clone(), Arc::new(Upcasters::new()), opener(&vault), options, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    output::print_line(&path.display().to_string())?;
    vault.close().await;
    log.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}
