//! Counting: from ballots to a tally, the same for any order of the ballots.
//!
//! - Every ballot is cast; of those cast it is blank, invalid or valid, and one of these alone.
//! - A blank or invalid ballot changes no option's count.
//! - Who shares the last place with others shares it in the tally: a tie is told, never broken. Places are filled by heads.
//! - Sums are checked; a count that does not fit is an error, never a wrong number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ballot::{Marks, MarksRefusal, Method, Stance};

pub mod paper;
pub mod ranked;

use paper::PaperCount;
use ranked::{Placing, RankedRule, Rankings, Stage};

/// How much a ballot counts for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// By head.
    pub heads: u64,
    /// By weight: the same as by head where nothing is weighted, else in the roll's unit, as cm².
    pub weight: u64,
}

impl Count {
    /// One ordinary ballot.
    pub const ONE: Self = Self { heads: 1, weight: 1 };

    /// So many ordinary ballots.
    pub fn of(ballots: u64) -> Self {
        Self { heads: ballots, weight: ballots }
    }

    pub(super) fn add(&mut self, more: Self, times: u64) -> Result<(), TooManyToCount> {
        let sum = |a: u64, b: u64| b.checked_mul(times).and_then(|b| a.checked_add(b)).ok_or(TooManyToCount);
        *self = Self { heads: sum(self.heads, more.heads)?, weight: sum(self.weight, more.weight)? };
        Ok(())
    }
}

/// What was said to one option.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OptionCount {
    /// Votes for it: marks, approvals, yes; the sum of scores; the first preferences.
    pub votes: Count,
    /// No.
    #[serde(default, skip_serializing_if = "is_none")]
    pub against: Count,
    /// Abstain.
    #[serde(default, skip_serializing_if = "is_none")]
    pub abstaining: Count,
}

fn is_none(count: &Count) -> bool {
    *count == Count::default()
}

/// What a poll's ballots say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Ballots in the box, paper and online: blank, invalid and valid ones.
    pub cast: Count,
    /// Nothing is marked.
    pub blank: Count,
    /// Over-voted or otherwise not fitting.
    pub invalid: Count,
    /// The rest.
    pub valid: Count,
    /// What was said to each option, in the ballot's order.
    pub options: Vec<OptionCount>,
    /// The options that fill the places, most votes first; by number.
    pub leading: Vec<u16>,
    /// The options that tie for the last places: none of them is in `leading`.
    pub tied: Vec<u16>,
    /// The rule by which ranked ballots were counted; of other ballots it says nothing.
    #[serde(default, skip_serializing_if = "RankedRule::is_unsaid")]
    pub ranked_rule: RankedRule,
    /// Ranked ballots tie in too many ways to follow all: `tied` are all who were undecided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_many_ties: bool,
    /// The course of a count of ranked ballots; tallies of earlier builds tell none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// More than can be counted in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than can be counted")]
pub struct TooManyToCount;

/// A count under way.
#[derive(Debug, Clone)]
pub struct Counter {
    method: Method,
    tally: Tally,
    rankings: Rankings,
    ranked_rule: RankedRule,
}

impl Counter {
    /// Nothing is counted yet.
    pub fn new(method: Method, options: u16) -> Self {
        let tally = Tally { options: vec![OptionCount::default(); options.into()], ..Tally::default() };
        Self { method, tally, rankings: Rankings::new(options), ranked_rule: RankedRule::EveryLot }
    }

    /// Counts ranked ballots by this rule, and not by the present one: to check a count that was made by it.
    #[must_use]
    pub fn by(self, ranked_rule: RankedRule) -> Self {
        Self { ranked_rule, ..self }
    }

