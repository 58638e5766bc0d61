//! XLSX: the first sheet that is seen, or the one asked for, as records.
//!
//! - Nothing of it is read before its size is known: what its parts unpack to, and how many cells the sheets say they span.
//! - A merged cell counts for each row it spans; one that spans several of our columns is told, for it cannot be known which
//!   of them is meant.
//! - The other sheets are named, so that they can be told as not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

use calamine::{Data, DataType, Dimensions, Reader, SheetType, SheetVisible, Xlsx};
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::table::{Damage, Record, TITLE_ROWS_MAX, Unreadable};

/// Most that a workbook's parts unpack to, and most text of its cells, in bytes.
pub const UNPACKED_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Most cells that a sheet spans, empty ones counted: all rows that a sheet can have, by 19 columns.
pub const SHEET_MAX_CELLS: u64 = 20_000_000;
/// Columns that a sheet can have (Excel's specification); rows it can have.
const COLUMNS_MAX: u64 = 16_384;
const ROWS_MAX: u64 = 1_048_576;
/// From here on a number in a workbook has lost digits.
const EXACT_NUMBER_MAX: f64 = 9_007_199_254_740_992.0;
/// Days after 1899-12-30 that a spreadsheet knows: up to 9999-12-31.
const SERIAL_DAYS_MAX: f64 = 2_958_466.0;

/// A sheet's records.
#[derive(Debug, Default)]
pub struct Workbook {
    /// The headings, then the rows below them that are not blank, by line.
    pub records: Vec<Record>,
    /// Rows above the headings that are not blank.
    pub titles: u64,
    /// Rows down to the last that is not blank.
    pub lines: u64,
    /// Columns to the right of the headings that hold something, from 0.
    pub beyond: BTreeSet<usize>,
    /// Names of the sheets that are not read, a note behind those that are hidden.
    pub not_read: Vec<String>,
}

/// Reads a workbook's sheet of this name, or the first that is seen; `heading_row` tells which of its first rows holds the headings.
///
/// # Errors
/// No workbook, one that is too large, one without a sheet.
pub fn read(bytes: &[u8], name: Option<&str>, heading_row: impl Fn(&[Vec<String>]) -> usize) -> Result<Workbook, Unreadable> {
    check(bytes, UNPACKED_MAX_BYTES)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let mut sheets = workbook.sheets_metadata().to_vec();
    sheets.retain(|sheet| sheet.typ == SheetType::WorkSheet);
    let first = || sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(sheets.first()).ok_or(Unreadable::Empty);
    let sheet = match name {
        Some(name) => sheets.iter().find(|sheet| sheet.name.trim() == name.trim()).ok_or_else(|| {
            let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
            Unreadable::NoSuchSheet(names.join(", "))
        })?,
        None => first()?,
    };
    let name = sheet.name.clone();
    let others = workbook.sheets_metadata().iter().filter(|sheet| sheet.name != name);
    let not_read = others.map(|sheet| match sheet.visible {
        SheetVisible::Visible => sheet.name.clone(),
        SheetVisible::Hidden | SheetVisible::VeryHidden => format!("{} (隐藏 hidden)", sheet.name),
    });
    let not_read = not_read.collect();
    let merged = workbook.merge_cells_by_sheet_name(&name)?;
    let cells = cells(&mut workbook, &name)?;
    let lines = cells.keys().last().map_or(0, |row| u64::from(*row) + 1);
    let first_rows = first_rows(&cells, &merged);
    let texts: Vec<_> = first_rows.iter().map(|(_, texts)| texts.clone()).collect();
    let titles = if texts.is_empty() { 0 } else { heading_row(&texts) };
    let Some((heading, headings)) = first_rows.into_iter().nth(titles) else {
        return Ok(Workbook { lines, not_read, ..Workbook::default() });
    };
    let cells: Cells = cells.into_iter().skip(titles).collect();
    let is_beyond = |column: &&u32| **column as usize >= headings.len();
    let beyond = cells.values().flat_map(|row| row.keys().filter(is_beyond)).map(|column| *column as usize).collect();
    Ok(Workbook { records: records((heading, headings), cells, &merged)?, titles: titles as u64, lines, beyond, not_read })
}

