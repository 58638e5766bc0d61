//! `gongyi token`: a bearer token of the built-in operator.

use std::process::ExitCode;

use gongyi_app::clock::{Clock, SystemClock};
use gongyi_domain::access::authority::{Grant, Scope};

use crate::{platform::open_vault, settings::Token};

/// Runs `gongyi token`. It needs the vault only, so it works beside a running server.
///
/// # Errors
/// A vault that does not open.
pub async fn run(args: &Token) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&args.folder.data)?;
    let vault = open_vault(&args.folder.data).await?;
    let scope = match (&args.area, args.organisation) {
        (Some(area), _) => Scope::Area(area.clone()),
        (None, Some(organisation)) => Scope::Organisation(organisation),
        (None, None) => Scope::Everywhere,
    };
    let grant = Grant { role: args.role, scope };
    let now = SystemClock.now();
    println!("{}", gongyi_app::access::tokens::operator_token(&vault, grant, now, i64::from(args.minutes) * 60).await?);
    vault.close().await;
    Ok(ExitCode::SUCCESS)
}
