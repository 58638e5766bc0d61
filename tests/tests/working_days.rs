//! Working days as data. The silent failures made loud here: a make-up Saturday taken for a weekend, a record whose term is over and
//! that nobody is told of.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use gongyi_tests::{
    TestFolder, TestServer,
    people::id_number,
    sheets::{HOURS, Sheet, VOLUNTEERS},
};
use serde_json::{Value, json};

/// 国办发明电〔2025〕7号, the days around the spring festival and the national day.
fn notice_of_2026(papers: &[&str]) -> Value {
    let run = |name: &'static str, month: u32, days: std::ops::RangeInclusive<u32>, off: bool| {
        days.map(move |day| json!({"name": name, "date": format!("2026-{month:02}-{day:02}"), "isOffDay": off}))
    };
    let days: Vec<Value> = run("春节", 2, 15..=23, true)
        .chain(run("春节", 2, 14..=14, false))
        .chain(run("春节", 2, 28..=28, false))
        .chain(run("国庆节", 10, 1..=7, true))
        .chain(run("国庆节", 9, 20..=20, false))
        .chain(run("国庆节", 10, 10..=10, false))
        .collect();
    json!({"year": 2026, "papers": papers, "days": days})
}

#[test]
fn a_notice_is_taken_over_once_amended_and_counted_by() {
    let folder = TestFolder::with_teams();
    let server = TestServer::serves(&folder);
    let after = "query ($day: Date!, $count: Int!) { workingDayAfter(day: $day, count: $count) { day provisional } }";
    let counted = |server: &TestServer, day: &str, count: u32| {
        server.stranger().asks(after, &json!({ "day": day, "count": count }))["workingDayAfter"].clone()
    };
    assert_eq!(counted(&server, "2026-02-12", 5), json!({"day": "2026-02-19", "provisional": true}), "weekends alone");
    server.stops();

    let file = folder.writes("2026.json", notice_of_2026(&["国办发明电〔2025〕7号"]).to_string());
    let import = ["import", "working-days", file.to_str().unwrap(), "--json"];
    let head = folder.head();
    folder.runs(import.into_iter().chain(["--dry-run"])).succeeded();
    assert_eq!(folder.head(), head, "a dry run changes nothing");
    assert_eq!(folder.runs(import).succeeded().json(), json!({"year": 2026, "days": 20, "unchanged": false}));
    assert_eq!(folder.runs(import).succeeded().json()["unchanged"], true);
    let amended = folder.writes("amended.json", notice_of_2026(&["国办发明电〔2025〕7号", "国办发明电〔2026〕1号"]).to_string());
    assert_eq!(folder.runs(["import", "working-days", amended.to_str().unwrap(), "--json"]).succeeded().json()["unchanged"], false);
    let refused = folder.writes("wrong.json", json!({"year": 2026, "papers": [], "days": []}).to_string());
    let refused = folder.runs(["import", "working-days", refused.to_str().unwrap()]).exited(65);
    assert!(refused.stderr.contains("NoticePapersUnfit"), "{}", refused.stderr);
    let none = folder.writes("none.json", "no json");
    folder.runs(["import", "working-days", none.to_str().unwrap()]).exited(65);

    let server = TestServer::serves(&folder);
    for (day, count, to) in
        [("2026-02-12", 5, "2026-02-26"), ("2026-02-27", 1, "2026-02-28"), ("2026-09-30", 5, "2026-10-13"), ("2026-09-18", 3, "2026-09-22")]
    {
        assert_eq!(counted(&server, day, count), json!({"day": to, "provisional": false}), "{count} from {day}");
    }
    let year = "query ($year: Int!) { workingDays(year: $year) { provisional papers amendments days { date name off } } }";
    let shown = server.stranger().asks(year, &json!({ "year": 2026 }))["workingDays"].clone();
    assert_eq!(
        (&shown["provisional"], &shown["amendments"], &shown["papers"][1]),
        (&json!(false), &json!(1), &json!("国办发明电〔2026〕1号"))
    );
    assert_eq!(shown["days"][0], json!({"date": "2026-02-14", "name": "春节", "off": false}));
    assert_eq!(server.stranger().asks(year, &json!({ "year": 2027 }))["workingDays"]["provisional"], true);
    server.stops();
    folder.verified();
}

#[test]
fn a_record_that_waits_for_more_than_ten_working_days_is_overdue() {
    let folder = TestFolder::with_teams();
    let id = id_number("19800101", 1);
    let anna = [["安一", id.as_str(), "19900000001", "440402001001", "", "", "2020-01-02"]];
    folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, anna).csv()));
    let now = gongyi_tests::district::now();
    let day = |back: i64| (now - chrono::Duration::days(back)).format("%Y-%m-%d").to_string();
    // Over eight hours of a day wait for those above. Thirty days back ten working days are over, whatever the holidays; five are not.
    let (long_ago, lately) = (day(30), day(5));
    let shift = |day: &str, from: &str, to: &str| {
        [id.as_str(), "1号志愿服务队", "环境保护", "", &format!("{day} {from}"), &format!("{day} {to}")].map(str::to_owned)
    };
    let hours = [
        shift(&long_ago, "00:00", "08:00"),
        shift(&long_ago, "08:00", "12:00"),
        shift(&lately, "00:00", "08:00"),
        shift(&lately, "08:00", "12:00"),
    ];
    let report = folder.imports("hours", &folder.writes("h.csv", Sheet::new(HOURS, hours).csv()));
    assert_eq!((&report["accepted"], &report["pending"]), (&json!(4), &json!(2)));

    let server = TestServer::serves(&folder);
    let asked = "{ serviceRecords(filter: {recordingOverdue: true, area: \"440402\"}) { nodes { day phase } totalCount } }";
    let organiser = server.acting_as(&folder, &["organiser", "--area", "440402"]);
    let shown = organiser.asks(asked, &json!({}))["serviceRecords"].clone();
    assert_eq!(shown["nodes"], json!([{"day": long_ago, "phase": "LOGGED"}]));
    assert_eq!(server.stranger().asks_in_vain(asked, &json!({})), "UNAUTHENTICATED");
}
