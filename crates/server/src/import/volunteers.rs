//! Rows of volunteers: name, identity document, birth date where its number carries none, phone, home area, organisation, guardian's consent, day of registration.

use gongyi_app::{Rejection, clock::day_of, volunteering::imports::ImportVolunteer};

use super::{
    Importer, Seen, Sent, cells,
    report::{Outcome, Problem},
    table::{Heading, Row},
};

pub const HEADINGS: &[Heading] = &[
    Heading { field: "name", names: &["姓名"], required: true },
    Heading { field: "idNumber", names: &["证件号码", "身份证号", "身份证号码", "ID card"], required: true },
    cells::DOCUMENT_KIND,
    cells::ISSUING_COUNTRY,
    Heading { field: "birthDate", names: &["出生日期", "出生年月日", "生日", "date of birth"], required: false },
    Heading { field: "phone", names: &["手机号", "手机号码", "手机", "联系电话", "mobile"], required: true },
    Heading { field: "area", names: &["社区代码", "区域代码", "area code"], required: true },
    Heading { field: "organisation", names: &["服务队", "组织", "所属组织", "organization", "team"], required: false },
    Heading { field: "guardianConsent", names: &["监护人同意", "guardian's consent", "consent"], required: false },
    Heading { field: "registeredOn", names: &["注册日期", "登记日期", "registered", "registration date"], required: true },
];

/// Rows of one identity document are taken in order.
pub fn key(row: &Row<'_>) -> String {
    cells::document_key(row)
}

fn duplicate() -> Problem {
    Problem::new("idNumber", "duplicate", "该证件号码已登记", "This ID number is registered already")
}

pub async fn import(importer: &Importer<'_>, row: &Row<'_>, seen: &mut Seen) -> Result<Result<Outcome, Problem>, Rejection> {
    let app = importer.app;
    let today = day_of(app.now(), app.zone());
    let (mut name, mut phone, mut consent) = (String::new(), String::new(), false);
    let (mut document, mut born, mut area, mut organisation, mut registered_on) = (None, None, None, None, None);
    for field in row.fields(HEADINGS) {
        let cell = row.cell(field);
        let checked = match field {
            "name" => cells::name("name", &cell).map(|it| name = it),
            "idNumber" => cells::document(row, today).map(|it| document = Some(it)),
            "documentKind" => cells::document_kind("documentKind", &cell).map(drop),
            "birthDate" if cell.is_empty() => Ok(()),
            "birthDate" => cells::day("birthDate", &cell).map(|day| born = Some(day)),
            "phone" => cells::phone("phone", &cell).map(|it| phone = it),
            "area" => importer.area("area", &cell).await?.map(|it| area = Some(it)),
            "organisation" if cell.is_empty() => Ok(()),
            "organisation" => importer.organisation("organisation", &cell).await?.map(|it| organisation = Some(it)),
            "guardianConsent" => cells::yes("guardianConsent", &cell).map(|it| consent = it),
            "registeredOn" => cells::day("registeredOn", &cell).and_then(|day| {
                registered_on = Some(day);
                if day > today { Err(cells::future("registeredOn")) } else { Ok(()) }
            }),
            _ => Ok(()),
        };
        if let Err(problem) = checked {
            return Ok(Err(problem));
        }
    }
    let (Some(document), Some(area), Some(registered_on)) = (document, area, registered_on) else {
        return Ok(Err(cells::missing("idNumber")));
    };
    if let Err(problem) = document.birth_date(born, today) {
        return Ok(Err(cells::unfit_document(problem)));
    }
    let command = ImportVolunteer {
        name,
        id_number: document.number().to_owned(),
        document_kind: document.kept_kind().map(|_| document.kind()),
        issuing_country: document.issuer().map(|issuer| issuer.as_str().to_owned()),
        // As the row of an ID number was sent when there was no other document: it is known again.
        birth_date: born.filter(|_| document.carried_birth().is_none()),
        phone,
        area,
        organisation,
        consent,
        registered_on,
    };
    match importer.send(&command, seen).await {
        Ok(Sent::Done(done)) if done.unchanged => Ok(Ok(Outcome::Unchanged)),
        Ok(Sent::Done(_)) => Ok(Ok(Outcome::Accepted)),
        Ok(Sent::Repeat) => Ok(Err(duplicate())),
        Err(Rejection::Refused(refusal)) => Ok(Err(match refusal.code {
            "IdNumberTaken" => duplicate(),
            "GuardianConsentMissing" | "SeparateConsentMissing" => Problem::new("guardianConsent", "missing", refusal.zh, refusal.en),
            "RegisteredInFuture" => cells::future("registeredOn"),
            "OrganisationIsDissolved" => Problem::new("organisation", "unknown", refusal.zh, refusal.en),
            _ => Problem::new(refusal.field.unwrap_or("idNumber"), "format", refusal.zh, refusal.en),
        })),
        Err(other) => Err(other),
    }
}
