//! Log and vault belong together. The silent failure made loud: a lost, foreign or older vault or log that a command takes for
//! the right one, makes anew, or writes to.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use gongyi_tests::{
    District, Ran, TestFolder, TestServer,
    people::{id_number, somebody},
    sheets::{Sheet, VOLUNTEERS},
};
use serde_json::{Value, json};

/// What every command says of a folder in this state: exit code, and words of the sentence.
struct State {
    name: &'static str,
    made: fn(&States) -> TestFolder,
    /// Of commands that read the log alone.
    log_alone: i32,
    /// Of all others.
    others: i32,
    says: &'static str,
}

/// A folder at two moments, and another one: to be mixed.
struct States {
    earlier: TestFolder,
    later: TestFolder,
    other: TestFolder,
}

const LOG: [&str; 2] = ["log.db", "log.db-wal"];
const VAULT: [&str; 2] = ["vault.db", "vault.db-wal"];

/// A copy of a folder at rest.
fn copy_of(folder: &TestFolder) -> TestFolder {
    let copy = TestFolder::new();
    take(&copy, folder, |_| true);
    copy
}

/// Takes files of another folder in place of one's own.
fn take(folder: &TestFolder, other: &TestFolder, which: impl Fn(&str) -> bool) {
    for place in [folder, other] {
        for (path, content) in place.files() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if which(&name) {
                let own = folder.data().join(&name);
                if std::ptr::eq(place, folder) {
                    fs::remove_file(own).unwrap();
                } else {
                    fs::write(&own, content).unwrap();
                    fs::set_permissions(own, fs::Permissions::from_mode(0o600)).unwrap();
                }
            }
        }
    }
}

fn without(folder: &TestFolder, names: &[&str]) -> TestFolder {
    let copy = copy_of(folder);
    for name in names {
        let _ = fs::remove_file(copy.data().join(name));
    }
    copy
}

fn with(folder: &TestFolder, other: &TestFolder, names: &[&str]) -> TestFolder {
    let copy = copy_of(folder);
    take(&copy, other, |name| names.contains(&name));
    copy
}

fn volunteers(folder: &TestFolder, numbers: std::ops::Range<u32>) {
    let row = |n: u32| {
        let [name, id, phone] = ["李小".to_owned(), id_number("19800101", n), format!("199{n:08}")];
        [name, id, phone, "440402001001".to_owned(), String::new(), String::new(), "2020-01-02".to_owned()]
    };
    let file = folder.writes("v.csv", Sheet::new(VOLUNTEERS, numbers.map(row)).csv());
    folder.imports("volunteers", &file);
}

impl States {
    fn new() -> Self {
        let (earlier, other) = (TestFolder::with_teams(), TestFolder::with_teams());
        volunteers(&earlier, 0..3);
        volunteers(&other, 0..3);
        let later = copy_of(&earlier);
        volunteers(&later, 3..5);
        Self { earlier, later, other }
    }
}

const STATES: [State; 9] = [
    State { name: "whole", made: |it| copy_of(&it.later), log_alone: 0, others: 0, says: "" },
    State { name: "lost vault", made: |it| without(&it.later, &VAULT), log_alone: 0, others: 66, says: "vault.db" },
    State { name: "lost log", made: |it| without(&it.later, &LOG), log_alone: 66, others: 66, says: "log.db" },
    State { name: "older vault", made: |it| with(&it.later, &it.earlier, &VAULT), log_alone: 0, others: 65, says: "older than the log" },
    State { name: "older log", made: |it| with(&it.later, &it.earlier, &LOG), log_alone: 0, others: 65, says: "older than the vault" },
    State {
        name: "another vault",
        made: |it| with(&it.later, &it.other, &["vault.db", "vault.db-wal", "kek"]),
        log_alone: 0,
        others: 65,
        says: "another log's",
    },
    State { name: "wrong key", made: |it| with(&it.later, &it.other, &["kek"]), log_alone: 0, others: 78, says: "key-encryption key" },
    State { name: "lost key", made: |it| without(&it.later, &["kek"]), log_alone: 0, others: 78, says: "key-encryption key is missing" },
    // What a restore by hand leaves that was stopped between two files.
    State {
        name: "half restored",
        made: |it| without(&it.later, &["vault.db", "vault.db-wal", "kek"]),
        log_alone: 0,
        others: 66,
        says: "vault.db",
    },
];

fn runs(folder: &TestFolder, command: &str) -> Ran {
    let out = folder.beside("out");
    let _ = fs::remove_file(&out);
    let areas = gongyi_tests::shared_data("areas-440402.csv");
    let args: Vec<&str> = command.split(' ').map(|word| if word == "OUT" { out.to_str().unwrap() } else { word }).collect();
    let args: Vec<&str> = args.into_iter().map(|word| if word == "AREAS" { areas.to_str().unwrap() } else { word }).collect();
    folder.runs(args)
}

fn files_and_times(folder: &TestFolder) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    folder.files().into_iter().filter(|(path, _)| !path.ends_with("lock")).collect()
}

