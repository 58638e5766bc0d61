//! Cells as values, each with the first thing that is wrong with it.

use chrono_tz::Tz;
use gongyi_domain::{
    access::{
        contact::{NotAContact, PersonName, Phone},
        identity_document::{DocumentKind, IdentityDocument, NotADocument},
    },
    refusal::Refusal,
    typed_time::{self, NotATime},
    values::{AreaCode, Day, Instant},
    volunteering::credit_code::{CreditCode, CreditCodeRefusal},
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

/// From so many digits on a number in a spreadsheet has lost the last ones (Excel's specification: 15 digits are kept).
const KEPT_DIGITS: usize = 15;
const LOST_DIGITS: (&str, &str) = (
    "Excel 已把末几位改成 0：请把此列设为文本格式，再重新填写号码",
    "The spreadsheet has made zeros of the last digits: make the column one of text and type the number anew",
);

/// Tells what a spreadsheet has made of a number that it took for an amount: `4.40499E+17`, or zeros in place of the last digits.
fn lost_digits(field: &'static str, cell: &str) -> Result<(), Problem> {
    let has_exponent = cell.split_once(['E', 'e']).is_some_and(|(number, exponent)| {
        let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
        let is_number =
            number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && number.starts_with(|c: char| c.is_ascii_digit());
        is_number && !exponent.is_empty() && exponent.len() <= 2 && exponent.bytes().all(|byte| byte.is_ascii_digit())
    });
    if has_exponent { Err(Problem::new(field, "format", LOST_DIGITS.0, LOST_DIGITS.1)) } else { Ok(()) }
}

/// Whether the last digits of a number of more than [`KEPT_DIGITS`] are the zeros that a spreadsheet made of them.
fn ends_in_zeros(cell: &str) -> bool {
    cell.len() > KEPT_DIGITS && cell.bytes().all(|byte| byte.is_ascii_digit()) && cell.bytes().skip(KEPT_DIGITS).all(|byte| byte == b'0')
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
    lost_digits(field, cell)?;
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
    document_of([&row.cell("documentKind"), &row.cell("issuingCountry"), &row.cell("idNumber")], today)
}

fn document_of([kind, issuer, number]: [&str; 3], today: Day) -> Result<IdentityDocument, Problem> {
    lost_digits("idNumber", number)?;
    IdentityDocument::parse(document_kind("documentKind", kind)?, Some(issuer), number, today).map_err(|problem| {
        let unfit = unfit_document(problem);
        let lost = unfit.problem == "checksum" && ends_in_zeros(number);
        if lost { Problem::new("idNumber", "checksum", LOST_DIGITS.0, LOST_DIGITS.1) } else { unfit }
    })
}

/// What rows of one identity document have in common, so that they are taken in order: a number that is none stands for itself.
pub fn document_key(row: &Row<'_>) -> String {
    document(row, Day::MAX).map_or_else(|_| row.cell("idNumber").to_uppercase(), |document| document.claim())
}

/// An area code.
pub fn area(field: &'static str, cell: &str) -> Result<AreaCode, Problem> {
    present(field, cell)?;
    lost_digits(field, cell)?;
    let (zh, en) = ("区域代码须为 2、4、6、9、12 或 15 位数字", "An area code has 2, 4, 6, 9, 12 or 15 digits");
    cell.parse().map_err(|_| Problem::new(field, "format", zh, en))
}

/// A unified social credit code.
pub fn credit_code(field: &'static str, cell: &str) -> Result<CreditCode, Problem> {
    lost_digits(field, cell)?;
    CreditCode::parse(cell).map_err(|problem| {
        let name = match problem {
            CreditCodeRefusal::CreditCodeFormat => "format",
            CreditCodeRefusal::CreditCodeChecksum => "checksum",
        };
        let Refusal { zh, en, .. } = problem.into();
        Problem::new(field, name, zh, en)
    })
}

/// Yes or no; empty is no.
pub fn yes(field: &'static str, cell: &str) -> Result<bool, Problem> {
    match cell.to_lowercase().as_str() {
        "是" | "有" | "同意" | "yes" | "y" | "true" | "1" => Ok(true),
        "" | "否" | "无" | "不同意" | "no" | "n" | "false" | "0" => Ok(false),
        _ => Err(Problem::new(field, "format", "请填写“是”或“否”", "Write yes or no")),
    }
}

fn time(field: &'static str, problem: NotATime, (zh, en): (&str, &str)) -> Problem {
    Problem::new(field, if problem == NotATime::Format { "format" } else { "date" }, zh, en)
}

/// A day, as people type it; the time that a workbook's cell has beside it does not matter.
pub fn day(field: &'static str, cell: &str) -> Result<Day, Problem> {
    present(field, cell)?;
    typed_time::day(cell).map_err(|problem| time(field, problem, problem.words_about_a_day()))
}

/// A moment in the tenant's time zone, unless it says another offset.
pub fn moment(field: &'static str, cell: &str, zone: Tz) -> Result<Instant, Problem> {
    present(field, cell)?;
    typed_time::moment(cell, &zone).map_err(|problem| time(field, problem, problem.words()))
}

/// A moment at which something ends: a midnight that the zone skips is the end of the day before.
pub fn end(field: &'static str, cell: &str, zone: Tz) -> Result<Instant, Problem> {
    present(field, cell)?;
    typed_time::end(cell, &zone).map_err(|problem| time(field, problem, problem.words()))
}

/// The day lies ahead.
pub fn future(field: &'static str) -> Problem {
    Problem::new(field, "future", "日期不能晚于现在", "This lies in the future")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_time_is_told_by_its_kind() {
        let zone = chrono_tz::America::Sao_Paulo;
        let told = |problem: Problem| (problem.problem, problem.message.zh);
        assert_eq!(told(day("d", "").unwrap_err()).0, "missing");
        assert_eq!(told(day("d", "3/5/2022").unwrap_err()), ("format", "请按 2022-03-05 的格式填写日期".into()));
        assert_eq!(told(day("d", "2022-02-30").unwrap_err()), ("date", "没有这个日期或时间".into()));
        assert_eq!(told(day("d", "2022年3月5日 星期五").unwrap_err()), ("date", "日期与星期不符".into()));
        assert_eq!(told(moment("d", "2018-11-04 00:30", zone).unwrap_err()), ("date", "当天没有这个时刻".into()));
        assert_eq!(told(moment("d", "2022-03-05", zone).unwrap_err()).0, "format");
        assert_eq!(end("d", "2018-11-04 00:00", zone), end("d", "2018-11-03 24:00", zone));
    }

    #[test]
    fn digits_that_a_spreadsheet_has_lost_are_told_as_such() {
        let today = "2026-01-01".parse().unwrap();
        let told = |problem: Problem| (problem.problem, problem.message.zh.starts_with("Excel 已把末几位改成 0"));
        for cell in ["4.40499E+17", "4.404991974012097E17", "4.40499e+17"] {
            assert_eq!(told(document_of(["", "", cell], today).unwrap_err()), ("format", true), "{cell}");
        }
        assert_eq!(told(document_of(["", "", "440499197401209000"], today).unwrap_err()), ("checksum", true));
        assert_eq!(told(document_of(["", "", "440499197401209703"], today).unwrap_err()), ("checksum", false));
        assert_eq!(told(phone("d", "1.99012E+10").unwrap_err()), ("format", true));
        assert_eq!(told(area("d", "4.40402E+14").unwrap_err()), ("format", true));
        assert_eq!(told(document_of(["", "", "E12345678"], today).unwrap_err()), ("missing", false), "a passport without its country");
    }
}
