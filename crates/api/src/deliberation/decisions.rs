//! What decides, what was counted, and the reason, in both languages. A share is told as text, `2/3`, for it is exact.

use async_graphql::{Enum, Object, SimpleObject};
use gongyi_domain::deliberation::decision::{Decision as Decided, Outcome, Step};

use super::decision_rules::{DecisionRule, Measure, Wording};

use crate::list::List;

/// One comparison.
#[derive(SimpleObject)]
pub struct DecisionStep {
    /// It held.
    held: bool,
    /// What was compared with what.
    wording: Wording,
}

impl From<&Step> for DecisionStep {
    fn from(step: &Step) -> Self {
        Self { held: step.held(), wording: Wording::from(step.wording()) }
    }
}

/// How a vote on a matter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome")]
pub enum DecisionOutcome {
    /// 通过.
    Carried,
    /// 未通过.
    Failed,
    /// 未达法定人数: too few took part.
    NoQuorum,
    /// 无效: the counts contradict each other.
    Void,
}

/// What was counted, by one measure.
#[derive(SimpleObject)]
pub struct DecisionCounts {
    /// By heads or by area.
    measure: Measure,
    /// 应到: who may vote.
    entitled: u64,
    /// 出席: who took part.
    present: u64,
    /// 赞成.
    yes: u64,
    /// 反对.
    no: u64,
    /// 弃权.
    abstain: u64,
    /// 废票.
    invalid: u64,
}

/// A decision.
pub struct Decision(pub(crate) Decided);

/// How one matter was decided, with all that is needed to decide it again.
#[Object]
impl Decision {
    /// How it ended.
    fn outcome(&self) -> DecisionOutcome {
        self.0.verdict.outcome.into()
    }
    /// How it ended, in words.
    fn outcome_wording(&self) -> Wording {
        Wording::from(self.0.verdict.outcome.wording())
    }
    /// What decided it.
    fn rule(&self) -> DecisionRule {
        DecisionRule::from(self.0.rule.clone())
    }
    /// What was counted, by heads and, where votes weigh differently, by area.
    fn counts(&self) -> List<DecisionCounts> {
        let told = |(by, counts): (gongyi_domain::deliberation::decision::Measure, &gongyi_domain::deliberation::decision::Counts)| {
            DecisionCounts {
                measure: by.into(),
                entitled: counts.entitled,
                present: counts.present,
                yes: counts.yes,
                no: counts.no,
                abstain: counts.abstain,
                invalid: counts.invalid,
            }
        };
        self.0.tally.all().map(told).collect()
    }
    /// Everything that was compared, in order.
    fn steps(&self) -> List<DecisionStep> {
        self.0.verdict.steps.iter().map(DecisionStep::from).collect()
    }
    /// The reason.
    fn reason(&self) -> Wording {
        Wording::from(self.0.verdict.reason())
    }
}
