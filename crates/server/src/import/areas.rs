//! Rows of areas: code and name.

use gongyi_app::{Rejection, access::areas::ListArea};
use gongyi_domain::values::AreaCode;

use super::{
    Importer, Seen, Sent, cells,
    report::{Outcome, Problem},
    table::{Heading, Row},
};

pub const HEADINGS: &[Heading] = &[
    Heading {
        field: "code",
        names: &["代码", "区域代码", "社区代码", "统计用区划代码", "行政区划代码", "区划代码", "area code"],
        required: true,
    },
    Heading { field: "name", names: &["名称", "区域名称", "area name"], required: true },
];

/// Rows of one area are taken in order, however its code is written.
pub fn key(row: &Row<'_>) -> String {
    let cell = row.cell("code");
    cell.parse::<AreaCode>().map_or(cell, String::from)
}

pub async fn import(importer: &Importer<'_>, row: &Row<'_>, seen: &mut Seen) -> Result<Result<Outcome, Problem>, Rejection> {
    let (mut code, mut name) = (None, String::new());
    for field in row.fields(HEADINGS) {
        let cell = row.cell(field);
        let checked = match field {
            "code" => cells::area("code", &cell).map(|it| code = Some(it)),
            "name" => cells::present("name", &cell).map(|()| name = cell),
            _ => Ok(()),
        };
        if let Err(problem) = checked {
            return Ok(Err(problem));
        }
    }
    let Some(code) = code else { return Ok(Err(cells::missing("code"))) };
    let duplicate = || Problem::new("code", "duplicate", "该区域代码在文件中重复", "This code stands earlier in the file");
    // Whatever the name: a code stands in a file once.
    if !seen.is_empty() {
        return Ok(Err(duplicate()));
    }
    match importer.send(&ListArea { code, name }, seen).await {
        Ok(Sent::Done(done)) if done.unchanged => Ok(Ok(Outcome::Unchanged)),
        Ok(Sent::Done(_)) => Ok(Ok(Outcome::Accepted)),
        Ok(Sent::Repeat) => Ok(Err(duplicate())),
        Err(Rejection::Refused(refusal)) => Ok(Err(Problem::new(refusal.field.unwrap_or("name"), "format", refusal.zh, refusal.en))),
        Err(other) => Err(other),
    }
}
