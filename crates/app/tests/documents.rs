//! Identity documents of every kind. Makes loud: one person taken in twice under a renewed permit, two people taken for one
//! because their numbers are alike, a claim that is kept or lost with a changed document, and what the build before stored.

use std::time::Duration;

use gongyi_app::{
    Rejection,
    volunteering::volunteers::{CorrectVolunteer, RegisterVolunteer, Registered},
};
use gongyi_domain::{
    access::{
        authority::{Role, Scope},
        claim::{Claim, ClaimEvent, Purpose},
        id_number::check_character,
        identity_document::DocumentKind,
        person::Person,
    },
    values::{Day, PersonId, VolunteerId},
    volunteering::volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_of},
};
use gongyi_eventlog::{NewEvent, StreamId};
use gongyi_vault::SealedFor;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, STREET, area, correction_of, expect_refused, expect_refused_at, id_number};

const BORN: &str = "1985-03-05";

fn checked(digits: &str) -> String {
    format!("{digits}{}", check_character(digits).unwrap())
}

fn day(text: &str) -> Option<Day> {
    Some(text.parse().unwrap())
}

/// What somebody shows: kind, issuing country, number, birth date.
type Shown<'a> = (Option<DocumentKind>, Option<&'a str>, &'a str, Option<&'a str>);

impl District {
    fn application_with(&self, (document_kind, issuer, number, born): Shown<'_>) -> RegisterVolunteer {
        RegisterVolunteer {
            document_kind,
            issuing_country: issuer.map(str::to_owned),
            id_number: number.to_owned(),
            birth_date: born.and_then(day),
            ..self.application("陈美玲")
        }
    }

    async fn takes(&self, shown: Shown<'_>) -> Result<Registered, Rejection> {
        self.stranger().does(&self.application_with(shown)).await
    }
}

