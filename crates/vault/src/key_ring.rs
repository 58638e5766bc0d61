//! The opened keys of the persons somebody asked for, and the bounded cache behind them.

use std::{collections::HashMap, fmt, num::NonZeroUsize};

use gongyi_domain::values::{PersonId, Sealed};
use lru::LruCache;

use crate::sealing::{OpenError, PersonKey, SealedFor};

/// How many opened data keys are kept in memory.
pub const KEY_CACHE_MAX_PERSONS: usize = 20_000;

#[derive(Clone)]
pub(crate) enum Slot {
    Held(PersonKey),
    Destroyed,
}

/// The keys of the persons it was fetched for. Fetch it for one request and drop it: it does not notice an erasure.
#[derive(Clone, Default)]
pub struct KeyRing(pub(crate) HashMap<PersonId, Slot>);

impl KeyRing {
    /// Opens a sealed text; `None` if its person's key is destroyed.
    ///
    /// # Errors
    /// [`OpenError::NoKey`] if the ring was not fetched for this person or the vault has never known them;
    /// [`OpenError::Authentication`] and [`OpenError::Malformed`] as for [`PersonKey::open`].
    pub fn open(&self, sealed: &Sealed, aad: &SealedFor<'_>) -> Result<Option<String>, OpenError> {
        match self.0.get(&sealed.of) {
            Some(Slot::Held(key)) => key.open(sealed, aad).map(Some),
            Some(Slot::Destroyed) => Ok(None),
            None => Err(OpenError::NoKey),
        }
    }

    /// The key of a person; `None` if it is destroyed or not in the ring.
    pub fn key(&self, person: PersonId) -> Option<&PersonKey> {
        match self.0.get(&person)? {
            Slot::Held(key) => Some(key),
            Slot::Destroyed => None,
        }
    }

    /// Whether the person's key is known to be destroyed.
    pub fn is_destroyed(&self, person: PersonId) -> bool {
        matches!(self.0.get(&person), Some(Slot::Destroyed))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} persons, redacted)", self.0.len())
    }
}

/// Opened keys, and how many erasures there have been.
pub(crate) struct KeyCache {
    pub(crate) keys: LruCache<PersonId, PersonKey>,
    pub(crate) erasures: u64,
}

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self { keys: LruCache::new(NonZeroUsize::new(KEY_CACHE_MAX_PERSONS).unwrap_or(NonZeroUsize::MIN)), erasures: 0 }
    }

    /// Forgets all keys.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.erasures += 1;
    }

    /// Forgets the keys of persons who were erased.
    pub(crate) fn forget(&mut self, persons: &[PersonId]) {
        self.erasures += 1;
        for person in persons {
            self.keys.pop(person);
        }
    }

    /// Keeps keys read while there had been `erasures`; drops them if there has been another since.
    pub(crate) fn keep(&mut self, ring: &KeyRing, erasures: u64) {
        if self.erasures == erasures {
            for (person, slot) in &ring.0 {
                if let Slot::Held(key) = slot {
                    self.keys.put(*person, key.clone());
                }
            }
        }
    }
}
