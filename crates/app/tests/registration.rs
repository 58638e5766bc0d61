//! Registering and correcting people. Makes loud: a person registered twice, a minor without consent, a claim that is
//! kept or lost in a correction, a sign-in name that stays behind, a field told wrong under another one's name.

use std::collections::BTreeSet;

use chrono::Days;
use gongyi_app::{
    Rejection,
    access::accounts::{OpenAccount, SignInCode},
    volunteering::volunteers::{CorrectVolunteer, RegisterVolunteer, Registered, WithdrawVolunteer},
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    refusal::Refusal,
    values::{OrganisationId, PersonId, VolunteerId},
    volunteering::{skill::Skill, volunteer::Consents},
};
use uuid::Uuid;

use crate::harness::{
    COMMUNITY, DISTRICT, District, OTHER_COMMUNITY, PASSWORD, Resident, STREET, area, correction_of, expect_refused, expect_refused_at,
    id_number,
};

const BOTH: Consents = Consents { guardian: true, separate: true };
const GUARDIAN: Consents = Consents { guardian: true, separate: false };

impl District {
    async fn refuses(&self, application: &RegisterVolunteer) -> Refusal {
        match self.stranger().does(application).await {
            Err(Rejection::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    async fn minor_registers(&self, birth: &str, consents: Consents) -> Result<Registered, Rejection> {
        let id_number = id_number(birth, self.invents());
        self.stranger().does(&RegisterVolunteer { id_number, consents, ..self.application("小明") }).await
    }
}

#[tokio::test]
async fn who_registers_is_a_volunteer_with_an_account() {
    let district = District::new().await;
    let zhang = district.registers(" 张三\u{3000}").await;
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!(seen.name.as_deref(), Some("张三"));
    assert_eq!((seen.phone.as_ref(), seen.id_number.as_ref()), (Some(&zhang.phone), Some(&zhang.id_number)));
    assert_eq!(seen.birth_date, Some("1990-05-17".parse().unwrap()));
    assert_eq!(seen.registered_on, "2026-03-02".parse().unwrap());
    assert_ne!(seen.number, zhang.id_number);
    district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn every_wrong_field_is_told_by_its_name() {
    let district = District::new().await;
    let fresh = || district.application("张三");
    let tomorrow = "2026-03-03".parse().unwrap();
    let wrong = [
        ("name", RegisterVolunteer { name: "\u{3000} ".into(), ..fresh() }),
        ("name", RegisterVolunteer { name: "张".repeat(65), ..fresh() }),
        ("name", RegisterVolunteer { name: "张\u{7}三".into(), ..fresh() }),
        ("phone", RegisterVolunteer { phone: String::new(), ..fresh() }),
        ("phone", RegisterVolunteer { phone: "12345".into(), ..fresh() }),
        ("idNumber", RegisterVolunteer { id_number: "4.40499E+17".into(), ..fresh() }),
        ("idNumber", RegisterVolunteer { id_number: "110105194912310021".into(), ..fresh() }),
        ("idNumber", RegisterVolunteer { id_number: id_number("2021-02-30", 1), ..fresh() }),
        ("idNumber", RegisterVolunteer { id_number: id_number("2026-03-03", 1), ..fresh() }),
        ("registeredOn", RegisterVolunteer { registered_on: Some(tomorrow), ..fresh() }),
        ("password", RegisterVolunteer { password: None, ..fresh() }),
    ];
    let events = district.events().await;
    for (field, application) in &wrong {
        let refusal = district.refuses(application).await;
        assert_eq!((refusal.code, refusal.field), ("InvalidInput", Some(*field)), "{application:?}");
    }
    assert_eq!(district.events().await, events);
}

#[tokio::test]
async fn what_does_not_exist_or_does_not_fit_is_refused() {
    let district = District::new().await;
    let stranger = district.stranger();
    let fresh = || district.application("张三");
    let nowhere = RegisterVolunteer { home_area: area("440402001999"), ..fresh() };
    expect_refused_at("UnknownArea", "area", stranger.does(&nowhere).await);
    let nothing = RegisterVolunteer { organisation: Some(OrganisationId(Uuid::now_v7())), ..fresh() };
    expect_refused_at("UnknownOrganisation", "organisation", stranger.does(&nothing).await);
}

#[tokio::test]
async fn a_password_is_judged_before_anything_that_tells_who_is_registered() {
    let district = District::new().await;
    let (stranger, zhang) = (district.stranger(), district.registers("张三丰").await);
    let taken =
        || RegisterVolunteer { id_number: zhang.id_number.clone(), phone: zhang.phone.clone(), ..district.application("张三丰") };
    let long = "长江黄河".repeat(33);
    let birth_date = format!("my day is {}", &zhang.id_number[6..14]);
    for (code, password) in [
        ("WeakPassword", "short"),
        ("WeakPassword", long.as_str()),
        ("CommonPassword", "1234567890"),
        ("OwnDataInPassword", zhang.phone.as_str()),
        ("OwnDataInPassword", zhang.id_number.as_str()),
        ("OwnDataInPassword", "我是张三丰没错的呀呀"),
        ("OwnDataInPassword", birth_date.as_str()),
    ] {
        let unfit = RegisterVolunteer { password: Some(password.to_owned()), ..taken() };
        expect_refused_at(code, "password", stranger.does(&unfit).await);
    }
    expect_refused("NumberOrPhoneTaken", stranger.does(&taken()).await);
    let child = RegisterVolunteer { id_number: id_number("2020-03-05", 7), ..taken() };
    expect_refused("GuardianConsentMissing", stranger.does(&child).await);
}

#[tokio::test]
async fn nobody_sets_the_password_of_another() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    for by in [&*zhang, &district.operator(), &*district.organiser_in(STREET).await] {
        expect_refused_at("PasswordOfAnother", "password", by.does(&district.application("李四")).await);
    }
}

#[tokio::test]
async fn one_id_number_is_one_person_however_it_is_typed() {
    let district = District::new().await;
    let number = "11010519491231002X";
    let first = RegisterVolunteer { id_number: number.to_owned(), ..district.application("张三") };
    district.stranger().does(&first).await.unwrap();
    for typed in [number, " 11010519491231002x ", "１１０１０５１９４９１２３１００２Ｘ"] {
        let again = RegisterVolunteer { id_number: typed.to_owned(), ..district.application("李四") };
        expect_refused("NumberOrPhoneTaken", district.stranger().does(&again).await);
        let by_staff = RegisterVolunteer { password: None, ..again };
        expect_refused_at("IdNumberTaken", "idNumber", district.operator().does(&by_staff).await);
    }
}

#[tokio::test]
async fn one_phone_is_one_account_however_it_is_typed() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let spaced = format!("+86 {}-{}", &zhang.phone[..3], &zhang.phone[3..]);
    let again = RegisterVolunteer { phone: spaced, ..district.application("李四") };
    expect_refused("NumberOrPhoneTaken", district.stranger().does(&again).await);
    // Without an account the number is no sign-in name: a family may share it.
    let shared = RegisterVolunteer { phone: zhang.phone.clone(), password: None, ..district.application("张小三") };
    district.operator().does(&shared).await.unwrap();
}

#[tokio::test]
async fn at_seventeen_a_guardian_consents_and_at_eighteen_nobody_must() {
    let district = District::new().await;
    let refused = district.minor_registers("2008-03-03", Consents::default()).await;
    expect_refused_at("GuardianConsentMissing", "guardianConsent", refused);
    district.minor_registers("2008-03-03", GUARDIAN).await.unwrap();
    district.minor_registers("2008-03-02", Consents::default()).await.unwrap();
}

#[tokio::test]
async fn at_thirteen_a_separate_consent_is_needed_too() {
    let district = District::new().await;
    expect_refused_at("SeparateConsentMissing", "separateConsent", district.minor_registers("2012-03-03", GUARDIAN).await);
    district.minor_registers("2012-03-03", BOTH).await.unwrap();
    district.minor_registers("2012-03-02", GUARDIAN).await.unwrap();
}

#[tokio::test]
async fn only_operators_register_for_another_day_and_never_for_tomorrow() {
    let district = District::new().await;
    let yesterday = "2026-03-01".parse().unwrap();
    let backdated = || RegisterVolunteer { registered_on: Some(yesterday), ..district.application("张三") };
    expect_refused_at("InvalidInput", "registeredOn", district.stranger().does(&backdated()).await);
    let backdated = || RegisterVolunteer { password: None, ..backdated() };
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(DISTRICT)));
    expect_refused_at("InvalidInput", "registeredOn", organiser.does(&backdated()).await);
    let done = district.operator().does(&backdated()).await.unwrap();
    assert_eq!(district.sees(done.volunteer).await.registered_on, yesterday);
    let tomorrow = yesterday.checked_add_days(Days::new(2));
    let ahead = RegisterVolunteer { registered_on: tomorrow, password: None, ..district.application("李四") };
    expect_refused_at("RegisteredInFuture", "registeredOn", district.operator().does(&ahead).await);
}

