//! What became of the rows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::{Record, Table};
use crate::spreadsheet::{Cell, Sheet};

/// A sentence in two languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// What is wrong with a row: the field, the problem's name and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: &'static str,
    pub problem: &'static str,
    pub message: Message,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(field: &'static str, problem: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field, problem, message: Message { zh: zh.into(), en: en.into() } }
    }
}

/// What became of a good row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went in.
    Accepted,
    /// It went in and waits for a confirmation from above.
    Pending,
    /// It was there already.
    Unchanged,
}

/// A rejected row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The physical line; the heading is line 1.
    pub line: u64,
    /// The field, by its English name.
    pub field: &'static str,
    /// The problem's name.
    pub problem: &'static str,
    /// A sentence.
    pub message: Message,
}

/// Physical lines, each in one of these.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Of the headings, and of titles above them.
    pub heading: u64,
    /// With nothing in them, commas apart.
    pub blank: u64,
    /// Of rows at the end that are totals of the others.
    pub totals: u64,
    /// Of rows that went in.
    pub accepted: u64,
    /// Of rows that were there already.
    pub unchanged: u64,
    /// Of rejected rows.
    pub rejected: u64,
    /// Of rows that a fault kept from being tried, or from being known to be in.
    pub untried: u64,
}

/// What became of all rows.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Rows that went in, pending ones among them.
    pub accepted: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Accepted rows that wait for a confirmation from above.
    pub pending: u64,
    /// Rejected rows, by line.
    pub rejected: Vec<Rejected>,
    /// The file's physical lines.
    pub lines: Lines,
    /// A workbook's sheets that were not read.
    pub sheets_not_read: Vec<String>,
    /// Columns that were not read, by their headings.
    pub columns_not_read: Vec<String>,
}

impl Report {
    /// A report on a table of which no row was tried yet.
    pub fn of(table: &Table) -> Self {
        let untried = table.rows.iter().map(|record| record.lines).sum();
        let (heading, totals) = (table.heading_lines, table.total_lines);
        let blank = table.lines.saturating_sub(heading + totals + untried);
        let lines = Lines { heading, totals, blank, untried, ..Lines::default() };
        let (sheets_not_read, columns_not_read) = (table.sheets_not_read.clone(), table.columns_not_read.clone());
        Self { lines, sheets_not_read, columns_not_read, ..Self::default() }
    }

    /// Counts one row.
    pub fn add(&mut self, record: &Record, outcome: Result<Outcome, Problem>) {
        let lines = match &outcome {
            Ok(Outcome::Accepted | Outcome::Pending) => &mut self.lines.accepted,
            Ok(Outcome::Unchanged) => &mut self.lines.unchanged,
            Err(_) => &mut self.lines.rejected,
        };
        *lines += record.lines;
        self.lines.untried = self.lines.untried.saturating_sub(record.lines);
        match outcome {
            Ok(Outcome::Accepted) => self.accepted += 1,
            Ok(Outcome::Pending) => {
                self.accepted += 1;
                self.pending += 1;
            }
            Ok(Outcome::Unchanged) => self.unchanged += 1,
            Err(Problem { field, problem, message }) => self.rejected.push(Rejected { line: record.line, field, problem, message }),
        }
    }

    /// Puts the rejected rows in the file's order.
    pub fn sort(&mut self) {
        self.rejected.sort_by_key(|row| row.line);
    }

    /// For people: counts first, then each rejected row.
    pub fn text(&self, dry_run: bool) -> String {
        let mut text = String::new();
        if dry_run {
            text.push_str("dry run, nothing was changed / 试运行，未作任何更改\n");
        }
        let Self { accepted, unchanged, pending, rejected, lines, sheets_not_read, columns_not_read } = self;
        let count = rejected.len();
        text.push_str(&format!(
            "accepted {accepted} (of them pending {pending}), unchanged {unchanged}, rejected {count}\n\
             接受 {accepted}（其中待上级确认 {pending}），未变 {unchanged}，退回 {count}\n"
        ));
        if lines.blank > 0 {
            text.push_str(&format!("blank lines {0} / 空行 {0}\n", lines.blank));
        }
        if lines.totals > 0 {
            text.push_str(&format!("lines of totals, not read / 合计行，未读取\t{}\n", lines.totals));
        }
        for column in columns_not_read {
            text.push_str(&format!("column not read / 未读取的列\t{column}\n"));
        }
        for sheet in sheets_not_read {
            text.push_str(&format!("sheet not read / 未读取的工作表\t{sheet}\n"));
        }
        for Rejected { line, field, problem, message } in rejected {
            text.push_str(&format!("line {line}\t{field}\t{problem}\t{}\t{}\n", message.zh, message.en));
        }
        text
    }

    /// The rejected rows as CSV for people: the original cells, then what is wrong.
    ///
    /// # Errors
    /// Writing.
    pub fn rejected_rows(&self, table: &Table) -> anyhow::Result<Vec<u8>> {
        let problems: BTreeMap<u64, &Rejected> = self.rejected.iter().map(|row| (row.line, row)).collect();
        let mut sheet = Sheet::new();
        let notes = ["行 line", "字段 field", "问题 problem", "说明 message"].map(Cell::from);
        sheet.row(table.headings.iter().map(|heading| Cell::from(heading.as_str())).chain(notes))?;
        for record in &table.rows {
            let Some(rejected) = problems.get(&record.line) else { continue };
            // Cells beyond the headings stand in the last note, for their place is taken.
            let width = table.headings.len();
            let cell = |column: usize| record.cells.get(column).map_or("", String::as_str);
            let cells = (0..width).map(|column| Cell::from(cell(column)));
            let beyond = record.cells.get(width..).unwrap_or_default().join(",");
            let message = format!("{} {} {beyond}", rejected.message.zh, rejected.message.en);
            let notes =
                [record.line.to_string().into(), rejected.field.into(), rejected.problem.into(), message.trim_end().to_owned().into()];
            sheet.row(cells.chain(notes))?;
        }
        sheet.bytes()
    }
}
