//! A connection for one answer, whose work ends when nobody waits for the answer any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction, pool::PoolConnection};

/// So many of SQLite's instructions pass until it is asked again whether somebody still waits: less than a millisecond of work.
const LOOK_EVERY_INSTRUCTIONS: i32 = 10_000;
/// As long as a reader works at most, in seconds, also where pages are read together for several who wait: a request's own
/// limit.
const WORK_MAX_SECONDS: u64 = 30;

/// Whoever drops it before the answer is there (a time limit, a client that has gone) ends the statement that runs, which would
/// go on to its own end otherwise and keep one of the few readers.
pub(crate) struct Reader {
    // Dropped before the connection goes back.
    _waits: Waits,
    connection: PoolConnection<Sqlite>,
}

struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Reader {
    pub(crate) async fn of(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        let waits = Arc::new(AtomicBool::new(true));
        let (still, end) = (waits.clone(), Instant::now() + Duration::from_secs(WORK_MAX_SECONDS));
        let goes_on = move || still.load(Ordering::Relaxed) && Instant::now() < end;
        connection.lock_handle().await?.set_progress_handler(LOOK_EVERY_INSTRUCTIONS, goes_on);
        Ok(Self { _waits: Waits(waits), connection })
    }

    /// One short transaction: what is read in it is of the same moment.
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_, Sqlite>, sqlx::Error> {
        self.connection.begin().await
    }

    /// Makes a connection whole again for whoever is next.
    pub(crate) async fn release(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
        connection.lock_handle().await?.remove_progress_handler();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers";

    #[tokio::test]
    async fn what_nobody_waits_for_ends_and_its_connection_reads_on() {
        let options = SqlitePoolOptions::new().max_connections(1);
        let options = options.after_release(|connection, _| Box::pin(Reader::release(connection)));
        let pool = options.connect("sqlite::memory:").await.unwrap();
        for _ in 0..3 {
            let reads = async {
                let mut reader = Reader::of(&pool).await.unwrap();
                let mut transaction = reader.begin().await.unwrap();
                sqlx::query(ENDLESS).fetch_all(&mut *transaction).await
            };
            assert!(tokio::time::timeout(Duration::from_millis(50), reads).await.is_err(), "it has no end");
            // The only connection is free again, and long work on it that somebody waits for is done.
            let sums =
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 100000) SELECT sum(n) FROM numbers";
            let next = async { sqlx::query_scalar::<_, i64>(sums).fetch_one(&pool).await };
            let sum = tokio::time::timeout(Duration::from_secs(60), next).await.expect("the reader is kept").unwrap();
            assert_eq!(sum, 5_000_050_000);
        }
    }
}
