//! What a rule makes of the counts, step by step, and the words for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    fraction::{Fraction, Threshold},
    rule::{Abstentions, Basis, Majority, Quorum, Rule, Turnout, Wording},
    statutes,
    tally::{Counts, Measure, Tally},
};
use crate::refusal::refusals;

/// How a vote on a matter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 通过.
    Carried,
    /// 未通过.
    Failed,
    /// 未达法定人数: too few took part, so nothing was decided.
    NoQuorum,
    /// 无效: the counts contradict each other, so nothing was decided.
    Void,
}

impl Outcome {
    /// In Chinese and English.
    pub fn wording(self) -> Wording {
        match self {
            Self::Carried => Wording::new("通过", "carried"),
            Self::Failed => Wording::new("未通过", "not carried"),
            Self::NoQuorum => Wording::new("未达法定人数，未作出决定", "no quorum, nothing decided"),
            Self::Void => Wording::new("表决无效", "void"),
        }
    }
}

/// One comparison, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Who took part, of all entitled.
    Turnout {
        /// What was demanded.
        quorum: Quorum,
        /// Who took part.
        count: u64,
        /// Of how many.
        entitled: u64,
        /// Whether it was enough.
        held: bool,
    },
    /// Votes in favour, of the basis.
    InFavour {
        /// What was demanded.
        majority: Majority,
        /// Whether abstentions stand in the basis.
        abstentions: Abstentions,
        /// Votes in favour.
        yes: u64,
        /// Of how many.
        of: u64,
        /// Whether it was enough.
        held: bool,
    },
    /// Ties fail: all shares were reached, yet there were not more votes for than against. Recorded where it decides.
    NotMoreForThanAgainst {
        /// By which measure.
        by: Measure,
        /// For.
        yes: u64,
        /// Against.
        no: u64,
    },
    /// More ballots than voters void the vote. Recorded where it decides.
    MoreBallotsThanVoters {
        /// By which measure.
        by: Measure,
        /// Ballots.
        cast: u64,
        /// Voters.
        voters: u64,
    },
    /// More voters than the roll has void the vote. Recorded where it decides.
    MoreVotersThanEntitled {
        /// By which measure.
        by: Measure,
        /// Voters.
        voters: u64,
        /// The roll.
        entitled: u64,
    },
    /// More votes for one candidate than ballots that count void the election. Recorded where it decides.
    MoreVotesThanBallots {
        /// By which measure.
        by: Measure,
        /// The most votes of one candidate.
        votes: u64,
        /// Ballots that name anybody and count.
        ballots: u64,
    },
}

/// What a rule makes of a tally.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// Everything that was compared, in order; the last one that did not hold decided.
    pub steps: Vec<Step>,
}

/// A decision as its event carries it: all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The rule, word for word.
    pub rule: Rule,
    /// What was counted.
    pub tally: Tally,
    /// What the rule made of it.
    pub verdict: Verdict,
}

refusals! {
    /// Why nothing can be decided from these counts.
    pub enum DecisionRefusal {
        /// The rule asks for areas, the roll has none.
        AreaNotCounted("tally", "此规则须按面积计票，但没有面积数据", "This rule counts by area, and no areas were counted"),
        /// Ballots beyond what can be counted.
        CountsTooLarge("tally", "票数超出可计算的范围", "There are more ballots than can be counted"),
        /// An election fills at least one seat.
        NoSeats("seats", "选举至少须有一个应选名额", "An election fills at least one seat"),
    }
}

/// A stored decision that its own rule and counts do not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// The rule bears a statute's name and version, but reads otherwise.
    #[error("rule {id} version {version} reads otherwise in the table of statutes")]
    RuleDiffers {
        /// The rule's name.
        id: String,
        /// Its version.
        version: u32,
    },
    /// The verdict is another.
    #[error("the stored verdict is not what the rule makes of the counts")]
    VerdictDiffers,
    /// The rule cannot be used on these counts at all.
    #[error("the rule gives no verdict on these counts: {0}")]
    Undecidable(#[from] DecisionRefusal),
}

impl Counts {
    /// Ballots handed in.
    ///
    /// # Errors
    /// More than 64 bits hold.
    pub fn cast(&self) -> Result<u64, DecisionRefusal> {
        let sum = [self.no, self.abstain, self.invalid].into_iter().try_fold(self.yes, u64::checked_add);
        sum.ok_or(DecisionRefusal::CountsTooLarge)
    }
}

/// The counts a basis is made of, of a vote or an election.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turned {
    pub entitled: u64,
    pub voters: u64,
    pub cast: u64,
    pub abstain: u64,
    pub invalid: u64,
}

impl Turned {
    /// What makes the whole vote void.
    pub fn contradiction(&self, by: Measure) -> Option<Step> {
        if self.voters > self.entitled {
            Some(Step::MoreVotersThanEntitled { by, voters: self.voters, entitled: self.entitled })
        } else if self.cast > self.voters {
            Some(Step::MoreBallotsThanVoters { by, cast: self.cast, voters: self.voters })
        } else {
            None
        }
    }

