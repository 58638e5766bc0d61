//! What one cell or one odd file does to an import. The silent failures made loud here: a minor taken in without
//! consent, two spellings of one ID number taken for two people, a strange file that passes for an empty one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use gongyi_tests::{
    TestFolder,
    people::id_number,
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};

/// Imports rows of `[name, ID number, phone, area, team, consent, registered on]` and tells what became of each:
/// `ok`, or field and problem.
fn verdicts<S: AsRef<str>>(folder: &TestFolder, rows: impl IntoIterator<Item = [S; 7]>) -> Vec<String> {
    let sheet = Sheet::new(VOLUNTEERS, rows);
    let report = folder.imports("volunteers", &folder.writes("v.csv", sheet.csv()));
    let mut verdicts = vec!["ok".to_owned(); sheet.0.len() - 1];
    for (line, field, problem) in rejections(&report) {
        verdicts[usize::try_from(line).unwrap() - 2] = format!("{field} {problem}");
    }
    let taken = [&report["accepted"], &report["unchanged"]].map(|count| count.as_u64().unwrap()).iter().sum::<u64>();
    assert_eq!(usize::try_from(taken).unwrap(), verdicts.iter().filter(|it| *it == "ok").count());
    verdicts
}

fn person<'a>(id: &'a str, consent: &'a str, registered: &'a str) -> [&'a str; 7] {
    ["李小", id, "19900000001", "440402001001", "", consent, registered]
}

#[test]
fn minors_need_consent_by_their_age_on_the_day_of_registration() {
    let folder = TestFolder::with_teams();
    let ids: Vec<String> = (0..8).map(|n| id_number("20040510", n)).collect();
    let rows = [
        // 17, 14 and 13 years old, without and with; then on the eighteenth birthday and the day before.
        person(&ids[0], "", "2022-05-09"),
        person(&ids[1], "是", "2022-05-09"),
        person(&ids[2], "否", "2018-05-10"),
        person(&ids[3], "yes", "2018-05-10"),
        person(&ids[4], "", "2018-05-09"),
        person(&ids[5], "是", "2018-05-09"),
        person(&ids[6], "", "2022-05-10"),
        person(&ids[7], "也许", "2022-05-09"),
    ];
    let missing = "guardianConsent missing";
    assert_eq!(verdicts(&folder, rows), [missing, "ok", missing, "ok", missing, "ok", "ok", "guardianConsent format"]);
}

#[test]
fn one_id_number_in_many_spellings_is_one_person() {
    let folder = TestFolder::with_teams();
    // A check character that is a letter, so that case matters.
    let number = (0..).map(|n| id_number("19700303", n)).find(|id| id.ends_with('X')).unwrap();
    let wide: String = number.chars().map(|c| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c }).collect();
    let spellings = [format!("  {wide} "), number.to_lowercase(), format!("\u{3000}{number}\t"), number.replace('X', "ｘ")];
    let rows = spellings.iter().map(|spelling| person(spelling, "", "2020-01-01"));
    let duplicate = "idNumber duplicate";
    assert_eq!(verdicts(&folder, rows), ["ok", duplicate, duplicate, duplicate]);

    let inner_spaces = format!("{} {}\u{3000}{}", &number[..6], &number[6..14], &number[14..]);
    let kept_as_text = [inner_spaces, format!("'{number}"), format!("=\"{number}\"")];
    let rows = kept_as_text.iter().map(|spelling| person(spelling, "", "2020-01-01"));
    assert_eq!(verdicts(&folder, rows), ["ok", duplicate, duplicate], "the first is the row that is in already");
    let lower = number.to_lowercase();
    let hours = Sheet::new(HOURS, [[lower.as_str(), "1号志愿服务队", "环境保护", "", "2022-03-05 08:00", "2022-03-05 11:00"]]);
    assert_eq!(folder.imports("hours", &folder.writes("h.csv", hours.csv()))["accepted"], 1, "hours find the person as well");
}

#[test]
fn a_rejected_row_claims_nothing() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    let rows = [
        ["李小", id.as_str(), "12", "440402001001", "", "", "2020-01-01"],
        ["李小", id.as_str(), "19900000001", "440402001001", "", "", "2020-01-01"],
    ];
    assert_eq!(verdicts(&folder, rows), ["phone format", "ok"]);
}

#[test]
fn the_first_problem_in_the_files_column_order_is_told() {
    let folder = TestFolder::with_teams();
    let row = ["", "123", "12", "440402999", "无此队", "", "2999-01-01"];
    assert_eq!(verdicts(&folder, [row]), ["name missing"]);
    let sheet = Sheet::new(VOLUNTEERS, [row]);
    for (order, field) in
        [([6, 2, 0, 5, 3, 1, 4], "registeredOn"), ([2, 0, 1, 3, 4, 5, 6], "phone"), ([4, 1, 2, 3, 0, 5, 6], "organisation")]
    {
        let report = folder.imports("volunteers", &folder.writes("v.csv", sheet.with_columns(&order).csv()));
        assert_eq!(rejections(&report)[0].1, field);
    }
}

