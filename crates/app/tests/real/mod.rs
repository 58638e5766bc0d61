//! Ballots that were cast in earnest, cast again. Makes loud: a count that fits the ballots we invent and no others.
//!
//! 2,553 ballots of the participatory budget of Świecie and 2,296 of seven ranked elections; `cargo bench --bench
//! real_ballots` casts all 511,064 of all eighteen.

pub mod ballots;

use std::sync::Arc;

use gongyi_app::deliberation::recount::recount;
use gongyi_eventlog::Upcasters;

use self::ballots::{BUDGETS, Held, RANKED, budget, cast_again, is_as_published, ranked};
use crate::harness::{District, Voter};

/// Files with more ballots are left to the benchmark.
const BALLOTS_MAX: usize = 5_000;

async fn as_published(files: &[(&str, usize)], read: fn(&str) -> Held) {
    let district = District::durable().await;
    let small = files.iter().filter(|(_, ballots)| *ballots <= BALLOTS_MAX);
    let voters: Arc<[Voter]> = district.electorate(small.clone().map(|(_, ballots)| *ballots).max().unwrap()).await.into();
    let mut polls = 0;
    for (file, ballots) in small {
        let held = read(file);
        assert_eq!(held.ballots.len(), *ballots, "{file}");
        is_as_published(file, &held, &cast_again(&district, &voters, &held).await);
        polls += 1;
    }
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound() && again.decisions.len() == polls, "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_participatory_budgets_votes_are_as_published() {
    as_published(&BUDGETS, budget).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranked_elections_end_as_abiftool_counts_them() {
    as_published(&RANKED, ranked).await;
}

#[test]
fn every_file_reads_and_has_as_many_ballots_as_it_says() {
    let small = |ballots: usize| ballots < 10_000;
    for (file, ballots) in BUDGETS.into_iter().filter(|it| small(it.1)) {
        let held = budget(file);
        assert_eq!(held.ballots.len(), ballots, "{file}");
        assert!(held.ballots.iter().all(|marks| marks.require_fitting(held.method, held.options.len() as u16).is_ok()), "{file}");
    }
}