#[tokio::test]
async fn every_kind_of_document_registers_one_person() {
    use DocumentKind as K;
    let district = District::new().await;
    let (permit, foreign) = (checked("82000019850305002"), checked("91144019850305004"));
    let rows: [(Shown<'_>, K, Option<&str>, &[Shown<'_>]); 8] = [
        ((None, None, "11010519850305002", None), K::ResidentIdCard, None, &[]),
        ((None, None, &permit, None), K::ResidencePermit, None, &[(Some(K::ResidencePermit), None, &permit, Some(BORN))]),
        ((None, None, &foreign, None), K::PermanentResidenceCard, None, &[]),
        ((None, None, "phl440012345678", Some(BORN)), K::PermanentResidenceCard, None, &[]),
        (
            (None, None, "M1234567800", Some(BORN)),
            K::HomeReturnPermit,
            None,
            &[(None, None, "M12345678", Some(BORN)), (Some(K::HomeReturnPermit), None, "m1234567801", Some("1985-03-06"))],
        ),
        ((None, None, "H12345678", Some(BORN)), K::HomeReturnPermit, None, &[(None, None, "H1234567802", Some(BORN))]),
        ((Some(K::TaiwanPermit), None, "12345678", Some(BORN)), K::TaiwanPermit, None, &[]),
        (
            (Some(K::Passport), Some("菲律宾"), "p1234567a", Some(BORN)),
            K::Passport,
            Some("PHL"),
            &[(Some(K::Passport), Some("PH"), "P 1234567A", Some(BORN))],
        ),
    ];
    for (n, (shown, kind, country, again)) in rows.into_iter().enumerate() {
        let number = if kind == K::ResidentIdCard { checked(shown.2) } else { shown.2.to_owned() };
        let shown = (shown.0, shown.1, number.as_str(), shown.3);
        let registered = district.takes(shown).await.unwrap_or_else(|refusal| panic!("{n}: {refusal:?}"));
        let seen = district.sees(registered.volunteer).await;
        assert_eq!((seen.document_kind, seen.issuing_country.as_deref(), seen.birth_date), (Some(kind), country, day(BORN)), "{n}");
        assert_eq!(seen.id_number, Some(number.to_uppercase()), "{n}");
        for again in again.iter().copied().chain([shown]) {
            expect_refused("NumberOrPhoneTaken", district.takes(again).await);
        }
    }
    // The same characters on a passport of another country are another document.
    for (number, country) in [("P1234567A", "VNM"), ("12345678", "PHL"), ("H12345678", "MYS")] {
        district.takes((Some(K::Passport), Some(country), number, Some(BORN))).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_in_its_field() {
    use DocumentKind as K;
    let district = District::new().await;
    let card = id_number(BORN, 1);
    for (shown, field) in [
        ((None, None, "12345678", Some(BORN)), "documentKind"),
        ((None, None, "P1234567A", Some(BORN)), "documentKind"),
        ((None, None, "M1234567", Some(BORN)), "documentKind"),
        ((None, None, "M123456789", Some(BORN)), "documentKind"),
        ((Some(K::HomeReturnPermit), None, "M1234567", Some(BORN)), "idNumber"),
        ((Some(K::ResidencePermit), None, card.as_str(), None), "idNumber"),
        ((Some(K::Passport), None, "P1234567A", Some(BORN)), "issuingCountry"),
        ((Some(K::Passport), Some("无此国"), "P1234567A", Some(BORN)), "issuingCountry"),
        ((None, None, "M12345678", None), "birthDate"),
        ((None, None, "M12345678", Some("2026-03-03")), "birthDate"),
        ((None, None, card.as_str(), Some("1985-03-06")), "birthDate"),
    ] {
        expect_refused_at("InvalidInput", field, district.takes(shown).await);
    }
}

#[tokio::test]
async fn minors_need_consent_whatever_they_show() {
    let district = District::new().await;
    let shown = (None, None, "M12345678", Some("2013-06-01"));
    expect_refused("GuardianConsentMissing", district.takes(shown).await);
    let guardian = Consents { guardian: true, separate: false };
    let with = |consents| RegisterVolunteer { consents, ..district.application_with(shown) };
    expect_refused("SeparateConsentMissing", district.stranger().does(&with(guardian)).await);
    district.stranger().does(&with(Consents { separate: true, ..guardian })).await.unwrap();
}

#[tokio::test]
async fn who_changes_documents_stays_the_same_person() {
    use DocumentKind as K;
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let passport = (Some(K::Passport), Some("PHL"), "P1234567A", Some(BORN));
    let zhang = district.registers_with(district.application_with(passport)).await;
    let permit = CorrectVolunteer { id_number: Some("M12345678".to_owned()), ..correction_of(&zhang) };
    expect_refused_at("InvalidInput", "idNumber", zhang.does(&permit).await);
    let before = district.app.log().head().await.unwrap().position;
    organiser.does(&permit).await.unwrap();
    let commits: std::collections::BTreeSet<u64> =
        district.app.log().read_after(before, 100).await.unwrap().iter().map(|event| event.commit.number).collect();
    assert_eq!(commits.len(), 1, "both claims move in one commit");
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.person, seen.document_kind, seen.issuing_country), (zhang.person, Some(K::HomeReturnPermit), None));
    assert_eq!((seen.id_number.as_deref(), seen.birth_date), (Some("M12345678"), day(BORN)), "the known birth date stays");
    expect_refused("NumberOrPhoneTaken", district.takes((None, None, "M1234567801", Some(BORN))).await);
    // A renewed permit is the same document; the passport is free for somebody else.
    let renewed = CorrectVolunteer { id_number: Some("M1234567801".to_owned()), ..correction_of(&zhang) };
    organiser.does(&renewed).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.id_number.as_deref(), Some("M1234567801"));
    let li = district.registers_with(district.application_with(passport)).await;

    let onto_another = CorrectVolunteer { id_number: Some("M12345678".to_owned()), ..correction_of(&li) };
    expect_refused_at("IdNumberTaken", "idNumber", organiser.does(&onto_another).await);
    let card = CorrectVolunteer { id_number: Some(id_number(BORN, 7)), ..correction_of(&zhang) };
    organiser.does(&card).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.document_kind, Some(K::ResidentIdCard), "nothing of the permit is left");
    organiser.does(&onto_another).await.unwrap();
}

#[tokio::test]
async fn a_birth_date_that_no_number_carries_is_corrected_by_the_staff() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let zhang = district.registers_with(district.application_with((None, None, "M12345678", Some(BORN)))).await;
    let born = |text| CorrectVolunteer { birth_date: day(text), ..correction_of(&zhang) };
    expect_refused_at("InvalidInput", "birthDate", zhang.does(&born("1985-03-06")).await);
    expect_refused_at("InvalidInput", "birthDate", organiser.does(&born("2026-03-03")).await);
    expect_refused("GuardianConsentMissing", organiser.does(&born("2012-03-05")).await);
    organiser.does(&born("1985-03-06")).await.unwrap();
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.birth_date, seen.document_kind), (day("1985-03-06"), Some(DocumentKind::HomeReturnPermit)));
    let kind_alone = CorrectVolunteer { document_kind: Some(DocumentKind::Passport), ..correction_of(&zhang) };
    expect_refused_at("InvalidInput", "idNumber", organiser.does(&kind_alone).await);
    let li = district.registers("李四").await;
    let of_a_card = CorrectVolunteer { birth_date: day("1985-03-06"), ..correction_of(&li) };
    expect_refused_at("InvalidInput", "birthDate", organiser.does(&of_a_card).await);
}

