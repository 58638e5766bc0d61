//! The command line as a script meets it. The silent failures made loud: two writers in one folder, a damaged log that
//! passes as sound, a key that anybody may read, and an exit code of 0 for something that was not done.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_tests::{
    District, TestFolder, TestServer, binary,
    people::{id_number, somebody},
    shared_data,
    sheets::{HOURS, Sheet, VOLUNTEERS},
};
use serde_json::{Value, json};

const ROLES: [&str; 5] = ["operator", "district_officer", "organiser", "coordinator", "auditor"];

/// A folder with a few confirmed hours.
fn with_hours() -> TestFolder {
    let folder = TestFolder::with_teams();
    let ids: Vec<String> = (0..5).map(|n| id_number("19800101", n)).collect();
    let people = ids.iter().map(|id| ["李小", id, "19900000001", "440402001001", "1号志愿服务队", "", "2020-01-01"]);
    folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, people).csv()));
    let hours = ids.iter().map(|id| [id.as_str(), "1号志愿服务队", "环境保护", "清洁", "2022-03-05 08:00", "2022-03-05 11:00"]);
    folder.imports("hours", &folder.writes("h.csv", Sheet::new(HOURS, hours).csv()));
    folder
}

/// Runs the binary without a data folder.
fn plainly(args: &[&str]) -> gongyi_tests::Ran {
    let out = Command::new(binary::gongyi()).args(args).env_remove("GONGYI_DATA").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    gongyi_tests::Ran { code: out.status.code(), stdout: text(&out.stdout), stderr: text(&out.stderr) }
}

#[test]
fn help_names_every_command_and_every_role() {
    let help = plainly(&["--help"]).succeeded().stdout;
    assert!(help.starts_with("公益 · 公议: volunteers and residents' councils"), "{help}");
    for command in ["serve", "demo", "import", "export", "rebuild", "verify", "token", "doctor"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is missing: {help}");
        assert!(plainly(&[command, "--help"]).succeeded().stdout.contains("--data") || command == "export");
    }
    let help = plainly(&["token", "--help"]).succeeded().stdout;
    for role in ROLES {
        assert!(help.contains(role), "{role} is missing: {help}");
    }
    assert!(plainly(&["--version"]).succeeded().stdout.starts_with("gongyi "));
}

#[test]
fn wrong_usage_exits_64_and_says_what_is_right() {
    let role = plainly(&["token", "--role", "king"]).exited(64);
    assert!(ROLES.iter().all(|it| role.stderr.contains(it)), "{}", role.stderr);
    for args in [&["import", "planets", "x.csv"][..], &["serve", "--listen", "nowhere"], &["fly"], &["export", "participation"], &[]] {
        let ran = plainly(args).exited(64);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}");
    }
    let folder = TestFolder::new();
    let ran = folder.runs(["export", "participation", "--area", "440", "--json"]).exited(64);
    assert!(ran.stderr.contains("6, 9, 12 or 15"), "{}", ran.stderr);
}

#[test]
fn an_address_that_is_taken_is_named_and_no_folder_is_made_for_it() {
    let folder = TestFolder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "demo"] {
        let data = folder.beside(command);
        let ran = plainly(&[command, "--listen", &address, "--data", data.to_str().unwrap()]).exited(74);
        assert!(ran.stderr.contains(&address), "{}", ran.stderr);
        assert!(!data.exists());
    }
}

#[test]
fn what_is_not_there_exits_66_and_names_it() {
    let folder = TestFolder::new();
    let figures = ["export", "participation", "--area", "440402"];
    for args in [&["verify"][..], &["export", "events"], &figures, &["rebuild"], &["doctor"]] {
        let ran = folder.runs(args).exited(66);
        assert!(ran.stderr.contains("log.db"), "{args:?}: {}", ran.stderr);
    }
    let zone = folder.runs(["export", "participation", "--area", "440402", "--time-zone", "Mars/Olympus"]).exited(78);
    assert!(zone.stderr.contains("Mars/Olympus"), "{}", zone.stderr);
}

#[test]
fn a_token_says_who_issued_it_for_which_role_and_until_when() {
    let folder = TestFolder::with_teams();
    let organisation = "01900000-0000-7000-8000-000000000001";
    let cases = [
        (vec!["operator"], json!("everywhere")),
        (vec!["district_officer", "--area", "440402"], json!({"area": "440402"})),
        (vec!["organiser", "--area", "440402001"], json!({"area": "440402001"})),
        (vec!["coordinator", "--organisation", organisation], json!({ "organisation": organisation })),
        (vec!["auditor", "--minutes", "5"], json!("everywhere")),
    ];
    for (args, scope) in cases {
        let ran = folder.runs([&["token", "--role"], &args[..]].concat()).succeeded();
        let token = ran.stdout.trim();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!((parts.len(), ran.stdout.lines().count()), (3, 1), "one token, for `$(…)` in a shell");
        let decoded = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
        assert_eq!((&header["alg"], header["kid"].is_string()), (&json!("EdDSA"), true));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("gongyi"), &json!("operator")));
        assert_eq!(claims["operator"], json!({"role": args[0], "scope": scope}));
        let minutes = if args.contains(&"--minutes") { 5 } else { 60 };
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), minutes * 60);
    }
}

