//! `gongyi token`: a bearer token of the built-in operator.

use std::process::ExitCode;

use gongyi_app::{
    access::tokens::operator_token,
    clock::{Clock, SystemClock},
};
use gongyi_domain::access::authority::{Grant, Scope};

use crate::{folder, output, platform::open_vault, settings::Token};

/// Runs `gongyi token`. It needs the vault only, so it works beside a running server.
///
/// # Errors
/// A vault that does not open.
pub async fn run(args: &Token) -> anyhow::Result<ExitCode> {
    folder::create(&args.folder.data)?;
    let vault = open_vault(&args.folder.data).await?;
    let scope = match (&args.area, args.organisation) {
        (Some(area), _) => Scope::Area(area.clone()),
        (None, Some(organisation)) => Scope::Organisation(organisation),
        (None, None) => Scope::Everywhere,
    };
    let grant = Grant { role: args.role, scope };
    let token = operator_token(&vault, grant, SystemClock.now(), i64::from(args.minutes) * 60).await?;
    output::print_line(&token)?;
    vault.close().await;
    Ok(ExitCode::SUCCESS)
}
