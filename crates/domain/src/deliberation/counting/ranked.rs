//! The single transferable vote by Meek's rules: every elected option keeps just what it needs of each ballot, the rest
//! goes on to the next preference. With one place this is the alternative vote (instant run-off).
//!
//! Counted by the crate `stv-rs` with the Droop quota, in decimals with nine places and no upper bound, as B. L. Meek's
//! method is published (Hill, Wichmann, Woodall, «Algorithm 123», The Computer Journal 30, 1987).
//!
//! - Where a tie among the last decides, it is told: the count is done with ties broken towards the options first on the
//!   ballot, and again towards the last; who is elected only once is tied.

use std::{collections::BTreeMap, io};

use num_bigint::BigInt;
use stv_rs::{
    arithmetic::BigFixedDecimal9,
    cli::Parallel,
    meek::stv_droop,
    types::{Ballot, Candidate, Election},
};

use super::TooManyToCount;

/// Places after which the surplus counts as given on, a power of ten.
const OMEGA_EXPONENT: usize = 6;

/// Equal orders of preference, counted.
#[derive(Debug, Clone)]
pub struct Rankings {
    options: u16,
    orders: BTreeMap<Vec<u16>, u64>,
}

impl Rankings {
    /// Nothing is counted yet.
    pub fn new(options: u16) -> Self {
        Self { options, orders: BTreeMap::new() }
    }

