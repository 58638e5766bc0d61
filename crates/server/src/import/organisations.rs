//! Rows of organisations: name, kind, area, parent, unified social credit code. One after the other, because a parent stands above its children.

use gongyi_app::{Rejection, volunteering::imports::ImportOrganisation};
use gongyi_domain::volunteering::organisation::OrganisationKind;

use super::{
    Importer, Seen, Sent, cells,
    report::{Outcome, Problem},
    table::{Heading, Row},
};

pub const HEADINGS: &[Heading] = &[
    Heading { field: "name", names: &["名称", "组织名称", "服务队", "organisation", "organization"], required: true },
    Heading { field: "kind", names: &["类型", "组织类型", "type"], required: true },
    Heading { field: "area", names: &["社区代码", "区域代码", "area code"], required: true },
    Heading { field: "parent", names: &["上级", "上级组织", "parent organisation"], required: false },
    Heading {
        field: "creditCode", names: &["统一社会信用代码", "社会信用代码", "信用代码", "credit code"], required: false
    },
];

/// All rows are taken in order.
pub fn key(_: &Row<'_>) -> String {
    String::new()
}

fn duplicate() -> Problem {
    Problem::new("name", "duplicate", "已有同名组织", "There is an organisation of this name already")
}

pub async fn import(importer: &Importer<'_>, row: &Row<'_>, seen: &mut Seen) -> Result<Result<Outcome, Problem>, Rejection> {
    let (mut name, mut kind, mut area, mut parent, mut credit_code) = (String::new(), None, None, None, None);
    for field in row.fields(HEADINGS) {
        let cell = row.cell(field);
        let checked = match field {
            "name" => cells::present("name", &cell).map(|()| name = cell),
            "kind" => cells::present("kind", &cell).and_then(|()| {
                kind =
                    Some(OrganisationKind::named(&cell).ok_or_else(|| cells::unknown("kind", "没有此组织类型", "There is no such kind"))?);
                Ok(())
            }),
            "area" => importer.area("area", &cell).await?.map(|it| area = Some(it)),
            "parent" if cell.is_empty() => Ok(()),
            "parent" => importer.organisation("parent", &cell).await?.map(|it| parent = Some(it)),
            "creditCode" if cell.is_empty() => Ok(()),
            "creditCode" => cells::credit_code("creditCode", &cell).map(|it| credit_code = Some(it)),
            _ => Ok(()),
        };
        if let Err(problem) = checked {
            return Ok(Err(problem));
        }
    }
    let Some((kind, area)) = kind.zip(area) else { return Ok(Err(cells::missing("kind"))) };
    match importer.send(&ImportOrganisation { kind, name, area, parent, credit_code }, seen).await {
        Ok(Sent::Done(done)) if done.unchanged => Ok(Ok(Outcome::Unchanged)),
        Ok(Sent::Done(_)) => Ok(Ok(Outcome::Accepted)),
        Ok(Sent::Repeat) => Ok(Err(duplicate())),
        Err(Rejection::Refused(refusal)) => Ok(Err(match refusal.code {
            "OrganisationNameTaken" => duplicate(),
            "CreditCodeTaken" => Problem::new("creditCode", "duplicate", refusal.zh, refusal.en),
            "UnknownOrganisation" | "OrganisationIsDissolved" | "ParentUnfit" => Problem::new("parent", "unknown", refusal.zh, refusal.en),
            _ => Problem::new("name", "format", refusal.zh, refusal.en),
        })),
        Err(other) => Err(other),
    }
}
