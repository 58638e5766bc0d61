//! CSV for people, who open it in a spreadsheet.
//!
//! - It begins with a byte-order mark, without which a spreadsheet takes it for another encoding.
//! - A text that would be taken for a formula is told as text, with an apostrophe before it (OWASP, «CSV Injection»); so is a
//!   text that would lose an apostrophe by reading it back. Numbers stand as they are.
//! - `as_text` and `as_typed` undo each other, so a file of ours comes back with the text it was written from.

use std::borrow::Cow;

/// Begins a file in UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What begins a formula, also in full width, and what spreadsheets drop before one.
const FORMULA_BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// Says that text follows.
const TEXT_MARK: char = '\'';

/// Whether a spreadsheet would take a text for a formula, or a reader for one that has the mark before it.
fn needs_mark(text: &str) -> bool {
    let bare = text.trim_start_matches(TEXT_MARK);
    let is_marked_number = bare.len() < text.len() && bare.starts_with(|c: char| c.is_ascii_alphanumeric());
    is_marked_number || bare.starts_with(FORMULA_BEGINS)
}

/// A text as a cell that no spreadsheet takes for a formula.
pub fn as_text(text: &str) -> Cow<'_, str> {
    if needs_mark(text) { Cow::Owned(format!("{TEXT_MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// What a cell says, without the mark of `as_text`, which people write before numbers too, and without the formula by which others
/// keep a spreadsheet from taking a text for a number: `="00123"`.
pub fn as_typed(cell: &str) -> &str {
    let quoted = || cell.trim().strip_prefix("=\"")?.strip_suffix('"').filter(|text| !text.contains('"'));
    match cell.strip_prefix(TEXT_MARK).filter(|_| needs_mark(cell)) {
        Some(text) => text,
        None => quoted().unwrap_or(cell),
    }
}

/// A cell to be written.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    /// Whatever somebody wrote, and names.
    Text(Cow<'a, str>),
    /// A number of ours.
    Number(i64),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A file being written, in memory.
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// An empty file.
    pub fn new() -> Self {
        Self(csv::WriterBuilder::new().flexible(true).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec()))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// None that memory does not have.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> csv::Result<()> {
        for cell in cells {
            match cell {
                Cell::Text(text) => self.0.write_field(as_text(&text).as_bytes())?,
                Cell::Number(number) => self.0.write_field(number.to_string())?,
            }
        }
        self.0.write_record(None::<&[u8]>)
    }

    /// The file.
    ///
    /// # Errors
    /// As [`Sheet::row`].
    pub fn bytes(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.into_inner().map_err(csv::IntoInnerError::into_error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_told_as_text_and_numbers_are_not() {
        let mut sheet = Sheet::new();
        let texts = ["=1+1", "+8619900000001", "-2", "@SUM(A1)", "\t=1", "＝1", "'=1", "甲-乙", "'甲'"];
        sheet.row(texts.map(Cell::from)).unwrap();
        sheet.row([Cell::from(-400_000), Cell::from("a,\"b\"")]).unwrap();
        let written = String::from_utf8(sheet.bytes().unwrap()).unwrap();
        assert_eq!(written, "\u{feff}'=1+1,'+8619900000001,'-2,'@SUM(A1),'\t=1,'＝1,''=1,甲-乙,'甲'\n-400000,\"a,\"\"b\"\"\"\n");
    }

    #[test]
    fn numbers_told_as_text_are_read() {
        for cell in ["'440499197401209700", "=\"440499197401209700\"", " =\"440499197401209700\" "] {
            assert_eq!(as_typed(cell), "440499197401209700", "{cell}");
        }
        for cell in ["'甲'", "=\"甲\"&\"乙\"", "=A1", "\"甲\""] {
            assert_eq!(as_typed(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "['=@+\\-\t＝a7甲\"]{0,6}") {
            let cell = as_text(&text);
            prop_assert!(!cell.starts_with(FORMULA_BEGINS), "{}", cell);
            prop_assert_eq!(as_typed(&cell), text.as_str());
        }
    }
}
