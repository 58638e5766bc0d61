//! One at a time on a stream, within this process: spares commands that would only conflict. Correctness never hangs
//! on it; the log checks expected versions whoever held which lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::StreamId;

type Entries = Mutex<HashMap<StreamId, Arc<AsyncMutex<()>>>>;

/// The locks of this process; clones share them. A stream nobody holds or waits for takes no memory.
#[derive(Debug, Clone, Default)]
pub struct StreamLocks {
    entries: Arc<Entries>,
}

/// A stream is locked until this is dropped.
#[derive(Debug)]
pub struct StreamGuard {
    // The order of these two is the order of their release: the mutex first, then the entry.
    _held: OwnedMutexGuard<()>,
    _claim: Claim,
}

/// Somebody holds or waits for a stream's lock.
#[derive(Debug)]
struct Claim {
    stream: StreamId,
    entries: Arc<Entries>,
    /// `None` only while being dropped.
    lock: Option<Arc<AsyncMutex<()>>>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut entries = entries(&self.entries);
        self.lock = None;
        // Counted under the map's lock: nobody can be on the way to a clone.
        if entries.get(&self.stream).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            entries.remove(&self.stream);
        }
    }
}

fn entries(entries: &Entries) -> MutexGuard<'_, HashMap<StreamId, Arc<AsyncMutex<()>>>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StreamLocks {
    /// No lock held.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for the stream's lock. First come, first served.
    pub async fn lock(&self, stream: &StreamId) -> StreamGuard {
        let lock = Arc::clone(entries(&self.entries).entry(stream.clone()).or_default());
        let claim = Claim { stream: stream.clone(), entries: Arc::clone(&self.entries), lock: Some(Arc::clone(&lock)) };
        // The future owns its clone, and drops it with the guard or when the caller stops waiting.
        let held = lock.lock_owned().await;
        StreamGuard { _held: held, _claim: claim }
    }

    /// Streams that somebody holds or waits for.
    pub fn in_use(&self) -> usize {
        entries(&self.entries).len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn stream(id: u128) -> StreamId {
        StreamId::new("thing", Uuid::from_u128(id))
    }

    #[tokio::test]
    async fn one_at_a_time_and_nothing_stays() {
        let locks = StreamLocks::new();
        let first = locks.lock(&stream(1)).await;
        let other = locks.lock(&stream(2)).await;
        assert_eq!(locks.in_use(), 2);
        drop(other);
        // One that gives up waiting leaves nothing behind and does not disturb the holder.
        assert!(tokio::time::timeout(Duration::from_millis(10), locks.lock(&stream(1))).await.is_err());
        assert_eq!(locks.in_use(), 1);
        drop(first);
        assert_eq!(locks.in_use(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_take_turns() {
        let locks = StreamLocks::new();
        let inside = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let turns = (0..8).map(|_| {
            let (locks, inside) = (locks.clone(), Arc::clone(&inside));
            tokio::spawn(async move {
                for _ in 0..200 {
                    let _guard = locks.lock(&stream(1)).await;
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                }
            })
        });
        for turn in futures::future::join_all(turns).await {
            turn.unwrap();
        }
        assert_eq!(locks.in_use(), 0);
    }
}
