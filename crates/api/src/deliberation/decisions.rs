//! What decides, what was counted, and the reason, in both languages. A share is told as text, `2/3`, for it is exact.

use async_graphql::{Enum, Object, SimpleObject};
use gongyi_domain::deliberation::decision::{
    Basis as OfBasis, Decision as Decided, Majority, Measure as By, Outcome, Quorum, Rule, Step, Threshold, Turnout, Wording as Words,
};

use crate::outcome::Lang;

/// The same in Chinese and English.
pub struct Wording(pub(crate) Words);

/// The same in Chinese and English.
#[Object]
impl Wording {
    /// In one of the two.
    async fn text(&self, #[graphql(desc = "In which language.", default_with = "Lang::Zh")] lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.0.zh,
            Lang::En => &self.0.en,
        }
    }
    /// In Chinese.
    async fn zh(&self) -> &str {
        &self.0.zh
    }
    /// In English.
    async fn en(&self) -> &str {
        &self.0.en
    }
}

/// By what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub enum Measure {
    /// 人数: each counts one.
    Heads,
    /// 面积: each counts its weight.
    Area,
}

/// What a quorum counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Turnout")]
pub enum QuorumCounts {
    /// 到会: who is present.
    Present,
    /// 参与表决: who votes.
    Cast,
}

/// What the votes in favour are a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OfBasis")]
pub enum Basis {
    /// 全体: all who may vote.
    Entitled,
    /// 到会: all who are present.
    Present,
    /// 参与表决: all ballots handed in.
    Cast,
    /// 有效票: ballots handed in, without invalid ones.
    Valid,
}

/// How many of the entitled must take part.
#[derive(SimpleObject)]
pub struct RuleQuorum {
    /// What is counted.
    counts: QuorumCounts,
    /// By heads or by area.
    measure: Measure,
    /// The share, exact: `2/3`.
    share: String,
    /// The share itself is enough; else it must be exceeded.
    inclusive: bool,
}

/// How many must be in favour.
#[derive(SimpleObject)]
pub struct RuleMajority {
    /// Of what.
    basis: Basis,
    /// By heads or by area.
    measure: Measure,
    /// The share, exact: `1/2`.
    share: String,
    /// The share itself is enough; else it must be exceeded.
    inclusive: bool,
}

fn inclusive(threshold: Threshold) -> bool {
    match threshold {
        Threshold::AtLeast(_) => true,
        Threshold::MoreThan(_) => false,
    }
}

/// A decision rule.
pub struct DecisionRule(pub(crate) Rule);

/// When a matter is decided. Whatever it says, ties fail.
#[Object]
impl DecisionRule {
    /// Its name, stable: `cn/residents-meeting`.
    async fn rule_id(&self) -> &str {
        &self.0.id
    }
    /// Its version, from 1.
    async fn version(&self) -> u32 {
        self.0.version
    }
    /// What people call it.
    async fn title(&self) -> Wording {
        Wording(self.0.title.clone())
    }
    /// The statute and article, or the charter, it comes from.
    async fn source(&self) -> Wording {
        Wording(self.0.source.clone())
    }
    /// All of these must hold before votes are looked at.
    async fn quorum(&self) -> Vec<RuleQuorum> {
        let told = |Quorum { counts, by, threshold }: &Quorum| RuleQuorum {
            counts: (*counts).into(),
            measure: (*by).into(),
            share: threshold.share().to_string(),
            inclusive: inclusive(*threshold),
        };
        self.0.quorum.iter().map(told).collect()
    }
    /// All of these must hold for it to be carried; none is a plurality.
    async fn majority(&self) -> Vec<RuleMajority> {
        let told = |Majority { of, by, threshold }: &Majority| RuleMajority {
            basis: (*of).into(),
            measure: (*by).into(),
            share: threshold.share().to_string(),
            inclusive: inclusive(*threshold),
        };
        self.0.majority.iter().map(told).collect()
    }
}

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
        Self { held: step.held(), wording: Wording(step.wording()) }
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
    async fn outcome(&self) -> DecisionOutcome {
        self.0.verdict.outcome.into()
    }
    /// How it ended, in words.
    async fn outcome_wording(&self) -> Wording {
        Wording(self.0.verdict.outcome.wording())
    }
    /// What decided it.
    async fn rule(&self) -> DecisionRule {
        DecisionRule(self.0.rule.clone())
    }
    /// What was counted, by heads and, where votes weigh differently, by area.
    async fn counts(&self) -> Vec<DecisionCounts> {
        let told = |(by, counts): (By, &gongyi_domain::deliberation::decision::Counts)| DecisionCounts {
            measure: by.into(),
            entitled: counts.entitled,
            present: counts.present,
            yes: counts.yes,
            no: counts.no,
            abstain: counts.abstain,
            invalid: counts.invalid,
        };
        self.0.tally.all().map(told).collect()
    }
    /// Everything that was compared, in order.
    async fn steps(&self) -> Vec<DecisionStep> {
        self.0.verdict.steps.iter().map(DecisionStep::from).collect()
    }
    /// The reason.
    async fn reason(&self) -> Wording {
        Wording(self.0.verdict.reason())
    }
}
