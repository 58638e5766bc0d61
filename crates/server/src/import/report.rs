//! What became of the rows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::Table;

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

/// What became of all rows.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Rows that went in, pending ones among them.
    pub accepted: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Accepted rows that wait for a confirmation from above.
    pub pending: u64,
    /// Rejected rows, by line.
    pub rejected: Vec<Rejected>,
}

impl Report {
    /// Counts one row.
    pub fn add(&mut self, line: u64, outcome: Result<Outcome, Problem>) {
        match outcome {
            Ok(Outcome::Accepted) => self.accepted += 1,
            Ok(Outcome::Pending) => {
                self.accepted += 1;
                self.pending += 1;
            }
            Ok(Outcome::Unchanged) => self.unchanged += 1,
            Err(Problem { field, problem, message }) => self.rejected.push(Rejected { line, field, problem, message }),
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
        text.push_str(&format!(
            "accepted {} (of them pending {}), unchanged {}, rejected {}\n接受 {}（其中待上级确认 {}），未变 {}，退回 {}\n",
            self.accepted,
            self.pending,
            self.unchanged,
            self.rejected.len(),
            self.accepted,
            self.pending,
            self.unchanged,
            self.rejected.len()
        ));
        for Rejected { line, field, problem, message } in &self.rejected {
            text.push_str(&format!("line {line}\t{field}\t{problem}\t{}\t{}\n", message.zh, message.en));
        }
        text
    }

    /// The rejected rows as CSV in UTF-8 with mark: the original cells, then what is wrong.
    ///
    /// # Errors
    /// Writing.
    pub fn rejected_rows(&self, table: &Table) -> anyhow::Result<Vec<u8>> {
        let problems: BTreeMap<u64, &Rejected> = self.rejected.iter().map(|row| (row.line, row)).collect();
        let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let notes = ["行 line", "字段 field", "问题 problem", "说明 message"];
        writer.write_record(table.headings.iter().map(String::as_str).chain(notes))?;
        for (line, cells) in &table.rows {
            let Some(rejected) = problems.get(line) else { continue };
            let width = table.headings.len();
            let cells = (0..width).map(|column| cells.get(column).map_or("", String::as_str));
            let message = format!("{} {}", rejected.message.zh, rejected.message.en);
            let line = line.to_string();
            writer.write_record(cells.chain([line.as_str(), rejected.field, rejected.problem, message.as_str()]))?;
        }
        Ok(writer.into_inner().map_err(|error| error.into_error())?)
    }
}
