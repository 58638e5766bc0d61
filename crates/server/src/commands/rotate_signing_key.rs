//! `gongyi rotate-signing-key`: another key signs access tokens from now on.

use std::process::ExitCode;

use gongyi_app::clock::{Clock, SystemClock};

use crate::{folder, output, platform::open_vault, settings::DataFolder};

/// Runs `gongyi rotate-signing-key`. It needs the vault only, so it works beside a running server, which looks up its keys at
/// every use.
///
/// # Errors
/// No data there; a vault that does not open.
pub async fn run(args: &DataFolder) -> anyhow::Result<ExitCode> {
    folder::existing_log(&args.data)?;
    let vault = open_vault(&args.data).await?;
    let key = vault.rotate_signing_key(SystemClock.now()).await?;
    vault.close().await;
    output::print_line(&format!("another key signs from now on: {}", key.kid))?;
    Ok(ExitCode::SUCCESS)
}
