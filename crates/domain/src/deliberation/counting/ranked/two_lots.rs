//! The earlier count, by which its polls are still counted again.
//!
//! By the crate `stv-rs` with the Droop quota, in decimals with nine places and no upper bound: once with ties broken towards
//! the options first on the ballot, and again towards the last. Who is elected only once is tied. Some ties it tells wrongly:
//! who stands between the first and the last is elected or forgotten.

use std::io;

use num_bigint::BigInt;
use stv_rs::{
    arithmetic::BigFixedDecimal9,
    cli::Parallel,
    meek::stv_droop,
    types::{Ballot, Candidate, Election},
};

use super::{Placing, Rankings, TooManyToCount};

/// Places after which the surplus counts as given on, a power of ten.
const OMEGA_EXPONENT: usize = 6;

impl Rankings {
    pub(super) fn elect_by_two_lots(&self, seats: u16) -> Result<Placing, TooManyToCount> {
        if self.orders.is_empty() || seats == 0 {
            return Ok(Placing::default());
        }
        if self.options <= seats {
            let named = (1..=self.options).filter(|option| self.orders.keys().any(|order| order.contains(option)));
            return Ok(Placing { elected: named.collect(), ..Placing::default() });
        }
        let (first, last) = (self.run(seats, false)?, self.run(seats, true)?);
        let (elected, only_first): (Vec<u16>, Vec<u16>) = first.iter().partition(|option| last.contains(option));
        let only_last = last.iter().filter(|option| !first.contains(option));
        let mut tied: Vec<u16> = only_first.iter().chain(only_last).copied().collect();
        tied.sort_unstable();
        Ok(Placing { elected, tied, ..Placing::default() })
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