#[tokio::test]
async fn the_day_of_registration_is_the_tenants() {
    let district = District::new().await;
    district.waits_until("2026-03-02T15:59:59Z".parse().unwrap());
    let before_midnight = district.registers("张三").await;
    district.waits_until("2026-03-02T16:00:00Z".parse().unwrap());
    let after_midnight = district.registers("李四").await;
    assert_eq!(district.sees(before_midnight.volunteer).await.registered_on, "2026-03-02".parse().unwrap());
    assert_eq!(district.sees(after_midnight.volunteer).await.registered_on, "2026-03-03".parse().unwrap());
}

#[tokio::test]
async fn a_corrected_id_number_frees_the_old_one() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let zhang = district.registers("张三").await;
    let right = id_number("1991-06-18", district.invents());
    let correct = CorrectVolunteer { id_number: Some(right.clone()), ..correction_of(&zhang) };
    organiser.does(&correct).await.unwrap();
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.id_number, seen.birth_date), (Some(right.clone()), Some("1991-06-18".parse().unwrap())));
    let takes = |number: &str| RegisterVolunteer { id_number: number.to_owned(), ..district.application("李四") };
    expect_refused("NumberOrPhoneTaken", district.stranger().does(&takes(&right)).await);
    district.stranger().does(&takes(&zhang.id_number)).await.unwrap();
}

