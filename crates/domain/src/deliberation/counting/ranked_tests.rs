//! Makes loud: a tie that is told wrongly or not at all, somebody elected by the order of the ballot or without a vote, and
//! a count that other implementations end otherwise.

use proptest::prelude::*;

use super::*;

/// Results of other implementations; `ranked_reference.py` beside it says how they were made.
const REFERENCE: &str = include_str!("ranked_reference.tsv");

/// The same count written as plainly as can be: in floats, one option after the other, every lot followed to its end.
mod plain {
    use std::collections::{BTreeMap, BTreeSet};

    /// Numbers closer than this are equal; in polls as small as these, numbers that differ do so by more.
    const EQUAL: f64 = 1e-9;

    /// Everybody who is elected under every order of the lots, and under some of them only.
    pub fn elect(options: u16, ballots: &[(Vec<u16>, u64)], places: u16) -> (Vec<u16>, Vec<u16>) {
        let mut ends = BTreeSet::new();
        follow(ballots, places, &(1..=options).collect::<Vec<_>>(), &[], &mut ends);
        let in_ends = |option: u16| ends.iter().filter(|end| end.contains(&option)).count();
        let elected = (1..=options).filter(|it| in_ends(*it) == ends.len()).collect();
        let tied = (1..=options).filter(|it| (1..ends.len()).contains(&in_ends(*it))).collect();
        (elected, tied)
    }

    fn follow(ballots: &[(Vec<u16>, u64)], places: u16, hopeful: &[u16], elected: &[u16], ends: &mut BTreeSet<BTreeSet<u16>>) {
        if hopeful.is_empty() || elected.len() == usize::from(places) {
            ends.insert(elected.iter().copied().collect());
            return;
        }
        let (votes, threshold) = votes(ballots, places, hopeful, elected);
        let others = |than: u16| hopeful.iter().copied().filter(|it| *it != than).collect::<Vec<_>>();
        if let Some(winner) = hopeful.iter().find(|it| votes[it] > threshold + EQUAL) {
            return follow(ballots, places, &others(*winner), &[elected, &[*winner]].concat(), ends);
        }
        let fewest = hopeful.iter().map(|it| votes[it]).fold(f64::INFINITY, f64::min);
        for loser in hopeful.iter().filter(|it| votes[it] < fewest + EQUAL) {
            follow(ballots, places, &others(*loser), elected, ends);
        }
    }

    fn votes(ballots: &[(Vec<u16>, u64)], places: u16, hopeful: &[u16], elected: &[u16]) -> (BTreeMap<u16, f64>, f64) {
        let mut keep: BTreeMap<u16, f64> = hopeful.iter().chain(elected).map(|it| (*it, 1.0)).collect();
        loop {
            let (mut votes, mut active): (BTreeMap<u16, f64>, f64) = (keep.keys().map(|it| (*it, 0.0)).collect(), 0.0);
            for (order, count) in ballots {
                let (all, mut rest) = (*count as f64, *count as f64);
                for option in order.iter().filter(|it| keep.contains_key(it)) {
                    *votes.get_mut(option).unwrap() += rest * keep[option];
                    rest *= 1.0 - keep[option];
                }
                active += all - rest;
            }
            let threshold = active / f64::from(places + 1);
            let mut changed = 0.0_f64;
            for option in elected {
                let next = (keep[option] * threshold / votes[option]).min(1.0);
                changed = changed.max((keep[option] - next).abs());
                keep.insert(*option, next);
            }
            if changed < 1e-14 {
                return (votes, threshold);
            }
        }
    }
}

fn rankings(options: u16, ballots: &[(Vec<u16>, u64)]) -> Rankings {
    let mut rankings = Rankings::new(options);
    ballots.iter().for_each(|(order, count)| rankings.add(order, *count).unwrap());
    rankings
}

fn placing(options: u16, ballots: &[(Vec<u16>, u64)], places: u16) -> Placing {
    rankings(options, ballots).elect(places, RankedRule::EveryLot).unwrap()
}

