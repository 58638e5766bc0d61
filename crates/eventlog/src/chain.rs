//! The hashes, byte for byte, so that anybody can check a log without this crate.
//!
//! Integers are big-endian; *text* is its length in bytes as `u32`, then its UTF-8 bytes; ids are their 16 bytes.
//!
//! The canonical bytes of a commit:
//!
//! | part | bytes |
//! |---|---|
//! | the tag `gongyi.commit.1` and a newline | 16 |
//! | number, first position, last position | 3 × `u64` |
//! | actor | text |
//! | command id | id |
//! | command digest | 32 |
//! | correlation | id |
//! | causation, 0 for none | `u64` |
//! | recorded at, microseconds since 1970-01-01T00:00:00Z | `i64` |
//! | answer | text |
//! | number of events | `u32` |
//! | per event: kind (text), stream id, version `u64`, type (text), schema version `u16`, payload (text) | |
//!
//! A commit's hash is the SHA-256 of these bytes. The chain after a commit is the SHA-256 of the chain before it and
//! the commit's hash (64 bytes). Before the first commit the chain is the SHA-256 of the log id's 16 bytes.

use sha2::{Digest, Sha256};
use uuid::Uuid;

const COMMIT_TAG: &[u8; 16] = b"gongyi.commit.1\n";

/// A commit without its events, as it is hashed.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the fields are those of the module's table")]
pub struct HashedCommit<'a> {
    pub number: u64,
    pub first_position: u64,
    pub last_position: u64,
    pub actor: &'a str,
    pub command_id: Uuid,
    pub command_digest: &'a [u8; 32],
    pub correlation: Uuid,
    pub causation: Option<u64>,
    pub recorded_at_micros: i64,
    pub answer: &'a str,
}

/// An event, as it is hashed.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the fields are those of the module's table")]
pub struct HashedEvent<'a> {
    pub kind: &'a str,
    pub id: Uuid,
    pub version: u64,
    pub event_type: &'a str,
    pub schema_version: u16,
    pub payload: &'a str,
}

fn text(hash: &mut Sha256, text: &str) {
    // Every text has a limit far below 4 GiB, see the limits in `commit`.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    hash.update(length.to_be_bytes());
    hash.update(text.as_bytes());
}

/// The hash of a commit.
pub fn commit_hash<'a>(commit: &HashedCommit<'_>, events: impl ExactSizeIterator<Item = HashedEvent<'a>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(COMMIT_TAG);
    hash.update(commit.number.to_be_bytes());
    hash.update(commit.first_position.to_be_bytes());
    hash.update(commit.last_position.to_be_bytes());
    text(&mut hash, commit.actor);
    hash.update(commit.command_id.as_bytes());
    hash.update(commit.command_digest);
    hash.update(commit.correlation.as_bytes());
    hash.update(commit.causation.unwrap_or(0).to_be_bytes());
    hash.update(commit.recorded_at_micros.to_be_bytes());
    text(&mut hash, commit.answer);
    hash.update(u32::try_from(events.len()).unwrap_or(u32::MAX).to_be_bytes());
    for event in events {
        text(&mut hash, event.kind);
        hash.update(event.id.as_bytes());
        hash.update(event.version.to_be_bytes());
        text(&mut hash, event.event_type);
        hash.update(event.schema_version.to_be_bytes());
        text(&mut hash, event.payload);
    }
    hash.finalize().into()
}

/// The chain after a commit.
pub fn next(chain: &[u8; 32], commit_hash: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(chain).chain_update(commit_hash).finalize().into()
}

/// The chain before the first commit.
pub fn genesis(log: Uuid) -> [u8; 32] {
    Sha256::digest(log.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed outside this crate (Python's `struct` and `hashlib`): the bytes may never change under a stored log.
    #[test]
    fn the_canonical_bytes_are_fixed() {
        let commit = HashedCommit {
            number: 1,
            first_position: 1,
            last_position: 1,
            actor: "王",
            command_id: Uuid::from_u128(1),
            command_digest: &[2; 32],
            correlation: Uuid::from_u128(3),
            causation: None,
            recorded_at_micros: -5,
            answer: "{}",
        };
        let event =
            HashedEvent { kind: "k", id: Uuid::from_u128(4), version: 1, event_type: "T", schema_version: 1, payload: r#"{"a":1}"# };
        assert_eq!(
            hex::encode(commit_hash(&commit, [event].into_iter())),
            "52fc1298749666ad0747789f4669b2e1b6b4046847eedf67b10e37492471dd54"
        );
        assert_eq!(hex::encode(genesis(Uuid::from_u128(9))), "c03983e8c8370764ebfb8573c8128473fe5bb0c1c419c32f4953e02b6cd93ddd");
        assert_eq!(hex::encode(next(&[1; 32], &[2; 32])), "f818afd37a6dc3bc92fb44731011277006db4efa6e9023cd7468c02335d22a4d");
    }
}
