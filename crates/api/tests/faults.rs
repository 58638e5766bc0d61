//! What is answered when the log does not do as it should: a typed error, never its cause. The silent failures made loud:
//! a path or an SQL text that a stranger reads, and a conflict that looks like a fault.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, header},
};
use gongyi_api::ApiSettings;
use gongyi_app::dispatch::CONFLICT_RETRIES_MAX;
use gongyi_eventlog::{
    AppendError, Appended, Commit, Log, LogError, MemoryLog, Position, Recorded, StorageFault, StoredAnswer, StreamId, Token,
};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::{District, STREET};

/// What only the operator's log may show.
const CAUSE: &str = "(code: 522) disk I/O error in /srv/secret/log.db near \"SELECT\"";
const FOUND: &str =
    "mutation($input: FoundOrganisationInput!) { foundOrganisation(input: $input) { position unchanged refusal { code } } }";

/// How the log does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    /// Somebody else is always faster.
    Contended,
    /// Nothing can be read.
    Unreadable,
}

/// A log that does as it is told.
struct MoodyLog {
    log: MemoryLog,
    mood: Mutex<Mood>,
    appends: AtomicUsize,
}

impl MoodyLog {
    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn read(&self) -> Result<(), LogError> {
        let cause: StorageFault = Arc::new(io::Error::other(CAUSE));
        if *self.mood.lock().unwrap() == Mood::Unreadable { Err(LogError::Storage(cause)) } else { Ok(()) }
    }
}

#[async_trait]
impl Log for MoodyLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        if *self.mood.lock().unwrap() == Mood::Contended {
            let (stream, expected) = commit.expectations[0].clone();
            return Err(AppendError::Conflict { stream, expected, actual: expected + 1 });
        }
        self.log.append(commit).await
    }
    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError> {
        self.read()?;
        self.log.answer(actor, command_id).await
    }
    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError> {
        self.read()?;
        self.log.read_stream(stream, after_version).await
    }
    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError> {
        self.read()?;
        self.log.read_streams(streams).await
    }
    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        self.read()?;
        self.log.read_after(position, limit).await
    }
    async fn head(&self) -> Result<Token, LogError> {
        self.read()?;
        self.log.head().await
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError> {
        self.read()?;
        self.log.token_at(position).await
    }
}

async fn district() -> (District, Arc<MoodyLog>) {
    let log = Arc::new(MoodyLog { log: MemoryLog::new(Uuid::now_v7()), mood: Mutex::new(Mood::Well), appends: AtomicUsize::new(0) });
    (District::on(log.clone(), ApiSettings::default()).await, log)
}

fn founding(command_id: Uuid) -> Value {
    json!({ "input": { "kind": "GROUP", "name": "翠香义工小组", "area": STREET, "commandId": command_id } })
}

#[tokio::test]
async fn a_conflict_that_persists_is_told_as_one_and_the_command_may_come_again() {
    let (district, log) = district().await;
    let (operator, command) = (district.operator().await, Uuid::now_v7());
    log.is(Mood::Contended);
    let before = log.appends.load(Ordering::SeqCst);
    let answer = operator.asks(FOUND, founding(command)).await;
    assert_eq!((answer.code(), answer.status.as_u16()), ("CONFLICT", 200), "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["path"], json!(["foundOrganisation"]));
    let tried = log.appends.load(Ordering::SeqCst) - before;
    assert_eq!(tried, CONFLICT_RETRIES_MAX as usize + 1, "it was decided anew before that");

    log.is(Mood::Well);
    for unchanged in [false, true] {
        let done = operator.asks(FOUND, founding(command)).await.data()["foundOrganisation"].clone();
        assert_eq!((&done["refusal"], &done["unchanged"]), (&Value::Null, &json!(unchanged)));
    }
}

#[tokio::test]
async fn a_fault_shows_its_correlation_and_nothing_of_its_cause() {
    let (district, log) = district().await;
    let (operator, resident) = (district.operator().await, district.registers("李梅").await);
    log.is(Mood::Unreadable);
    let written = operator.asks(FOUND, founding(Uuid::now_v7())).await;
    // Whose roles cannot be read is not believed to have none: it is a fault before anything is executed.
    let asked = resident.client.asks("{ me { signedIn } }", json!({})).await;
    assert_eq!((written.status.as_u16(), asked.status.as_u16()), (200, 500));
    for answer in [&written, &asked] {
        assert_eq!(answer.code(), "INTERNAL");
        let correlation = answer.body["errors"][0]["extensions"]["correlation"].as_str().unwrap();
        assert_eq!(answer.headers["x-request-id"], correlation, "the same id stands in the log");
        for word in ["secret", "disk", "522", "SELECT", "log.db"] {
            assert!(!answer.body.to_string().contains(word), "{word}: {}", answer.body);
        }
    }
    let probe = Request::get("/readyz").header(header::ACCEPT, "*/*").body(Body::empty()).unwrap();
    let ready = district.stranger().sends(probe).await;
    assert_eq!((ready.status.as_u16(), &ready.body["reasons"]), (503, &json!(["the log cannot be read"])));
}
