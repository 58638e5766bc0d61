//! The contract, kept by this crate's engines.

use std::{any::Any, sync::Arc};

use uuid::Uuid;

use super::*;
use crate::{MemoryLog, SqliteLog, SqliteSettings};

mod memory_engine {
    use super::*;

    async fn open(log_id: Uuid) -> (Tested, Box<dyn Any>) {
        (Arc::new(MemoryLog::new(log_id)), Box::new(()))
    }
    crate::contract_tests!(open);
}

mod sqlite_engine {
    use super::*;

    async fn open(log_id: Uuid) -> (Tested, Box<dyn Any>) {
        let folder = tempfile::tempdir().unwrap();
        let settings = SqliteSettings { new_log_id: Some(log_id), ..SqliteSettings::default() };
        let log = SqliteLog::open(folder.path().join("log.db"), settings).await.unwrap();
        (Arc::new(log), Box::new(folder))
    }
    crate::contract_tests!(open);
}

mod random_histories {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn step() -> impl Strategy<Value = Step> {
        let stale = prop_oneof![12 => Just(0u8), 1 => 1u8..3];
        let command = prop_oneof![4 => any::<u8>(), 1 => 0u8..4];
        let digest = prop_oneof![9 => Just(0u8), 1 => Just(1u8)];
        (0u8..2, command, digest, vec((0u8..4, stale), 0..4), vec(0u8..4, 0..4), any::<bool>()).prop_map(
            |(actor, command, digest, mut expectations, events, complete)| {
                if complete {
                    expectations.extend(events.iter().map(|stream| (*stream, 0)));
                }
                Step { actor, command, digest, expectations, events }
            },
        )
    }

    fn block_on(future: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn in_memory(steps in vec(step(), 1..80)) {
            block_on(agrees_with_the_model(Arc::new(MemoryLog::new(LOG_ID)), &steps));
        }

        #[test]
        fn in_sqlite(steps in vec(step(), 1..80)) {
            block_on(async {
                let folder = tempfile::tempdir().unwrap();
                let log = Arc::new(SqliteLog::open(folder.path().join("log.db"), SqliteSettings::default()).await.unwrap());
                agrees_with_the_model(log.clone(), &steps).await;
                log.close().await;
            });
        }
    }
}
