//! What every engine must do, as functions over any engine. `contract_tests!` makes tests of them:
//!
//! ```text
//! async fn open(log_id: Uuid) -> (Arc<dyn Subject>, Box<dyn Any>) { … } // and what must outlive the log
//! gongyi_eventlog::contract_tests!(open);
//! ```
#![expect(clippy::unwrap_used, reason = "these are tests, built for other crates only on request")]

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::{StreamExt, future::join_all};
use uuid::Uuid;

use crate::{
    ANSWER_MAX_BYTES, AppendError, Appended, COMMIT_MAX_EVENTS, Commit, Log, Metadata, NewEvent, PAYLOAD_MAX_BYTES, Recorded, Standing,
    StreamId, follow,
    verify::{Verifiable, verify},
};

/// An engine that can be tested.
pub trait Subject: Log + Verifiable {}
impl<T: Log + Verifiable> Subject for T {}

/// A log under test.
pub type Tested = Arc<dyn Subject>;

/// Makes a test of every function of the contract, for the engine that `$open` opens.
#[macro_export]
macro_rules! contract_tests {
    ($open:path) => {
        $crate::contract_tests!(@each $open,
            an_empty_log, a_commit_is_numbered_densely, one_commit_spans_streams, versions_count_per_stream,
            a_stale_expectation_is_a_conflict, a_stream_only_read_is_checked, an_absent_stream_is_expected_absent, of_rivals_one_wins,
            a_failed_commit_leaves_its_neighbours, a_repeated_command_gets_the_first_answer, a_repeat_in_one_batch_gets_the_first_answer,
            a_reused_command_id_is_refused, command_ids_are_the_actors_own, a_refused_command_is_not_kept, answers_of_commands,
            a_commit_without_events, an_event_without_expectation, limits_are_refused, malformed_parts_are_refused,
            payloads_stay_byte_for_byte, moments_keep_their_microseconds, reading_a_stream, reading_several_streams,
            reading_after_a_position, tokens_of_positions, tokens_of_other_histories, the_watch_follows_durability,
            following_catches_up_and_goes_live, following_in_the_middle_of_a_storm, a_sound_log_has_no_findings);
    };
    (@each $open:path, $($name:ident),+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (log, _keep) = $open($crate::contract::LOG_ID).await;
            $crate::contract::$name(log).await;
        }
    )+};
}

/// The id of logs under test.
pub const LOG_ID: Uuid = Uuid::from_u128(0x0109);

/// The `n`th stream.
pub fn thing(n: u128) -> StreamId {
    StreamId::new("thing", Uuid::from_u128(n))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_225_600_123_456).unwrap()
}

/// A commit by actor `ann`: the streams it expects, and those it writes with their payloads.
pub fn commit(command: u128, expectations: &[(StreamId, u64)], events: &[(StreamId, &str)]) -> Commit {
    let event = |payload: &str| NewEvent { event_type: "Noted".to_owned(), schema_version: 1, payload: payload.to_owned() };
    Commit {
        metadata: Metadata {
            actor: "ann".to_owned(),
            command_id: Uuid::from_u128(command),
            correlation: Uuid::from_u128(77),
            causation: None,
            recorded_at: moment(),
        },
        command_digest: [1; 32],
        answer: format!("{{\"command\":{command}}}"),
        expectations: expectations.to_vec(),
        events: events.iter().map(|(stream, payload)| (stream.clone(), event(payload))).collect(),
    }
}

/// A commit of one event for one stream.
pub fn note(command: u128, stream: u128, expected: u64) -> Commit {
    commit(command, &[(thing(stream), expected)], &[(thing(stream), "{}")])
}

async fn all(log: &Tested) -> Vec<Recorded> {
    log.read_after(0, usize::MAX).await.unwrap()
}