#[tokio::test]
async fn an_id_number_is_not_corrected_to_somebody_elses_nor_by_oneself() {
    let district = District::new().await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let correct = CorrectVolunteer { id_number: Some(li.id_number.clone()), ..correction_of(&zhang) };
    expect_refused_at("IdNumberTaken", "idNumber", organiser.does(&correct).await);
    expect_refused_at("InvalidInput", "idNumber", zhang.does(&correct).await);
    let wrong = CorrectVolunteer { id_number: Some("110105194912310021".to_owned()), ..correction_of(&zhang) };
    expect_refused_at("InvalidInput", "idNumber", organiser.does(&wrong).await);
    // The same number again moves nothing and stays held.
    let same = CorrectVolunteer { id_number: Some(zhang.id_number.clone()), ..correction_of(&zhang) };
    organiser.does(&same).await.unwrap();
    let again = RegisterVolunteer { id_number: zhang.id_number.clone(), ..district.application("王五") };
    expect_refused("NumberOrPhoneTaken", district.stranger().does(&again).await);
}

#[tokio::test]
async fn a_new_phone_is_the_new_sign_in_name() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let taken = CorrectVolunteer { phone: Some(li.phone.clone()), ..correction_of(&zhang) };
    expect_refused_at("PhoneTaken", "phone", zhang.does(&taken).await);
    for phone in ["13700000001", "13700000002"] {
        zhang.does(&CorrectVolunteer { phone: Some(phone.to_owned()), ..correction_of(&zhang) }).await.unwrap();
    }
    assert_eq!(district.signs_in("13700000002", PASSWORD).await.map(|it| it.account).ok(), Some(zhang.account()));
    for old in [&*zhang.phone, "13700000001"] {
        expect_refused("WrongCredentials", district.signs_in(old, PASSWORD).await);
    }
    // Both old numbers are free for others.
    for phone in [zhang.phone.clone(), "13700000001".into()] {
        district.stranger().does(&RegisterVolunteer { phone, ..district.application("王五") }).await.unwrap();
    }
}

#[tokio::test]
async fn an_account_opened_later_signs_in_with_the_phone_as_it_is_now() {
    let district = District::new().await;
    let operator = district.operator();
    let zhang = district.enrols("张三").await;
    operator.does(&CorrectVolunteer { phone: Some("13700000001".to_owned()), ..correction_of(&zhang) }).await.unwrap();
    let open = |person| OpenAccount { person, code: SignInCode::generate() };
    let first = open(zhang.person);
    let account = operator.does(&first).await.unwrap();
    expect_refused_at("AccountExists", "person", operator.does(&open(zhang.person)).await);
    expect_refused_at("UnknownPerson", "person", operator.does(&open(PersonId(Uuid::now_v7()))).await);
    district.sets_password("13700000001", &first.code, PASSWORD).await.unwrap();
    let signed_in = district.signs_in("13700000001", PASSWORD).await.unwrap();
    assert_eq!(signed_in.account, account);
}

