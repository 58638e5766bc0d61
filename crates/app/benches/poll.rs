//! A secret poll of a street: so many voters, 256 clients at once, every voter sending two ballots at the same time. Prints
//! ballots per second, how long one takes, and what a refused second one takes, beside the append floor of the same run:
//! the participations' rows in the log's own batch sizes, written set-based and synced by bare sqlx and SQLite. The floor
//! writes one row a ballot; a ballot is three durable writes: pending in the box, its participation, kept in the box.
//!
//! The whole way is measured: views run, and a ballot is answered when they show its participation. The count is exact or
//! the benchmark fails. `cargo bench -p gongyi-app --bench poll [-- VOTERS]`
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod floor;
#[expect(dead_code, reason = "this one's clients send two commands at a time")]
#[path = "../../../benches/pgstore/src/load.rs"]
mod load;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono_tz::Asia::Shanghai;
use gongyi_app::{
    App, Rejection,
    access::areas::ListArea,
    clock::SystemClock,
    deliberation::poll::{
        casting::CastBallot,
        counting::{ClosePoll, CountPoll},
        preparing::{OpenPoll, PreparePoll},
        roll::EnterOnRoll,
    },
    personal::VaultOpener,
    texts::SealedTexts,
};
use gongyi_domain::{
    access::{
        account::{Account, AccountEvent, account_of},
        authority::{Actor, Grant, Role, Scope, Session},
        person::{Person, PersonEvent},
    },
    deliberation::{
        ballot::{BallotList, Marks, Method},
        counting::Count,
        decision::statutes,
        poll::Poll,
        poll_report::PollOutcome,
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll::ROLL_COMMAND_MAX_ENTRIES,
        roll_entry::{Holder, RollLine},
    },
    values::{PersonId, PollId, Sealed},
};
use gongyi_eventlog::{Commit, Metadata, NewEvent, SqliteLog, SqliteSettings, StreamId, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use sqlx::{ConnectOptions, Connection, Executor};
use uuid::Uuid;

use floor::{TABLES, bare_options, bare_row, fsync_millis, insert};
use load::{cpu_time, percentile};

const CLIENTS: usize = 256;
const VOTERS: usize = 75_000;
const AREA: &str = "440402001";
const OPTIONS: usize = 4;
/// How long the floor is measured.
const FLOOR_SECONDS: u64 = 5;

fn main() {
    let voters = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(VOTERS);
    let folder = tempfile::Builder::new().prefix("poll-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(folder.path(), voters));
}

fn operator(role: Role) -> Actor {
    Actor::Operator(Grant { role, scope: Scope::Everywhere })
}

fn voter(person: PersonId) -> Actor {
    Actor::Account { account: account_of(person), person, volunteer: None, grants: vec![], proven: true, session: Session::default() }
}

/// The option of the nth voter, on both of their ballots: whichever is first, the count must be the same.
fn option(nth: usize) -> u16 {
    u16::try_from(nth % OPTIONS).unwrap() + 1
}

async fn run(folder: &Path, voters: usize) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, 4 KiB append + fdatasync {:.2} ms (median)", fsync_millis(folder));
    println!("settings: WAL, synchronous=FULL; {voters} voters, {CLIENTS} clients, two ballots a voter at once; views run");

    let log = Arc::new(SqliteLog::open(folder.join("log.db"), SqliteSettings::default()).await.unwrap());
    let vault = Vault::open(folder.join(VAULT_FILE), KeyEncryptionKey::generate()).await.unwrap();
    let upcasters = Arc::new(Upcasters::new());
    let options = ViewOptions { time_zone: Shanghai, ..ViewOptions::default() };
    let views = Views::open(folder, log.clone(), upcasters.clone(), Arc::new(VaultOpener(vault.clone())), options).await.unwrap();
    let runner = views.clone();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move { runner.run(async { drop(stopped.await) }).await.unwrap() });
    let app = App::new(SealedTexts::over(log.clone(), vault.clone()), vault.clone(), views, upcasters, Arc::new(SystemClock), Shanghai);

    let persons: Arc<[PersonId]> = (0..voters).map(|_| PersonId(Uuid::now_v7())).collect();
    opens_accounts(&app, &persons).await;
    let poll = opens_poll(&app, &persons).await;

    let (batches, worked, begin) = (log.batches(), cpu_time(), Instant::now());
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(casts(app.clone(), poll, persons.clone(), next.clone()))).collect();
    let (mut counted, mut refused) = (vec![], vec![]);
    for client in clients {
        let (own, others) = client.await.unwrap();
        counted.extend(own);
        refused.extend(others);
    }
    let (took, worked) = (begin.elapsed(), cpu_time() - worked);
    let batch = voters as f64 / (log.batches() - batches) as f64;

    let begin = Instant::now();
    let organiser = operator(Role::Organiser);
    app.dispatch(&app.request(organiser.clone()), &ClosePoll { poll }).await.unwrap();
    app.dispatch(&app.request(organiser), &CountPoll { poll }).await.unwrap();
    let counting = begin.elapsed();
    is_exact(&app, poll, voters, counted.len(), refused.len()).await;

    let _ = stop.send(());
    running.await.unwrap();
    app.views().close().await;
    log.close().await;
    vault.close().await;

    let floor = floor_rate(folder, batch.round().max(1.0) as usize).await;
    let rate = voters as f64 / took.as_secs_f64();
    let cpu = worked.as_secs_f64() * 1_000_000.0 / voters as f64;
    println!("\n{:<28} {:>11} {:>9} {:>9} {:>7} {:>7}", "", "per second", "p50 ms", "p99 ms", "cpu µs", "batch");
    println!(
        "{:<28} {rate:>11.0} {:>9.2} {:>9.2} {cpu:>7.0} {batch:>7.1}",
        "ballots",
        percentile(&mut counted, 0.5),
        percentile(&mut counted, 0.99)
    );
    println!(
        "{:<28} {:>11.0} {:>9.2} {:>9.2}",
        "second ballots, refused",
        rate,
        percentile(&mut refused, 0.5),
        percentile(&mut refused, 0.99)
    );
    println!("{:<28} {floor:>11.0} {:>9} {:>9} {:>7} {:>7.1}", "append floor", "", "", "", batch.round().max(1.0));
    println!("\nclosed, counted, published to the log in {:.1} s; {voters} ballots, the count is exact", counting.as_secs_f64());
    println!("ballots of the append floor: {:.3}; times Polis' 65 votes/s: {:.1}", rate / floor, rate / 65.0);
}

