//! The silent failure made loud here: a view that depends on how its events were cut into batches, on a crash, or on
//! what was known while it was built.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::sync::Arc;

use gongyi_domain::volunteering::service_record::ServicePhase;
use gongyi_eventlog::Upcasters;
use gongyi_projections::{GroupBy, ParticipationFilter, Views};
use harness::{Platform, WAIT, dump, story::Story};
use proptest::prelude::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn wishes(most: usize) -> impl Strategy<Value = Vec<(u8, u32, u32)>> {
    proptest::collection::vec((any::<u8>(), any::<u32>(), any::<u32>()), 1..most)
}

async fn rebuilt(platform: &Platform) -> std::path::PathBuf {
    let opener = Arc::new(platform.vault.clone());
    let (log, upcasters) = (Arc::clone(&platform.log), Arc::new(Upcasters::new()));
    Views::rebuild(platform.dir.path(), log, upcasters, opener, platform.options, |_, _| ()).await.unwrap()
}

async fn live_equals_rebuilt(wishes: &[(u8, u32, u32)], batch: usize, kept: usize, stops: &[u8]) {
    let mut platform = Platform::new();
    platform.options.batch_events = batch;
    let mut story = Story::new();
    let mut running = platform.run().await;
    for (n, (what, a, b)) in wishes.iter().enumerate() {
        story.wish(&mut platform, *what, *a, *b).await;
        if stops.iter().any(|stop| usize::from(*stop) == n) {
            running.abort().await;
            running = platform.run().await;
        }
    }
    let head = platform.log.head().await.unwrap().position;
    running.views.wait_for(head, WAIT).await.unwrap();
    let live = dump(running.views.path()).await;
    running.stop().await;
    // In batches of another size, with rows that wait in memory.
    (platform.options.batch_events, platform.options.kept_rows) = (1_000 / (1 + kept), kept);
    let file = rebuilt(&platform).await;
    assert_eq!(live, dump(&file).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn rebuild_equals_live(wishes in wishes(160), batch in 1usize..40, kept in 0usize..60, stops in proptest::collection::vec(any::<u8>(), 0..4)) {
        runtime().block_on(live_equals_rebuilt(&wishes, batch, kept, &stops));
    }

    /// As above, in meetings alone: among all else few of them ever come to a vote.
    #[test]
    fn rebuilt_meetings_equal_live_ones(wishes in proptest::collection::vec((Just(140u8), any::<u32>(), any::<u32>()), 1..160), batch in 1usize..40, kept in 0usize..60) {
        runtime().block_on(live_equals_rebuilt(&wishes, batch, kept, &[]));
    }

    /// As above, in projects and their money alone.
    #[test]
    fn rebuilt_projects_equal_live_ones(wishes in proptest::collection::vec((prop_oneof![9 => Just(240u8), 1 => Just(4u8)], any::<u32>(), any::<u32>()), 1..300), batch in 1usize..40, kept in 0usize..60) {
        runtime().block_on(live_equals_rebuilt(&wishes, batch, kept, &[]));
    }

    #[test]
    fn participation_equals_a_naive_recount(wishes in wishes(200)) {
        runtime().block_on(async {
            let mut platform = Platform::new();
            platform.options.batch_events = 13;
            let mut story = Story::new();
            for (what, a, b) in &wishes {
                // Mostly service.
                story.wish(&mut platform, if *what < 60 { *what } else { 20 }, *a, *b).await;
            }
            let views = platform.settled().await;
            for area in [None, Some("440402001"), Some("440402002003")] {
                let area = area.map(|code| code.parse().unwrap());
                let (from, to) = ("2025-12-01".parse().unwrap(), "2026-02-10".parse().unwrap());
                let filter = ParticipationFilter { area: area.clone(), organisation: None, include_below: false, person: None, from, to, known_at: None };
                let groups = [GroupBy::Area, GroupBy::Month, GroupBy::Category, GroupBy::Organisation];
                let fits = |setting: &gongyi_domain::volunteering::service_record::Setting, day| {
                    area.as_ref().is_none_or(|area: &gongyi_domain::values::AreaCode| area.contains(&setting.area)) && from <= day && day <= to
                };
                for groups in [&groups[..], &groups[..1], &groups[1..2], &[]] {
                    let got = views.participation(&filter, groups, None).await.unwrap();
                    let total = story.counted(|_, setting, served| fits(setting, served.day));
                    assert_eq!((got.total.attested_minutes, got.total.declared_minutes, got.total.records), total);
                    let sum = got.rows.iter().fold((0, 0, 0), |sum, row| {
                        (sum.0 + row.attested_minutes, sum.1 + row.declared_minutes, sum.2 + row.records)
                    });
                    assert_eq!(sum, total);
                    for row in &got.rows {
                        let mut heads = std::collections::BTreeSet::new();
                        for (volunteer, ledger) in &story.ledgers {
                            for record in ledger.records.values() {
                                let (setting, served) = (&record.setting, &record.served);
                                let in_row = row.area.as_ref().is_none_or(|it| {
                                    let level = it.as_str().len();
                                    setting.area.as_str()[..level.min(setting.area.as_str().len())] == *it.as_str()
                                        && (setting.area.as_str().len() >= level)
                                }) && row.month.as_ref().is_none_or(|it| served.day.to_string().starts_with(it))
                                    && row.category.is_none_or(|it| it == served.category)
                                    && row.organisation.is_none_or(|it| it == setting.organisation);
                                // A larger area's own row holds only what counts at that area itself.
                                let whole = row.area.as_ref().is_none_or(|it| {
                                    got.rows.iter().all(|other| other.area.as_ref().is_none_or(|o| o == it || !it.contains(o)))
                                        || setting.area == *it
                                });
                                if record.phase == ServicePhase::Confirmed && fits(setting, served.day) && in_row && whole {
                                    heads.insert(*volunteer);
                                }
                            }
                        }
                        assert_eq!(row.volunteers, heads.len() as u64, "{row:?}");
                    }
                }
            }
            // Each volunteer's totals.
            for n in 0..6 {
                let id = harness::story::volunteer(n);
                if let Some(view) = views.volunteer(id).await.unwrap() {
                    let (attested, declared, records) = story.counted(|volunteer, _, _| volunteer == id.0);
                    let got = (view.attested_minutes as i64, view.declared_minutes as i64, view.records as i64);
                    assert_eq!(got, (attested, declared, records));
                }
            }
        });
    }
}
