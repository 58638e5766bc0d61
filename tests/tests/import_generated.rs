//! Files of the make of the real ones, from a seed, with an expectation worked out here without asking the product.
//! The silent failure made loud: rules that fit the one file they were written for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime};
use fastrand::Rng;
use gongyi_tests::{
    TestFolder,
    people::{check_character, id_number},
    sheets::{HOURS, Sheet, VOLUNTEERS, rejections},
};

const VOLUNTEERS_COUNT: u32 = 120;
const HOURS_COUNT: usize = 400;
/// Over these minutes of one day, a record waits for those above.
const ALONE_MAX_MINUTES: i64 = 480;

/// Line, field and problem.
type Rejected = (u64, String, String);

/// What a file must come to.
#[derive(Default)]
struct Expected {
    accepted: u64,
    pending: u64,
    rejected: Vec<Rejected>,
}

impl Expected {
    fn rejects(&mut self, line: u64, field: &str, problem: &str) {
        self.rejected.push((line, field.to_owned(), problem.to_owned()));
    }
}

/// Volunteers: rows, what must become of them, and the ID numbers that are in afterwards.
fn volunteers(random: &mut Rng) -> (Sheet, Expected, Vec<String>) {
    let (mut rows, mut expected, mut taken) = (vec![], Expected::default(), BTreeSet::new());
    for n in 0..VOLUNTEERS_COUNT {
        let line = u64::from(n) + 2;
        let birth = NaiveDate::from_ymd_opt(random.i32(1950..2012), random.u32(1..=12), random.u32(1..=28)).unwrap();
        let registered = NaiveDate::from_ymd_opt(random.i32(2012..2023), random.u32(1..=12), random.u32(1..=28)).unwrap();
        let id = id_number(&birth.format("%Y%m%d").to_string(), n);
        let consent = random.u8(..4) == 0;
        let mut row = [
            format!("生{n}成"),
            id.clone(),
            format!("199{:08}", random.u32(..100_000_000)),
            format!("440402001{:03}", random.u32(1..=6)),
            format!("{}号志愿服务队", random.u32(1..=33)),
            if consent { "是".to_owned() } else { String::new() },
            registered.to_string(),
        ];
        let broken = match random.u8(..16) {
            0 => Some((0, "　".to_owned(), "name missing")),
            1 => Some((1, format!("{}{}", &id[..17], if id.ends_with('3') { '4' } else { '3' }), "idNumber checksum")),
            2 => Some((1, "4.40499E+17".to_owned(), "idNumber format")),
            3 => {
                let digits = format!("440499{}0230{:03}", birth.year(), n % 1000);
                Some((1, format!("{digits}{}", check_character(&digits)), "idNumber date"))
            }
            4 => Some((2, "1990123456".to_owned(), "phone format")),
            5 => Some((3, "440402999999".to_owned(), "area unknown")),
            6 => Some((4, "34号志愿服务队".to_owned(), "organisation unknown")),
            7 => Some((6, format!("{}-02-30", registered.year()), "registeredOn date")),
            8 => Some((6, "2999-01-01".to_owned(), "registeredOn future")),
            9 if !taken.is_empty() => {
                let again = taken.iter().nth(random.usize(..taken.len())).cloned().unwrap_or_default();
                // Somebody born when the other was, registered as an adult: nothing else is wrong.
                row[6] = "2022-12-31".to_owned();
                row[5] = "是".to_owned();
                Some((1, again, "idNumber duplicate"))
            }
            _ => None,
        };
        let lacks_consent = !consent && registered.years_since(birth).unwrap_or(0) < 18;
        match broken {
            Some((column, cell, verdict)) => {
                row[column] = cell;
                let (field, problem) = verdict.split_once(' ').unwrap();
                expected.rejects(line, field, problem);
            }
            None if lacks_consent => expected.rejects(line, "guardianConsent", "missing"),
            None => {
                expected.accepted += 1;
                taken.insert(id);
            }
        }
        rows.push(row);
    }
    (Sheet::new(VOLUNTEERS, rows), expected, taken.into_iter().collect())
}

