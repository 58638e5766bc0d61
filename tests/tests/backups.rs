//! Backup and restore. The silent failures made loud: a backup of which a part is of another moment, one that holds the key, a
//! restore that leaves half a folder, forgets what was acknowledged, or brings back who was erased.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use gongyi_tests::{
    District, Ran, TestFolder, TestServer,
    district::{PASSWORD, Volunteer},
    people::somebody,
};
use serde_json::{Value, json};

fn backup(folder: &TestFolder, name: &str) -> PathBuf {
    let out = folder.beside(name);
    folder.runs(["backup", "--out", out.to_str().unwrap()]).succeeded();
    out
}

/// Restores a backup of `of` into the data folder of `into`, which must be empty.
fn restores(into: &TestFolder, file: &Path, of: &TestFolder) -> Ran {
    let kek = of.data().join("kek");
    into.runs(["restore", file.to_str().unwrap(), "--kek", kek.to_str().unwrap()])
}

fn is_member(district: &District, who: &Volunteer) -> bool {
    let found = district.operator.asks("query($id: ID!) { volunteer(id: $id) { name } }", &json!({"id": who.id}));
    found["volunteer"]["name"] == who.who.name.as_str()
}

/// The drill of the README: a backup while serving, the folder lost, the backup restored with the key that was kept elsewhere.
#[test]
fn a_district_is_lost_and_comes_back_as_it_was_at_one_moment() {
    let district = District::new();
    let (kept, erased) = (district.registers(&somebody()), district.registers(&somebody()));
    district.operator.does("erasePerson", &json!({"person": erased.person}), "");
    let file = backup(&district.folder, "backup.zip");
    let lost = district.operator.does("registerVolunteer", &gongyi_tests::district::registration(&somebody()), "volunteer { id }");
    let lost_position = lost["position"].as_str().unwrap().to_owned();
    assert_eq!(district.folder.runs(["backup", "--out", file.to_str().unwrap()]).without_panic().code, Some(64), "it overwrites none");

    let key = fs::read(district.folder.data().join("kek")).unwrap();
    let bytes = fs::read(&file).unwrap();
    for secret in [key.trim_ascii(), kept.who.phone.as_bytes(), kept.who.name.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "the file holds a secret");
    }
    let events = district.folder.events();
    let place = TestFolder::new();
    let told = restores(&place, &file, &district.folder).succeeded().json();
    assert_eq!((&told["epoch"], &told["openSecretPolls"]), (&json!(2), &json!([])));
    let restored = place.events();
    let at = usize::try_from(told["position"].as_u64().unwrap()).unwrap();
    assert_eq!(restored[..at], events[..at], "all that was there at that moment, and no more");
    assert!(restored.len() < events.len());

    assert_eq!(place.runs(["doctor", "--json"]).without_panic().json()["vault"]["together"], true);
    let again = District::of(place);
    assert!(is_member(&again, &kept));
    assert_eq!(
        again.server.stranger().signs_in(&kept.who.phone, PASSWORD).asks("{ me { account { id } } }", &json!({})),
        kept.client.asks("{ me { account { id } } }", &json!({}))
    );
    let ask = format!("query($id: ID!) {{ volunteer(id: $id, position: \"{lost_position}\") {{ name }} }}");
    let lost = again.operator.answer(&ask, &json!({"id": kept.id}));
    assert_eq!(lost.body["errors"][0]["extensions"]["code"], "UNKNOWN_POSITION", "what was lost is told as lost: {:?}", lost.body);
    let forgotten = again.operator.asks("query($id: ID!) { volunteer(id: $id) { name phase } }", &json!({"id": erased.id}));
    assert_eq!(forgotten["volunteer"], json!({"name": null, "phase": "ERASED"}));
    again.registers(&erased.who);
}

#[test]
fn a_backup_is_of_one_moment_while_everybody_writes() {
    let district = District::new();
    let anna = district.registers(&somebody());
    let file = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for day in 1..40 {
                anna.logs(&anna.client, &district.team, day);
                district.enters(&somebody());
            }
        });
        let file = backup(&district.folder, "busy.zip");
        backup(&district.folder, "busier.zip");
        writing.join().unwrap();
        file
    });
    let place = TestFolder::new();
    restores(&place, &file, &district.folder).succeeded();
    let found = place.runs(["doctor", "--json"]).without_panic().json();
    assert_eq!((&found["vault"]["together"], &found["vault"]["personsWithoutKey"]), (&json!(true), &json!(0)), "{found}");
    place.verified();
}

#[test]
fn what_cannot_be_restored_is_told_and_leaves_nothing() {
    let folder = TestFolder::with_teams();
    let file = backup(&folder, "backup.zip");
    let empty = TestFolder::new();
    let none = empty.runs(["restore", file.to_str().unwrap()]).exited(78);
    assert!(none.stderr.contains("key-encryption key is missing"), "{}", none.stderr);
    restores(&empty, &file, &TestFolder::with_teams()).exited(78);
    assert_eq!(restores(&folder, &file, &folder).without_panic().code, Some(64), "the folder holds something");
    let whole = fs::read(&file).unwrap();
    for (name, bytes) in [("half.zip", &whole[..whole.len() / 2]), ("none.zip", b"no backup at all".as_slice())] {
        let broken = empty.writes(name, bytes);
        restores(&empty, &broken, &folder).exited(65);
    }
    assert_eq!(empty.files(), [], "nothing was made");
    restores(&empty, &file, &folder).succeeded();
    assert_eq!(empty.events(), folder.events());
}

/// Restores that are killed at random moments, until one is done.
fn killed_restores(rounds: u32) {
    let folder = TestFolder::with_teams();
    let server = TestServer::serves(&folder);
    server.stranger().gets("/healthz");
    server.stops().succeeded();
    let file = backup(&folder, "backup.zip");
    let kek = folder.data().join("kek");
    let mut killed = 0;
    for _ in 0..rounds {
        let place = TestFolder::new();
        let began = Instant::now();
        let pause = Duration::from_micros(fastrand::u64(..600_000));
        let args = ["restore", file.to_str().unwrap(), "--kek", kek.to_str().unwrap()];
        killed += u32::from(place.kills(args, || began.elapsed() >= pause));
        let files = place.files();
        if files.is_empty() {
            restores(&place, &file, &folder).succeeded();
        }
        assert_eq!(place.events(), folder.events(), "the whole folder or none of it");
        assert_eq!(place.runs(["doctor", "--json"]).without_panic().json()["vault"]["together"], true);
        let left: Vec<_> = fs::read_dir(place.beside("")).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".restoring")), "{left:?}");
    }
    println!("{killed} of {rounds} were killed");
}

#[test]
fn a_killed_restore_leaves_the_folder_empty_or_whole() {
    killed_restores(2);
}

#[test]
#[ignore = "takes long: make soak"]
fn soak_killed_restores() {
    killed_restores(10);
}

/// A moment before the erasure is restored; the erasure is in no log any more, and has to be done again.
#[test]
fn an_older_backup_says_what_it_brings_back() {
    let district = District::new();
    let anna = district.registers(&somebody());
    let file = backup(&district.folder, "before.zip");
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    let place = TestFolder::new();
    restores(&place, &file, &district.folder).succeeded();
    let again = District::of(place);
    assert!(is_member(&again, &anna), "as the README says");
    let told: Value = again.operator.does("erasePerson", &json!({"person": anna.person}), "volunteer { phase }");
    assert_eq!(told["volunteer"]["phase"], "ERASED");
}
