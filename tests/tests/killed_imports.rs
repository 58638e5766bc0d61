//! Imports and dry runs that are killed at random moments. The silent failures made loud: a row that is lost or taken twice, a
//! copy of the vault that stays behind, a key that was copied with it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use fastrand::Rng;
use gongyi_tests::{
    TestFolder,
    people::id_number,
    sheets::{Sheet, VOLUNTEERS},
};

const ROWS: u32 = 300;
/// The longest time after which one is killed, counted from its first sign; the first of all at once.
const PAUSES_MAX_MICROSECONDS: [u64; 4] = [1, 500_000, 1_500_000, 1_500_000];

fn volunteers() -> String {
    let row = |n: u32| ["李小".to_owned(), id_number("19800101", n), format!("199{n:08}"), "440402001001".to_owned()];
    let rows =
        (0..ROWS).map(row).map(|[name, id, phone, area]| [name, id, phone, area, String::new(), String::new(), "2020-01-02".to_owned()]);
    Sheet::new(VOLUNTEERS, rows).csv()
}

fn registered(folder: &TestFolder) -> usize {
    folder.events().iter().filter(|it| it["type"] == "gongyi.volunteer.VolunteerRegistered.v1").count()
}

/// What trials have made and not removed.
fn trials(folder: &TestFolder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.data()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".dry-run-")).collect()
}

/// A condition that holds a random time after the first sign. The one place where time is left to chance: that the kill falls
/// anywhere between two steps.
fn some_time_after(pause: Duration, mut sign: impl FnMut() -> bool) -> impl FnMut() -> bool {
    let mut seen = None::<Instant>;
    move || match seen {
        Some(at) => at.elapsed() >= pause,
        None => {
            if sign() {
                seen = Some(Instant::now());
            }
            false
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|it| it.modified()).ok()
}

#[test]
fn a_killed_import_takes_what_is_missing_when_it_is_run_again() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let folder = TestFolder::with_teams();
    let file = folder.writes("v.csv", volunteers());
    let import = ["import", "volunteers", file.to_str().unwrap()];
    let (mut killed, mut before) = (0, 0);
    for most in PAUSES_MAX_MICROSECONDS {
        let (wal, pause) = (folder.data().join("log.db-wal"), Duration::from_micros(random.u64(..most)));
        let written = changed(&wal);
        killed += usize::from(folder.kills(import, some_time_after(pause, || changed(&wal) != written)));
        folder.verified();
        let now = registered(&folder);
        assert!((before..=ROWS as usize).contains(&now), "what was there is there: {before}, then {now}");
        before = now;
    }
    assert!(killed > 0, "every import was done before it was killed");
    let report = folder.imports("volunteers", &file);
    assert_eq!((&report["unchanged"], &report["accepted"]), (&before.into(), &(ROWS as usize - before).into()));
    assert_eq!(report["rejected"], serde_json::json!([]));
    assert_eq!(registered(&folder), ROWS as usize, "everybody once");
    folder.verified();
    assert_eq!(folder.runs(["doctor", "--json"]).succeeded().json()["well"], true);
    assert_eq!(trials(&folder), Vec::<PathBuf>::new());
}

#[test]
fn a_killed_dry_run_leaves_no_key_and_what_it_leaves_is_swept() {
    killed_dry_runs(4);
}

#[test]
#[ignore = "takes long: make soak"]
fn soak_killed_dry_runs() {
    killed_dry_runs(10);
}

fn killed_dry_runs(rounds: usize) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let folder = TestFolder::with_teams();
    let file = folder.writes("v.csv", volunteers());
    let head = folder.head();
    let next: [&[&str]; 4] = [
        &["import", "volunteers", "v.csv", "--dry-run"],
        &["export", "participation", "--area", "440402"],
        &["import", "volunteers", "v.csv", "--dry-run"],
        &["rebuild"],
    ];
    let mut left = 0;
    for (args, most) in next.into_iter().zip(PAUSES_MAX_MICROSECONDS).cycle().take(rounds) {
        let pause = Duration::from_micros(random.u64(..most));
        let run = ["import", "volunteers", file.to_str().unwrap(), "--dry-run"];
        folder.kills(run, some_time_after(pause, || !trials(&folder).is_empty()));
        for trial in trials(&folder) {
            left += 1;
            let names: Vec<_> = fs::read_dir(&trial).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            assert!(!names.iter().any(|name| name.contains("kek")), "the key was copied: {names:?}");
        }
        assert_eq!(folder.head(), head, "nothing was changed");
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "v.csv" { file.to_str().unwrap() } else { arg }).collect();
        folder.runs(args).succeeded();
        assert_eq!(trials(&folder), Vec::<PathBuf>::new(), "whoever works in the folder next sweeps it");
    }
    assert!(left > 0, "no dry run was killed in the middle");
    assert_eq!(folder.head(), head);
}
