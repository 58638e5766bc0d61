//! The whole server under load, killed at random moments. The silent failures made loud: a command that was answered
//! and is gone, one that is there twice, and read models that no longer say what the log says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fastrand::Rng;
use gongyi_tests::{
    Client, District, TestFolder, TestServer,
    district::{Volunteer, at, now, registration},
    document,
    people::{id_number, somebody},
};
use serde_json::{Value, json};
use uuid::Uuid;

const ROUNDS: usize = 4;
const CLIENTS: usize = 16;

/// A command that was sent, and the answer if one came.
#[derive(Clone)]
struct Sent {
    mutation: &'static str,
    wanted: &'static str,
    input: Value,
    answer: Option<Value>,
}

/// The next command of a client: hours on a day of its own, or somebody new.
fn next(random: &mut Rng, client: usize, step: usize, round: usize, team: &str, volunteers: &[Volunteer]) -> Sent {
    let command_id = Uuid::now_v7();
    if random.u8(..4) == 0 {
        let sequence = u32::try_from(round * 10_000 + client * 500 + step).unwrap();
        let mut input = registration(&somebody());
        input["idNumber"] = json!(id_number(&format!("1958{:02}{:02}", sequence / 1000 % 12 + 1, sequence / 12_000 + 1), sequence % 1000));
        input["phone"] = json!(format!("198{sequence:08}"));
        input["commandId"] = json!(command_id);
        return Sent { mutation: "registerVolunteer", wanted: "volunteer { id }", input, answer: None };
    }
    let starts = now() - chrono::Duration::days(i64::try_from(1 + round * 1_000 + step).unwrap());
    let input = json!({
        "volunteer": volunteers[client].id, "organisation": team, "category": "ENVIRONMENT", "commandId": command_id,
        "started": at(starts - chrono::Duration::minutes(30)), "ended": at(starts),
    });
    Sent { mutation: "logService", wanted: "record { id }", input, answer: None }
}

/// Loads the server until it is killed; everything that was sent, answered or not.
fn loaded_until_killed(district: District, volunteers: &[Volunteer], round: usize, random: &mut Rng) -> (TestFolder, Vec<Sent>) {
    let District { folder, server, team, .. } = district;
    let staff = staff(&server, &folder);
    let (sent, stop, answered) = (Mutex::new(vec![]), AtomicBool::new(false), AtomicUsize::new(0));
    let seeds: Vec<u64> = (0..CLIENTS).map(|_| random.u64(..)).collect();
    let enough = random.usize(40..200);
    let pause = Duration::from_micros(random.u64(..20_000));
    thread::scope(|scope| {
        for (client, seed) in seeds.into_iter().enumerate() {
            let (sent, stop, answered, team) = (&sent, &stop, &answered, &team);
            let connection = server.bearer(staff.token().unwrap());
            scope.spawn(move || {
                let mut random = Rng::with_seed(seed);
                for step in 0.. {
                    let mut command = next(&mut random, client, step, round, team, volunteers);
                    let body = json!({"query": document(command.mutation, command.wanted), "variables": {"input": command.input}});
                    let answer = connection.posts(&body.to_string(), &[]);
                    if let Ok(answer) = &answer {
                        assert!(answer.body["errors"].is_null(), "{}", answer.body);
                        let payload = &answer.body["data"][command.mutation];
                        assert!(payload["refusal"].is_null(), "{payload}");
                        command.answer = Some(payload.clone());
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    sent.lock().unwrap().push(command);
                    if answer.is_err() || stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        gongyi_tests::awaited("enough answers", || (answered.load(Ordering::Relaxed) >= enough).then_some(()));
        // The one place where time is left to chance: that the kill falls anywhere between two steps.
        thread::sleep(pause);
        let _ = server.is_killed();
        stop.store(true, Ordering::Relaxed);
    });
    (folder, sent.into_inner().unwrap())
}

/// Who logs hours for others and registers them.
fn staff(server: &TestServer, folder: &TestFolder) -> Client {
    server.acting_as(folder, &["coordinator"])
}

/// The id in a payload.
fn id_in(payload: &Value) -> &Value {
    if payload["record"].is_null() { &payload["volunteer"]["id"] } else { &payload["record"]["id"] }
}

/// How many registrations and service records the log holds.
fn counted(folder: &TestFolder) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in folder.events() {
        *counts.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// What the read models say of everything there is.
fn shown(district: &District) -> Value {
    let document = "query($area: AreaCode, $after: String, $records: String) { \
        volunteers(filter: {area: $area}, first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } \
          nodes { id name phone phase totals { declaredMinutes records } } } \
        serviceRecords(filter: {area: $area}, first: 100, after: $records) { totalCount pageInfo { hasNextPage endCursor } \
          nodes { id phase minutes day volunteer { id } } } }";
    let (mut pages, mut after, mut records) = (vec![], Value::Null, Value::Null);
    loop {
        let page = district.operator.asks(document, &json!({"area": "440402", "after": after, "records": records}));
        let more = ["volunteers", "serviceRecords"].iter().any(|it| page[it]["pageInfo"]["hasNextPage"] == true);
        let cursor =
            |it: &str, old: &Value| if page[it]["nodes"] == json!([]) { old.clone() } else { page[it]["pageInfo"]["endCursor"].clone() };
        (after, records) = (cursor("volunteers", &after), cursor("serviceRecords", &records));
        pages.push(page);
        if !more {
            return json!(pages);
        }
    }
}

#[test]
fn every_answered_command_is_there_exactly_once_after_a_kill() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let mut district = District::new();
    let volunteers: Vec<Volunteer> = (0..CLIENTS).map(|_| district.enters(&somebody())).collect();
    let mut in_doubt = 0;
    let mut all = vec![];
    for round in 0..ROUNDS {
        let (folder, sent) = loaded_until_killed(district, &volunteers, round, &mut random);
        in_doubt += sent.iter().filter(|it| it.answer.is_none()).count();
        all.extend(sent.clone());
        folder.verified();
        district = District::of(folder);
        let staff = staff(&district.server, &district.folder);
        // Every client sends again whatever it is not sure of, and what it is sure of as well.
        for Sent { mutation, wanted, input, answer } in &sent {
            let again = staff.does(mutation, input, wanted);
            if let Some(first) = answer {
                assert_eq!((id_in(&again), &again["position"]), (id_in(first), &first["position"]), "answered as the first time");
                assert_eq!(again["unchanged"], true, "{mutation} {input} was answered and then lost");
            }
        }
    }
    assert!(in_doubt > 0, "no kill fell between a command and its answer");

    let of = |mutation: &str| all.iter().filter(|it| it.mutation == mutation).count();
    let counts = counted(&district.folder);
    assert_eq!(counts["gongyi.service_ledger.ServiceLogged.v1"], of("logService"), "each hour once");
    assert_eq!(counts["gongyi.volunteer.VolunteerRegistered.v1"], of("registerVolunteer") + CLIENTS, "everybody once");

    let live = shown(&district);
    assert_eq!(live[0]["serviceRecords"]["totalCount"], of("logService"));
    assert_eq!(live[0]["volunteers"]["totalCount"], of("registerVolunteer") + CLIENTS);
    assert!(live[0]["volunteers"]["nodes"][0]["name"].is_string(), "names are part of what is compared");
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    folder.runs(["rebuild"]).succeeded();
    assert_eq!(shown(&District::of(folder)), live, "the read models say what a rebuild says");
}
