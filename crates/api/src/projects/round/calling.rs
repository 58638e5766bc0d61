//! Calling rounds: criteria, what speaks for a project, the rule of selection.

use std::num::NonZeroU64;

use async_graphql::{Enum, InputObject, Object, SimpleObject};
use gongyi_app::projects::round::calling::{CallRound, CancelRound};
use gongyi_domain::{
    deliberation::decision::Wording as StoredWording,
    projects::{
        round::terms::{Criterion as StoredCriterion, RoundTerms, SelectedBy},
        selection::{Completion, Measure, Method, SelectionRule as StoredRule, Support as StoredSupport, TieBreak},
    },
    values::{FundId, RoundId},
};

use super::RoundPayload;
use crate::{
    deliberation::decision_rules::{Threshold, Wording},
    projects::funds::BudgetLineInput,
    scalars::{Area, Date, Money},
    table::{mutations, wires},
};

/// By how many cents everybody's share is raised a time, if nobody says.
const STEP_DEFAULT_CENTS: NonZeroU64 = NonZeroU64::new(100).expect("a hundred is not nothing");

/// What reviewers give points for.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "CriterionInput")]
pub struct Criterion {
    /// What it is.
    title: String,
    /// The most points.
    most: u16,
    /// How often they count.
    weight: u16,
}

impl From<&StoredCriterion> for Criterion {
    fn from(criterion: &StoredCriterion) -> Self {
        Self { title: criterion.title.clone(), most: criterion.most, weight: criterion.weight }
    }
}

/// What speaks for a project when it is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SelectionBasis {
    /// The share of the points that its reviewers gave it.
    Scores,
    /// The share of the residents' ballots that approve it.
    Ballots,
}

impl From<SelectedBy> for SelectionBasis {
    fn from(selected_by: SelectedBy) -> Self {
        match selected_by {
            SelectedBy::Scores => Self::Scores,
            SelectedBy::Ballots { .. } => Self::Ballots,
        }
    }
}

/// How money is given to projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SelectionMethod {
    /// Most support first; what does not fit into what is left is skipped.
    Greedy,
    /// Most support first; the first that does not fit ends it.
    GreedyUntilFull,
    /// 均等份额法, Method of Equal Shares: the budget is divided equally among those who voted, and a project is funded as far
    /// as its supporters pay for it.
    EqualShares,
}

/// How satisfied a voter is with a funded project that the voter approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Measure")]
pub enum SatisfactionMeasure {
    /// By its cost.
    Cost,
    /// Each project alike.
    Count,
}

/// How the Method of Equal Shares goes on when money is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SharesCompletion {
    /// Not at all.
    None,
    /// What is left goes to what fits, most support first.
    Greedy,
    /// Everybody's share is raised as long as it fits; then what is left goes to what fits.
    AddThenGreedy,
}

/// Which of two candidates with the same support goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TieBreak")]
pub enum SelectionTieBreak {
    /// The cheaper one; at the same cost the lower number.
    Cheaper,
    /// The lower number.
    LowerNumber,
}

/// What a candidate has of what it could have.
#[derive(SimpleObject)]
pub struct Support {
    /// Votes, or points.
    points: u64,
    /// All ballots, or the most points it could have.
    of: u64,
}

impl From<StoredSupport> for Support {
    fn from(support: StoredSupport) -> Self {
        Self { points: support.points, of: support.of }
    }
}

/// A rule of selection.
pub struct SelectionRule(pub(crate) StoredRule);

/// A rule of selection: published with the call, never changed.
#[Object]
impl SelectionRule {
    /// How money is given.
    fn method(&self) -> SelectionMethod {
        match self.0.method {
            Method::Greedy => SelectionMethod::Greedy,
            Method::GreedyUntilFull => SelectionMethod::GreedyUntilFull,
            Method::EqualShares { .. } => SelectionMethod::EqualShares,
        }
    }
    /// What a voter has of a project, by the Method of Equal Shares.
    fn measure(&self) -> Option<SatisfactionMeasure> {
        match self.0.method {
            Method::EqualShares { measure, .. } => Some(measure.into()),
            Method::Greedy | Method::GreedyUntilFull => None,
        }
    }
    /// How the Method of Equal Shares goes on when money is left.
    fn completion(&self) -> Option<SharesCompletion> {
        match self.0.method {
            Method::EqualShares { completion: Completion::None, .. } => Some(SharesCompletion::None),
            Method::EqualShares { completion: Completion::Greedy, .. } => Some(SharesCompletion::Greedy),
            Method::EqualShares { completion: Completion::AddThenGreedy { .. }, .. } => Some(SharesCompletion::AddThenGreedy),
            Method::Greedy | Method::GreedyUntilFull => None,
        }
    }
    /// The share of the voters, or of the points there are, that a project must reach.
    fn threshold(&self) -> Option<Threshold> {
        self.0.threshold.map(Threshold::from)
    }
    /// Who goes first of those alike.
    fn tie_break(&self) -> SelectionTieBreak {
        self.0.tie_break.into()
    }
    /// The rule as it is published.
    fn wording(&self) -> Wording {
        Wording::from(StoredWording { zh: self.0.zh(), en: self.0.en() })
    }
}

