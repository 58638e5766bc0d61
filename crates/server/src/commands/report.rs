//! `gongyi report`: an area's figures as of a day, as they are known now or were known on another.

use std::{fmt::Write, process::ExitCode};

use chrono::Datelike;
use gongyi_domain::{
    report::{Figure, Span},
    values::{AreaCode, Day},
};
use gongyi_projections::{
    Counted, FigureEntry, Figures, PAGE_MAX_ROWS, PageArgs, ParticipationChange, ParticipationFilter, Report as Found, ReportFilter, Views,
};
use serde_json::{Map, Value, json};

use crate::{
    output,
    platform::Platform,
    settings::{Report, WrongUsage},
    spreadsheet::{Cell, Sheet},
};

/// Changes that a report for people lists; the others are counted. JSON lists all.
const CHANGES_SHOWN: usize = 200;

/// A report with what is to be said beside it.
struct Told {
    name: String,
    filter: ReportFilter,
    found: Found,
    names: Vec<(AreaCode, String)>,
    /// With a day on which it was known: the figures as they are known now, and what has changed.
    now: Option<(Figures, Vec<FigureEntry>, Vec<ParticipationChange>)>,
}

/// Runs `gongyi report`.
///
/// # Errors
/// Wrong dates or area; faults.
pub async fn run(args: &Report) -> anyhow::Result<ExitCode> {
    let first_of_the_year = args.as_of.with_day(1).and_then(|day| day.with_month(1)).unwrap_or(args.as_of);
    let from = args.from.unwrap_or(first_of_the_year);
    if args.as_of < from {
        return Err(WrongUsage(format!("--as-of {} lies before --from {from}", args.as_of)).into());
    }
    let zone = args.folder.zone()?;
    let (platform, lock) = Platform::open_to_read(&args.folder.data, zone, "report").await?;
    let filter = ReportFilter { area: args.area.clone(), from, as_of: args.as_of, known_at: args.known_at };
    let told = tell(platform.app().views(), filter).await?;
    if args.form.json {
        output::print_line(&told.json().to_string())?;
    } else if args.form.csv {
        told.csv()?;
    } else {
        output::print(&told.markdown()?)?;
    }
    platform.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

async fn tell(views: &Views, filter: ReportFilter) -> anyhow::Result<Told> {
    let Some(area) = views.areas_by_codes(std::slice::from_ref(&filter.area)).await?.pop() else {
        return Err(WrongUsage(format!("there is no area {}", filter.area)).into());
    };
    let found = views.report(&filter, true).await?;
    let codes: Vec<AreaCode> = found.parts.keys().cloned().collect();
    let names = views.areas_by_codes(&codes).await?.into_iter().map(|row| (row.code, row.name)).collect();
    let now = match filter.known_at {
        None => None,
        Some(day) => {
            let now = views.report(&ReportFilter { known_at: None, ..filter.clone() }, false).await?;
            Some((now.figures, entries(views, &filter, day).await?, services(views, &filter, day).await?))
        }
    };
    Ok(Told { name: area.name, filter, found, names, now })
}

/// Every page of what has changed.
async fn entries(views: &Views, filter: &ReportFilter, known_at: Day) -> anyhow::Result<Vec<FigureEntry>> {
    let mut page = PageArgs { uncounted: true, ..PageArgs::first(PAGE_MAX_ROWS) };
    let mut all = vec![];
    loop {
        let found = views.report_changes(filter, known_at, Figure::ALL, &page).await?;
        page.after = found.edges.last().map(|(cursor, _)| cursor.0.clone());
        all.extend(found.edges.into_iter().map(|(_, entry)| entry));
        if !found.has_next {
            return Ok(all);
        }
    }
}

/// Every page of the service records that count for something else than they did.
async fn services(views: &Views, filter: &ReportFilter, known_at: Day) -> anyhow::Result<Vec<ParticipationChange>> {
    let participation = ParticipationFilter {
        area: Some(filter.area.clone()),
        organisation: None,
        include_below: false,
        person: None,
        from: filter.from,
        to: filter.as_of,
        known_at: None,
    };
    let mut page = PageArgs { uncounted: true, ..PageArgs::first(PAGE_MAX_ROWS) };
    let mut all = vec![];
    loop {
        let found = views.participation_changes(&participation, known_at, &page).await?;
        page.after = found.edges.last().map(|(cursor, _)| cursor.0.clone());
        all.extend(found.edges.into_iter().map(|(_, change)| change));
        if !found.has_next {
            return Ok(all);
        }
    }
}

fn named(figures: &Figures) -> Value {
    Value::Object(figures.iter().map(|(figure, amount)| (figure.name().to_owned(), json!(amount))).collect::<Map<_, _>>())
}

fn additive(figures: &Figures) -> Value {
    let figures = figures.iter().filter(|(figure, _)| figure.adds_up());
    Value::Object(figures.map(|(figure, amount)| (figure.name().to_owned(), json!(amount))).collect::<Map<_, _>>())
}

/// A late entry, unless it changes what was told before.
fn sort_of(corrects: bool) -> &'static str {
    if corrects { "correction" } else { "lateEntry" }
}

