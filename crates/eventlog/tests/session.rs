//! One command over a session, with `esrs` on top.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use esrs::{Aggregate, AggregateState, manager::AggregateManager, store::EventStore};
use gongyi_domain::event::DomainEvent;
use gongyi_eventlog::{
    AppendError, Commit, CommitInfo, DecodeError, Log, MemoryLog, Metadata, NewEvent, Session, SessionError, StateCache, StreamId,
    StreamLocks, Upcasters,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum CounterEvent {
    Counted { by: u32 },
}
impl DomainEvent for CounterEvent {
    fn schema_version(_: &str) -> u16 {
        3
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("zero counts nothing")]
struct Zero;

struct Counter;
impl Aggregate for Counter {
    const NAME: &'static str = "counter";
    type State = u32;
    type Command = u32;
    type Event = CounterEvent;
    type Error = Zero;

    fn handle_command(_: &u32, by: u32) -> Result<Vec<CounterEvent>, Zero> {
        if by == 0 { Err(Zero) } else { Ok(vec![CounterEvent::Counted { by }]) }
    }

    fn apply_event(state: u32, event: CounterEvent) -> u32 {
        let CounterEvent::Counted { by } = event;
        state + by
    }
}

struct House {
    log: Arc<dyn Log>,
    locks: StreamLocks,
    upcasters: Arc<Upcasters>,
}

impl House {
    fn new() -> Self {
        Self { log: Arc::new(MemoryLog::new(Uuid::nil())), locks: StreamLocks::new(), upcasters: Arc::new(upcasters()) }
    }

    fn session(&self, command: u128) -> Session {
        Session::new(Arc::clone(&self.log), Arc::clone(&self.upcasters), self.locks.clone(), metadata(command), [1; 32])
    }

    /// Counts in a session of its own.
    async fn count(&self, command: u128, id: u128, by: u32) {
        let session = self.session(command);
        let manager = AggregateManager::new(session.store::<Counter>());
        let state = manager.load(Uuid::from_u128(id)).await.unwrap().unwrap_or_else(|| AggregateState::with_id(Uuid::from_u128(id)));
        manager.handle_command(state, by).await.unwrap().unwrap();
        session.commit(&()).await.unwrap();
    }
}

fn upcasters() -> Upcasters {
    let mut upcasters = Upcasters::new();
    let rename = |mut payload: Value, _: &CommitInfo| match payload["amount"].take() {
        Value::Null => Err("no amount".to_owned()),
        amount => Ok(json!({ "amount_now": amount })),
    };
    upcasters.register("counter", "Counted", 1, rename).unwrap();
    upcasters.register("counter", "Counted", 2, |payload, _| Ok(json!({ "by": payload["amount_now"] }))).unwrap();
    upcasters
}

fn metadata(command: u128) -> Metadata {
    let recorded_at: DateTime<Utc> = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    Metadata { actor: "ann".into(), command_id: Uuid::from_u128(command), correlation: Uuid::nil(), causation: None, recorded_at }
}

fn counter(id: u128) -> StreamId {
    StreamId::of::<Counter>(Uuid::from_u128(id))
}

async fn versions(house: &House, id: u128) -> Vec<u64> {
    house.log.read_stream(&counter(id), 0).await.unwrap().iter().map(|event| event.version).collect()
}

#[tokio::test]
async fn commands_stage_and_the_commit_makes_durable() {
    let house = House::new();
    house.count(1, 1, 5).await;
    let session = house.session(2);
    let manager = AggregateManager::new(session.store::<Counter>());
    assert!(session.is_empty());
    let state = manager.load(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((*state.inner(), *state.sequence_number()), (5, 1));
    assert_eq!(manager.handle_command(state, 2).await.unwrap(), Ok(7));
    assert!(!session.is_empty());
    assert_eq!(versions(&house, 1).await, [1], "staged only");

    // A second command on the same stream, and one on another: one commit.
    let state = manager.load(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((*state.inner(), *state.sequence_number()), (7, 2), "a load sees what is staged");
    assert_eq!(manager.handle_command(state, 3).await.unwrap(), Ok(10));
    assert_eq!(manager.handle_command(AggregateState::with_id(Uuid::from_u128(2)), 1).await.unwrap(), Ok(1));
    let appended = session.commit(&json!({ "id": 1 })).await.unwrap();
    assert_eq!((appended.first_position, appended.token.position), (2, 4));
    assert_eq!(appended.answer, r#"{"id":1}"#);
    assert_eq!((versions(&house, 1).await, versions(&house, 2).await), (vec![1, 2, 3], vec![1]));
}

#[tokio::test]
async fn a_refusal_stages_nothing() {
    let house = House::new();
    let session = house.session(1);
    let manager = AggregateManager::new(session.store::<Counter>());
    let unknown = manager.load(Uuid::from_u128(1)).await.unwrap();
    assert!(unknown.is_none());
    assert_eq!(manager.handle_command(AggregateState::with_id(Uuid::from_u128(1)), 0).await.unwrap(), Err(Zero));
    assert!(session.is_empty());
    assert!(matches!(session.commit(&()).await, Err(AppendError::Empty)));
}

#[tokio::test]
async fn a_repeated_command_is_replayed() {
    let house = House::new();
    house.count(1, 1, 5).await;
    house.count(1, 1, 5).await;
    assert_eq!(versions(&house, 1).await, [1]);
}

#[tokio::test]
async fn a_stream_only_loaded_must_stay_as_it_was() {
    let house = House::new();
    house.count(1, 1, 5).await;
    let write_two = async |command, meanwhile: bool| {
        let session = house.session(command);
        let manager = AggregateManager::new(session.store::<Counter>());
        manager.load(Uuid::from_u128(1)).await.unwrap();
        if meanwhile {
            house.count(command + 100, 1, 1).await;
            // Read again, it is still what it was when first read.
            assert_eq!(*manager.load(Uuid::from_u128(1)).await.unwrap().unwrap().sequence_number(), 1);
        }
        let state = manager.load(Uuid::from_u128(2)).await.unwrap().unwrap_or_else(|| AggregateState::with_id(Uuid::from_u128(2)));
        manager.handle_command(state, 1).await.unwrap().unwrap();
        session.commit(&()).await
    };
    write_two(2, false).await.unwrap();
    match write_two(3, true).await {
        Err(AppendError::Conflict { stream, expected: 1, actual: 2 }) => assert_eq!(stream, counter(1)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_absent_stream_is_expected() {
    let house = House::new();
    let claim = |command, by| {
        let session = house.session(command);
        session.expect_absent(counter(9));
        async move {
            let manager = AggregateManager::new(session.store::<Counter>());
            manager.handle_command(AggregateState::with_id(Uuid::from_u128(9)), by).await.unwrap().unwrap();
            session.commit(&()).await
        }
    };
    claim(1, 1).await.unwrap();
    assert!(matches!(claim(2, 1).await, Err(AppendError::Conflict { expected: 0, actual: 1, .. })));
}

#[tokio::test]
async fn what_is_preloaded_counts_only_when_loaded() {
    let house = House::new();
    house.count(1, 1, 5).await;
    house.count(2, 2, 6).await;
    let session = house.session(3);
    session.preload(&[counter(1), counter(2), counter(3), counter(1)]).await.unwrap();
    house.count(4, 1, 1).await;
    house.count(5, 3, 1).await;
    let manager = AggregateManager::new(session.store::<Counter>());
    let state = manager.load(Uuid::from_u128(2)).await.unwrap().unwrap();
    manager.handle_command(state, 1).await.unwrap().unwrap();
    session.commit(&()).await.unwrap();

    let session = house.session(6);
    session.preload(&[counter(7)]).await.unwrap();
    house.count(7, 7, 1).await;
    let manager = AggregateManager::new(session.store::<Counter>());
    assert!(manager.load(Uuid::from_u128(7)).await.unwrap().is_none(), "as it was when it was preloaded");
    manager.handle_command(AggregateState::with_id(Uuid::from_u128(8)), 1).await.unwrap().unwrap();
    assert!(matches!(session.commit(&()).await, Err(AppendError::Conflict { expected: 0, actual: 1, .. })));
}

#[tokio::test]
async fn a_state_that_is_not_the_newest_is_refused() {
    let house = House::new();
    house.count(1, 1, 5).await;
    let session = house.session(2);
    let manager = AggregateManager::new(session.store::<Counter>());
    let (first, second) = (manager.load(Uuid::from_u128(1)).await.unwrap(), manager.load(Uuid::from_u128(1)).await.unwrap());
    manager.handle_command(first.unwrap(), 1).await.unwrap().unwrap();
    let stale = manager.handle_command(second.unwrap(), 1).await;
    assert!(matches!(stale, Err(SessionError::StaleState { state: 1, session: 2, .. })), "{stale:?}");
}

#[tokio::test]
async fn a_stream_past_the_sequence_numbers_is_refused() {
    let house = House::new();
    let session = house.session(1);
    let store = session.store::<Counter>();
    let last = store_event_at(i32::MAX);
    let mut state = AggregateState::<u32>::with_id(Uuid::from_u128(1)).apply_store_events(vec![last], Counter::apply_event);
    let refused = store.persist(&mut state, vec![CounterEvent::Counted { by: 1 }]).await;
    assert!(matches!(refused, Err(SessionError::StreamTooLong { .. })), "{refused:?}");
    assert!(session.is_empty());
}

fn store_event_at(sequence_number: i32) -> esrs::store::StoreEvent<CounterEvent> {
    let (id, aggregate_id) = (Uuid::nil(), Uuid::from_u128(1));
    let occurred_on = metadata(1).recorded_at;
    esrs::store::StoreEvent { id, aggregate_id, payload: CounterEvent::Counted { by: 1 }, occurred_on, sequence_number, version: None }
}

#[tokio::test]
async fn event_ids_are_the_same_whenever_they_are_read() {
    let house = House::new();
    let session = house.session(1);
    let store = session.store::<Counter>();
    let mut state = AggregateState::<u32>::with_id(Uuid::from_u128(1));
    let staged = store.persist(&mut state, vec![CounterEvent::Counted { by: 1 }, CounterEvent::Counted { by: 2 }]).await.unwrap();
    session.commit(&()).await.unwrap();
    let session = house.session(2);
    let read = session.store::<Counter>().by_aggregate_id(Uuid::from_u128(1)).await.unwrap();
    let key = |events: &[esrs::store::StoreEvent<CounterEvent>]| {
        events.iter().map(|event| (event.id, event.sequence_number, event.occurred_on, event.version)).collect::<Vec<_>>()
    };
    assert_eq!(key(&staged), key(&read));
    assert_ne!(read[0].id, read[1].id);
}

#[tokio::test]
async fn nothing_is_deleted() {
    let house = House::new();
    house.count(1, 1, 5).await;
    let manager = AggregateManager::new(house.session(2).store::<Counter>());
    assert!(matches!(manager.delete(Uuid::from_u128(1)).await, Err(SessionError::AppendOnly { .. })));
    assert_eq!(versions(&house, 1).await, [1]);
}

/// `esrs` drops a state's lock when its events are staged; without the session's own hold, a rival would load before
/// the commit and conflict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_sessions_take_turns_and_never_conflict() {
    let house = Arc::new(House::new());
    let rivals = (0..20).map(|command| {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            let session = house.session(command);
            let manager = AggregateManager::new(session.store::<Counter>());
            let state = manager.lock_and_load(Uuid::from_u128(1)).await.unwrap().unwrap_or_default();
            // Locking twice in one session is locking once.
            drop(manager.lock_and_load(Uuid::from_u128(1)).await.unwrap());
            manager.handle_command(state, 1).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            session.commit(&()).await.map(|_| ())
        })
    });
    for rival in futures::future::join_all(rivals).await {
        rival.unwrap().unwrap();
    }
    assert_eq!(versions(&house, 1).await.len(), 20);
    assert_eq!(house.locks.in_use(), 0);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_lock_crosswise_are_told() {
    let house = House::new();
    let (first, second) = (house.session(1), house.session(2));
    let (first_store, second_store) = (first.store::<Counter>(), second.store::<Counter>());
    first_store.lock(Uuid::from_u128(1)).await.unwrap();
    second_store.lock(Uuid::from_u128(2)).await.unwrap();
    let (one, two) = tokio::join!(first_store.lock(Uuid::from_u128(2)), second_store.lock(Uuid::from_u128(1)));
    assert!(matches!((one, two), (Err(SessionError::Contended { .. }), Err(SessionError::Contended { .. }))));
    drop((first, second, first_store, second_store));
    assert_eq!(house.locks.in_use(), 0);
}

async fn stored(house: &House, schema_version: u16, payload: &str) -> Result<u32, SessionError> {
    let id = Uuid::now_v7();
    let stream = StreamId::of::<Counter>(id);
    let event = NewEvent { event_type: "Counted".into(), schema_version, payload: payload.into() };
    let (expectations, events) = (vec![(stream.clone(), 0)], vec![(stream, event)]);
    let commit = Commit { metadata: metadata(id.as_u128()), command_digest: [0; 32], answer: "null".into(), expectations, events };
    house.log.append(commit).await.unwrap();
    let manager = AggregateManager::new(house.session(1).store::<Counter>());
    Ok(manager.load(id).await?.map_or(0, |state| *state.inner()))
}

#[tokio::test]
async fn old_payloads_are_upcast_on_read() {
    let house = House::new();
    assert_eq!(stored(&house, 1, r#"{"amount":4}"#).await.unwrap(), 4);
    assert_eq!(stored(&house, 2, r#"{"amount_now":5}"#).await.unwrap(), 5);
    assert_eq!(stored(&house, 3, r#"{"by":6}"#).await.unwrap(), 6);
    assert_eq!(house.log.read_after(0, 1).await.unwrap()[0].payload, r#"{"amount":4}"#, "what is stored stays");
}

#[tokio::test]
async fn payloads_that_cannot_be_upcast_are_typed_errors() {
    let mut house = House::new();
    let decode = |result: Result<u32, SessionError>| match result {
        Err(SessionError::Decode(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(decode(stored(&house, 1, "{}").await), DecodeError::Step { from_version: 1, position: 1, .. }));
    assert!(matches!(decode(stored(&house, 3, "{}").await), DecodeError::Codec { position: 2, .. }));
    assert!(matches!(decode(stored(&house, 4, "{}").await), DecodeError::Newer { stored: 4, known: 3, .. }));
    house.upcasters = Arc::new(Upcasters::new());
    assert!(matches!(decode(stored(&house, 1, "{}").await), DecodeError::MissingStep { from_version: 1, .. }));
    assert!(upcasters().register("counter", "Counted", 1, |payload, _| Ok(payload)).is_err(), "one step from a version");
}

impl House {
    /// A session over a cache of states.
    fn cached(&self, command: u128, states: &StateCache) -> Session {
        let (log, upcasters, locks) = (Arc::clone(&self.log), Arc::clone(&self.upcasters), self.locks.clone());
        Session::with_states(log, upcasters, locks, states.clone(), metadata(command), [1; 32])
    }
}

/// The counter as a session loads it.
async fn counted(session: &Session, id: u128) -> (u32, i32) {
    let loaded = session.load::<Counter>(Uuid::from_u128(id)).await.unwrap();
    (*loaded.inner(), *loaded.sequence_number())
}

async fn counts(session: &Session, id: u128, by: u32) -> u32 {
    let loaded = session.load::<Counter>(Uuid::from_u128(id)).await.unwrap();
    *session.decide::<Counter>(loaded, by).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_cached_state_is_the_streams_and_goes_on_with_each_commit() {
    let (house, states) = (House::new(), StateCache::default());
    let session = house.cached(1, &states);
    assert_eq!((counts(&session, 1, 5).await, counts(&session, 1, 2).await), (5, 7), "also upon what is staged");
    assert_eq!(counted(&house.cached(2, &states), 1).await, (0, 0), "staged is not kept");
    session.commit(&()).await.unwrap();

    let session = house.cached(3, &states);
    assert_eq!((counted(&session, 1).await, session.rests_on_cache()), ((7, 2), true));
    assert_eq!(counts(&session, 1, 1).await, 8);
    session.commit(&()).await.unwrap();
    let session = house.cached(4, &states.filled_only());
    assert_eq!((counted(&session, 1).await, session.rests_on_cache()), ((8, 3), false));
    assert_eq!(counted(&house.session(5), 1).await, (8, 3));
}

#[tokio::test]
async fn a_stale_state_is_a_conflict_and_then_forgotten() {
    let (house, states) = (House::new(), StateCache::default());
    assert_eq!(counted(&house.cached(1, &states), 1).await, (0, 0));
    house.count(2, 1, 5).await;
    let session = house.cached(3, &states);
    assert_eq!(counts(&session, 1, 1).await, 1);
    assert!(matches!(session.commit(&()).await, Err(AppendError::Conflict { expected: 0, actual: 1, .. })));
    let session = house.cached(3, &states);
    assert_eq!((counts(&session, 1, 1).await, session.rests_on_cache()), (6, false));
    session.commit(&()).await.unwrap();
    // So is one that a command only read.
    house.count(4, 1, 1).await;
    let session = house.cached(5, &states);
    assert_eq!((counted(&session, 1).await, counts(&session, 2, 1).await), ((6, 2), 1));
    assert!(matches!(session.commit(&()).await, Err(AppendError::Conflict { expected: 2, actual: 3, .. })));
}

#[tokio::test]
async fn a_replayed_commit_adds_nothing_to_the_cache() {
    let (house, states) = (House::new(), StateCache::default());
    house.count(1, 1, 5).await;
    let session = house.cached(1, &states);
    assert_eq!(counts(&session, 1, 5).await, 10);
    assert!(session.commit(&()).await.unwrap().replayed);
    assert_eq!(counted(&house.cached(2, &states), 1).await, (5, 1));
}

#[tokio::test]
async fn what_was_preloaded_is_not_read_again_and_what_is_cached_not_preloaded() {
    let (house, states) = (House::new(), StateCache::default());
    house.count(1, 1, 5).await;
    assert_eq!(counted(&house.cached(2, &states), 1).await, (5, 1));
    let session = house.cached(3, &states);
    session.preload(&[counter(1), counter(2)]).await.unwrap();
    house.count(4, 2, 1).await;
    assert_eq!((counted(&session, 1).await, session.rests_on_cache()), ((5, 1), true));
    assert_eq!(counted(&session, 2).await, (0, 0), "as it was when it was preloaded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_sessions_over_a_cache_never_conflict() {
    let (house, states) = (Arc::new(House::new()), StateCache::default());
    let rivals = (0..20).map(|command| {
        let (house, states) = (Arc::clone(&house), states.clone());
        tokio::spawn(async move {
            let session = house.cached(command, &states);
            let loaded = session.lock::<Counter>(Uuid::from_u128(1)).await.unwrap();
            session.decide::<Counter>(loaded, 1).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            session.commit(&()).await.map(|_| session.rests_on_cache())
        })
    });
    for rival in futures::future::join_all(rivals).await {
        rival.unwrap().unwrap();
    }
    assert_eq!(counted(&house.cached(99, &states), 1).await, (20, 20));
    assert_eq!(house.locks.in_use(), 0);
}