#[test]
fn a_second_writer_is_told_who_holds_the_folder_and_readers_are_let_in() {
    let folder = with_hours();
    let server = TestServer::serves(&folder);
    let holder = format!("serve (process {}", server.pid().as_raw_nonzero());
    let areas = shared_data("areas-440402.csv");
    for args in [&["import", "areas", areas.to_str().unwrap()][..], &["rebuild"], &["serve", "--listen", "127.0.0.1:0"]] {
        let ran = folder.runs(args).exited(75);
        assert!(ran.stderr.contains(&holder), "{args:?}: {}", ran.stderr);
    }
    folder.verified();
    assert!(!folder.events().is_empty());
    assert_eq!(folder.figures("440402")["declaredMinutes"], 5 * 180);
    let found = folder.runs(["doctor", "--json"]).succeeded().json();
    assert!(found["well"] == true && found["heldBy"].as_str().is_some_and(|it| it.contains(&holder)), "{found}");
    let me = server.operator(&folder).asks("{ me { signedIn grants { role everywhere } } }", &json!({}));
    assert_eq!(me["me"], json!({"signedIn": true, "grants": [{"role": "OPERATOR", "everywhere": true}]}));
    assert_eq!(server.stops().code, Some(0));
    folder.imports("areas", &areas);
}

#[test]
fn two_imports_at_once_do_not_both_write() {
    let folder = TestFolder::new();
    let areas = shared_data("areas-440402.csv");
    let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
        let importing: Vec<_> =
            (0..6).map(|_| scope.spawn(|| folder.runs(["import", "areas", areas.to_str().unwrap()]).without_panic().code)).collect();
        importing.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 75))) && codes.contains(&Some(0)), "{codes:?}");
    assert_eq!(folder.events().len(), 188 + 1, "the log names its vault, then every area once");
}

#[test]
fn the_key_is_made_for_its_owner_alone_with_a_warning() {
    let folder = TestFolder::new();
    let areas = shared_data("areas-440402.csv");
    let first = folder.runs(["import", "areas", areas.to_str().unwrap()]).succeeded();
    assert!(first.stderr.contains("warning") && first.stderr.contains("kek"), "{}", first.stderr);
    let key = folder.data().join("kek");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.runs(["token", "--role", "operator"]).succeeded().stderr, "", "only once");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let open = folder.runs(["token", "--role", "operator"]).succeeded();
    assert!(open.stderr.contains("others can read"), "{}", open.stderr);
}

#[test]
fn a_wrong_key_is_refused_before_anything_is_written() {
    let folder = with_hours();
    let head = folder.head();
    let (key, other) = (folder.data().join("kek"), TestFolder::with_teams());
    let right = fs::read(&key).unwrap();
    for wrong in [fs::read(other.data().join("kek")).unwrap(), b"nonsense".to_vec(), vec![]] {
        fs::write(&key, &wrong).unwrap();
        for args in [&["token", "--role", "operator"][..], &["doctor"], &["rebuild"], &["serve", "--listen", "127.0.0.1:0"]] {
            let ran = folder.runs(args).without_panic();
            assert!(ran.code.is_some_and(|code| code != 0), "{args:?} with a wrong key: {ran:?}");
            assert!(ran.stderr.contains("key"), "{args:?} says that it is the key: {}", ran.stderr);
        }
    }
    fs::write(&key, right).unwrap();
    assert_eq!(folder.head(), head);
    assert_eq!(folder.figures("440402")["declaredMinutes"], 5 * 180, "the right key still opens everything");
}

/// A log's file with the committed frames of its write-ahead log moved in, as any checkpoint does (sqlite.org/fileformat2,
/// section 4): of a damaged frame there SQLite would say no more than that the log ends before it.
fn checkpointed(mut log: Vec<u8>, wal: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap()) as usize;
    if wal.is_empty() {
        return log;
    }
    let page = number(&wal[8..12]);
    let mut pending = vec![];
    for frame in wal[32..].chunks_exact(24 + page).take_while(|frame| frame[8..16] == wal[16..24]) {
        pending.push(frame);
        let pages_after_commit = number(&frame[4..8]);
        if pages_after_commit > 0 {
            log.resize(pages_after_commit * page, 0);
            for frame in pending.drain(..) {
                let start = (number(&frame[0..4]) - 1) * page;
                log[start..start + page].copy_from_slice(&frame[24..]);
            }
        }
    }
    log
}

