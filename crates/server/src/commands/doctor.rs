//! `gongyi doctor`: how a data folder is. It looks and changes nothing.

use std::process::ExitCode;

use chrono::Datelike;
use gongyi_app::{
    clock::{Clock, SystemClock, day_of},
    processes::PROCESSES,
};
use gongyi_domain::{
    access::working_calendar::{WorkingCalendar, working_calendar_stream},
    values::Day,
};
use gongyi_eventlog::{Log, SqliteLog, SqliteSettings, StreamId};
use gongyi_projections::Views;
use serde_json::json;

use crate::{
    folder::{self, Held},
    output,
    platform::{open_vault, view_options},
    settings::Doctor,
};

/// Runs `gongyi doctor`. Exits with 65 if something needs attention.
///
/// # Errors
/// A part that does not open.
pub async fn run(args: &Doctor) -> anyhow::Result<ExitCode> {
    let folder = &args.folder.data;
    let path = folder::existing_log(folder)?;
    let held_by = match folder::lock(folder, "doctor") {
        Ok(lock) => {
            drop(lock);
            None
        }
        Err(error) if error.is::<Held>() => Some(error.to_string()),
        Err(error) => return Err(error),
    };
    let log = SqliteLog::open_read_only(&path, SqliteSettings::default()).await?;
    let vault = open_vault(folder).await?;
    let head = log.head().await?;
    let examined = Views::examine(folder, &log, view_options(args.folder.zone()?)).await?;
    let behind = |position: u64| head.position.saturating_sub(position);

    let mut well = examined.unfit.is_none();
    let mut views = vec![];
    for view in &examined.views {
        well &= view.parked.is_none();
        let parked = view.parked.as_ref().map(|it| json!({"position": it.position, "event": it.event_type, "reason": it.reason}));
        views.push(json!({"name": view.name, "position": view.position, "behind": behind(view.position), "parked": parked}));
    }
    let mut processes = vec![];
    for name in PROCESSES {
        let position = vault.checkpoint(name).await?.map_or(0, |it| it.position);
        let parked: Vec<_> = vault.parked(name).await?.iter().map(|it| json!({"position": it.position, "code": it.code})).collect();
        well &= parked.is_empty();
        processes.push(json!({"name": name, "position": position, "behind": behind(position), "parked": parked}));
    }
    // For people to mend, and no fault of the folder: it is well with them.
    let held = examined.held.iter().map(
        |it| json!({"record": it.record, "organisation": it.organisation, "activity": it.activity, "area": it.area, "since": it.since}),
    );
    let held: Vec<_> = held.collect();
    let warnings: Vec<_> = working_days_warning(&log, day_of(SystemClock.now(), args.folder.zone()?)).await?.into_iter().collect();
    vault.close().await;
    log.close().await;

    let unfit = examined.unfit.map(|why| why.to_string());
    let log = json!({"position": head.position, "token": head});
    let found = json!({
        "well": well, "heldBy": held_by, "log": log, "views": views, "viewsUnfit": unfit, "processes": processes, "heldRecords": held,
        "warnings": warnings,
    });
    output::print_line(&if args.json { found.to_string() } else { format!("{found:#}") })?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(65) })
}

/// From this month on the State Council's notice of the next year is to be expected: it came between late October and early December.
const NOTICE_DUE_MONTH: u32 = 12;

/// Whether working days are missing: this year's, or from December on the next one's.
async fn working_days_warning(log: &SqliteLog, today: Day) -> anyhow::Result<Option<String>> {
    for year in [Some(today.year()), (today.month() >= NOTICE_DUE_MONTH).then_some(today.year() + 1)].into_iter().flatten() {
        let stream = StreamId::of::<WorkingCalendar>(working_calendar_stream(year));
        if log.read_stream(&stream, 0).await?.is_empty() {
            return Ok(Some(format!(
                "working days of {year} are not known, due days are provisional: gongyi import working-days FILE / 尚无 {year} 年工作日安排，期限为暂定"
            )));
        }
    }
    Ok(None)
}
