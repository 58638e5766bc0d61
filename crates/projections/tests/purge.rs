//! After a person is erased no byte of what was opened stays in the folder. The silent failure made loud here: text
//! that no query shows any more and every hex editor does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use gongyi_domain::{
    access::person::{Person, PersonEvent},
    values::{Minutes, OrganisationId, PersonId, RecordId, VolunteerId},
    volunteering::{
        category::Category,
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        service_record::{Evidence, Served, Setting, Source},
        volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_of},
    },
};
use gongyi_eventlog::Upcasters;
use gongyi_projections::{PageArgs, ServiceRecordFilter, ServiceRecordSort, Views};
use harness::{Platform, Running, WAIT, files, found, seal};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

fn person(n: u32) -> PersonId {
    PersonId(Uuid::from_u128(u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
}

fn texts(n: u32) -> Vec<String> {
    let long = "x".repeat(n as usize % 7 * 40);
    [format!("name-{n:07}"), format!("phone-{n:07}"), format!("id-{n:07}-{long}"), format!("content-{n:07}"), format!("reason-{n:07}")]
        .to_vec()
}

fn registered(n: u32) -> PersonEvent {
    let of = person(n);
    let text = |field, text: &str| seal(of, "PersonRegistered", field, text);
    let texts = texts(n);
    PersonEvent::PersonRegistered {
        document: None,
        name: text("name", &texts[0]),
        phone: text("phone", &texts[1]),
        id_number: text("id_number", &texts[2]),
        birth_date: text("birth_date", "1970-01-01"),
        home_area: "440402".parse().unwrap(),
    }
}

async fn settle(platform: &mut Platform, n: u32) {
    let of = person(n);
    platform.append::<Person>(of, &[registered(n)]).await;
    let volunteer: VolunteerId = volunteer_of(of);
    let registered_on = platform.now.date_naive();
    let number = format!("{n:012}");
    let event = VolunteerEvent::VolunteerRegistered {
        person: of,
        number,
        registered_on,
        home_area: "440402".parse().unwrap(),
        skills: BTreeSet::new(),
        consents: Consents::default(),
    };
    platform.append::<Volunteer>(volunteer, &[event]).await;
    let started = platform.now;
    let record = RecordId(Uuid::from_u128(0x5000 + u128::from(n)));
    let (content, reason) = (seal(of, "ServiceLogged", "content", &texts(n)[3]), seal(of, "ServiceRejected", "reason", &texts(n)[4]));
    let logged = ServiceLedgerEvent::ServiceLogged {
        record,
        setting: Setting { organisation: OrganisationId(Uuid::nil()), activity: None, area: "440402".parse().unwrap() },
        served: Served {
            started,
            ended: started + chrono::TimeDelta::minutes(30),
            minutes: Minutes(30),
            day: started.date_naive(),
            category: Category::Environment,
        },
        evidence: Evidence::Declared,
        source: Source::Volunteer,
        content: Some(content),
    };
    platform.append::<ServiceLedger>(volunteer, &[logged, ServiceLedgerEvent::ServiceRejected { record, reason: Some(reason) }]).await;
}

/// Waits until the purge is done: it follows the fold.
async fn purged(running: &Running, platform: &Platform, gone: &[String]) {
    for _ in 0..600 {
        let held = files(platform.dir.path());
        let holds = |text: &String| held.iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        if !gone.iter().any(holds) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still there, views at {}", running.views.position());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_an_erased_person_stays() {
    let mut platform = Platform::new();
    platform.options.batch_events = 50;
    let running = platform.run().await;
    for n in 0..60 {
        settle(&mut platform, n).await;
    }
    let head = platform.log.head().await.unwrap().position;
    running.views.wait_for(head, WAIT).await.unwrap();
    for text in texts(7) {
        assert!(!found(platform.dir.path(), &text).is_empty(), "{text} before");
    }

    // Erased for ever: the key first or the event first, both come to the same.
    platform.vault.destroyed.lock().unwrap().insert(person(8));
    for n in [7, 8] {
        platform.append::<Person>(person(n), &[PersonEvent::PersonErased {}]).await;
        let head = platform.append::<Volunteer>(volunteer_of(person(n)), &[VolunteerEvent::VolunteerErased {}]).await;
        running.views.wait_for(head, WAIT).await.unwrap();
    }
    let gone: Vec<_> = [7, 8].into_iter().flat_map(texts).collect();
    purged(&running, &platform, &gone).await;
    for text in texts(9) {
        assert!(!found(platform.dir.path(), &text).is_empty(), "{text} is somebody else's");
    }

    let view = running.views.volunteer(volunteer_of(person(7))).await.unwrap().unwrap();
    assert_eq!((view.name, view.phone, view.id_number, view.birth_date), (None, None, None, None));
    let filter = ServiceRecordFilter { volunteer: Some(view.id), ..Default::default() };
    let records = running.views.service_records(&filter, ServiceRecordSort::Day, false, &PageArgs::default()).await.unwrap();
    assert_eq!((records.total, records.edges[0].1.content.as_deref()), (1, None));
    let history = running.views.history(view.id, false, &PageArgs::default()).await.unwrap();
    assert!(history.total >= 5 && history.edges.iter().all(|(_, line)| line.reason.is_none()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_were_split_and_refilled_keep_nothing() {
    let mut platform = Platform::new();
    let running = platform.run().await;
    // Ids in random order: rows and index entries move between pages as the tables grow.
    for n in 0..1_500 {
        platform.append::<Person>(person(n), &[registered(n)]).await;
    }
    for n in (0..1_500).step_by(3) {
        let grown = format!("grown-{}", "y".repeat(n as usize % 300));
        let text = |field, text: &str| Some(seal(person(n), "PersonCorrected", field, text));
        let [name, phone] = [text("name", &texts(n)[0]), text("phone", &texts(n)[1])];
        let corrected = PersonEvent::PersonCorrected {
            document: None,
            name,
            id_number: text("id_number", &grown),
            phone,
            birth_date: None,
            home_area: None,
            reason: None,
        };
        platform.append::<Person>(person(n), &[corrected]).await;
    }
    let gone: Vec<u32> = (0..1_500).filter(|n| n % 5 == 1).collect();
    let mut head = 0;
    for n in &gone {
        head = platform.append::<Person>(person(*n), &[PersonEvent::PersonErased {}]).await;
    }
    running.views.wait_for(head, WAIT).await.unwrap();
    let gone: Vec<_> = gone.iter().step_by(4).flat_map(|n| texts(*n).into_iter().take(2)).collect();
    purged(&running, &platform, &gone).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_in_the_way_delays_the_purge_and_a_restart_does_not_forget_it() {
    let mut platform = Platform::new();
    let running = platform.run().await;
    settle(&mut platform, 1).await;
    let head = platform.log.head().await.unwrap().position;
    running.views.wait_for(head, WAIT).await.unwrap();

    let options = SqliteConnectOptions::new().filename(running.views.path()).read_only(true);
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let mut transaction = reader.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM persons").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(seen, 1);

    platform.options.busy_timeout = Duration::from_millis(50);
    let head = platform.append::<Person>(person(1), &[PersonEvent::PersonErased {}]).await;
    running.views.wait_for(head, WAIT).await.unwrap();
    running.abort().await;
    let running = platform.run().await;
    // Folding goes on while the reader is in the way.
    settle(&mut platform, 2).await;
    let head = platform.log.head().await.unwrap().position;
    running.views.wait_for(head, WAIT).await.unwrap();
    assert!(!found(platform.dir.path(), &texts(1)[0]).is_empty(), "the reader still sees the old pages");

    transaction.rollback().await.unwrap();
    reader.close().await.unwrap();
    purged(&running, &platform, &texts(1)).await;
    running.stop().await;
}

#[tokio::test]
async fn a_rebuilt_file_holds_nothing_that_was_opened_on_the_way() {
    for kept in [0, 20, 100_000] {
        let mut platform = Platform::new();
        (platform.options.batch_events, platform.options.kept_rows) = (7, kept);
        for n in 0..40 {
            settle(&mut platform, n).await;
        }
        // The keys are there still: the texts are opened, then erased.
        for n in [0, 7, 39] {
            platform.append::<Person>(person(n), &[PersonEvent::PersonErased {}]).await;
        }
        let (log, opener) = (Arc::clone(&platform.log), Arc::new(platform.vault.clone()));
        let rebuilt = Views::rebuild(platform.dir.path(), log, Arc::new(Upcasters::new()), opener, platform.options, |_, _| ());
        rebuilt.await.unwrap();
        for text in [0, 7, 39].into_iter().flat_map(texts) {
            assert!(found(platform.dir.path(), &text).is_empty(), "{text}, {kept} rows kept");
        }
        assert!(texts(8).iter().all(|text| !found(platform.dir.path(), text).is_empty()), "somebody else's");
    }
}
