//! GraphQL over HTTP on a log of a million events: the release binary `gongyi serve` over loopback, each figure beside
//! bare requests (`{ __typename }`) of the same run and the time of an fsync.
//!
//! `cargo bench -p gongyi-tests [-- EVENTS]`. `GONGYI_BENCH_DATA` names a folder that keeps the filled data between runs;
//! every run works on a copy of it.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod fill;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use gongyi_domain::values::{OrganisationId, VolunteerId};
use gongyi_tests::{
    Client, TestFolder, TestServer,
    district::{PASSWORD, at, now, registration},
    load::{Load, Server},
    machine,
    people::somebody,
};
use serde_json::{Value, json};

/// Events in the log, unless the command line says otherwise.
const EVENTS: u64 = 1_000_000;
/// Clients at once, with the requests they send in all.
const CLIENTS: [(usize, u64); 3] = [(1, 500), (16, 4_000), (64, 8_000)];
const READERS: [(usize, u64); 2] = [(1, 200), (16, 400)];
/// Files that make up a filled folder.
const KEPT: [&str; 3] = ["log.db", "vault.db", "kek"];

const BARE: &str = "{ __typename }";
const LOG_SERVICE: &str = "mutation($input: LogServiceInput!) { logService(input: $input) \
                           { position stale unchanged refusal { code } record { id phase minutes } } }";
const FIGURES: &str = "rows { areaCode month attestedMinutes declaredMinutes records volunteers } \
                       total { attestedMinutes declaredMinutes records volunteers }";
const RECORDS_PAGE: &str = "query($from: Date) { serviceRecords(filter: {area: \"440402\", from: $from}, first: 50) \
                            { nodes { id phase minutes started category volunteer { name number } organisation { name } } \
                            pageInfo { hasNextPage endCursor } } }";

fn participation(groups: &str) -> String {
    format!(
        "query($from: Date!, $to: Date!) {{ participation(area: \"440402\", from: $from, to: $to, groupBy: [{groups}]) {{ {FIGURES} }} }}"
    )
}

fn global(kind: &str, id: impl std::fmt::Display) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}

/// A folder with the district's year, copied from the kept one if there is one.
fn filled(events: u64) -> TestFolder {
    let kept = std::env::var_os("GONGYI_BENCH_DATA").map(PathBuf::from);
    if let Some(kept) = kept.as_ref().filter(|kept| kept.join("log.db").is_file()) {
        let folder = TestFolder::new();
        for name in KEPT {
            fs::copy(kept.join(name), folder.data().join(name)).unwrap();
        }
        println!("data: kept in {}", kept.display());
        return folder;
    }
    let folder = TestFolder::with_teams();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let took = runtime.block_on(fill::fill(&folder.data(), events, now().date_naive())).unwrap();
    println!(
        "data: {events} events filled in {:.1} s, {:.0}/s: appended in bulk, no rule was asked",
        took.as_secs_f64(),
        events as f64 / took.as_secs_f64()
    );
    if let Some(kept) = kept {
        fs::create_dir_all(&kept).unwrap();
        // The log last: a folder is kept once it is whole.
        for name in KEPT.iter().rev() {
            fs::copy(folder.data().join(name), kept.join(name)).unwrap();
        }
    }
    folder
}

/// A volunteer with an account who coordinates the whole district's teams.
fn coordinator(server: &TestServer, operator: &Client) -> Client {
    let (stranger, who) = (server.stranger(), somebody());
    let mut input = registration(&who);
    input["password"] = json!(PASSWORD);
    stranger.does("registerVolunteer", &input, "volunteer { id }");
    let me = stranger.signs_in(&who.phone, PASSWORD).asks("{ me { account { id } } }", &json!({}));
    let role = json!({"account": me["me"]["account"]["id"], "role": "COORDINATOR", "area": "440402"});
    operator.does("grantRole", &role, "account { grants { role } }");
    stranger.signs_in(&who.phone, PASSWORD)
}

/// Yesterday evening's hour of the `n`th volunteer, which nobody has logged yet.
fn service(n: u64, ended: DateTime<Utc>) -> Value {
    let (volunteer, organisation): (VolunteerId, OrganisationId) = (fill::volunteer(n), fill::organisation_of(n));
    json!({ "input": {
        "volunteer": global("Volunteer", volunteer), "organisation": global("Organisation", organisation), "category": "ENVIRONMENT",
        "started": at(ended - TimeDelta::hours(1)), "ended": at(ended), "content": "清理河道、分发资料",
    } })
}

