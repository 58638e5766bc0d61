//! Sealing personal text under its person's data key.
//!
//! A sealed text opens only with that key, for that person, in the stream, event type and field it was sealed for: moved
//! anywhere else it is refused.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use gongyi_domain::values::{PersonId, Sealed};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::aead::{self, KEY_BYTES, KeyBytes};

const SEALED_LABEL: &[u8] = b"gongyi sealed text v1";

/// Where a sealed text stands: the associated data of its encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedFor<'a> {
    /// The kind of stream, as the log names it.
    pub stream_kind: &'a str,
    /// The stream.
    pub stream_id: Uuid,
    /// The event's stored type name.
    pub event_type: &'a str,
    /// The field's stored name.
    pub field: &'a str,
}

impl SealedFor<'_> {
    /// The canonical bytes: the label `gongyi sealed text v1`, person id, stream kind, stream id, event type and field,
    /// in this order, each with its length as eight big-endian bytes before it; ids are their 16 bytes.
    pub fn canonical_bytes(&self, person: PersonId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        aead::append(&mut bytes, SEALED_LABEL);
        aead::append(&mut bytes, person.0.as_bytes());
        aead::append(&mut bytes, self.stream_kind.as_bytes());
        aead::append(&mut bytes, self.stream_id.as_bytes());
        aead::append(&mut bytes, self.event_type.as_bytes());
        aead::append(&mut bytes, self.field.as_bytes());
        bytes
    }
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not base64, or not text inside.
    #[error("not a sealed text")]
    Malformed,
    /// Another key, another place, or changed bytes.
    #[error("the sealed text does not belong here or was changed")]
    Authentication,
    /// Neither a key nor a tombstone: the key ring was not asked for this person, or the vault has never known them.
    #[error("no key for this person")]
    NoKey,
}

/// One person's data key. Clones share one copy, wiped when the last is dropped.
#[derive(Clone)]
pub struct PersonKey(Arc<KeyBytes>);

impl PersonKey {
    /// A new key, in memory only until [`crate::Vault::keep_key`].
    pub fn generate() -> Self {
        Self::from_bytes(aead::random())
    }

    pub(crate) fn from_bytes(mut bytes: [u8; KEY_BYTES]) -> Self {
        let key = Self(Arc::new(bytes.into()));
        bytes.zeroize();
        key
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &**self.0
    }

    /// Seals `text`. Twice the same text gives two different ciphertexts.
    pub fn seal(&self, person: PersonId, aad: &SealedFor<'_>, text: &str) -> Sealed {
        Sealed { of: person, text: STANDARD.encode(aead::seal(&self.0, &aad.canonical_bytes(person), text.as_bytes())) }
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// [`OpenError::Authentication`] if key, person, place or any byte differs; [`OpenError::Malformed`] if it is no
    /// sealed text at all.
    pub fn open(&self, sealed: &Sealed, aad: &SealedFor<'_>) -> Result<String, OpenError> {
        let bytes = STANDARD.decode(&sealed.text).map_err(|_| OpenError::Malformed)?;
        let plain = aead::open(&self.0, &aad.canonical_bytes(sealed.of), &bytes).ok_or(OpenError::Authentication)?;
        str::from_utf8(&plain).map(str::to_owned).map_err(|_| OpenError::Malformed)
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: SealedFor<'static> =
        SealedFor { stream_kind: "person", stream_id: Uuid::from_u128(7), event_type: "person_registered", field: "name" };

    fn person(id: u128) -> PersonId {
        PersonId(Uuid::from_u128(id))
    }

    #[test]
    fn a_sealed_text_opens_where_it_was_sealed_for() {
        let key = PersonKey::generate();
        let sealed = key.seal(person(1), &HERE, "陈静");
        assert_eq!(key.open(&sealed, &HERE).as_deref(), Ok("陈静"));
    }

    #[test]
    fn sealing_twice_gives_two_ciphertexts_that_both_open() {
        let key = PersonKey::generate();
        let (once, twice) = (key.seal(person(1), &HERE, "陈静"), key.seal(person(1), &HERE, "陈静"));
        assert_ne!(once, twice);
        assert_eq!(key.open(&once, &HERE), key.open(&twice, &HERE));
    }

    #[test]
    fn another_key_or_another_person_is_refused() {
        let (key, other) = (PersonKey::generate(), PersonKey::generate());
        let mut sealed = key.seal(person(1), &HERE, "陈静");
        assert_eq!(other.open(&sealed, &HERE), Err(OpenError::Authentication));
        sealed.of = person(2);
        assert_eq!(key.open(&sealed, &HERE), Err(OpenError::Authentication));
    }

    #[test]
    fn what_is_no_sealed_text_is_malformed() {
        let key = PersonKey::generate();
        assert_eq!(key.open(&Sealed { of: person(1), text: "陈静".into() }, &HERE), Err(OpenError::Malformed));
        assert_eq!(key.open(&Sealed { of: person(1), text: "AAAA".into() }, &HERE), Err(OpenError::Authentication));
    }

    #[test]
    fn debug_shows_no_key() {
        let key = PersonKey::from_bytes([0xAB; KEY_BYTES]);
        assert_eq!(format!("{key:?} {:?}", Some(&key)), "PersonKey(redacted) Some(PersonKey(redacted))");
    }

    /// The log keeps its texts for ever: what an earlier version sealed must open.
    #[test]
    fn a_text_sealed_long_ago_still_opens() {
        let key = PersonKey::from_bytes([0x5a; KEY_BYTES]);
        let sealed = Sealed { of: person(1), text: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXwksKmK97Z4RlYZxcHLadYdKhUf8W1A==".into() };
        assert_eq!(key.open(&sealed, &HERE).as_deref(), Ok("陈静"));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let shifted = SealedFor { stream_kind: "perso", event_type: "nperson_registered", ..HERE };
        assert_ne!(HERE.canonical_bytes(person(1)), shifted.canonical_bytes(person(1)));
    }

    proptest! {
        #[test]
        fn any_text_opens_again(text in any::<String>(), id in any::<u128>()) {
            let key = PersonKey::generate();
            let sealed = key.seal(person(id), &HERE, &text);
            prop_assert_eq!(key.open(&sealed, &HERE), Ok(text));
        }

        #[test]
        fn no_other_place_opens_it(kind in ".{0,8}", stream in any::<u128>(), event in ".{0,8}", field in ".{0,8}", text in any::<String>()) {
            let there = SealedFor { stream_kind: &kind, stream_id: Uuid::from_u128(stream), event_type: &event, field: &field };
            prop_assume!(there != HERE);
            let key = PersonKey::generate();
            prop_assert_eq!(key.open(&key.seal(person(1), &HERE, &text), &there), Err(OpenError::Authentication));
            for near in [
                SealedFor { stream_kind: &kind, ..HERE }, SealedFor { stream_id: there.stream_id, ..HERE },
                SealedFor { event_type: &event, ..HERE }, SealedFor { field: &field, ..HERE },
            ] {
                prop_assume!(near != HERE);
                prop_assert_eq!(key.open(&key.seal(person(1), &HERE, &text), &near), Err(OpenError::Authentication));
            }
        }

        #[test]
        fn no_changed_byte_is_overlooked(text in any::<String>(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let key = PersonKey::generate();
            let mut sealed = key.seal(person(1), &HERE, &text);
            let mut bytes = STANDARD.decode(&sealed.text).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            sealed.text = STANDARD.encode(bytes);
            prop_assert_eq!(key.open(&sealed, &HERE), Err(OpenError::Authentication));
        }
    }
}