#[test]
fn odd_cells_are_told_and_harm_nothing() {
    let folder = TestFolder::with_teams();
    let long = "长".repeat(100_000);
    let ids: Vec<String> = (0..6).map(|n| id_number("19800101", n)).collect();
    let rows = [
        [long.as_str(), &ids[0], "19900000001", "440402001001", "", "", "2020-01-01"],
        ["李小", &long, "19900000001", "440402001001", "", "", "2020-01-01"],
        ["李\0小", &ids[1], "19900000001", "440402001001", "", "", "2020-01-01"],
        ["李小", &ids[2], "19900000001", "440402001001", &long, "", "2020-01-01"],
        ["李小", &ids[3], "19900000001", "440402001001", "", "", &long],
        ["李,\"小\"\n四", &ids[4], "19900000001", "440402001001", "", "", "2020-01-01"],
    ];
    let verdicts = verdicts(&folder, rows);
    assert_eq!(verdicts[..5], ["name format", "idNumber format", "name format", "organisation unknown", "registeredOn format"]);
    assert!(verdicts[5].starts_with("name "), "a line end is no part of a name: {}", verdicts[5]);

    let id = id_number("19790101", 1);
    let plain = [["李小", id.as_str(), "19900000001", "440402001001", "", "", "2020-01-01"]];
    folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, plain).csv()));
    let told = Sheet::new(HOURS, [[id.as_str(), "1号志愿服务队", "环境保护", &long, "2022-03-05 08:00", "2022-03-05 11:00"]]);
    let report = folder.imports("hours", &folder.writes("h.csv", told.csv()));
    assert_eq!(rejections(&report), [(2, "content".to_owned(), "format".to_owned())]);
    folder.verified();
}

/// Runs an import that must be refused, and answers exit code and what was said.
fn refused(folder: &TestFolder, content: &str, file: &Path) -> (Option<i32>, String) {
    let ran = folder.runs(["import", content, file.to_str().unwrap()]).without_panic();
    assert_eq!(ran.stdout, "");
    (ran.code, ran.stderr)
}

#[test]
fn files_that_are_no_table_are_refused_with_a_reason() {
    let folder = TestFolder::with_teams();
    let head = folder.head();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", "empty"),
        ("only line ends", b"\r\n\r\n", "empty"),
        ("headings missing", "姓名,手机号\n李小,19900000001\n".as_bytes(), "证件号码"),
        ("a heading twice", "姓名,name,证件号码,手机号,社区代码,注册日期\n".as_bytes(), "name"),
        ("no text", b"\xff\xff\xff\xff", "encod"),
        ("a broken workbook", b"PK\x03\x04 and no more", "workbook"),
    ];
    for (case, bytes, word) in cases {
        let (code, told) = refused(&folder, "volunteers", &folder.writes("odd", bytes));
        assert_eq!(code, Some(65), "{case}: {told}");
        assert!(told.contains(word) || word == "encod", "{case}: {told}");
    }
    let (code, told) = refused(&folder, "volunteers", &folder.beside("nowhere.csv"));
    assert_eq!(code, Some(66), "{told}");
    assert!(told.contains("nowhere.csv"), "it names the file that is not there: {told}");
    assert_eq!(folder.head(), head);
}

#[test]
fn nul_bytes_between_rows_harm_nothing() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    let text = Sheet::new(VOLUNTEERS, [person(&id, "", "2020-01-01")]).csv() + "\0\0\0,\0\r\n";
    let report = folder.imports("volunteers", &folder.writes("v.csv", text));
    assert_eq!(report["accepted"], 1);
    assert!(rejections(&report).iter().all(|(line, ..)| *line == 3));
    folder.verified();
}

#[test]
fn strict_says_by_its_exit_code_that_a_row_was_rejected() {
    let folder = TestFolder::with_teams();
    let (good, bad) = (id_number("19800101", 1), "12");
    let rows = [person(&good, "", "2020-01-01"), person(bad, "", "2020-01-01")];
    let file = folder.writes("v.csv", Sheet::new(VOLUNTEERS, rows).csv());
    let file = file.to_str().unwrap();
    let ran = folder.runs(["import", "volunteers", file, "--json", "--strict"]).exited(65);
    assert_eq!(ran.json()["accepted"], 1, "the good row went in all the same");
    let told = folder.runs(["import", "volunteers", file]).succeeded().stdout;
    assert!(told.contains("line 3\tidNumber\tformat"), "{told}");
}