/// Elected and tied, of a count that followed every lot to its end.
fn elect(options: u16, orders: &[(&[u16], u64)], places: u16) -> (Vec<u16>, Vec<u16>) {
    let ballots: Vec<_> = orders.iter().map(|(order, count)| (order.to_vec(), *count)).collect();
    let Placing { elected, tied, too_many_ties, .. } = placing(options, &ballots, places);
    assert!(!too_many_ties);
    (elected, tied)
}

#[test]
fn other_implementations_elect_the_same() {
    let (mut single, mut several) = (0, 0);
    for line in REFERENCE.lines() {
        let [seats, options, ballots, elected] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let ballot = |text: &str| {
            let (count, order) = text.split_once(':').unwrap();
            (order.split('>').map(|option| option.parse().unwrap()).collect(), count.parse().unwrap())
        };
        let ballots: Vec<(Vec<u16>, u64)> = ballots.split(';').map(ballot).collect();
        let Placing { elected: mut ours, tied, too_many_ties, .. } = placing(options.parse().unwrap(), &ballots, seats.parse().unwrap());
        ours.sort_unstable();
        let theirs: Vec<u16> = elected.split(' ').map(|option| option.parse().unwrap()).collect();
        assert_eq!((ours, tied, too_many_ties), (theirs, vec![], false), "{line}");
        if seats == "1" { single += 1 } else { several += 1 }
    }
    assert!(single > 50 && several > 50, "{single} and {several}");
}

#[test]
fn a_tie_that_decides_is_told_of_all_who_are_in_it() {
    assert_eq!(elect(2, &[(&[1], 5), (&[2], 5)], 1), (vec![], vec![1, 2]));
    assert_eq!(elect(3, &[(&[1], 2), (&[2], 2), (&[3], 2)], 1), (vec![], vec![1, 2, 3]), "also who stands between");
    assert_eq!(elect(3, &[(&[1], 3), (&[2], 3), (&[3], 3)], 2), (vec![], vec![1, 2, 3]), "the threshold is not more than itself");
    assert_eq!(elect(3, &[(&[1], 6), (&[2], 2), (&[3], 2)], 1), (vec![1], vec![]), "a tie of those who lose anyway");
    // Without 2, 1 is elected; without 1 or 3, 2 is.
    assert_eq!(elect(4, &[(&[1, 2], 2), (&[2, 1], 2), (&[3, 2], 2), (&[4], 3)], 1), (vec![], vec![1, 2]), "not of who loses anyway");
}

#[test]
fn nobody_is_elected_of_nothing_and_all_who_are_named_where_there_is_room() {
    assert_eq!(elect(3, &[], 1), (vec![], vec![]));
    assert_eq!(elect(3, &[(&[1], 3)], 0), (vec![], vec![]));
    assert_eq!(elect(2, &[(&[2], 1)], 2), (vec![2], vec![]));
    assert_eq!(elect(4, &[(&[2], 7)], 2), (vec![2], vec![]), "a place stays open");
    assert_eq!(elect(3, &[(&[1], 10), (&[2, 3], 1)], 3), (vec![1, 2, 3], vec![]));
}

#[test]
fn a_surplus_goes_on_to_the_next() {
    // 62 of 90 want 1 and then 2; the quota for two places is 30, so 1 passes on what 2 needs.
    assert_eq!(elect(3, &[(&[1, 2], 62), (&[3], 28)], 2), (vec![1, 2], vec![]));
}

#[test]
fn the_elected_stand_in_the_order_of_their_election() {
    assert_eq!(elect(4, &[(&[3], 50), (&[2], 40), (&[1], 20), (&[4, 1], 19)], 3), (vec![3, 2, 1], vec![]));
}

/// A surplus that two hand to and fro: keep factors close to 1, which iteration alone comes close to by thousandths.
#[test]
fn a_surplus_that_goes_to_and_fro_ends_up_exhausted() {
    let ballots: [(&[u16], u64); 4] = [(&[1, 2], 100_001), (&[2, 1], 100_001), (&[3], 100_000), (&[4], 99_999)];
    assert_eq!(elect(4, &ballots, 3), (vec![1, 2, 3], vec![]), "what 1 and 2 keep falls to 99,999.5");
}

