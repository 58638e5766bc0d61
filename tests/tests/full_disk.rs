//! A disk that is full while the server writes. The silent failures made loud: a command that was answered and is gone,
//! one that is there twice, a node that calls itself ready and cannot write, and one that must be started again.
//!
//! The data folder lies on a small tmpfs of its own, so this needs the right to mount: root, or `CAP_SYS_ADMIN`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::Duration;
use gongyi_tests::{
    Answer, Client, District, Ran, TestFolder, TestServer, awaited,
    district::{PASSWORD, Volunteer, at, now, registration},
    document,
    people::{id_number, somebody},
    sheets::{Sheet, VOLUNTEERS},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// Room for areas, teams, and the stores' WALs at their usual length.
const DISK_MEBIBYTES: usize = 32;
/// What is left free when the disk is filled up.
const LEFT_KIBIBYTES: u64 = 24;
/// Commands until a full disk must have shown: far more than fit into what is left.
const COMMANDS_MAX: i64 = 300;

/// A small disk, unmounted when this value goes.
struct SmallDisk {
    mount: TempDir,
}

impl SmallDisk {
    fn new() -> Self {
        let mount = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MEBIBYTES}m");
        let ran = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "gongyi-full-disk"]).arg(mount.path()).output();
        let ran = ran.expect("mount(8) runs");
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "this test mounts a small tmpfs and may not here; run it as root: {told}");
        Self { mount }
    }

    /// A folder of a test whose data lies on this disk.
    fn folder(&self) -> TestFolder {
        let folder = TestFolder::new();
        let data = self.mount.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::remove_dir(folder.data()).unwrap();
        symlink(data, folder.data()).unwrap();
        folder
    }

    fn filler(&self) -> PathBuf {
        self.mount.path().join("filler")
    }

    /// Takes all room but [`LEFT_KIBIBYTES`].
    fn fills_up(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
        let taken = filler.metadata().unwrap().len();
        filler.set_len(taken - LEFT_KIBIBYTES * 1024).unwrap();
    }

    /// Takes what is left.
    fn fills_the_rest(&self) {
        let mut filler = File::options().append(true).open(self.filler()).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
    }

    fn has_room_again(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounts = |more: &[&str]| Command::new("umount").args(more).arg(self.mount.path()).status().is_ok_and(|it| it.success());
        // Whoever still holds a file there keeps it until they go; the name is free at once.
        if !unmounts(&[]) {
            unmounts(&["--lazy"]);
        }
    }
}

/// A command under its id.
struct Sent {
    mutation: &'static str,
    wanted: &'static str,
    input: Value,
}

/// How a full disk answers: saved, or the typed error and nothing else.
fn saved(by: &Client, sent: &Sent) -> bool {
    let answer = by.answer(&document(sent.mutation, sent.wanted), &json!({ "input": sent.input }));
    is_saved(&answer, sent.mutation)
}

fn is_saved(answer: &Answer, mutation: &str) -> bool {
    assert_eq!(answer.status, 200, "{answer:?}");
    let error = &answer.body["errors"][0];
    if error.is_null() {
        assert!(answer.body["data"][mutation]["refusal"].is_null(), "{}", answer.body);
        return true;
    }
    let told = &error["extensions"];
    assert_eq!(told["code"], "STORAGE_UNAVAILABLE", "{}", answer.body);
    for text in [&error["message"], &told["en"], &told["zh"]] {
        assert!(text.as_str().is_some_and(|text| text.contains("commandId")), "{error}");
    }
    assert!(!answer.body.to_string().contains("SQL") && !answer.body.to_string().contains("database"), "{error}");
    false
}

/// Hours of a day of their own.
fn hours(volunteer: &Volunteer, team: &str, nth_day: i64) -> Sent {
    let ended = now() - Duration::days(nth_day);
    let input = json!({
        "volunteer": volunteer.id, "organisation": team, "category": "ENVIRONMENT", "content": "清洁".repeat(80),
        "started": at(ended - Duration::hours(1)), "ended": at(ended), "commandId": Uuid::now_v7(),
    });
    Sent { mutation: "logService", wanted: "record { id }", input }
}

