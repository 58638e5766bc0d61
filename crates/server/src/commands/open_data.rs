//! `gongyi export open-data`: participation, motions, votes and projects of an area for anybody to use, as JSON and CSV.
//!
//! - No person is in it, by no name and no id.
//! - Motions, vote events and counts have the shape of Popolo (<https://www.popoloproject.com/specs/>).
//! - What few people did is left out: a row of participation with fewer volunteers than the smallest cell tells no number; a
//!   secret vote that few took part in, or in which all voted alike, tells its result alone. There are no totals from which
//!   that could be reckoned.

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context;
use gongyi_domain::{
    deliberation::{
        decision::{Counts, Outcome},
        meeting::{Vote, VoteState, VotingMethod},
    },
    values::{AreaCode, AreaLevel, CouncilId, Day, MotionId, VoteId},
};
use gongyi_projections::{
    DraftsSeen, GroupBy, MeetingFilter, MotionFilter, MotionSort, PAGE_MAX_ROWS, Page, PageArgs, ParticipationFilter, ProjectFilter,
    ProjectSort, Views,
};
use serde_json::{Value, json};

use crate::{
    output,
    platform::Platform,
    settings::{OpenData, WrongUsage},
};

/// Runs `gongyi export open-data`.
///
/// # Errors
/// A folder that is there already; faults.
pub async fn run(args: &OpenData) -> anyhow::Result<ExitCode> {
    let OpenData { folder, area, from, to, smallest_cell, out } = args;
    if to < from {
        return Err(WrongUsage(format!("--to {to} lies before --from {from}")).into());
    }
    if out.exists() {
        return Err(WrongUsage(format!("{} is there already", out.display())).into());
    }
    let (platform, lock) = Platform::open_to_read(&folder.data, folder.zone()?, "export").await?;
    let views = platform.app().views();
    let sets = [
        ("participation", participation(views, area, (*from, *to), *smallest_cell).await?),
        ("motions", motions(views, area).await?),
        ("vote_events", vote_events(views, area, *smallest_cell).await?),
        ("projects", projects(views, area).await?),
    ];
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    for (name, set) in &sets {
        write(out, name, set)?;
        output::print_line(&format!("{} {}", set.len(), out.join(format!("{name}.json")).display()))?;
    }
    platform.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

/// One set as JSON and, flat, as CSV.
fn write(out: &Path, name: &str, set: &[Value]) -> anyhow::Result<()> {
    fs::write(out.join(format!("{name}.json")), serde_json::to_vec_pretty(set)?)?;
    let mut csv = csv::Writer::from_path(out.join(format!("{name}.csv")))?;
    let flat: Vec<Vec<(String, String)>> = set.iter().map(|it| flattened("", it)).collect();
    // Every row has the columns of its kind; a set without rows has none.
    let mut heading: Vec<&str> = vec![];
    for (column, _) in flat.iter().flatten() {
        if !heading.contains(&column.as_str()) {
            heading.push(column);
        }
    }
    if !heading.is_empty() {
        csv.write_record(&heading)?;
    }
    for row in &flat {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value.as_str());
        csv.write_record(heading.iter().map(cell))?;
    }
    Ok(csv.flush()?)
}

/// A value's cells: what stands in an object under `object.field`, a count under `counts.option`, other lists as one cell.
fn flattened(name: &str, value: &Value) -> Vec<(String, String)> {
    let under = |field: &str| if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(field, value)| flattened(&under(field), value)).collect(),
        Value::Array(counts) if counts.iter().all(|it| it["option"].is_string()) => {
            counts.iter().map(|it| (under(it["option"].as_str().unwrap_or_default()), it["value"].to_string())).collect()
        }
        Value::Array(list) => {
            let cells: Vec<String> = list.iter().map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)).collect();
            vec![(name.to_owned(), cells.join(" "))]
        }
        Value::Null => vec![(name.to_owned(), String::new())],
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        Value::Bool(_) | Value::Number(_) => vec![(name.to_owned(), value.to_string())],
    }
}

/// Every page of a list.
macro_rules! all_pages {
    ($page:ident => $ask:expr) => {{
        let mut $page = PageArgs { uncounted: true, ..PageArgs::first(PAGE_MAX_ROWS) };
        let mut all = vec![];
        loop {
            let Page { edges, has_next, .. } = $ask;
            $page.after = edges.last().map(|(cursor, _)| cursor.0.clone());
            all.extend(edges.into_iter().map(|(_, row)| row));
            if !has_next {
                break all;
            }
        }
    }};
}

