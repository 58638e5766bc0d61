//! Rows of hours: whose, for which organisation, category, content, begin and end.

use gongyi_app::{Rejection, clock::day_of, volunteering::imports::ImportHours};
use gongyi_domain::{
    refusal::Refusal,
    values::Minutes,
    volunteering::{
        category::Category,
        service_ledger::{SERVICE_RECORD_MAX_MINUTES, ServiceLedgerRefusal},
    },
};

use super::{
    Importer, Seen, Sent, cells,
    report::{Outcome, Problem},
    table::{Heading, Row},
};

pub const HEADINGS: &[Heading] = &[
    Heading { field: "idNumber", names: &["证件号码", "身份证号", "身份证号码", "ID card"], required: true },
    cells::DOCUMENT_KIND,
    cells::ISSUING_COUNTRY,
    Heading { field: "organisation", names: &["服务队", "组织", "服务组织", "organization", "team"], required: true },
    Heading { field: "category", names: &["类别", "服务类别"], required: true },
    Heading { field: "content", names: &["内容", "服务内容", "description"], required: false },
    Heading { field: "started", names: &["开始时间", "开始", "start", "started at"], required: true },
    Heading { field: "ended", names: &["结束时间", "结束", "end", "ended at"], required: true },
];

/// Rows of one identity document are taken in order.
pub fn key(row: &Row<'_>) -> String {
    cells::document_key(row)
}

fn overlap() -> Problem {
    Problem::new("started", "overlap", "与已有服务记录时间重叠", "This overlaps another service record")
}

pub async fn import(importer: &Importer<'_>, row: &Row<'_>, seen: &mut Seen) -> Result<Result<Outcome, Problem>, Rejection> {
    let app = importer.app;
    let now = app.now();
    let (mut volunteer, mut organisation, mut category, mut content) = (None, None, None, None);
    let (mut started, mut ended) = (None, None);
    for field in row.fields(HEADINGS) {
        let cell = row.cell(field);
        let checked = match field {
            "idNumber" => importer.volunteer(row, day_of(now, app.zone())).await?.map(|it| volunteer = Some(it)),
            "organisation" => importer.organisation("organisation", &cell).await?.map(|it| organisation = Some(it)),
            "category" => cells::present("category", &cell).and_then(|()| {
                let found =
                    Category::named(&cell).ok_or_else(|| cells::unknown("category", "没有此服务类别", "There is no such category"))?;
                category = Some(found);
                Ok(())
            }),
            "content" => {
                content = Some(cell).filter(|it| !it.is_empty());
                Ok(())
            }
            "started" => cells::moment("started", &cell, app.zone()).and_then(|at| {
                started = Some(at);
                if at > now { Err(cells::future("started")) } else { Ok(()) }
            }),
            "ended" => cells::end("ended", &cell, app.zone()).and_then(|at| {
                ended = Some(at);
                if at > now { Err(cells::future("ended")) } else { Ok(()) }
            }),
            _ => Ok(()),
        };
        if let Err(problem) = checked {
            return Ok(Err(problem));
        }
    }
    let (Some(volunteer), Some(organisation), Some(category), Some(started), Some(ended)) =
        (volunteer, organisation, category, started, ended)
    else {
        return Ok(Err(cells::missing("idNumber")));
    };
    if Minutes::between(started, ended).is_none() {
        let (zh, en) = ("结束时间须比开始时间晚至少一分钟", "Service ends at least a minute after it starts");
        return Ok(Err(Problem::new("ended", "before_start", zh, en)));
    }
    if (ended - started).num_seconds() > i64::from(SERVICE_RECORD_MAX_MINUTES) * 60 {
        let Refusal { zh, en, .. } = ServiceLedgerRefusal::ServiceTooLong.into();
        return Ok(Err(Problem::new("ended", "too_long", zh, en)));
    }
    match importer.send(&ImportHours { volunteer, organisation, category, content, started, ended }, seen).await {
        Ok(Sent::Done(done)) if done.unchanged => Ok(Ok(Outcome::Unchanged)),
        Ok(Sent::Done(done)) if done.answer.pending => Ok(Ok(Outcome::Pending)),
        Ok(Sent::Done(_)) => Ok(Ok(Outcome::Accepted)),
        Ok(Sent::Repeat) => Ok(Err(overlap())),
        Err(Rejection::Refused(refusal)) => Ok(Err(match refusal.code {
            "ServiceOverlaps" => overlap(),
            "EndsBeforeStart" => Problem::new("ended", "before_start", refusal.zh, refusal.en),
            "NotActiveThen" => Problem::new("started", "suspended", refusal.zh, refusal.en),
            "NotActive" | "UnknownVolunteer" => Problem::new("idNumber", "unknown", refusal.zh, refusal.en),
            "OrganisationIsDissolved" => Problem::new("organisation", "unknown", refusal.zh, refusal.en),
            _ => Problem::new(refusal.field.unwrap_or("content"), "format", refusal.zh, refusal.en),
        })),
        Err(other) => Err(other),
    }
}
