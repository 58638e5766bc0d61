//! Every ballot of nine participatory budgets and nine ranked elections, cast again through the command path, counted, and
//! recounted from the log. What is counted is what was published, or the benchmark fails.
//! `cargo bench -p gongyi-app --bench real_ballots [-- MOST_BALLOTS_OF_A_FILE]`; `tests/real/fetch.sh` fetches the files.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "../tests/real/ballots.rs"]
mod ballots;
#[expect(dead_code, reason = "the tests' district; this needs its electorate")]
#[expect(unused_imports, reason = "the tests' district; this needs its electorate")]
#[path = "../tests/harness/mod.rs"]
mod harness;

use std::{sync::Arc, time::Instant};

use ballots::{BUDGETS, Held, RANKED, budget, cast_again, is_as_published, ranked};
use gongyi_app::deliberation::recount::recount;
use gongyi_eventlog::Upcasters;
use harness::{District, Voter};

fn main() {
    let most = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(usize::MAX);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(run(most));
}

async fn run(most: usize) {
    type Read = fn(&str) -> Held;
    let budgets = BUDGETS.into_iter().map(|(file, ballots)| (file, ballots, budget as Read));
    let files = budgets.chain(RANKED.into_iter().map(|(file, ballots)| (file, ballots, ranked as Read)));
    let files: Vec<_> = files.filter(|(_, ballots, _)| *ballots <= most).collect();
    let district = District::durable().await;
    let largest = files.iter().map(|(_, ballots, _)| *ballots).max().unwrap();
    let voters: Arc<[Voter]> = district.electorate(largest).await.into();
    println!("{:<52} {:>8} {:>8} {:>10}", "", "options", "ballots", "per second");
    let (mut all, began) = (0, Instant::now());
    for (file, ballots, read) in &files {
        let held = read(file);
        assert_eq!(held.ballots.len(), *ballots, "{file}");
        let began = Instant::now();
        let report = cast_again(&district, &voters, &held).await;
        let rate = *ballots as f64 / began.elapsed().as_secs_f64();
        is_as_published(file, &held, &report);
        println!("{file:<52} {:>8} {ballots:>8} {rate:>10.0}", held.options.len());
        all += ballots;
    }
    println!("{} files, {all} ballots in {:.0} s, rolls and counts included; all as published", files.len(), began.elapsed().as_secs_f64());
    let began = Instant::now();
    let again = recount(district.app.log().as_ref(), &Upcasters::new(), |_| ()).await.unwrap();
    assert!(again.is_sound() && again.decisions.len() == files.len());
    println!("recounted from the log alone in {:.1} s: the same", began.elapsed().as_secs_f64());
}
