//! What is generated and committed, and every form in which an event was ever stored. The silent failure made loud: a
//! renamed field or variant that leaves the events of earlier years unreadable.
//!
//! `schema/events/fixtures/<kind>/<EventType>.v<N>.json` is the payload of an event as the log stores it. A fixture
//! stays for ever: a new form gets a new version beside the old one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use gongyi_domain::{Event, event_schemas};
use gongyi_tests::{TestFolder, binary, repository};
use serde_json::{Value, json};

fn committed(name: &str) -> PathBuf {
    repository().join("schema").join(name)
}

fn json_of(path: &PathBuf) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The event types that a schema names, one a variant.
fn event_types(schema: &Value) -> BTreeSet<String> {
    let variants = schema["oneOf"].as_array().expect("an enum of struct variants");
    variants.iter().map(|variant| variant["required"][0].as_str().expect("a tagged variant").to_owned()).collect()
}

/// Type and payload of an event, as stored anew.
fn encoded(event: &Event) -> (String, Value) {
    let (event_type, payload) = event.encode().unwrap();
    (event_type, serde_json::from_str(&payload).unwrap())
}

#[test]
fn the_committed_schemas_are_what_the_source_generates() {
    let folder = TestFolder::new();
    let made = std::process::Command::new(binary::gongyi()).args(["generate", "--schema"]).arg(folder.data()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let names = |folder: PathBuf| -> BTreeSet<String> {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        files.filter(|name| name.ends_with(".json") || name.ends_with(".graphql")).collect()
    };
    for part in ["", "events"] {
        assert_eq!(names(committed(part)), names(folder.data().join(part)));
        for name in names(folder.data().join(part)) {
            let (is, ought) = (
                fs::read_to_string(committed(part).join(&name)).unwrap(),
                fs::read_to_string(folder.data().join(part).join(&name)).unwrap(),
            );
            assert!(is == ought, "schema/{part}/{name} is not what `gongyi generate` writes; run it and commit the difference");
        }
    }
}

#[test]
fn every_event_ever_stored_is_still_read_and_fits_its_schema() {
    let mut kinds = 0;
    for (kind, schema) in event_schemas() {
        kinds += 1;
        let schema = serde_json::to_value(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let types = event_types(&schema);
        let mut seen = BTreeSet::new();
        let folder = committed("events/fixtures").join(kind);
        let files = fs::read_dir(&folder).unwrap_or_else(|_| panic!("no fixtures of {kind}: {}", folder.display()));
        for path in files.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (event_type, version) = name.strip_suffix(".json").and_then(|stem| stem.split_once(".v")).expect("<EventType>.v<N>.json");
            assert!(types.contains(event_type), "{kind} has no event {event_type} any more; what was stored must still be read");
            // Older forms come with their upcaster, and a test beside it.
            let current = Event::schema_version(kind, event_type).unwrap();
            if version.parse::<u16>().unwrap() != current {
                continue;
            }
            seen.insert(event_type.to_owned());
            let stored = json_of(&path);
            let event = Event::decode(kind, event_type, &stored.to_string()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(encoded(&event), (event_type.to_owned(), stored.clone()), "{name} is stored anew as it stands");
            let tagged = json!({ event_type: stored });
            let faults: Vec<String> = validator.iter_errors(&tagged).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{name} does not fit schema/events/{kind}.json: {faults:?}");
        }
        assert_eq!(seen, types, "every event of {kind} has a fixture of its current form");
    }
    assert_eq!(kinds, 32);
    let folders = fs::read_dir(committed("events/fixtures")).unwrap().count();
    assert_eq!(folders, kinds, "no fixtures of a kind that is no more");
}

#[test]
fn what_a_district_really_stores_fits_the_schemas() {
    let folder = TestFolder::with_teams();
    let schemas: Vec<(&str, jsonschema::Validator)> = event_schemas()
        .into_iter()
        .map(|(kind, schema)| (kind, jsonschema::validator_for(&serde_json::to_value(schema).unwrap()).unwrap()))
        .collect();
    let events = folder.events();
    assert!(events.len() > 200);
    for event in &events {
        let named: Vec<&str> = event["type"].as_str().unwrap().split('.').collect();
        let ["gongyi", kind, event_type, version] = named[..] else { panic!("{}", event["type"]) };
        assert_eq!(version, format!("v{}", Event::schema_version(kind, event_type).unwrap()));
        let (_, validator) = schemas.iter().find(|(it, _)| *it == kind).unwrap();
        assert!(validator.is_valid(&json!({ event_type: event["data"] })), "{event}");
    }
}

#[test]
fn a_schema_refuses_what_is_no_event() {
    let (_, schema) = event_schemas().into_iter().find(|(kind, _)| *kind == "service_ledger").unwrap();
    let validator = jsonschema::validator_for(&serde_json::to_value(schema).unwrap()).unwrap();
    for wrong in [
        json!({}),
        json!({"ServiceForged": {}}),
        json!({"ServiceConfirmed": {}}),
        json!({"ServiceConfirmed": {"record": 1, "level": "organisation"}}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
