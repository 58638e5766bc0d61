//! Files that are damaged, odd or too large, and files that are written for people. The silent failures made loud: rows that
//! another row swallows, people without the team that their file names, a formula that runs where a text should stand.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, os::unix::fs::PermissionsExt};

use gongyi_tests::{
    TestFolder,
    people::id_number,
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

fn person(n: u32) -> [String; 7] {
    let texts = ["李小".to_owned(), id_number("19800101", n), format!("199{n:08}"), "440402001001".to_owned()];
    let [name, id, phone, area] = texts;
    [name, id, phone, area, "1号志愿服务队".to_owned(), String::new(), "2020-01-02".to_owned()]
}

fn people(count: u32) -> Sheet {
    Sheet::new(VOLUNTEERS, (0..count).map(person))
}

/// The sum of a report's lines.
fn lines(report: &Value) -> u64 {
    report["lines"].as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum()
}

#[test]
fn nothing_of_a_file_with_an_unclosed_mark_is_taken() {
    let folder = TestFolder::with_teams();
    let head = folder.head();
    let whole = people(6).csv();
    let damaged = |damage: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
        damage(&mut lines);
        lines.iter().map(|line| line.clone() + "\r\n").collect::<String>()
    };
    let unclosed = damaged(&|lines| lines[2].insert(0, '"'));
    let cases = [
        ("at a cell's beginning", unclosed.clone(), 3, "name"),
        (
            "closed in another row",
            damaged(&|lines| {
                lines[2].insert(0, '"');
                lines[4] = lines[4].replace("队,", "队\",");
            }),
            3,
            "name",
        ),
        (
            "below a text that keeps its marks",
            damaged(&|lines| {
                lines[2].insert_str(0, "\"小\"");
                lines.push("李小,\"".to_owned());
            }),
            8,
            "idNumber",
        ),
        ("in the headings", whole.replacen("证件号码", "\"证件号码", 1), 1, "file"),
    ];
    for (case, text, line, field) in cases {
        let file = folder.writes("v.csv", &text);
        let report = folder.imports("volunteers", &file);
        assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &json!(0)), "{case}");
        assert_eq!(rejections(&report), [(line, field.to_owned(), "unclosed_quote".to_owned())], "{case}");
        assert_eq!(lines(&report), text.lines().count() as u64, "{case}");
        folder.runs(["import", "volunteers", file.to_str().unwrap(), "--strict"]).exited(65);
    }
    assert_eq!(folder.head(), head);

    let rejected = folder.beside("rejected.csv");
    let file = folder.writes("v.csv", unclosed);
    folder.imports_with("volunteers", &file, &["--rejected", rejected.to_str().unwrap()]);
    let told = fs::read_to_string(&rejected).unwrap();
    assert!(told.contains("unclosed_quote") && told.contains(&id_number("19800101", 1)), "the line as it stands: {told}");
}

#[test]
fn every_line_is_counted_once_and_marks_in_a_text_stay() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    folder.imports("volunteers", &folder.writes("v.csv", people(2).csv()));
    let row = |content: &str, hour: u32| format!("{id},1号志愿服务队,环境保护,{content},2022-03-05 {hour:02}:00,2022-03-05 {hour:02}:30\n");
    let text = [
        HOURS.join(",") + "\n",
        row("\"学雷锋\"主题活动", 8),
        "\n,,,,,\n".to_owned(),
        row("\"第一行\n第二行, 还有\"", 9),
        row("参加\"学雷锋\"活动", 10),
        row("有,逗号", 11),
        " , \n".to_owned(),
        row("清洁\r", 12),
        row("最后", 13),
    ];
    let report = folder.imports("hours", &folder.writes("h.csv", text.concat()));
    // The return within a cell ends a line, as it does in an editor.
    let told = [(8, "ended", "too_many_cells"), (10, "started", "missing"), (11, "idNumber", "missing")];
    assert_eq!(rejections(&report), told.map(|(line, field, problem)| (line, field.to_owned(), problem.to_owned())));
    let counted = json!({"heading": 1, "blank": 3, "accepted": 5, "unchanged": 0, "rejected": 3, "totals": 0, "untried": 0});
    assert_eq!((&report["accepted"], &report["lines"]), (&json!(4), &counted), "a row may have two lines");

    let teams = Sheet::new(["名称", "类型", "社区代码"], [["\"学雷锋\"服务队", "直属服务队", "440402001001"]]);
    let by_hand = "名称,类型,社区代码\n\"学雷锋\"服务队,直属服务队,440402001001\n";
    assert_eq!(folder.imports("organisations", &folder.writes("o.csv", by_hand))["accepted"], 1);
    assert_eq!(folder.imports("organisations", &folder.writes("o.csv", teams.csv()))["unchanged"], 1, "the same name, well quoted");
    let name = json!("\"学雷锋\"服务队").to_string();
    assert!(folder.events().iter().any(|it| it["data"].to_string().contains(&name)), "with its marks");
}