    pub fn turnout(&self, quorum: Quorum) -> Step {
        let count = match quorum.counts {
            Turnout::Present => self.voters,
            Turnout::Cast => self.cast,
        };
        quorum.step(count, self.entitled)
    }

    /// What votes in favour are a share of. Abstentions are among the ballots cast, never invalid as well.
    pub fn basis(&self, basis: Basis, abstentions: Abstentions) -> u64 {
        let left_out = match abstentions {
            Abstentions::Count => 0,
            Abstentions::LeftOut => self.abstain,
        };
        match basis {
            Basis::Entitled => self.entitled,
            Basis::Present => self.voters,
            Basis::Cast => self.cast.saturating_sub(left_out),
            Basis::Valid => self.cast.saturating_sub(self.invalid).saturating_sub(left_out),
        }
    }
}

impl Quorum {
    /// Whether `count` of `entitled` are enough; also to watch a meeting's quorum with.
    pub fn step(self, count: u64, entitled: u64) -> Step {
        Step::Turnout { quorum: self, count, entitled, held: self.threshold.reached(count, entitled) }
    }
}

impl Rule {
    /// What this rule makes of the counts: the same for the same input, for ever.
    ///
    /// # Errors
    /// A rule by area on counts without areas; more ballots than 64 bits count.
    pub fn decide(&self, tally: &Tally) -> Result<Verdict, DecisionRefusal> {
        let mut steps = vec![];
        for (by, counts) in tally.all() {
            steps.extend(counts.turned()?.contradiction(by));
        }
        if !steps.is_empty() {
            return Ok(Verdict { outcome: Outcome::Void, steps });
        }
        for quorum in &self.quorum {
            steps.push(tally.by(quorum.by).ok_or(DecisionRefusal::AreaNotCounted)?.turned()?.turnout(*quorum));
        }
        if !steps.iter().all(Step::held) {
            return Ok(Verdict { outcome: Outcome::NoQuorum, steps });
        }
        for majority in &self.majority {
            let counts = tally.by(majority.by).ok_or(DecisionRefusal::AreaNotCounted)?;
            let of = counts.turned()?.basis(majority.of, self.abstentions);
            let held = majority.threshold.reached(counts.yes, of);
            steps.push(Step::InFavour { majority: *majority, abstentions: self.abstentions, yes: counts.yes, of, held });
        }
        if steps.iter().all(Step::held) {
            let measures = tally.all().filter(|(by, _)| *by == Measure::Heads || self.majority.iter().any(|it| it.by == *by));
            let tied = measures.filter(|(_, counts)| counts.yes <= counts.no);
            steps.extend(tied.map(|(by, counts)| Step::NotMoreForThanAgainst { by, yes: counts.yes, no: counts.no }));
        }
        let outcome = if steps.iter().all(Step::held) { Outcome::Carried } else { Outcome::Failed };
        Ok(Verdict { outcome, steps })
    }
}

impl Counts {
    fn turned(&self) -> Result<Turned, DecisionRefusal> {
        let Self { entitled, present: voters, abstain, invalid, .. } = *self;
        Ok(Turned { entitled, voters, cast: self.cast()?, abstain, invalid })
    }
}

impl Decision {
    /// Decides, and keeps all that is needed to decide again.
    ///
    /// # Errors
    /// As [`Rule::decide`].
    pub fn of(rule: Rule, tally: Tally) -> Result<Self, DecisionRefusal> {
        Ok(Self { verdict: rule.decide(&tally)?, rule, tally })
    }

    /// Decides again from rule and counts alone, and looks the rule up if it claims to be a statute's.
    ///
    /// # Errors
    /// What does not fit.
    pub fn recheck(&self) -> Result<(), Discrepancy> {
        self.rule.recheck()?;
        if self.rule.decide(&self.tally)? == self.verdict { Ok(()) } else { Err(Discrepancy::VerdictDiffers) }
    }
}

impl Rule {
    /// Whether a rule that bears a statute's name reads as the table says.
    ///
    /// # Errors
    /// [`Discrepancy::RuleDiffers`] if it does not, or if no statute has that name and version.
    pub fn recheck(&self) -> Result<(), Discrepancy> {
        let genuine = !self.id.starts_with(statutes::NAMESPACE) || statutes::find(&self.id, self.version).is_some_and(|it| it == *self);
        if genuine { Ok(()) } else { Err(Discrepancy::RuleDiffers { id: self.id.clone(), version: self.version }) }
    }
}

impl Step {
    /// Whether it held. What is recorded only where it decides did not.
    pub fn held(&self) -> bool {
        match self {
            Self::Turnout { held, .. } | Self::InFavour { held, .. } => *held,
            Self::NotMoreForThanAgainst { .. }
            | Self::MoreBallotsThanVoters { .. }
            | Self::MoreVotersThanEntitled { .. }
            | Self::MoreVotesThanBallots { .. } => false,
        }
    }