/// What is typed in the cells of each row that is not blank, by column.
type Cells = BTreeMap<u32, BTreeMap<u32, (String, bool)>>;

fn cells(workbook: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<Cells, Unreadable> {
    let mut reader = workbook.worksheet_cells_reader(sheet)?;
    let (mut cells, mut size) = (Cells::new(), 0);
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        let value = Data::from(cell.get_value().clone());
        let text = text(&value);
        // A shared text is stored once, however often it stands in the sheet.
        size += text.len() as u64;
        if size > UNPACKED_MAX_BYTES {
            return Err(Unreadable::UnpackedTooLarge);
        }
        if !text.trim().is_empty() {
            cells.entry(row).or_default().insert(column, (text, matches!(value, Data::Error(_))));
        }
    }
    Ok(cells)
}

/// The rows among which the headings stand; a cell merged over rows of one column counts for each of them, as in headings of two rows.
fn first_rows(all: &Cells, merged: &[Dimensions]) -> Vec<(u32, Vec<String>)> {
    let row = |(row, cells): (&u32, &BTreeMap<u32, (String, bool)>)| {
        let width = cells.keys().last().map_or(0, |last| *last as usize + 1);
        let mut texts: Vec<String> = vec![String::new(); width];
        for (column, (text, _)) in cells {
            texts[*column as usize].clone_from(text);
        }
        for region in merged.iter().filter(|region| region.start.1 == region.end.1 && (region.start.0 + 1..=region.end.0).contains(row)) {
            let seen = all.get(&region.start.0).and_then(|cells| cells.get(&region.start.1));
            if let (Some((text, _)), Some(place)) = (seen, texts.get_mut(region.start.1 as usize)) {
                place.clone_from(text);
            }
        }
        (*row, texts)
    };
    all.iter().take(TITLE_ROWS_MAX + 1).map(row).collect()
}

/// The rows as wide as the headings, which are the first of them.
fn records((heading, headings): (u32, Vec<String>), mut cells: Cells, merged: &[Dimensions]) -> Result<Vec<Record>, Unreadable> {
    let width = u32::try_from(headings.len()).map_err(|_| Unreadable::SheetTooLarge)?;
    let mut damage: BTreeMap<u32, Vec<(Damage, std::ops::Range<usize>)>> = BTreeMap::new();
    let mut work = 0;
    for region in merged.iter().filter(|region| region.start.0 > heading && region.start.1 < width) {
        let Some(seen) = cells.get(&region.start.0).and_then(|cells| cells.get(&region.start.1)).cloned() else { continue };
        for (row, cells) in cells.range_mut(region.start.0..=region.end.0) {
            cells.insert(region.start.1, seen.clone());
            if region.end.1 > region.start.1 {
                damage.entry(*row).or_default().push((Damage::Merged, region.start.1 as usize..region.end.1 as usize + 1));
            }
            work += 1;
            // Regions that lie over each other are no sheet's; they must not keep us busy.
            if work > SHEET_MAX_CELLS {
                return Err(Unreadable::SheetTooLarge);
            }
        }
    }
    cells.remove(&heading);
    let record = |(row, mut cells): (u32, BTreeMap<u32, (String, bool)>)| {
        let mut damage = damage.remove(&row).unwrap_or_default();
        let errors = cells.iter().filter(|(_, (_, is_error))| *is_error);
        damage.extend(errors.map(|(column, _)| (Damage::ErrorValue, *column as usize..*column as usize + 1)));
        let cells = (0..width).map(|column| cells.remove(&column).map(|(text, _)| text).unwrap_or_default()).collect();
        Record { line: u64::from(row) + 1, lines: 1, cells, damage }
    };
    let headings = Record { line: u64::from(heading) + 1, lines: 1, cells: headings, damage: vec![] };
    Ok(std::iter::once(headings).chain(cells.into_iter().map(record)).collect())
}

