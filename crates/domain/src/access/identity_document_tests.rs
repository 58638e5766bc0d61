use proptest::prelude::*;

use super::*;
use crate::access::id_number::check_character;

fn today() -> Day {
    "2026-01-01".parse().unwrap()
}

/// Seventeen digits with their check character.
fn checked(digits: &str) -> String {
    format!("{digits}{}", check_character(digits).unwrap())
}

fn read(kind: Option<DocumentKind>, issuer: Option<&str>, number: &str) -> Result<IdentityDocument, NotADocument> {
    IdentityDocument::parse(kind, issuer, number, today())
}

fn told(number: &str) -> Result<DocumentKind, NotADocument> {
    read(None, None, number).map(|document| document.kind())
}

#[test]
fn a_number_tells_its_kind_where_that_is_certain() {
    use DocumentKind as K;
    for (number, kind, birth) in [
        ("11010519491231002X".to_owned(), K::ResidentIdCard, Some("1949-12-31")),
        // 万山 was abolished in 2001, Chongqing was Sichuan's until 1997: the place is never judged.
        (checked("44042319400101001"), K::ResidentIdCard, Some("1940-01-01")),
        (checked("51020219380505002"), K::ResidentIdCard, Some("1938-05-05")),
        (checked("81000019850305001"), K::ResidencePermit, Some("1985-03-05")),
        (checked("82000019850305002"), K::ResidencePermit, Some("1985-03-05")),
        (checked("83000019850305003"), K::ResidencePermit, Some("1985-03-05")),
        (checked("91144019790812004"), K::PermanentResidenceCard, Some("1979-08-12")),
        ("PHL440012345678".to_owned(), K::PermanentResidenceCard, None),
        ("H12345678".to_owned(), K::HomeReturnPermit, None),
        ("M12345678".to_owned(), K::HomeReturnPermit, None),
        ("h1234567801".to_owned(), K::HomeReturnPermit, None),
        ("Ｍ１２３４５６７８".to_owned(), K::HomeReturnPermit, None),
        (" \u{202d}M 1234 5678\u{202c}".to_owned(), K::HomeReturnPermit, None),
    ] {
        let document = read(None, None, &number).unwrap();
        assert_eq!((document.kind(), document.carried_birth()), (kind, birth.map(|day| day.parse().unwrap())), "{number}");
        assert_eq!(read(Some(kind), None, &number).as_ref(), Ok(&document), "{number}");
    }
    for number in ["12345678", "P1234567A", "EJ1234567", "H1234567"] {
        assert_eq!(told(number), Err(NotADocument::KindMissing), "{number}");
    }
    for number in ["12", "4.40499E+17", "440499197401209", "44049919740120970", "G12345678901234567", "张三", "123456789012"] {
        assert_eq!(told(number), Err(NotADocument::Format(None)), "{number}");
    }
    assert_eq!(told(" \u{200b}"), Err(NotADocument::Missing));
    assert_eq!(told("110105194912310021"), Err(NotADocument::Checksum));
    assert_eq!(told(&checked("82000019850230001")), Err(NotADocument::Date));
}

#[test]
fn a_number_has_the_form_of_its_kind() {
    use DocumentKind as K;
    let (card, permit, foreign) = (checked("44042319400101001"), checked("82000019850305002"), checked("91144019790812004"));
    for (kind, number, problem) in [
        (K::ResidentIdCard, permit.as_str(), NotADocument::OtherKind),
        (K::ResidentIdCard, &foreign, NotADocument::OtherKind),
        (K::ResidentIdCard, "M12345678", NotADocument::Format(Some(K::ResidentIdCard))),
        (K::ResidencePermit, &card, NotADocument::OtherKind),
        (K::PermanentResidenceCard, &card, NotADocument::OtherKind),
        (K::PermanentResidenceCard, "PHL44001234567", NotADocument::Format(Some(K::PermanentResidenceCard))),
        (K::HomeReturnPermit, "A12345678", NotADocument::Format(Some(K::HomeReturnPermit))),
        (K::HomeReturnPermit, "H123456780", NotADocument::Format(Some(K::HomeReturnPermit))),
        (K::TaiwanPermit, "123456789", NotADocument::Format(Some(K::TaiwanPermit))),
        (K::TaiwanPermit, "H12345678", NotADocument::Format(Some(K::TaiwanPermit))),
        (K::Passport, "ABCDEFG", NotADocument::Format(Some(K::Passport))),
        (K::Passport, "P1", NotADocument::Format(Some(K::Passport))),
    ] {
        assert_eq!(read(Some(kind), Some("PHL"), number), Err(problem), "{kind:?} {number}");
    }
    assert_eq!(read(Some(K::TaiwanPermit), None, "12345678").unwrap().kind(), K::TaiwanPermit);
}

#[test]
fn a_passport_names_its_country() {
    let passport = |issuer| read(Some(DocumentKind::Passport), issuer, "p123-4567a".replace('-', "").as_str());
    for issuer in ["PHL", "phl", "PH", "菲律宾", "ＰＨＬ", " phl "] {
        assert_eq!(passport(Some(issuer)).unwrap().issuer().map(Issuer::as_str), Some("PHL"), "{issuer}");
    }
    assert_eq!(passport(Some("D")).unwrap().issuer().map(Issuer::as_str), Some("DEU"));
    assert_eq!(passport(Some("Germany")).unwrap().issuer().map(Issuer::as_str), Some("DEU"));
    assert_eq!(passport(None), Err(NotADocument::IssuerMissing));
    assert_eq!(passport(Some(" ")), Err(NotADocument::IssuerMissing));
    for issuer in ["XXQ", "无此国", "P", "ÄÖ"] {
        assert_eq!(passport(Some(issuer)), Err(NotADocument::UnknownIssuer), "{issuer}");
    }
    for (name, code) in COUNTRIES_ZH {
        assert_eq!(celes::Country::from_alpha3(code).map(|it| it.alpha3), Ok(code), "{name}");
    }
}

