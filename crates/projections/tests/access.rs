//! Areas, persons, accounts: the happy way, the repeat, the unknown.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use gongyi_domain::{
    access::{
        account::{Account, AccountEvent, account_of},
        area::{Area, AreaEvent, area_stream},
        authority::{Grant, Role, Scope},
        person::{Person, PersonEvent},
    },
    values::{AreaCode, PersonId},
};
use gongyi_projections::{AccountFilter, AreaFilter, Page, PageArgs};
use harness::{Platform, seal};
use uuid::Uuid;

fn code(text: &str) -> AreaCode {
    text.parse().unwrap()
}

fn all<T: Clone>(page: &Page<T>) -> Vec<T> {
    page.edges.iter().map(|(_, row)| row.clone()).collect()
}

async fn list(platform: &mut Platform, area: &str, name: &str, pseudo: bool) {
    let event = AreaEvent::AreaListed { code: code(area), name: name.to_owned(), pseudo };
    platform.append::<Area>(area_stream(&code(area)), &[event]).await;
}

async fn register(platform: &mut Platform, n: u128, name: &str, phone: &str, area: &str) -> PersonId {
    let person = PersonId(Uuid::from_u128(n));
    let text = |field, text: &str| seal(person, "PersonRegistered", field, text);
    let event = PersonEvent::PersonRegistered {
        document: None,
        name: text("name", name),
        id_number: text("id_number", "11010519491231002X"),
        phone: text("phone", phone),
        birth_date: text("birth_date", "1949-12-31"),
        home_area: code(area),
    };
    platform.append::<Person>(person, &[event]).await;
    person
}

