//! `gongyi export`: events as CloudEvents, figures as JSON or CSV.

use std::{
    io::{self, BufWriter, Write},
    iter,
    path::Path,
    process::ExitCode,
};

use gongyi_domain::values::{AreaCode, Day};
use gongyi_eventlog::{Log, Recorded, SqliteLog, SqliteSettings};
use gongyi_projections::{GroupBy, ParticipationFilter, ParticipationRow};
use serde_json::{json, value::RawValue};

use crate::{
    folder, output,
    platform::Platform,
    settings::{DataFolder, Export, ExportWhat, WrongUsage},
    spreadsheet::{Cell, Sheet},
};

const BATCH_EVENTS: usize = 5_000;

/// Runs `gongyi export`.
///
/// # Errors
/// Faults; writing.
pub async fn run(args: &Export) -> anyhow::Result<ExitCode> {
    match &args.what {
        ExportWhat::Events { folder, after } => events(&folder.data, *after).await?,
        ExportWhat::OpenData(args) => return super::open_data::run(args).await,
        ExportWhat::Participation { folder, area, from, to, known_at, json: _, csv } => {
            participation(folder, area, (*from, *to), *known_at, *csv).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn events(folder: &Path, after: u64) -> anyhow::Result<()> {
    let path = folder::existing_log(folder)?;
    let log = SqliteLog::open_read_only(path, SqliteSettings::default()).await?;
    let id = log.head().await?.log;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut position = after;
    loop {
        let batch = log.read_after(position, BATCH_EVENTS).await?;
        let Some(last) = batch.last() else { break };
        position = last.position;
        for event in &batch {
            output::told(writeln!(out, "{}", cloud_event(id, event)?))?;
        }
    }
    output::told(out.flush())?;
    log.close().await;
    Ok(())
}

/// An event in the JSON format of CloudEvents 1.0; position, actor and the rest of the commit are extensions.
fn cloud_event(log: uuid::Uuid, event: &Recorded) -> anyhow::Result<serde_json::Value> {
    let metadata = &event.commit.metadata;
    Ok(json!({
        "specversion": "1.0",
        "id": event.position.to_string(),
        "source": format!("urn:uuid:{log}"),
        "type": format!("gongyi.{}.{}.v{}", event.stream.kind, event.event_type, event.schema_version),
        "subject": event.stream.to_string(),
        "time": metadata.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "datacontenttype": "application/json",
        "position": event.position,
        "streamversion": event.version,
        "commit": event.commit.number,
        "actor": metadata.actor,
        "commandid": metadata.command_id,
        "correlationid": metadata.correlation,
        // An attribute of this extension is a string (CloudEvents, correlation extension).
        "causationid": metadata.causation.map(|position| position.to_string()),
        "data": serde_json::from_str::<Box<RawValue>>(&event.payload)?,
    }))
}

async fn participation(
    folder: &DataFolder,
    area: &AreaCode,
    (from, to): (Option<Day>, Option<Day>),
    known_at: Option<Day>,
    csv: bool,
) -> anyhow::Result<()> {
    let zone = folder.zone()?;
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(WrongUsage(format!("--to {to} lies before --from {from}")).into());
    }
    let (platform, lock) = Platform::open_to_read(&folder.data, zone, "export").await?;
    let year = |year, month, day| Day::from_ymd_opt(year, month, day).unwrap_or_default();
    let (first, last) = (from.unwrap_or(year(1, 1, 1)), to.unwrap_or(year(9999, 12, 31)));
    let filter = ParticipationFilter {
        area: Some(area.clone()),
        organisation: None,
        include_below: false,
        person: None,
        from: first,
        to: last,
        known_at,
    };
    let figures = platform.app().views().participation(&filter, &[GroupBy::Category], None).await?;
    let total = &figures.total;
    if csv {
        let mut sheet = Sheet::new();
        sheet.row(["category", "declaredMinutes", "attestedMinutes", "records", "volunteers"].map(Cell::from))?;
        for row in figures.rows.iter().chain([total]) {
            let category = row.category.map_or("total", |category| category.code());
            let volunteers = i64::try_from(row.volunteers)?;
            let numbers = [row.declared_minutes, row.attested_minutes, row.records, volunteers];
            sheet.row(iter::once(Cell::from(category)).chain(numbers.map(Cell::from)))?;
        }
        output::print_bytes(&sheet.bytes()?)?;
    } else {
        let of_category = |row: &ParticipationRow| {
            json!({
                "category": row.category.map(|it| it.code()),
                "declaredMinutes": row.declared_minutes,
                "attestedMinutes": row.attested_minutes,
                "records": row.records,
                "volunteers": row.volunteers,
            })
        };
        let by_category: Vec<_> = figures.rows.iter().map(of_category).collect();
        let found = json!({
            "area": area,
            "from": from,
            "to": to,
            "knownAt": known_at,
            "declaredMinutes": total.declared_minutes,
            "attestedMinutes": total.attested_minutes,
            "records": total.records,
            "volunteers": total.volunteers,
            "byCategory": by_category,
        });
        output::print_line(&found.to_string())?;
    }
    platform.close().await;
    drop(lock);
    Ok(())
}
