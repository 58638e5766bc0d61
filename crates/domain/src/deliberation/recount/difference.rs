//! What is recorded of a decision and not given by its events, and the words for it.

use crate::{
    deliberation::{
        counting::Tally,
        decision::Wording,
        poll_report::{FrozenRoll, Participation},
    },
    refusal::Refusal,
};

/// What is recorded, and what was found instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// The rule bears a statute's name, but reads otherwise.
    Rule {
        /// The rule's name.
        id: String,
        /// Its version.
        version: u32,
    },
    /// Ranked ballots were counted by an earlier rule than those of a poll before it.
    EarlierRankedRule,
    /// A vote was counted by those entitled at its opening, after votes that asked the council at their close.
    CouncilNotAsked,
    /// A council's poll is not held as its charter says.
    Charter,
    /// The roll that the poll was opened with is not the roll there is.
    Roll {
        /// As recorded.
        recorded: FrozenRoll,
        /// As found.
        found: FrozenRoll,
    },
    /// Lines of the roll without a stream of their own that says the same, or the other way round.
    Entries {
        /// How many.
        entries: u64,
    },
    /// Entries that took part out of turn: not on the roll, twice, or while the poll was not open.
    OutOfTurn {
        /// How many.
        entries: u64,
    },
    /// Ballots that came onto the published list after the count.
    LateBallots {
        /// How many.
        ballots: u64,
    },
    /// Who took part.
    Participation {
        /// As recorded.
        recorded: Participation,
        /// As found.
        found: Participation,
    },
    /// The ballots say something else.
    Ballots {
        /// As recorded.
        recorded: Box<Tally>,
        /// As found.
        found: Box<Tally>,
    },
    /// Tags that several ballots bear.
    ClashingTags {
        /// As recorded.
        recorded: u64,
        /// As found.
        found: u64,
    },
    /// Rule, counts or verdict of a decision.
    Outcome {
        /// As recorded.
        recorded: Wording,
        /// As found.
        found: Wording,
    },
    /// Who might vote in a meeting's vote.
    Voters {
        /// Of those recorded as voters, how many were not in the room or were recused; and how many are missing.
        persons: u64,
    },
    /// Choices of people who might not vote.
    StrayChoices {
        /// How many.
        choices: u64,
    },
    /// The rules refuse what is recorded as done.
    Refused(Refusal),
    /// What the decision rests on is not in the log before it.
    Missing(
        /// What.
        Wording,
    ),
}

impl Difference {
    /// In Chinese and English.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Rule { id, version } => Wording::new(
                format!("规则 {id} 第 {version} 版与法规原文不符"),
                format!("rule {id} version {version} does not read as the statute does"),
            ),
            Self::EarlierRankedRule => Wording::new(
                "排序选票按旧规则计票，而此前的投票已按新规则计票",
                "ranked ballots were counted by an earlier rule than a poll before it",
            ),
            Self::CouncilNotAsked => Wording::new(
                "未按表决结束时的议事会认定应到与到会人数，而此前的表决已如此认定",
                "the council was not asked at the close who is entitled, as it was in a vote before it",
            ),
            Self::Charter => Wording::new("规则或保密方式与议事会章程不符", "rule or secrecy are not those of the council's charter"),
            Self::Roll { recorded, found } => Wording::new(
                format!("选民名单记为 {}，实为 {}", roll_figures(recorded), roll_figures(found)),
                format!("the roll is recorded as {}, found as {}", roll_figures(recorded), roll_figures(found)),
            ),
            Self::Entries { entries } => Wording::new(
                format!("名单与 {entries} 条选民登记不符"),
                format!("the roll and {entries} of its entries' own streams differ"),
            ),
            Self::OutOfTurn { entries } => Wording::new(
                format!("{entries} 次投票不在名单上、重复或不在投票时间内"),
                format!("{entries} took part who were not on the roll, had voted, or while the poll was not open"),
            ),
            Self::LateBallots { ballots } => {
                Wording::new(format!("计票之后又公布选票 {ballots} 张"), format!("{ballots} ballots were published after the count"))
            }
            Self::Participation { recorded, found } => Wording::new(
                format!("投票人数记为 {}，实为 {}", turnout_figures(recorded), turnout_figures(found)),
                format!("participation is recorded as {}, found as {}", turnout_figures(recorded), turnout_figures(found)),
            ),
            Self::Ballots { recorded, found } => tally_wording(recorded, found),
            Self::ClashingTags { recorded, found } => Wording::new(
                format!("重复的回执标记记为 {recorded} 个，实为 {found} 个"),
                format!("clashing tags are recorded as {recorded}, found as {found}"),
            ),
            Self::Outcome { recorded, found } => Wording::new(
                format!("记为「{}」，实为「{}」", recorded.zh, found.zh),
                format!("recorded as «{}», found as «{}»", recorded.en, found.en),
            ),
            Self::Voters { persons } => Wording::new(
                format!("记为可表决者与当时在场且未回避的代表相差 {persons} 人"),
                format!("{persons} recorded as voters were not in the room unrecused, or the other way round"),
            ),
            Self::StrayChoices { choices } => {
                Wording::new(format!("{choices} 票由无表决权的人投出"), format!("{choices} choices are of people who might not vote"))
            }
            Self::Refused(refusal) => Wording::new(refusal.zh.clone(), refusal.en.clone()),
            Self::Missing(what) => Wording::new(format!("日志中此前没有{}", what.zh), format!("the log has no {} before it", what.en)),
        }
    }
}

fn roll_figures(FrozenRoll { entries, heads, weight, digest, composition: _ }: &FrozenRoll) -> String {
    format!("{entries}/{heads}/{weight} sha256 {digest}")
}

fn turnout_figures(Participation { online, in_person, by_proxy }: &Participation) -> String {
    format!("{}+{} ({}+{}; {by_proxy})", online.heads, in_person.heads, online.weight, in_person.weight)
}

/// Every number of two tallies that differs: `cast 40→39, #2 12→11`, or that the order of places does.
fn tally_wording(recorded: &Tally, found: &Tally) -> Wording {
    let kinds = [
        ("投票", "cast", recorded.cast, found.cast),
        ("空白", "blank", recorded.blank, found.blank),
        ("废票", "invalid", recorded.invalid, found.invalid),
        ("有效", "valid", recorded.valid, found.valid),
    ];
    let changed = kinds.into_iter().filter(|(_, _, recorded, found)| recorded != found);
    let mut words: Vec<Wording> = changed
        .map(|(zh, en, recorded, found)| {
            let figures = format!("{}→{}", recorded.heads, found.heads);
            Wording::new(format!("{zh} {figures}"), format!("{en} {figures}"))
        })
        .collect();
    let option = |of: &Tally, at: usize| of.options.get(at).copied().unwrap_or_default();
    for at in 0..recorded.options.len().max(found.options.len()) {
        let (recorded, found) = (option(recorded, at), option(found, at));
        if recorded != found {
            let figures = format!(
                "#{} {}/{}/{}→{}/{}/{}",
                at + 1,
                recorded.votes.heads,
                recorded.against.heads,
                recorded.abstaining.heads,
                found.votes.heads,
                found.against.heads,
                found.abstaining.heads
            );
            words.push(Wording::new(figures.clone(), figures));
        }
    }
    if words.is_empty() {
        words.push(Wording::new("当选次序或权重不同", "places or weights differ"));
    }
    let Wording { zh, en } = Wording::joined(&words);
    Wording::new(format!("选票所记与重新计票不符：{zh}"), format!("the ballots count otherwise: {en}"))
}
