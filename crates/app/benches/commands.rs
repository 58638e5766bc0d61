//! Commands per second through `app` (load, decide, durable append), and how long one takes, at 1, 64 and 512 clients
//! on 20,000 volunteers; beside two floors and a peer, all measured in the same run:
//!
//! - the append floor: the same rows in the same batch sizes, written set-based and synced by bare sqlx and SQLite;
//! - the bare loop: the same streams read by plain queries, folded and decided on, the event handed to a plain writer
//!   that batches what waits;
//! - PgStore: `benches/pgstore`, run if `PGSTORE_BENCH` names its program; `make bench` sees to it.
//!
//! Each contender begins with the same history and does the same commands, after as many to get warm. Views do not run.
//! `cargo bench -p gongyi-app [-- COMMANDS]`
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "../../../benches/pgstore/src/district.rs"]
mod district;
mod floor;
#[path = "../../../benches/pgstore/src/load.rs"]
mod load;

use std::{
    path::{Path, PathBuf},
    process::{Command as Program, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono_tz::Asia::Shanghai;
use esrs::Aggregate;
use gongyi_app::{App, clock::SystemClock, personal::VaultOpener, texts::SealedTexts, volunteering::services::LogService};
use gongyi_domain::{
    access::{account::Account, authority::Actor},
    event::DomainEvent,
    volunteering::{
        category::Category, membership::Membership, organisation::Organisation, service_ledger::ServiceLedger, volunteer::Volunteer,
    },
};
use gongyi_eventlog::{Commit, Log, Metadata, NewEvent, SqliteLog, SqliteSettings, StateCache, StreamId, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use serde::Deserialize;
use sqlx::{
    ConnectOptions, Connection, Executor, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use district::{CONTENT, District, Loaded, TEAMS, VOLUNTEERS};
use floor::{TABLES, bare_options, bare_row, fsync_millis, insert};
use load::{Measured, cpu_time, percentile};

const CLIENTS: [usize; 3] = [1, 64, 512];
/// Commands of a run at 64 and 512 clients; one client does a tenth.
const COMMANDS: u64 = 20_000;
/// How long a floor is measured.
const FLOOR_SECONDS: u64 = 2;
/// Readers of the bare loop, as many as the log has.
const READERS: u32 = 4;
const BATCH_MAX: usize = 512;

/// A contender at so many clients.
struct Line {
    clients: usize,
    measured: Measured,
    /// Commits of a batch, on average.
    batch: f64,
}

fn main() {
    let commands = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(COMMANDS);
    let folder = tempfile::Builder::new().prefix("commands-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(folder.path(), commands));
}

async fn run(folder: &Path, commands: u64) {
    let mut memory = SqliteConnectOptions::new().filename(":memory:").connect().await.unwrap();
    let version: String = sqlx::query("SELECT sqlite_version()").fetch_one(&mut memory).await.unwrap().get(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, 4 KiB append + fdatasync {:.2} ms (median), SQLite {version}", fsync_millis(folder));
    println!(
        "settings: WAL, synchronous=FULL, {READERS} readers; {VOLUNTEERS} volunteers; {commands} commands a run, one client {}",
        commands / 10
    );

    let district = Arc::new(District::new());
    let vault = Vault::open(folder.join(VAULT_FILE), KeyEncryptionKey::generate()).await.unwrap();
    let people: Vec<_> = district.teams.iter().flat_map(|team| team.members.iter().map(|(person, _)| *person)).collect();
    vault.create_keys(&people).await.unwrap();
    fill_log(&folder.join("log.db"), &district).await;
    fill_bare(&folder.join("bare.db"), &district).await;

    // The peer first: its pages are written back before the others begin.
    let peer = peer(folder, commands);
    let from_storage = through_app(folder, &district, &vault, commands, StateCache::new(0)).await;
    let cached = through_app(folder, &district, &vault, commands, StateCache::default()).await;
    let bare = bare_loop(folder, &district, commands).await;
    vault.close().await;

    let mut floors = vec![];
    for lines in [&from_storage, &cached] {
        let mut of_lines = vec![];
        for line in lines {
            of_lines.push(floor(folder, &district, line.batch.round().max(1.0) as usize).await);
        }
        floors.push(of_lines);
    }
    println!("\n{:<32} {:>7} {:>11} {:>9} {:>9} {:>7} {:>7}", "", "clients", "commands/s", "p50 ms", "p99 ms", "cpu µs", "batch");
    for (name, lines) in [("app, from storage", &from_storage), ("app, cached states", &cached), ("bare loop", &bare)] {
        lines.iter().for_each(|line| print_line(name, line.clients, line.measured, Some(line.batch)));
    }
    for (name, lines, floors) in [("from storage", &from_storage, &floors[0]), ("cached states", &cached, &floors[1])] {
        for (line, floor) in lines.iter().zip(floors) {
            print_line(&format!("append floor of app, {name}"), line.clients, *floor, Some(line.batch.round().max(1.0)));
        }
    }
    match &peer {
        Some(peer) => {
            println!("PgStore: esrs 0.18 on PostgreSQL {}, {} connections, {}", peer.version, peer.connections, peer.settings.join(", "));
            peer.runs.iter().for_each(|run| print_line("PgStore", run.clients, run.measured(), None));
        }
        None => println!("PgStore: not measured; PGSTORE_BENCH names no program (make bench builds it)"),
    }

    println!("\n{:<60} {:>7} {:>7}", "ratio", "target", "here");
    let rate = |lines: &[Line], clients| lines.iter().find(|line| line.clients == clients).map_or(0.0, |line| line.measured.rate);
    for (at, clients) in CLIENTS.into_iter().enumerate().skip(1) {
        let peer = peer.as_ref().and_then(|peer| peer.runs.iter().find(|run| run.clients == clients));
        let (storage, cache) = (rate(&from_storage, clients), rate(&cached, clients));
        if let Some(peer) = peer {
            judge(&format!("from storage, {clients} clients: times PgStore"), 2.5, storage / peer.rate, true);
        }
        judge(&format!("from storage, {clients} clients: of the bare loop"), 0.7, storage / rate(&bare, clients), true);
        if let Some(peer) = peer {
            judge(&format!("cached, {clients} clients: times PgStore"), 4.0, cache / peer.rate, true);
        }
        judge(&format!("cached, {clients} clients: of the append floor"), 0.5, cache / floors[1][at].rate, true);
    }
    for (name, lines, floors) in [("from storage", &from_storage, &floors[0]), ("cached", &cached, &floors[1])] {
        judge(&format!("{name}, 1 client: p50 in floor appends"), 2.0, lines[0].measured.p50 / floors[0].p50, false);
    }
}

fn print_line(name: &str, clients: usize, measured: Measured, batch: Option<f64>) {
    let batch = batch.map_or(String::new(), |batch| format!("{batch:.1}"));
    let Measured { rate, p50, p99, cpu_micros } = measured;
    println!("{name:<32} {clients:>7} {rate:>11.0} {p50:>9.2} {p99:>9.2} {cpu_micros:>7.0} {batch:>7}");
}

fn judge(what: &str, target: f64, here: f64, at_least: bool) {
    let met = if at_least { here >= target } else { here <= target };
    let bound = if at_least { "≥" } else { "≤" };
    println!("{what:<60} {bound:>3}{target:>4} {here:>7.2} {}", if met { "" } else { "  falls short" });
}

async fn fill_log(path: &Path, district: &District) {
    let log = SqliteLog::open(path, SqliteSettings::default()).await.unwrap();
    let commits = district.past.iter().map(|events| {
        let (mut expectations, mut written) = (std::collections::BTreeMap::new(), vec![]);
        for past in events {
            let stream = StreamId::new(past.kind, past.stream);
            expectations.entry(stream.clone()).or_insert(past.version - 1);
            let (event_type, payload) = (past.event_type.clone(), past.payload.clone());
            written.push((stream, NewEvent { event_type, schema_version: 1, payload }));
        }
        let id = Uuid::now_v7();
        let metadata = Metadata { actor: "fill".into(), command_id: id, correlation: id, causation: None, recorded_at: district::today() };
        Commit {
            metadata,
            command_digest: [0; 32],
            answer: "null".into(),
            expectations: expectations.into_iter().collect(),
            events: written,
        }
    });
    for commits in commits.collect::<Vec<_>>().chunks(2_000) {
        for appended in futures::future::join_all(commits.iter().map(|commit| log.append(commit.clone()))).await {
            appended.unwrap();
        }
    }
    log.close().await;
}

/// A copy of what was filled, for one contender.
fn copy(folder: &Path, of: &str) -> PathBuf {
    let (own, n) = (folder.join(format!("{of}-{}", Uuid::now_v7().simple())), format!("{of}.db"));
    std::fs::create_dir(&own).unwrap();
    std::fs::copy(folder.join(&n), own.join(&n)).unwrap();
    std::fs::File::open(own.join(&n)).unwrap().sync_all().unwrap();
    own
}

async fn through_app(folder: &Path, district: &Arc<District>, vault: &Vault, commands: u64, states: StateCache) -> Vec<Line> {
    let own = copy(folder, "log");
    let log =
        Arc::new(SqliteLog::open(own.join("log.db"), SqliteSettings { readers: READERS, ..SqliteSettings::default() }).await.unwrap());
    let upcasters = Arc::new(Upcasters::new());
    let opener = Arc::new(VaultOpener(vault.clone()));
    let options = ViewOptions { time_zone: Shanghai, ..ViewOptions::default() };
    let views = Views::open(&own, log.clone(), upcasters.clone(), opener, options).await.unwrap();
    let app = App::with_states(
        SealedTexts::over(log.clone(), vault.clone()),
        vault.clone(),
        views,
        upcasters,
        Arc::new(SystemClock),
        Shanghai,
        states,
    );
    let mut actors = Vec::with_capacity(TEAMS);
    for team in &district.teams {
        actors.push(app.actor_of(team.coordinator).await.unwrap().unwrap());
    }
    let actors: Arc<[Actor]> = actors.into();

    let (mut lines, mut first) = (vec![], 0);
    for (clients, count, counted) in runs(commands) {
        let (app, district, actors, before) = (app.clone(), Arc::clone(district), Arc::clone(&actors), log.batches());
        let measured = load::run(clients, first, count, move |nth| {
            let (app, district, actors) = (app.clone(), Arc::clone(&district), Arc::clone(&actors));
            async move {
                let task = district.task(nth);
                let team = district.teams.iter().position(|team| team.coordinator == task.team.coordinator).unwrap();
                let command = LogService {
                    volunteer: task.volunteer,
                    organisation: task.team.line[0],
                    activity: None,
                    category: Category::RiverPatrol,
                    started: task.started,
                    ended: task.ended,
                    content: Some(CONTENT.to_owned()),
                };
                let done = app.submit(&app.request(actors[team].clone()), &command).await.unwrap();
                assert!(!done.unchanged);
            }
        })
        .await;
        first += count;
        if counted {
            lines.push(Line { clients, measured, batch: count as f64 / (log.batches() - before) as f64 });
        }
    }
    let written = log.head().await.unwrap().position;
    assert_eq!(written, district.past.iter().map(Vec::len).sum::<usize>() as u64 + first, "every command wrote its event");
    app.views().close().await;
    log.close().await;
    std::fs::remove_dir_all(own).unwrap();
    lines
}

/// Clients, commands, and whether they count: the first are to get warm.
fn runs(commands: u64) -> impl Iterator<Item = (usize, u64, bool)> {
    let counted = CLIENTS.map(|clients| (clients, if clients == 1 { commands / 10 } else { commands }, true));
    [(512, commands, false)].into_iter().chain(counted)
}

async fn fill_bare(path: &Path, district: &District) {
    let mut connection = bare_options(path).connect().await.unwrap();
    connection.execute(TABLES).await.unwrap();
    let past: Vec<_> = district.past.iter().flatten().zip(1..).collect();
    for past in past.chunks(5_000) {
        let rows: Vec<_> = past
            .iter()
            .map(|(past, position)| bare_row(*position, past.kind, past.stream, past.version, &past.event_type, &past.payload))
            .collect();
        insert(&mut connection, &rows).await;
    }
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    connection.close().await.unwrap();
}

/// The append floor: the rows of one command after the other in batches of this size; latencies are a batch's.
async fn floor(folder: &Path, district: &District, batch: usize) -> Measured {
    let own = copy(folder, "bare");
    let mut connection = bare_options(&own.join("bare.db")).connect().await.unwrap();
    let example = district.past.iter().flatten().find(|past| past.event_type == "ServiceLogged").unwrap();
    let mut position = district.past.iter().map(Vec::len).sum::<usize>() as u64;
    let (begin, worked, mut took, mut written) = (Instant::now(), cpu_time(), vec![], 0);
    while begin.elapsed() < Duration::from_secs(FLOOR_SECONDS) {
        let append = Instant::now();
        let rows: Vec<_> = (0..batch)
            .map(|_| {
                position += 1;
                bare_row(position, example.kind, Uuid::new_v4(), 1, &example.event_type, &example.payload)
            })
            .collect();
        insert(&mut connection, &rows).await;
        took.push(append.elapsed());
        written += batch;
    }
    let rate = written as f64 / begin.elapsed().as_secs_f64();
    let cpu_micros = (cpu_time() - worked).as_secs_f64() * 1_000_000.0 / written as f64;
    connection.close().await.unwrap();
    std::fs::remove_dir_all(own).unwrap();
    Measured { rate, p50: percentile(&mut took, 0.5), p99: percentile(&mut took, 0.99), cpu_micros }
}

/// Events for the bare writer, and whoever waits for them.
struct Job {
    stream: Uuid,
    version: u64,
    event_type: String,
    payload: String,
    done: oneshot::Sender<()>,
}

async fn write(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Job>, mut position: u64) -> u64 {
    let (mut jobs, mut batches) = (vec![], 0);
    while queue.recv_many(&mut jobs, BATCH_MAX).await > 0 {
        tokio::task::yield_now().await;
        while jobs.len() < BATCH_MAX
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let rows: Vec<_> = jobs
            .iter()
            .map(|job| {
                position += 1;
                bare_row(position, ServiceLedger::NAME, job.stream, job.version, &job.event_type, &job.payload)
            })
            .collect();
        insert(&mut connection, &rows).await;
        batches += 1;
        for job in jobs.drain(..) {
            let _ = job.done.send(());
        }
    }
    connection.close().await.unwrap();
    batches
}

/// One stream by a plain query, folded; with its version.
async fn fold<A: Aggregate>(pool: &SqlitePool, id: Uuid) -> (A::State, u64)
where
    A::Event: DomainEvent,
{
    let rows = sqlx::query("SELECT event_type, payload, version FROM events WHERE stream_kind = ? AND stream_id = ? ORDER BY version")
        .bind(A::NAME)
        .bind(id.as_bytes().as_slice())
        .fetch_all(pool)
        .await
        .unwrap();
    let decode = |row: &sqlx::sqlite::SqliteRow| A::Event::decode(row.get(0), row.get(1)).unwrap();
    let state = rows.iter().map(decode).fold(A::State::default(), A::apply_event);
    (state, rows.last().map_or(0, |row| row.get::<i64, _>(2).unsigned_abs()))
}

async fn bare_loop(folder: &Path, district: &Arc<District>, commands: u64) -> Vec<Line> {
    let own = copy(folder, "bare");
    let path = own.join("bare.db");
    let connection = bare_options(&path).connect().await.unwrap();
    let reading = bare_options(&path).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false).connect_with(reading).await.unwrap();
    let mut connection = Some(connection);
    let mut position = district.past.iter().map(Vec::len).sum::<usize>() as u64;
    let (mut lines, mut first) = (vec![], 0);
    for (clients, count, counted) in runs(commands) {
        let (sender, queue) = mpsc::channel(4_096);
        let writing = match connection.take() {
            Some(connection) => connection,
            None => bare_options(&path).connect().await.unwrap(),
        };
        let writer = tokio::spawn(write(writing, queue, position));
        let (district, reading) = (Arc::clone(district), pool.clone());
        let measured = load::run(clients, first, count, move |nth| {
            let (district, pool, sender) = (Arc::clone(&district), reading.clone(), sender.clone());
            async move {
                let task = district.task(nth);
                let (account, _) = fold::<Account>(&pool, task.team.coordinator.0).await;
                let (volunteer, _) = fold::<Volunteer>(&pool, task.volunteer.0).await;
                let [team, hub, federation] = task.team.line;
                let (team, _) = fold::<Organisation>(&pool, team.0).await;
                let (hub, _) = fold::<Organisation>(&pool, hub.0).await;
                let (federation, _) = fold::<Organisation>(&pool, federation.0).await;
                let (membership, _) = fold::<Membership>(&pool, task.membership()).await;
                let (ledger, version) = fold::<ServiceLedger>(&pool, task.volunteer.0).await;
                let loaded = Loaded { account: &account, volunteer: &volunteer, line: [&team, &hub, &federation], membership: &membership };
                let events = ServiceLedger::handle_command(&ledger, task.ask(&loaded)).unwrap();
                let (event_type, payload) = events[0].encode().unwrap();
                let (done, answer) = oneshot::channel();
                // Rare rivals on one ledger: a bare loop has no versions to tell them by; it must only not stop.
                let version = version + nth * 1_000;
                sender.send(Job { stream: task.volunteer.0, version: version + 1, event_type, payload, done }).await.ok().unwrap();
                answer.await.unwrap();
            }
        })
        .await;
        let batches = writer.await.unwrap();
        (first, position) = (first + count, position + count);
        if counted {
            lines.push(Line { clients, measured, batch: count as f64 / batches as f64 });
        }
    }
    pool.close().await;
    std::fs::remove_dir_all(own).unwrap();
    lines
}

/// What `benches/pgstore` prints.
#[derive(Deserialize)]
struct Peer {
    version: String,
    settings: Vec<String>,
    connections: u32,
    runs: Vec<PeerRun>,
}

#[derive(Deserialize)]
struct PeerRun {
    clients: usize,
    rate: f64,
    p50: f64,
    p99: f64,
}

impl PeerRun {
    fn measured(&self) -> Measured {
        // Most of its work is PostgreSQL's, in other processes.
        Measured { rate: self.rate, p50: self.p50, p99: self.p99, cpu_micros: f64::NAN }
    }
}

fn peer(folder: &Path, commands: u64) -> Option<Peer> {
    let program = std::env::var_os("PGSTORE_BENCH")?;
    let own = folder.join("pgstore");
    std::fs::create_dir(&own).unwrap();
    // The server may run as another user, who must find the way.
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    let output = Program::new(program).arg(&own).arg((commands / 2).to_string()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the peer could not be measured");
    let peer = serde_json::from_slice(&output.stdout).unwrap();
    std::fs::remove_dir_all(own).unwrap();
    Some(peer)
}
