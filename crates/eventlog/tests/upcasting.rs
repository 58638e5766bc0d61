//! Every form in which an event was ever stored, read by this build. The silent failure made loud: an old payload that reads
//! as something else than it said.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, sync::Arc};

use chrono::DateTime;
use gongyi_domain::{Event, access, access::person::PersonEvent};
use gongyi_eventlog::{CommitInfo, Metadata, Recorded, StreamId, Upcasters};
use serde_json::Value;
use uuid::Uuid;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/events/fixtures");

fn recorded(kind: &str, event_type: &str, schema_version: u16, payload: &str) -> Recorded {
    let metadata = Metadata {
        actor: "operator:operator".to_owned(),
        command_id: Uuid::nil(),
        correlation: Uuid::nil(),
        causation: None,
        recorded_at: DateTime::UNIX_EPOCH,
    };
    let commit = CommitInfo { number: 1, metadata, first_position: 1, last_position: 1, chain: [0; 32] };
    Recorded {
        position: 1,
        stream: StreamId { kind: kind.to_owned().into(), id: Uuid::nil() },
        version: 1,
        event_type: event_type.to_owned(),
        schema_version,
        payload: payload.to_owned(),
        commit: Arc::new(commit),
    }
}

fn fixture(kind: &str, event_type: &str, version: u16) -> String {
    fs::read_to_string(format!("{FIXTURES}/{kind}/{event_type}.v{version}.json")).unwrap()
}

fn read(kind: &str, event_type: &str, version: u16) -> Event {
    let stored = recorded(kind, event_type, version, &fixture(kind, event_type, version));
    Upcasters::new().decode_event(&stored).unwrap_or_else(|error| panic!("{kind}.{event_type}.v{version}: {error:?}"))
}

#[test]
fn every_form_that_was_ever_stored_is_read() {
    let mut old_forms = 0;
    for kind in fs::read_dir(Path::new(FIXTURES)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        for file in fs::read_dir(format!("{FIXTURES}/{kind}")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            let (event_type, version) = file.strip_suffix(".json").and_then(|stem| stem.split_once(".v")).unwrap();
            let version = version.parse().unwrap();
            read(&kind, event_type, version);
            old_forms += u32::from(version < Event::schema_version(&kind, event_type).unwrap());
        }
    }
    assert!(old_forms >= 2, "{old_forms}");
}

#[test]
fn a_person_of_version_1_has_a_document_that_its_number_tells() {
    for event_type in ["PersonRegistered", "PersonCorrected"] {
        let stored: Value = serde_json::from_str(&fixture("person", event_type, 1)).unwrap();
        let (_, payload) = read("person", event_type, 1).encode().unwrap();
        let mut payload: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(payload.as_object_mut().unwrap().remove("document"), Some(Value::Null));
        assert_eq!(payload, stored, "nothing else is another than it was");
    }
    let Event::Access(access::Event::Person(PersonEvent::PersonRegistered { document, .. })) = read("person", "PersonRegistered", 2) else {
        panic!("another event")
    };
    assert!(document.is_some());
}