impl Told {
    fn name_of(&self, code: &AreaCode) -> &str {
        self.names.iter().find(|(it, _)| it == code).map_or("", |(_, name)| name)
    }

    fn json(&self) -> Value {
        let ReportFilter { area, from, as_of, known_at } = &self.filter;
        let parts: Vec<Value> = self
            .found
            .parts
            .iter()
            .map(|(code, figures)| json!({ "area": code, "name": self.name_of(code), "figures": named(figures) }))
            .collect();
        let mut told = json!({
            "area": area, "name": self.name, "from": from, "asOf": as_of, "knownAt": known_at,
            "figures": named(&self.found.figures),
            "parts": parts,
            "own": additive(&self.found.own()),
        });
        if let Some((now, entries, services)) = &self.now {
            let changed: Vec<&str> = self.changed(now).into_iter().map(|(figure, _, _)| figure.name()).collect();
            let entries = entries.iter().map(|entry| {
                json!({
                    "figure": entry.figure.name(), "change": sort_of(entry.corrects), "amount": entry.amount, "area": entry.area,
                    "day": entry.day, "recordedDay": entry.recorded_day, "kind": entry.kind, "id": entry.subject, "position": entry.event,
                })
            });
            let counted = |it: &Option<Counted>| {
                it.as_ref().map(|it| json!({ "day": it.day, "category": it.category.code(), "minutes": it.minutes.0 }))
            };
            let services = services.iter().map(|change| {
                json!({
                    "figure": Figure::ConfirmedServiceMinutes.name(), "change": sort_of(change.before.is_some()),
                    "area": change.record.area, "kind": "service_record", "id": change.record.record,
                    "before": counted(&change.before), "after": counted(&change.after),
                })
            });
            told["changed"] = json!(changed);
            told["figuresNow"] = named(now);
            told["changes"] = Value::Array(services.chain(entries).collect());
        }
        told
    }

    /// The figures that are known otherwise now: then and now.
    fn changed(&self, now: &Figures) -> Vec<(Figure, i64, i64)> {
        let figures = self.found.figures.iter().map(|(figure, then)| (figure, then, now.get(figure)));
        figures.filter(|(_, then, now)| then != now).collect()
    }

    fn csv(&self) -> anyhow::Result<()> {
        let mut sheet = Sheet::new();
        let own = self.found.own();
        sheet.row(["area", "name", "figure", "value"].map(Cell::from))?;
        let area = &self.filter.area;
        let parts = self.found.parts.iter().map(|(code, figures)| (code.as_str(), self.name_of(code), figures));
        let mut row = |code, name, figure: Figure, amount| {
            sheet.row([code, name, figure.name()].map(Cell::from).into_iter().chain([Cell::Number(amount)]))
        };
        for (code, name, figures) in [(area.as_str(), self.name.as_str(), &self.found.figures)].into_iter().chain(parts) {
            for (figure, amount) in figures.iter() {
                row(code, name, figure, amount)?;
            }
        }
        for (figure, amount) in own.iter().filter(|(figure, amount)| figure.adds_up() && *amount != 0) {
            row(area.as_str(), "(recorded at the area itself)", figure, amount)?;
        }
        output::print_bytes(&sheet.bytes()?)
    }

