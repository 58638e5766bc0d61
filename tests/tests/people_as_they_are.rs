//! Phones, names and identity documents as people write them, the same over GraphQL, from CSV and from a workbook. The silent
//! failures made loud: a neighbour from Macao who cannot register, one number that becomes two, a name that nobody finds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use gongyi_tests::{
    TestFolder,
    district::{District, PASSWORD, TEAM_AREA},
    people::{check_character, id_number},
    sheets::{HOURS, Sheet, rejections},
};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

const HEADINGS: [&str; 8] = ["姓名", "证件类型", "签发国", "证件号码", "出生日期", "手机号", "社区代码", "注册日期"];
/// What is asked of somebody who was taken in.
const FIELDS: &str = "name phone idNumber documentKind issuingCountry birthDate";

/// A number, and how it is typed.
const PHONES: [(&str, &[&str]); 6] = [
    (
        "+85366881234",
        &[
            "85366881234",
            "0085366881234",
            "(853) 6688 1234",
            "（853）6688－1234",
            "+853 6688 1234",
            "８５３６６８８１２３４",
            "\u{202a}+853 6688 1234\u{202c}",
            "\u{2068}+853\u{2011}6688\u{2011}1234\u{2069}",
        ],
    ),
    ("13800138000", &["8613800138000", "008613800138000", "+86 138-0013-8000", "１３８００１３８０００", "\u{200e}138 0013 8000\u{200f}"]),
    ("+85261234567", &["85261234567", "852 6123 4567", "+85261234567"]),
    ("+886912345678", &["886912345678", "+886 912 345 678"]),
    ("+85368009999", &["853-6800-9999"]),
    ("+442079460000", &["0044 20 7946 0000"]),
];
const NO_PHONES: [&str; 5] = ["85328881234", "66881234", "12012345678", "+8685366881234", "886223456789"];

/// A name, and how it is typed.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "阿卜杜拉·买买提",
        &[
            "阿卜杜拉·买买提",
            "阿卜杜拉•买买提",
            "阿卜杜拉・买买提",
            "阿卜杜拉‧买买提",
            "阿卜杜拉･买买提",
            "阿卜杜拉．买买提",
            "阿卜杜拉.买买提",
            "阿卜杜拉 • 买买提",
        ],
    ),
    ("曾小明", &["曾小明", "\u{200b}曾小明\u{feff}", "曾\u{202e}小明", "\u{2068}曾小\u{200d}明\u{2069}"]),
    ("葛\u{e0100}力", &["葛\u{e0100}力"]),
];
const LONG: &str = "阿不都热合曼·买买提吐尔逊·阿卜杜克热木·艾合麦提江·吾买尔江·阿不来提·热合木吐拉·肉孜买买提";

fn checked(digits: &str) -> String {
    format!("{digits}{}", check_character(digits))
}

