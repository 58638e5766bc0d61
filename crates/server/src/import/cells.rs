//! Cells as values, each with the first thing that is wrong with it.

use chrono::{NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use gongyi_domain::{
    access::{
        contact::{NotAContact, PersonName, Phone},
        identity_document::{DocumentKind, IdentityDocument, NotADocument},
    },
    values::{AreaCode, Day, Instant},
};

use super::{
    report::Problem,
    table::{Heading, Row},
};

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

/// What is wrong with an identity document, in the column it is wrong in.
pub fn unfit_document(problem: NotADocument) -> Problem {
    let (zh, en) = problem.words();
    Problem::new(problem.field(), problem.problem(), zh, en)
}

/// The column of a document's kind.
pub const DOCUMENT_KIND: Heading =
    Heading { field: "documentKind", names: &["证件类型", "证件种类", "证件类别", "document type"], required: false };
/// The column of the country that issued a passport.
pub const ISSUING_COUNTRY: Heading =
    Heading { field: "issuingCountry", names: &["签发国", "签发国家", "国籍", "nationality"], required: false };

/// A kind of identity document; empty leaves it to the number.
pub fn document_kind(field: &'static str, cell: &str) -> Result<Option<DocumentKind>, Problem> {
    if cell.is_empty() {
        return Ok(None);
    }
    let (zh, en) = (
        "没有此证件类型；请填写居民身份证、港澳台居民居住证、港澳居民来往内地通行证、台湾居民来往大陆通行证、外国人永久居留身份证或护照",
        "There is no such kind of document",
    );
    DocumentKind::named(cell).map(Some).ok_or_else(|| unknown(field, zh, en))
}

/// The identity document of a row: its number, with the columns that say what it is. A kind that is none is told in its own
/// column.
pub fn document(row: &Row<'_>, today: Day) -> Result<IdentityDocument, Problem> {
    let (kind, issuer, number) = (row.cell("documentKind"), row.cell("issuingCountry"), row.cell("idNumber"));
    IdentityDocument::parse(document_kind("documentKind", &kind)?, Some(&issuer), &number, today).map_err(unfit_document)
}

/// What rows of one identity document have in common, so that they are taken in order: a number that is none stands for itself.
pub fn document_key(row: &Row<'_>) -> String {
    document(row, Day::MAX).map_or_else(|_| row.cell("idNumber").to_uppercase(), |document| document.claim())
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

/// The first year that a spreadsheet knows; an earlier one is the slip of another way to write a date.
const FIRST_YEAR: i32 = 1900;

fn no_date(field: &'static str) -> Problem {
    Problem::new(field, "date", "没有这个日期或时间", "There is no such date or time")
}

/// What is wrong with a text that is no day or moment.
enum NotATime {
    /// It is not written as one: another order, two digits for the year, a spreadsheet's number of days.
    Format,
    /// It is written as one, but the calendar or the clock has none such.
    Date,
}

/// A day: `2022-03-05`, `2022/3/5`, `2022.3.5`, `20220305` or `2022年3月5日`.
pub fn day(field: &'static str, cell: &str) -> Result<Day, Problem> {
    present(field, cell)?;
    // A workbook's day comes with its midnight.
    let cell = cell.strip_suffix(" 00:00:00").unwrap_or(cell);
    day_in(cell).map_err(|problem| match problem {
        NotATime::Date => no_date(field),
        NotATime::Format => Problem::new(field, "format", "请按 2022-03-05 的格式填写日期", "Write a date as 2022-03-05"),
    })
}

/// A number of so many digits.
fn digits(part: &str, least: usize, most: usize) -> Option<u32> {
    let fits = (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if fits { part.parse().ok() } else { None }
}

fn day_in(cell: &str) -> Result<Day, NotATime> {
    let of = |year: u32, month: u32, day: u32| {
        let year = i32::try_from(year).ok().filter(|year| *year >= FIRST_YEAR).ok_or(NotATime::Format)?;
        Day::from_ymd_opt(year, month, day).ok_or(NotATime::Date)
    };
    if let Some(number) = digits(cell, 8, 8) {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let (first, second, last) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
        // `05032022`: the year stands at the end, and who can say which of the others is the month?
        let year_is_last = of(last, first, second).is_ok() || of(last, second, first).is_ok();
        return of(year, month, day).map_err(|problem| if year_is_last { NotATime::Format } else { problem });
    }
    let parts: Vec<&str> = cell.strip_suffix('日').unwrap_or(cell).split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts[..] else { return Err(NotATime::Format) };
    match (digits(year, 4, 4), digits(month, 1, 2), digits(day, 1, 2)) {
        (Some(year), Some(month), Some(day)) => of(year, month, day),
        _ => Err(NotATime::Format),
    }
}

/// A time of day: `7:30`, `07:30:00`, with a fraction of a second or none, `7时30分`.
fn time_in(cell: &str) -> Result<NaiveTime, NotATime> {
    let text = cell.trim().replace(['时', '分'], ":").replace('秒', "");
    let text = text.strip_suffix(':').unwrap_or(&text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<Option<u32>> = whole.split(':').map(|part| digits(part, 1, 2)).collect();
    let (hour, minute, second) = match parts[..] {
        [Some(hour), Some(minute)] if whole == text => (hour, minute, 0),
        [Some(hour), Some(minute), Some(second)] if digits(fraction, 1, 9).is_some() => (hour, minute, second),
        _ => return Err(NotATime::Format),
    };
    let nanoseconds = format!("{fraction:0<9}").parse().map_err(|_| NotATime::Format)?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds).ok_or(NotATime::Date)
}

/// A moment in the tenant's time zone: a day, then `07:30` or `07:30:00`.
pub fn moment(field: &'static str, cell: &str, zone: Tz) -> Result<Instant, Problem> {
    present(field, cell)?;
    let read = || {
        let (date, time) = cell.split_once([' ', 'T']).ok_or(NotATime::Format)?;
        let local = NaiveDateTime::new(day_in(date)?, time_in(time)?);
        // In an hour that comes twice the first is meant; one that is skipped is no time of that day.
        zone.from_local_datetime(&local).earliest().ok_or(NotATime::Date)
    };
    read().map(|at| at.to_utc()).map_err(|problem| match problem {
        NotATime::Date => no_date(field),
        NotATime::Format => {
            Problem::new(field, "format", "请按 2022-03-05 07:30 的格式填写日期和时间", "Write a date and a time as 2022-03-05 07:30")
        }
    })
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
        for (problem, cells) in [
            ("date", &["2022/13/40", "2022-02-29", "20220230", "2022年2月30日"][..]),
            ("format", &["昨天", "5/3/2022", "3/5/2026", "26-03-05", "46086", "46086.5", "05032026", "31121999", "0026-03-05"]),
            ("format", &["2022-3", "2022-03-05 07:30", "2022-03-05-", "20220305日", "1899-12-31", "Mar 5 2022", "2022-0003-05"]),
            ("missing", &[""]),
        ] {
            for cell in cells {
                assert_eq!(day("d", cell).unwrap_err().problem, problem, "{cell}");
            }
        }
    }

    #[test]
    fn moments_are_of_the_tenants_zone() {
        let zone = chrono_tz::Asia::Shanghai;
        for cell in ["2022-03-05 07:30", "2022/3/5 7:30:00", "2022-03-05T07:30", "2022年3月5日 7时30分"] {
            assert_eq!(moment("d", cell, zone).unwrap().to_string(), "2022-03-04 23:30:00 UTC", "{cell}");
        }
        assert_eq!(moment("d", "2022-03-05 07:30:00.5", zone).unwrap().to_string(), "2022-03-04 23:30:00.500 UTC");
        for (problem, cells) in [
            ("date", &["2022-03-05 25:00", "2022-03-05 07:60", "2022-02-30 07:30"][..]),
            ("format", &["2022-03-05", "早上八点", "3/5/2026 07:30", "26-03-05 07:30", "46086.3125", "2022-03-05 7", "2022-03-05 07:30Z"]),
            ("format", &["2022-03-05 下午3:30", "2022-03-05 07:30 PM", "2022-03-05 07:30.5", "2022-03-05 7::30"]),
        ] {
            for cell in cells {
                assert_eq!(moment("d", cell, zone).unwrap_err().problem, problem, "{cell}");
            }
        }
        let skipped = moment("d", "2022-03-27 02:30", chrono_tz::Europe::Berlin).unwrap_err();
        assert_eq!(skipped.problem, "date", "the clock leaps from two to three");
    }
}