#[tokio::test]
async fn erasure_frees_a_document_of_any_kind() {
    let district = District::new().await;
    for shown in [
        (Some(DocumentKind::Passport), Some("PHL"), "P1234567A", Some(BORN)),
        (Some(DocumentKind::TaiwanPermit), None, "12345678", Some(BORN)),
        (None, None, "H1234567800", Some(BORN)),
    ] {
        let zhang = district.registers_with(district.application_with(shown)).await;
        zhang.erases(&zhang).await.unwrap();
        let seen = district.sees(zhang.volunteer).await;
        assert_eq!((seen.id_number, seen.document_kind, seen.issuing_country), (None, None, None));
        let again = district.takes(shown).await.unwrap();
        assert_ne!(again.person, zhang.person);
    }
}

#[tokio::test]
async fn who_has_withdrawn_returns_with_a_renewed_permit_and_the_birth_date_that_is_known() {
    let district = District::new().await;
    let operator = district.operator();
    let typed = |number, born| district.application_with((None, None, number, Some(born)));
    let shown = |number, born| RegisterVolunteer { password: None, ..typed(number, born) };
    let zhang = district.registers_with(typed("M1234567800", BORN)).await;
    let reason = "搬家".to_owned();
    operator.does(&gongyi_app::volunteering::volunteers::WithdrawVolunteer { volunteer: zhang.volunteer, reason }).await.unwrap();
    expect_refused_at("InvalidInput", "birthDate", operator.does(&shown("M1234567801", "1985-03-06")).await);
    let returned = operator.does(&shown("M1234567801", BORN)).await.unwrap();
    assert_eq!((returned.person, returned.volunteer), (zhang.person, zhang.volunteer));
    assert_eq!(district.sees(zhang.volunteer).await.id_number.as_deref(), Some("M1234567801"));
}

/// Takes somebody in as the build before did: events of version 1, which have no kind of document.
async fn registered_before(district: &District, number: &str) -> (PersonId, VolunteerId) {
    let person = PersonId(Uuid::now_v7());
    let vault = district.app.vault();
    let key = vault.create_key(person).await.unwrap();
    let seal = |field, text: &str| {
        let place = SealedFor { stream_kind: "person", stream_id: person.0, event_type: "PersonRegistered", field };
        key.seal(person, &place, text)
    };
    let payload = json!({
        "name": seal("name", "陈美玲"), "id_number": seal("id_number", number), "phone": seal("phone", "13900000999"),
        "birth_date": seal("birth_date", BORN), "home_area": COMMUNITY,
    });
    let registered = NewEvent { event_type: "PersonRegistered".to_owned(), schema_version: 1, payload: payload.to_string() };
    let volunteer = volunteer_of(person);
    let as_volunteer = VolunteerEvent::VolunteerRegistered {
        person,
        number: "0000-0000-0001".to_owned(),
        registered_on: "2026-01-01".parse().unwrap(),
        home_area: area(COMMUNITY),
        skills: [].into(),
        consents: Consents::default(),
    };
    let claimed = ClaimEvent::Claimed { purpose: Purpose::IdNumber, holder: person.0 };
    let events = vec![
        (StreamId::of::<Claim>(vault.former_claim_id("id_number", number)), NewEvent::of(&claimed).unwrap()),
        (StreamId::of::<Person>(person.0), registered),
        (StreamId::of::<Volunteer>(volunteer.0), NewEvent::of(&as_volunteer).unwrap()),
    ];
    district.appends(events.iter().map(|(stream, _)| (stream.clone(), 0)).collect(), events).await;
    let head = district.app.log().head().await.unwrap();
    district.app.views().wait_for(head.position, Duration::from_secs(10)).await.unwrap();
    (person, volunteer)
}

#[tokio::test]
async fn people_of_the_build_before_keep_their_documents_and_claims() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    for (number, kind) in [
        (checked("44049919850305003"), DocumentKind::ResidentIdCard),
        (checked("81000019850305004"), DocumentKind::ResidencePermit),
        (checked("91144019850305005"), DocumentKind::PermanentResidenceCard),
    ] {
        let (_, volunteer) = registered_before(&district, &number).await;
        let seen = district.sees(volunteer).await;
        assert_eq!((seen.document_kind, seen.id_number.as_ref(), seen.birth_date), (Some(kind), Some(&number), day(BORN)));
        expect_refused("NumberOrPhoneTaken", district.takes((Some(kind), None, &number, None)).await);
        let other = district.registers("李四").await;
        let to_permit = CorrectVolunteer { volunteer, id_number: Some("H12345678".to_owned()), ..correction_of(&other) };
        organiser.does(&to_permit).await.unwrap();
        assert_eq!(district.sees(volunteer).await.document_kind, Some(DocumentKind::HomeReturnPermit));
        let freed = district.takes((None, None, &number, None)).await.unwrap();
        assert_ne!(freed.volunteer, volunteer);
        let back = CorrectVolunteer { id_number: Some(id_number(BORN, 500 + district.invents())), ..to_permit };
        organiser.does(&back).await.unwrap();
    }
}
