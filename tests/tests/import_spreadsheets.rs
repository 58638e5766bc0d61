//! Files as people keep them. The silent failures made loud here: a title taken for the headings, a total taken for a person, a
//! time read as another, a column that nobody knows was left out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use gongyi_tests::{
    TestFolder,
    command::runs,
    people::id_number,
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};

/// A day of March 2022 of its own for each row, so that no two overlap.
fn on(day: u32, rest: &str) -> String {
    format!("2022年3月{day}日{rest}")
}

/// One volunteer in the folder; answers their ID number.
fn with_a_volunteer(folder: &TestFolder) -> String {
    let id = id_number("19800101", 1);
    let rows = [["安一", id.as_str(), "19900000001", "440402001001", "", "", "2020-01-02"]];
    assert_eq!(folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, rows).csv()))["accepted"], 1);
    id
}

/// Begin and end of every service that the log tells of, to the minute.
fn times(folder: &TestFolder) -> Vec<(String, String)> {
    let minute = |at: &Value| at.as_str().unwrap()[..16].to_owned();
    let served = folder.events().into_iter().filter_map(|event| event["data"].get("served").cloned());
    let mut times: Vec<_> = served.map(|served| (minute(&served["started"]), minute(&served["ended"]))).collect();
    times.sort();
    times
}

#[test]
fn hours_are_read_as_people_write_times() {
    let folder = TestFolder::with_teams();
    let id = with_a_volunteer(&folder);
    // What is written, and what it is in UTC.
    let table = [
        (on(1, "14时30分"), on(1, "16点30分"), "2022-03-01T06:30", "2022-03-01T08:30"),
        (on(2, " 星期三 下午2:00"), on(2, "下午4点"), "2022-03-02T06:00", "2022-03-02T08:00"),
        ("2022-03-03 21:00".to_owned(), "2022-03-03 24:00".to_owned(), "2022-03-03T13:00", "2022-03-03T16:00"),
        ("2022年3月4号 上午9点半".to_owned(), "2022/3/4 11:00".to_owned(), "2022-03-04T01:30", "2022-03-04T03:00"),
        ("2022-03-05T09:00:00+09:00".to_owned(), "2022-03-05T01:30:00Z".to_owned(), "2022-03-05T00:00", "2022-03-05T01:30"),
        ("２０２２／３／６　７：３０".to_owned(), "2022.3.6 10:30:00".to_owned(), "2022-03-05T23:30", "2022-03-06T02:30"),
    ];
    let row = |from: &str, to: &str| [id.as_str(), "1号志愿服务队", "环境保护", "", from, to].map(str::to_owned);
    let good = table.iter().map(|(from, to, ..)| row(from, to));
    let bad = [
        (row("2022-02-30 08:00", "2022-03-10 09:00"), "started", "date"),
        (row("2022年3月10日 星期五 8:00", "2022-03-10 09:00"), "started", "date"),
        (row("3/10/2022 08:00", "2022-03-10 09:00"), "started", "format"),
        (row("2022-03-10 08:00", "晚上12点"), "ended", "format"),
    ];
    let rows: Vec<_> = good.chain(bad.iter().map(|(row, ..)| row.clone())).collect();
    let report = folder.imports("hours", &folder.writes("h.csv", Sheet::new(HOURS, rows.clone()).csv()));
    let told: Vec<_> = bad.iter().zip(8..).map(|((_, field, problem), line)| (line, (*field).to_owned(), (*problem).to_owned())).collect();
    assert_eq!(rejections(&report), told);
    assert_eq!(report["accepted"], table.len());
    let want: Vec<_> = table.iter().map(|(.., from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    assert_eq!(times(&folder), want);

    let mut workbook = Workbook::new();
    write(workbook.add_worksheet(), 0, &Sheet::new(HOURS, rows));
    let report = folder.imports("hours", &folder.writes("h.xlsx", workbook.save_to_buffer().unwrap()));
    assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &json!(table.len())), "the same as text in a workbook");
    assert_eq!(rejections(&report), told);
}

/// Writes text cells from a row on.
fn write(page: &mut Worksheet, from: u32, Sheet(rows): &Sheet) {
    for (row, cells) in (from..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            page.write_string(row, column, cell).unwrap();
        }
    }
}

