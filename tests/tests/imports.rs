//! Imports of the real files. The silent failures made loud here: a row that is dropped, doubled or taken for another
//! because of how the file was saved, and figures that do not add up to what the file says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, fs};

use gongyi_tests::{
    TestFolder,
    people::id_number,
    shared_data,
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

/// Rows, with the heading, that are saved in every form.
const FORMS_ROWS: usize = 700;

fn expected(file: &str) -> Value {
    let all: Value = serde_json::from_slice(&fs::read(shared_data("import/expected.json")).unwrap()).unwrap();
    all[file].clone()
}

/// The real volunteers, decoded from the GB18030 they are in.
fn volunteers() -> Sheet {
    let bytes = fs::read(shared_data("import/volunteers.csv")).unwrap();
    let (text, _, failed) = encoding_rs::GB18030.decode(&bytes);
    assert!(!failed);
    Sheet::read(&text)
}

fn utf16_with_mark(text: &str) -> Vec<u8> {
    std::iter::once('\u{feff}').chain(text.chars()).collect::<String>().encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// As a spreadsheet saves it: text cells, and with `dates` the days and moments that exist as real dates.
fn workbook(sheet: &Sheet, dates: bool) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let as_day = Format::new().set_num_format("yyyy-mm-dd");
    let as_moment = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let page = workbook.add_worksheet();
    for (row, cells) in (0..).zip(&sheet.0) {
        for (column, cell) in (0..).zip(cells) {
            let (format, iso) = match cell.len() {
                10 if dates && !cell.contains('/') => (&as_day, cell.clone()),
                16 if dates && cell.contains(':') => (&as_moment, cell.replace(' ', "T") + ":00"),
                _ => (&as_day, String::new()),
            };
            match ExcelDateTime::parse_from_str(&iso) {
                Ok(at) if !iso.is_empty() => page.write_datetime_with_format(row, column, at, format).unwrap(),
                _ => page.write_string(row, column, cell).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// All of the real files, once; then each again, and the volunteers in every form they may be saved in. A row that
/// comes out as another person, day or area than before would count as accepted or as a duplicate, not as unchanged.
#[test]
fn the_real_files_go_in_once_however_they_are_saved() {
    let folder = TestFolder::with_teams();
    let files = [("volunteers", "volunteers.csv"), ("hours", "hours.csv")];
    for (content, file) in files {
        let (report, expected) = (folder.imports(content, &shared_data(&format!("import/{file}"))), expected(file));
        assert_eq!(report["accepted"], expected["accepted"], "{file}");
        assert_eq!(rejections(&report), rejections(&expected), "{file}");
        for row in report["rejected"].as_array().unwrap() {
            let told = |language: &str| row["message"][language].as_str().is_some_and(|text| !text.is_empty());
            assert!(told("zh") && told("en"), "each rejection is explained: {row}");
        }
    }
    let figures = folder.figures("440402");
    assert_eq!(figures["declaredMinutes"], expected("hours.csv")["acceptedMinutes"]);
    assert_eq!(figures["attestedMinutes"], 0);
    assert_eq!(figures["records"], 4_800);

    let head = folder.head();
    let areas = folder.imports("areas", &shared_data("areas-440402.csv"));
    assert_eq!((&areas["accepted"], &areas["unchanged"]), (&json!(0), &json!(188)));
    for (content, file) in [("organisations", "organisations.csv")].into_iter().chain(files) {
        let (report, expected) = (folder.imports(content, &shared_data(&format!("import/{file}"))), expected(file));
        assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &expected["accepted"]), "{file} again");
        assert_eq!(rejections(&report), rejections(&expected), "{file} again");
    }

    let Sheet(mut rows) = volunteers();
    rows.truncate(FORMS_ROWS);
    let mut wanted = rejections(&expected("volunteers.csv"));
    wanted.retain(|(line, ..)| *line <= FORMS_ROWS as u64);
    let sheet = Sheet(rows);
    let english = ["name", "ID number", "phone", "area", "organisation", "guardian consent", "registered on"];
    let shuffled = sheet.with_headings(&english).with_columns(&[6, 2, 0, 5, 3, 1, 4]);
    let text = sheet.csv();
    let forms = [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8 with mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16LE with mark", utf16_with_mark(&text)),
        ("a workbook of text cells", workbook(&sheet, false)),
        ("a workbook of date cells", workbook(&sheet, true)),
        ("English headings", sheet.with_headings(&english).csv().into_bytes()),
        ("English headings, shuffled", shuffled.csv().into_bytes()),
    ];
    for (form, bytes) in forms {
        let report = folder.imports("volunteers", &folder.writes("again", bytes));
        assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &json!(FORMS_ROWS - 1 - wanted.len())), "{form}");
        assert_eq!(rejections(&report), wanted, "{form}");
    }
    let hours = Sheet::read(&std::fs::read_to_string(shared_data("import/hours.csv")).unwrap());
    let report = folder.imports("hours", &folder.writes("hours.xlsx", workbook(&hours, true)));
    assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &json!(4_800)), "hours in a workbook, midnights among them");
    assert_eq!(rejections(&report), rejections(&expected("hours.csv")));

    assert_eq!(folder.head(), head, "the log did not grow");
    assert_eq!(folder.figures("440402"), figures);
}