#[test]
fn who_has_less_together_than_any_other_needs_no_lot() {
    // 28 with one vote each could be excluded in more orders than can be followed; with 28 they are fewer than 35.
    let some = (3..=30).map(|option| (vec![option, 1], 1));
    let ballots: Vec<_> = [(vec![1], 30), (vec![2], 35)].into_iter().chain(some).collect();
    let Placing { elected, tied, too_many_ties, stages } = placing(30, &ballots, 1);
    assert_eq!((elected, tied, too_many_ties, stages.len()), (vec![1], vec![], false, 2));
}

#[test]
fn too_many_ties_are_said_and_nobody_who_is_undecided_is_elected() {
    let ballots: Vec<_> = (1..=20).map(|option| (vec![option], 1)).chain([(vec![21], 60)]).collect();
    let Placing { elected, tied, too_many_ties, .. } = placing(21, &ballots, 2);
    assert_eq!((elected, tied, too_many_ties), (vec![21], (1..=20).collect(), true));
}

#[test]
fn the_earlier_rule_counts_as_it_counted() {
    let equal = rankings(3, &[(vec![1], 3), (vec![2], 3), (vec![3], 3)]);
    let earlier = |places| equal.elect(places, RankedRule::TwoLots).map(|it| (it.elected, it.tied));
    assert_eq!(earlier(1), Ok((vec![], vec![1, 3])));
    assert_eq!(earlier(2), Ok((vec![2], vec![1, 3])));
    assert_eq!(earlier(3), Ok((vec![1, 2, 3], vec![])));
}

fn any_order(options: u16) -> impl Strategy<Value = Vec<u16>> {
    (Just((1..=options).collect::<Vec<_>>()).prop_shuffle(), 1..=usize::from(options)).prop_map(|(mut order, named)| {
        order.truncate(named);
        order
    })
}

type Ballots = Vec<(Vec<u16>, u64)>;

/// Options, ballots and places.
fn any_poll(options_max: u16, orders_max: usize, alike_max: u64, places_max: u16) -> impl Strategy<Value = (u16, Ballots, u16)> {
    (1..=options_max).prop_flat_map(move |options| {
        let ballots = proptest::collection::vec((any_order(options), 1..=alike_max), 1..=orders_max);
        (Just(options), ballots, 1..=places_max)
    })
}

fn agrees_with_the_plain_count(options: u16, ballots: &Ballots, places: u16) -> Result<(), TestCaseError> {
    let Placing { mut elected, tied, too_many_ties, .. } = placing(options, ballots, places);
    elected.sort_unstable();
    prop_assert_eq!((elected, tied, too_many_ties), {
        let (elected, tied) = plain::elect(options, ballots, places);
        (elected, tied, false)
    });
    Ok(())
}

/// Counted by hand, eight ballots for two places: 1 has three and needs 8/3, so that a third of a vote goes on to 2; then 4 is
/// excluded, a vote is exhausted, 1 needs 7/3, and two thirds of a vote have gone on to 2.
#[test]
fn the_stages_tell_the_course_of_a_count() {
    let ballots = [(vec![1, 2], 3), (vec![2], 2), (vec![3, 2], 2), (vec![4], 1)];
    let Placing { elected, tied, stages, .. } = placing(4, &ballots, 2);
    assert_eq!((elected, tied), (vec![1, 2], vec![]));
    let told: Vec<_> = stages
        .iter()
        .map(|stage| {
            let votes: Vec<_> = stage.votes.iter().map(|it| format!("{}: {}", it.option, it.votes)).collect();
            (votes.join(" "), &stage.threshold[..], &stage.exhausted[..], &stage.elected[..], &stage.excluded[..])
        })
        .collect();
    #[expect(clippy::type_complexity, reason = "a table")]
    let expected: [(String, &str, &str, &[u16], &[u16]); 3] = [
        ("1: 3 2: 2 3: 2 4: 1".into(), "2.666666", "0", &[1], &[]),
        ("2: 2.333333 3: 2 4: 1".into(), "2.666666", "0", &[], &[4]),
        ("2: 2.666666 3: 2".into(), "2.333333", "1", &[2], &[]),
    ];
    assert_eq!(told, expected);
    let wording = stages[1].wording(|option| format!("#{option}"));
    assert_eq!(wording.zh, "#2 2.333333、#3 2、#4 1，超过 2.666666 票当选，0 票已无去向，#4淘汰");
    assert_eq!(wording.en, "#2 2.333333, #3 2, #4 1, more than 2.666666 is elected, 0 exhausted, #4 excluded");
}