fn positions(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

#[expect(missing_docs, reason = "the names say what is tested")]
mod cases {
    use super::*;

    pub async fn an_empty_log(log: Tested) {
        let head = log.head().await.unwrap();
        assert_eq!((head.log, head.epoch, head.position), (LOG_ID, 1, 0));
        assert_eq!(head.chain, crate::chain::genesis(LOG_ID));
        assert_eq!(log.token_at(0).await.unwrap(), Some(head));
        assert_eq!(log.check(&head).await.unwrap(), Standing::Known);
        assert!(all(&log).await.is_empty());
        assert_eq!(*log.watch().borrow(), 0);
    }

    pub async fn a_commit_is_numbered_densely(log: Tested) {
        let first = log.append(note(1, 1, 0)).await.unwrap();
        assert_eq!((first.first_position, first.token.position, first.replayed), (1, 1, false));
        log.append(note(2, 2, 1)).await.unwrap_err();
        let notes = [(thing(1), "1"), (thing(1), "2"), (thing(1), "3")];
        let second = log.append(commit(3, &[(thing(1), 1)], &notes)).await.unwrap();
        assert_eq!((second.first_position, second.token.position), (2, 4));
        let events = all(&log).await;
        assert_eq!(positions(&events), [1, 2, 3, 4]);
        assert_eq!(events.iter().map(|event| event.payload.as_str()).collect::<Vec<_>>(), ["{}", "1", "2", "3"]);
        assert_eq!(events.iter().map(|event| event.commit.number).collect::<Vec<_>>(), [1, 2, 2, 2]);
        assert_eq!((events[3].commit.first_position, events[3].commit.last_position), (2, 4));
    }

    pub async fn one_commit_spans_streams(log: Tested) {
        let notes = [(thing(1), "1"), (thing(2), "2"), (thing(1), "3")];
        log.append(commit(1, &[(thing(1), 0), (thing(2), 0)], &notes)).await.unwrap();
        let events = all(&log).await;
        assert_eq!(
            events.iter().map(|event| (event.stream.clone(), event.version)).collect::<Vec<_>>(),
            [(thing(1), 1), (thing(2), 1), (thing(1), 2)]
        );
        assert!(Arc::ptr_eq(&events[0].commit, &events[2].commit));
        // One expectation that fails takes the whole commit with it.
        log.append(commit(2, &[(thing(1), 2), (thing(2), 2)], &notes)).await.unwrap_err();
        assert_eq!(all(&log).await.len(), 3);
    }

    pub async fn versions_count_per_stream(log: Tested) {
        for (command, stream, expected) in [(1, 1, 0), (2, 2, 0), (3, 1, 1), (4, 2, 1), (5, 1, 2)] {
            log.append(note(command, stream, expected)).await.unwrap();
        }
        let versions = |events: Vec<Recorded>| events.iter().map(|event| (event.position, event.version)).collect::<Vec<_>>();
        assert_eq!(versions(log.read_stream(&thing(1), 0).await.unwrap()), [(1, 1), (3, 2), (5, 3)]);
        assert_eq!(versions(log.read_stream(&thing(2), 0).await.unwrap()), [(2, 1), (4, 2)]);
        // Same id, other kind: another stream.
        let other = StreamId::new("other", Uuid::from_u128(1));
        log.append(commit(6, &[(other.clone(), 0)], &[(other, "{}")])).await.unwrap();
    }

    pub async fn a_stale_expectation_is_a_conflict(log: Tested) {
        log.append(note(1, 1, 0)).await.unwrap();
        for expected in [0, 2, u64::MAX] {
            match log.append(note(2, 1, expected)).await {
                Err(AppendError::Conflict { stream, expected: said, actual: 1 }) => assert_eq!((stream, said), (thing(1), expected)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(log.head().await.unwrap().position, 1);
    }

    pub async fn a_stream_only_read_is_checked(log: Tested) {
        log.append(note(1, 1, 0)).await.unwrap();
        log.append(commit(2, &[(thing(1), 1), (thing(2), 0)], &[(thing(2), "{}")])).await.unwrap();
        log.append(note(3, 1, 1)).await.unwrap();
        let late = log.append(commit(4, &[(thing(1), 1), (thing(2), 1)], &[(thing(2), "{}")])).await;
        assert!(matches!(late, Err(AppendError::Conflict { stream, expected: 1, actual: 2 }) if stream == thing(1)));
        assert_eq!(log.read_stream(&thing(2), 0).await.unwrap().len(), 1);
    }

    pub async fn an_absent_stream_is_expected_absent(log: Tested) {
        log.append(commit(1, &[(thing(1), 0), (thing(9), 0)], &[(thing(1), "{}")])).await.unwrap();
        log.append(note(2, 9, 0)).await.unwrap();
        let late = log.append(commit(3, &[(thing(1), 1), (thing(9), 0)], &[(thing(1), "{}")])).await;
        assert!(matches!(late, Err(AppendError::Conflict { expected: 0, actual: 1, .. })));
    }

    pub async fn of_rivals_one_wins(log: Tested) {
        for round in 0..10 {
            let rivals = (0..40).map(|n| {
                let log = Arc::clone(&log);
                tokio::spawn(async move { log.append(note(1_000 * round + n, 1, round as u64)).await })
            });
            let outcomes: Vec<_> = join_all(rivals).await.into_iter().map(Result::unwrap).collect();
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AppendError::Conflict { .. }))));
        }
        assert_eq!(positions(&all(&log).await), (1..=10).collect::<Vec<_>>());
    }

    pub async fn a_failed_commit_leaves_its_neighbours(log: Tested) {
        let appends = (0..60).map(|n: u128| log.append(note(n, n, if n.is_multiple_of(3) { 5 } else { 0 })));
        let outcomes = join_all(appends).await;
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_err(), n.is_multiple_of(3), "{n}: {outcome:?}");
        }
        assert_eq!(positions(&all(&log).await), (1..=40).collect::<Vec<_>>());
    }

    pub async fn a_repeated_command_gets_the_first_answer(log: Tested) {
        let first = log.append(note(1, 1, 0)).await.unwrap();
        log.append(note(2, 1, 1)).await.unwrap();
        // Sent again, with the answer and expectations it would have now: the first answer, whenever that is.
        let again = log.append(Commit { answer: "\"other\"".to_owned(), ..note(1, 1, 2) }).await.unwrap();
        assert_eq!(again, Appended { replayed: true, ..first });
        assert_eq!(log.head().await.unwrap().position, 2);
    }

    pub async fn a_repeat_in_one_batch_gets_the_first_answer(log: Tested) {
        let outcomes = join_all((0..30).map(|_| log.append(note(1, 1, 0)))).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| !outcome.replayed).count(), 1);
        assert!(outcomes.iter().all(|outcome| outcome.token.position == 1 && outcome.answer == "{\"command\":1}"));
        assert_eq!(all(&log).await.len(), 1);
    }

    pub async fn a_reused_command_id_is_refused(log: Tested) {
        log.append(note(1, 1, 0)).await.unwrap();
        let other = Commit { command_digest: [2; 32], ..note(1, 1, 1) };
        assert!(matches!(log.append(other).await, Err(AppendError::CommandReused { command_id }) if command_id == Uuid::from_u128(1)));
        assert_eq!(log.head().await.unwrap().position, 1);
    }

    pub async fn command_ids_are_the_actors_own(log: Tested) {
        log.append(note(1, 1, 0)).await.unwrap();
        let mut other = Commit { command_digest: [2; 32], ..note(1, 1, 1) };
        other.metadata.actor = "bob".to_owned();
        assert!(!log.append(other).await.unwrap().replayed);
    }

    pub async fn a_refused_command_is_not_kept(log: Tested) {
        log.append(note(1, 1, 7)).await.unwrap_err();
        assert_eq!(log.answer("ann", Uuid::from_u128(1)).await.unwrap(), None);
        assert!(!log.append(Commit { command_digest: [2; 32], ..note(1, 1, 0) }).await.unwrap().replayed);
    }

    pub async fn answers_of_commands(log: Tested) {
        let appended = log.append(note(1, 1, 0)).await.unwrap();
        let stored = log.answer("ann", Uuid::from_u128(1)).await.unwrap().unwrap();
        assert_eq!((stored.digest, stored.answer, stored.token), ([1; 32], appended.answer, appended.token));
        assert_eq!(stored.first_position, 1);
        assert_eq!(log.answer("ann", Uuid::from_u128(2)).await.unwrap(), None);
        assert_eq!(log.answer("bob", Uuid::from_u128(1)).await.unwrap(), None);
    }

    pub async fn a_commit_without_events(log: Tested) {
        assert!(matches!(log.append(commit(1, &[(thing(1), 0)], &[])).await, Err(AppendError::Empty)));
    }

    pub async fn an_event_without_expectation(log: Tested) {
        let refused = log.append(commit(1, &[(thing(1), 0)], &[(thing(2), "{}")])).await;
        assert!(matches!(refused, Err(AppendError::MissingExpectation { stream }) if stream == thing(2)));
    }

    pub async fn limits_are_refused(log: Tested) {
        let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        log.append(commit(1, &[(thing(1), 0)], &[(thing(1), &text(PAYLOAD_MAX_BYTES))])).await.unwrap();
        let payload = log.append(commit(2, &[(thing(1), 1)], &[(thing(1), &text(PAYLOAD_MAX_BYTES + 1))])).await;
        assert!(matches!(payload, Err(AppendError::TooLarge { max: PAYLOAD_MAX_BYTES, .. })));
        let answer = log.append(Commit { answer: text(ANSWER_MAX_BYTES + 1), ..note(3, 1, 1) }).await;
        assert!(matches!(answer, Err(AppendError::TooLarge { max: ANSWER_MAX_BYTES, .. })));
        let events = vec![(thing(1), "1"); COMMIT_MAX_EVENTS + 1];
        let many = log.append(commit(4, &[(thing(1), 1)], &events)).await;
        assert!(matches!(many, Err(AppendError::TooLarge { max: COMMIT_MAX_EVENTS, .. })));
        assert_eq!(log.head().await.unwrap().position, 1);
    }

    pub async fn malformed_parts_are_refused(log: Tested) {
        let change = |change: fn(&mut Commit)| {
            let mut commit = note(1, 1, 0);
            change(&mut commit);
            commit
        };
        let wrong = [
            change(|commit| commit.metadata.actor.clear()),
            change(|commit| commit.metadata.actor = "a\0b".to_owned()),
            change(|commit| commit.metadata.causation = Some(0)),
            change(|commit| commit.metadata.causation = Some(1)),
            change(|commit| commit.answer = "{".to_owned()),
            change(|commit| commit.events[0].1.payload = "{} {}".to_owned()),
            change(|commit| commit.events[0].1.event_type = "x".repeat(201)),
            change(|commit| commit.events[0].1.schema_version = 0),
            change(|commit| commit.expectations.push((StreamId::new("", Uuid::nil()), 0))),
        ];
        for commit in wrong {
            let refused = log.append(commit.clone()).await;
            assert!(matches!(refused, Err(AppendError::Malformed { .. })), "{commit:?}: {refused:?}");
        }
        assert_eq!(log.head().await.unwrap().position, 0);
    }

    pub async fn payloads_stay_byte_for_byte(log: Tested) {
        let odd = [
            r#"{ "b":1,"a" : 1.00, "a":2 }"#,
            "\"香洲区 \u{1F3E0} é e\u{301}\"",
            r#""\u0000 \ud83c\udfe0 \/ \" ' \\ \n""#,
            "[1e400,-0,123456789012345678901234567890]",
            " \n\t{}\r\n ",
            "\"\u{7f}\u{2028}\u{feff}\"",
        ];
        let events: Vec<_> = odd.iter().map(|payload| (thing(1), *payload)).collect();
        let mut written = Commit { answer: odd[2].to_owned(), ..commit(1, &[(thing(1), 0)], &events) };
        written.metadata.actor = "王小明 '\"\\ \u{1F3E0}".to_owned();
        log.append(written.clone()).await.unwrap();
        let read = all(&log).await;
        assert_eq!(read.iter().map(|event| event.payload.as_str()).collect::<Vec<_>>(), odd);
        assert_eq!(read[0].commit.metadata, written.metadata);
        let answer = log.answer(&written.metadata.actor, Uuid::from_u128(1)).await.unwrap().unwrap();
        assert_eq!(answer.answer, odd[2]);
        assert!(verify(&*log, |_| ()).await.unwrap().is_sound());
    }

    pub async fn moments_keep_their_microseconds(log: Tested) {
        let nanos = DateTime::from_timestamp(-2, 123_456_789).unwrap();
        let mut early = note(1, 1, 0);
        early.metadata.recorded_at = nanos;
        log.append(early).await.unwrap();
        let mut caused = note(2, 1, 1);
        caused.metadata.causation = Some(1);
        log.append(caused).await.unwrap();
        let events = all(&log).await;
        assert_eq!(events[0].commit.metadata.recorded_at, DateTime::from_timestamp(-2, 123_456_000).unwrap());
        assert_eq!(events[1].commit.metadata.causation, Some(1));
    }

    pub async fn reading_a_stream(log: Tested) {
        for (command, expected) in [(1, 0), (2, 1), (3, 2)] {
            log.append(note(command, 1, expected)).await.unwrap();
        }
        for (after, left) in [(0, 3), (2, 1), (3, 0), (u64::MAX, 0)] {
            let events = log.read_stream(&thing(1), after).await.unwrap();
            assert_eq!(events.len(), left, "after {after}");
        }
        let event = log.read_stream(&thing(1), 2).await.unwrap().remove(0);
        assert_eq!((event.event_type.as_str(), event.schema_version, event.commit.number), ("Noted", 1, 3));
        assert_eq!(event.commit.metadata, note(3, 1, 2).metadata);
        assert_eq!(event.commit.chain, log.head().await.unwrap().chain);
        assert!(log.read_stream(&thing(2), 0).await.unwrap().is_empty());
    }

    pub async fn reading_several_streams(log: Tested) {
        for (command, stream, expected) in [(1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 1, 1)] {
            log.append(note(command, stream, expected)).await.unwrap();
        }
        // By position, each event once, unknown streams left out.
        let events = log.read_streams(&[thing(3), thing(1), thing(9), thing(1)]).await.unwrap();
        assert_eq!(positions(&events), [1, 3, 4]);
        assert!(log.read_streams(&[]).await.unwrap().is_empty());
        assert!(log.read_streams(&[thing(9)]).await.unwrap().is_empty());
    }

    pub async fn reading_after_a_position(log: Tested) {
        let five = vec![(thing(2), "{}"); 5];
        log.append(note(1, 1, 0)).await.unwrap();
        log.append(commit(2, &[(thing(2), 0)], &five)).await.unwrap();
        log.append(note(3, 1, 1)).await.unwrap();
        log.append(note(4, 1, 2)).await.unwrap();
        let cases: [(u64, usize, &[u64]); 9] = [
            (0, 1, &[1]),
            (0, 3, &[1]), // the next commit would not fit
            (0, 6, &[1, 2, 3, 4, 5, 6]),
            (1, 2, &[2, 3, 4, 5, 6]), // larger than the limit, still whole
            (3, 1, &[4, 5, 6]),       // the rest of the commit
            (3, 4, &[4, 5, 6, 7]),
            (6, usize::MAX, &[7, 8]),
            (8, 10, &[]),
            (u64::MAX, usize::MAX, &[]),
        ];
        for (after, limit, expected) in cases {
            assert_eq!(positions(&log.read_after(after, limit).await.unwrap()), expected, "after {after}, limit {limit}");
        }
    }

    pub async fn tokens_of_positions(log: Tested) {
        let first = log.append(note(1, 1, 0)).await.unwrap().token;
        let second = log.append(commit(2, &[(thing(2), 0)], &[(thing(2), "1"), (thing(2), "2")])).await.unwrap().token;
        assert_eq!(log.head().await.unwrap(), second);
        assert_eq!(log.token_at(1).await.unwrap(), Some(first));
        assert_eq!(log.token_at(3).await.unwrap(), Some(second));
        // Inside a commit the chain is the commit's.
        let inside = log.token_at(2).await.unwrap().unwrap();
        assert_eq!((inside.position, inside.chain), (2, second.chain));
        for token in [first, inside, second] {
            assert_eq!(log.check(&token).await.unwrap(), Standing::Known);
        }
        assert_eq!(log.token_at(4).await.unwrap(), None);
        assert_eq!(log.token_at(u64::MAX).await.unwrap(), None);
    }

    pub async fn tokens_of_other_histories(log: Tested) {
        let token = log.append(note(1, 1, 0)).await.unwrap().token;
        let check = async |token| log.check(&token).await.unwrap();
        assert_eq!(check(crate::Token { position: 2, ..token }).await, Standing::Ahead { head: 1 });
        assert_eq!(check(crate::Token { position: 2, epoch: 0, ..token }).await, Standing::Forked);
        assert_eq!(check(crate::Token { log: Uuid::nil(), ..token }).await, Standing::OtherLog);
        assert_eq!(check(crate::Token { chain: [0; 32], ..token }).await, Standing::Forked);
        assert_eq!(check(crate::Token { position: 0, ..token }).await, Standing::Forked);
    }

    pub async fn the_watch_follows_durability(log: Tested) {
        let mut watch = log.watch();
        let appended = log.append(note(1, 1, 0)).await.unwrap();
        assert!(*watch.borrow_and_update() >= appended.token.position);
        log.append(note(1, 1, 0)).await.unwrap();
        log.append(note(2, 1, 0)).await.unwrap_err();
        assert!(!watch.has_changed().unwrap(), "nothing was written");
    }

    pub async fn following_catches_up_and_goes_live(log: Tested) {
        for (command, expected) in [(1, 0), (2, 1)] {
            log.append(note(command, 1, expected)).await.unwrap();
        }
        let dynamic: Arc<dyn Log> = log.clone();
        let mut events = Box::pin(follow(dynamic, 1));
        assert_eq!(events.next().await.unwrap().unwrap().position, 2);
        let live = tokio::spawn(async move { events.next().await.unwrap().unwrap().position });
        tokio::time::sleep(Duration::from_millis(20)).await;
        log.append(note(3, 1, 2)).await.unwrap();
        assert_eq!(tokio::time::timeout(Duration::from_secs(10), live).await.unwrap().unwrap(), 3);
    }

    /// A follower that misses a wake-up waits for ever; one that reads past an unfinished batch skips.
    pub async fn following_in_the_middle_of_a_storm(log: Tested) {
        let dynamic: Arc<dyn Log> = log.clone();
        let follower =
            tokio::spawn(async move { follow(dynamic, 0).take(400).map(|event| event.unwrap().position).collect::<Vec<_>>().await });
        let storm = (0..8).map(|client: u128| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for n in 0..50 {
                    log.append(note(1_000 * client + n, client, n as u64)).await.unwrap();
                }
            })
        });
        for client in join_all(storm).await {
            client.unwrap();
        }
        let seen = tokio::time::timeout(Duration::from_secs(20), follower).await.unwrap().unwrap();
        assert_eq!(seen, (1..=400).collect::<Vec<_>>());
    }

    pub async fn a_sound_log_has_no_findings(log: Tested) {
        for n in 0..20 {
            let notes = vec![(thing(n % 3), "{\"a\":1}"); 1 + (n % 4) as usize];
            let version = log.read_stream(&thing(n % 3), 0).await.unwrap().len() as u64;
            log.append(commit(n, &[(thing(n % 3), version)], &notes)).await.unwrap();
        }
        let mut last = None;
        let report = verify(&*log, |progress| last = Some(progress)).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.commits, report.streams), (20, 3));
        assert_eq!(report.head, log.head().await.unwrap());
        assert_eq!(report.events, report.head.position);
        assert_eq!(last.map(|progress| (progress.position, progress.of)), Some((report.events, report.events)));
    }
}
pub use cases::*;

mod model;
pub use model::{Step, agrees_with_the_model};
#[cfg(test)]
mod engines;
