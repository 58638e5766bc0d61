//! Walking a list shows each row once and in order, forwards and backwards, while rows are added before the cursor.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::collections::BTreeSet;

use gongyi_domain::{
    access::{
        area::{Area, AreaEvent, area_stream},
        person::{Person, PersonEvent},
    },
    values::{AreaCode, PersonId, VolunteerId},
    volunteering::volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_of},
};
use gongyi_projections::{AreaFilter, Cursor, Page, PageArgs, PageError, QueryError, Views, VolunteerFilter, VolunteerSort};
use harness::{Platform, WAIT, seal};
use proptest::prelude::*;
use uuid::Uuid;

async fn register(platform: &mut Platform, n: u32, day: u32) -> VolunteerId {
    let person = PersonId(Uuid::from_u128(u128::from(n)));
    let text = |field, text: &str| seal(person, "PersonRegistered", field, text);
    let home_area: AreaCode = "440402001".parse().unwrap();
    let event = PersonEvent::PersonRegistered {
        document: None,
        name: text("name", &format!("name {}", n % 3)),
        id_number: text("id_number", "x"),
        phone: text("phone", "x"),
        birth_date: text("birth_date", "1980-01-01"),
        home_area: home_area.clone(),
    };
    platform.append::<Person>(person, &[event]).await;
    let id = volunteer_of(person);
    let event = VolunteerEvent::VolunteerRegistered {
        person,
        number: n.to_string(),
        registered_on: format!("2026-01-{:02}", 1 + day % 28).parse().unwrap(),
        home_area,
        skills: BTreeSet::new(),
        consents: Consents::default(),
    };
    platform.append::<Volunteer>(id, &[event]).await;
    id
}

type View = gongyi_projections::VolunteerView;

async fn page(views: &Views, sort: VolunteerSort, descending: bool, args: PageArgs) -> Page<View> {
    views.volunteers(&VolunteerFilter::default(), sort, descending, &args).await.unwrap()
}

fn ids(page: &Page<View>) -> Vec<VolunteerId> {
    page.edges.iter().map(|(_, row)| row.id).collect()
}

const SORTS: [VolunteerSort; 3] = [VolunteerSort::RegisteredOn, VolunteerSort::Name, VolunteerSort::Minutes];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn walking_shows_each_row_once_in_order(days in proptest::collection::vec(1u32..28, 1..25), size in 1u32..9, descending: bool) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut platform = Platform::new();
            for (n, day) in days.iter().enumerate() {
                register(&mut platform, 1 + u32::try_from(n).unwrap(), *day).await;
            }
            let running = platform.run().await;
            let mut count = u32::try_from(days.len()).unwrap();
            let head = platform.log.head().await.unwrap().position;
            running.views.wait_for(head, WAIT).await.unwrap();
            for sort in SORTS {
                let all = ids(&page(&running.views, sort, descending, PageArgs::first(500)).await);
                assert_eq!(all.len() as u32, count);
                for backward in [false, true] {
                    let mut walked: Vec<VolunteerId> = Vec::new();
                    let mut at: Option<Cursor> = None;
                    loop {
                        let cursor = at.clone().map(|cursor| cursor.0);
                        let args = if backward {
                            PageArgs { last: Some(size), before: cursor, ..PageArgs::default() }
                        } else {
                            PageArgs { first: Some(size), after: cursor, ..PageArgs::default() }
                        };
                        let got = page(&running.views, sort, descending, args).await;
                        assert_eq!(got.total, u64::from(count));
                        let more = if backward { got.has_previous } else { got.has_next };
                        let behind = if backward { got.has_next } else { got.has_previous };
                        assert_eq!(behind, at.is_some());
                        let mut some = ids(&got);
                        if backward {
                            some.reverse();
                        }
                        walked.extend(some);
                        at = if backward { got.edges.first() } else { got.edges.last() }.map(|(cursor, _)| cursor.clone());
                        if !more {
                            break;
                        }
                        // Somebody who comes before the cursor in this walk: already passed, so not shown.
                        if sort == VolunteerSort::RegisteredOn && walked.len() % 2 == 1 {
                            count += 1;
                            let front = descending != backward;
                            register(&mut platform, 1_000 + count, if front { 27 } else { 0 }).await;
                            let head = platform.log.head().await.unwrap().position;
                            running.views.wait_for(head, WAIT).await.unwrap();
                        }
                    }
                    if sort == VolunteerSort::RegisteredOn {
                        walked.retain(|id| all.contains(id));
                    }
                    if backward {
                        walked.reverse();
                    }
                    assert_eq!(walked, all, "{sort:?} backward {backward}");
                    if sort == VolunteerSort::RegisteredOn {
                        break;
                    }
                }
            }
            running.stop().await;
        });
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_order_and_holds_no_name() {
    let mut platform = Platform::new();
    register(&mut platform, 1, 1).await;
    register(&mut platform, 2, 2).await;
    let code: AreaCode = "440402".parse().unwrap();
    let event = AreaEvent::AreaListed { code: code.clone(), name: "香洲区".to_owned(), pseudo: false };
    platform.append::<Area>(area_stream(&code), &[event]).await;
    let views = platform.settled().await;
    let by_name = page(&views, VolunteerSort::Name, false, PageArgs::first(1)).await;
    let (cursor, row) = &by_name.edges[0];
    assert!(by_name.has_next && !by_name.has_previous);
    let shown = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &cursor.0).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(!shown.contains(row.name.as_ref().unwrap()), "{shown}");

    let other = VolunteerFilter::default();
    let with = |after: &str| PageArgs { first: Some(1), after: Some(after.to_owned()), ..PageArgs::default() };
    for (descending, after) in [(true, cursor.0.as_str()), (false, "nonsense"), (false, ""), (false, "W10")] {
        let error = views.volunteers(&other, VolunteerSort::Name, descending, &with(after)).await.unwrap_err();
        assert!(matches!(error, QueryError::Page(PageError::BadCursor)), "{error:?}");
    }
    let error = views.areas(&AreaFilter::default(), &with(&cursor.0)).await.unwrap_err();
    assert!(matches!(error, QueryError::Page(PageError::BadCursor)), "{error:?}");
    assert_eq!(page(&views, VolunteerSort::Name, false, with(&cursor.0)).await.edges.len(), 1);

    for (args, wrong) in [
        (PageArgs { first: Some(1), last: Some(1), ..PageArgs::default() }, PageError::BothEnds),
        (PageArgs::first(501), PageError::TooMany { most: 500 }),
    ] {
        let error = views.volunteers(&other, VolunteerSort::Name, false, &args).await.unwrap_err();
        assert!(matches!(error, QueryError::Page(error) if error == wrong), "{error:?}");
    }
    let none = page(&views, VolunteerSort::Name, false, PageArgs::first(0)).await;
    assert!(none.edges.is_empty() && none.has_next && !none.has_previous && none.total == 2);
}
