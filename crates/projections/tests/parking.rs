//! A bad event parks the read models that need it, at its position, loudly; the others go on. The silent failure made
//! loud here: an event that is skipped.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::time::Duration;

use gongyi_domain::{
    access::{
        area::{Area, AreaEvent, area_stream},
        claim::{Claim, ClaimEvent, Purpose},
        person::{Person, PersonEvent},
    },
    values::{AreaCode, OrganisationId, PersonId, RecordId, VolunteerId},
    volunteering::{
        organisation::{Organisation, OrganisationEvent, OrganisationKind, Profile},
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        service_record::Level,
    },
};
use gongyi_eventlog::{NewEvent, StreamId};
use gongyi_projections::{Stale, ViewStatus, Views};
use harness::{Platform, WAIT};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

fn code(text: &str) -> AreaCode {
    text.parse().unwrap()
}

async fn list(platform: &mut Platform, area: &str) -> u64 {
    let event = AreaEvent::AreaListed { code: code(area), name: format!("name of {area}"), pseudo: false };
    platform.append::<Area>(area_stream(&code(area)), &[event]).await
}

fn parked(views: &Views) -> Vec<(&'static str, u64, u64)> {
    let of = |view: ViewStatus| view.parked.map(|parked| (view.name, view.position, parked.position));
    views.status().into_iter().filter_map(of).collect()
}

async fn arrive(views: &Views, position: u64) -> Result<(), Stale> {
    views.wait_for(position, WAIT).await
}

#[tokio::test]
async fn a_fold_error_parks_one_read_model_and_the_others_go_on() {
    for batch in [1, 3, 1_000] {
        let mut platform = Platform::new();
        platform.options.batch_events = batch;
        list(&mut platform, "440402").await;
        list(&mut platform, "440402001").await;
        let bad = platform.append::<Organisation>(OrganisationId(Uuid::from_u128(9)), &[OrganisationEvent::OrganisationDissolved {}]).await;
        let last = list(&mut platform, "440402002").await;
        let running = platform.run().await;
        assert_eq!(arrive(&running.views, last).await, Err(Stale::Parked { name: "organisations", at: bad - 1 }));
        assert_eq!(arrive(&running.views, bad - 1).await, Ok(()));
        assert_eq!(parked(&running.views), [("organisations", bad - 1, bad), ("figures", bad - 1, bad)]);
        assert_eq!(running.views.area(&code("440402002")).await.unwrap().unwrap().name, "name of 440402002");
        assert_eq!(running.views.position(), last);

        // Whatever comes next, it stays where it is.
        let next = list(&mut platform, "440402003").await;
        assert_eq!(arrive(&running.views, next).await, Err(Stale::Parked { name: "organisations", at: bad - 1 }));

        // Given another chance at the next start, it parks at the same event again.
        running.stop().await;
        let running = platform.run().await;
        assert_eq!(arrive(&running.views, next).await, Err(Stale::Parked { name: "organisations", at: bad - 1 }));
        assert_eq!(parked(&running.views), [("organisations", bad - 1, bad), ("figures", bad - 1, bad)]);
        running.stop().await;
    }
}

#[tokio::test]
async fn what_was_folded_before_the_bad_event_in_its_batch_stays() {
    let mut platform = Platform::new();
    list(&mut platform, "440402").await;
    let twice = AreaEvent::AreaListed { code: code("440402"), name: "again".to_owned(), pseudo: false };
    let bad = platform.append::<Area>(area_stream(&code("440402")), &[twice]).await;
    let last = list(&mut platform, "440402001").await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, last).await, Err(Stale::Parked { name: "areas", at: bad - 1 }));
    assert_eq!(running.views.area(&code("440402")).await.unwrap().unwrap().name, "name of 440402");
    assert_eq!(running.views.area(&code("440402001")).await.unwrap(), None);
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_does_not_decode_parks_those_that_need_its_kind() {
    let mut platform = Platform::new();
    let raw = |event_type: &str, payload: &str, schema_version| NewEvent {
        event_type: event_type.to_owned(),
        schema_version,
        payload: payload.to_owned(),
    };
    let stream = StreamId::of::<Person>(Uuid::from_u128(5));
    let bad = platform.append_raw(stream, vec![raw("PersonRegistered", "{\"name\":7}", 1)]).await;
    let last = list(&mut platform, "440402").await;
    let running = platform.run().await;
    assert!(arrive(&running.views, last).await.is_err());
    let names = parked(&running.views);
    let at = bad - 1;
    assert_eq!(
        names,
        [
            ("persons", at, bad),
            ("service", at, bad),
            ("history", at, bad),
            ("councils", at, bad),
            ("issues", at, bad),
            ("motions", at, bad),
            ("projects", at, bad),
            ("rounds", at, bad)
        ]
    );
    let reason = running.views.status().into_iter().find_map(|view| view.parked).unwrap().reason;
    assert!(reason.contains("PersonRegistered"), "{reason}");

    // A kind that only a newer build knows concerns everybody.
    let unknown = platform.append_raw(StreamId::new("case", Uuid::from_u128(6)), vec![raw("CaseOpened", "{}", 1)]).await;
    let last = list(&mut platform, "440402001").await;
    assert!(running.views.wait_for(last, WAIT).await.is_err());
    assert_eq!(parked(&running.views).len(), running.views.status().len());
    assert_eq!(running.views.position(), at);
    assert!(running.views.status().iter().all(|view| view.position < unknown));
    running.stop().await;
}