#[tokio::test]
async fn areas_are_found_by_prefix_and_pseudo_ones_are_kept_out() {
    let mut platform = Platform::new();
    list(&mut platform, "440402", "香洲区", false).await;
    list(&mut platform, "440402001", "翠香街道", false).await;
    list(&mut platform, "440402401498", "南屏科技园虚拟社区", true).await;
    list(&mut platform, "440403", "斗门区", false).await;
    let renamed = AreaEvent::AreaRenamed { code: code("440402001"), name: "新名".to_owned() };
    platform.append::<Area>(area_stream(&code("440402001")), &[renamed]).await;
    let views = platform.settled().await;
    let names = async |within: Option<&str>, include_pseudo| -> Vec<String> {
        let filter = AreaFilter { within: within.map(code), include_pseudo };
        all(&views.areas(&filter, &PageArgs::default()).await.unwrap()).into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names(None, false).await, ["香洲区", "新名", "斗门区"]);
    assert_eq!(names(Some("440402"), true).await, ["香洲区", "新名", "南屏科技园虚拟社区"]);
    assert_eq!(names(Some("440499"), true).await, [""; 0]);
    assert_eq!(views.area(&code("440499")).await.unwrap(), None);
    assert_eq!(views.areas_by_codes(&[code("440402"), code("440499"), code("440402")]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn persons_are_opened_with_what_they_were_sealed_for_and_corrected() {
    let mut platform = Platform::new();
    let person = register(&mut platform, 1, "王小明", "13800000001", "440402001").await;
    let views = platform.settled().await;
    let row = views.person(person).await.unwrap().unwrap();
    assert_eq!((row.name.as_deref(), row.phone.as_deref()), (Some("王小明"), Some("13800000001")));
    assert_eq!(row.id_number.as_deref(), Some("11010519491231002X"));
    assert_eq!((row.birth_date, row.home_area), (Some("1949-12-31".parse().unwrap()), Some(code("440402001"))));
    drop(views);

    let corrected = PersonEvent::PersonCorrected {
        document: None,
        name: Some(seal(person, "PersonCorrected", "name", "王晓明")),
        id_number: None,
        phone: None,
        // Sealed for another field: it does not open, and shows as nothing.
        birth_date: Some(seal(person, "PersonCorrected", "name", "1950-01-01")),
        home_area: None,
        reason: None,
    };
    platform.append::<Person>(person, &[corrected]).await;
    let views = platform.settled().await;
    let row = views.person(person).await.unwrap().unwrap();
    assert_eq!((row.name.as_deref(), row.phone.as_deref(), row.birth_date), (Some("王晓明"), Some("13800000001"), None));
    assert_eq!(views.person(PersonId(Uuid::from_u128(9))).await.unwrap(), None);
    // The keys of a batch are fetched once, for each person once.
    assert_eq!(platform.vault.calls.lock().unwrap().as_slice(), [1, 1]);
}

#[tokio::test]
async fn erased_persons_show_nothing_and_can_be_told() {
    let mut platform = Platform::new();
    let person = register(&mut platform, 1, "王小明", "13800000001", "440402001").await;
    platform.append::<Person>(person, &[PersonEvent::PersonErased {}]).await;
    let views = platform.settled().await;
    let row = views.person(person).await.unwrap().unwrap();
    assert!(row.erased && row.name.is_none() && row.phone.is_none() && row.home_area.is_none());
}

#[tokio::test]
async fn accounts_show_the_roles_they_hold_now() {
    let mut platform = Platform::new();
    let ming = register(&mut platform, 1, "王小明", "13800000001", "440402001").await;
    let hong = register(&mut platform, 2, "李小红", "13800000002", "440402002").await;
    let grant = |role, scope| Grant { role, scope };
    let organiser = grant(Role::Organiser, Scope::Area(code("440402")));
    let coordinator = grant(Role::Coordinator, Scope::Organisation(Uuid::from_u128(5).into()));
    for (person, grants) in [(ming, vec![organiser.clone(), coordinator.clone()]), (hong, vec![])] {
        let mut events = vec![AccountEvent::AccountOpened { person, proven: true }];
        events.extend(grants.into_iter().map(|grant| AccountEvent::RoleGranted { grant, by: None }));
        platform.append::<Account>(account_of(person), &events).await;
    }
    platform.append::<Account>(account_of(ming), &[AccountEvent::RoleRevoked { grant: coordinator }]).await;
    let views = platform.settled().await;
    let found = async |filter: AccountFilter| -> Vec<PersonId> {
        all(&views.accounts(&filter, &PageArgs::default()).await.unwrap()).into_iter().map(|row| row.person).collect()
    };
    assert_eq!(found(AccountFilter::default()).await, [ming, hong]);
    assert_eq!(found(AccountFilter { area: Some(code("440402002")), ..AccountFilter::default() }).await, [hong]);
    assert_eq!(found(AccountFilter { role: Some(Role::Organiser), ..AccountFilter::default() }).await, [ming]);
    assert_eq!(found(AccountFilter { role: Some(Role::Coordinator), ..AccountFilter::default() }).await, []);
    assert_eq!(found(AccountFilter { phone: Some("13800000002".to_owned()), ..AccountFilter::default() }).await, [hong]);
    assert_eq!(found(AccountFilter { phone: Some("1380000000".to_owned()), ..AccountFilter::default() }).await, []);
    assert_eq!(found(AccountFilter { name_contains: Some("小".to_owned()), ..AccountFilter::default() }).await, [ming, hong]);
    let view = views.account(account_of(ming)).await.unwrap().unwrap();
    assert_eq!((view.grants, view.name.as_deref(), view.closed), (vec![organiser], Some("王小明"), false));
    assert_eq!(views.account(Uuid::from_u128(9).into()).await.unwrap(), None);
    drop(views);

    platform.append::<Account>(account_of(hong), &[AccountEvent::AccountClosed {}]).await;
    let views = platform.settled().await;
    assert_eq!(views.accounts(&AccountFilter::default(), &PageArgs::default()).await.unwrap().total, 1);
    let with_closed = AccountFilter { include_closed: true, ..AccountFilter::default() };
    assert_eq!(views.accounts(&with_closed, &PageArgs::default()).await.unwrap().total, 2);
}