#[test]
fn a_workbook_imports_into_a_fresh_folder_as_the_text_does() {
    let folder = TestFolder::with_teams();
    let Sheet(mut rows) = volunteers();
    rows.truncate(200);
    let mut wanted = rejections(&expected("volunteers.csv"));
    wanted.retain(|(line, ..)| *line <= 200);
    let report = folder.imports("volunteers", &folder.writes("v.xlsx", workbook(&Sheet(rows), true)));
    assert_eq!(rejections(&report), wanted);
    assert_eq!(report["accepted"], 199 - wanted.len());
}

#[test]
fn a_dry_run_reports_the_same_and_changes_nothing() {
    let folder = TestFolder::with_teams();
    let Sheet(mut rows) = volunteers();
    rows.truncate(300);
    let file = folder.writes("v.csv", Sheet(rows).csv());
    let names = || folder.files().into_iter().map(|(path, _)| path).collect::<BTreeSet<_>>();
    let (events, files) = (folder.events(), names());
    let log = fs::read(folder.data().join("log.db")).unwrap();
    let tried = folder.imports_with("volunteers", &file, &["--dry-run"]);
    assert_eq!(folder.events(), events);
    assert_eq!(names(), files, "no folder or file is left over");
    assert_eq!(fs::read(folder.data().join("log.db")).unwrap(), log);
    assert!(tried["accepted"].as_u64().unwrap() > 250);
    assert_eq!(folder.imports("volunteers", &file), tried, "the real run reports what the dry one did");
    let told = folder.runs(["import", "volunteers", file.to_str().unwrap(), "--dry-run"]).succeeded().stdout;
    assert!(told.contains("dry run"), "{told}");
}

#[test]
fn rejected_rows_are_written_to_be_mended_and_imported_again() {
    let folder = TestFolder::with_teams();
    let person = |n, phone: &str| ["王一".to_owned(), id_number("19800101", n), phone.to_owned(), "440402001001".to_owned()];
    let sheet = Sheet::new(
        VOLUNTEERS,
        [
            row(person(1, "19900000001"), "1号志愿服务队", "", "2020-01-02"),
            row(person(2, "12"), "1号志愿服务队", "", "2020-01-02"),
            row(person(3, "19900000003"), "无此, \"队\"", "", "2020-01-02"),
            row(person(4, "19900000004"), "", "", "2020-02-30"),
        ],
    );
    let (file, rejected) = (folder.writes("v.csv", sheet.csv()), folder.beside("rejected.csv"));
    let report = folder.imports_with("volunteers", &file, &["--rejected", rejected.to_str().unwrap()]);
    assert_eq!((&report["accepted"], report["rejected"].as_array().unwrap().len()), (&json!(1), 3));

    let written = fs::read_to_string(&rejected).unwrap();
    assert!(written.starts_with('\u{feff}'), "a spreadsheet must see that it is UTF-8");
    assert!(written.lines().next().unwrap().contains("姓名,证件号码") && written.contains("unknown"), "{written}");
    let mended = written.replace(",12,", ",19900000002,").replace("\"无此, \"\"队\"\"\"", "1号志愿服务队");
    let report = folder.imports("volunteers", &folder.writes("mended.csv", mended));
    assert_eq!(report["accepted"], 2);
    assert_eq!(rejections(&report), [(4, "registeredOn".to_owned(), "date".to_owned())]);
}

