//! `gongyi token`: a bearer token of the built-in operator.

use std::process::ExitCode;

use gongyi_app::{
    access::tokens::operator_token,
    clock::{Clock, SystemClock},
};
use gongyi_domain::access::authority::{Grant, Scope};
use gongyi_eventlog::{SqliteLog, SqliteSettings};

use crate::{belonging, folder, output, platform::open_vault, settings::Token};

/// Runs `gongyi token`, also beside a running server.
///
/// # Errors
/// A vault that does not open.
pub async fn run(args: &Token) -> anyhow::Result<ExitCode> {
    let log = SqliteLog::open_read_only(folder::existing_log(&args.folder.data)?, SqliteSettings::default()).await?;
    let vault = open_vault(&args.folder.data).await?;
    belonging::require_together(&log, &vault).await?;
    log.close().await;
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
