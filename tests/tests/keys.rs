//! Keys that are changed while people use them. The silent failures made loud: somebody signed out by a rotation, a name that no key
//! opens any more after one was killed, an old key that goes on opening, a wrong key taken for a broken disk.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    time::{Duration, Instant},
};

use fastrand::Rng;
use gongyi_tests::{
    District, TestFolder, TestServer,
    district::{PASSWORD, registration},
    people::somebody,
};
use serde_json::{Value, json};

const KEY: &str = "0101010101010101010101010101010101010101010101010101010101010101";
const OTHER_KEY: &str = "0202020202020202020202020202020202020202020202020202020202020202";

fn signed_in(client: &gongyi_tests::Client) -> bool {
    client.asks("{ me { signedIn } }", &json!({}))["me"]["signedIn"] == true
}

fn kids(server: &TestServer) -> Vec<String> {
    let (status, keys) = server.stranger().gets("/.well-known/jwks.json");
    assert_eq!(status, 200);
    let keys: Value = serde_json::from_str(&keys).unwrap();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Enters somebody and answers the name by which they must be found from then on.
fn enters(district: &District) -> String {
    let who = somebody();
    let entered = district.operator.does("registerVolunteer", &registration(&who), "volunteer { id name }");
    assert_eq!(entered["volunteer"]["name"], who.name.as_str());
    entered["volunteer"]["id"].as_str().unwrap().to_owned()
}

/// Everybody entered has a name that opens.
fn all_have_names(district: &District, ids: &[String]) {
    for id in ids {
        let found = district.operator.asks("query($id: ID!) { node(id: $id) { ... on Volunteer { name phone } } }", &json!({ "id": id }));
        assert!(found["node"]["name"].is_string() && found["node"]["phone"].is_string(), "{id}: {found}");
    }
}

#[test]
fn another_signing_key_signs_nobody_out() {
    let district = District::new();
    let volunteer = district.registers(&somebody());
    let before = kids(&district.server);
    district.folder.runs(["rotate-signing-key"]).succeeded();
    let after = kids(&district.server);
    assert_eq!((before.len(), after.len()), (1, 2));
    assert!(after.contains(&before[0]) && signed_in(&volunteer.client) && signed_in(&district.operator));
    assert!(signed_in(&district.server.stranger().signs_in(&volunteer.who.phone, PASSWORD)));
    let token = district.server.acting_as(&district.folder, &["auditor"]);
    assert!(signed_in(&token), "what the command line signs now is believed");
}

#[test]
fn another_key_encryption_key_is_taken_up_by_the_server_that_runs() {
    let district = District::new();
    let volunteer = district.registers(&somebody());
    let mut entered = vec![enters(&district)];
    let kek = || fs::read(district.folder.data().join("kek")).unwrap();
    let old = kek();
    for _ in 0..2 {
        district.folder.runs(["rotate-kek"]).succeeded();
        entered.push(enters(&district));
    }
    assert_ne!(kek(), old);
    assert!(!district.folder.data().join("kek.next").exists());
    all_have_names(&district, &entered);
    assert!(signed_in(&volunteer.client) && signed_in(&district.server.stranger().signs_in(&volunteer.who.phone, PASSWORD)));
    // Nothing in the folder opens with the old key any more, and everything with the new one after a restart.
    let district = district.is_served_anew(TestServer::stops);
    all_have_names(&district, &entered);
    let phone = volunteer.who.phone;
    assert!(signed_in(&district.server.stranger().signs_in(&phone, PASSWORD)));
    let District { folder, server, .. } = district;
    server.stops().exited(0);
    fs::write(folder.data().join("kek"), old).unwrap();
    folder.runs(["token", "--role", "auditor"]).exited(78);
}

#[test]
fn a_wrong_key_is_told_as_one_by_every_command_that_needs_it() {
    let folder = TestFolder::with_teams();
    fs::write(folder.data().join("kek"), OTHER_KEY).unwrap();
    let areas = gongyi_tests::shared_data("areas-440402.csv");
    let commands: [&[&str]; 9] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["token", "--role", "operator"],
        &["doctor"],
        &["rebuild"],
        &["rotate-kek"],
        &["rotate-signing-key"],
        &["import", "areas", areas.to_str().unwrap()],
        &["report", "--area", "440402", "--as-of", "2026-01-01"],
        &["export", "participation", "--area", "440402"],
    ];
    for command in commands {
        let ran = folder.runs(command).exited(78);
        assert!(ran.stderr.contains("key-encryption key"), "{command:?}: {}", ran.stderr);
    }
    fs::write(folder.data().join("kek"), "no key at all").unwrap();
    folder.runs(["token", "--role", "operator"]).exited(78);
    fs::remove_file(folder.data().join("kek")).unwrap();
    folder.runs(["token", "--role", "operator"]).exited(78);
}

