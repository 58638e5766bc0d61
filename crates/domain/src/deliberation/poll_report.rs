//! What a poll's count says, and what its rule makes of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ballot::{Marks, Method},
    counting::{Count, Tally, TooManyToCount, ranked::STATES_MAX},
    decision::{
        Counts, Decision, ElectionResult, Measured, PollCounts, Returns, Step, Wording,
        election::{ElectionOutcome, seats_left_wording},
    },
    poll::PollRefusal,
    poll_terms::PollTerms,
    roll::{Composition, Roll},
    roll_entry::{Channel, RollEntryEvent},
};
use crate::{
    refusal::Refusal,
    values::{PersonId, RollEntryId},
};

/// A roll as it was when the poll opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenRoll {
    /// Entries.
    pub entries: u64,
    /// Voters: fewer than entries where somebody casts for several properties.
    pub heads: u64,
    /// The sum of weights.
    pub weight: u64,
    /// SHA-256 of [`Roll::canonical_bytes`], hexadecimal.
    pub digest: String,
    /// Who it is made of; not said of rolls for which nobody asked where voters live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composition: Option<Composition>,
}

impl FrozenRoll {
    /// Freezes a roll; `digest` is the SHA-256 of its canonical bytes.
    pub fn of(roll: &Roll, digest: String) -> Self {
        let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
        let composition = Some(roll.composition());
        Self { entries: count(roll.lines.len()), heads: count(roll.heads().len()), weight: roll.weight(), digest, composition }
    }

    /// Whether votes weigh differently.
    pub fn is_weighted(&self) -> bool {
        self.entries != self.weight
    }

    fn entitled(&self, terms: &PollTerms) -> Count {
        if self.is_weighted() {
            Count { heads: self.heads, weight: self.weight }
        } else {
            Count::of(self.entries.saturating_add(terms.vacant_seats(self.entries)))
        }
    }
}

/// Who took part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participation {
    /// Online.
    pub online: Count,
    /// In person.
    pub in_person: Count,
    /// Of both, entries whose proxy voted.
    pub by_proxy: u64,
}

impl Participation {
    /// Voters by either way.
    pub fn heads(&self) -> u64 {
        self.online.heads.saturating_add(self.in_person.heads)
    }
}

/// Who took part, added up entry by entry, in any order; and what was voted, where that is open.
#[derive(Debug)]
pub struct Participants<'r> {
    roll: &'r Roll,
    /// The entry that counts as a voter's head, where votes weigh differently.
    heads: Option<BTreeMap<PersonId, RollEntryId>>,
    /// So far.
    pub participation: Participation,
    /// An open poll's marks, and how much each counts for.
    pub open: Vec<(Marks, Count)>,
}

impl<'r> Participants<'r> {
    /// Nobody yet.
    pub fn of(roll: &'r Roll) -> Self {
        let heads = roll.is_weighted().then(|| roll.heads());
        Self { roll, heads, participation: Participation::default(), open: vec![] }
    }

    /// What happened to an entry; one that is not on the roll counts for nothing.
    ///
    /// # Errors
    /// [`PollRefusal::TooMany`].
    pub fn add(&mut self, entry: RollEntryId, event: RollEntryEvent) -> Result<(), PollRefusal> {
        let (channel, proxy, marks) = match event {
            RollEntryEvent::EntitledOnRoll { .. } | RollEntryEvent::StruckFromRoll {} => return Ok(()),
            RollEntryEvent::BallotCast { channel, proxy } => (channel, proxy, None),
            RollEntryEvent::OpenBallotCast { channel, proxy, marks } => (channel, proxy, Some(marks)),
        };
        let Some(line) = self.roll.lines.get(&entry) else { return Ok(()) };
        let is_head = self.heads.as_ref().is_none_or(|heads| heads.get(&line.voter) == Some(&entry));
        let share = Count { heads: u64::from(is_head), weight: line.weight };
        let total = match channel {
            Channel::Online => &mut self.participation.online,
            Channel::InPerson => &mut self.participation.in_person,
        };
        total.add(share, 1).map_err(|TooManyToCount| PollRefusal::TooMany)?;
        self.participation.by_proxy += u64::from(proxy.is_some());
        self.open.extend(marks.map(|marks| (marks, share)));
        Ok(())
    }
}

/// What decided, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one of each kind a poll; boxing would show in every match")]
pub enum PollOutcome {
    /// The ballots are not as many as the participations: nothing is decided.
    Disputed {
        /// Entries that took part online.
        participations: u64,
        /// Ballots found.
        ballots: u64,
    },
    /// Yes or no to every option, in the ballot's order.
    Decided {
        /// The decisions.
        decisions: Vec<Decision>,
    },
    /// By votes.
    Elected {
        /// The result; candidates are told by [`BallotOption::id`].
        result: ElectionResult,
    },
    /// By scores or transferred votes: the rule's quorum holds, its majority has no meaning here.
    Placed {
        /// Whether the poll counts, step by step.
        steps: Vec<Step>,
        /// Whether it does.
        valid: bool,
        /// Who fills the places, by [`BallotOption::id`].
        elected: Vec<Uuid>,
        /// Who ties for the rest of them.
        tied: Vec<Uuid>,
        /// Ballots tie in too many ways to follow all: tied are all who were undecided.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        too_many_ties: bool,
    },
}

