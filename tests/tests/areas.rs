//! Areas as the statistics bureau publishes them. The silent failures made loud here: a district read as a community, a city whose
//! report is not that of its districts, a placeholder that people may choose.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use gongyi_tests::{
    TestFolder, TestServer,
    people::id_number,
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};
use serde_json::{Value, json};

/// As published: code, kind of town or village, name.
const PUBLISHED: &str = "\
统计用区划代码,城乡分类代码,名称
440000000000,,广东省
440400000000,,珠海市
440402000000,,香洲区
440402001000,,翠香街道
440402001001,111,康宁社区
440402001498,111,翠香街道虚拟生活区
440402002000,,拱北街道
440402002598,220,拱北虚拟村
440403000000,,斗门区
440403100000,,井岸镇
440403100001,121,井岸社区
";

fn published() -> TestFolder {
    let folder = TestFolder::new();
    let report = folder.imports("areas", &folder.writes("areas.csv", PUBLISHED));
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(11), vec![]));
    assert_eq!(report["columnsNotRead"], json!(["城乡分类代码"]));
    folder
}

#[test]
fn published_codes_are_read_as_the_level_they_are() {
    let folder = published();
    let again = "code,name\n44,广东省\n440400,珠海市\n440402,香洲区\n440402001,翠香街道\n440402001001,康宁社区\n";
    let report = folder.imports("areas", &folder.writes("again.csv", again));
    assert_eq!((&report["accepted"], &report["unchanged"]), (&json!(0), &json!(5)), "the same areas by their short codes");
    let twice = "code,name\n440403,斗门区\n440403000000,斗门\n";
    let report = folder.imports("areas", &folder.writes("twice.csv", twice));
    assert_eq!(rejections(&report), [(3, "code".to_owned(), "duplicate".to_owned())]);

    let server = TestServer::serves(&folder);
    let shown = server.stranger().asks("{ areas(first: 50) { nodes { code level pseudo parent { name } } } }", &json!({}));
    let nodes = shown["areas"]["nodes"].as_array().unwrap().clone();
    let levels: Vec<_> = nodes.iter().map(|node| (node["code"].as_str().unwrap(), node["level"].as_str().unwrap())).collect();
    let want = [
        ("44", "PROVINCE"),
        ("4404", "CITY"),
        ("440402", "DISTRICT"),
        ("440402001", "STREET"),
        ("440402001001", "COMMUNITY"),
        ("440402002", "STREET"),
        ("440403", "DISTRICT"),
        ("440403100", "STREET"),
        ("440403100001", "COMMUNITY"),
    ];
    assert_eq!(levels, want, "placeholders are not among them");
    assert_eq!(nodes[2]["parent"]["name"], "珠海市");
    let within = "query ($code: AreaCode) { areas(filter: { within: $code, includePseudo: true }, first: 50) { nodes { code pseudo } } }";
    let shown = server.stranger().asks(within, &json!({ "code": "440402000000" }));
    let pseudo: Vec<_> = shown["areas"]["nodes"].as_array().unwrap().iter().filter(|node| node["pseudo"] == true).cloned().collect();
    assert_eq!(pseudo, [json!({"code": "440402001498", "pseudo": true}), json!({"code": "440402002598", "pseudo": true})]);
}

/// The figures of an area's report.
fn figures(folder: &TestFolder, area: &str) -> Value {
    let report = ["report", "--area", area, "--from", "2022年1月1日", "--as-of", "2022/12/31", "--json"];
    folder.runs(report).succeeded().json()["figures"].clone()
}

#[test]
fn a_citys_report_is_the_sum_of_its_districts() {
    let folder = published();
    let teams = "名称,类型,区域代码\n香洲队,服务组织,440402000000\n斗门队,服务组织,440403000000\n市联合会,联合会,440400000000\n";
    assert_eq!(folder.imports("organisations", &folder.writes("o.csv", teams))["accepted"], 3);
    let person = |n: u32, area: &str, team: &str| {
        ["李小", &id_number("19800101", n), "19900000001", area, team, "", "2022-01-02"].map(str::to_owned)
    };
    let people = [
        person(1, "440402001001", "香洲队"),
        person(2, "440402001000", "香洲队"),
        person(3, "440403100001", "斗门队"),
        person(4, "440400000000", ""),
    ];
    let report = folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, people).csv()));
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(4), vec![]));
    let hour = |n: u32, team: &str, category: &str, to: &str| {
        [&id_number("19800101", n), team, category, "", "2022-03-05 08:00", to].map(str::to_owned)
    };
    let hours = [
        hour(1, "香洲队", "环境保护", "2022-03-05 09:00"),
        hour(2, "香洲队", "文明出行", "2022-03-05 10:00"),
        hour(3, "斗门队", "环境保护", "2022-03-05 08:30"),
        hour(4, "市联合会", "环境保护", "2022-03-05 08:10"),
    ];
    assert_eq!(folder.imports("hours", &folder.writes("h.csv", Sheet::new(HOURS, hours).csv()))["accepted"], 4);

    let [city, province, xiangzhou, doumen] = ["440400000000", "44", "440402000000", "440403"].map(|area| figures(&folder, area));
    for (figure, of_city, of_xiangzhou, of_doumen) in [
        ("registeredVolunteers", 4, 2, 1),
        ("confirmedServiceRecords", 4, 2, 1),
        ("confirmedServiceMinutes", 220, 180, 30),
        ("serviceCategories", 2, 2, 1),
    ] {
        let told = [&city, &province, &xiangzhou, &doumen].map(|figures| figures[figure].clone());
        assert_eq!(told, [of_city, of_city, of_xiangzhou, of_doumen].map(|figure| json!(figure)), "{figure}");
    }
    let served = folder.figures("440400");
    assert_eq!((&served["declaredMinutes"], &served["volunteers"]), (&json!(220), &json!(4)));
    folder.verified();
}
