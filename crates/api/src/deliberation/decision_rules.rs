//! Decision rules: how many must take part and how many be in favour, as they are shown and as they are given.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject};
use gongyi_domain::{
    deliberation::decision::{self, statutes},
    refusal::Refusal,
};

use crate::{scalars::Share, table::wires};

/// What a quorum counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "decision::Turnout")]
pub enum Turnout {
    /// 到会: who is present when the vote opens.
    Present,
    /// 参与表决: ballots handed in, abstentions and invalid ones included.
    Cast,
}

/// What the votes in favour are a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "decision::Basis")]
pub enum Basis {
    /// 全体: all who may vote.
    Entitled,
    /// 到会: all who are present.
    Present,
    /// 参与表决: all ballots handed in, invalid ones included.
    Cast,
    /// 有效票: ballots handed in, without invalid ones.
    Valid,
}

/// By what votes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "decision::Measure")]
pub enum Measure {
    /// 人数: by heads.
    Heads,
    /// 面积: by area.
    Area,
}

/// Whether ballots that abstain stand in the basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "decision::Abstentions")]
pub enum Abstentions {
    /// They do: to abstain is not to agree.
    Count,
    /// They are left out, as if not handed in.
    LeftOut,
}

/// How far a share must be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Reach {
    /// 超过、过半数: strictly more than the share.
    MoreThan,
    /// 以上: the share itself is enough.
    AtLeast,
}

/// How far a share must be reached.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "ThresholdInput")]
pub struct Threshold {
    /// More than the share, or at least it.
    reach: Reach,
    /// The share.
    share: Share,
}

impl From<decision::Threshold> for Threshold {
    fn from(threshold: decision::Threshold) -> Self {
        let (reach, share) = match threshold {
            decision::Threshold::MoreThan(share) => (Reach::MoreThan, share),
            decision::Threshold::AtLeast(share) => (Reach::AtLeast, share),
        };
        Self { reach, share: Share(share) }
    }
}
impl From<Threshold> for decision::Threshold {
    fn from(threshold: Threshold) -> Self {
        match threshold.reach {
            Reach::MoreThan => Self::MoreThan(threshold.share.0),
            Reach::AtLeast => Self::AtLeast(threshold.share.0),
        }
    }
}

/// The same in Chinese and English.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "WordingInput")]
pub struct Wording {
    /// In Chinese.
    zh: String,
    /// In English.
    en: String,
}

impl From<decision::Wording> for Wording {
    fn from(wording: decision::Wording) -> Self {
        Self { zh: wording.zh, en: wording.en }
    }
}

/// How many of the entitled must take part.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "QuorumInput")]
pub struct Quorum {
    /// What is counted.
    counts: Turnout,
    /// By heads or by area.
    by: Measure,
    /// How far.
    threshold: Threshold,
}

/// How many must be in favour.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "MajorityInput")]
pub struct Majority {
    /// Of what.
    of: Basis,
    /// By heads or by area.
    by: Measure,
    /// How far.
    threshold: Threshold,
}

/// A decision rule. Whatever it says, ties fail.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "DecisionRuleInput")]
pub struct DecisionRule {
    /// Its name, stable: `cn/residents-meeting`.
    id: String,
    /// Its version, from 1.
    version: u32,
    /// What people call it.
    title: Wording,
    /// The statute and article, or the charter, it comes from.
    source: Wording,
    /// All of these must hold before votes are looked at.
    quorum: Vec<Quorum>,
    /// All of these must hold for the matter to be carried; more votes for than against if none.
    majority: Vec<Majority>,
    /// Whether abstentions stand in the basis.
    abstentions: Abstentions,
}

impl From<decision::Rule> for DecisionRule {
    fn from(rule: decision::Rule) -> Self {
        let quorum = |it: &decision::Quorum| Quorum { counts: it.counts.into(), by: it.by.into(), threshold: it.threshold.into() };
        let majority = |it: &decision::Majority| Majority { of: it.of.into(), by: it.by.into(), threshold: it.threshold.into() };
        Self {
            quorum: rule.quorum.iter().map(quorum).collect(),
            majority: rule.majority.iter().map(majority).collect(),
            id: rule.id,
            version: rule.version,
            title: rule.title.into(),
            source: rule.source.into(),
            abstentions: rule.abstentions.into(),
        }
    }
}
impl From<DecisionRule> for decision::Rule {
    fn from(rule: DecisionRule) -> Self {
        let quorum = |it: Quorum| decision::Quorum { counts: it.counts.into(), by: it.by.into(), threshold: it.threshold.into() };
        let majority = |it: Majority| decision::Majority { of: it.of.into(), by: it.by.into(), threshold: it.threshold.into() };
        Self {
            id: rule.id,
            version: rule.version,
            title: decision::Wording::new(rule.title.zh, rule.title.en),
            source: decision::Wording::new(rule.source.zh, rule.source.en),
            quorum: rule.quorum.into_iter().map(quorum).collect(),
            majority: rule.majority.into_iter().map(majority).collect(),
            abstentions: rule.abstentions.into(),
        }
    }
}

fn statute(id: &str, version: u32) -> Result<decision::Rule, Refusal> {
    statutes::find(id, version).ok_or_else(|| Refusal {
        code: "InvalidInput",
        field: Some("rule"),
        zh: "没有这个表决规则".to_owned(),
        en: "There is no such rule".to_owned(),
    })
}

/// A statute's rule, by its name.
#[derive(Debug, Clone, InputObject)]
pub struct StatuteInput {
    /// Its name: `cn/residents-meeting`.
    id: String,
    /// Its version.
    #[graphql(default = 1)]
    version: u32,
}

/// Which decision rule: a statute's, or one written out.
#[derive(OneofObject)]
pub enum RuleChoiceInput {
    /// As a statute has it.
    Statute(StatuteInput),
    /// Written out.
    Written(DecisionRule),
}

impl RuleChoiceInput {
    /// The rule.
    ///
    /// # Errors
    /// There is no such rule in the statutes.
    pub(super) fn chosen(self) -> Result<decision::Rule, Refusal> {
        match self {
            Self::Statute(StatuteInput { id, version }) => statute(&id, version),
            Self::Written(rule) => Ok(rule.into()),
        }
    }
}

/// A rule of the statutes, by name and version.
#[derive(InputObject)]
pub struct RuleInput {
    /// Its name: `cn/village-election`.
    rule_id: String,
    /// Its version, from 1.
    #[graphql(default = 1)]
    version: u32,
}

impl RuleInput {
    /// The rule.
    ///
    /// # Errors
    /// There is no such rule in the statutes.
    pub(super) fn rule(&self) -> Result<decision::Rule, Refusal> {
        statute(&self.rule_id, self.version)
    }
}

wires! {
    RuleInput => decision::Rule = |rule| rule.rule()?;
    Threshold => decision::Threshold = |threshold| threshold.into();
}
