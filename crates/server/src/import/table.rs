//! A file as a table: CSV in UTF-8 (with or without mark), UTF-16 with mark or GB18030, or the first sheet of an XLSX
//! workbook, with Chinese or English headings.
//!
//! - Every physical line is the heading's, blank, or of exactly one row.

use std::ops::Range;

use gongyi_domain::access::contact::normalised;

use super::{
    report::Problem,
    workbook::{self, SHEET_MAX_CELLS, UNPACKED_MAX_BYTES, Workbook},
};
use crate::spreadsheet::as_typed;

/// Largest file taken, in bytes.
pub const FILE_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// A file that cannot be read as a table of this content.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Neither UTF-8 nor UTF-16 nor GB18030.
    #[error("the file is neither UTF-8 nor GB18030 / 文件编码既非 UTF-8 也非 GB18030")]
    Encoding,
    /// Not CSV.
    #[error("the file is not CSV / 文件不是 CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A workbook that the reader of workbooks does not take.
    #[error("the workbook cannot be read / 无法读取工作簿: {0}")]
    Workbook(#[from] calamine::XlsxError),
    /// An archive that is no workbook, or says impossible things of itself.
    #[error("the workbook cannot be read, it is damaged / 工作簿已损坏，无法读取")]
    NoWorkbook,
    /// An XLS, an encrypted workbook, an ODS.
    #[error(
        "this kind of workbook is not read; save it as XLSX without a password, or as CSV / 不支持此种工作簿，请另存为无密码的 XLSX 或 CSV"
    )]
    OtherWorkbook,
    /// No heading line.
    #[error("the file is empty / 文件为空")]
    Empty,
    /// Headings are missing.
    #[error("headings are missing: {0} / 缺少列: {0}")]
    HeadingsMissing(String),
    /// A heading stands twice.
    #[error("a heading stands twice: {0} / 列重复: {0}")]
    HeadingTwice(String),
    /// Too large.
    #[error("the file is larger than {FILE_MAX_BYTES} bytes / 文件大于 {FILE_MAX_BYTES} 字节")]
    TooLarge,
    /// Too large unpacked.
    #[error(
        "the workbook is too large: it unpacks to more than {UNPACKED_MAX_BYTES} bytes / 工作簿过大：解压后大于 {UNPACKED_MAX_BYTES} 字节"
    )]
    UnpackedTooLarge,
    /// The sheet spans too much.
    #[error(
        "the sheet is too large: it spans more than {SHEET_MAX_CELLS} cells; delete what lies outside the table, or save it as CSV / 工作表过大：范围超过 {SHEET_MAX_CELLS} 个单元格；请删除表格以外的内容，或另存为 CSV"
    )]
    SheetTooLarge,
}

/// A column: its field, the headings it goes by, and whether a file may lack it.
pub struct Heading {
    /// The field's English name, as reported.
    pub field: &'static str,
    /// Other headings, Chinese and English.
    pub names: &'static [&'static str],
    /// The file must have it.
    pub required: bool,
}

/// A row as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The physical line it begins on; the file's first is 1.
    pub line: u64,
    /// How many physical lines it takes.
    pub lines: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// What is wrong with cells of it, by the columns.
    pub damage: Vec<(Damage, Range<usize>)>,
}

impl Record {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// What can be wrong with a row before anybody looks at what its cells say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A cell is merged over several columns.
    Merged,
    /// A formula came to nothing, `#REF!`.
    ErrorValue,
}

/// A file's rows.
pub struct Table {
    /// The headings as they stand in the file.
    pub headings: Vec<String>,
    /// The field of each column; `None` for columns that are not ours.
    columns: Vec<Option<&'static str>>,
    /// The rows below the headings that are not blank.
    pub rows: Vec<Record>,
    /// Physical lines that the headings take.
    pub heading_lines: u64,
    /// Physical lines of the file.
    pub lines: u64,
    /// Names of a workbook's sheets that were not read.
    pub sheets_not_read: Vec<String>,
}

/// One row.
pub struct Row<'a> {
    table: &'a Table,
    /// As it stands in the file.
    pub record: &'a Record,
}

