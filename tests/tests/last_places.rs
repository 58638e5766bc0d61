//! The last places of a shift, asked for by a hundred clients at once. The silent failure made loud: two people who
//! get one last place, or one who waits behind a later comer.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, sync::Barrier, thread};

use chrono::Duration;
use gongyi_tests::{
    Client, District, TestFolder,
    district::{TEAM, TEAM_AREA, now},
    people::{Somebody, somebody},
    sheets::{Sheet, VOLUNTEERS},
};
use serde_json::{Value, json};

const CLIENTS: usize = 100;
const PLACES: usize = 10;
/// Of the clients, those who have signed in and ask for themselves; the others send the coordinator.
const THEMSELVES: usize = 10;

/// Taken and waiting volunteers of an activity, each in order.
fn places(by: &Client, activity: &str) -> (Vec<String>, Vec<String>) {
    let document = "query($id: ID!) { activity(id: $id) { signUps(first: 100) { nodes { phase volunteer { id } } } } }";
    let found = by.asks(document, &json!({"id": activity}));
    let nodes = found["activity"]["signUps"]["nodes"].as_array().unwrap().clone();
    let of = |phase: &str| {
        let in_phase = nodes.iter().filter(|node| node["phase"] == phase);
        in_phase.map(|node| node["volunteer"]["id"].as_str().unwrap().to_owned()).collect()
    };
    (of("TAKEN"), of("WAITING"))
}

/// Everybody asks at once; answers who got a place and who waits.
fn all_ask_at_once(crowd: &[(Client, Value)]) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let start = Barrier::new(crowd.len());
    let phases: Vec<Value> = thread::scope(|scope| {
        let asking: Vec<_> = crowd
            .iter()
            .map(|(client, input)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    client.does("signUp", input, "phase")["phase"].take()
                })
            })
            .collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let of = |phase: &str| phases.iter().enumerate().filter(|(_, it)| *it == phase).map(|(n, _)| n).collect();
    (of("TAKEN"), of("WAITING"))
}

#[test]
fn a_hundred_ask_at_once_for_the_last_ten_places() {
    let folder = TestFolder::with_teams();
    let crowd: Vec<Somebody> = (0..CLIENTS - THEMSELVES).map(|_| somebody()).collect();
    let rows = crowd.iter().map(|who| [&who.name, &who.id_number, &who.phone, TEAM_AREA, TEAM, "", "2020-01-01"].map(str::to_owned));
    let imported = folder.imports("volunteers", &folder.writes("v.csv", Sheet::new(VOLUNTEERS, rows).csv()));
    assert_eq!(imported["accepted"], crowd.len());

    let district = District::of(folder);
    let coordinator = district.coordinator();
    let activity = district.publishes_at(&coordinator.client, u32::try_from(PLACES).unwrap(), now() + Duration::days(2));
    let listed = coordinator.client.asks(
        "query($team: ID) { volunteers(filter: {organisation: $team}, first: 100) { nodes { id number } } }",
        &json!({"team": district.team}),
    );
    let nodes = listed["volunteers"]["nodes"].as_array().unwrap();
    let me = json!(coordinator.id);
    let mut ids: Vec<String> =
        nodes.iter().map(|node| &node["id"]).filter(|id| **id != me).map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), CLIENTS - THEMSELVES);
    let sent =
        |id: &String| (district.server.bearer(coordinator.client.token().unwrap()), json!({"shift": activity.shift, "volunteer": id}));
    let mut asking: Vec<(Client, Value)> = ids.iter().map(sent).collect();
    for _ in 0..THEMSELVES {
        let volunteer = district.registers(&somebody());
        asking.push((volunteer.client.clone(), json!({"shift": activity.shift})));
        ids.push(volunteer.id);
    }

    let (in_now, waiting_now) = all_ask_at_once(&asking);
    assert_eq!((in_now.len(), waiting_now.len()), (PLACES, CLIENTS - PLACES), "every answer is a place or a wait");
    let named = |who: &BTreeSet<usize>| who.iter().map(|n| ids[*n].clone()).collect::<BTreeSet<_>>();
    let (taken, waiting) = places(&coordinator.client, &activity.activity);
    assert_eq!(taken.iter().cloned().collect::<BTreeSet<_>>(), named(&in_now));
    assert_eq!(waiting.iter().cloned().collect::<BTreeSet<_>>(), named(&waiting_now));
    let shift = "query($id: ID!) { node(id: $id) { ... on Shift { capacity taken free waiting } } }";
    let shown = district.operator.asks(shift, &json!({"id": activity.shift}));
    assert_eq!(shown["node"], json!({"capacity": 10, "taken": 10, "free": 0, "waiting": 90}));

    // The log's own order is the order of waiting.
    let waitlisted: Vec<String> = district
        .folder
        .events()
        .iter()
        .filter(|event| event["type"] == "gongyi.activity.VolunteerWaitlisted.v1")
        .map(|event| event["data"]["volunteer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(waitlisted.len(), CLIENTS - PLACES);
    let order: Vec<String> = waiting.iter().map(|id| uuid_of(id)).collect();
    assert_eq!(order, waitlisted, "the waiting list stands in the order of asking");

    // Five withdraw, one of them from the waiting list: the first four in line move up.
    coordinator.client.does("withdrawSignUp", &json!({"shift": activity.shift, "volunteer": waiting[2]}), "");
    for leaving in &taken[..4] {
        coordinator.client.does("withdrawSignUp", &json!({"shift": activity.shift, "volunteer": leaving}), "");
    }
    let promoted: BTreeSet<String> = [0, 1, 3, 4].map(|n: usize| waiting[n].clone()).into();
    let (taken_then, waiting_then) = places(&coordinator.client, &activity.activity);
    let stayed: BTreeSet<String> = taken[4..].iter().cloned().collect();
    assert_eq!(taken_then.iter().cloned().collect::<BTreeSet<_>>(), &stayed | &promoted);
    assert_eq!(waiting_then, waiting[5..], "nobody else moved");
    assert_eq!(coordinator.client.is_refused("withdrawSignUp", &json!({"shift": activity.shift, "volunteer": taken[0]})), "NotSignedUp");
}

/// The UUID within a global id.
fn uuid_of(id: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = String::from_utf8(STANDARD.decode(id).unwrap()).unwrap();
    text.split_once(':').unwrap().1.to_owned()
}

#[test]
fn one_person_never_holds_two_overlapping_shifts() {
    let district = District::new();
    let coordinator = district.coordinator();
    let anna = district.registers(&somebody());
    let starts = now() + Duration::days(2);
    let shifts: Vec<String> =
        (0..6).map(|n| district.publishes_at(&coordinator.client, 5, starts + Duration::minutes(10 * n)).shift).collect();
    let start = Barrier::new(shifts.len());
    let phases: Vec<Value> = thread::scope(|scope| {
        let asking: Vec<_> = shifts
            .iter()
            .map(|shift| {
                let (start, client) = (&start, district.server.bearer(anna.client.token().unwrap()));
                scope.spawn(move || {
                    start.wait();
                    client.sends("signUp", &json!({"shift": shift}), "phase")
                })
            })
            .collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let taken = phases.iter().filter(|it| it["phase"] == "TAKEN" && it["refusal"].is_null()).count();
    let refused = phases.iter().filter(|it| it["refusal"]["code"] == "ShiftsOverlap").count();
    assert_eq!((taken, refused), (1, 5), "{phases:?}");
}