/// Hours: rows, what must become of them, and the minutes that are confirmed by each organisation alone.
fn hours(random: &mut Rng, ids: &[String]) -> (Sheet, Expected, i64) {
    const CATEGORIES: [&str; 4] = ["疫情防控", "社区治理", "文明出行", "法治宣传"];
    let (mut rows, mut expected) = (vec![], Expected::default());
    let mut lives: BTreeMap<&str, Vec<(NaiveDateTime, NaiveDateTime)>> = BTreeMap::new();
    let (mut days, mut confirmed) = (BTreeMap::<(&str, NaiveDate), i64>::new(), 0);
    for line in 2..HOURS_COUNT as u64 + 2 {
        let id = ids[random.usize(..ids.len())].as_str();
        // Few days, so that many rows meet.
        let day = NaiveDate::from_ymd_opt(2022, 3, random.u32(1..=8)).unwrap();
        let started = day.and_hms_opt(random.u32(0..24), random.u32(0..4) * 15, 0).unwrap();
        let ended = started + Duration::minutes(i64::from(random.u32(1..=16)) * 30);
        let at = |moment: NaiveDateTime| moment.format("%Y-%m-%d %H:%M").to_string();
        let team = format!("{}号志愿服务队", random.u32(1..=33));
        let mut row = [id.to_owned(), team, CATEGORIES[random.usize(..4)].to_owned(), "生成".to_owned(), at(started), at(ended)];
        let broken = match random.u8(..20) {
            0 => Some((0, id_number("19400101", random.u32(..1000)), "idNumber unknown")),
            1 => Some((1, "海外志愿服务队".to_owned(), "organisation unknown")),
            2 => Some((2, "打麻将".to_owned(), "category unknown")),
            3 => Some((4, "2998-01-01 08:00".to_owned(), "started future")),
            4 => Some((5, at(started - Duration::minutes(30)), "ended before_start")),
            5 => Some((5, at(started + Duration::minutes(24 * 60 + 30)), "ended too_long")),
            _ => None,
        };
        let live = lives.entry(id).or_default();
        match broken {
            Some((column, cell, verdict)) => {
                row[column] = cell;
                let (field, problem) = verdict.split_once(' ').unwrap();
                expected.rejects(line, field, problem);
            }
            None if live.iter().any(|(from, to)| started < *to && *from < ended) => expected.rejects(line, "started", "overlap"),
            None => {
                live.push((started, ended));
                expected.accepted += 1;
                let minutes = (ended - started).num_minutes();
                let of_the_day = days.entry((id, day)).or_default();
                *of_the_day += minutes;
                if *of_the_day > ALONE_MAX_MINUTES {
                    expected.pending += 1;
                } else {
                    confirmed += minutes;
                }
            }
        }
        rows.push(row);
    }
    (Sheet::new(HOURS, rows), expected, confirmed)
}

fn check(folder: &TestFolder, content: &str, sheet: &Sheet, expected: &Expected) {
    let report = folder.imports(content, &folder.writes(&format!("{content}.csv"), sheet.csv()));
    assert_eq!(rejections(&report), expected.rejected, "{content}");
    assert_eq!(report["accepted"], expected.accepted, "{content}");
    assert_eq!(report["pending"], expected.pending, "{content}");
}

fn a_generated_district(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let folder = TestFolder::with_teams();
    let (sheet, expected, ids) = volunteers(&mut random);
    check(&folder, "volunteers", &sheet, &expected);
    let (sheet, expected, minutes) = hours(&mut random, &ids);
    assert!(expected.pending > 0 && expected.rejected.len() > 50, "a seed that tries too little");
    check(&folder, "hours", &sheet, &expected);
    let figures = folder.figures("440402");
    assert_eq!(figures["declaredMinutes"], minutes);
    assert_eq!(figures["records"], expected.accepted - expected.pending);
    folder.verified();
}

#[test]
fn a_first_generated_district_comes_out_as_worked_out() {
    a_generated_district(20_220_915);
}

#[test]
fn a_second_generated_district_comes_out_as_worked_out() {
    a_generated_district(440_402);
}

#[test]
fn a_third_generated_district_comes_out_as_worked_out() {
    a_generated_district(1_311_643);
}
