//! The working days of a year: JSON as those who collect the State Council's notices publish it,
//! `{year, papers, days: [{name, date, isOffDay}]}`, all days of the year's notice as amendments leave them.

use std::process::ExitCode;

use gongyi_app::{Rejection, access::working_days::ImportWorkingDays, rejection::causes};
use gongyi_domain::{
    access::{
        authority::{Actor, Grant, Role, Scope},
        working_calendar::NamedDay,
    },
    values::Day,
};
use serde::Deserialize;
use serde_json::json;

use super::{Unreadable, opened};
use crate::{folder, output, settings::Import};

/// A file.
#[derive(Deserialize)]
struct Notice {
    year: i32,
    papers: Vec<String>,
    days: Vec<NoticeDay>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NoticeDay {
    name: String,
    date: Day,
    is_off_day: bool,
}

/// Reads a file.
fn read(bytes: &[u8]) -> Result<ImportWorkingDays, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Notice { year, papers, days } = serde_json::from_slice(bytes).map_err(Unreadable::Json)?;
    let named = |NoticeDay { name, date, is_off_day }| NamedDay { day: date, name, off: is_off_day };
    Ok(ImportWorkingDays { year, papers, days: days.into_iter().map(named).collect() })
}

/// Takes a file over.
///
/// # Errors
/// An unreadable file, a held folder; faults. What the rules refuse is told, with exit code 65.
pub async fn run(args: &Import, bytes: &[u8]) -> anyhow::Result<ExitCode> {
    let command = read(bytes)?;
    let lock = folder::lock(&args.folder.data, "import")?;
    let (platform, _trial) = opened(args).await?;
    let operator = Actor::Operator(Grant { role: Role::Operator, scope: Scope::Everywhere });
    let done = platform.app().submit(&platform.app().request(operator), &command).await;
    platform.close().await;
    drop(lock);
    let (year, days) = (command.year, command.days.len());
    match done {
        Ok(done) if args.json => output::print_line(&json!({ "year": year, "days": days, "unchanged": done.unchanged }).to_string())?,
        Ok(done) if done.unchanged => output::print_line(&format!("{year}: nothing new / 无变化"))?,
        Ok(_) => output::print_line(&format!("{year}: {days} days taken over / 已导入 {days} 天"))?,
        Err(Rejection::Refused(refusal)) => {
            eprintln!("gongyi: {} {}", refusal.code, refusal.en);
            eprintln!("gongyi: {}", refusal.zh);
            return Ok(ExitCode::from(65));
        }
        Err(fault) => {
            eprintln!("gongyi: {}", causes(&fault));
            let storage = matches!(&fault, Rejection::Fault(fault) if fault.is_storage());
            return Ok(ExitCode::from(if storage { 74 } else { 70 }));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_as_they_are_published_are_read() {
        let file = r#"{"$schema": "https://example.org/schema.json", "year": 2026, "papers": ["https://www.gov.cn/2026"],
            "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}, {"name": "元旦", "date": "2026-01-04", "isOffDay": false}]}"#;
        let read = |text: &str| read(text.as_bytes());
        let notice = read(file).unwrap();
        assert_eq!((notice.year, notice.papers.len(), notice.days.len()), (2026, 1, 2));
        assert!(notice.days[0].off && !notice.days[1].off);
        for wrong in ["", "[]", "{\"year\": 2026}", &file.replace("2026-01-01", "2026-02-30"), &file.replace("isOffDay", "off")] {
            assert!(matches!(read(wrong), Err(Unreadable::Json(_))), "{wrong}");
        }
    }
}