#[tokio::test]
async fn who_may_correct_whom() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let team = district.founds("巡河队").await;
    let rename = |name: &str| CorrectVolunteer { name: Some(name.to_owned()), ..correction_of(&zhang) };
    zhang.does(&rename("张一")).await.unwrap();
    district.organiser_in(STREET).await.does(&rename("张二")).await.unwrap();
    district.officer().await.does(&rename("张四")).await.unwrap();
    expect_refused("NotAllowed", li.does(&rename("张五")).await);
    expect_refused("NotAllowed", district.coordinator_of(team).await.does(&rename("张五")).await);
    expect_refused("NotAllowed", district.organiser_in(OTHER_COMMUNITY).await.does(&rename("张五")).await);
    expect_refused("SignInRequired", district.stranger().does(&rename("张五")).await);
    assert_eq!(district.sees(zhang.volunteer).await.name.as_deref(), Some("张四"));
}

#[tokio::test]
async fn who_moves_is_looked_after_where_they_live_now() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (here, there) = (district.organiser_in(COMMUNITY).await, district.organiser_in(OTHER_COMMUNITY).await);
    let nowhere = CorrectVolunteer { home_area: Some(area("440402999")), ..correction_of(&zhang) };
    expect_refused_at("UnknownArea", "area", zhang.does(&nowhere).await);
    zhang.does(&CorrectVolunteer { home_area: Some(area(OTHER_COMMUNITY)), ..correction_of(&zhang) }).await.unwrap();
    expect_refused("NotAllowed", here.suspends(&zhang).await);
    there.suspends(&zhang).await.unwrap();
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!(seen.home_area, area(OTHER_COMMUNITY));
}

#[tokio::test]
async fn a_correction_of_nothing_or_nobody_is_refused() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    expect_refused("NothingToCorrect", zhang.does(&correction_of(&zhang)).await);
    let reasoned = CorrectVolunteer { reason: Some("手误".to_owned()), ..correction_of(&zhang) };
    expect_refused("NothingToCorrect", zhang.does(&reasoned).await);
    let blank = CorrectVolunteer { name: Some("张一".to_owned()), reason: Some(" ".to_owned()), ..correction_of(&zhang) };
    expect_refused_at("ReasonUnfit", "reason", zhang.does(&blank).await);
    let nobody = CorrectVolunteer { volunteer: VolunteerId(Uuid::now_v7()), ..correction_of(&zhang) };
    expect_refused_at("UnknownVolunteer", "volunteer", zhang.does(&nobody).await);
    let withdraw = WithdrawVolunteer { volunteer: zhang.volunteer, reason: "搬家".to_owned() };
    zhang.does(&withdraw).await.unwrap();
    expect_refused("NotActive", zhang.does(&withdraw).await);
    let skilled = CorrectVolunteer { skills: Some(BTreeSet::from([Skill::FirstAid])), ..correction_of(&zhang) };
    expect_refused("NotActive", zhang.does(&skilled).await);
}

#[tokio::test]
async fn an_id_number_is_not_corrected_to_a_minors_without_consent() {
    let district = District::new().await;
    let organiser = district.organiser_in(STREET).await;
    let adult = district.registers("张三").await;
    let asks_for =
        |who: &Resident<'_>, birth| CorrectVolunteer { id_number: Some(id_number(birth, district.invents())), ..correction_of(who) };
    expect_refused_at("GuardianConsentMissing", "guardianConsent", organiser.does(&asks_for(&adult, "2008-03-03")).await);
    organiser.does(&asks_for(&adult, "2008-03-02")).await.unwrap();
    let consented = district.registers_with(RegisterVolunteer { consents: GUARDIAN, ..district.application("小明") }).await;
    organiser.does(&asks_for(&consented, "2012-03-02")).await.unwrap();
    expect_refused_at("SeparateConsentMissing", "separateConsent", organiser.does(&asks_for(&consented, "2012-03-03")).await);
    // What counts is the day of registration, not today.
    district.waits_minutes(365 * 24 * 60);
    expect_refused("GuardianConsentMissing", organiser.does(&asks_for(&adult, "2008-03-03")).await);
}
