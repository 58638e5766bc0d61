//! The decision engine: a rule and counts in, a verdict with every step out. Pure and exact, no floats anywhere.
//!
//! - The same rule and counts give the same verdict for ever; a decision's event carries all three, so that
//!   [`Decision::recheck`] and [`ElectionResult::recheck`] make it again in another process.
//! - Counts that contradict each other (more ballots than voters) void the vote; then the quorum is looked at, then the
//!   majority. Of nothing, no share is reached. Ties fail.
//! - A verdict says what was compared with what, and prints in Chinese and English:
//!   `present 61 of 90 ≥ 2/3 ✓; yes 30 of 61, not more than half ✗`.

pub mod election;
pub mod rule;
pub mod statutes;
pub mod tally;
pub mod verdict;

pub use crate::fraction;

pub use self::{
    election::{CandidateStep, ElectionOutcome, ElectionResult, ElectionVerdict, Returns},
    fraction::{Fraction, NotAFraction, Threshold},
    rule::{Abstentions, Basis, Majority, Quorum, Rule, Turnout, Wording},
    tally::{Counts, Measure, Measured, Poll, PollCounts, Tally, Votes},
    verdict::{Decision, DecisionRefusal, Discrepancy, Outcome, Step, Verdict},
};
