//! What was counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// 人数: each entry of the roll (person, household, owner) counts one.
    Heads,
    /// 面积: each entry counts its weight, an integer such as its floor area in hundredths of a square metre.
    Area,
}

/// The same count by heads and, where the roll carries weights, by area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Measured<T> {
    /// By heads; always there.
    pub heads: T,
    /// By area, where the roll carries weights.
    pub area: Option<T>,
}

impl<T> Measured<T> {
    /// Where every head counts one and nothing else does.
    pub fn by_heads(heads: T) -> Self {
        Self { heads, area: None }
    }

    /// The count by this measure, if there is one.
    pub fn by(&self, measure: Measure) -> Option<&T> {
        match measure {
            Measure::Heads => Some(&self.heads),
            Measure::Area => self.area.as_ref(),
        }
    }

    /// Every measure that was counted.
    pub fn all(&self) -> impl Iterator<Item = (Measure, &T)> {
        [Measure::Heads, Measure::Area].into_iter().filter_map(|measure| self.by(measure).map(|it| (measure, it)))
    }
}

/// The counts of one vote on a matter. Ballots cast are the sum of the four kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// 应到: who may vote, as the roll or the charter says.
    pub entitled: u64,
    /// 出席: who may hand in a ballot here: checked in when the vote opened, less experts and those recused (回避). In a
    /// poll without a meeting, who is marked on the roll as having voted.
    pub present: u64,
    /// 赞成.
    pub yes: u64,
    /// 反对.
    pub no: u64,
    /// 弃权.
    pub abstain: u64,
    /// 废票.
    pub invalid: u64,
}

/// The counts of one vote on a matter, by every measure.
pub type Tally = Measured<Counts>;

/// What was counted of an election's ballots, whoever they name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PollCounts {
    /// The roll.
    pub entitled: u64,
    /// 投票人数: who is marked on the roll as having voted, in person or by proxy.
    pub voters: u64,
    /// 收回选票: ballots handed in, abstentions and invalid ones included.
    pub cast: u64,
    /// 弃权: of these, ballots that name nobody.
    pub abstain: u64,
    /// 废票: of these, ballots that don't count, over-voted ones among them.
    pub invalid: u64,
}

/// An election's ballots, by every measure.
pub type Poll = Measured<PollCounts>;
/// The votes for one candidate, by every measure.
pub type Votes = Measured<u64>;