/// A workbook's cell as somebody would have typed it. A number too large to be exact keeps its exponent, so that an ID
/// number that lost digits is told as such and never taken for another.
fn text(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < EXACT_NUMBER_MAX => format!("{number:.0}"),
        Data::Float(number) if number.fract() == 0.0 => format!("{number:E}"),
        Data::DateTime(at) if !(0.0..SERIAL_DAYS_MAX).contains(&at.as_f64()) => at.as_f64().to_string(),
        // Always with the time: midnight is a time too, and a day is read without it.
        Data::DateTime(_) | Data::DateTimeIso(_) => match cell.as_datetime() {
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => cell.to_string(),
        },
        other => other.to_string(),
    }
}

/// Looks at what a workbook says of itself and at what its parts unpack to, whatever they say.
fn check(bytes: &[u8], unpacked_max_bytes: u64) -> Result<(), Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::NoWorkbook)?;
    if archive.decompressed_size().is_some_and(|size| size > u128::from(unpacked_max_bytes)) {
        return Err(Unreadable::UnpackedTooLarge);
    }
    let mut left = unpacked_max_bytes;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| Unreadable::NoWorkbook)?;
        let name = part.name().map_err(|_| Unreadable::NoWorkbook)?.to_lowercase();
        let mut content = vec![];
        part.take(left + 1).read_to_end(&mut content).map_err(|_| Unreadable::NoWorkbook)?;
        left = left.checked_sub(content.len() as u64).ok_or(Unreadable::UnpackedTooLarge)?;
        if name == "mimetype" && content.starts_with(b"application/vnd.oasis.opendocument") {
            return Err(Unreadable::OtherWorkbook);
        }
        if name.ends_with(".xml") {
            check_part(&content)?;
        }
    }
    Ok(())
}

/// Looks for what the reader of workbooks would believe: how much room to make, and where cells lie.
fn check_part(content: &[u8]) -> Result<(), Unreadable> {
    let mut xml = quick_xml::Reader::from_reader(content);
    xml.config_mut().check_end_names = false;
    let mut buffer = vec![];
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => check_element(&element, content.len() as u64)?,
            // What is wrong with it, the reader of workbooks tells, if it needs this part at all.
            Ok(Event::Eof) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

fn check_element(element: &BytesStart<'_>, size: u64) -> Result<(), Unreadable> {
    let wanted = match element.local_name().as_ref() {
        "sst" => "uniqueCount",
        "dimension" | "mergeCell" => "ref",
        "row" | "c" => "r",
        _ => return Ok(()),
    };
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| Unreadable::NoWorkbook)?;
        let value = attribute.value.as_ref();
        match (attribute.key.as_ref(), element.local_name().as_ref()) {
            (key, _) if key != wanted => {}
            (_, "sst") if value.parse().is_ok_and(|count: u64| count > size) => return Err(Unreadable::NoWorkbook),
            (_, "sst") => {}
            (_, "dimension") if span(value)? > SHEET_MAX_CELLS => return Err(Unreadable::SheetTooLarge),
            (_, "row") if value.parse().is_ok_and(|row: u64| row <= ROWS_MAX) => {}
            (_, "row") => return Err(Unreadable::NoWorkbook),
            _ => {
                span(value)?;
            }
        }
    }
    Ok(())
}

