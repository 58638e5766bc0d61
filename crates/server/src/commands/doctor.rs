//! `gongyi doctor`: how a data folder is.

use std::process::ExitCode;

use anyhow::Context;
use gongyi_app::processes::{AttendanceToLedger, DestroyErasedKeys, Process};
use serde_json::json;

use crate::{
    folder::{self, Held},
    output,
    platform::Platform,
    settings::Doctor,
};

/// Runs `gongyi doctor`. Exits with 65 if something needs attention.
///
/// # Errors
/// A part that does not open.
pub async fn run(args: &Doctor) -> anyhow::Result<ExitCode> {
    let folder = &args.folder.data;
    std::fs::metadata(folder).with_context(|| folder.display().to_string())?;
    let (held_by, lock) = match folder::lock(folder, "doctor") {
        Ok(lock) => (None, Some(lock)),
        Err(error) if error.is::<Held>() => (Some(error.to_string()), None),
        Err(error) => return Err(error),
    };
    let platform = Platform::open_beside(folder, args.folder.zone()?).await?;
    let app = platform.app();
    let head = app.log().head().await?;
    let mut well = true;
    let mut views = vec![];
    for view in app.views().status() {
        well &= view.parked.is_none();
        let parked = view.parked.as_ref().map(|it| json!({"position": it.position, "event": it.event_type, "reason": it.reason}));
        views.push(json!({"name": view.name, "position": view.position, "behind": head.position - view.position, "parked": parked}));
    }
    let mut processes = vec![];
    for name in [AttendanceToLedger::NAME, DestroyErasedKeys::NAME] {
        let position = app.vault().checkpoint(name).await?.map_or(0, |it| it.position);
        let parked: Vec<_> = app.vault().parked(name).await?.iter().map(|it| json!({"position": it.position, "code": it.code})).collect();
        well &= parked.is_empty();
        processes.push(json!({"name": name, "position": position, "behind": head.position.saturating_sub(position), "parked": parked}));
    }
    let found =
        json!({"well": well, "heldBy": held_by, "log": {"position": head.position, "token": head}, "views": views, "processes": processes});
    if args.json {
        output::print_line(&found.to_string())?;
    } else {
        output::print_line(&format!("{found:#}"))?;
    }
    platform.close().await?;
    drop(lock);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(65) })
}