#[test]
fn an_area_with_an_unfit_name_is_told_and_stops_nothing() {
    let folder = TestFolder::new();
    let long = "长".repeat(200);
    let rows = [["440402", "香洲区"], ["440402001", long.as_str()], ["440402002", "两\n行"], ["440402003", "前山街道"]];
    let report = folder.imports("areas", &folder.writes("a.csv", Sheet::new(["代码", "名称"], rows).csv()));
    let unfit = |line| (line, "name".to_owned(), "format".to_owned());
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(2), vec![unfit(3), unfit(4)]));
    assert_eq!(lines(&report), 6);
    let report = folder.imports("areas", &folder.writes("a.csv", "代码,名称\n440402004,香洲,街道\n"));
    assert_eq!(rejections(&report), [(2, "name".to_owned(), "too_many_cells".to_owned())]);
}

#[test]
fn dates_in_other_orders_are_no_dates_of_this_form() {
    let folder = TestFolder::with_teams();
    let dates = ["3/5/2020", "20-03-05", "43895", "05032020", "2020-02-30", "2020年3月5日"];
    let rows = (0..).zip(dates).map(|(n, date)| {
        let [name, id, phone, area, team, consent, _] = person(n);
        [name, id, phone, area, team, consent, date.to_owned()]
    });
    let report = folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, rows).csv()));
    let problems: Vec<String> = rejections(&report).into_iter().map(|(_, _, problem)| problem).collect();
    assert_eq!((problems, &report["accepted"]), (["format", "format", "format", "format", "date"].map(str::to_owned).to_vec(), &json!(1)));
}

#[test]
fn whoever_stands_beside_a_merged_cell_is_in_its_team() {
    let folder = TestFolder::with_teams();
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("旧名单").unwrap().set_hidden(true).write_string(0, 0, "作废").unwrap();
    let page = workbook.add_worksheet().set_name("名单").unwrap();
    for (column, heading) in (0..).zip(VOLUNTEERS) {
        page.write_string(0, column, heading).unwrap();
    }
    for (row, n) in (1..=4).zip(0..) {
        for (column, cell) in (0..).zip(person(n)).filter(|(column, _)| *column != 4) {
            page.write_string(row, column, cell).unwrap();
        }
    }
    page.merge_range(1, 4, 3, 4, "1号志愿服务队", &Format::new()).unwrap();
    page.merge_range(4, 4, 4, 5, "1号志愿服务队", &Format::new()).unwrap();
    page.set_active(true);
    workbook.add_worksheet().set_name("备注").unwrap();
    let file = folder.writes("v.xlsx", workbook.save_to_buffer().unwrap());
    let report = folder.imports("volunteers", &file);
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(3), vec![(5, "guardianConsent".to_owned(), "merged".to_owned())]));
    let joined = folder.events().iter().filter(|it| it["type"].as_str().unwrap().starts_with("gongyi.membership.")).count();
    assert_eq!(joined, 3, "the merged value counts for each row");
    assert_eq!(report["sheetsNotRead"], json!(["旧名单 (隐藏 hidden)", "备注"]));
    let told = folder.runs(["import", "volunteers", file.to_str().unwrap()]).succeeded().stdout;
    assert!(told.contains("sheet not read") && told.contains("备注"), "{told}");
}

#[test]
fn workbooks_that_are_too_large_or_of_another_kind_are_refused_by_name() {
    let folder = TestFolder::with_teams();
    let head = folder.head();
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write_string(0, 0, "姓名").unwrap().write_string(1_048_575, 16_383, "x").unwrap();
    let wide = workbook.save_to_buffer().unwrap();
    let cases: [(&str, &[u8], &str); 3] = [
        ("a sheet of seventeen thousand million cells", &wide, "too large"),
        ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "XLSX"),
        ("a damaged workbook", &wide[..wide.len() / 2], "damaged"),
    ];
    for (case, bytes, word) in cases {
        let file = folder.writes("odd.xlsx", bytes);
        let ran = folder.runs(["import", "volunteers", file.to_str().unwrap()]).exited(65);
        assert!(ran.stderr.contains(word) && ran.stdout.is_empty(), "{case}: {}", ran.stderr);
    }
    assert_eq!(folder.head(), head);
}

