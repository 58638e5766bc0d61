//! A file as a table: CSV in UTF-8 (with or without mark), UTF-16 with mark or GB18030, or a sheet of an XLSX workbook, with
//! Chinese or English headings, below titles or not.
//!
//! - Every physical line is the heading's or a title's, blank, of totals at the end, or of exactly one row; or nothing of the file is
//!   taken.
//! - A quotation mark that is never closed, or that closes below what looks like another row, leaves one row: all that stands
//!   below the headings, with the line where the mark was opened.

use std::ops::Range;

use gongyi_domain::access::contact::normalised;

use super::{
    delimited::{self, Broken, Delimited, Opened},
    report::Problem,
    workbook::{self, SHEET_MAX_CELLS, UNPACKED_MAX_BYTES, Workbook},
};
use crate::spreadsheet::as_typed;

/// Most rows of titles and notes above the headings.
pub const TITLE_ROWS_MAX: usize = 20;
/// What the last rows begin with that are totals of the others.
const TOTALS: [&str; 8] = ["合计", "总计", "共计", "小计", "总数", "合计人数", "total", "totals"];

/// Whether a number may have so many digits.
type MayHave = fn(usize) -> bool;

/// Largest file taken, in bytes.
pub const FILE_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Fields that hold a number in every row, with the digits it has. By the first that a file has, a row is known where none is
/// expected.
const NUMBERS_DIGITS: [(&str, MayHave); 3] = [("idNumber", |digits| digits >= 15), ("code", is_area_code), ("area", is_area_code)];

/// Of what a file of rows has: the codes of provinces and cities are too short to be told from other numbers.
fn is_area_code(digits: usize) -> bool {
    matches!(digits, 6 | 9 | 12 | 15)
}

/// A file that cannot be read as a table of this content.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Neither UTF-8 nor UTF-16 nor GB18030.
    #[error("the file is neither UTF-8 nor GB18030 / 文件编码既非 UTF-8 也非 GB18030")]
    Encoding,
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
    /// No JSON of working days.
    #[error("the file is no JSON of working days / 文件不是工作日 JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// No sheet of the name asked for.
    #[error("there is no such sheet; the workbook has: {0} / 没有此工作表；工作簿中有：{0}")]
    NoSuchSheet(String),
    /// A sheet was asked for of a file that is no workbook.
    #[error("only a workbook has sheets / 只有工作簿才有工作表")]
    NoSheets,
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
    /// A quotation mark is opened here and not closed in this row.
    UnclosedQuote,
    /// A cell is merged over several columns.
    Merged,
    /// A formula came to nothing, `#REF!`.
    ErrorValue,
}