#[test]
fn a_key_from_the_environment_is_changed_while_nobody_serves() {
    let folder = TestFolder::new();
    let with = |key: &str, args: &[&str]| folder.runs_with(&[("GONGYI_KEK", key)], args);
    with(KEY, &["import", "areas", gongyi_tests::shared_data("areas-440402.csv").to_str().unwrap()]).succeeded();
    with(KEY, &["rotate-kek"]).exited(64);
    with(KEY, &["rotate-kek", "--new-kek", "too short"]).exited(78);
    with(KEY, &["rotate-kek", "--new-kek", OTHER_KEY]).succeeded();
    with(KEY, &["token", "--role", "auditor"]).exited(78);
    with(OTHER_KEY, &["token", "--role", "auditor"]).succeeded();
    // Sent again it is done.
    with(KEY, &["rotate-kek", "--new-kek", OTHER_KEY]).succeeded();
    with(KEY, &["rotate-kek", "--new-kek", "0303030303030303030303030303030303030303030303030303030303030303"]).exited(78);
    assert!(!folder.data().join("kek").exists());
}

/// Rotations under a running server, killed at random moments; then one that is not.
fn killed_rotations(rotation: &'static str, rounds: usize) {
    let seed = std::env::var("GONGYI_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| Rng::new().u64(..));
    println!("GONGYI_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut district = District::new();
    let volunteer = district.registers(&somebody());
    let mut entered = vec![enters(&district)];
    let whole = Instant::now();
    district.folder.runs([rotation]).succeeded();
    let whole = whole.elapsed();
    let mut killed = 0;
    for round in 0..rounds {
        let next = district.folder.data().join("kek.next");
        // Some at any moment, some in the moments that matter.
        let after = Duration::from_secs_f64(whole.as_secs_f64() * random.f64());
        let began = Instant::now();
        let in_the_midst = rotation == "rotate-kek" && round % 2 == 0;
        let now = || if in_the_midst { next.exists() } else { began.elapsed() >= after };
        killed += usize::from(district.folder.kills([rotation], now));
        entered.push(enters(&district));
        all_have_names(&district, &entered);
        assert!(signed_in(&district.server.stranger().signs_in(&volunteer.who.phone, PASSWORD)));
        if round % 3 == 2 {
            district = district.is_served_anew(TestServer::is_killed);
            all_have_names(&district, &entered);
        }
    }
    assert!(killed > 0, "none was killed before it was done");
    district.folder.runs([rotation]).succeeded();
    assert!(!district.folder.data().join("kek.next").exists());
    let district = district.is_served_anew(TestServer::stops);
    all_have_names(&district, &entered);
    assert!(signed_in(&district.server.stranger().signs_in(&volunteer.who.phone, PASSWORD)));
    district.server.stops().exited(0);
    district.folder.verified();
}

#[test]
fn a_killed_rotation_loses_nothing_and_is_finished_by_the_next() {
    killed_rotations("rotate-kek", 3);
    killed_rotations("rotate-signing-key", 3);
}

#[test]
#[ignore = "ten rounds each: make soak"]
fn many_killed_rotations_lose_nothing() {
    for rotation in ["rotate-kek", "rotate-signing-key"] {
        killed_rotations(rotation, 10);
    }
}
