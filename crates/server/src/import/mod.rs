//! `gongyi import`: a file of rows, each through the command path. Good rows go in, each bad one is told with its line,
//! field, problem and a sentence.
//!
//! - Every physical line of the file is counted once: as heading, blank, total, or with the row it is of.
//! - One problem a row, the first in this order: the row's shape (unclosed_quote, merged, too_many_cells), cells in column
//!   order (missing, format, checksum, date, unknown, future), then what needs other rows (duplicate, overlap), then consent.
//! - A row equal to one imported before is unchanged. A rejected row claims nothing.
//! - Rows about the same person or thing are taken in the file's order, others at the same time.

mod areas;
mod cells;
mod delimited;
mod hours;
mod organisations;
mod report;
mod table;
pub mod template;
mod volunteers;
mod workbook;
mod working_days;

use std::{
    collections::HashMap,
    fs::File,
    hash::Hash,
    io::Read,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use futures::{StreamExt, stream};
use gongyi_app::{App, Done, Rejection, Request, rejection::causes};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope},
    values::{AreaCode, Day, OrganisationId, VolunteerId},
};
use indicatif::ProgressBar;
use tempfile::TempDir;

use crate::{
    folder::{self, NewFile},
    output,
    platform::Platform,
    progress,
    settings::{Content, Import},
};
use report::{Outcome, Problem, Report};
use table::{FILE_MAX_BYTES, Row};
pub use table::{Table, Unreadable};

/// Rows under way at once.
const ROWS_AT_ONCE_MAX: usize = 64;

/// Runs `gongyi import`.
///
/// # Errors
/// An unreadable file, a held folder. Rejected rows are no error; after a fault the report tells what went in before it.
pub async fn run(args: &Import) -> anyhow::Result<ExitCode> {
    let mut bytes = vec![];
    // A byte more than is taken tells that there is more.
    let read = File::open(&args.file).and_then(|file| file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes));
    read.with_context(|| args.file.display().to_string())?;
    let Some(content) = args.content.rows() else { return working_days::run(args, &bytes).await };
    let table = Table::read(&bytes, headings(content), args.sheet.as_deref())?;
    let data = &args.folder.data;
    let lock = folder::lock(data, "import")?;
    let rejected = args.rejected.as_deref().map(|path| NewFile::create(path, data)).transpose()?;
    let (platform, _trial) = opened(args).await?;
    let bar = progress::bar(table.rows.len() as u64, "import");
    let (report, fault) = import(platform.app(), content, &table, &bar).await;
    bar.finish_and_clear();
    platform.close().await;
    drop(lock);

    if let Some(file) = rejected {
        file.keep(&report.rejected_rows(&table)?)?;
    }
    if args.json {
        output::print_line(&serde_json::to_string(&report)?)?;
    } else {
        output::print(&report.text(args.dry_run))?;
    }
    if let Some(fault) = fault {
        let left = (table.rows.len() as u64).saturating_sub(report.accepted + report.unchanged + report.rejected.len() as u64);
        eprintln!("gongyi: {}", causes(&fault));
        eprintln!("gongyi: {left} rows are not known to be in; import the same file again, it takes what is missing");
        eprintln!("gongyi: 有 {left} 行未能确认导入；请重新导入同一文件，只会补上缺少的行");
        let storage = matches!(&fault, Rejection::Fault(fault) if fault.is_storage());
        return Ok(ExitCode::from(if storage { 74 } else { 70 }));
    }
    // Wrong input: a row of it, for who asked so; else a file of which no row is in.
    let is_in = report.accepted + report.unchanged > 0;
    let failed = !report.rejected.is_empty() && (args.strict || !is_in);
    Ok(if failed { ExitCode::from(65) } else { ExitCode::SUCCESS })
}

/// The platform of the data folder, which the caller has locked; with `--dry-run` of a copy, which goes with the second value.
async fn opened(args: &Import) -> anyhow::Result<(Platform, Option<TempDir>)> {
    let (data, zone) = (&args.folder.data, args.folder.zone()?);
    if !args.dry_run {
        return Ok((Platform::open(data, zone).await?, None));
    }
    let trial = folder::trial_copy(data)?;
    Ok((Platform::open_trial(trial.path(), data, zone).await?, Some(trial)))
}

/// The columns of a content.
pub fn headings(content: Content) -> &'static [table::Heading] {
    match content {
        Content::Areas => areas::HEADINGS,
        Content::Organisations => organisations::HEADINGS,
        Content::Volunteers => volunteers::HEADINGS,
        Content::Hours => hours::HEADINGS,
    }
}

/// Imports a table, up to a fault if there is one: the report tells what went in before it.
pub async fn import(app: &App, content: Content, table: &Table, bar: &ProgressBar) -> (Report, Option<Rejection>) {
    let operator = Actor::Operator(Grant { role: Role::Operator, scope: Scope::Everywhere });
    let importer = Importer { app, operator, areas: Known::default(), organisations: Known::default(), volunteers: Known::default() };
    match content {
        Content::Areas => importer.all(table, bar, areas::key, areas::import).await,
        Content::Organisations => importer.all(table, bar, organisations::key, organisations::import).await,
        Content::Volunteers => importer.all(table, bar, volunteers::key, volunteers::import).await,
        Content::Hours => importer.all(table, bar, hours::key, hours::import).await,
    }
}