fn newcomer(team: &str) -> Sent {
    let mut input = registration(&somebody());
    input["organisation"] = json!(team);
    input["commandId"] = json!(Uuid::now_v7());
    Sent { mutation: "registerVolunteer", wanted: "volunteer { id }", input }
}

fn reads_on(district: &District, volunteer: &Volunteer) {
    let found = district.operator.asks("query($id: ID!) { volunteer(id: $id) { id name } }", &json!({"id": volunteer.id}));
    assert_eq!(found["volunteer"]["id"], *volunteer.id);
    assert_eq!(district.server.stranger().gets("/healthz").0, 200);
}

fn ready(district: &District) -> (u16, Value) {
    let (status, body) = district.server.stranger().gets("/readyz");
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_that_was_acknowledged() {
    let disk = SmallDisk::new();
    let district = District::of(with_teams(disk.folder()));
    let volunteer = district.registers(&somebody());
    let staff = &district.coordinator().client;
    assert_eq!(ready(&district).0, 200);

    disk.fills_up();
    let mut all = vec![];
    let mut kept = vec![];
    for nth_day in 1..=COMMANDS_MAX {
        let sent = hours(&volunteer, &district.team, nth_day);
        let is_kept = saved(staff, &sent);
        all.push(sent);
        kept.push(is_kept);
        if !is_kept {
            break;
        }
    }
    assert_eq!(kept.last(), Some(&false), "the disk never was full");
    disk.fills_the_rest();
    for nth_day in 0..4 {
        let more = [hours(&volunteer, &district.team, COMMANDS_MAX + 1 + nth_day), newcomer(&district.team)];
        for sent in more {
            kept.push(saved(staff, &sent));
            all.push(sent);
        }
        let (status, told) = ready(&district);
        assert_eq!(status, 503, "{told}");
        assert!(told["reasons"].as_array().unwrap().contains(&json!("storage")), "{told}");
        reads_on(&district, &volunteer);
    }
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { refusal { code } } }";
    let input = json!({"phone": volunteer.who.phone, "password": PASSWORD});
    is_saved(&district.server.stranger().answer(sign_in, &json!({ "input": input })), "signIn");

    disk.has_room_again();
    // Everything again under the same ids: what was kept is answered as the first time, what was not is done now.
    for (sent, kept) in all.iter().zip(kept) {
        let payload = staff.sends(sent.mutation, &sent.input, sent.wanted);
        assert!(payload["refusal"].is_null(), "{payload}");
        assert!(!kept || payload["unchanged"] == true, "acknowledged, and not there: {payload}");
    }
    awaited("readiness", || (ready(&district).0 == 200).then_some(()));
    district.registers(&somebody());
    assert!(district.server.stranger().signs_in(&volunteer.who.phone, PASSWORD).token().is_some());
    reads_on(&district, &volunteer);

    let District { folder, server, .. } = district;
    server.stops().exited(0);
    folder.verified();
    let ids = |kind: &str| folder.events().iter().filter(|event| event["type"].as_str().unwrap().contains(kind)).count();
    let logged = all.iter().filter(|sent| sent.mutation == "logService").count();
    assert_eq!(ids("ServiceLogged"), logged, "each once");
    assert_eq!(ids("VolunteerRegistered"), all.len() - logged + 3, "each once");
}

fn with_teams(folder: TestFolder) -> TestFolder {
    folder.imports("areas", &gongyi_tests::shared_data("areas-440402.csv"));
    folder.imports("organisations", &gongyi_tests::shared_data("import/organisations.csv"));
    folder
}