/// All voters, registered in the area and with an account, written straight into the log.
async fn opens_accounts(app: &App, persons: &[PersonId]) {
    for some in persons.chunks(5_000) {
        let events: Vec<_> = some
            .iter()
            .flat_map(|person| {
                let opened = NewEvent::of(&AccountEvent::AccountOpened { person: *person, proven: true }).unwrap();
                let sealed = || Sealed { of: *person, text: String::new() };
                let registered = PersonEvent::PersonRegistered {
                    document: None,
                    name: sealed(),
                    id_number: sealed(),
                    phone: sealed(),
                    birth_date: sealed(),
                    home_area: AREA.parse().unwrap(),
                };
                [
                    (StreamId::of::<Account>(account_of(*person).0), opened),
                    (StreamId::of::<Person>(person.0), NewEvent::of(&registered).unwrap()),
                ]
            })
            .collect();
        let id = Uuid::now_v7();
        let metadata = Metadata { actor: "bench".into(), command_id: id, correlation: id, causation: None, recorded_at: app.now() };
        let expectations = events.iter().map(|(stream, _)| (stream.clone(), 0)).collect();
        let commit = Commit { metadata, command_digest: [0; 32], answer: "null".into(), expectations, events };
        app.log().append(commit).await.unwrap();
    }
}