    /// Counts an order, without gaps and repetitions, on so many ballots.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn add(&mut self, order: &[u16], ballots: u64) -> Result<(), TooManyToCount> {
        if ballots > 0 {
            let known = self.orders.entry(order.to_vec()).or_default();
            *known = known.checked_add(ballots).ok_or(TooManyToCount)?;
        }
        Ok(())
    }

    /// Who is elected to so many places, and who ties for the rest of them.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn elect(&self, seats: u16) -> Result<(Vec<u16>, Vec<u16>), TooManyToCount> {
        if self.orders.is_empty() || seats == 0 {
            return Ok((vec![], vec![]));
        }
        if self.options <= seats {
            return Ok(((1..=self.options).filter(|option| self.orders.keys().any(|order| order.contains(option))).collect(), vec![]));
        }
        let (first, last) = (self.run(seats, false)?, self.run(seats, true)?);
        let (elected, only_first): (Vec<u16>, Vec<u16>) = first.iter().partition(|option| last.contains(option));
        let only_last = last.iter().filter(|option| !first.contains(option));
        let mut tied: Vec<u16> = only_first.iter().chain(only_last).copied().collect();
        tied.sort_unstable();
        Ok((elected, tied))
    }

    /// The elected, in the order of their election.
    fn run(&self, seats: u16, last_first: bool) -> Result<Vec<u16>, TooManyToCount> {
        let options = usize::from(self.options);
        let candidates: Vec<Candidate> = (1..=options).map(|option| Candidate::new(option.to_string(), false)).collect();
        let ballots = self.orders.iter().map(|(order, ballots)| {
            let count = usize::try_from(*ballots).map_err(|_| TooManyToCount)?;
            Ok(Ballot::new(count, order.iter().map(|option| [usize::from(*option) - 1])))
        });
        let ballots = ballots.collect::<Result<Vec<_>, TooManyToCount>>()?;
        // Whoever stands first in this order is the first to be defeated in a tie.
        let defeated_first: Vec<usize> = if last_first { (0..options).collect() } else { (0..options).rev().collect() };
        let election = Election::builder()
            .title("")
            .candidates(candidates)
            .num_seats(usize::from(seats))
            .ballots(ballots)
            .tie_order(defeated_first)
            .build();
        let counted = stv_droop::<BigInt, BigFixedDecimal9>(
            &mut io::sink(),
            &election,
            "gongyi",
            OMEGA_EXPONENT,
            Parallel::No,
            None,
            false,
            true,
            false,
        );
        let elected = counted.map_err(|_| TooManyToCount)?.elected;
        elected.into_iter().map(|option| u16::try_from(option + 1).map_err(|_| TooManyToCount)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Results of other implementations; `ranked_reference.py` beside it says how they were made.
    const REFERENCE: &str = include_str!("ranked_reference.tsv");

    fn rankings(options: u16, orders: &[(&[u16], u64)]) -> Rankings {
        let mut rankings = Rankings::new(options);
        orders.iter().for_each(|(order, ballots)| rankings.add(order, *ballots).unwrap());
        rankings
    }

    #[test]
    fn other_implementations_elect_the_same() {
        let (mut single, mut several) = (0, 0);
        for line in REFERENCE.lines() {
            let [seats, options, ballots, elected] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let mut rankings = Rankings::new(options.parse().unwrap());
            for ballot in ballots.split(';') {
                let (count, order) = ballot.split_once(':').unwrap();
                let order: Vec<u16> = order.split('>').map(|option| option.parse().unwrap()).collect();
                rankings.add(&order, count.parse().unwrap()).unwrap();
            }
            let (mut ours, tied) = rankings.elect(seats.parse().unwrap()).unwrap();
            ours.sort_unstable();
            let theirs: Vec<u16> = elected.split(' ').map(|option| option.parse().unwrap()).collect();
            assert_eq!((ours, tied), (theirs, vec![]), "{line}");
            if seats == "1" { single += 1 } else { several += 1 }
        }
        assert!(single > 50 && several > 50, "{single} and {several}");
    }

    #[test]
    fn a_tie_that_decides_is_told() {
        assert_eq!(rankings(2, &[(&[1], 5), (&[2], 5)]).elect(1), Ok((vec![], vec![1, 2])));
        assert_eq!(rankings(3, &[(&[1], 6), (&[2], 2), (&[3], 2)]).elect(1), Ok((vec![1], vec![])), "a tie of those who lose anyway");
    }

    #[test]
    fn nobody_is_elected_of_nothing_and_all_who_are_named_where_there_is_room() {
        assert_eq!(rankings(3, &[]).elect(1), Ok((vec![], vec![])));
        assert_eq!(rankings(2, &[(&[2], 1)]).elect(2), Ok((vec![2], vec![])));
    }

    #[test]
    fn a_surplus_goes_on_to_the_next() {
        // 60 of 90 want 1 and then 2; the quota for two places is 30, so 1 passes on what 2 needs.
        assert_eq!(rankings(3, &[(&[1, 2], 62), (&[3], 28)]).elect(2), Ok((vec![1, 2], vec![])));
    }

    proptest! {
        /// More than half of the first preferences wins one place, whatever the rest says.
        #[test]
        fn a_majority_wins(orders in proptest::collection::vec((Just(vec![1u16, 2, 3, 4]).prop_shuffle(), 1u64..50), 1..12), winner in 1u16..=4) {
            let mut rankings = Rankings::new(4);
            let others: u64 = orders.iter().map(|(_, ballots)| ballots).sum();
            orders.iter().for_each(|(order, ballots)| rankings.add(order, *ballots).unwrap());
            rankings.add(&[winner], others + 1).unwrap();
            prop_assert_eq!(rankings.elect(1), Ok((vec![winner], vec![])));
        }

        #[test]
        fn all_places_are_filled_or_tied(
            orders in proptest::collection::vec((Just(vec![1u16, 2, 3, 4, 5]).prop_shuffle(), 1u64..50), 1..12), seats in 1u16..5,
        ) {
            let mut rankings = Rankings::new(5);
            orders.iter().for_each(|(order, ballots)| rankings.add(order, *ballots).unwrap());
            let (elected, tied) = rankings.elect(seats).unwrap();
            prop_assert!(elected.len() <= usize::from(seats) && elected.len() + tied.len() >= usize::from(seats));
        }
    }
}
