//! Selection: which of many projects are funded, by a rule that was published before. Pure and exact, no floats anywhere.
//!
//! - The same rule, candidates and ballots give the same selection for ever; nothing depends on the order of the ballots.
//! - What is selected never costs more than the budget, and of a group of mutually exclusive projects at most one is selected.
//! - What nobody supports, or fewer than the rule asks for, is not selected, whatever money is left.
//! - Ties are broken by the rule's own tie-break, never by chance.
//! - Every candidate has a step of its own that says why it is funded or not, as data and as a sentence in two languages.
//!
//! The reserve list is what follows: all that had enough support and was not funded, in the order of support.

use std::{cmp::Ordering, collections::BTreeSet, num::NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fraction::Threshold;

mod equal_shares;
mod sentences;

/// How money is given to projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Most support first; what does not fit into what is left is skipped.
    Greedy,
    /// Most support first; the first that does not fit ends it.
    GreedyUntilFull,
    /// Method of Equal Shares (Peters, Pierczyński, Skowron: Proportional Participatory Budgeting with Additive Utilities, 2021):
    /// the budget is divided equally among those who voted, and a project is funded as far as its supporters pay for it,
    /// the cheapest per unit of satisfaction first.
    EqualShares {
        /// What a voter has of a project.
        measure: Measure,
        /// What happens to money that no supporters can pool.
        completion: Completion,
    },
}

/// How satisfied a voter is with a funded project the voter approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// By its cost, a cent a unit.
    Cost,
    /// Each project alike.
    Count,
}

/// How the Method of Equal Shares goes on when money is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// Not at all.
    None,
    /// What is left goes to what fits, most support first.
    Greedy,
    /// Add1: everybody's share is raised by so many cents again and again, as long as what is then funded still fits the
    /// budget; then [`Completion::Greedy`].
    AddThenGreedy {
        /// By how many cents a time.
        step: NonZeroU64,
    },
}

/// Which of two candidates with the same support goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// The cheaper one; at the same cost the lower number.
    Cheaper,
    /// The lower number.
    LowerNumber,
}

/// A rule of selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SelectionRule {
    /// How money is given.
    pub method: Method,
    /// The share of the voters, or of the points there are, that a project must reach.
    pub threshold: Option<Threshold>,
    /// Who goes first of those alike.
    pub tie_break: TieBreak,
}

/// What a candidate has of what it could have: votes of the ballots, points of the points there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Support {
    /// Votes or points.
    pub points: u64,
    /// All ballots, or the most points it could have.
    pub of: u64,
}

impl Support {
    /// Which is the larger share.
    fn cmp(self, other: Self) -> Ordering {
        let share = |points: u64, of: u64| u128::from(points) * u128::from(of.max(1));
        share(self.points, other.of).cmp(&share(other.points, self.of))
    }
}

/// What can be selected; its number is its place in the list, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// What it costs, in cents.
    pub cost: NonZeroU64,
    /// What speaks for it.
    pub support: Support,
    /// Of the candidates of one group at most one is selected.
    pub group: Option<u16>,
}

/// Ballots that approve the same candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approvals {
    /// The approved candidates' numbers.
    pub candidates: BTreeSet<u16>,
    /// How many ballots.
    pub ballots: u64,
}

/// What became of one candidate, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The candidate's number.
    pub candidate: u16,
    /// What it costs, in cents.
    pub cost: u64,
    /// What speaks for it.
    pub support: Support,
    /// What became of it.
    pub reason: Reason,
}

/// Why a candidate is funded or not. Amounts are cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Funded: it fits.
    Fits {
        /// What was left then.
        left: u64,
    },
    /// Funded: its supporters pay for it.
    Shared {
        /// How many they are.
        supporters: u64,
        /// What each of them pays at most, rounded down.
        payment: u64,
    },
    /// Not funded: it costs more than was left.
    TooExpensive {
        /// What was left then.
        left: u64,
    },
    /// Not funded: another one, with more support, did not fit and ended the selection.
    AfterEnd {
        /// Which.
        ended_by: u16,
    },
    /// Not funded: its supporters have less left than it costs.
    SharesTooSmall {
        /// What they have left, rounded down.
        left: u64,
    },
    /// Not funded: another one of its group is.
    Excluded {
        /// Which.
        by: u16,
    },
    /// Not funded: less support than the rule asks for.
    BelowThreshold {
        /// What it asks for.
        threshold: Threshold,
    },
    /// Not funded: no support at all.
    NoSupport,
}

impl Reason {
    /// Whether it is funded.
    pub fn is_funded(&self) -> bool {
        match self {
            Self::Fits { .. } | Self::Shared { .. } => true,
            Self::TooExpensive { .. }
            | Self::AfterEnd { .. }
            | Self::SharesTooSmall { .. }
            | Self::Excluded { .. }
            | Self::BelowThreshold { .. }
            | Self::NoSupport => false,
        }
    }

    /// Whether it could take the place of one that drops out.
    fn is_reserve(&self) -> bool {
        match self {
            Self::TooExpensive { .. } | Self::AfterEnd { .. } | Self::SharesTooSmall { .. } | Self::Excluded { .. } => true,
            Self::Fits { .. } | Self::Shared { .. } | Self::BelowThreshold { .. } | Self::NoSupport => false,
        }
    }
}

