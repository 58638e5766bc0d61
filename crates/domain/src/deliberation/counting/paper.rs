//! Paper ballots, as a teller counts them: by option, or in batches of ballots alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::ballot::{Marks, Method};
use crate::refusal::refusals;

/// Batches in one teller's count, at most.
pub const BATCHES_MAX: usize = 5_000;
/// Paper ballots of one poll, at most.
pub const PAPER_BALLOTS_MAX: u64 = 10_000_000;

/// One teller's count of the paper ballots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperCount {
    /// By option, for choice, plurality and approval: strokes on a tally sheet (画“正”).
    Options {
        /// Valid ballots.
        valid: u64,
        /// Blank ones.
        blank: u64,
        /// Over-voted or otherwise invalid ones.
        invalid: u64,
        /// Votes for each option, in the ballot's order.
        votes: Vec<u64>,
    },
    /// In batches of ballots marked alike; for every method.
    Batches {
        /// The batches, each marks once.
        batches: Vec<Batch>,
        /// Invalid ballots, which are in no batch.
        invalid: u64,
    },
}

/// Ballots marked alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Batch {
    /// What is marked.
    pub marks: Marks,
    /// On so many ballots.
    pub ballots: u64,
}

refusals! {
    /// Why a teller's count is refused.
    pub enum PaperRefusal {
        /// Counted as for another method.
        OtherCount("count", "该计票方式只能按票分批录入", "This kind of vote is counted in batches of ballots alike"),
        /// Not one number an option.
        OptionsMissing { options: usize }("count", "请填写全部 {options} 个选项的得票数", "Give the votes of all {options} options"),
        /// More votes than those ballots can hold.
        MoreVotesThanMarks("count", "得票数多于有效票可投的票数", "There are more votes than the valid ballots can hold"),
        /// A batch does not fit the ballot.
        BatchUnfit("count", "有一批选票的填写不符合本次表决", "The marks of a batch do not fit this vote"),
        /// Too many to be true.
        CountUnfit("count", "票数过大或批次过多", "The count is too large"),
    }
}

impl PaperCount {
    /// Paper ballots in all.
    pub fn ballots(&self) -> u64 {
        match self {
            Self::Options { valid, blank, invalid, votes: _ } => valid.saturating_add(*blank).saturating_add(*invalid),
            Self::Batches { batches, invalid } => batches.iter().fold(*invalid, |sum, batch| sum.saturating_add(batch.ballots)),
        }
    }

    /// The same count written one way: batches alike put together, in one order, empty ones left out. Two tellers agree if
    /// these are equal.
    #[must_use]
    pub fn normal(self) -> Self {
        match self {
            Self::Options { .. } => self,
            Self::Batches { mut batches, invalid } => {
                batches.retain(|batch| batch.ballots > 0);
                batches.iter_mut().for_each(|batch| batch.marks = std::mem::replace(&mut batch.marks, Marks::Blank).sorted());
                batches.sort_unstable();
                batches.dedup_by(|next, kept| {
                    let alike = next.marks == kept.marks;
                    if alike {
                        kept.ballots = kept.ballots.saturating_add(next.ballots);
                    }
                    alike
                });
                Self::Batches { batches, invalid }
            }
        }
    }