/// How many cells a reference such as `A1:G20` spans; one that lies in no sheet is refused.
fn span(reference: &str) -> Result<u64, Unreadable> {
    let place = |cell: &str| {
        let digits = cell.find(|c: char| !c.is_ascii_alphabetic())?;
        let row = cell[digits..].parse().ok().filter(|row: &u64| (1..=ROWS_MAX).contains(row))?;
        let (letters, most) = (&cell[..digits], "XFD".len());
        let column = |letters: &str| letters.bytes().fold(0, |column, letter| column * 26 + u64::from(letter.to_ascii_uppercase() - b'@'));
        let column = (1..=most).contains(&letters.len()).then(|| column(letters)).filter(|column| *column <= COLUMNS_MAX)?;
        Some((row, column))
    };
    let (from, to) = reference.split_once(':').unwrap_or((reference, reference));
    let spanned = place(from)
        .zip(place(to))
        .and_then(|((top, left), (bottom, right))| Some((bottom.checked_sub(top)? + 1) * (right.checked_sub(left)? + 1)));
    spanned.ok_or(Unreadable::NoWorkbook)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use rust_xlsxwriter::{Format, Workbook as Written};
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// The first sheet that is seen, its headings in the widest of its first rows.
    fn read(bytes: &[u8]) -> Result<Workbook, Unreadable> {
        super::read(bytes, None, |rows| {
            let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.is_empty()).count();
            (0..rows.len()).rev().max_by_key(|row| filled(&rows[*row])).unwrap_or_default()
        })
    }

    fn lines(bytes: &[u8]) -> Vec<(u64, String)> {
        let read = read(bytes).unwrap();
        read.records.iter().map(|record| (record.line, record.cells.join("|"))).collect()
    }

    /// A workbook of the parts that every workbook has, with this sheet.
    fn workbook_of(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let relations = |kind: &str, target: &str| {
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
                 Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/></Relationships>"
            )
        };
        let workbook = "<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
                        <sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
        let parts = [
            ("_rels/.rels", relations("officeDocument", "xl/workbook.xml").into_bytes()),
            ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml").into_bytes()),
            ("xl/workbook.xml", workbook.as_bytes().to_vec()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes().to_vec()),
        ];
        let mut zip = ZipWriter::new(Cursor::new(vec![]));
        for (name, content) in parts.iter().map(|(name, content)| (*name, content.as_slice())).chain(more.iter().copied()) {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn sheet(dimension: &str, rows: &str) -> String {
        format!("<worksheet><dimension ref=\"{dimension}\"/><sheetData>{rows}</sheetData></worksheet>")
    }

    const ROW: &str = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>";

    #[test]
    fn a_merged_cell_counts_for_each_row_it_spans() {
        let mut workbook = Written::new();
        let page = workbook.add_worksheet();
        for (column, heading) in (0..).zip(["a", "b", "c"]) {
            page.write_string(1, column, heading).unwrap();
        }
        let plain = Format::new();
        page.merge_range(0, 0, 0, 2, "", &plain).unwrap();
        page.merge_range(2, 1, 4, 1, "队", &plain).unwrap();
        page.merge_range(5, 1, 6, 2, "两列", &plain).unwrap();
        for row in [2, 4, 5, 6] {
            page.write_string(row, 0, "x").unwrap();
        }
        let bytes = workbook.save_to_buffer().unwrap();
        let told = [(2, "a|b|c"), (3, "x|队|"), (5, "x|队|"), (6, "x|两列|"), (7, "x|两列|")];
        assert_eq!(lines(&bytes), told.map(|(line, cells)| (line, cells.to_owned())), "a row that is blank stays so");
        let read = read(&bytes).unwrap();
        assert!(read.records[3..].iter().all(|record| record.damage == [(Damage::Merged, 1..3)]));
        assert!(read.records[..3].iter().all(|record| record.damage.is_empty()));
        assert_eq!(read.lines, 7);
    }

    #[test]
    fn the_first_sheet_that_is_seen_is_read_and_the_others_are_named() {
        let mut workbook = Written::new();
        workbook.add_worksheet().set_name("旧").unwrap().set_hidden(true).write_string(0, 0, "old").unwrap();
        workbook.add_worksheet().set_name("人员").unwrap().set_active(true).write_string(0, 0, "new").unwrap();
        workbook.add_worksheet().set_name("备注").unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        assert_eq!(lines(&bytes), [(1, "new".to_owned())]);
        assert_eq!(read(&bytes).unwrap().not_read, ["旧 (隐藏 hidden)", "备注"]);
    }

    #[test]
    fn sizes_are_looked_at_before_any_cell() {
        assert_eq!(lines(&workbook_of(&sheet("A1:G1048576", ROW), &[])), [(1, "1".to_owned())]);
        let refused = |sheet: &str, more: &[(&str, &[u8])]| read(&workbook_of(sheet, more)).unwrap_err();
        assert!(matches!(refused(&sheet("A1:XFD1048576", ROW), &[]), Unreadable::SheetTooLarge));
        for reference in ["C3:A1", "A1:ZZZZ1", "A0", "1", "A1:A99999999", "甲1"] {
            assert!(matches!(refused(&sheet(reference, ROW), &[]), Unreadable::NoWorkbook), "{reference}");
        }
        let packed = workbook_of(&sheet("A1", ROW), &[("xl/media/a", &[b' '; 20_000])]);
        assert!(packed.len() < 2_000);
        assert!(matches!(check(&packed, 20_000), Err(Unreadable::UnpackedTooLarge)));
        assert!(check(&packed, 25_000).is_ok());
        let strings = "<sst uniqueCount=\"999999999999\"></sst>";
        assert!(matches!(refused(&sheet("A1", ROW), &[("xl/sharedStrings.xml", strings.as_bytes())]), Unreadable::NoWorkbook));
    }

    #[test]
    fn other_files_in_an_archive_are_told_apart() {
        let mimetype: &[(&str, &[u8])] = &[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")];
        assert!(matches!(read(&workbook_of("", mimetype)), Err(Unreadable::OtherWorkbook)));
        assert!(matches!(read(b"PK\x03\x04nonsense"), Err(Unreadable::NoWorkbook)));
    }

    #[test]
    fn numbers_dates_and_errors_are_as_somebody_would_have_typed_them() {
        assert_eq!(text(&Data::Float(19_901_215_279.0)), "19901215279");
        assert_eq!(text(&Data::Float(440_499_197_401_209_700.0)), "4.404991974012097E17");
        assert_eq!(text(&Data::Float(1.5)), "1.5");
        let at = |serial| Data::DateTime(calamine::ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false));
        assert_eq!(text(&at(46_086.0)), "2026-03-05 00:00:00");
        assert_eq!(text(&at(-1e300)).parse::<f64>(), Ok(-1e300));
        let error = sheet("A1:A2", &format!("{ROW}<row r=\"2\"><c r=\"A2\" t=\"e\"><v>#REF!</v></c></row>"));
        assert_eq!(read(&workbook_of(&error, &[])).unwrap().records[1].damage, [(Damage::ErrorValue, 0..1)]);
    }

    /// Most cases spend their time in unpacking.
    const CASES: u32 = 400;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn no_damage_to_a_sheet_panics(
            place in any::<prop::sample::Index>(),
            byte in prop::sample::select(b"<>/\"='0159AZaz :&#-\xff".to_vec()),
            cut in any::<prop::sample::Index>(),
            cuts in any::<bool>(),
        ) {
            let rows = "<row r=\"1\" spans=\"1:2\"><c r=\"A1\" t=\"inlineStr\"><is><t>a</t></is></c><c r=\"B1\" s=\"1\"><v>46086.5</v></c></row>\
                        <row><c><v>7</v></c><c t=\"b\"><v>1</v></c></row>";
            let mut damaged = format!(
                "<worksheet><dimension ref=\"A1:B2\"/><sheetData>{rows}</sheetData><mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells></worksheet>"
            ).into_bytes();
            let place = place.index(damaged.len());
            damaged[place] = byte;
            if cuts {
                damaged.truncate(cut.index(damaged.len()));
            }
            let damaged = String::from_utf8_lossy(&damaged).into_owned();
            if let Ok(read) = read(&workbook_of(&damaged, &[])) {
                prop_assert!(read.records.iter().all(|record| record.line <= read.lines));
            }
        }

        #[test]
        fn no_damage_to_a_file_panics(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let mut bytes = workbook_of(&sheet("A1", ROW), &[]);
            for (place, byte) in places {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Ok(read) = read(&bytes) {
                prop_assert!(read.lines <= ROWS_MAX);
            }
        }
    }
}