    /// In Chinese and English: `present 61 of 90 ≥ 2/3 ✓`.
    pub fn wording(&self) -> Wording {
        match *self {
            Self::Turnout { quorum: Quorum { counts, by, threshold }, count, entitled, held } => {
                let who = match counts {
                    Turnout::Present => Wording::new("出席", "present"),
                    Turnout::Cast => Wording::new("参加表决", "voting"),
                };
                let (by, reached) = (by.wording(), threshold.wording(held));
                Wording {
                    zh: format!("{}应到 {entitled}，{} {count}，{}", by.zh, who.zh, reached.zh),
                    en: format!("{}{} {count} of {entitled}{}", who.en, by.en, reached.en),
                }
            }
            Self::InFavour { majority: Majority { of: basis, by, threshold }, abstentions, yes, of, held } => {
                let basis = basis.wording(abstentions);
                let (by, reached) = (by.wording(), threshold.wording(held));
                Wording {
                    zh: format!("{}{} {of}，赞成 {yes}，{}", by.zh, basis.zh, reached.zh),
                    en: format!("yes{} {yes} of {of}{}{}", by.en, basis.en, reached.en),
                }
            }
            Self::NotMoreForThanAgainst { by, yes, no } => {
                let by = by.wording();
                Wording {
                    zh: format!("{}赞成 {yes}，反对 {no}，赞成不多于反对 ✗", by.zh),
                    en: format!("yes{} {yes}, no {no}, not more for than against ✗", by.en),
                }
            }
            Self::MoreBallotsThanVoters { by, cast, voters } => {
                let by = by.wording();
                Wording {
                    zh: format!("{}收回票数 {cast} 多于投票人数 {voters} ✗", by.zh),
                    en: format!("ballots{} {cast}, more than {voters} voters ✗", by.en),
                }
            }
            Self::MoreVotersThanEntitled { by, voters, entitled } => {
                let by = by.wording();
                Wording {
                    zh: format!("{}投票人数 {voters} 多于应到 {entitled} ✗", by.zh),
                    en: format!("voters{} {voters}, more than {entitled} entitled ✗", by.en),
                }
            }
            Self::MoreVotesThanBallots { by, votes, ballots } => {
                let by = by.wording();
                Wording {
                    zh: format!("{}一人得票 {votes} 多于有效票 {ballots} ✗", by.zh),
                    en: format!("votes{} {votes} for one candidate, more than {ballots} ballots that count ✗", by.en),
                }
            }
        }
    }
}

impl Verdict {
    /// The reason in Chinese and English: every step, in order.
    pub fn reason(&self) -> Wording {
        Wording::joined(&self.steps.iter().map(Step::wording).collect::<Vec<_>>())
    }
}

impl Measure {
    /// Before a Chinese, within an English sentence; heads go without saying.
    pub(super) fn wording(self) -> Wording {
        match self {
            Self::Heads => Wording::new("", ""),
            Self::Area => Wording::new("按面积", " by area"),
        }
    }
}

impl Basis {
    /// What stands beside the number. In English those present go without saying.
    pub(super) fn wording(self, abstentions: Abstentions) -> Wording {
        match (self, abstentions) {
            (Self::Entitled, _) => Wording::new("应到", " entitled"),
            (Self::Present, _) => Wording::new("出席", ""),
            (Self::Cast, Abstentions::Count) => Wording::new("投票", " cast"),
            (Self::Cast, Abstentions::LeftOut) => Wording::new("投票（不计弃权）", " cast without abstentions"),
            (Self::Valid, Abstentions::Count) => Wording::new("有效票", " valid"),
            (Self::Valid, Abstentions::LeftOut) => Wording::new("有效票（不计弃权）", " valid without abstentions"),
        }
    }
}

impl Threshold {
    /// `过半数 ✓`, `, not more than half ✗`, ` ≥ 2/3 ✓`.
    pub(super) fn wording(self, held: bool) -> Wording {
        let share = self.share();
        let zh = share.zh();
        match (self, held) {
            (Self::MoreThan(Fraction::HALF), true) => Wording::new("过半数 ✓", ", more than half ✓"),
            (Self::MoreThan(Fraction::HALF), false) => Wording::new("未过半数 ✗", ", not more than half ✗"),
            (Self::MoreThan(_), true) => Wording::new(format!("超过{zh} ✓"), format!(" > {share} ✓")),
            (Self::MoreThan(_), false) => Wording::new(format!("未超过{zh} ✗"), format!(" ≤ {share} ✗")),
            (Self::AtLeast(_), true) => Wording::new(format!("达到{zh} ✓"), format!(" ≥ {share} ✓")),
            (Self::AtLeast(_), false) => Wording::new(format!("未达到{zh} ✗"), format!(" < {share} ✗")),
        }
    }
}

impl Fraction {
    /// `三分之二`; `半数` and `全部`; figures where the number is above ten.
    fn zh(self) -> String {
        const FIGURES: [&str; 11] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
        let figure = |number: u32| FIGURES.get(number as usize).map_or_else(|| number.to_string(), |it| (*it).to_owned());
        match self {
            Self::HALF => "半数".to_owned(),
            Self::ALL => "全部".to_owned(),
            _ => format!("{}分之{}", figure(self.denominator()), figure(self.numerator())),
        }
    }
}