impl Row<'_> {
    /// A field's cell, normalised; empty if the file lacks the column.
    pub fn cell(&self, field: &str) -> String {
        let column = self.table.columns.iter().position(|it| *it == Some(field));
        column.and_then(|column| self.record.cells.get(column)).map(|cell| normalised(cell)).unwrap_or_default()
    }

    /// Our fields in the file's column order, then those the file lacks.
    pub fn fields(&self, headings: &'static [Heading]) -> Vec<&'static str> {
        let mut fields: Vec<&'static str> = self.table.columns.iter().flatten().copied().collect();
        let missing = headings.iter().map(|heading| heading.field).filter(|field| !self.table.columns.contains(&Some(field)));
        fields.extend(missing);
        fields
    }

    /// What is wrong with it as a row, whatever its cells say.
    pub fn problem(&self) -> Option<Problem> {
        let columns = &self.table.columns;
        let ours = |range: &Range<usize>| columns.iter().take(range.end).skip(range.start).flatten().copied().collect::<Vec<_>>();
        for (damage, range) in &self.record.damage {
            let fields = ours(range);
            match (damage, fields.as_slice()) {
                (Damage::Merged, &[_, field, ..]) => {
                    let (zh, en) = (
                        "合并单元格横跨多列，无法判断属于哪一列",
                        "A merged cell spans several columns; it cannot be told which it is for",
                    );
                    return Some(Problem::new(field, "merged", zh, en));
                }
                (Damage::ErrorValue, &[field, ..]) => {
                    return Some(Problem::new(field, "format", "单元格是公式的错误值", "The cell is the error of a formula"));
                }
                (Damage::Merged | Damage::ErrorValue, _) => {}
            }
        }
        let beyond = self.record.cells.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty());
        beyond.then(|| {
            let (zh, en) = (
                "单元格比标题多；内容含有分隔符的单元格须加引号",
                "There are more cells than headings; a cell with a delimiter in it needs quotation marks",
            );
            Problem::new(columns.iter().rev().flatten().next().copied().unwrap_or("file"), "too_many_cells", zh, en)
        })
    }
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(bytes: &[u8], headings: &'static [Heading]) -> Result<Self, Unreadable> {
        if bytes.len() as u64 > FILE_MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let Workbook { records, lines, not_read } = workbook::read(bytes)?;
            let table = Self::of(records, lines, headings)?;
            return Ok(Self { sheets_not_read: not_read, ..table });
        }
        // The container of XLS and of workbooks with a password ([MS-CFB], 2.2).
        if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Err(Unreadable::OtherWorkbook);
        }
        let text = decoded(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
        Self::of(csv_records(&text)?, text.lines().count() as u64, headings)
    }

    /// The headings are the first record that is not blank.
    fn of(mut records: Vec<Record>, lines: u64, headings: &'static [Heading]) -> Result<Self, Unreadable> {
        records.retain(|record| !record.is_blank());
        if records.is_empty() {
            return Err(Unreadable::Empty);
        }
        let heading = records.remove(0);
        for cell in records.iter_mut().flat_map(|record| &mut record.cells) {
            if as_typed(cell).len() < cell.len() {
                *cell = as_typed(cell).to_owned();
            }
        }
        let columns = columns(&heading.cells, headings)?;
        let Record { lines: heading_lines, cells: headings, .. } = heading;
        Ok(Self { headings, columns, rows: records, heading_lines, lines, sheets_not_read: vec![] })
    }

    /// All rows below the heading.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

/// Case, spaces, underscores and hyphens make no difference in a heading.
fn heading_key(name: &str) -> String {
    normalised(name).to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*')).collect()
}

fn columns(names: &[String], headings: &'static [Heading]) -> Result<Vec<Option<&'static str>>, Unreadable> {
    let field = |name: &String| {
        let key = heading_key(name);
        let known = |heading: &&Heading| heading_key(heading.field) == key || heading.names.iter().any(|it| heading_key(it) == key);
        headings.iter().find(known).map(|heading| heading.field)
    };
    let columns: Vec<_> = names.iter().map(field).collect();
    for heading in headings {
        match columns.iter().filter(|it| **it == Some(heading.field)).count() {
            0 if heading.required => {}
            0 | 1 => continue,
            _ => return Err(Unreadable::HeadingTwice(heading.field.to_owned())),
        }
    }
    let missing = headings.iter().filter(|heading| heading.required && !columns.contains(&Some(heading.field)));
    let missing: Vec<_> = missing.map(|heading| format!("{} ({})", heading.field, heading.names.first().unwrap_or(&""))).collect();
    if missing.is_empty() { Ok(columns) } else { Err(Unreadable::HeadingsMissing(missing.join(", "))) }
}

fn decoded(bytes: &[u8]) -> Result<String, Unreadable> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, failed) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return if failed { Err(Unreadable::Encoding) } else { Ok(text.into_owned()) };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| text.into_owned()).ok_or(Unreadable::Encoding)
}

