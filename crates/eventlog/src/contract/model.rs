//! A random history against a model of a log.

use std::collections::HashMap;

use futures::future::join_all;

use super::{Tested, all, commit, thing};
use crate::{AppendError, Appended, StreamId, verify::verify};

/// One step of a random history.
#[derive(Debug, Clone)]
pub struct Step {
    /// Who: a few actors.
    pub actor: u8,
    /// Which command: few ids, so that some are repeated.
    pub command: u8,
    /// Which payload.
    pub digest: u8,
    /// Streams expected, each with how far the expectation is off the truth.
    pub expectations: Vec<(u8, u8)>,
    /// Streams written.
    pub events: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Appended { first: u64, last: u64, answer: String, replayed: bool },
    Conflict { stream: StreamId, expected: u64, actual: u64 },
    Reused,
    MissingExpectation(StreamId),
    Empty,
}

/// Sends `steps` in groups of at most 16 at once (so that an engine may batch them), and compares every outcome and
/// the final log with a model that knows nothing of batches.
pub async fn agrees_with_the_model(log: Tested, steps: &[Step]) {
    let mut versions: HashMap<StreamId, u64> = HashMap::new();
    let mut commands: HashMap<(u8, u8), (u8, u64, u64, String)> = HashMap::new();
    let mut history: Vec<(StreamId, u64, String)> = Vec::new();
    for (group_number, group) in steps.chunks(16).enumerate() {
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for (n, step) in group.iter().enumerate() {
            let answer = format!("[{group_number},{n}]");
            let expectations: Vec<(StreamId, u64)> = step
                .expectations
                .iter()
                .map(|(stream, off)| {
                    (thing(u128::from(*stream)), versions.get(&thing(u128::from(*stream))).unwrap_or(&0) + u64::from(*off))
                })
                .collect();
            let payloads: Vec<String> = (0..step.events.len()).map(|event| format!("[{group_number},{n},{event}]")).collect();
            let events: Vec<_> =
                step.events.iter().zip(&payloads).map(|(stream, payload)| (thing(u128::from(*stream)), payload.as_str())).collect();
            let mut commit = commit(u128::from(step.command), &expectations, &events);
            commit.metadata.actor = format!("actor {}", step.actor);
            commit.command_digest = [step.digest; 32];
            commit.answer.clone_from(&answer);
            sent.push(commit);

            let unexpected = events.iter().find(|(stream, _)| !expectations.iter().any(|(of, _)| of == stream));
            let stale = expectations.iter().find(|(stream, version)| versions.get(stream).unwrap_or(&0) != version);
            expected.push(if events.is_empty() {
                Outcome::Empty
            } else if let Some((stream, _)) = unexpected {
                Outcome::MissingExpectation(stream.clone())
            } else if let Some((digest, first, last, answer)) = commands.get(&(step.actor, step.command)) {
                let (first, last, answer) = (*first, *last, answer.clone());
                if *digest == step.digest { Outcome::Appended { first, last, answer, replayed: true } } else { Outcome::Reused }
            } else if let Some((stream, expected)) = stale {
                Outcome::Conflict { stream: stream.clone(), expected: *expected, actual: *versions.get(stream).unwrap_or(&0) }
            } else {
                let first = history.len() as u64 + 1;
                for (stream, payload) in &events {
                    let version = versions.entry(stream.clone()).or_default();
                    *version += 1;
                    history.push((stream.clone(), *version, (*payload).to_owned()));
                }
                let last = history.len() as u64;
                commands.insert((step.actor, step.command), (step.digest, first, last, answer.clone()));
                Outcome::Appended { first, last, answer, replayed: false }
            });
        }
        // Polled in order, so queued in order.
        let outcomes = join_all(sent.into_iter().map(|commit| log.append(commit))).await;
        let outcomes: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Ok(Appended { token, first_position, answer, replayed }) => {
                    Outcome::Appended { first: first_position, last: token.position, answer, replayed }
                }
                Err(AppendError::Conflict { stream, expected, actual }) => Outcome::Conflict { stream, expected, actual },
                Err(AppendError::CommandReused { .. }) => Outcome::Reused,
                Err(AppendError::MissingExpectation { stream }) => Outcome::MissingExpectation(stream),
                Err(AppendError::Empty) => Outcome::Empty,
                Err(other) => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(outcomes, expected, "group {group_number}");
    }
    let stored: Vec<_> = all(&log).await.into_iter().map(|event| (event.stream, event.version, event.payload)).collect();
    assert_eq!(stored, history);
    let report = verify(&*log, |_| ()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}
