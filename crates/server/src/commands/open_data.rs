//! `gongyi export open-data`: organisations, participation, motions, votes and projects of an area for anybody to use, as JSON
//! and CSV.
//!
//! - No person is in it, by no name and no id.
//! - Organisations, motions, vote events and counts have the shape of Popolo (<https://www.popoloproject.com/specs/>).
//! - A motion says what it said when it was public last: what its movers make of one that was returned to them is theirs.
//! - What few people did is left out: a row of participation with fewer volunteers than the smallest cell tells no number; a
//!   secret vote that few took part in, or in which all voted alike, tells its result, and neither counts nor how many were there.
//!   There are no totals from which that could be reckoned.

use std::{fs, process::ExitCode};

use anyhow::Context;
use chrono_tz::Tz;
use gongyi_app::clock::day_of;
use gongyi_domain::{
    deliberation::{
        decision::{Counts, Outcome},
        meeting::{Vote, VoteKind, VotePhase},
        text::Text,
    },
    values::{AreaCode, AreaLevel, CouncilId, Day, MotionId, OrganisationId, VoteId},
};
use gongyi_projections::{
    CouncilFilter, GroupBy, MeetingFilter, MotionFilter, MotionHistoryRow, MotionRow, MotionSort, OrganisationFilter, PAGE_MAX_ROWS, Page,
    PageArgs, ParticipationFilter, ProjectFilter, ProjectSort, Views,
};
use serde_json::{Value, json};

use crate::{
    folder, output,
    platform::Platform,
    settings::{OpenData, WrongUsage},
    spreadsheet::{Cell, Sheet},
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
    folder::require_outside(out, &folder.data)?;
    let zone = folder.zone()?;
    let (platform, lock) = Platform::open_to_read(&folder.data, zone, "export").await?;
    let views = platform.app().views();
    let sets = [
        ("organizations", ORGANIZATIONS, organisations(views, area, zone).await?),
        ("participation", PARTICIPATION, participation(views, area, (*from, *to), *smallest_cell).await?),
        ("motions", MOTIONS, motions(views, area, zone).await?),
        ("vote_events", VOTE_EVENTS, vote_events(views, area, *smallest_cell).await?),
        ("projects", PROJECTS, projects(views, area).await?),
    ];
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    for (name, columns, set) in &sets {
        fs::write(out.join(format!("{name}.json")), serde_json::to_vec_pretty(set)?)?;
        fs::write(out.join(format!("{name}.csv")), sheet(columns, set)?)?;
        output::print_line(&format!("{} {}", set.len(), out.join(format!("{name}.json")).display()))?;
    }
    platform.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

// The columns of each set: a file without rows has them too, so that whoever reads it finds nothing, and not no table.
const ORGANIZATIONS: &[&str] = &["id", "name", "classification", "area", "parent_id", "founding_date", "dissolution_date"];
const PARTICIPATION: &[&str] =
    &["area", "month", "category", "attested_minutes", "declared_minutes", "records", "volunteers", "suppressed"];
const MOTIONS: &[&str] =
    &["id", "organization_id", "area", "identifier", "classification", "name", "text", "date", "result", "updated_at", "percent"];
const VOTE_EVENTS: &[&str] = &[
    "id",
    "organization_id",
    "motion_id",
    "end_date",
    "secret",
    "requirement",
    "rule",
    "result",
    "entitled",
    "suppressed",
    "present",
    "counts.yes",
    "counts.no",
    "counts.abstain",
    "counts.invalid",
];
const PROJECTS: &[&str] = &[
    "id",
    "name",
    "area",
    "phase",
    "motion_id",
    "vote_event_id",
    "starts_on",
    "ends_on",
    "completed_on",
    "audited_on",
    "granted_cents",
    "paid_cents",
    "raised_cents",
    "matched_cents",
    "spent_cents",
];

/// A set, flat, as CSV: these columns, and whatever else its rows have.
fn sheet(columns: &[&str], set: &[Value]) -> anyhow::Result<Vec<u8>> {
    let mut sheet = Sheet::new();
    let flat: Vec<Vec<(String, Cell<'_>)>> = set.iter().map(|it| flattened("", it)).collect();
    let mut heading = columns.to_vec();
    for (column, _) in flat.iter().flatten() {
        if !heading.contains(&column.as_str()) {
            heading.push(column);
        }
    }
    sheet.row(heading.iter().copied().map(Cell::from))?;
    for row in &flat {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column).map_or(Cell::from(""), |(_, cell)| cell.clone());
        sheet.row(heading.iter().map(cell))?;
    }
    sheet.bytes()
}

/// A value's cells: what stands in an object under `object.field`, a count under `counts.option`, other lists as one cell.
fn flattened<'a>(name: &str, value: &'a Value) -> Vec<(String, Cell<'a>)> {
    let under = |field: &str| if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") };
    let number = |value: &Value| value.as_i64().map_or_else(|| Cell::from(value.to_string()), Cell::Number);
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(field, value)| flattened(&under(field), value)).collect(),
        Value::Array(counts) if counts.iter().all(|it| it["option"].is_string()) => {
            counts.iter().map(|it| (under(it["option"].as_str().unwrap_or_default()), number(&it["value"]))).collect()
        }
        Value::Array(list) => {
            let cells: Vec<String> = list.iter().map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)).collect();
            vec![(name.to_owned(), cells.join(" ").into())]
        }
        Value::Null => vec![(name.to_owned(), "".into())],
        Value::String(text) => vec![(name.to_owned(), text.as_str().into())],
        Value::Bool(_) => vec![(name.to_owned(), value.to_string().into())],
        Value::Number(_) => vec![(name.to_owned(), number(value))],
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

