//! Kills the writer under load, again and again, and counts: what was acknowledged is there exactly once, nothing is
//! there by half. (SIGKILL proves the process's part; that fsync reaches the disk is the machine's.)
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use chrono::DateTime;
use gongyi_eventlog::{AppendError, Commit, Log, Metadata, NewEvent, SqliteLog, SqliteSettings, StreamId, follow, verify::verify};
use uuid::Uuid;

const ROUNDS: usize = 24;
const CLIENTS: usize = 24;
const SHARED: u128 = 200;
const ROLE: &str = "EVENTLOG_CRASH_ROLE";
const FILE: &str = "EVENTLOG_CRASH_FILE";

/// This very binary again, running one of the helpers below.
fn start(role: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["helper_process", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Not a test of its own: the other process of the tests below.
#[test]
fn helper_process() {
    let (Ok(role), Ok(file)) = (std::env::var(ROLE), std::env::var(FILE)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        match role.as_str() {
            "write" => write(Path::new(&file)).await,
            _ => read(Path::new(&file)).await,
        }
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write a line; a killed process leaves at most an unfinished last line.
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn commit(streams: &[(StreamId, u64)], command_id: Uuid) -> Commit {
    let event =
        |n: usize| NewEvent { event_type: "Noted".into(), schema_version: 1, payload: format!("{{\"n\":{n},\"of\":\"{command_id}\"}}") };
    Commit {
        metadata: Metadata {
            actor: "load".into(),
            command_id,
            correlation: Uuid::nil(),
            causation: None,
            recorded_at: DateTime::from_timestamp(1_767_225_600, 0).unwrap(),
        },
        command_digest: [3; 32],
        answer: "null".into(),
        expectations: streams.to_vec(),
        events: streams.iter().enumerate().flat_map(|(n, (stream, _))| [(stream.clone(), event(n)), (stream.clone(), event(n))]).collect(),
    }
}

/// Many clients that append for ever, to streams they share, and say what was acknowledged.
async fn write(file: &Path) {
    let log = Arc::new(SqliteLog::open(file, SqliteSettings::default()).await.unwrap());
    say("ready");
    let clients = (0..CLIENTS).map(|_| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            // Two streams of its own, and now and then one that all clients share and conflict on.
            let own = [Uuid::new_v4(), Uuid::new_v4()].map(|id| StreamId::new("thing", id));
            for turn in 0_u64.. {
                let command_id = Uuid::new_v4();
                let second =
                    if turn % 4 == 0 { StreamId::new("thing", Uuid::from_u128(command_id.as_u128() % SHARED)) } else { own[1].clone() };
                let mut expectations = Vec::new();
                for stream in [own[0].clone(), second] {
                    let version = log.read_stream(&stream, 0).await.unwrap().last().map_or(0, |event| event.version);
                    expectations.push((stream, version));
                }
                match log.append(commit(&expectations, command_id)).await {
                    Ok(appended) => say(&format!("ack {} {command_id}", appended.token.position)),
                    Err(AppendError::Conflict { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Follows the log beside the writer, and says when it has seen enough, in order.
async fn read(file: &Path) {
    use futures::StreamExt;
    let log = Arc::new(
        SqliteLog::open_read_only(file, SqliteSettings { poll_interval: Duration::from_millis(5), ..Default::default() }).await.unwrap(),
    );
    assert!(matches!(log.append(commit(&[], Uuid::nil())).await, Err(AppendError::ReadOnly)));
    let mut events = Box::pin(follow(log.clone(), 0));
    let mut versions: HashMap<StreamId, u64> = HashMap::new();
    for expected in 1..=4_000 {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.position, expected);
        let version = versions.entry(event.stream).or_default();
        *version += 1;
        assert_eq!(event.version, *version);
    }
    say("seen 4000");
}

/// The lines that a helper says (and not what the test harness prints around them).
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.split(b'\n').map_while(Result::ok).filter_map(|line| {
        let line = String::from_utf8(line).ok()?;
        // The harness prints "test helper_process ... " without a newline before the first.
        Some(line.rsplit("... ").next().unwrap_or_default().to_owned())
    })
}

fn wait_until_ready(lines: &mut impl Iterator<Item = String>) {
    assert!(lines.any(|line| line == "ready"), "the writer did not start");
}

#[test]
fn acknowledged_commits_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.db");
    let mut acknowledged: Vec<(u64, Uuid)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut child = start("write", &file);
        let mut said = lines(&mut child);
        wait_until_ready(&mut said);
        let reader = std::thread::spawn(move || {
            // A last line that a kill cut short does not parse as a whole id, and is no acknowledgement.
            said.filter_map(|line| {
                let (position, id) = line.strip_prefix("ack ")?.split_once(' ')?;
                (id.len() == 36).then(|| (position.parse().unwrap(), id.parse().unwrap()))
            })
            .collect::<Vec<(u64, Uuid)>>()
        });
        std::thread::sleep(Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0]) + 5));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
    }
    assert!(acknowledged.len() > ROUNDS * 10, "too little load to show anything: {}", acknowledged.len());

    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = SqliteLog::open(&file, SqliteSettings::default()).await.unwrap();
        let report = verify(&log, |_| ()).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        let events = log.read_after(0, usize::MAX).await.unwrap();
        let mut commits: HashMap<Uuid, Vec<u64>> = HashMap::new();
        for event in &events {
            commits.entry(event.commit.metadata.command_id).or_default().push(event.position);
        }
        // Every commit is whole: four events, one after the other.
        assert!(commits.values().all(|positions| positions.len() == 4 && positions[3] == positions[0] + 3));
        for (position, command_id) in &acknowledged {
            assert_eq!(commits.get(command_id).map(|positions| positions[3]), Some(*position), "{command_id}");
        }
        // Sent again after the crash, a command gets the answer it had.
        let (position, command_id) = acknowledged[0];
        let again = log.append(commit(&[(StreamId::new("thing", Uuid::nil()), 0)], command_id)).await.unwrap();
        assert_eq!((again.replayed, again.token.position), (true, position));
        log.close().await;
        println!("{ROUNDS} kills, {} commits, {} of them acknowledged", commits.len(), acknowledged.len());
    });
}

#[test]
fn two_processes_read_beside_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.db");
    let mut writer = start("write", &file);
    let mut said = lines(&mut writer);
    wait_until_ready(&mut said);
    let drain = std::thread::spawn(move || said.count());
    let mut readers = [start("read", &file), start("read", &file)];
    let seen: Vec<bool> = readers.iter_mut().map(|reader| lines(reader).filter(|line| line == "seen 4000").count() == 1).collect();
    writer.kill().unwrap();
    writer.wait().unwrap();
    drain.join().unwrap();
    for mut reader in readers {
        assert!(reader.wait().unwrap().success());
    }
    assert_eq!(seen, [true, true]);
}
