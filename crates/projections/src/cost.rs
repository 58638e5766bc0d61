//! What work costs, told as events of the target `gongyi_projections::cost` at level TRACE; `benches/fold.rs` adds them up.

use std::time::Instant;

/// Measures one piece of work on a table (or on all of them).
pub(crate) struct Clock {
    table: &'static str,
    work: &'static str,
    since: Instant,
}

impl Clock {
    pub(crate) fn start(table: &'static str, work: &'static str) -> Self {
        Self { table, work, since: Instant::now() }
    }

    /// Tells how long it took for so many rows or events; nothing if there were none.
    pub(crate) fn stop(self, rows: usize) {
        let Self { table, work, since } = self;
        let nanoseconds = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        tracing::trace!(target: "gongyi_projections::cost", table, work, rows, nanoseconds);
    }
}