    fn markdown(&self) -> Result<String, std::fmt::Error> {
        let ReportFilter { area, from, as_of, known_at } = &self.filter;
        let mut text = String::new();
        writeln!(text, "# {} {area}\n\n{from} 至 {as_of}  from {from} to {as_of}, both included", self.name)?;
        if let Some(day) = known_at {
            writeln!(text, "\n按 {day} 日终所知  as it was known at the end of {day}")?;
        }
        writeln!(text, "\n| 指标 | figure | value | definition |\n|---|---|---:|---|")?;
        for (figure, amount) in self.found.figures.iter() {
            let span = match figure.span() {
                Span::AtTheEnd => "at the end",
                Span::InThePeriod => "in the period",
            };
            let (title, definition) = (figure.title_zh(), figure.definition());
            writeln!(text, "| {title} | {} | {amount} | {definition} ({span}) |", figure.name())?;
        }
        if !self.found.parts.is_empty() {
            self.parts_table(&mut text)?;
        }
        if let Some((now, entries, services)) = &self.now {
            writeln!(text, "\n## 此后的变化  changed since\n")?;
            let changed = self.changed(now);
            if changed.is_empty() {
                writeln!(text, "没有变化  nothing")?;
            } else {
                writeln!(text, "| figure | then | now |\n|---|---:|---:|")?;
            }
            for (figure, then, now) in changed {
                writeln!(text, "| {} | {then} | {now} |", figure.name())?;
            }
            self.changes_list(&mut text, entries, services)?;
        }
        Ok(text)
    }

    fn parts_table(&self, text: &mut String) -> std::fmt::Result {
        let shown: Vec<Figure> = Figure::ALL.iter().copied().filter(|figure| self.found.figures.get(*figure) != 0).collect();
        let names: Vec<&str> = shown.iter().map(|figure| figure.title_zh()).collect();
        writeln!(text, "\n## 分区域  by area\n\n| 区域 | {} |\n|---|{}", names.join(" | "), "---:|".repeat(shown.len()))?;
        let row = |figures: &Figures| shown.iter().map(|figure| figures.get(*figure).to_string()).collect::<Vec<_>>().join(" | ");
        for (code, figures) in &self.found.parts {
            writeln!(text, "| {} {code} | {} |", self.name_of(code), row(figures))?;
        }
        let own = self.found.own();
        if !own.is_empty() {
            writeln!(text, "| 本级登记 recorded at the area itself | {} |", row(&own))?;
        }
        Ok(())
    }

    fn changes_list(&self, text: &mut String, entries: &[FigureEntry], services: &[ParticipationChange]) -> std::fmt::Result {
        let counted = |it: &Option<Counted>| {
            it.as_ref().map_or("-".to_owned(), |it| format!("{} {} {} min", it.day, it.category.code(), it.minutes.0))
        };
        let services = services.iter().map(|it| {
            let sort = sort_of(it.before.is_some());
            format!("- {sort}: service record {}: {} -> {}", it.record.record, counted(&it.before), counted(&it.after))
        });
        let entries = entries.iter().map(|it| {
            let sort = sort_of(it.corrects);
            format!("- {sort}: {} {:+} on {}, recorded on {}: {} {}", it.figure, it.amount, it.day, it.recorded_day, it.kind, it.subject)
        });
        let all: Vec<String> = services.chain(entries).collect();
        if !all.is_empty() {
            writeln!(text)?;
        }
        for line in all.iter().take(CHANGES_SHOWN) {
            writeln!(text, "{line}")?;
        }
        if all.len() > CHANGES_SHOWN {
            writeln!(text, "- … {} more; --json lists all", all.len() - CHANGES_SHOWN)?;
        }
        Ok(())
    }
}