    /// Counts one ballot, or several alike.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn add(&mut self, marks: &Marks, share: Count) -> Result<(), TooManyToCount> {
        let options = u16::try_from(self.tally.options.len()).unwrap_or(u16::MAX);
        self.tally.cast.add(share, 1)?;
        match marks.require_fitting(self.method, options) {
            Ok(()) if marks.is_blank() => return self.tally.blank.add(share, 1),
            Ok(()) => self.tally.valid.add(share, 1)?,
            Err(
                MarksRefusal::TooManyMarks { .. }
                | MarksRefusal::UnknownOption { .. }
                | MarksRefusal::OptionMarkedTwice { .. }
                | MarksRefusal::ScoreTooHigh { .. }
                | MarksRefusal::OtherMethod,
            ) => return self.tally.invalid.add(share, 1),
        }
        match marks {
            Marks::Blank => Ok(()),
            Marks::Chosen(options) => options.iter().try_for_each(|option| self.option(*option).votes.add(share, 1)),
            Marks::Scores(scores) => scores.iter().try_for_each(|(option, score)| self.option(*option).votes.add(share, u64::from(*score))),
            Marks::Stances(stances) => stances.iter().try_for_each(|(option, stance)| {
                let counts = self.option(*option);
                match stance {
                    Stance::Yes => counts.votes.add(share, 1),
                    Stance::No => counts.against.add(share, 1),
                    Stance::Abstain => counts.abstaining.add(share, 1),
                }
            }),
            Marks::Ranked(order) => {
                if let Some(first) = order.first() {
                    self.option(*first).votes.add(share, 1)?;
                }
                self.rankings.add(order, share.heads)
            }
        }
    }

    /// Counts the paper ballots that the tellers agreed on.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn add_paper(&mut self, paper: &PaperCount) -> Result<(), TooManyToCount> {
        match paper {
            PaperCount::Options { valid, blank, invalid, votes } => {
                for (count, ballots) in [(&mut self.tally.valid, valid), (&mut self.tally.blank, blank), (&mut self.tally.invalid, invalid)]
                {
                    count.add(Count::of(*ballots), 1)?;
                    self.tally.cast.add(Count::of(*ballots), 1)?;
                }
                (1..).zip(votes).try_for_each(|(option, votes)| self.option(option).votes.add(Count::of(*votes), 1))
            }
            PaperCount::Batches { batches, invalid } => {
                self.tally.invalid.add(Count::of(*invalid), 1)?;
                self.tally.cast.add(Count::of(*invalid), 1)?;
                batches.iter().try_for_each(|batch| self.add(&batch.marks, Count::of(batch.ballots)))
            }
        }
    }

    /// The tally.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn finish(self) -> Result<Tally, TooManyToCount> {
        let mut tally = self.tally;
        (tally.leading, tally.tied) = match self.method {
            Method::Stances => (vec![], vec![]),
            Method::Ranked { seats } => {
                let Placing { elected, tied, too_many_ties, stages } = self.rankings.elect(seats, self.ranked_rule)?;
                tally.stages = stages;
                (tally.ranked_rule, tally.too_many_ties) = (self.ranked_rule, too_many_ties);
                (elected, tied)
            }
            Method::Choice | Method::Plurality { .. } | Method::Approval { .. } | Method::Score { .. } => {
                most_votes(&tally.options, self.method.seats())
            }
        };
        Ok(tally)
    }

    /// The counts of a fitting ballot's option; marks were checked to be there.
    fn option(&mut self, option: u16) -> &mut OptionCount {
        let at = usize::from(option).saturating_sub(1).min(self.tally.options.len().saturating_sub(1));
        &mut self.tally.options[at]
    }
}

/// Who fills the places by most votes, and who ties for the last ones. Nobody is elected without a vote.
fn most_votes(options: &[OptionCount], seats: u16) -> (Vec<u16>, Vec<u16>) {
    let mut order: Vec<(u64, u16)> = options.iter().zip(1..).map(|(count, option)| (count.votes.heads, option)).collect();
    order.retain(|(votes, _)| *votes > 0);
    order.sort_by_key(|(votes, option)| (std::cmp::Reverse(*votes), *option));
    let seats = usize::from(seats);
    let cut = order.get(seats).map_or(0, |(votes, _)| *votes);
    let all = |wanted: &dyn Fn(u64) -> bool| order.iter().filter(|(votes, _)| wanted(*votes)).map(|(_, option)| *option).collect();
    if cut == 0 {
        return (order.iter().take(seats).map(|(_, option)| *option).collect(), vec![]);
    }
    let tied: Vec<u16> = all(&|votes| votes == cut);
    let above: Vec<u16> = all(&|votes| votes > cut);
    if above.len() == seats { (above, vec![]) } else { (above, tied) }
}