/// A file's rows.
#[derive(Default)]
pub struct Table {
    /// The headings as they stand in the file.
    pub headings: Vec<String>,
    /// The field of each column; `None` for columns that are not ours.
    columns: Vec<Option<&'static str>>,
    /// The rows below the headings that are not blank.
    pub rows: Vec<Record>,
    /// The line below the headings.
    first_line: u64,
    /// Physical lines that the headings take, and titles above them.
    pub heading_lines: u64,
    /// Physical lines of rows at the end that are totals of the others.
    pub total_lines: u64,
    /// Physical lines of the file.
    pub lines: u64,
    /// Columns that hold something and were not read: their headings, or their letters.
    pub columns_not_read: Vec<String>,
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
    /// A field's cell, normalised, a number without spaces in it; empty if the file lacks the column.
    pub fn cell(&self, field: &str) -> String {
        let column = self.table.columns.iter().position(|it| *it == Some(field));
        let cell = column.and_then(|column| self.record.cells.get(column)).map(|cell| normalised(cell)).unwrap_or_default();
        let is_number = NUMBERS_DIGITS.iter().any(|(number, _)| *number == field);
        if is_number { cell.split_whitespace().collect() } else { cell }
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
                (Damage::UnclosedQuote, fields) => {
                    let (zh, en) = (
                        "此处的引号没有闭合，文件未导入任何内容",
                        "A quotation mark is opened here and never closed; nothing of the file was taken",
                    );
                    return Some(Problem::new(fields.first().copied().unwrap_or("file"), "unclosed_quote", zh, en));
                }
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
    pub fn read(bytes: &[u8], headings: &'static [Heading], sheet: Option<&str>) -> Result<Self, Unreadable> {
        if bytes.len() as u64 > FILE_MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let Workbook { records, titles, lines, beyond, not_read } = workbook::read(bytes, sheet, |rows| heading_row(rows, headings))?;
            let mut table = Self::of(records, titles, lines, headings)?;
            table.columns_not_read.extend(beyond.into_iter().map(column_letters));
            return Ok(Self { sheets_not_read: not_read, ..table });
        }
        // The container of XLS and of workbooks with a password ([MS-CFB], 2.2).
        if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Err(Unreadable::OtherWorkbook);
        }
        if sheet.is_some() {
            return Err(Unreadable::NoSheets);
        }
        Self::delimited(delimited::read(&decoded(bytes)?), headings)
    }

    fn delimited(file: Delimited, headings: &'static [Heading]) -> Result<Self, Unreadable> {
        let Delimited { mut records, broken, unclosed, lines } = file;
        records.retain(|record| !record.is_blank());
        let first: Vec<_> = records.iter().take(TITLE_ROWS_MAX + 1).map(|record| record.cells.clone()).collect();
        let titles = if first.is_empty() { 0 } else { heading_row(&first, headings) };
        let title_lines = records.drain(..titles).map(|record| record.lines).sum();
        match (Self::of(records, title_lines, lines, headings), unclosed) {
            (Ok(table), unclosed) => {
                let swallowing = broken.into_iter().find(|broken| table.swallows_a_row(broken, headings)).map(|broken| broken.opened);
                Ok(match swallowing.or(unclosed) {
                    Some(opened) => table.unclosed(opened),
                    None => table,
                })
            }
            // The headings may be what the mark has swallowed.
            (Err(_), Some(opened)) => Ok(Self { lines, ..Self::default() }.unclosed(opened)),
            (Err(error), None) => Err(error),
        }
    }

    /// The headings are the first of the records, none of which is blank.
    fn of(mut records: Vec<Record>, title_lines: u64, lines: u64, headings: &'static [Heading]) -> Result<Self, Unreadable> {
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
        let is_filled = |column: usize| records.iter().any(|record| record.cells.get(column).is_some_and(|cell| !cell.trim().is_empty()));
        let not_ours = columns.iter().enumerate().filter(|(_, field)| field.is_none());
        let columns_not_read = not_ours.filter_map(|(column, _)| match heading.cells[column].trim() {
            "" => is_filled(column).then(|| column_letters(column)),
            name => Some(name.to_owned()),
        });
        let mut table = Self {
            columns_not_read: columns_not_read.collect(),
            first_line: heading.line + heading.lines,
            heading_lines: title_lines + heading.lines,
            headings: heading.cells,
            columns,
            rows: records,
            lines,
            ..Self::default()
        };
        while let Some(total) = table.rows.pop_if(|record| is_total(record, &table.columns, headings)) {
            table.total_lines += total.lines;
        }
        Ok(table)
    }

    /// Whether a cell with line breaks holds what looks like the rest of its row and the beginning of another: as many delimiters
    /// as a row has, and a number. Fewer would leave a row with more cells than headings, or without a required one.
    fn swallows_a_row(&self, broken: &Broken, headings: &'static [Heading]) -> bool {
        let is_needed = |field: &&str| headings.iter().any(|heading| heading.required && heading.field == *field);
        let delimiters_min = self.columns.iter().rposition(|field| field.as_ref().is_some_and(&is_needed)).unwrap_or_default();
        let has_number = |of: fn(usize) -> bool| normalised(&broken.text).split(|c: char| !c.is_ascii_digit()).any(|run| of(run.len()));
        let of_a_row = NUMBERS_DIGITS.iter().find(|(field, _)| self.columns.contains(&Some(*field)));
        let has_document = || self.columns.contains(&Some("idNumber")) && has_lettered_number(&normalised(&broken.text));
        broken.delimiters >= delimiters_min && of_a_row.is_some_and(|(_, of)| has_number(*of) || has_document())
    }

    /// The same file with nothing of it taken.
    fn unclosed(self, Opened { line, column, cells }: Opened) -> Self {
        // A mark that was opened in the headings has swallowed them.
        let heading_lines = if line < self.first_line { 0 } else { self.heading_lines };
        let damage = vec![(Damage::UnclosedQuote, column..column + 1)];
        let rows = vec![Record { line, lines: self.lines - heading_lines, cells, damage }];
        Self { rows, heading_lines, total_lines: 0, ..self }
    }

    /// All rows below the heading.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

/// Whether a text has the number of a permit or a passport: up to three letters, then seven digits or more.
fn has_lettered_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        (1..=3).contains(&(word.len() - number.len())) && number.bytes().take_while(u8::is_ascii_digit).count() >= 7
    })
}

/// Case, spaces, underscores and hyphens make no difference in a heading.
fn heading_key(name: &str) -> String {
    normalised(name).to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*')).collect()
}

