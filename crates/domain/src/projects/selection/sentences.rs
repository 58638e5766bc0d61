//! What a step says, in Chinese and English.

use super::{Completion, Measure, Method, Reason, SelectionRule, Step, TieBreak};
use crate::{fraction::Threshold, values::Cents};

/// An amount in yuan; what a project costs always is one.
fn yuan(cents: u64) -> Cents {
    Cents::try_new(cents).unwrap_or(Cents::MAX)
}

fn threshold_zh(threshold: Threshold) -> String {
    match threshold {
        Threshold::MoreThan(share) => format!("超过 {share}"),
        Threshold::AtLeast(share) => format!("{share} 以上"),
    }
}

fn threshold_en(threshold: Threshold) -> String {
    match threshold {
        Threshold::MoreThan(share) => format!("more than {share}"),
        Threshold::AtLeast(share) => format!("at least {share}"),
    }
}

impl Step {
    /// Why it is funded or not, in Chinese.
    pub fn zh(&self) -> String {
        let (number, cost, points, of) = (self.candidate, yuan(self.cost), self.support.points, self.support.of);
        let of_it = format!("第 {number} 项，需 {cost} 元，支持 {points}/{of}：");
        let why = match &self.reason {
            Reason::Fits { left } => format!("入选，余额 {} 元足够。", yuan(*left)),
            Reason::Shared { supporters, payment } => {
                format!("入选，由 {supporters} 名支持者分担，每人至多 {} 元。", yuan(*payment))
            }
            Reason::TooExpensive { left } => format!("未入选，余额仅 {} 元。", yuan(*left)),
            Reason::AfterEnd { ended_by } => format!("未入选，第 {ended_by} 项超出余额，遴选即止。"),
            Reason::SharesTooSmall { left } => format!("未入选，支持者名下余额合计仅 {} 元。", yuan(*left)),
            Reason::Excluded { by } => format!("未入选，与已入选的第 {by} 项互斥。"),
            Reason::BelowThreshold { threshold } => format!("未入选，须达到{}。", threshold_zh(*threshold)),
            Reason::NoSupport => "未入选，无人支持。".to_owned(),
        };
        of_it + &why
    }

    /// Why it is funded or not, in English.
    pub fn en(&self) -> String {
        let (number, cost, points, of) = (self.candidate, yuan(self.cost), self.support.points, self.support.of);
        let of_it = format!("Number {number}, {cost} yuan, supported by {points} of {of}: ");
        let why = match &self.reason {
            Reason::Fits { left } => format!("funded, for {} yuan were left.", yuan(*left)),
            Reason::Shared { supporters, payment } => {
                format!("funded by the shares of its {supporters} supporters, at most {} yuan each.", yuan(*payment))
            }
            Reason::TooExpensive { left } => format!("not funded, for only {} yuan were left.", yuan(*left)),
            Reason::AfterEnd { ended_by } => format!("not funded, for number {ended_by} did not fit and ended the selection."),
            Reason::SharesTooSmall { left } => format!("not funded, for its supporters have only {} yuan left together.", yuan(*left)),
            Reason::Excluded { by } => format!("not funded, for number {by} is, and only one of the two can be."),
            Reason::BelowThreshold { threshold } => format!("not funded, for {} is needed.", threshold_en(*threshold)),
            Reason::NoSupport => "not funded, for nobody supports it.".to_owned(),
        };
        of_it + &why
    }
}

impl SelectionRule {
    /// The rule as it is published, in Chinese.
    pub fn zh(&self) -> String {
        let method = match self.method {
            Method::Greedy => "按支持率从高到低入选，超出余额的跳过".to_owned(),
            Method::GreedyUntilFull => "按支持率从高到低入选，遇首个超出余额的项目即止".to_owned(),
            Method::EqualShares { measure, completion } => {
                let measure = match measure {
                    Measure::Cost => "按项目金额计满意度",
                    Measure::Count => "按项目个数计满意度",
                };
                let completion = match completion {
                    Completion::None => "余额不再分配".to_owned(),
                    Completion::Greedy => "余额按支持率补足".to_owned(),
                    Completion::AddThenGreedy { step } => format!("份额每次增加 {} 元直至超出预算，余额按支持率补足", yuan(step.get())),
                };
                format!("均等份额法（{measure}；{completion}）")
            }
        };
        let threshold = self.threshold.map(|it| format!("；支持率须{}", threshold_zh(it))).unwrap_or_default();
        let tie = match self.tie_break {
            TieBreak::Cheaper => "金额低者优先，再按编号",
            TieBreak::LowerNumber => "编号在前者优先",
        };
        format!("{method}{threshold}；并列时{tie}。")
    }

    /// The rule as it is published, in English.
    pub fn en(&self) -> String {
        let method = match self.method {
            Method::Greedy => "Most support first; what does not fit into the money left is skipped".to_owned(),
            Method::GreedyUntilFull => "Most support first; the first that does not fit into the money left ends it".to_owned(),
            Method::EqualShares { measure, completion } => {
                let measure = match measure {
                    Measure::Cost => "satisfaction by cost",
                    Measure::Count => "satisfaction by the number of projects",
                };
                let completion = match completion {
                    Completion::None => "money left is not given".to_owned(),
                    Completion::Greedy => "money left goes to what fits, most support first".to_owned(),
                    Completion::AddThenGreedy { step } => {
                        format!(
                            "shares are raised by {} yuan as long as it fits, then money left goes to what fits, most support first",
                            yuan(step.get())
                        )
                    }
                };
                format!("Method of Equal Shares ({measure}; {completion})")
            }
        };
        let threshold = self.threshold.map(|it| format!("; {} of support is needed", threshold_en(it))).unwrap_or_default();
        let tie = match self.tie_break {
            TieBreak::Cheaper => "the cheaper one, then the lower number",
            TieBreak::LowerNumber => "the lower number",
        };
        format!("{method}{threshold}; of those alike {tie} goes first.")
    }
}