impl PollOutcome {
    /// The reason in Chinese and English: every step, in order, and what became of what, of a poll for so many seats. `name` says
    /// what the reader may see of an option, told by [`BallotOption::id`].
    pub fn reason(&self, seats: u16, name: impl Fn(Uuid) -> String) -> Wording {
        match self {
            Self::Disputed { participations, ballots } => Wording::new(
                format!("线上投票 {participations} 人，选票 {ballots} 张，二者不符，不作决定 ✗"),
                format!("{participations} voted online, {ballots} ballots were found, nothing decided ✗"),
            ),
            Self::Decided { decisions } => {
                let several = decisions.len() > 1;
                let words = (1_u16..).zip(decisions).map(|(number, decision)| {
                    let (outcome, reason) = (decision.verdict.outcome.wording(), decision.verdict.reason());
                    let option = if several { format!("{number}. ") } else { String::new() };
                    Wording::new(format!("{option}{}：{}", outcome.zh, reason.zh), format!("{option}{}: {}", outcome.en, reason.en))
                });
                Wording::joined(&words.collect::<Vec<_>>())
            }
            Self::Elected { result } => result.reason(name),
            Self::Placed { steps, valid: _, elected, tied, too_many_ties } => {
                let mut words: Vec<_> = steps.iter().map(Step::wording).collect();
                let became = |id: &Uuid, zh, en| Wording::new(format!("{}{zh}", name(*id)), format!("{} {en}", name(*id)));
                words.extend(elected.iter().map(|id| became(id, "当选", "elected")));
                words.extend(tied.iter().map(|id| became(id, "并列，不能确定当选", "tied")));
                words.extend(too_many_ties.then(|| {
                    Wording::new(
                        format!("并列情形过多，推演 {STATES_MAX} 种仍未穷尽，凡未确定者均列为并列"),
                        format!("too many ties: more than {STATES_MAX} states of the count, whoever is undecided counts as tied"),
                    )
                }));
                let seats_left = usize::from(seats).saturating_sub(elected.len());
                words.extend((seats_left > 0).then(|| seats_left_wording(seats_left)));
                Wording::joined(&words)
            }
        }
    }
}

/// What a poll's count says: all that is needed to decide it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PollReport {
    /// Who took part.
    pub participation: Participation,
    /// The ballots.
    pub tally: Tally,
    /// Tags that more than one ballot bears: their voters cannot tell their ballots apart, and one of them may have been
    /// given another's receipt.
    pub clashing_tags: u64,
    /// What decided, and how.
    pub outcome: PollOutcome,
}

/// What the rule makes of a tally.
pub(super) fn outcome(terms: &PollTerms, roll: &FrozenRoll, participation: Participation, tally: &Tally) -> Result<PollOutcome, Refusal> {
    let measured = |of: &dyn Fn(fn(Count) -> u64) -> u64| (of(|it| it.heads), roll.is_weighted().then(|| of(|it| it.weight)));
    let voters = |by: fn(Count) -> u64| by(participation.online).saturating_add(by(participation.in_person));
    if terms.method == Method::Stances {
        let counts = tally.options.iter().map(|option| {
            let counts = |by: fn(Count) -> u64| {
                let (yes, no, said) = (by(option.votes), by(option.against), by(option.abstaining));
                let invalid = by(tally.invalid);
                // Who said nothing to this option abstained from it.
                let silent = by(tally.cast).saturating_sub(invalid).saturating_sub(yes).saturating_sub(no).saturating_sub(said);
                Counts { entitled: by(roll.entitled(terms)), present: voters(by), yes, no, abstain: said.saturating_add(silent), invalid }
            };
            Measured { heads: counts(|it| it.heads), area: roll.is_weighted().then(|| counts(|it| it.weight)) }
        });
        let decisions = counts.map(|tally| Decision::of(terms.rule.clone(), tally)).collect::<Result<Vec<_>, _>>()?;
        return Ok(PollOutcome::Decided { decisions });
    }
    let counts = |by: fn(Count) -> u64| PollCounts {
        entitled: by(roll.entitled(terms)),
        voters: voters(by),
        cast: by(tally.cast),
        abstain: by(tally.blank),
        invalid: by(tally.invalid),
    };
    let poll = Measured { heads: counts(|it| it.heads), area: roll.is_weighted().then(|| counts(|it| it.weight)) };
    let id = |number: u16| terms.options.get(usize::from(number).saturating_sub(1)).map_or(Uuid::nil(), |option| option.id(number));
    let seats = u32::from(terms.method.seats());
    match terms.method {
        Method::Choice | Method::Plurality { .. } | Method::Approval { .. } | Method::Stances => {
            let votes = (1..).zip(&tally.options).map(|(number, option)| {
                let (heads, area) = measured(&|by| by(option.votes));
                (id(number), Measured { heads, area })
            });
            let returns = Returns { seats, poll, votes: votes.collect() };
            Ok(PollOutcome::Elected { result: ElectionResult::of(terms.rule.clone(), returns)? })
        }
        Method::Score { .. } | Method::Ranked { .. } => {
            let verdict = terms.rule.elect(&Returns { seats, poll, votes: BTreeMap::new() })?;
            let valid = match verdict.outcome {
                ElectionOutcome::Filled | ElectionOutcome::SeatsLeft => true,
                ElectionOutcome::TooFewVoted | ElectionOutcome::Void => false,
            };
            let ids = |numbers: &[u16]| if valid { numbers.iter().map(|number| id(*number)).collect() } else { vec![] };
            let (elected, tied, too_many_ties) = (ids(&tally.leading), ids(&tally.tied), valid && tally.too_many_ties);
            Ok(PollOutcome::Placed { steps: verdict.steps, valid, elected, tied, too_many_ties })
        }
    }
}