#[test]
fn the_file_of_rejected_rows_is_made_before_anything_else() {
    let folder = TestFolder::with_teams();
    let head = folder.head();
    let file = folder.writes("v.csv", people(2).csv());
    let there = folder.writes("there.csv", "mine");
    let inside = folder.data().join("rejected.csv");
    let link = folder.beside("link");
    std::os::unix::fs::symlink(folder.data(), &link).unwrap();
    for path in
        [there.clone(), inside.clone(), link.join("rejected.csv"), folder.beside("nowhere/rejected.csv"), folder.data().join("../data/x")]
    {
        let ran = folder.runs(["import", "volunteers", file.to_str().unwrap(), "--rejected", path.to_str().unwrap()]).exited(64);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(path.to_str().unwrap()), "{}", ran.stderr);
    }
    assert_eq!(folder.head(), head, "nothing went in");
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    assert!(!inside.exists());

    let rejected = folder.beside("rejected.csv");
    let nothing = folder.writes("empty.csv", "");
    let of =
        |file: &std::path::Path| folder.runs(["import", "volunteers", file.to_str().unwrap(), "--rejected", rejected.to_str().unwrap()]);
    of(&nothing).exited(65);
    assert!(!rejected.exists(), "what failed leaves nothing in the way");
    of(&file).succeeded();
    assert_eq!(fs::metadata(&rejected).unwrap().permissions().mode() & 0o777, 0o600);
    let out = folder.data().join("open");
    let args = ["export", "open-data", "--area", "440402", "--from", "2022-01-01", "--to", "2022-12-31", "--out", out.to_str().unwrap()];
    folder.runs(args).exited(64);
}

#[test]
fn formulas_are_written_as_text_and_come_back_as_they_were() {
    let folder = TestFolder::with_teams();
    let names = ["=1+1", "+王", "-李", "@赵", "'=陈", "＝周"];
    let rows = |phone: Option<&str>| {
        Sheet::new(
            VOLUNTEERS,
            (0..).zip(names).map(|(n, name)| {
                let [_, id, own, area, team, consent, day] = person(n);
                [name.to_owned(), id, phone.map_or(own, str::to_owned), area, team, consent, day]
            }),
        )
    };
    let rejected = folder.beside("rejected.csv");
    let file = folder.writes("v.csv", rows(Some("12")).csv());
    let report = folder.imports_with("volunteers", &file, &["--rejected", rejected.to_str().unwrap()]);
    assert_eq!(report["rejected"].as_array().unwrap().len(), names.len());
    let written = fs::read_to_string(&rejected).unwrap();
    assert!(written.starts_with('\u{feff}'));
    let dangerous = |cell: &str| cell.starts_with(['=', '+', '-', '@', '＝']);
    assert!(!written.trim_start_matches('\u{feff}').split([',', '\n']).any(dangerous), "{written}");
    let mut mended = written;
    for n in 0..names.len() {
        mended = mended.replacen(",12,", &format!(",{},", person(u32::try_from(n).unwrap())[2]), 1);
    }
    assert_eq!(folder.imports("volunteers", &folder.writes("mended.csv", mended))["accepted"], names.len());
    let again = folder.imports("volunteers", &folder.writes("v.csv", rows(None).csv()));
    assert_eq!(again["unchanged"], names.len(), "the same names as were typed at first: {again}");

    let team = "=HYPERLINK(\"http://x\")队";
    let teams = Sheet::new(["名称", "类型", "社区代码"], [[team, "直属服务队", "440402001001"]]);
    folder.imports("organisations", &folder.writes("o.csv", teams.csv()));
    let out = folder.beside("open");
    let args = ["export", "open-data", "--area", "440402", "--from", "2022-01-01", "--to", "2022-12-31", "--out", out.to_str().unwrap()];
    folder.runs(args).succeeded();
    let written = fs::read_to_string(out.join("organizations.csv")).unwrap();
    assert!(written.starts_with('\u{feff}') && written.contains("\"'=HYPERLINK("), "{written}");
    let sets: Value = serde_json::from_slice(&fs::read(out.join("organizations.json")).unwrap()).unwrap();
    assert!(sets.as_array().unwrap().iter().any(|it| it["name"] == team), "JSON has the name as it is");
    let area = ["--area", "440402"];
    for args in [&["report", "--as-of", "2022-12-31", "--csv"][..], &["export", "participation", "--csv"]] {
        let told = folder.runs([args, &area].concat()).succeeded().stdout;
        assert!(told.starts_with('\u{feff}'), "{told}");
    }
}