#[tokio::test]
async fn a_newer_schema_version_parks() {
    let mut platform = Platform::new();
    let payload = "{\"code\":\"440402\",\"name\":\"x\",\"pseudo\":false}".to_owned();
    let event = NewEvent { event_type: "AreaListed".to_owned(), schema_version: 2, payload };
    let bad = platform.append_raw(StreamId::of::<Area>(Uuid::from_u128(6)), vec![event]).await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, bad).await, Err(Stale::Parked { name: "areas", at: 0 }));
    running.stop().await;
}

#[tokio::test]
async fn a_decision_about_an_unknown_record_parks() {
    let mut platform = Platform::new();
    let (record, level) = (RecordId(Uuid::from_u128(1)), Level::Organisation);
    let ledger = VolunteerId(Uuid::from_u128(2));
    let bad = platform.append::<ServiceLedger>(ledger, &[ServiceLedgerEvent::ServiceConfirmed { record, level }]).await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, bad).await, Err(Stale::Parked { name: "service", at: bad - 1 }));
    let reason = running.views.status().into_iter().find_map(|view| view.parked).unwrap().reason;
    assert!(reason.contains("service_records has no row"), "{reason}");
    running.stop().await;
}

#[tokio::test]
async fn events_that_no_read_model_needs_move_the_position_on() {
    let mut platform = Platform::new();
    let holder = Uuid::from_u128(3);
    let last = platform.append::<Claim>(Uuid::from_u128(4), &[ClaimEvent::Claimed { purpose: Purpose::Phone, holder }]).await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, last).await, Ok(()));
    assert!(running.views.status().iter().all(|view| view.position == last && view.parked.is_none()));
    assert_eq!(running.views.wait_for(last + 1, Duration::from_millis(20)).await, Err(Stale::Behind { at: last }));
    running.stop().await;
}

#[tokio::test]
async fn nobody_runs_the_same_views_twice_at_once() {
    let platform = Platform::new();
    let running = platform.run().await;
    tokio::task::yield_now().await;
    arrive(&running.views, 0).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(running.views.run(std::future::pending()).await.is_err());
    running.stop().await;
}

#[tokio::test]
async fn erasing_somebody_unknown_parks_the_persons_only() {
    let mut platform = Platform::new();
    let person = PersonId(Uuid::from_u128(77));
    let bad = platform.append::<Person>(person, &[PersonEvent::PersonErased {}]).await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, bad).await, Err(Stale::Parked { name: "persons", at: 0 }));
    assert_eq!(parked(&running.views).len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_row_that_the_storage_refuses_parks_at_its_event() {
    let mut platform = Platform::new();
    let views = platform.open().await;
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(views.path())).await.unwrap();
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON areas WHEN NEW.code='440402002' BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(trigger).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    views.close().await;
    for area in ["440402", "440402001"] {
        list(&mut platform, area).await;
    }
    let bad = list(&mut platform, "440402002").await;
    let founded = OrganisationEvent::OrganisationFounded {
        profile: Profile { kind: OrganisationKind::Group, name: "队".to_owned(), area: code("440402"), parent: None, credit_code: None },
    };
    let last = platform.append::<Organisation>(OrganisationId(Uuid::from_u128(9)), &[founded]).await;
    let running = platform.run().await;
    assert_eq!(arrive(&running.views, last).await, Err(Stale::Parked { name: "areas", at: bad - 1 }));
    assert_eq!(parked(&running.views), [("areas", bad - 1, bad)]);
    assert!(running.views.area(&code("440402001")).await.unwrap().is_some());
    assert!(running.views.organisation(OrganisationId(Uuid::from_u128(9))).await.unwrap().is_some());
    running.stop().await;
}