async fn participation(views: &Views, area: &AreaCode, (from, to): (Day, Day), smallest_cell: u64) -> anyhow::Result<Vec<Value>> {
    let filter =
        ParticipationFilter { area: Some(area.clone()), organisation: None, include_below: false, person: None, from, to, known_at: None };
    let groups = [GroupBy::Area, GroupBy::Month, GroupBy::Category];
    let found = views.participation(&filter, &groups, Some(AreaLevel::Community)).await?;
    let service = found.rows.iter().filter(|row| row.category.is_some());
    let told = service.map(|row| {
        let is_told = row.volunteers >= smallest_cell;
        let number = |number: i64| if is_told { json!(number) } else { Value::Null };
        json!({
            "area": row.area, "month": row.month, "category": row.category.map(|it| it.code()),
            "attested_minutes": number(row.attested_minutes), "declared_minutes": number(row.declared_minutes),
            "records": number(row.records), "volunteers": if is_told { json!(row.volunteers) } else { Value::Null },
            "suppressed": !is_told,
        })
    });
    Ok(told.collect())
}

fn motion_id(id: MotionId) -> String {
    format!("gongyi:motion:{id}")
}

fn vote_id(id: VoteId) -> String {
    format!("gongyi:vote:{id}")
}

fn council_id(id: CouncilId) -> String {
    format!("gongyi:council:{id}")
}

/// Popolo's motions. Who moved them is left out.
async fn motions(views: &Views, area: &AreaCode) -> anyhow::Result<Vec<Value>> {
    let filter = MotionFilter {
        council: None,
        area: Some(area.clone()),
        phases: vec![],
        category: None,
        mover: None,
        seconder: None,
        year: None,
        text_contains: None,
        drafts: DraftsSeen::default(),
    };
    let rows = all_pages!(page => views.motions(&filter, MotionSort::Number, false, &page).await?);
    Ok(rows
        .into_iter()
        .map(|row| {
            let paragraphs: Vec<&str> = row.state.text.paragraphs.iter().map(|it| it.text.as_str()).collect();
            json!({
                "id": motion_id(row.id), "organization_id": council_id(row.council), "area": row.area,
                "identifier": row.year.zip(row.number).map(|(year, number)| format!("{year}-{number}")),
                "classification": row.category.code(), "name": row.state.text.title, "text": paragraphs.join("\n"),
                "result": row.phase, "updated_at": row.changed_at, "percent": row.percent,
            })
        })
        .collect())
}

/// Popolo's vote events: the votes of meetings that were closed, with their counts.
async fn vote_events(views: &Views, area: &AreaCode, smallest_cell: u64) -> anyhow::Result<Vec<Value>> {
    let filter =
        MeetingFilter { council: None, area: Some(area.clone()), of_person: None, from: None, to: None, going_on_at: None, phases: vec![] };
    let meetings = all_pages!(page => views.meetings(&filter, false, &page).await?);
    let events = meetings.iter().flat_map(|row| {
        let event = |(id, vote): (&VoteId, &Vote)| vote_event(row.council, *id, vote, smallest_cell);
        row.state.votes.iter().filter_map(event).collect::<Vec<_>>()
    });
    Ok(events.collect())
}

fn vote_event(council: CouncilId, id: VoteId, vote: &Vote, smallest_cell: u64) -> Option<Value> {
    let VoteState::Closed(decision) = &vote.state else { return None };
    let Counts { present, yes, no, abstain, invalid, entitled } = decision.tally.heads;
    let is_secret = matches!(vote.question.method, VotingMethod::Secret { .. });
    let alike = [yes, no, abstain, invalid].into_iter().filter(|it| *it > 0).count() < 2;
    let is_told = !is_secret || (present >= smallest_cell && !alike);
    let count = |option: &str, value: u64| json!({ "option": option, "value": value });
    let counts = vec![count("yes", yes), count("no", no), count("abstain", abstain), count("invalid", invalid)];
    Some(json!({
        "id": vote_id(id), "organization_id": council_id(council), "motion_id": vote.question.motion.map(motion_id),
        "end_date": vote.closed, "secret": is_secret, "requirement": decision.rule.title.en, "rule": decision.rule.id,
        "result": match decision.verdict.outcome {
            Outcome::Carried => "pass",
            Outcome::Failed => "fail",
            Outcome::NoQuorum => "no quorum",
            Outcome::Void => "void",
        },
        "entitled": entitled, "present": present,
        "counts": if is_told { counts } else { vec![] }, "suppressed": !is_told,
    }))
}

async fn projects(views: &Views, area: &AreaCode) -> anyhow::Result<Vec<Value>> {
    let filter = ProjectFilter { area: Some(area.clone()), ..ProjectFilter::default() };
    let rows = all_pages!(page => views.projects(&filter, ProjectSort::StartedAt, false, &page).await?);
    Ok(rows
        .into_iter()
        .map(|row| {
            json!({
                "id": format!("gongyi:project:{}", row.id), "name": row.title, "area": row.area, "phase": row.phase,
                "motion_id": row.motion.map(motion_id), "vote_event_id": row.vote.map(vote_id),
                "starts_on": row.plan.starts_on, "ends_on": row.ends_on, "completed_on": row.completed_on, "audited_on": row.audited_on,
                "granted_cents": row.granted, "paid_cents": row.paid, "raised_cents": row.raised, "matched_cents": row.matched,
                "spent_cents": row.spent,
            })
        })
        .collect())
}