#[test]
fn every_command_says_what_is_wrong_and_makes_nothing_in_its_place() {
    let states = States::new();
    let log_alone = ["verify --json", "export events"];
    let others = [
        "doctor --json",
        "token --role operator",
        "export participation --area 440402 --json",
        "report --area 440402 --as-of 2026-01-01 --json",
        "rebuild",
        "import areas AREAS --json",
        "import areas AREAS --json --dry-run",
        "backup --out OUT",
    ];
    for state in &STATES {
        let folder = (state.made)(&states);
        let before = files_and_times(&folder);
        for command in log_alone {
            assert_eq!(runs(&folder, command).without_panic().code, Some(state.log_alone), "{}: {command}", state.name);
        }
        for command in others {
            let ran = runs(&folder, command).without_panic();
            let code = ran.code.unwrap();
            // The doctor answers what it finds; it has nothing to look at where there is no log, no vault, or no key to it.
            let told = if ran.stderr.is_empty() { &ran.stdout } else { &ran.stderr };
            assert_eq!(code, state.others, "{}: {command}: {told}", state.name);
            assert!(told.contains(state.says), "{}: {command}: {told}", state.name);
        }
        if state.others != 0 {
            let served = folder.runs(["serve", "--listen", "127.0.0.1:0"]).exited(state.others);
            assert!(served.stderr.contains(state.says), "{}: {}", state.name, served.stderr);
            let data = |files: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
                files.into_iter().filter(|(path, _)| !path.to_string_lossy().contains("views-")).map(|(path, _)| path).collect()
            };
            let kept = |path: &std::path::PathBuf| !path.to_string_lossy().ends_with("-shm") && !path.to_string_lossy().ends_with("-wal");
            let (before, after) = (data(before), data(files_and_times(&folder)));
            let new: Vec<_> = after.iter().filter(|path| !before.contains(path) && kept(path)).collect();
            assert!(new.is_empty(), "{}: {new:?} were made", state.name);
        }
    }
}

#[test]
fn only_an_empty_folder_gets_a_vault_and_its_log_names_it_first() {
    let folder = TestFolder::new();
    for command in ["doctor", "token --role operator", "export events", "rebuild", "verify", "backup --out OUT"] {
        assert_eq!(runs(&folder, command).without_panic().code, Some(66), "{command}");
    }
    assert_eq!(folder.files(), [], "nothing is made by looking");
    let folder = TestFolder::with_teams();
    let events = folder.events();
    let first = &events[0];
    assert_eq!(first["type"], "gongyi.vault_binding.VaultNamed.v1");
    assert_eq!(first["data"]["mark"].as_str().unwrap().len(), 64);
    assert_eq!(events[1]["commit"], json!(2), "in a commit of its own");
    assert_eq!(events.iter().filter(|event| event["type"] == first["type"]).count(), 1);
}

#[test]
fn a_log_from_before_marks_is_named_when_it_is_served_and_what_is_older_is_told_from_then_on() {
    let folder = TestFolder::with_teams();
    volunteers(&folder, 0..2);
    // A copy of the vault that was taken while a server ran is an older one once that has stopped.
    let server = TestServer::serves(&folder);
    server.stranger().gets("/healthz");
    let copied = fs::read(folder.data().join("vault.db")).unwrap();
    server.stops().succeeded();
    fs::write(folder.data().join("vault.db"), copied).unwrap();
    for file in ["vault.db-wal", "vault.db-shm"] {
        let _ = fs::remove_file(folder.data().join(file));
    }
    assert!(folder.runs(["serve", "--listen", "127.0.0.1:0"]).exited(65).stderr.contains("older than the log"));
}

fn doctor(folder: &TestFolder) -> (i32, Value) {
    let ran = folder.runs(["doctor", "--json"]).without_panic();
    (ran.code.unwrap(), ran.json())
}

#[test]
fn the_doctor_counts_what_is_missing_and_changes_no_byte() {
    let folder = TestFolder::with_teams();
    volunteers(&folder, 0..3);
    folder.figures("440402");
    folder.runs(["export", "participation", "--area", "440402", "--time-zone", "Asia/Urumqi"]).succeeded();
    let before = folder.files();
    let (code, found) = doctor(&folder);
    assert_eq!((code, &found["vault"]["together"], &found["vault"]["personsWithoutKey"]), (0, &json!(true), &json!(0)), "{found}");
    assert_eq!(found["vault"]["accountsWithoutPassword"], 0);
    assert_eq!(folder.files(), before);
    fs::create_dir(folder.data().join(".dry-run-left")).unwrap();
    assert!(doctor(&folder).1["leftOver"].to_string().contains(".dry-run-left"));
    // What an earlier version did where the vault was lost: it made another, and nobody's key was in it.
    sql(&folder.data().join("vault.db"), "DELETE FROM person_key WHERE id = 1");
    let (code, found) = doctor(&folder);
    assert_eq!((code, &found["vault"]["personsWithoutKey"], &found["well"]), (65, &json!(1), &json!(false)), "{found}");
}

fn sql(path: &Path, statement: &str) {
    use sqlx::{Connection, sqlite::SqliteConnectOptions};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn who_has_no_key_can_be_erased_and_the_number_is_free() {
    let district = District::new();
    let (first, last) = (somebody(), somebody());
    let anna = district.registers(&first);
    let _ = district.registers(&last);
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    sql(&folder.data().join("vault.db"), "DELETE FROM person_key WHERE id = 1");
    let district = District::of(folder);
    district.operator.does("erasePerson", &json!({"person": anna.person}), "");
    let again = district.registers(&first);
    assert_ne!(again.person, anna.person);
}
