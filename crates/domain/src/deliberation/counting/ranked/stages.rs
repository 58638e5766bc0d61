//! The course of a ranked count, stage by stage, as it is shown.

use num_bigint::BigInt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meek::{Interval, SCALE_BITS, Votes};
use crate::deliberation::decision::Wording;

/// Decimals that are shown of a number of votes; what is behind them is cut off.
const DECIMALS: u32 = 6;

/// The votes of one option in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageVotes {
    /// The option.
    pub option: u16,
    /// Its votes, as a decimal number.
    pub votes: String,
}

/// What the ballots gave once in a count, and what followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The votes of all who are neither elected nor excluded, in the ballot's order.
    pub votes: Vec<StageVotes>,
    /// Who has more than this is elected: the votes that are not exhausted, by the places and one more.
    pub threshold: String,
    /// Votes on which nobody more is named.
    pub exhausted: String,
    /// Elected now, most votes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elected: Vec<u16>,
    /// Excluded now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<u16>,
    /// These have the fewest votes alike and a lot would exclude one: from here on every lot is followed, and nothing is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<u16>,
}

impl Stage {
    pub(super) fn of(votes: &Votes, places: u16) -> Self {
        let told = |(option, interval): &(u16, Interval)| StageVotes { option: *option, votes: decimal(&interval.most) };
        Self {
            votes: votes.hopeful.iter().map(told).collect(),
            threshold: decimal(&(&votes.active.most / (u32::from(places) + 1))),
            exhausted: decimal(&votes.exhausted()),
            ..Self::default()
        }
    }

    /// The stage in Chinese and English; `name` says what the reader may see of an option, told by its number.
    pub fn wording(&self, name: impl Fn(u16) -> String) -> Wording {
        let named = |options: &[u16], by: &str| options.iter().map(|it| name(*it)).collect::<Vec<_>>().join(by);
        let votes = |by: &str| self.votes.iter().map(|it| format!("{} {}", name(it.option), it.votes)).collect::<Vec<_>>().join(by);
        let (mut zh, mut en) = (vec![votes("、")], vec![votes(", ")]);
        zh.push(format!("超过 {} 票当选，{} 票已无去向", self.threshold, self.exhausted));
        en.push(format!("more than {} is elected, {} exhausted", self.threshold, self.exhausted));
        for (options, became, turned) in [
            (&self.elected, "当选", "elected"),
            (&self.excluded, "淘汰", "excluded"),
            (&self.alike, "票数最少且相同，以下对每一种抽签结果逐一推演", "fewest alike: every lot is followed from here"),
        ] {
            if !options.is_empty() {
                zh.push(format!("{}{became}", named(options, "、")));
                en.push(format!("{} {turned}", named(options, ", ")));
            }
        }
        Wording::new(zh.join("，"), en.join(", "))
    }
}

/// A scaled number as a decimal one, cut off. It is the upper end of a narrow enclosure, so that what is whole shows whole.
fn decimal(scaled: &BigInt) -> String {
    let shifted: BigInt = (scaled * 10_u32.pow(DECIMALS)) >> SCALE_BITS;
    let digits = format!("{shifted:0>width$}", width = DECIMALS as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - DECIMALS as usize);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}