/// Counts ordinary ballots, each for one head.
///
/// # Errors
/// A count that does not fit.
pub fn count<'a>(method: Method, options: u16, ballots: impl IntoIterator<Item = &'a Marks>) -> Result<Tally, TooManyToCount> {
    let mut counter = Counter::new(method, options);
    ballots.into_iter().try_for_each(|marks| counter.add(marks, Count::ONE))?;
    counter.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(options: &[u16]) -> Marks {
        Marks::Chosen(options.to_vec())
    }

    #[test]
    fn a_tie_for_the_last_place_is_told_and_not_broken() {
        let ballots = [chosen(&[1, 2]), chosen(&[1, 3]), chosen(&[1]), chosen(&[4])];
        let tally = count(Method::Plurality { seats: 2, marks_max: 2 }, 4, &ballots).unwrap();
        assert_eq!((tally.leading, tally.tied), (vec![1], vec![2, 3, 4]));
        let tally = count(Method::Plurality { seats: 1, marks_max: 2 }, 4, &ballots).unwrap();
        assert_eq!((tally.leading, tally.tied), (vec![1], vec![]));
    }

    #[test]
    fn nobody_is_elected_without_a_vote() {
        let tally = count(Method::Approval { seats: 3 }, 3, &[chosen(&[2]), Marks::Blank]).unwrap();
        assert_eq!((tally.leading, tally.tied), (vec![2], vec![]));
        assert_eq!((tally.cast, tally.blank, tally.valid), (Count::of(2), Count::of(1), Count::of(1)));
    }

    #[test]
    fn stances_and_weights_are_counted_apart() {
        let mut counter = Counter::new(Method::Stances, 1);
        for (stance, heads, weight) in [(Stance::Yes, 1, 8_850), (Stance::No, 1, 12_000), (Stance::Abstain, 0, 300)] {
            counter.add(&Marks::Stances(vec![(1, stance)]), Count { heads, weight }).unwrap();
        }
        let tally = counter.finish().unwrap();
        let counts = tally.options[0];
        assert_eq!(counts.votes, Count { heads: 1, weight: 8_850 });
        assert_eq!(counts.against, Count { heads: 1, weight: 12_000 });
        assert_eq!(counts.abstaining, Count { heads: 0, weight: 300 });
        assert_eq!(tally.valid, Count { heads: 2, weight: 21_150 });
    }

    #[test]
    fn scores_are_summed() {
        let ballots = [Marks::Scores(vec![(1, 5), (2, 3)]), Marks::Scores(vec![(2, 4)]), Marks::Scores(vec![(1, 6)])];
        let tally = count(Method::Score { seats: 1, most: 5 }, 2, &ballots).unwrap();
        assert_eq!(tally.options.iter().map(|it| it.votes.heads).collect::<Vec<_>>(), [5, 7]);
        assert_eq!((tally.invalid, tally.leading), (Count::ONE, vec![2]));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut counter = Counter::new(Method::Choice, 1);
        counter.add(&chosen(&[1]), Count { heads: 1, weight: u64::MAX }).unwrap();
        assert_eq!(counter.add(&chosen(&[1]), Count::ONE), Err(TooManyToCount));
    }

    fn any_marks() -> impl Strategy<Value = Marks> {
        let some = || proptest::collection::vec(0u16..7, 0..6);
        prop_oneof![
            Just(Marks::Blank),
            some().prop_map(Marks::Chosen),
            some().prop_map(Marks::Ranked),
            proptest::collection::vec((1u16..6, 0u16..8), 0..5).prop_map(Marks::Scores),
            proptest::collection::vec((1u16..6, prop_oneof![Just(Stance::Yes), Just(Stance::No), Just(Stance::Abstain)]), 0..5)
                .prop_map(Marks::Stances),
        ]
    }

    fn any_method() -> impl Strategy<Value = Method> {
        prop_oneof![
            Just(Method::Stances),
            Just(Method::Choice),
            Just(Method::Plurality { seats: 2, marks_max: 3 }),
            Just(Method::Approval { seats: 2 }),
            Just(Method::Score { seats: 2, most: 5 }),
            Just(Method::Ranked { seats: 2 }),
        ]
    }

    proptest! {
        #[test]
        fn every_ballot_is_blank_invalid_or_valid_and_order_says_nothing(
            method in any_method(),
            (ballots, shuffled) in proptest::collection::vec(any_marks(), 0..60).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let tally = count(method, 5, &ballots).unwrap();
            let parts = tally.blank.heads + tally.invalid.heads + tally.valid.heads;
            prop_assert_eq!((tally.cast, parts), (Count::of(ballots.len() as u64), ballots.len() as u64));
            prop_assert!(tally.leading.len() <= usize::from(method.seats()));
            prop_assert!(tally.tied.iter().all(|it| !tally.leading.contains(it)));
            prop_assert_eq!(tally.tied.is_empty() || tally.leading.len() + tally.tied.len() > usize::from(method.seats()), true);
            prop_assert_eq!(count(method, 5, &shuffled).unwrap(), tally);
        }

        /// One more vote for an option lowers nobody's votes but raises its own.
        #[test]
        fn a_vote_counts_for_its_option_alone(ballots in proptest::collection::vec(any_marks(), 0..40), option in 1u16..=5) {
            let method = Method::Plurality { seats: 2, marks_max: 3 };
            let before = count(method, 5, &ballots).unwrap();
            let mut more = ballots;
            more.push(Marks::Chosen(vec![option]));
            let after = count(method, 5, &more).unwrap();
            for ((before, after), number) in before.options.iter().zip(&after.options).zip(1u16..) {
                prop_assert_eq!(after.votes.heads, before.votes.heads + u64::from(number == option));
            }
        }
    }
}