/// Popolo's organizations: councils and the organisations that volunteers serve with.
async fn organisations(views: &Views, area: &AreaCode, zone: Tz) -> anyhow::Result<Vec<Value>> {
    let filter = CouncilFilter { area: Some(area.clone()), name_contains: None, dissolved: None };
    let councils = all_pages!(page => views.councils(&filter, &page).await?);
    let councils = councils.into_iter().map(|row| {
        json!({
            "id": council_id(row.id), "name": row.name, "classification": "council", "area": row.area, "parent_id": null,
            "founding_date": row.established_on, "dissolution_date": row.dissolved_on,
        })
    });
    let id = |id: OrganisationId| format!("gongyi:organisation:{id}");
    let filter = OrganisationFilter {
        area: Some(area.clone()),
        kind: None,
        parent: None,
        name_contains: None,
        credit_code: None,
        include_dissolved: false,
    };
    let organisations = all_pages!(page => views.organisations(&filter, &page).await?);
    let organisations = organisations.into_iter().map(|row| {
        json!({
            "id": id(row.id), "name": row.name, "classification": row.kind.code(), "area": row.area, "parent_id": row.parent.map(id),
            "founding_date": day_of(row.founded_at, zone), "dissolution_date": null,
        })
    });
    Ok(councils.chain(organisations).collect())
}

/// Popolo's motions. Who moved them is left out.
async fn motions(views: &Views, area: &AreaCode, zone: Tz) -> anyhow::Result<Vec<Value>> {
    let filter = MotionFilter { area: Some(area.clone()), ..MotionFilter::default() };
    let rows = all_pages!(page => views.motions(&filter, MotionSort::Number, false, &page).await?);
    let mut motions = vec![];
    for row in rows {
        let history = all_pages!(page => views.motion_history(row.id, false, &page).await?);
        let text = public_text(views, &row, &history).await?;
        let submitted = history.iter().find(|line| line.event_type == SUBMITTED);
        let paragraphs: Vec<&str> = text.paragraphs.iter().map(|it| it.text.as_str()).collect();
        motions.push(json!({
            "id": motion_id(row.id), "organization_id": council_id(row.council), "area": row.area,
            "identifier": row.year.zip(row.number).map(|(year, number)| format!("{year}-{number}")),
            "classification": row.category.code(), "name": text.title, "text": paragraphs.join("\n"),
            "date": submitted.map(|line| day_of(line.recorded_at, zone)),
            "result": row.phase, "updated_at": row.changed_at, "percent": row.percent,
        }));
    }
    Ok(motions)
}

/// The events that show a motion to everybody, give it back to its movers, and give it its next version.
const SUBMITTED: &str = "MotionSubmitted";
const RETURNED: &str = "MotionReturned";
const NEW_TEXT: [&str; 2] = ["MotionRevised", "AmendmentAccepted"];

/// What a motion said when it was public last.
async fn public_text(views: &Views, row: &MotionRow, history: &[MotionHistoryRow]) -> anyhow::Result<Text> {
    let last = |event_type: &str| history.iter().rposition(|line| line.event_type == event_type);
    let Some(returned) = last(RETURNED).filter(|returned| last(SUBMITTED).is_none_or(|submitted| submitted < *returned)) else {
        return Ok(row.state.text.clone());
    };
    let revised = history[..returned].iter().filter(|line| NEW_TEXT.contains(&line.event_type.as_str())).count();
    let version = u32::try_from(revised + 1)?;
    let found = views.motion_versions_by_keys(&[(row.id, version)]).await?.pop();
    found.map(|it| it.text).with_context(|| format!("version {version} of motion {} is not in the views", row.id))
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
    let VotePhase::Closed(decision) = &vote.phase else { return None };
    let Counts { present, yes, no, abstain, invalid, entitled } = decision.tally.heads;
    let is_secret = matches!(vote.question.kind, VoteKind::Secret { .. });
    let alike = [yes, no, abstain, invalid].into_iter().filter(|it| *it > 0).count() < 2;
    let is_told = !is_secret || (present >= smallest_cell && !alike);
    let count = |option: &str, value: u64| json!({ "option": option, "value": value });
    let mut event = json!({
        "id": vote_id(id), "organization_id": council_id(council), "motion_id": vote.question.motion.map(motion_id),
        "end_date": vote.closed, "secret": is_secret, "requirement": decision.rule.title.en, "rule": decision.rule.id,
        "result": match decision.verdict.outcome {
            Outcome::Carried => "pass",
            Outcome::Failed => "fail",
            Outcome::NoQuorum => "no quorum",
            Outcome::Void => "void",
        },
        "entitled": entitled, "suppressed": !is_told,
    });
    if is_told {
        event["present"] = json!(present);
        event["counts"] = json!([count("yes", yes), count("no", no), count("abstain", abstain), count("invalid", invalid)]);
    }
    Some(event)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(set: &[Value]) -> String {
        String::from_utf8(sheet(&["id", "counts.yes"], set).unwrap()).unwrap()
    }

    #[test]
    fn a_set_without_rows_has_its_heading_all_the_same() {
        assert_eq!(text(&[]), "\u{feff}id,counts.yes\n");
        assert_eq!(text(&[json!({ "counts": [{ "option": "yes", "value": 3 }], "id": "a" })]), "\u{feff}id,counts.yes\na,3\n");
        assert_eq!(text(&[json!({ "id": "a", "more": true })]), "\u{feff}id,counts.yes,more\na,,true\n");
    }
}