#[test]
fn a_flipped_byte_is_found_with_its_position() {
    let folder = with_hours();
    let event =
        folder.events().into_iter().find(|it| it["type"] == "gongyi.area.AreaListed.v1" && it["data"]["code"] == "440402001003").unwrap();
    let read = |name: &str| fs::read(folder.data().join(name)).unwrap_or_default();
    let whole = checkpointed(read("log.db"), &read("log.db-wal"));
    let copy = TestFolder::new();
    fs::write(copy.data().join("log.db"), &whole).unwrap();
    assert_eq!(copy.head(), folder.head(), "the copy is whole");

    // Another digit in the area's code: still JSON, still an area, only not the one that was listed.
    let payload = b"{\"code\":\"440402001003\"";
    // Where pages were split, old bytes stand in free space as well.
    let places: Vec<usize> = whole.windows(payload.len()).enumerate().filter(|(_, it)| it == payload).map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "payloads are stored as text");
    let mut damaged = whole;
    for place in places {
        damaged[place + payload.len() - 2] ^= 1;
    }
    fs::write(copy.data().join("log.db"), &damaged).unwrap();
    let found = copy.runs(["verify", "--json"]).exited(65).json();
    assert_eq!(found["sound"], false);
    assert_eq!(found["findings"][0]["position"], event["position"], "{found}");
    let told = copy.runs(["verify"]).exited(65).stdout;
    assert!(told.contains(&format!("position {}:", event["position"])) && told.contains("NOT SOUND"), "{told}");
}

#[test]
fn exported_events_are_cloud_events_in_dense_order() {
    let folder = with_hours();
    let events = folder.events();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(
            (&event["specversion"], &event["position"], &event["id"]),
            (&json!("1.0"), &json!(position), &json!(position.to_string()))
        );
        let text = |name: &str| event[name].as_str().unwrap_or_else(|| panic!("{name} in {event}"));
        assert!(text("source").starts_with("urn:uuid:") && text("type").starts_with("gongyi."));
        assert!(text("time").ends_with('Z') && text("datacontenttype") == "application/json" && !text("subject").is_empty());
        // Context attributes are lower-case letters and digits, by the specification.
        let named = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(event.as_object().unwrap().keys().all(named), "{event}");
        assert!(event["data"].is_object());
    }
    let later = folder.runs(["export", "events", "--after", "200"]).succeeded().stdout;
    assert_eq!(later.lines().count(), events.len() - 200);
    assert!(later.starts_with('{') && later.contains("\"position\":201"));
    assert_eq!(folder.runs(["export", "events", "--after", "99999999"]).succeeded().stdout, "");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = with_hours();
    for args in [&["export", "events"][..], &["export", "participation", "--area", "440402"], &["doctor"]] {
        let mut child = Command::new(binary::gongyi())
            .args(args)
            .arg("--data")
            .arg(folder.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        drop(out);
        let (mut told, mut pipe) = (String::new(), child.stderr.take().unwrap());
        pipe.read_to_string(&mut told).unwrap();
        let ended = child.wait().unwrap();
        assert!(ended.success() && told.is_empty(), "{args:?}: {ended:?} {told}");
    }
}

#[test]
fn a_rebuild_gives_the_same_figures() {
    let folder = with_hours();
    let figures = folder.figures("440402");
    assert_eq!(figures["declaredMinutes"], 5 * 180);
    let printed = folder.runs(["rebuild"]).succeeded().stdout;
    assert!(fs::metadata(printed.trim()).is_ok(), "it says where the views are: {printed}");
    assert_eq!(folder.figures("440402"), figures);
    for (path, _) in folder.files() {
        if path.file_name().unwrap().to_string_lossy().starts_with("views-") {
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(folder.figures("440402"), figures, "and so do views that were lost altogether");
    let csv = folder.runs(["export", "participation", "--area", "440402", "--csv"]).succeeded().stdout;
    assert!(csv.lines().last().unwrap().starts_with("total,900,0,5,5"), "{csv}");
}

#[test]
fn a_server_stops_when_asked_to_even_with_clients_on_it() {
    let district = District::new();
    let volunteer = district.registers(&somebody());
    assert_eq!(volunteer.client.asks("{ me { signedIn } }", &json!({}))["me"]["signedIn"], true);
    let ended = district.server.stops();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = ended.without_panic();
    assert!(ended.stdout.contains("http://127.0.0.1:"), "{ended:?}");
    district.folder.verified();
}
