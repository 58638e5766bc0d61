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