#[test]
fn a_cell_of_any_chinese_format_is_its_day_or_time() {
    let folder = TestFolder::with_teams();
    let id = with_a_volunteer(&folder);
    let mut formats: Vec<Format> =
        [14, 22].into_iter().chain(27..=36).chain(50..=58).map(|id| Format::new().set_num_format_index(id)).collect();
    let custom = [
        "yyyy\"年\"m\"月\"d\"日\"",
        "[$-804]yyyy\"年\"m\"月\"d\"日\" dddd;@",
        "[DBNum1][$-804]yyyy\"年\"m\"月\"d\"日\"",
        "[$-804]yyyy\"年\"m\"月\"d\"日\" aaaa",
        "[$-F800]dddd, mmmm dd, yyyy",
        "上午/下午h\"时\"mm\"分\"",
        "[$-804]yyyy/m/d h:mm AM/PM",
        "yyyy\\-mm\\-dd\\ hh:mm",
    ];
    formats.extend(custom.map(|format| Format::new().set_num_format(format)));
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    write(page, 0, &Sheet::new(HOURS, [] as [[&str; 6]; 0]));
    for (row, format) in (1..).zip(&formats) {
        let day = u8::try_from(row).unwrap();
        for (column, cell) in (0..).zip([id.as_str(), "1号志愿服务队", "环境保护"]) {
            page.write_string(row, column, cell).unwrap();
        }
        let (month, day) = if day <= 28 { (2, day) } else { (3, day - 28) };
        for (column, hour) in [(4, 8), (5, 10)] {
            let at = ExcelDateTime::from_ymd(2022, month, day).unwrap().and_hms(hour, 30, 0).unwrap();
            page.write_datetime_with_format(row, column, at, format).unwrap();
        }
    }
    let report = folder.imports("hours", &folder.writes("h.xlsx", workbook.save_to_buffer().unwrap()));
    assert_eq!(rejections(&report), []);
    assert_eq!(report["accepted"], formats.len());
    assert!(times(&folder).iter().all(|(from, to)| from.ends_with("T00:30") && to.ends_with("T02:30")), "{:?}", times(&folder));

    // A day is asked for, and the cell has a time of day too.
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    write(page, 0, &Sheet::new(VOLUNTEERS, [["王一", &id_number("19810101", 2), "19900000002", "440402001001", "", "", ""]]));
    let at = ExcelDateTime::from_ymd(2022, 3, 5).unwrap().and_hms(14, 30, 0).unwrap();
    page.write_datetime_with_format(1, 6, at, &Format::new().set_num_format_index(22)).unwrap();
    assert_eq!(folder.imports("volunteers", &folder.writes("v.xlsx", workbook.save_to_buffer().unwrap()))["accepted"], 1);
}

/// A file as it comes: titles above the headings, an empty column, number cells, formulas, columns of others, totals, more sheets.
fn kept_by_hand() -> (Vec<u8>, Vec<String>) {
    let ids: Vec<String> = (0..4).map(|n| id_number("19820202", n)).collect();
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("封面").unwrap().write_string(0, 0, "2022年志愿者名册").unwrap();
    let page = workbook.add_worksheet().set_name("名册").unwrap();
    let plain = Format::new();
    page.merge_range(0, 0, 0, 8, "香洲区志愿者名册（2022年）", &plain).unwrap();
    page.write_string(1, 1, "制表：翠香街道").unwrap();
    for (column, heading) in [(1, "序号"), (2, "姓名"), (3, "证件号码"), (4, "手机号"), (6, "社区代码"), (7, "注册日期"), (8, "备注")]
    {
        page.write_string(3, column, heading).unwrap();
    }
    for (row, id) in (5..).zip(&ids) {
        page.write_number(row, 1, row).unwrap();
        page.write_formula(row, 2, Formula::new("=\"李\"&\"小\"").set_result("李小")).unwrap();
        page.write_string(row, 3, format!("'{id}")).unwrap();
        page.write_number(row, 4, 19_900_000_000_f64 + f64::from(row)).unwrap();
        page.write_number(row, 6, 440_402_001_001_f64).unwrap();
        page.write_string(row, 7, "2022年3月5日 星期六").unwrap();
        page.write_string(row, 8, "党员").unwrap();
        page.write_string(row, 10, "旁注").unwrap();
    }
    // An ID number typed into a number cell keeps fifteen digits.
    page.write_number(7, 3, 440_499_198_202_020_000_f64).unwrap();
    page.write_string(10, 1, "合 计：").unwrap();
    page.write_formula(10, 2, Formula::new("=COUNTA(C6:C9)").set_result("4")).unwrap();
    (workbook.save_to_buffer().unwrap(), ids)
}

