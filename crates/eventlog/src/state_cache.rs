//! States of aggregates as a session last knew them: they spare a command the reading and folding of its streams.
//!
//! - A state is kept with its stream's version. Who decides on it commits expecting that version, so nothing is ever
//!   written upon a stale one; but nothing except such a commit shows that it was not stale.
//! - An older version never takes the place of a newer one.
//! - It holds [`STATE_CACHE_MAX_BYTES`] or what it was made for; what was used longest ago goes first.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;

use crate::StreamId;

/// What a cache holds at most, in bytes: payloads of the events that its states were folded from, and
/// [`STATE_OVERHEAD_BYTES`] for each state. A state is about as large as what it was folded from, or smaller.
pub const STATE_CACHE_MAX_BYTES: usize = 96 * 1024 * 1024;
/// What a state takes beside its content, in bytes: its key, its place in the cache, its allocations.
pub const STATE_OVERHEAD_BYTES: usize = 384;

/// A state folded from a stream up to a version.
#[derive(Clone)]
pub(crate) struct Folded {
    pub version: u64,
    /// Payloads it was folded from.
    pub bytes: usize,
    pub state: Arc<dyn Any + Send + Sync>,
}

impl Folded {
    fn cost(&self) -> usize {
        self.bytes.saturating_add(STATE_OVERHEAD_BYTES)
    }
}

/// The cache of one process; clones share it.
#[derive(Clone)]
pub struct StateCache {
    kept: Arc<Mutex<Kept>>,
    answers: bool,
}

struct Kept {
    states: LruCache<StreamId, Folded>,
    bytes: usize,
    max_bytes: usize,
}

impl Default for StateCache {
    fn default() -> Self {
        Self::new(STATE_CACHE_MAX_BYTES)
    }
}

impl StateCache {
    /// An empty cache of so many bytes, counted as for [`STATE_CACHE_MAX_BYTES`]. Of none, it keeps nothing.
    pub fn new(max_bytes: usize) -> Self {
        Self { kept: Arc::new(Mutex::new(Kept { states: LruCache::unbounded(), bytes: 0, max_bytes })), answers: true }
    }

    /// The same cache for one who needs the truth: it takes what was read, and answers nothing.
    #[must_use]
    pub fn filled_only(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), answers: false }
    }

    /// How many states are kept, and their bytes.
    pub fn size(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.states.len(), kept.bytes)
    }

    pub(crate) fn get(&self, stream: &StreamId) -> Option<Folded> {
        if self.answers { self.kept().states.get(stream).cloned() } else { None }
    }

    pub(crate) fn holds(&self, stream: &StreamId) -> bool {
        self.answers && self.kept().states.contains(stream)
    }

    pub(crate) fn put(&self, stream: StreamId, folded: Folded) {
        let mut kept = self.kept();
        if folded.cost() > kept.max_bytes || kept.states.peek(&stream).is_some_and(|old| old.version > folded.version) {
            return;
        }
        kept.bytes += folded.cost();
        if let Some(old) = kept.states.put(stream, folded) {
            kept.bytes -= old.cost();
        }
        while kept.bytes > kept.max_bytes
            && let Some((_, oldest)) = kept.states.pop_lru()
        {
            kept.bytes -= oldest.cost();
        }
    }

    /// Forgets every state: what earlier events say has changed.
    pub fn forget_all(&self) {
        let mut kept = self.kept();
        kept.states.clear();
        kept.bytes = 0;
    }

    pub(crate) fn forget(&self, stream: &StreamId) {
        let mut kept = self.kept();
        if let Some(old) = kept.states.pop(stream) {
            kept.bytes -= old.cost();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for StateCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (states, bytes) = self.size();
        f.debug_struct("StateCache").field("states", &states).field("bytes", &bytes).field("answers", &self.answers).finish()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn stream(id: u128) -> StreamId {
        StreamId::new("note", Uuid::from_u128(id))
    }

    fn folded(version: u64, bytes: usize) -> Folded {
        Folded { version, bytes, state: Arc::new(version) }
    }

    fn version(cache: &StateCache, id: u128) -> Option<u64> {
        cache.get(&stream(id)).map(|folded| folded.version)
    }

    #[test]
    fn an_older_version_never_takes_the_place_of_a_newer_one() {
        let cache = StateCache::default();
        cache.put(stream(1), folded(2, 10));
        cache.put(stream(1), folded(1, 10));
        assert_eq!(version(&cache, 1), Some(2));
        cache.put(stream(1), folded(3, 30));
        assert_eq!((version(&cache, 1), cache.size()), (Some(3), (1, 30 + STATE_OVERHEAD_BYTES)));
        cache.forget(&stream(1));
        cache.forget(&stream(1));
        assert_eq!((version(&cache, 1), cache.size()), (None, (0, 0)));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_the_bound_holds() {
        let cache = StateCache::new(3 * (100 + STATE_OVERHEAD_BYTES));
        (1..=3).for_each(|id| cache.put(stream(id), folded(1, 100)));
        assert_eq!(version(&cache, 1), Some(1));
        cache.put(stream(4), folded(1, 100));
        assert_eq!([1, 2, 3, 4].map(|id| version(&cache, id)), [Some(1), None, Some(1), Some(1)]);
        cache.put(stream(1), folded(2, 150));
        assert!(cache.size().0 == 2 && cache.size().1 <= 3 * (100 + STATE_OVERHEAD_BYTES), "{cache:?}");
        cache.put(stream(5), folded(1, 1_000_000));
        assert_eq!(version(&cache, 5), None, "too large for the whole cache");
        let none = StateCache::new(0);
        none.put(stream(1), folded(1, 0));
        assert_eq!((version(&none, 1), none.size()), (None, (0, 0)));
    }

    #[test]
    fn a_cache_that_is_only_filled_answers_nothing() {
        let cache = StateCache::default();
        cache.filled_only().put(stream(1), folded(1, 10));
        assert!(cache.filled_only().get(&stream(1)).is_none() && !cache.filled_only().holds(&stream(1)));
        assert!(version(&cache, 1) == Some(1) && cache.holds(&stream(1)));
    }
}
