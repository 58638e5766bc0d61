//! A whole simulated district, by the release binary: how long it takes to live it through and to rebuild its read models,
//! how soon a server is ready, and what its report and commands cost, each beside bare requests (`{ __typename }`).
//!
//! `cargo bench -p gongyi-tests --bench district [-- PROFILE.json] [TIMES]`: the public figures of 2022 if no profile is
//! named; with so many times its volunteers, to see what grows.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use chrono::{Days, TimeDelta};
use gongyi_tests::{
    Client, TestFolder, TestServer,
    district::{at, now},
    load::{Load, Server, Went},
    machine, shared_data,
};
use serde_json::{Value, json};

const REPORTS: Load = Load { clients: 1, requests: 1_000 };
const COMMANDS: [Load; 2] = [Load { clients: 1, requests: 500 }, Load { clients: 64, requests: 8_000 }];
const BARE: &str = "{ __typename }";
const REPORT: &str = "query($area: AreaCode!, $from: Date!, $asOf: Date!, $knownAt: Date) { districtReport(area: $area, from: $from, \
                      asOf: $asOf, knownAt: $knownAt) { FIGURES } }";
const VOLUNTEERS: &str = "query($area: AreaCode) { volunteers(first: 100, filter: {area: $area}) \
                          { nodes { id memberships { organisation { id } } } } }";
const LOG_SERVICE: &str = "mutation($input: LogServiceInput!) { logService(input: $input) \
                           { stale unchanged refusal { code } record { phase } } }";

/// The profile with so many times its volunteers, as a file beside the data.
fn profile(folder: &TestFolder, source: &Path, times: u64) -> (PathBuf, Value) {
    let mut profile: Value = serde_json::from_slice(&std::fs::read(source).unwrap()).unwrap();
    if let Some(areas) = profile["areas"].as_str() {
        profile["areas"] = json!(source.parent().unwrap().join(areas));
    }
    let volunteers = &mut profile["figures"]["registeredVolunteers"];
    *volunteers = json!(volunteers.as_u64().unwrap() * times);
    (folder.writes("profile.json", profile.to_string()), profile)
}

fn bare(server: &Server, client: &Client, load: Load) -> Went {
    let floor = load.run(server, client, |_| (BARE.to_owned(), json!({})), |answer| answer["data"]["__typename"] == "Query");
    floor.told("floor: {__typename}", None);
    floor
}

/// The report of the district, a street and a community, as known now and as known in the middle of the period.
fn reports(server: &Server, stranger: &Client, profile: &Value) {
    let figures: Vec<&String> = profile["figures"].as_object().unwrap().keys().collect();
    let names = figures.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let of = |parts: bool| {
        let parts = if parts {
            format!("figures {{ {names} }} parts {{ areaCode figures {{ {names} }} }}")
        } else {
            format!("figures {{ {names} }}")
        };
        REPORT.replace("FIGURES", &parts)
    };
    let (district, from, as_of) = (&profile["area"], &profile["from"], &profile["asOf"]);
    let (first, last): (chrono::NaiveDate, chrono::NaiveDate) =
        (serde_json::from_value(from.clone()).unwrap(), serde_json::from_value(as_of.clone()).unwrap());
    let midway = json!(first + (last - first) / 2);
    let inside = |digits: &str| json!(format!("{}{digits}", district.as_str().unwrap()));
    let floor = bare(server, stranger, REPORTS);
    for (what, area, known_at, parts) in [
        ("district", district.clone(), Value::Null, false),
        ("street", inside("001"), Value::Null, false),
        ("community", inside("001001"), Value::Null, false),
        ("district, as known midway", district.clone(), midway, false),
        ("district with its parts", district.clone(), Value::Null, true),
    ] {
        let document = of(parts);
        let asked = json!({ "area": area, "from": from, "asOf": as_of, "knownAt": known_at });
        let told = |answer: &Value| answer["data"]["districtReport"]["figures"]["registeredVolunteers"].as_u64().is_some_and(|it| it > 0);
        REPORTS.run(server, stranger, |_| (document.clone(), asked.clone()), told).told(&format!("report of a {what}"), Some(&floor));
    }
}

/// Service logged for a hundred of the volunteers, each answered once the views show it.
fn commands(server: &Server, coordinator: &Client, profile: &Value) {
    let found = coordinator.asks(VOLUNTEERS, &json!({ "area": profile["area"] }));
    let volunteers: Vec<Value> = found["volunteers"]["nodes"].as_array().unwrap().clone();
    let member = |it: &&Value| !it["memberships"][0]["organisation"]["id"].is_null();
    let volunteers: Vec<&Value> = volunteers.iter().filter(member).collect();
    let yesterday = (now() - Days::new(1)).date_naive();
    let service = |n: u64| {
        let volunteer = volunteers[n as usize % volunteers.len()];
        let hour = n / volunteers.len() as u64;
        let day = yesterday - Days::new(hour / 7);
        let started = day.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::hours((hour % 7) as i64);
        let input = json!({
            "volunteer": volunteer["id"], "organisation": volunteer["memberships"][0]["organisation"]["id"], "category": "ENVIRONMENT",
            "started": at(started), "ended": at(started + TimeDelta::hours(1)), "content": "清理河道、分发资料",
        });
        (LOG_SERVICE.to_owned(), json!({ "input": input }))
    };
    let logged = |answer: &Value| {
        let payload = &answer["data"]["logService"];
        payload["refusal"].is_null() && payload["stale"] == false && payload["record"]["phase"] == "LOGGED"
    };
    let mut begin = 0;
    for load in COMMANDS {
        let floor = bare(server, coordinator, load);
        let first = begin;
        begin += load.requests;
        load.run(server, coordinator, |n| service(first + n), logged).told("logService, seen in the views", Some(&floor));
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let source = args.iter().find(|it| it.ends_with(".json")).map_or_else(|| shared_data("xiangzhou-2022.json"), PathBuf::from);
    let times = args.iter().find_map(|it| it.parse().ok()).unwrap_or(1);
    let folder = TestFolder::new();
    machine::told(&folder);
    let (file, profile) = profile(&folder, &source, times);
    let told = folder.runs(["simulate".as_ref(), "--profile".as_ref(), file.as_os_str()]).succeeded().json();
    println!(
        "simulate: {} with {times} times its volunteers: {} events in {} s, {} a second; read models {} s; {} refusals",
        told["profile"], told["events"], told["seconds"], told["eventsPerSecond"], told["readModelsSeconds"], told["refusals"]
    );
    let began = Instant::now();
    folder.runs(["rebuild"]).succeeded();
    let took = began.elapsed().as_secs_f64();
    println!("rebuild: {took:.1} s, {:.0} events a second", told["events"].as_f64().unwrap() / took);
    machine::sizes(&folder);
    println!("the first start, then one after a clean stop:");
    TestServer::is_ready(&folder).stops().exited(0);
    let running = TestServer::is_ready(&folder);
    let server = Server::of(running.pid());
    println!("memory: {}, at rest", server.memory());
    reports(&server, &running.stranger(), &profile);
    println!("memory: {}, after the reports", server.memory());
    let area = profile["area"].as_str().unwrap();
    commands(&server, &running.acting_as(&folder, &["coordinator", "--area", area]), &profile);
    println!("memory: {}, after the commands", server.memory());
    running.stops().exited(0);
}
