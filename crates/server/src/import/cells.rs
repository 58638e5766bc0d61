//! Cells as values, each with the first thing that is wrong with it.

use chrono::{NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use gongyi_domain::{
    access::{
        contact::{NotAContact, PersonName, Phone},
        id_number::{IdNumber, NotAnIdNumber},
    },
    values::{AreaCode, Day, Instant},
};

use super::report::Problem;

/// Nothing stands in the cell.
pub fn missing(field: &'static str) -> Problem {
    Problem::new(field, "missing", "此栏不能为空", "This cell must not be empty")
}

/// The cell refers to something that does not exist.
pub fn unknown(field: &'static str, zh: &str, en: &str) -> Problem {
    Problem::new(field, "unknown", zh, en)
}

/// The cell must not be empty.
pub fn present(field: &'static str, cell: &str) -> Result<(), Problem> {
    if cell.is_empty() { Err(missing(field)) } else { Ok(()) }
}

fn contact(field: &'static str, problem: NotAContact, (zh, en): (&'static str, &'static str)) -> Problem {
    match problem {
        NotAContact::Missing => missing(field),
        NotAContact::Format => Problem::new(field, "format", zh, en),
    }
}

/// A person's name.
pub fn name(field: &'static str, cell: &str) -> Result<String, Problem> {
    PersonName::parse(cell).map(|name| name.as_str().to_owned()).map_err(|problem| contact(field, problem, problem.about_name()))
}

/// A phone number.
pub fn phone(field: &'static str, cell: &str) -> Result<String, Problem> {
    Phone::parse(cell).map(|phone| phone.as_str().to_owned()).map_err(|problem| contact(field, problem, problem.about_phone()))
}

/// An ID number.
pub fn id_number(field: &'static str, cell: &str, today: Day) -> Result<IdNumber, Problem> {
    present(field, cell)?;
    IdNumber::parse(cell, today).map_err(|problem| {
        let (zh, en) = problem.words();
        let name = match problem {
            NotAnIdNumber::Format => "format",
            NotAnIdNumber::Checksum => "checksum",
            NotAnIdNumber::Date => "date",
        };
        Problem::new(field, name, zh, en)
    })
}

/// An area code.
pub fn area(field: &'static str, cell: &str) -> Result<AreaCode, Problem> {
    present(field, cell)?;
    let wrong = || Problem::new(field, "format", "区域代码须为 6、9、12 或 15 位数字", "An area code has 6, 9, 12 or 15 digits");
    AreaCode::try_new(cell).map_err(|_| wrong())
}

/// Yes or no; empty is no.
pub fn yes(field: &'static str, cell: &str) -> Result<bool, Problem> {
    match cell.to_lowercase().as_str() {
        "是" | "有" | "同意" | "yes" | "y" | "true" | "1" => Ok(true),
        "" | "否" | "无" | "不同意" | "no" | "n" | "false" | "0" => Ok(false),
        _ => Err(Problem::new(field, "format", "请填写“是”或“否”", "Write yes or no")),
    }
}

fn no_date(field: &'static str) -> Problem {
    Problem::new(field, "date", "日期不存在", "There is no such date")
}

/// A day: `2022-03-05`, `2022/3/5`, `2022.3.5`, `20220305` or `2022年3月5日`.
pub fn day(field: &'static str, cell: &str) -> Result<Day, Problem> {
    present(field, cell)?;
    // A workbook's day comes with its midnight.
    let cell = cell.strip_suffix(" 00:00:00").unwrap_or(cell);
    day_in(cell).ok_or_else(|| if date_shaped(cell) { no_date(field) } else { not_a_date(field) })
}

fn not_a_date(field: &'static str) -> Problem {
    Problem::new(field, "format", "请按 2022-03-05 的格式填写日期", "Write a date as 2022-03-05")
}

fn date_shaped(cell: &str) -> bool {
    let separator = |c: char| matches!(c, '-' | '/' | '.' | '年' | '月' | '日' | ':' | ' ' | 'T' | '时' | '分' | '秒');
    cell.chars().any(|c| c.is_ascii_digit()) && cell.chars().all(|c| c.is_ascii_digit() || separator(c))
}

fn day_in(cell: &str) -> Option<Day> {
    if cell.len() == 8 && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return Day::parse_from_str(cell, "%Y%m%d").ok();
    }
    let parts: Vec<&str> = cell.trim_end_matches('日').split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts[..] else { return None };
    let fits =
        |part: &str, least: usize, most: usize| (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(fits(year, 4, 4) && fits(month, 1, 2) && fits(day, 1, 2)) {
        return None;
    }
    Day::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A moment in the tenant's time zone: a day, then `07:30` or `07:30:00`.
pub fn moment(field: &'static str, cell: &str, zone: Tz) -> Result<Instant, Problem> {
    present(field, cell)?;
    let shaped = || if date_shaped(cell) { no_date(field) } else { not_a_date(field) };
    let (date, time) = cell.split_once([' ', 'T']).ok_or_else(shaped)?;
    let time = time.trim().replace(['时', '分'], ":").replace('秒', "");
    let time = time.trim_end_matches(':');
    let time = ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"].iter().find_map(|format| NaiveTime::parse_from_str(time, format).ok());
    let (Some(day), Some(time)) = (day_in(date), time) else { return Err(shaped()) };
    let local = zone.from_local_datetime(&NaiveDateTime::new(day, time)).earliest();
    local.map(|at| at.to_utc()).ok_or_else(|| no_date(field))
}

/// The day lies ahead.
pub fn future(field: &'static str) -> Problem {
    Problem::new(field, "future", "日期不能晚于现在", "This lies in the future")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_every_usual_way() {
        for cell in ["2022-03-05", "2022/3/5", "2022.03.05", "20220305", "2022年3月5日", "2022-03-05 00:00:00"] {
            assert_eq!(day("d", cell).unwrap().to_string(), "2022-03-05", "{cell}");
        }
        for (cell, problem) in [("2022/13/40", "date"), ("2022-02-29", "date"), ("昨天", "format"), ("", "missing"), ("5/3/2022", "date")]
        {
            assert_eq!(day("d", cell).unwrap_err().problem, problem, "{cell}");
        }
    }

    #[test]
    fn moments_are_of_the_tenants_zone() {
        let zone = chrono_tz::Asia::Shanghai;
        for cell in ["2022-03-05 07:30", "2022/3/5 7:30:00", "2022-03-05T07:30", "2022年3月5日 7时30分"] {
            assert_eq!(moment("d", cell, zone).unwrap().to_string(), "2022-03-04 23:30:00 UTC", "{cell}");
        }
        for (cell, problem) in [("2022-03-05 25:00", "date"), ("2022-03-05", "date"), ("早上八点", "format")] {
            assert_eq!(moment("d", cell, zone).unwrap_err().problem, problem, "{cell}");
        }
    }
}