/// A selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Selection {
    /// The rule.
    pub rule: SelectionRule,
    /// The budget, in cents.
    pub budget: u64,
    /// The last share of everybody, in cents, rounded down, by the Method of Equal Shares: with all that was added.
    pub share: Option<u64>,
    /// What became of every candidate, in the order in which they were decided on.
    pub steps: Vec<Step>,
}

impl Selection {
    /// The funded ones, in the order in which they were.
    pub fn funded(&self) -> impl Iterator<Item = u16> {
        self.steps.iter().filter(|step| step.reason.is_funded()).map(|step| step.candidate)
    }

    /// What the funded ones cost together, in cents; at most the budget.
    pub fn spent(&self) -> u64 {
        // Each was taken from what was left of the budget: the sum cannot overflow.
        self.steps.iter().filter(|step| step.reason.is_funded()).map(|step| step.cost).sum()
    }

    /// Who moves up when one of the funded drops out: most support first.
    pub fn reserve(&self) -> Vec<u16> {
        let mut reserve: Vec<&Step> = self.steps.iter().filter(|step| step.reason.is_reserve()).collect();
        reserve.sort_by(|a, b| self.rule.tie_break.order((a.support, a.cost, a.candidate), (b.support, b.cost, b.candidate)));
        reserve.into_iter().map(|step| step.candidate).collect()
    }
}

impl TieBreak {
    /// Most support first, ties broken. Total: no two numbers are the same.
    fn order(self, a: (Support, u64, u16), b: (Support, u64, u16)) -> Ordering {
        let cheaper = || match self {
            Self::Cheaper => a.1.cmp(&b.1),
            Self::LowerNumber => Ordering::Equal,
        };
        b.0.cmp(a.0).then_with(cheaper).then(a.2.cmp(&b.2))
    }
}

/// The candidates, who of them is decided on, and what is left.
struct Course<'a> {
    rule: SelectionRule,
    candidates: &'a [Candidate],
    left: u64,
    open: BTreeSet<u16>,
    steps: Vec<Step>,
}

/// A candidate by its number; numbers come from the list itself.
fn candidate(candidates: &[Candidate], number: u16) -> &Candidate {
    &candidates[usize::from(number).saturating_sub(1)]
}

impl<'a> Course<'a> {
    /// At its beginning: what has too little support is decided on.
    fn new(rule: SelectionRule, candidates: &'a [Candidate], budget: u64) -> Self {
        let numbers = || (1..=u16::MAX).take(candidates.len());
        let mut course = Self { rule, candidates, left: budget, open: numbers().collect(), steps: vec![] };
        for number in numbers() {
            let Support { points, of } = candidate(candidates, number).support;
            let missed = rule.threshold.filter(|threshold| !threshold.reached(points, of));
            match missed {
                _ if points == 0 => course.decide(number, Reason::NoSupport),
                Some(threshold) => course.decide(number, Reason::BelowThreshold { threshold }),
                None => {}
            }
        }
        course
    }

    fn decide(&mut self, number: u16, reason: Reason) {
        let Candidate { cost, support, group } = *candidate(self.candidates, number);
        self.open.remove(&number);
        let funded = reason.is_funded();
        self.steps.push(Step { candidate: number, cost: cost.get(), support, reason });
        if !funded {
            return;
        }
        self.left = self.left.saturating_sub(cost.get());
        let group =
            group.map(|group| self.open.iter().copied().filter(|it| candidate(self.candidates, *it).group == Some(group)).collect());
        let rivals: Vec<u16> = group.unwrap_or_default();
        rivals.into_iter().for_each(|rival| self.decide(rival, Reason::Excluded { by: number }));
    }

    /// What is not decided on, most support first.
    fn by_support(&self) -> Vec<u16> {
        let key = |number: u16| {
            let it = candidate(self.candidates, number);
            (it.support, it.cost.get(), number)
        };
        let mut numbers: Vec<u16> = self.open.iter().copied().collect();
        numbers.sort_by(|a, b| self.rule.tie_break.order(key(*a), key(*b)));
        numbers
    }

    /// Most support first. What does not fit is skipped, or ends it.
    fn greedy(&mut self, until_full: bool) {
        let mut ended_by = None;
        for number in self.by_support() {
            if !self.open.contains(&number) {
                continue;
            }
            let left = self.left;
            let reason = match ended_by {
                Some(ended_by) => Reason::AfterEnd { ended_by },
                None if candidate(self.candidates, number).cost.get() <= left => Reason::Fits { left },
                None => Reason::TooExpensive { left },
            };
            if until_full && !reason.is_funded() {
                ended_by = ended_by.or(Some(number));
            }
            self.decide(number, reason);
        }
    }
}

/// Selects. `approvals` are asked for by the Method of Equal Shares alone; the others go by the support.
pub fn select(rule: SelectionRule, budget: u64, candidates: &[Candidate], approvals: &[Approvals]) -> Selection {
    let mut course = Course::new(rule, candidates, budget);
    let share = match rule.method {
        Method::Greedy => {
            course.greedy(false);
            None
        }
        Method::GreedyUntilFull => {
            course.greedy(true);
            None
        }
        Method::EqualShares { measure, completion } => equal_shares::complete(&mut course, approvals, measure, completion),
    };
    Selection { rule, budget, share, steps: course.steps }
}

#[cfg(test)]
mod tests;
