//! Organisations as the law knows them. The silent failures made loud here: a mistyped credit code that is kept, one code held by
//! two, a column that was not read.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use gongyi_tests::{TestFolder, TestServer, sheets::rejections};
use rust_xlsxwriter::Workbook;
use serde_json::json;

/// The standard's own example (GB 32100-2015), and two that are in use.
const CODES: [&str; 3] = ["91350100M000100Y43", "9144030071526726XG", "91110000802100433B"];

const HEADINGS: [&str; 6] = ["名称", "类型", "区域代码", "上级", "统一社会信用代码", "法定代表人"];

fn rows() -> Vec<[&'static str; 6]> {
    vec![
        ["青年志愿者协会", "社会团体", "440402", "", CODES[0], "张三"],
        ["阳光社工中心", "民办非企业单位（社会服务机构）", "440402", "", "9144 0300 7152 6726 xg", ""],
        ["公益基金会", "基金会", "440402", "", "91110000802100433C", ""],
        ["康宁社区居民委员会", "居民委员会", "440402001", "", "", ""],
        ["某村民委员会", "村委会", "440402001", "", "123", ""],
        ["某股份合作社", "股份合作经济组织", "440402001", "", CODES[0], ""],
        ["某股份社", "股份合作经济组织", "440402001", "", "", ""],
    ]
}

fn told() -> Vec<(u64, String, String)> {
    [(4, "checksum"), (6, "format"), (7, "duplicate")].map(|(line, problem)| (line, "creditCode".to_owned(), problem.to_owned())).to_vec()
}

#[test]
fn organisations_of_every_kind_are_imported_with_their_credit_codes() {
    let folder = TestFolder::new();
    folder.imports("areas", &gongyi_tests::shared_data("areas-440402.csv"));
    let csv: String = std::iter::once(HEADINGS).chain(rows()).map(|row| row.join(",") + "\n").collect();
    let report = folder.imports("organisations", &folder.writes("o.csv", csv));
    assert_eq!((&report["accepted"], rejections(&report)), (&json!(4), told()));
    assert_eq!(report["columnsNotRead"], json!(["法定代表人"]));

    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    for (row, cells) in (0..).zip(std::iter::once(HEADINGS).chain(rows())) {
        for (column, cell) in (0..).zip(cells) {
            page.write_string(row, column, cell).unwrap();
        }
    }
    let report = folder.imports("organisations", &folder.writes("o.xlsx", workbook.save_to_buffer().unwrap()));
    assert_eq!((&report["accepted"], &report["unchanged"], rejections(&report)), (&json!(0), &json!(4), told()), "as the text");

    let server = TestServer::serves(&folder);
    let asked = "query ($code: String) { organisations(filter: { creditCode: $code }) { nodes { name kind creditCode } } }";
    let found = server.stranger().asks(asked, &json!({ "code": CODES[1] }))["organisations"]["nodes"].clone();
    assert_eq!(found, json!([{"name": "阳光社工中心", "kind": "SOCIAL_SERVICE_INSTITUTION", "creditCode": CODES[1]}]));
    let committee =
        server.stranger().asks("{ organisations(filter: { kind: RESIDENTS_COMMITTEE }) { nodes { name creditCode } } }", &json!({}));
    assert_eq!(committee["organisations"]["nodes"], json!([{"name": "康宁社区居民委员会", "creditCode": null}]));
}

#[test]
fn a_credit_code_is_claimed_once_changed_and_free_again() {
    let folder = TestFolder::with_teams();
    let server = TestServer::serves(&folder);
    let operator = server.operator(&folder);
    let found = |name: &str, code: &str| json!({"kind": "FOUNDATION", "name": name, "area": "440402000000", "creditCode": code});
    let wanted = "organisation { id creditCode areaCode }";
    for (code, refusal) in [("91350100M000100Y44", "CreditCodeChecksum"), ("91350100M000100I43", "CreditCodeFormat")] {
        assert_eq!(operator.is_refused("foundOrganisation", &found("一会", code)), refusal);
    }
    let one = operator.does("foundOrganisation", &found("一会", " 91350100-m000100y4-3"), wanted)["organisation"].clone();
    assert_eq!((&one["creditCode"], &one["areaCode"]), (&json!(CODES[0]), &json!("440402")));
    assert_eq!(operator.is_refused("foundOrganisation", &found("二会", CODES[0])), "CreditCodeTaken");

    let amended = operator.does("amendOrganisation", &json!({"organisation": one["id"], "creditCode": CODES[1]}), wanted);
    assert_eq!(amended["organisation"]["creditCode"], CODES[1]);
    let two = operator.does("foundOrganisation", &found("二会", CODES[0]), wanted)["organisation"].clone();
    assert_eq!(operator.is_refused("amendOrganisation", &json!({"organisation": two["id"], "creditCode": CODES[1]})), "CreditCodeTaken");
    let renamed = operator.does("amendOrganisation", &json!({"organisation": two["id"], "name": "三会"}), wanted);
    assert_eq!(renamed["organisation"]["creditCode"], CODES[0], "what is left out stays");
    let without = operator.does("amendOrganisation", &json!({"organisation": two["id"], "creditCode": null}), wanted);
    assert_eq!(without["organisation"]["creditCode"], json!(null));
    operator.does("dissolveOrganisation", &json!({"organisation": one["id"]}), wanted);
    operator.does("foundOrganisation", &found("四会", CODES[1]), wanted);
    folder.verified();
}
