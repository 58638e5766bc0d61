//! When a matter is decided: a quorum and a majority, each an exact share of a named basis.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{fraction::Threshold, tally::Measure};

/// The same in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Wording {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Wording {
    /// Both texts.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// Several sentences in one line.
    pub fn joined(sentences: &[Self]) -> Self {
        let joined = |text: fn(&Self) -> &str, by| sentences.iter().map(text).collect::<Vec<_>>().join(by);
        Self { zh: joined(|it| &it.zh, "；"), en: joined(|it| &it.en, "; ") }
    }
}

/// What a quorum counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turnout {
    /// 到会: who is present when the vote opens.
    Present,
    /// 参与表决、投票: ballots handed in, abstentions and invalid ones included.
    Cast,
}

/// What the votes in favour are a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// 全体: all who may vote.
    Entitled,
    /// 到会: all who are present; who abstains is present.
    Present,
    /// 参与表决: all ballots handed in, invalid ones included.
    Cast,
    /// 有效票: ballots handed in, without invalid ones.
    Valid,
}

/// Whether ballots that abstain stand in the basis. Of use where the basis is cast or valid ballots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Abstentions {
    /// They do: to abstain is not to agree.
    #[default]
    Count,
    /// They are left out, as if not handed in.
    LeftOut,
}

/// How many of the entitled must take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Quorum {
    /// What is counted.
    pub counts: Turnout,
    /// By heads or by area.
    pub by: Measure,
    /// How far.
    pub threshold: Threshold,
}

/// How many must be in favour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Majority {
    /// Of what.
    pub of: Basis,
    /// By heads or by area.
    pub by: Measure,
    /// How far.
    pub threshold: Threshold,
}

/// A decision rule. Whatever it says, ties fail: a matter needs more votes for it than against it.
///
/// An empty quorum demands none. An empty majority is a plurality: more votes for than against, or the most votes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name, stable: `cn/residents-meeting`.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// What people call it.
    pub title: Wording,
    /// The statute and article, or the charter, it comes from.
    pub source: Wording,
    /// All of these must hold before votes are looked at.
    pub quorum: Vec<Quorum>,
    /// All of these must hold for the matter to be carried, or a candidate to be elected.
    pub majority: Vec<Majority>,
    /// Whether abstentions stand in the basis.
    pub abstentions: Abstentions,
}