/// A rule of selection.
#[derive(InputObject)]
pub struct SelectionRuleInput {
    /// How money is given.
    method: SelectionMethod,
    /// What a voter has of a project, by the Method of Equal Shares; its cost if not said.
    measure: Option<SatisfactionMeasure>,
    /// How the Method of Equal Shares goes on when money is left; most support first if not said.
    completion: Option<SharesCompletion>,
    /// By how much everybody's share is raised a time, more than nothing; one yuan if not said.
    step: Option<Money>,
    /// The share of the voters, or of the points there are, that a project must reach; any if not said.
    threshold: Option<Threshold>,
    /// Who goes first of those alike; the cheaper one if not said.
    tie_break: Option<SelectionTieBreak>,
}

impl SelectionRuleInput {
    fn rule(self) -> StoredRule {
        let method = match self.method {
            SelectionMethod::Greedy => Method::Greedy,
            SelectionMethod::GreedyUntilFull => Method::GreedyUntilFull,
            SelectionMethod::EqualShares => {
                let step = self.step.and_then(|it| NonZeroU64::new(it.0.get())).unwrap_or(STEP_DEFAULT_CENTS);
                let completion = match self.completion.unwrap_or(SharesCompletion::Greedy) {
                    SharesCompletion::None => Completion::None,
                    SharesCompletion::Greedy => Completion::Greedy,
                    SharesCompletion::AddThenGreedy => Completion::AddThenGreedy { step },
                };
                Method::EqualShares { measure: self.measure.map_or(Measure::Cost, Measure::from), completion }
            }
        };
        let tie_break = self.tie_break.map_or(TieBreak::Cheaper, TieBreak::from);
        StoredRule { method, threshold: self.threshold.map(Into::into), tie_break }
    }
}

wires! {
    Criterion => StoredCriterion = |it| StoredCriterion { title: it.title, most: it.most, weight: it.weight };
    SelectionBasis;
    SelectionRuleInput => StoredRule = |rule| rule.rule();
}

mutations! {
    /// The root fields that call rounds.
    pub struct RoundCallingMutations;

    /// Call a round: its terms are published and never change.
    CallRound -> RoundPayload {
        /// Its title.
        title: String,
        /// Where projects may be: within the budget line's area.
        area: Area,
        /// The fund that grants.
        fund: FundId,
        /// From which line of it.
        line: BudgetLineInput,
        /// How much in all.
        budget: Money,
        /// What reviewers give points for; none where scores decide nothing.
        #[graphql(default)]
        criteria: Vec<Criterion>,
        /// How many reviewers' scores an application needs.
        #[graphql(default)]
        scores_needed: u16,
        /// What speaks for a project.
        selected_by: SelectionBasis,
        /// The share of the points that a project must have to come on the ballot, where residents vote.
        floor: Option<Threshold>,
        /// How projects are selected.
        rule: SelectionRuleInput,
        /// The last day for applications.
        applications_until: Date,
        /// How many days there are for objections after the day of the selection.
        objection_days: u16,
    } = CallRound {
        terms: RoundTerms {
            title,
            area,
            fund,
            line,
            budget,
            criteria,
            scores_needed,
            selected_by: match selected_by {
                SelectionBasis::Scores => SelectedBy::Scores,
                SelectionBasis::Ballots => SelectedBy::Ballots { floor },
            },
            rule,
            applications_until,
            objection_days,
        },
    };

    /// Cancel a round that is not announced, for good.
    CancelRound -> RoundPayload {
        /// Which round.
        round: RoundId,
        /// Why; it is public.
        reason: String,
    }
}
