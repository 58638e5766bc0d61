//! `gongyi rebuild`: the read models anew, beside the old ones, swapped at once.

use std::process::ExitCode;

use gongyi_projections::Views;

use crate::{
    folder::{self, Held},
    output, platform,
    settings::DataFolder,
};

/// Runs `gongyi rebuild`. A server of an older build goes on serving its own views meanwhile, and the next start of
/// this build takes the new ones; a server that has this build's views open must be stopped first.
///
/// # Errors
/// A held folder, faults, an event that a read model cannot take.
pub async fn run(args: &DataFolder) -> anyhow::Result<ExitCode> {
    folder::existing_log(&args.data)?;
    let lock = match folder::lock(&args.data, "rebuild") {
        Ok(lock) => Some(lock),
        Err(error) => match error.downcast_ref::<Held>() {
            Some(held) if held.serves_views() && !held.serves(&Views::file(&args.data, args.zone()?)) => None,
            _ => return Err(error),
        },
    };
    let path = platform::rebuild_views(&args.data, args.zone()?).await?;
    output::print_line(&path.display().to_string())?;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}