fn logged(answer: &Value) -> bool {
    let payload = &answer["data"]["logService"];
    payload["refusal"].is_null() && payload["stale"] == false && payload["unchanged"] == false && payload["record"]["phase"] == "LOGGED"
}

fn writes(server: &Server, coordinator: &Client, stranger: &Client) {
    println!("\nmutations: logService by a coordinator's account, answered once this node's views show it");
    let bare = |_| (BARE.to_owned(), json!({}));
    let evening = now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(12);
    let mut next = 0;
    for (clients, requests) in CLIENTS {
        let load = Load { clients, requests };
        let floor = load.run(server, stranger, bare, |answer| answer["data"]["__typename"] == "Query");
        let signed = load.run(server, coordinator, bare, |answer| answer["data"]["__typename"] == "Query");
        let begin = next;
        next += requests;
        let log = move |n| (LOG_SERVICE.to_owned(), service(begin + n, evening));
        let before = server.written();
        let mutations = load.run(server, coordinator, log, logged);
        let written = (server.written() - before) as f64 / requests as f64 / 1024.0;
        floor.told("floor: {__typename}, no token", None);
        signed.told("floor: {__typename}, with token", Some(&floor));
        mutations.told("logService", Some(&floor));
        println!("    {written:.0} KiB written to disk a mutation");
    }
}

fn reads(server: &Server, operator: &Client, stranger: &Client) {
    let (to, from) = (now().date_naive(), now().date_naive() - chrono::Days::new(400));
    let period = json!({"from": from, "to": to});
    let found = operator.asks(&participation("MONTH"), &period);
    println!("\nparticipation of 440402, {from} to {to}: {}", found["participation"]["total"]);
    for (clients, requests) in READERS {
        let load = Load { clients, requests };
        let bare = |_| (BARE.to_owned(), json!({}));
        let floor = load.run(server, stranger, bare, |answer| answer["data"]["__typename"] == "Query");
        floor.told("floor: {__typename}, no token", None);
        for groups in ["MONTH", "AREA, MONTH"] {
            let (document, period) = (participation(groups), period.clone());
            let has_rows = |answer: &Value| answer["data"]["participation"]["rows"].as_array().is_some_and(|rows| rows.len() >= 12);
            let asked = load.run(server, operator, move |_| (document.clone(), period.clone()), has_rows);
            asked.told(&format!("participation by [{groups}]"), Some(&floor));
        }
        let since = json!({"from": from});
        let full = |answer: &Value| answer["data"]["serviceRecords"]["nodes"].as_array().is_some_and(|nodes| nodes.len() == 50);
        let page = load.run(server, operator, move |_| (RECORDS_PAGE.to_owned(), since.clone()), full);
        page.told("a page of 50 service records with names", Some(&floor));
    }
}

fn main() {
    let events = std::env::args().filter_map(|it| it.parse().ok()).next().unwrap_or(EVENTS);
    let folder = filled(events);
    machine::told(&folder);
    let began = Instant::now();
    let verified = folder.verified();
    println!("verify: {:.1} s, {} events in {} commits", began.elapsed().as_secs_f64(), verified["events"], verified["commits"]);
    let began = Instant::now();
    folder.runs(["rebuild"]).succeeded();
    let took = began.elapsed().as_secs_f64();
    println!("rebuild: {took:.1} s, {:.0} events/s", events as f64 / took);
    assert_eq!(folder.runs(["doctor", "--json"]).succeeded().json()["well"], true);

    let running = TestServer::is_ready(&folder);
    let server = Server::of(running.pid());
    println!("memory: {}, at rest after the start", server.memory());
    machine::sizes(&folder);

    let operator = running.operator(&folder);
    let stranger = running.stranger();
    reads(&server, &operator, &stranger);
    println!("memory: {}, after the reads", server.memory());
    writes(&server, &coordinator(&running, &operator), &stranger);
    println!("\nmemory: {}, after the writes", server.memory());
    std::thread::sleep(Duration::from_secs(5));
    println!("memory: {}, five seconds later", server.memory());
    machine::sizes(&folder);
    running.stops().exited(0);
    folder.verified();
}