async fn opens_poll(app: &App, persons: &[PersonId]) -> PollId {
    let (code, name) = (AREA.parse().unwrap(), "翠香街道".to_owned());
    app.dispatch(&app.request(operator(Role::Operator)), &ListArea { code, name }).await.unwrap();
    let terms = PollTerms {
        matter: Matter::Question,
        area: AREA.parse().unwrap(),
        title: "街心公园选址".to_owned(),
        options: ["东门", "南门", "西门", "北门"].map(|it| BallotOption::Text(it.to_owned())).to_vec(),
        method: Method::Choice,
        secrecy: Secrecy::Secret { receipts: false },
        channels: Channels::Online,
        rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
        opens_at: None,
        closes_at: None,
        vote: None,
        smallest: None,
        chartered: None,
    };
    let organiser = operator(Role::Organiser);
    let poll = app.dispatch(&app.request(organiser.clone()), &PreparePoll { terms }).await.unwrap().answer;
    for some in persons.chunks(ROLL_COMMAND_MAX_ENTRIES) {
        let lines = some.iter().map(|it| RollLine { holder: Holder::Person(*it), voter: *it, weight: 1 }).collect();
        app.submit(&app.request(organiser.clone()), &EnterOnRoll { poll, lines, exception: None, register: None }).await.unwrap();
    }
    app.dispatch(&app.request(organiser), &OpenPoll { poll }).await.unwrap();
    poll
}

/// A client: takes the next voter, sends both ballots, until all have voted. How long those that count took, and the others.
async fn casts(app: App, poll: PollId, persons: Arc<[PersonId]>, next: Arc<AtomicUsize>) -> (Vec<Duration>, Vec<Duration>) {
    let (mut counted, mut refused) = (vec![], vec![]);
    loop {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let Some(person) = persons.get(nth).copied() else { return (counted, refused) };
        let cast = async || {
            let ballot = CastBallot { poll, entry: Holder::Person(person).entry(poll), marks: Marks::Chosen(vec![option(nth)]), tag: None };
            let begin = Instant::now();
            let outcome = app.cast_ballot(&app.request(voter(person)), ballot).await;
            (outcome, begin.elapsed())
        };
        for (outcome, took) in <[_; 2]>::from(tokio::join!(cast(), cast())) {
            match outcome {
                Ok(cast) => {
                    assert!(!cast.done.stale, "the views in time");
                    counted.push(took);
                }
                Err(Rejection::Refused(refusal)) if refusal.code == "AlreadyVoted" => refused.push(took),
                Err(other) => panic!("voter {nth}: {other:?}"),
            }
        }
    }
}

/// Every voter's one ballot is counted and published, and every second one was refused.
async fn is_exact(app: &App, poll: PollId, voters: usize, counted: usize, refused: usize) {
    let many = |count: usize| u64::try_from(count).unwrap();
    assert_eq!((counted, refused), (voters, voters), "one of two counts");
    let report = app.state::<Poll>(poll).await.unwrap().report.unwrap();
    let mut expected = [0; OPTIONS];
    (0..voters).for_each(|nth| expected[usize::from(option(nth)) - 1] += 1);
    assert_eq!(report.tally.options.iter().map(|it| it.votes.heads).collect::<Vec<_>>(), expected);
    assert_eq!((report.tally.cast, report.participation.online), (Count::of(many(voters)), Count::of(many(voters))));
    assert!(!matches!(report.outcome, PollOutcome::Disputed { .. }));
    let list = app.state::<BallotList>(poll).await.unwrap().ballots;
    let tags: std::collections::HashSet<_> = list.iter().map(|ballot| ballot.tag.as_deref().unwrap()).collect();
    assert_eq!((list.len(), tags.len(), report.clashing_tags), (voters, voters, 0), "every ballot is published, each with its own tag");
}

/// Rows a second in batches of this size.
async fn floor_rate(folder: &Path, batch: usize) -> f64 {
    let mut connection = bare_options(&folder.join("bare.db")).connect().await.unwrap();
    connection.execute(TABLES).await.unwrap();
    let (mut position, begin) = (0, Instant::now());
    while begin.elapsed() < Duration::from_secs(FLOOR_SECONDS) {
        let rows: Vec<_> = (0..batch)
            .map(|_| {
                position += 1;
                bare_row(position, "roll_entry", Uuid::new_v4(), 2, "ParticipationRecorded", r#"{"channel":"online"}"#)
            })
            .collect();
        insert(&mut connection, &rows).await;
    }
    let rate = position as f64 / begin.elapsed().as_secs_f64();
    connection.close().await.unwrap();
    rate
}