#[test]
fn an_import_that_meets_a_full_disk_reports_what_went_in() {
    let disk = SmallDisk::new();
    let folder = with_teams(disk.folder());
    let person = |n: u32| {
        let birth = format!("19{:02}{:02}{:02}", 60 + n % 30, n / 30 % 12 + 1, n / 360 % 28 + 1);
        let (name, phone) = (format!("导入{n}"), format!("197{n:08}"));
        [name, id_number(&birth, n % 1000), phone, "440402001001".into(), "1号志愿服务队".into(), String::new(), "2024-01-01".into()]
    };
    let rows = 4_000;
    let file = folder.writes("volunteers.csv", Sheet::new(VOLUNTEERS, (0..rows).map(person)).csv());
    fills_all_but(&disk, 2_048);
    let ran = folder.runs(["import".as_ref(), "volunteers".as_ref(), file.as_os_str(), "--json".as_ref()]).exited(74);
    let report = ran.json();
    let accepted = report["accepted"].as_u64().unwrap();
    assert!(accepted < rows.into(), "{report}");
    assert_eq!(report["rejected"], json!([]));
    assert!(ran.stderr.contains("the log could not be written") || ran.stderr.contains("the vault failed"), "{}", ran.stderr);
    let line = ran.stderr.lines().find(|line| line.starts_with("gongyi: ")).unwrap();
    assert_eq!(line.matches("full").count(), 1, "the cause is told once: {line}");

    disk.has_room_again();
    let again = folder.imports("volunteers", &file);
    assert_eq!(again["accepted"].as_u64().unwrap() + again["unchanged"].as_u64().unwrap(), u64::from(rows), "{again}");
    assert!(again["unchanged"].as_u64().unwrap() >= accepted, "{report} {again}");
    folder.verified();
}

/// Ended by a disk that takes nothing: what it was, what to do, in both languages, and each once.
fn is_told_not_written(ran: Ran) {
    let ran = ran.exited(74);
    assert!(ran.stderr.contains("it may be full. Make room") && ran.stderr.contains("可能已满；请腾出空间"), "{}", ran.stderr);
    let cause = ran.stderr.lines().find(|line| line.starts_with("gongyi: ")).unwrap();
    let words = ["disk I/O error", "database or disk is full", "No space left on device"];
    assert_eq!(words.iter().map(|words| cause.matches(words).count()).sum::<usize>(), 1, "the cause is told once: {cause}");
    assert_eq!(ran.stdout, "", "nothing is announced that does not answer");
}

#[test]
fn a_disk_that_is_full_at_the_start_is_told_and_leaves_everything_as_it_was() {
    let disk = SmallDisk::new();
    let folder = with_teams(disk.folder());
    let head = folder.head();
    let areas = gongyi_tests::shared_data("areas-440402.csv");
    disk.fills_up();
    disk.fills_the_rest();
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["import", "areas", areas.to_str().unwrap()], &["rebuild"]] {
        is_told_not_written(folder.runs(args));
    }
    // It writes nothing.
    folder.runs(["doctor"]).exited(0);
    // A folder that is yet to be made.
    let fresh = disk.mount.path().join("fresh");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", fresh.to_str().unwrap()];
    is_told_not_written(gongyi_tests::runs(&serve));

    disk.has_room_again();
    assert_eq!(folder.head(), head);
    let server = TestServer::serves(&folder);
    assert_eq!(server.stranger().gets("/readyz").0, 200);
    server.stops().exited(0);
    let imported = gongyi_tests::runs(&["import", "areas", areas.to_str().unwrap(), "--json", "--data", fresh.to_str().unwrap()]);
    assert_eq!(imported.succeeded().json()["accepted"], 188, "what was half made is no hindrance");
}

fn fills_all_but(disk: &SmallDisk, kibibytes: u64) {
    disk.fills_up();
    let filler = File::options().write(true).open(disk.filler()).unwrap();
    let taken = filler.metadata().unwrap().len();
    filler.set_len(taken - kibibytes * 1024).unwrap();
}

#[test]
fn the_small_disk_goes_with_its_value() {
    let path = {
        let disk = SmallDisk::new();
        assert!(mounted(disk.mount.path()));
        disk.mount.path().to_owned()
    };
    assert!(!mounted(&path) && !path.exists());
}

fn mounted(path: &Path) -> bool {
    fs::read_to_string("/proc/mounts").unwrap().contains(path.to_str().unwrap())
}