    /// The count fits the poll.
    ///
    /// # Errors
    /// See [`PaperRefusal`].
    pub fn require_fitting(&self, method: Method, options: u16) -> Result<(), PaperRefusal> {
        if self.ballots() > PAPER_BALLOTS_MAX {
            return Err(PaperRefusal::CountUnfit);
        }
        match self {
            Self::Options { valid, votes, .. } => {
                let marks = match method {
                    Method::Choice => 1,
                    Method::Plurality { marks_max, .. } => marks_max,
                    Method::Approval { .. } => options,
                    Method::Stances | Method::Score { .. } | Method::Ranked { .. } => return Err(PaperRefusal::OtherCount),
                };
                if votes.len() != usize::from(options) {
                    return Err(PaperRefusal::OptionsMissing { options: options.into() });
                }
                let sum = votes.iter().try_fold(0u64, |sum, votes| sum.checked_add(*votes)).ok_or(PaperRefusal::CountUnfit)?;
                // A valid ballot marks something, so the votes are between one and `marks` a ballot.
                let fits = votes.iter().all(|votes| votes <= valid) && sum <= valid * u64::from(marks) && sum >= *valid;
                if fits { Ok(()) } else { Err(PaperRefusal::MoreVotesThanMarks) }
            }
            Self::Batches { batches, .. } if batches.len() > BATCHES_MAX => Err(PaperRefusal::CountUnfit),
            Self::Batches { batches, .. } => {
                let fits = batches.iter().all(|batch| batch.marks.require_fitting(method, options).is_ok());
                if fits { Ok(()) } else { Err(PaperRefusal::BatchUnfit) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliberation::{ballot::Stance, counting::Counter};

    fn batch(options: &[u16], ballots: u64) -> Batch {
        Batch { marks: Marks::Chosen(options.to_vec()), ballots }
    }

    #[test]
    fn the_same_heap_counted_in_another_order_is_the_same_count() {
        let one = PaperCount::Batches { batches: vec![batch(&[1, 2], 3), batch(&[2, 1], 2), batch(&[], 1), batch(&[3], 0)], invalid: 1 };
        let other = PaperCount::Batches { batches: vec![Batch { marks: Marks::Blank, ballots: 1 }, batch(&[2, 1], 5)], invalid: 1 };
        assert_eq!(one.clone().normal(), other.normal());
        assert_eq!(one.ballots(), 7);
    }

    #[test]
    fn a_tally_sheet_says_what_its_ballots_say() {
        let method = Method::Plurality { seats: 2, marks_max: 2 };
        let batches = PaperCount::Batches { batches: vec![batch(&[1, 2], 3), batch(&[3], 2), batch(&[], 1)], invalid: 4 };
        let sheet = PaperCount::Options { valid: 5, blank: 1, invalid: 4, votes: vec![3, 3, 2] };
        let tally = |count: &PaperCount| {
            count.require_fitting(method, 3).unwrap();
            let mut counter = Counter::new(method, 3);
            counter.add_paper(count).unwrap();
            counter.finish().unwrap()
        };
        assert_eq!(tally(&batches), tally(&sheet));
        assert_eq!(tally(&sheet).cast.heads, 10);
    }

    #[test]
    fn a_sheet_with_more_votes_than_marks_is_refused() {
        let sheet = |valid, votes: &[u64]| PaperCount::Options { valid, blank: 0, invalid: 0, votes: votes.to_vec() };
        let two = Method::Plurality { seats: 2, marks_max: 2 };
        assert_eq!(sheet(2, &[2, 2, 0]).require_fitting(two, 3), Ok(()));
        assert_eq!(sheet(2, &[2, 2, 1]).require_fitting(two, 3), Err(PaperRefusal::MoreVotesThanMarks));
        assert_eq!(sheet(2, &[3, 0, 0]).require_fitting(two, 3), Err(PaperRefusal::MoreVotesThanMarks));
        assert_eq!(sheet(2, &[1, 0, 0]).require_fitting(two, 3), Err(PaperRefusal::MoreVotesThanMarks), "a valid ballot marks something");
        assert_eq!(sheet(2, &[2]).require_fitting(two, 3), Err(PaperRefusal::OptionsMissing { options: 3 }));
        assert_eq!(sheet(2, &[2]).require_fitting(Method::Stances, 1), Err(PaperRefusal::OtherCount));
        assert_eq!(sheet(u64::MAX, &[2, 0, 0]).require_fitting(two, 3), Err(PaperRefusal::CountUnfit));
        let stances =
            PaperCount::Batches { batches: vec![Batch { marks: Marks::Stances(vec![(2, Stance::Yes)]), ballots: 1 }], invalid: 0 };
        assert_eq!(stances.require_fitting(Method::Stances, 1), Err(PaperRefusal::BatchUnfit));
    }
}
