//! `gongyi verify`: checks a log from outside.

use std::process::ExitCode;

use gongyi_eventlog::{SqliteLog, SqliteSettings, verify};
use serde_json::json;

use crate::{folder, output, progress, settings::Verify};

/// Runs `gongyi verify`. Exits with 65 if anything does not fit.
///
/// # Errors
/// A log that cannot be opened.
pub async fn run(args: &Verify) -> anyhow::Result<ExitCode> {
    let path = folder::existing_log(&args.folder.data)?;
    let log = SqliteLog::open_read_only(&path, SqliteSettings::default()).await?;
    let bar = progress::bar(0, "verify");
    let report = verify::verify(&log, |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.position);
    })
    .await?;
    bar.finish_and_clear();
    log.close().await;
    if args.json {
        let finding = |it: &verify::Finding| json!({"position": it.position, "commit": it.commit, "problem": it.problem.to_string()});
        let findings: Vec<_> = report.findings.iter().map(finding).collect();
        let sound = report.is_sound();
        let found = json!({"sound": sound, "commits": report.commits, "events": report.events, "head": report.head, "findings": findings});
        output::print_line(&found.to_string())?;
    } else {
        for finding in &report.findings {
            output::print_line(&format!("position {}: {}", finding.position, finding.problem))?;
        }
        let verdict = if report.is_sound() { "sound / 完好" } else { "NOT SOUND / 有损坏" };
        let (commits, events, head) = (report.commits, report.events, report.head.position);
        output::print_line(&format!("{commits} commits, {events} events, head {head}: {verdict}"))?;
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(65) })
}