/// The field that a column of this name is of.
fn field_of(name: &str, headings: &'static [Heading]) -> Option<&'static str> {
    let key = heading_key(name);
    let known = |heading: &&Heading| heading_key(heading.field) == key || heading.names.iter().any(|it| heading_key(it) == key);
    headings.iter().find(known).map(|heading| heading.field)
}

/// Which of the first rows holds the headings: the one with most names that are known, the first of several. What stands above it
/// are titles.
fn heading_row(rows: &[Vec<String>], headings: &'static [Heading]) -> usize {
    let known = |row: &Vec<String>| row.iter().filter(|name| field_of(name, headings).is_some()).count();
    (0..rows.len()).rev().max_by_key(|row| known(&rows[*row])).unwrap_or_default()
}

/// Whether a row is a total of the others: it begins with the word for one, and has not all that a row must have.
fn is_total(record: &Record, columns: &[Option<&'static str>], headings: &'static [Heading]) -> bool {
    let cell = |column: usize| record.cells.get(column).map_or("", |cell| cell.trim());
    let first = record.cells.iter().find(|cell| !cell.trim().is_empty());
    let word: String = first.map(|cell| normalised(cell).to_lowercase().split_whitespace().collect()).unwrap_or_default();
    let is_required = |field: &str| headings.iter().any(|heading| heading.required && heading.field == field);
    let lacks_one = (0..columns.len()).any(|column| columns[column].is_some_and(is_required) && cell(column).is_empty());
    TOTALS.contains(&word.trim_end_matches(':')) && lacks_one
}

/// A column's letters, as a spreadsheet shows them.
fn column_letters(column: usize) -> String {
    let mut letters = if column < 26 { String::new() } else { column_letters(column / 26 - 1) };
    letters.extend(char::from_u32(u32::from(b'A') + (column % 26) as u32));
    letters
}

fn columns(names: &[String], headings: &'static [Heading]) -> Result<Vec<Option<&'static str>>, Unreadable> {
    let columns: Vec<_> = names.iter().map(|name| field_of(name, headings)).collect();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADINGS: &[Heading] = &[
        Heading { field: "name", names: &["姓名"], required: true },
        Heading { field: "idNumber", names: &["证件号码"], required: true },
        Heading { field: "note", names: &["备注"], required: false },
    ];

    fn cells(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let table = Table::read(bytes, HEADINGS, None).unwrap();
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
            let table = Table::read(text.as_bytes(), HEADINGS, None).unwrap();
            let rows: Vec<_> = table.rows.iter().map(|record| (record.line, record.lines)).collect();
            assert_eq!((rows.as_slice(), table.heading_lines, table.lines), (&[(2, 2), (6, 1)][..], 1, 6), "{end:?}");
        }
    }

    /// Line, lines, field and problem of each row that is told as damaged.
    fn problems(text: &str) -> Vec<(u64, u64, &'static str, &'static str)> {
        let table = Table::read(text.as_bytes(), HEADINGS, None).unwrap();
        let told = table.rows().filter_map(|row| Some((row.record.line, row.record.lines, row.problem()?)));
        told.map(|(line, lines, problem)| (line, lines, problem.field, problem.problem)).collect()
    }

    #[test]
    fn of_a_file_with_an_unclosed_mark_nothing_is_left_but_where_it_was_opened() {
        let rows = "姓名,证件号码,备注\n张三,440499197401209700,\n李四,\"440499199007112192,\n王五,440499195902273605,\n";
        assert_eq!(problems(rows), [(3, 3, "idNumber", "unclosed_quote")]);
        let closed_elsewhere = "姓名,证件号码,备注\n张三,440499197401209700,\"甲\n李四,440499199007112192,乙\"\n王五,440499195902273605,\n";
        assert_eq!(problems(closed_elsewhere), [(2, 3, "note", "unclosed_quote")], "what it swallows is another row");
        let of_a_permit = "姓名,证件号码,备注\n张三,M12345678,\"甲\n李四,H1234567801,乙\"\n王五,P1234567A,\n";
        assert_eq!(problems(of_a_permit), [(2, 3, "note", "unclosed_quote")]);
        let in_the_headings = "姓名,证件号码,\"备注\n张三,440499197401209700,\n李四,440499199007112192,乙\"\n";
        assert_eq!(problems(in_the_headings), [(1, 3, "file", "unclosed_quote")], "headings are swallowed with rows");
        assert_eq!(problems("\"姓名,证件号码\n张三,1\n"), [(1, 2, "file", "unclosed_quote")]);
        let well_quoted = "备注,姓名,证件号码\n\"第一\n第二，2022\",张三,440499197401209700\n\"电话, 6123456\n\",李四,440499199007112192\n";
        assert_eq!(problems(well_quoted), [], "a number behind the cell is its own row's");
    }

    #[test]
    fn more_cells_than_headings_are_told_unless_they_are_empty() {
        assert_eq!(problems("姓名,证件号码\n张三,1,,\n李四,2,3\n"), [(3, 1, "idNumber", "too_many_cells")]);
    }

    #[test]
    fn wrong_files_are_told_apart() {
        let read = |text: &[u8]| Table::read(text, HEADINGS, None).err().unwrap();
        assert!(matches!(read(b""), Unreadable::Empty));
        assert!(matches!(read("姓名\n张三".as_bytes()), Unreadable::HeadingsMissing(_)));
        assert!(matches!(read("姓名,name,证件号码\n".as_bytes()), Unreadable::HeadingTwice(_)));
        assert!(matches!(read(b"\xff\xff\xff"), Unreadable::Encoding));
        assert!(matches!(read(b"PK\x03\x04nonsense"), Unreadable::NoWorkbook));
        assert!(matches!(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Unreadable::OtherWorkbook));
    }

    /// A file of ours as a text, with rows of one line and of several.
    fn file(rows: usize, end: &str) -> String {
        let row = |n: usize| match n % 4 {
            0 => format!("张{n},4404991974012{n:05},\"第一\n第二\"\n"),
            1 => format!("\"李,{n}\",4404991990071{n:05},\"学雷锋\"活动\n"),
            2 => format!("王{n},4404991959022{n:05},\n\n"),
            _ => format!("\"赵\"\"{n}\",4404991990060{n:05},甲\n"),
        };
        ("姓名,证件号码,备注\n".to_owned() + &(0..rows).map(row).collect::<String>()).replace('\n', end)
    }

    const CASES: u32 = 2_000;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        /// Whatever a file has suffered: every line is the heading's, blank, or of one row, or nothing is taken; and no row
        /// holds the number of another.
        #[test]
        fn every_line_of_a_damaged_file_is_counted_once(
            rows in 1..12_usize,
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            damage in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(b"\",;\t\r\n 1'=\0".to_vec())), 1..6),
        ) {
            let mut text: Vec<char> = file(rows, end).chars().collect();
            for (place, kind, byte) in damage {
                let place = place.index(text.len());
                match kind {
                    0 => text.insert(place, char::from(byte)),
                    1 => text[place] = char::from(byte),
                    _ => drop(text.remove(place)),
                }
            }
            let text: String = text.into_iter().collect();
            let Ok(table) = Table::read(text.as_bytes(), HEADINGS, None) else { return Ok(()) };
            prop_assert_eq!(table.lines, delimited::lines(&text));
            if table.rows().any(|row| row.problem().is_some_and(|it| it.problem == "unclosed_quote")) {
                prop_assert_eq!(table.rows.len(), 1);
                prop_assert_eq!(table.heading_lines + table.rows[0].lines, table.lines);
                return Ok(());
            }
            let spans: Vec<_> = table.rows.iter().map(|record| (record.line, record.line + record.lines)).collect();
            prop_assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{:?}", spans);
            prop_assert!(spans.last().is_none_or(|(_, end)| *end <= table.lines + 1));
            prop_assert!(table.heading_lines + table.rows.iter().map(|record| record.lines).sum::<u64>() <= table.lines);
        }

        /// Marks alone, however many: no row that is taken holds the number of another.
        #[test]
        fn no_mark_brings_two_people_into_one_row(
            rows in 1..12_usize,
            marks in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
            removed in any::<Option<prop::sample::Index>>(),
        ) {
            let mut text: Vec<char> = file(rows, "\n").chars().collect();
            for place in marks {
                text.insert(place.index(text.len()), '"');
            }
            if let Some(place) = removed {
                let places: Vec<usize> = text.iter().enumerate().filter(|(_, c)| **c == '"').map(|(place, _)| place).collect();
                text.remove(places[place.index(places.len())]);
            }
            let text: String = text.into_iter().collect();
            let Ok(table) = Table::read(text.as_bytes(), HEADINGS, None) else { return Ok(()) };
            for row in table.rows().filter(|row| row.problem().is_none()) {
                let numbers = row.record.cells.iter().map(|cell| cell.matches("4404991").count()).sum::<usize>();
                prop_assert!(numbers < 2, "{:?} of {:?}", row.record, text);
            }
        }

        #[test]
        fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[姓名证件号码,;\t\"\r\n1 ]{0,80}") {
            for bytes in [bytes.as_slice(), text.as_bytes(), format!("姓名,证件号码\n{text}").as_bytes()] {
                if let Ok(table) = Table::read(bytes, HEADINGS, None) {
                    prop_assert!(table.rows().all(|row| row.record.lines > 0));
                }
            }
        }
    }
}
