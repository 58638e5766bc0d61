//! Views of another log, of another history, of another version, half-built and damaged ones: the silent failure made
//! loud here is a view that answers from a history that is not the log's.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::{
    fs,
    sync::{Arc, Mutex},
};

use gongyi_domain::{
    access::area::{Area, AreaEvent, area_stream},
    values::AreaCode,
};
use gongyi_eventlog::{MemoryLog, SqliteLog, SqliteSettings, Upcasters};
use gongyi_projections::{AreaFilter, Discarded, OpenError, PageArgs, Views};
use harness::{Platform, WAIT, dump};
use uuid::Uuid;

async fn list(platform: &mut Platform, area: &str, name: &str) -> u64 {
    let code: AreaCode = area.parse().unwrap();
    let event = AreaEvent::AreaListed { code: code.clone(), name: name.to_owned(), pseudo: false };
    platform.append::<Area>(area_stream(&code), &[event]).await
}

async fn names(views: &Views) -> Vec<String> {
    let page = views.areas(&AreaFilter::default(), &PageArgs::default()).await.unwrap();
    page.edges.into_iter().map(|(_, row)| row.name).collect()
}

fn memory(id: u128) -> Arc<MemoryLog> {
    Arc::new(MemoryLog::new(Uuid::from_u128(id)))
}

#[tokio::test]
async fn views_go_on_where_they_were() {
    let mut platform = Platform::new();
    list(&mut platform, "440402", "one").await;
    let views = platform.settled().await;
    views.close().await;
    list(&mut platform, "440402001", "two").await;
    let views = platform.open().await;
    assert_eq!((views.position(), views.discarded()), (1, None));
    drop(views);
    assert_eq!(names(&platform.settled().await).await, ["one", "two"]);
}

#[tokio::test]
async fn views_of_another_log_are_thrown_away() {
    let mut old = Platform::on(memory(1));
    list(&mut old, "440402", "old").await;
    old.settled().await.close().await;
    let mut new = Platform::on(memory(2));
    list(&mut new, "440402", "new").await;
    new.dir = old.dir;
    let views = new.open().await;
    assert_eq!((views.discarded(), views.position()), (Some(&Discarded::OtherLog), 0));
    drop(views);
    assert_eq!(names(&new.settled().await).await, ["new"]);
}

#[tokio::test]
async fn views_of_another_history_are_thrown_away() {
    let mut old = Platform::on(memory(1));
    list(&mut old, "440402", "old").await;
    old.settled().await.close().await;
    // The same log restored, with something else in the same place.
    let mut new = Platform::on(memory(1));
    list(&mut new, "440402", "new").await;
    new.dir = old.dir;
    assert_eq!(new.open().await.discarded(), Some(&Discarded::Forked));
    assert_eq!(names(&new.settled().await).await, ["new"]);
}

#[tokio::test]
async fn views_ahead_of_their_log_are_thrown_away() {
    let mut old = Platform::on(memory(1));
    list(&mut old, "440402", "old").await;
    old.settled().await.close().await;
    let mut new = Platform::on(memory(1));
    new.dir = old.dir;
    assert_eq!(new.open().await.discarded(), Some(&Discarded::Ahead { position: 1 }));
    list(&mut new, "440402", "new").await;
    assert_eq!(names(&new.settled().await).await, ["new"]);
}

#[tokio::test]
async fn a_damaged_file_is_thrown_away() {
    let mut platform = Platform::new();
    list(&mut platform, "440402", "one").await;
    let views = platform.settled().await;
    views.close().await;
    let path = views.path().to_owned();
    drop(views);
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
    fs::write(&path, b"this is not a database, and long enough to be looked at as one: ".repeat(100)).unwrap();
    assert_eq!(platform.open().await.discarded(), Some(&Discarded::Unreadable));
    assert_eq!(names(&platform.settled().await).await, ["one"]);
}

#[tokio::test]
async fn old_versions_serve_until_the_new_one_is_complete() {
    let mut platform = Platform::new();
    list(&mut platform, "440402", "one").await;
    let old =
        ["views-0000.db", "views-0000.db-wal", "views-0000.db-shm", "views-0000.db.building"].map(|name| platform.dir.path().join(name));
    let other = platform.dir.path().join("log.db");
    for file in old.iter().chain([&other]) {
        fs::write(file, b"x").unwrap();
    }
    let views = platform.open().await;
    assert!(old.iter().all(|file| file.exists()), "not complete yet");
    drop(views);
    platform.settled().await;
    assert!(old.iter().all(|file| !file.exists()) && other.exists());
    for file in &old {
        fs::write(file, b"x").unwrap();
    }
    platform.open().await;
    assert!(old.iter().all(|file| !file.exists()) && other.exists());
}

#[tokio::test]
async fn rebuilding_tells_how_far_it_is_and_replaces_the_file() {
    let mut platform = Platform::on(Arc::new(
        SqliteLog::open(tempfile::tempdir().unwrap().keep().join("log.db"), SqliteSettings::default()).await.unwrap(),
    ));
    platform.options.batch_events = 2;
    for n in 0..9 {
        list(&mut platform, &format!("44040200{n}"), &format!("street {n}")).await;
    }
    let views = platform.settled().await;
    let live = dump(views.path()).await;
    views.close().await;
    drop(views);
    let old = platform.dir.path().join("views-0000.db");
    fs::write(&old, b"x").unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let (log, opener) = (Arc::clone(&platform.log), Arc::new(platform.vault.clone()));
    let progress = move |done, total| teller.lock().unwrap().push((done, total));
    let file = Views::rebuild(platform.dir.path(), log, Arc::new(Upcasters::new()), opener, platform.options, progress).await.unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!((told.first(), told.last()), (Some(&(0, 9)), Some(&(9, 9))));
    assert!(told.len() > 4 && told.is_sorted());
    assert_eq!(dump(&file).await, live);
    assert!(old.exists(), "whoever has it open goes on serving");
    let views = platform.open().await;
    assert!(!old.exists());
    assert_eq!((views.position(), views.discarded(), views.path()), (9, None, file.as_path()));
    let names: Vec<_> = harness::files(platform.dir.path()).into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| !name.contains("building")), "{names:?}");
}

#[tokio::test]
async fn a_rebuild_that_parks_leaves_everything_as_it_was() {
    let mut platform = Platform::new();
    list(&mut platform, "440402", "one").await;
    let views = platform.settled().await;
    list(&mut platform, "440402", "twice").await;
    let (log, opener) = (Arc::clone(&platform.log), Arc::new(platform.vault.clone()));
    let error =
        Views::rebuild(platform.dir.path(), log, Arc::new(Upcasters::new()), opener, platform.options, |_, _| ()).await.unwrap_err();
    assert!(matches!(error, OpenError::Parked { name: "areas", position: 2, .. }), "{error:?}");
    assert_eq!(names(&views).await, ["one"]);
    assert!(harness::files(platform.dir.path()).iter().all(|(name, _)| !name.contains("building")));
    assert!(views.wait_for(1, WAIT).await.is_ok());
}
