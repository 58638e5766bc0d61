//! A file as a table: CSV in UTF-8 (with or without mark), UTF-16 with mark or GB18030, or the first sheet of an XLSX
//! workbook, with Chinese or English headings.

use std::io::Cursor;

use calamine::{Data, DataType, Reader, Xlsx};
use gongyi_domain::access::contact::normalised;

/// Largest file taken, in bytes.
const FILE_MAX_BYTES: usize = 256 * 1024 * 1024;
/// From here on a number in a workbook has lost digits.
const EXACT_NUMBER_MAX: f64 = 9_007_199_254_740_992.0;

/// A file that cannot be read as a table of this content.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Neither UTF-8 nor UTF-16 nor GB18030.
    #[error("the file is neither UTF-8 nor GB18030 / 文件编码既非 UTF-8 也非 GB18030")]
    Encoding,
    /// Not CSV.
    #[error("the file is not CSV / 文件不是 CSV: {0}")]
    Csv(#[from] csv::Error),
    /// Not a workbook.
    #[error("the workbook cannot be read / 无法读取工作簿: {0}")]
    Workbook(#[from] calamine::XlsxError),
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
    #[error("the file is larger than {FILE_MAX_BYTES} bytes / 文件过大")]
    TooLarge,
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

/// A file's rows.
pub struct Table {
    /// The headings as they stand in the file.
    pub headings: Vec<String>,
    /// The field of each column; `None` for columns that are not ours.
    columns: Vec<Option<&'static str>>,
    /// Physical line and cells as they stand in the file.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// One row.
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
    /// The physical line.
    pub line: u64,
}

impl Row<'_> {
    /// A field's cell, normalised; empty if the file lacks the column.
    pub fn cell(&self, field: &str) -> String {
        let column = self.table.columns.iter().position(|it| *it == Some(field));
        column.and_then(|column| self.cells.get(column)).map(|cell| normalised(cell)).unwrap_or_default()
    }

    /// Our fields in the file's column order, then those the file lacks.
    pub fn fields(&self, headings: &'static [Heading]) -> Vec<&'static str> {
        let mut fields: Vec<&'static str> = self.table.columns.iter().flatten().copied().collect();
        let missing = headings.iter().map(|heading| heading.field).filter(|field| !self.table.columns.contains(&Some(field)));
        fields.extend(missing);
        fields
    }
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(bytes: &[u8], headings: &'static [Heading]) -> Result<Self, Unreadable> {
        if bytes.len() > FILE_MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let mut lines = if bytes.starts_with(b"PK\x03\x04") { workbook(bytes)? } else { csv_lines(bytes)? };
        lines.retain(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
        if lines.is_empty() {
            return Err(Unreadable::Empty);
        }
        let (_, names) = lines.remove(0);
        let columns = columns(&names, headings)?;
        Ok(Self { headings: names, columns, rows: lines })
    }

    /// All rows below the heading.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, cells, line: *line })
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

fn csv_lines(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Unreadable> {
    // One kind of line end, because the reader counts lines by it.
    let text = decoded(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
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
        lines.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(lines)
}

fn workbook(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Unreadable> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let range = workbook.worksheet_range_at(0).ok_or(Unreadable::Empty)??;
    let Some((first, _)) = range.start() else { return Err(Unreadable::Empty) };
    let line = |row: usize| u64::from(first) + row as u64 + 1;
    Ok(range.rows().enumerate().map(|(row, cells)| (line(row), cells.iter().map(text).collect())).collect())
}

/// A workbook's cell as somebody would have typed it. A number too large to be exact keeps its exponent, so that an ID
/// number that lost digits is told as such and never taken for another.
fn text(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < EXACT_NUMBER_MAX => format!("{number:.0}"),
        Data::Float(number) if number.fract() == 0.0 => format!("{number:E}"),
        // Always with the time: midnight is a time too, and a day is read without it.
        Data::DateTime(_) | Data::DateTimeIso(_) => match cell.as_datetime() {
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => cell.to_string(),
        },
        other => other.to_string(),
    }
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
        table.rows().map(|row| (row.line, row.cell("name"), row.cell("idNumber"))).collect()
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
            let text = "姓名,证件号码\n\"张\n三\",1\n\n李四,2\n".replace('\n', end);
            let rows = cells(text.as_bytes());
            assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 5], "{end:?}");
        }
    }

    #[test]
    fn wrong_files_are_told_apart() {
        let read = |text: &[u8]| Table::read(text, HEADINGS).err().unwrap();
        assert!(matches!(read(b""), Unreadable::Empty));
        assert!(matches!(read("姓名\n张三".as_bytes()), Unreadable::HeadingsMissing(_)));
        assert!(matches!(read("姓名,name,证件号码\n".as_bytes()), Unreadable::HeadingTwice(_)));
        assert!(matches!(read(b"\xff\xff\xff"), Unreadable::Encoding));
        assert!(matches!(read(b"PK\x03\x04nonsense"), Unreadable::Workbook(_)));
    }

    #[test]
    fn a_number_that_lost_digits_keeps_its_exponent() {
        assert_eq!(text(&Data::Float(19_901_215_279.0)), "19901215279");
        assert_eq!(text(&Data::Float(440_499_197_401_209_700.0)), "4.404991974012097E17");
        assert_eq!(text(&Data::Float(1.5)), "1.5");
    }
}