/// The records of a text whose lines end in one way, because the reader counts lines by it.
fn csv_records(text: &str) -> Result<Vec<Record>, Unreadable> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(|it| (first.bytes().filter(|byte| byte == it).count(), *it == b','));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter.unwrap_or(b',')).from_reader(text.as_bytes());
    let mut lines = vec![];
    for record in reader.records() {
        let record = record?;
        // A record's position counts from the end of the one before: the blank lines between belong to neither.
        let (byte, line) = record.position().map_or((0, 0), |at| (at.byte() as usize, at.line()));
        let blank = text.as_bytes()[byte..].iter().take_while(|byte| **byte == b'\n').count();
        let line = line + blank as u64;
        let breaks = record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        lines.push(Record { line, lines: breaks + 1, cells: record.iter().map(str::to_owned).collect(), damage: vec![] });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: &[Heading] = &[
        Heading { field: "name", names: &["姓名"], required: true },
        Heading { field: "idNumber", names: &["证件号码"], required: true },
        Heading { field: "note", names: &["备注"], required: false },
    ];

    fn cells(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let table = Table::read(bytes, HEADINGS).unwrap();
        table.rows().map(|row| (row.record.line, row.cell("name"), row.cell("idNumber"))).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_rows() {
        let text = "姓名,证件号码\r\n\r\n张三, １２ \r\n";
        let want = vec![(3, "张三".to_owned(), "12".to_owned())];
        assert_eq!(cells(text.as_bytes()), want);
        assert_eq!(cells(format!("\u{feff}{text}").as_bytes()), want);
        assert_eq!(cells(&encoding_rs::GB18030.encode(text).0), want);
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(cells(&utf16), want);
        assert_eq!(cells("ID_number\tName\n12\t张三".as_bytes()), vec![(2, "张三".to_owned(), "12".to_owned())]);
    }

    #[test]
    fn lines_are_physical() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "姓名,证件号码\n\"张\n三\",1\n\n,\n李四,2\n".replace('\n', end);
            let table = Table::read(text.as_bytes(), HEADINGS).unwrap();
            let rows: Vec<_> = table.rows.iter().map(|record| (record.line, record.lines)).collect();
            assert_eq!((rows.as_slice(), table.heading_lines, table.lines), (&[(2, 2), (6, 1)][..], 1, 6), "{end:?}");
        }
    }

    /// Line, lines, field and problem of each row that is told as damaged.
    fn problems(text: &str) -> Vec<(u64, u64, &'static str, &'static str)> {
        let table = Table::read(text.as_bytes(), HEADINGS).unwrap();
        let told = table.rows().filter_map(|row| Some((row.record.line, row.record.lines, row.problem()?)));
        told.map(|(line, lines, problem)| (line, lines, problem.field, problem.problem)).collect()
    }

    #[test]
    fn more_cells_than_headings_are_told_unless_they_are_empty() {
        assert_eq!(problems("姓名,证件号码\n张三,1,,\n李四,2,3\n"), [(3, 1, "idNumber", "too_many_cells")]);
    }

    #[test]
    fn wrong_files_are_told_apart() {
        let read = |text: &[u8]| Table::read(text, HEADINGS).err().unwrap();
        assert!(matches!(read(b""), Unreadable::Empty));
        assert!(matches!(read("姓名\n张三".as_bytes()), Unreadable::HeadingsMissing(_)));
        assert!(matches!(read("姓名,name,证件号码\n".as_bytes()), Unreadable::HeadingTwice(_)));
        assert!(matches!(read(b"\xff\xff\xff"), Unreadable::Encoding));
        assert!(matches!(read(b"PK\x03\x04nonsense"), Unreadable::NoWorkbook));
        assert!(matches!(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Unreadable::OtherWorkbook));
    }
}