#[test]
fn a_workbook_kept_by_hand_is_read_as_it_comes() {
    let folder = TestFolder::with_teams();
    let (bytes, _) = kept_by_hand();
    let file = folder.writes("kept.xlsx", bytes);
    let asked = folder.runs(["import", "volunteers", file.to_str().unwrap()]);
    assert_eq!(asked.code, Some(65), "the first sheet has no headings: {}", asked.stderr);
    let nowhere = folder.runs(["import", "volunteers", file.to_str().unwrap(), "--sheet", "名单"]);
    assert_eq!(nowhere.code, Some(65));
    assert!(nowhere.stderr.contains("封面, 名册"), "{}", nowhere.stderr);

    let report = folder.imports_with("volunteers", &file, &["--sheet", "名册"]);
    assert_eq!(report["accepted"], 3);
    assert_eq!(rejections(&report), [(8, "idNumber".to_owned(), "format".to_owned())]);
    let message = report["rejected"][0]["message"]["zh"].as_str().unwrap();
    assert!(message.starts_with("Excel 已把末几位改成 0"), "{message}");
    let lines = json!({"heading": 3, "blank": 3, "totals": 1, "accepted": 3, "unchanged": 0, "rejected": 1, "untried": 0});
    assert_eq!(report["lines"], lines);
    assert_eq!(report["columnsNotRead"], json!(["序号", "备注", "K"]));
    assert_eq!(report["sheetsNotRead"], json!(["封面"]));
    let told = folder.runs(["import", "volunteers", file.to_str().unwrap(), "--sheet", "名册"]).succeeded().stdout;
    assert!(told.contains("备注") && told.contains("合计行"), "{told}");
}

#[test]
fn a_text_file_kept_by_hand_is_read_as_it_comes() {
    let folder = TestFolder::with_teams();
    let ids: Vec<String> = (0..3).map(|n| id_number("19830303", n)).collect();
    let text = format!(
        "香洲区志愿者名册,,,,,\n\n,姓名,证件号码,手机号,社区代码,注册日期,备注\n1,李一,'{},19900000001,440402001001,2022/3/5 0:00,\n\
         2,李二,=\"{}\",19900000002,\"=\"\"440402001001\"\"\",2022年3月5日,党员\n3,李三,{} {},19900000003,440402001001,20220305,\n\
         总计,,,3人,,,\n",
        ids[0],
        ids[1],
        &ids[2][..6],
        &ids[2][6..]
    );
    let file = folder.writes("kept.csv", text);
    let report = folder.imports("volunteers", &file);
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(3), vec![]));
    assert_eq!((&report["lines"]["heading"], &report["lines"]["totals"], &report["lines"]["blank"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(report["columnsNotRead"], json!(["A", "备注"]));
    let refused = folder.runs(["import", "volunteers", file.to_str().unwrap(), "--sheet", "名册"]);
    assert_eq!(refused.code, Some(65), "{}", refused.stderr);
}

#[test]
fn a_template_is_filled_in_and_imported() {
    let folder = TestFolder::with_teams();
    for content in ["areas", "organisations", "volunteers", "hours"] {
        let file = folder.beside(&format!("{content}.xlsx"));
        let file = file.to_str().unwrap();
        runs(&["template", content, "--out", file]).succeeded();
        let report = folder.imports(content, Path::new(file));
        assert_eq!((&report["accepted"], rejections(&report)), (&json!(0), vec![]), "{content}");
        assert_eq!(report["sheetsNotRead"], json!(["说明"]));
        assert_eq!(runs(&["template", content, "--out", file]).code, Some(64), "nothing is written over");
    }
}
