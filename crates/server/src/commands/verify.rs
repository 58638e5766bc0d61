//! `gongyi verify`: checks a log from outside; with `--decisions`, makes every decision of it again.

use std::process::ExitCode;

use gongyi_app::deliberation::recount::{Recounts, recount};
use gongyi_domain::deliberation::recount::{Decided, Recounted};
use gongyi_eventlog::{SqliteLog, SqliteSettings, Upcasters, verify};
use serde_json::{Value, json};

use crate::{folder, output, progress, settings::Verify};

/// Runs `gongyi verify`. Exits with 65 if anything does not fit.
///
/// # Errors
/// A log that cannot be opened.
pub async fn run(args: &Verify) -> anyhow::Result<ExitCode> {
    let path = folder::existing_log(&args.folder.data)?;
    let log = SqliteLog::open_read_only(&path, SqliteSettings::default()).await?;
    let bar = progress::bar(0, "verify");
    let shown = |progress: verify::Progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.position);
    };
    let report = verify::verify(&log, shown).await?;
    let recounts = if args.decisions { Some(recount(&log, &Upcasters::new(), shown).await?) } else { None };
    bar.finish_and_clear();
    log.close().await;
    let sound = report.is_sound() && recounts.as_ref().is_none_or(Recounts::is_sound);
    if args.json {
        let finding = |it: &verify::Finding| json!({"position": it.position, "commit": it.commit, "problem": it.problem.to_string()});
        let findings: Vec<_> = report.findings.iter().map(finding).collect();
        let mut found =
            json!({"sound": sound, "commits": report.commits, "events": report.events, "head": report.head, "findings": findings});
        if let Some(recounts) = &recounts {
            found["decisions"] = recounts.decisions.iter().map(|(position, it)| decision_json(*position, it)).collect();
            found["unreadable"] = recounts.unreadable.iter().map(|(position, why)| json!({"position": position, "problem": why})).collect();
        }
        output::print_line(&found.to_string())?;
    } else {
        for finding in &report.findings {
            output::print_line(&format!("position {}: {}", finding.position, finding.problem))?;
        }
        let verdict = verdict(report.is_sound());
        let (commits, events, head) = (report.commits, report.events, report.head.position);
        output::print_line(&format!("{commits} commits, {events} events, head {head}: {verdict}"))?;
        if let Some(recounts) = &recounts {
            print_recounts(recounts)?;
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(65) })
}

fn verdict(sound: bool) -> &'static str {
    if sound { "sound / 完好" } else { "NOT SOUND / 有损坏" }
}

/// What is decided: a word for programs, one in Chinese, and its ids.
fn decided_words(of: Decided) -> (&'static str, &'static str, String, Option<String>) {
    match of {
        Decided::Poll(poll) => ("poll", "投票", poll.to_string(), None),
        Decided::Election(election) => ("election", "选举", election.to_string(), None),
        Decided::Vote(meeting, vote) => ("vote", "会议表决", vote.to_string(), Some(meeting.to_string())),
        Decided::Motion(motion, vote) => ("motion", "议题", motion.to_string(), Some(vote.to_string())),
    }
}

fn decision_json(position: u64, it: &Recounted) -> Value {
    let (kind, _, id, other) = decided_words(it.of);
    let differences: Vec<_> = it.differences.iter().map(|it| it.wording()).map(|it| json!({"zh": it.zh, "en": it.en})).collect();
    let mut told = json!({"position": position, "kind": kind, "id": id, "ok": differences.is_empty(), "zh": it.recorded.zh, "en": it.recorded.en, "differences": differences});
    match it.of {
        Decided::Vote(..) => told["meeting"] = json!(other),
        Decided::Motion(..) => told["vote"] = json!(other),
        Decided::Poll(_) | Decided::Election(_) => {}
    }
    told
}

fn print_recounts(recounts: &Recounts) -> anyhow::Result<()> {
    for (position, it) in &recounts.decisions {
        let (en, zh, id, _) = decided_words(it.of);
        let ok = if it.differences.is_empty() { "ok / 一致" } else { "DIFFERS / 不一致" };
        output::print_line(&format!("position {position}: {en} / {zh} {id}: {ok}\n  {}\n  {}", it.recorded.zh, it.recorded.en))?;
        for difference in &it.differences {
            let wording = difference.wording();
            output::print_line(&format!("  ≠ {}\n  ≠ {}", wording.zh, wording.en))?;
        }
    }
    for (position, why) in &recounts.unreadable {
        output::print_line(&format!("position {position}: {why}"))?;
    }
    let all = recounts.decisions.len();
    let same = recounts.decisions.iter().filter(|(_, it)| it.differences.is_empty()).count();
    output::print_line(&format!("{all} decisions, {same} as their events give them: {}", verdict(recounts.is_sound())))
}