fn row([name, id_number, phone, area]: [String; 4], team: &str, consent: &str, registered: &str) -> [String; 7] {
    [name, id_number, phone, area, team.to_owned(), consent.to_owned(), registered.to_owned()]
}

#[test]
fn over_eight_hours_a_day_wait_for_those_above_and_are_not_counted() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    let anna = row(["安一".into(), id.clone(), "19900000001".into(), "440402001001".into()], "", "", "2020-01-02");
    folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, [anna]).csv()));
    let shift = |from: &str, to: &str| [&id, "1号志愿服务队", "环境保护", "", from, to].map(str::to_owned);
    let hours = Sheet::new(
        HOURS,
        [
            shift("2022-03-05 08:00", "2022-03-05 11:00"),
            shift("2022-03-05 11:00", "2022-03-05 14:00"),
            shift("2022-03-05 14:00", "2022-03-05 17:00"),
            shift("2022-03-06 08:00", "2022-03-06 11:00"),
        ],
    );
    let report = folder.imports("hours", &folder.writes("h.csv", hours.csv()));
    assert_eq!((&report["accepted"], &report["pending"], &report["rejected"]), (&json!(4), &json!(1), &json!([])));
    assert_eq!(folder.figures("440402")["declaredMinutes"], 3 * 180, "the third of the day waits");
    let of_the_day = ["export", "participation", "--area", "440402", "--from", "2022-03-05", "--to", "2022-03-05"];
    assert_eq!(folder.runs(of_the_day).succeeded().json()["declaredMinutes"], 2 * 180);
    // Imported just now: known today, not on the day of the service.
    let as_known = |day: &str| folder.runs(["export", "participation", "--area", "440402", "--known-at", day]).succeeded().json();
    let then = as_known("2022-03-05");
    assert_eq!((&then["declaredMinutes"], &then["volunteers"], &then["knownAt"]), (&json!(0), &json!(0), &json!("2022-03-05")));
    assert_eq!(as_known("9999-12-31")["declaredMinutes"], 3 * 180);
}

#[test]
fn rows_that_repeat_within_one_file_are_rejected() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    let anna = row(["安一".into(), id.clone(), "19900000001".into(), "440402001001".into()], "", "", "2020-01-02");
    let sheet = Sheet::new(VOLUNTEERS, [anna.clone(), anna]);
    let report = folder.imports("volunteers", &folder.writes("v.csv", sheet.csv()));
    assert_eq!(report["accepted"], 1);
    assert_eq!(rejections(&report), [(3, "idNumber".to_owned(), "duplicate".to_owned())]);

    let hour = [&id, "1号志愿服务队", "环境保护", "", "2022-03-05 08:00", "2022-03-05 11:00"].map(str::to_owned);
    let report = folder.imports("hours", &folder.writes("h.csv", Sheet::new(HOURS, [hour.clone(), hour]).csv()));
    assert_eq!(report["accepted"], 1);
    assert_eq!(rejections(&report), [(3, "started".to_owned(), "overlap".to_owned())]);
    assert_eq!(folder.figures("440402")["records"], 1);
}