/// What a row's import needs.
pub struct Importer<'a> {
    app: &'a App,
    operator: Actor,
    areas: Known<AreaCode, ()>,
    organisations: Known<String, OrganisationId>,
    volunteers: Known<String, VolunteerId>,
}

/// What rows before have found. It stays: nobody else works in the folder meanwhile, and no row takes away what it finds. What was
/// not found is looked for again, for a row may make it.
struct Known<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Copy> Known<K, V> {
    async fn or<F>(&self, key: K, look: impl FnOnce() -> F) -> Result<Option<V>, Rejection>
    where
        F: Future<Output = Result<Option<V>, Rejection>>,
    {
        let known = |of: &Self| of.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(found) = known(self) {
            return Ok(Some(found));
        }
        let found = look().await?;
        if let Some(found) = found {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found);
        }
        Ok(found)
    }
}

impl Importer<'_> {
    /// Sends a row's command under the id made of the row; `repeat` tells that an equal row came earlier in this file.
    async fn send<C: gongyi_app::Command>(&self, command: &C, seen: &mut Seen) -> Result<Sent<C::Answer>, Rejection> {
        let command_id = self.app.row_command_id(command)?;
        if seen.contains(&command_id) {
            return Ok(Sent::Repeat);
        }
        let request = Request { command_id, correlation: command_id, ..self.app.request(self.operator.clone()) };
        let done = self.app.submit(&request, command).await?;
        seen.push(command_id);
        Ok(Sent::Done(done))
    }

    /// A listed area.
    async fn area(&self, field: &'static str, cell: &str) -> Result<Result<AreaCode, Problem>, Rejection> {
        let code = match cells::area(field, cell) {
            Ok(code) => code,
            Err(problem) => return Ok(Err(problem)),
        };
        let look = || async { Ok(self.app.area_is_listed(&code).await?.then_some(())) };
        let listed = self.areas.or(code.clone(), look).await?.is_some();
        Ok(if listed { Ok(code) } else { Err(cells::unknown(field, "没有此区域", "There is no such area")) })
    }

    /// An organisation, by name.
    async fn organisation(&self, field: &'static str, cell: &str) -> Result<Result<OrganisationId, Problem>, Rejection> {
        if let Err(problem) = cells::present(field, cell) {
            return Ok(Err(problem));
        }
        let found = self.organisations.or(cell.to_owned(), || self.app.organisation_by_name(cell)).await?;
        Ok(found.ok_or_else(|| cells::unknown(field, "没有此组织", "There is no such organisation")))
    }

    /// The registered volunteer whose identity document a row names.
    async fn volunteer(&self, row: &Row<'_>, today: Day) -> Result<Result<VolunteerId, Problem>, Rejection> {
        let document = match cells::document(row, today) {
            Ok(document) => document,
            Err(problem) => return Ok(Err(problem)),
        };
        let found = self.volunteers.or(document.claim(), || self.app.volunteer_by_document(&document)).await?;
        Ok(found.ok_or_else(|| cells::unknown("idNumber", "没有此证件号码的志愿者", "No volunteer has this ID number")))
    }

    /// Imports rows grouped by `key`: within a group one after the other, groups at the same time.
    async fn all<F>(&self, table: &Table, bar: &ProgressBar, key: fn(&Row<'_>) -> String, import: F) -> (Report, Option<Rejection>)
    where
        F: AsyncFn(&Self, &Row<'_>, &mut Seen) -> Result<Result<Outcome, Problem>, Rejection>,
    {
        let mut groups: Vec<Vec<Row<'_>>> = vec![];
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in table.rows() {
            let place = *places.entry(key(&row)).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        let import = &import;
        // After a fault nothing new is begun; what is under way is waited for, so that the report counts it.
        let stopped = &AtomicBool::new(false);
        let results = stream::iter(groups).map(|group| async move {
            let mut seen = Seen::default();
            let mut outcomes = Vec::with_capacity(group.len());
            for row in group {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let outcome = match row.problem() {
                    Some(problem) => Ok(Err(problem)),
                    None => import(self, &row, &mut seen).await,
                };
                match outcome {
                    Ok(outcome) => outcomes.push((row.record, outcome)),
                    Err(fault) => {
                        stopped.store(true, Ordering::Relaxed);
                        return (outcomes, Some(fault));
                    }
                }
                bar.inc(1);
            }
            (outcomes, None)
        });
        let mut results = results.buffer_unordered(ROWS_AT_ONCE_MAX);
        let (mut report, mut first_fault) = (Report::of(table), None);
        while let Some((outcomes, fault)) = results.next().await {
            for (record, outcome) in outcomes {
                report.add(record, outcome);
            }
            first_fault = first_fault.or(fault);
        }
        report.sort();
        (report, first_fault)
    }
}

/// Commands of rows already taken in this run, within one group.
type Seen = Vec<uuid::Uuid>;

/// What became of a row's command.
enum Sent<T> {
    /// Done, now or in an earlier run.
    Done(Done<T>),
    /// An equal row stands earlier in this file.
    Repeat,
}