#[test]
fn what_is_claimed_is_kind_country_and_number_for_life() {
    let claim = |kind, issuer, number: &str| read(kind, issuer, number).unwrap().claim();
    let passport = Some(DocumentKind::Passport);
    assert_eq!(claim(None, None, "11010519491231002x"), "11010519491231002X", "as it was claimed when there was no other kind");
    assert_eq!(claim(None, None, &checked("82000019850305002")), checked("82000019850305002"));
    let for_life = claim(None, None, "M12345678");
    for renewed in ["M1234567800", "m1234567801", "M12345678 99"] {
        assert_eq!(claim(None, None, renewed), for_life);
    }
    let different = [
        for_life,
        claim(None, None, "H12345678"),
        claim(passport, Some("MYS"), "H12345678"),
        claim(passport, Some("PHL"), "12345678"),
        claim(passport, Some("MYS"), "12345678"),
        claim(Some(DocumentKind::TaiwanPermit), None, "12345678"),
        claim(None, None, "PHL440012345678"),
        claim(passport, Some("PHL"), "PHL440012345678"),
    ];
    assert_eq!(different.iter().collect::<std::collections::BTreeSet<_>>().len(), different.len());
}

#[test]
fn a_birth_date_is_the_numbers_own_or_asked_for() {
    let day = |text: &str| Some(text.parse::<Day>().unwrap());
    let card = read(None, None, "11010519491231002X").unwrap();
    let permit = read(None, None, "M12345678").unwrap();
    for (document, given, birth) in [
        (&card, None, Ok("1949-12-31")),
        (&card, day("1949-12-31"), Ok("1949-12-31")),
        (&card, day("1949-12-30"), Err(NotADocument::OtherBirthDate)),
        (&permit, day("2015-06-01"), Ok("2015-06-01")),
        (&permit, None, Err(NotADocument::BirthDateMissing)),
        (&permit, day("2026-01-02"), Err(NotADocument::BirthDateAhead)),
    ] {
        assert_eq!(document.birth_date(given, today()), birth.map(|text| text.parse().unwrap()));
    }
}

#[test]
fn kinds_are_named_as_people_write_them() {
    for kind in DocumentKind::ALL {
        for name in kind.names().iter().copied().chain([kind.code()]) {
            assert_eq!(DocumentKind::named(&format!(" {} ", name.to_uppercase())), Some(kind), "{name}");
        }
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
    }
    assert_eq!(DocumentKind::named("驾驶证"), None);
    assert_eq!(DocumentKind::named(""), None);
}

fn any_document() -> impl Strategy<Value = IdentityDocument> {
    let born = (1930..2020_i32, 1..=12_u32, 1..=28_u32).prop_map(|(year, month, day)| format!("{year}{month:02}{day:02}"));
    let eighteen = ("(81|82|83)0000|9[0-9]{5}|[1-7][0-9]{5}", born, "[0-9]{3}")
        .prop_map(|(place, born, sequence)| (None, None, checked(&format!("{place}{born}{sequence}"))));
    let others = prop_oneof![
        "[HM][0-9]{8}([0-9]{2})?".prop_map(|number| (Some(DocumentKind::HomeReturnPermit), None, number)),
        "[0-9]{8}".prop_map(|number| (Some(DocumentKind::TaiwanPermit), None, number)),
        "[A-Z]{3}[0-9]{12}".prop_map(|number| (Some(DocumentKind::PermanentResidenceCard), None, number)),
        ("PHL|VNM|CHN|DEU", "[A-Z]{0,2}[0-9]{5,9}").prop_map(|(country, number)| (Some(DocumentKind::Passport), Some(country), number)),
    ];
    prop_oneof![eighteen, others].prop_map(|(kind, issuer, number)| read(kind, issuer.as_deref(), &number).unwrap())
}

proptest! {
    #[test]
    fn what_is_kept_is_read_back(document in any_document()) {
        let kept = IdentityDocument::kept(document.kept_kind().as_deref(), document.number());
        prop_assert_eq!(kept.as_ref().map(IdentityDocument::claim), Some(document.claim()));
        prop_assert_eq!(kept, Some(document));
    }

    #[test]
    fn two_documents_of_one_claim_are_one_document(one in any_document(), two in any_document()) {
        if one.claim() == two.claim() {
            prop_assert_eq!((one.kind(), one.issuer()), (two.kind(), two.issuer()));
        }
    }

    #[test]
    fn no_text_panics(kind in prop::option::of(prop::sample::select(DocumentKind::ALL.to_vec())), issuer in "\\PC{0,6}", number in "\\PC{0,20}|[HM0-9X ]{0,20}") {
        let _ = read(kind, Some(&issuer), &number).map(|document| document.claim());
        let _ = IdentityDocument::kept(Some(&issuer), &number);
        let _ = IdentityDocument::kept(None, &number);
    }
}