/// Where a lot would decide the stages end, for what follows differs from lot to lot.
#[test]
fn the_stages_end_before_a_lot() {
    let Placing { elected, tied, stages, .. } = placing(3, &[(vec![1], 2), (vec![2], 2), (vec![3], 2)], 1);
    assert_eq!((elected, tied, stages.len()), (vec![], vec![1, 2, 3], 1));
    assert_eq!((&stages[0].alike[..], &stages[0].excluded[..]), (&[1, 2, 3][..], &[][..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn small_polls_end_as_the_plain_count_says((options, ballots, places) in any_poll(5, 8, 1, 3)) {
        agrees_with_the_plain_count(options, &ballots, places)?;
    }
}

proptest! {
    #[test]
    fn larger_polls_end_as_the_plain_count_says((options, ballots, places) in any_poll(7, 12, 40, 5)) {
        agrees_with_the_plain_count(options, &ballots, places)?;
    }

    /// Whose ballot comes first does not matter, and another name changes nothing but the name.
    #[test]
    fn voters_and_options_are_treated_alike(
        (places, ballots, shuffled, names) in any_poll(6, 10, 3, 4).prop_flat_map(|(options, ballots, places)| {
            let names = Just((1..=options).collect::<Vec<_>>()).prop_shuffle();
            (Just(places), Just(ballots.clone()), Just(ballots).prop_shuffle(), names)
        }),
    ) {
        let options = u16::try_from(names.len()).unwrap();
        let placed = placing(options, &ballots, places);
        prop_assert_eq!(&placing(options, &shuffled, places), &placed);
        let renamed = |of: &[u16]| of.iter().map(|option| names[usize::from(*option) - 1]).collect::<Vec<u16>>();
        let others: Ballots = ballots.iter().map(|(order, count)| (renamed(order), *count)).collect();
        let sorted = |mut of: Vec<u16>| {
            of.sort_unstable();
            of
        };
        let again = placing(options, &others, places);
        prop_assert_eq!((sorted(again.elected), again.tied), (sorted(renamed(&placed.elected)), sorted(renamed(&placed.tied))));
    }

    /// Somebody without a vote is not elected; a place stays open if nobody is left who has one, and else it is filled or tied.
    #[test]
    fn places_are_filled_or_tied_by_those_who_are_named((options, ballots, places) in any_poll(6, 6, 5, 6)) {
        let named: BTreeSet<u16> = ballots.iter().flat_map(|(order, _)| order).copied().collect();
        let Placing { elected, tied, .. } = placing(options, &ballots, places);
        prop_assert!(elected.iter().chain(&tied).all(|it| named.contains(it)));
        let filled = usize::from(places).min(named.len());
        let fits = if tied.is_empty() { elected.len() == filled } else { elected.len() < filled && elected.len() + tied.len() > filled };
        prop_assert!(fits, "{:?} and {:?} for {} of {}", elected, tied, places, named.len());
    }

    /// More than half of the first preferences wins one place, whatever the rest says.
    #[test]
    fn a_majority_wins(orders in proptest::collection::vec((any_order(4), 1u64..50), 1..12), winner in 1u16..=4) {
        let others: u64 = orders.iter().map(|(_, ballots)| ballots).sum();
        let ballots: Ballots = orders.into_iter().chain([(vec![winner], others + 1)]).collect();
        let Placing { elected, tied, stages, .. } = placing(4, &ballots, 1);
        prop_assert_eq!((elected, tied), (vec![winner], vec![]));
        prop_assert_eq!((stages.len(), &stages[0].elected), (1, &vec![winner]));
    }
}