/// Kind, issuing country, number and birth date as typed; then what becomes of it: kind, country and birth date, or field and problem.
type Document = ([String; 4], Result<(&'static str, Option<&'static str>, &'static str), (&'static str, &'static str)>);

fn documents() -> Vec<Document> {
    let row = |kind: &str, country: &str, number: &str, born: &str| [kind, country, number, born].map(str::to_owned);
    let (card, permit, foreign) = (id_number("19850305", 7), checked("82000019850305002"), checked("91144019850305004"));
    let pensioner = checked("44042319400101001");
    let wrong = format!("{}{}", &card[..17], if card.ends_with('1') { '2' } else { '1' });
    vec![
        (row("", "", &card, ""), Ok(("RESIDENT_ID_CARD", None, "1985-03-05"))),
        (row("居民身份证", "", &pensioner, "1940-01-01"), Ok(("RESIDENT_ID_CARD", None, "1940-01-01"))),
        (row("港澳台居民居住证", "", &permit, ""), Ok(("RESIDENCE_PERMIT", None, "1985-03-05"))),
        (row("", "", &checked("81000019900101001"), ""), Ok(("RESIDENCE_PERMIT", None, "1990-01-01"))),
        (row("", "", &checked("83000019900101001"), ""), Ok(("RESIDENCE_PERMIT", None, "1990-01-01"))),
        (row("外国人永久居留身份证", "", &foreign, ""), Ok(("PERMANENT_RESIDENCE_CARD", None, "1985-03-05"))),
        (row("", "", "USA440012345678", "1979-08-12"), Ok(("PERMANENT_RESIDENCE_CARD", None, "1979-08-12"))),
        (row("", "", "M1234567800", "1985-03-05"), Ok(("HOME_RETURN_PERMIT", None, "1985-03-05"))),
        (row("", "", "M1234567801", "1985-03-05"), Err(("idNumber", "duplicate"))),
        (row("港澳居民来往内地通行证", "", "m12345678", "1985-03-05"), Err(("idNumber", "duplicate"))),
        (row("港澳居民来往内地通行证", "", "H12345678", "1985-03-05"), Ok(("HOME_RETURN_PERMIT", None, "1985-03-05"))),
        (row("台湾居民来往大陆通行证", "", "12345678", "1985-03-05"), Ok(("TAIWAN_PERMIT", None, "1985-03-05"))),
        (row("护照", "菲律宾", "p1234567a", "1985-03-05"), Ok(("PASSPORT", Some("PHL"), "1985-03-05"))),
        (row("护照", "PHL", "P1234567A", "1985-03-05"), Err(("idNumber", "duplicate"))),
        (row("护照", "VNM", "P1234567A", "1985-03-05"), Ok(("PASSPORT", Some("VNM"), "1985-03-05"))),
        (row("", "", "87654321", "1985-03-05"), Err(("documentKind", "missing"))),
        (row("驾驶证", "", "87654321", "1985-03-05"), Err(("documentKind", "unknown"))),
        (row("护照", "", "P7654321A", "1985-03-05"), Err(("issuingCountry", "missing"))),
        (row("护照", "无此国", "P7654321A", "1985-03-05"), Err(("issuingCountry", "unknown"))),
        (row("", "", "H87654321", ""), Err(("birthDate", "missing"))),
        (row("", "", "H87654321", "2999-01-01"), Err(("birthDate", "future"))),
        (row("", "", &id_number("19850305", 8), "1985-03-06"), Err(("birthDate", "date"))),
        (row("居民身份证", "", &checked("82000019850305009"), ""), Err(("idNumber", "format"))),
        (row("台湾居民来往大陆通行证", "", "1234567", "1985-03-05"), Err(("idNumber", "format"))),
        (row("", "", &wrong, ""), Err(("idNumber", "checksum"))),
    ]
}

/// Whoever was registered in a district, by the number of their document.
fn everybody(district: &District) -> BTreeMap<String, Value> {
    let ask = format!("{{ volunteers(filter: {{ area: \"440402\" }}, first: 100) {{ nodes {{ {FIELDS} }} }} }}");
    let answer = district.operator.asks(&ask, &json!({}));
    let nodes = answer["volunteers"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().map(|node| (node["idNumber"].as_str().unwrap().to_owned(), node)).collect()
}

fn row(name: &str, [kind, country, number, born]: [&str; 4], phone: &str) -> [String; 8] {
    [name, kind, country, number, born, phone, TEAM_AREA, "2026-01-05"].map(str::to_owned)
}

/// A workbook of text cells; what is all digits, in `numbers`, as the number that a spreadsheet makes of it.
fn workbook(sheet: &Sheet, numbers: &[usize]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    for (line, cells) in (0..).zip(&sheet.0) {
        for (column, cell) in (0..).zip(cells) {
            let is_number = numbers.contains(&usize::from(column)) && !cell.starts_with('0') && cell.bytes().all(|it| it.is_ascii_digit());
            match cell.parse::<f64>() {
                Ok(number) if is_number => page.write_number(line, column, number).unwrap(),
                _ => page.write_string(line, column, cell).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// What people write, with what comes out of it: name and phone as typed, then as kept.
fn people() -> Vec<([String; 2], [String; 2])> {
    let phones = PHONES.iter().flat_map(|(kept, typed)| typed.iter().map(|typed| ("陈美玲", "陈美玲", *typed, *kept)));
    let names = NAMES.iter().flat_map(|(kept, typed)| typed.iter().map(|typed| (*typed, *kept, "13900000001", "13900000001")));
    let long = std::iter::once((LONG, LONG, "13900000001", "13900000001"));
    phones
        .chain(names)
        .chain(long)
        .map(|(name, kept, typed, number)| ([name, typed].map(str::to_owned), [kept, number].map(str::to_owned)))
        .collect()
}

#[test]
fn phones_and_names_come_out_the_same_from_every_file() {
    assert!(LONG.chars().count() >= 45);
    let people = people();
    let number = |n: usize| id_number("19800101", u32::try_from(n).unwrap());
    let rows = people.iter().enumerate().map(|(n, ([name, phone], _))| row(name, ["", "", &number(n), ""], phone));
    let sheet = Sheet::new(HEADINGS, rows);
    for (form, bytes) in [("csv", sheet.csv().into_bytes()), ("xlsx", workbook(&sheet, &[5]))] {
        let folder = TestFolder::with_teams();
        let report = folder.imports("volunteers", &folder.writes(&format!("people.{form}"), bytes));
        assert_eq!(rejections(&report), [], "{form}");
        let district = District::of(folder);
        let kept = everybody(&district);
        for (n, ([name, phone], [kept_name, kept_phone])) in people.iter().enumerate() {
            let seen = &kept[&number(n)];
            assert_eq!(
                (seen["name"].as_str(), seen["phone"].as_str()),
                (Some(&**kept_name), Some(&**kept_phone)),
                "{form}: {name:?} {phone:?}"
            );
        }
        district.folder.verified();
    }
    let folder = TestFolder::with_teams();
    let unfit = NO_PHONES.iter().enumerate().map(|(n, phone)| row("陈美玲", ["", "", &number(n), ""], phone));
    let nameless = ["", " ", "\u{200b}\u{2060}", "\u{200e}"]
        .iter()
        .enumerate()
        .map(|(n, name)| row(name, ["", "", &number(n + 50), ""], "13900000001"));
    let report = folder.imports("volunteers", &folder.writes("unfit.csv", Sheet::new(HEADINGS, unfit.chain(nameless)).csv()));
    let told: Vec<_> = rejections(&report).into_iter().map(|(_, field, problem)| format!("{field} {problem}")).collect();
    assert_eq!(told, [["phone format"; 5].as_slice(), &["name missing"; 4]].concat());
}

#[test]
fn phones_and_names_come_out_the_same_over_graphql() {
    let district = District::new();
    for (n, ([name, phone], [kept_name, kept_phone])) in (0..).zip(people()) {
        let input = json!({ "name": name, "phone": phone, "idNumber": id_number("19800101", n), "homeArea": TEAM_AREA });
        let seen = district.operator.does("registerVolunteer", &input, &format!("volunteer {{ {FIELDS} }}"))["volunteer"].take();
        assert_eq!((seen["name"].as_str(), seen["phone"].as_str()), (Some(&*kept_name), Some(&*kept_phone)), "{name:?} {phone:?}");
    }
    for (n, phone) in (100..).zip(NO_PHONES) {
        let input = json!({ "name": "陈美玲", "phone": phone, "idNumber": id_number("19800101", n), "homeArea": TEAM_AREA });
        assert_eq!(district.operator.sends("registerVolunteer", &input, "")["refusal"]["field"], "phone", "{phone}");
    }
    // One number is one account, in whatever way it is typed at the door.
    for (n, (_, typed)) in (200..).zip(PHONES) {
        let with = |phone: &str, n| json!({ "name": "陈美玲", "phone": phone, "idNumber": id_number("19800101", n), "homeArea": TEAM_AREA, "password": PASSWORD });
        district.server.stranger().does("registerVolunteer", &with(typed[0], n), "volunteer { id }");
        assert_eq!(district.server.stranger().is_refused("registerVolunteer", &with(typed[typed.len() - 1], n + 50)), "NumberOrPhoneTaken");
        for phone in typed {
            district.server.stranger().signs_in(phone, PASSWORD);
        }
    }
}

#[test]
fn a_name_is_found_by_any_dot_and_by_its_sound() {
    let district = District::new();
    for (n, (kept, typed)) in (0..).zip(NAMES) {
        let input =
            json!({ "name": typed[typed.len() - 1], "phone": "13900000001", "idNumber": id_number("19800101", n), "homeArea": TEAM_AREA });
        assert_eq!(district.operator.does("registerVolunteer", &input, &format!("volunteer {{ {FIELDS} }}"))["volunteer"]["name"], kept);
    }
    let found = |asked: &str| {
        let ask = "query($asked: String) { volunteers(filter: { area: \"440402\", nameContains: $asked }) { nodes { name } } }";
        let answer = district.operator.asks(ask, &json!({ "asked": asked }));
        answer["volunteers"]["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for asked in [
        "阿卜杜拉·买买提",
        "阿卜杜拉•买",
        "拉・买",
        "拉.买",
        "买买提",
        "拉 • 买",
        "abudula",
        "Abudula Maimaiti",
        "maimaiti",
        "abdl",
        "mmt",
        "\u{200e}买买提",
    ] {
        assert_eq!(found(asked), ["阿卜杜拉·买买提"], "{asked}");
    }
    for asked in ["曾小明", "曾", "zeng", "ceng", "zengxiaoming", "xiaoming", "zxm", "zēng xiǎo"] {
        assert_eq!(found(asked), ["曾小明"], "{asked}");
    }
    for asked in ["葛力", "葛\u{e0100}力", "geli"] {
        assert_eq!(found(asked), ["葛\u{e0100}力"], "{asked}");
    }
    for asked in ["eng", "wang", "王", "拉买卖"] {
        assert_eq!(found(asked), Vec::<String>::new(), "{asked}");
    }
}

#[test]
fn documents_of_every_kind_come_out_the_same_from_every_file() {
    let documents = documents();
    let rows = documents.iter().map(|([kind, country, number, born], _)| row("陈美玲", [kind, country, number, born], "13900000001"));
    let sheet = Sheet::new(HEADINGS, rows);
    let wanted: Vec<_> = (2..)
        .zip(&documents)
        .filter_map(|(line, (_, verdict))| verdict.err().map(|(field, problem)| (line, field.to_owned(), problem.to_owned())))
        .collect();
    for (form, bytes) in [("csv", sheet.csv().into_bytes()), ("xlsx", workbook(&sheet, &[]))] {
        let folder = TestFolder::with_teams();
        let file = folder.writes(&format!("documents.{form}"), bytes);
        assert_eq!(rejections(&folder.imports("volunteers", &file)), wanted, "{form}");
        let head = folder.head();
        let again = folder.imports("volunteers", &file);
        assert_eq!(
            (&again["accepted"], rejections(&again), folder.head()),
            (&json!(0), wanted.clone(), head),
            "{form}: a second time nothing changes"
        );
        let hours = [
            ["m1234567899", "1号志愿服务队", "环境保护", "", "2026-03-05 08:00", "2026-03-05 11:00"],
            ["H00000000", "1号志愿服务队", "环境保护", "", "2026-03-05 08:00", "2026-03-05 11:00"],
        ];
        let report = folder.imports("hours", &folder.writes("hours.csv", Sheet::new(HOURS, hours).csv()));
        assert_eq!(rejections(&report), [(3, "idNumber".to_owned(), "unknown".to_owned())], "hours find a renewed permit");
        let district = District::of(folder);
        let everybody = everybody(&district);
        for ([.., number, _], verdict) in &documents {
            let Ok((kind, country, born)) = verdict else { continue };
            // Two passports have one number; the index has one of them.
            let Some(seen) = everybody.get(&number.to_uppercase()).filter(|_| !number.eq_ignore_ascii_case("P1234567A")) else { continue };
            assert_eq!(
                (&seen["documentKind"], &seen["issuingCountry"], &seen["birthDate"]),
                (&json!(kind), &json!(country), &json!(born)),
                "{form} {number}"
            );
        }
        assert_eq!(everybody.len() + 1, documents.iter().filter(|(_, verdict)| verdict.is_ok()).count());
        district.folder.verified();
    }
}

#[test]
fn documents_of_every_kind_come_out_the_same_over_graphql() {
    let district = District::new();
    let kinds = ["RESIDENT_ID_CARD", "RESIDENCE_PERMIT", "HOME_RETURN_PERMIT", "TAIWAN_PERMIT", "PERMANENT_RESIDENCE_CARD", "PASSPORT"];
    let names = ["居民身份证", "港澳台居民居住证", "港澳居民来往内地通行证", "台湾居民来往大陆通行证", "外国人永久居留身份证", "护照"];
    for ([kind, country, number, born], verdict) in documents() {
        let Some(kind) = names.iter().position(|it| *it == kind).map(|it| Some(kinds[it])).or((kind.is_empty()).then_some(None)) else {
            continue;
        };
        let maybe = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let input = json!({
            "name": "陈美玲", "phone": "13900000001", "homeArea": TEAM_AREA,
            "documentKind": kind, "issuingCountry": maybe(&country), "idNumber": number, "birthDate": maybe(&born),
        });
        let answer = district.operator.sends("registerVolunteer", &input, &format!("volunteer {{ {FIELDS} }}"));
        match verdict {
            Ok((kind, country, born)) => {
                let seen = &answer["volunteer"];
                let wanted =
                    json!({ "documentKind": kind, "issuingCountry": country, "birthDate": born, "idNumber": number.to_uppercase() });
                let seen = json!({ "documentKind": seen["documentKind"], "issuingCountry": seen["issuingCountry"], "birthDate": seen["birthDate"], "idNumber": seen["idNumber"] });
                assert_eq!(seen, wanted, "{answer}");
            }
            Err((field, _)) => assert_eq!(answer["refusal"]["field"], field, "{input}"),
        }
    }
}
