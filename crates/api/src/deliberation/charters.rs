//! Charters, as they are shown and as they are given.

use std::collections::BTreeMap;

use async_graphql::{Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use gongyi_app::deliberation::councils::MandateGiven;
use gongyi_domain::{
    deliberation::{
        charter::{self, CharterRefusal, CharterTerms, MatterTerms},
        seat,
    },
    refusal::Refusal,
};
use gongyi_projections::CharterVersionRow;

use super::{
    decision_rules::{DecisionRule, RuleChoiceInput, Threshold},
    poll::preparing::SmallestVoters,
};
use crate::{ids, list::List, scalars::Date, table::wires};

/// What kind of matter is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "charter::Matter")]
pub enum Matter {
    /// 一般事项.
    Ordinary,
    /// 程序事项: agenda, order, closing of a debate.
    Procedural,
    /// 人事: recall, appointment within the council.
    Personnel,
    /// 居民公约: the covenant.
    Covenant,
    /// 经费: budget and project money.
    Budget,
    /// 重大事项.
    Grave,
    /// 章程: the charter itself.
    Charter,
}

/// Whether a vote shows who voted what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "charter::Secrecy")]
pub enum Secrecy {
    /// 记名: by name.
    Open,
    /// 无记名: by secret ballot.
    Secret,
}

/// Who «all» are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "charter::EntitledBasis")]
pub enum EntitledBasis {
    /// Representatives who sit now.
    SeatsFilled,
    /// All seats of the charter, vacant ones too.
    SeatsOfTheCharter,
}

/// Who may raise an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "charter::Raisers")]
pub enum Raisers {
    /// Representatives only.
    Representatives,
    /// Representatives and residents at home in the council's area.
    Residents,
    /// Everybody signed in.
    Anyone,
}

/// How absences add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "charter::Absences")]
pub enum Absences {
    /// 连续: one meeting attended begins the count anew.
    InARow,
    /// 累计: over the whole term.
    InTotal,
}

/// How a kind of matter is decided.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatterRule {
    /// What kind of matter.
    matter: Matter,
    /// The decision rule.
    rule: DecisionRule,
    /// Open or secret.
    secrecy: Secrecy,
}

/// How issues come before the council.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "IssueTermsInput")]
pub struct IssueTerms {
    /// Who may raise one.
    raised_by: Raisers,
    /// How many residents' endorsements put one before the council.
    endorsements_needed: u32,
}

/// Who speaks when, and how long.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "TurnPolicyInput")]
pub struct TurnPolicy {
    /// A turn's length, in seconds.
    seconds_per_turn: u32,
    /// How often one person speaks on one matter.
    turns_per_speaker: u32,
    /// Speakers for and against take turns.
    sides_alternate: bool,
    /// Who has not spoken goes before who has.
    unspoken_first: bool,
}

impl From<charter::TurnPolicy> for TurnPolicy {
    fn from(turns: charter::TurnPolicy) -> Self {
        let charter::TurnPolicy { seconds_per_turn, turns_per_speaker, sides_alternate, unspoken_first } = turns;
        Self { seconds_per_turn, turns_per_speaker, sides_alternate, unspoken_first }
    }
}

/// When unexcused absences cost the seat.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "AbsenceRuleInput")]
pub struct AbsenceRule {
    /// How many unexcused absences cost the seat.
    limit: u32,
    /// How they add up.
    counted: Absences,
}

/// A version of a council's charter.
pub struct Charter(pub(crate) CharterVersionRow);

/// A version of a council's charter: how many sit for how long, how they decide, who speaks, who raises an issue.
#[Object]
impl Charter {
    /// The version, from 1.
    fn version(&self) -> u32 {
        self.0.version
    }
    /// Since when.
    fn since(&self) -> Date {
        Date(self.0.since)
    }
    /// On whose word.
    fn mandate(&self) -> Mandate {
        (&self.0.mandate).into()
    }
    /// How many representatives there are to be.
    fn seats(&self) -> u32 {
        self.0.charter.seats
    }
    /// How long they sit, in months.
    fn term_months(&self) -> u32 {
        self.0.charter.term_months
    }
    /// Who «all» are: the denominator of what is due of those entitled.
    fn entitled(&self) -> EntitledBasis {
        self.0.charter.entitled.into()
    }
    /// How many of all must be present for a meeting to be open.
    fn quorum(&self) -> Threshold {
        self.0.charter.quorum.into()
    }
    /// How each kind of matter is decided; those without a rule of their own as ordinary ones are.
    fn matters(&self) -> List<MatterRule> {
        let shown = |matter: &charter::Matter| {
            let terms = self.0.charter.matter(*matter);
            MatterRule { matter: (*matter).into(), rule: terms.rule.clone().into(), secrecy: terms.secrecy.into() }
        };
        charter::Matter::ALL.iter().map(shown).collect()
    }
    /// Seconds a motion needs beside its mover; none if zero.
    fn seconds_needed(&self) -> u32 {
        self.0.charter.seconds_needed
    }
    /// How issues come before the council.
    fn issues(&self) -> IssueTerms {
        let charter::IssueTerms { raised_by, endorsements_needed } = self.0.charter.issues;
        IssueTerms { raised_by: raised_by.into(), endorsements_needed }
    }
    /// Who speaks when.
    fn turns(&self) -> TurnPolicy {
        self.0.charter.turns.into()
    }
    /// Days between the notice and the meeting.
    fn notice_days(&self) -> u32 {
        self.0.charter.notice_days
    }
    /// When absences cost the seat; null if never.
    fn absences(&self) -> Option<AbsenceRule> {
        self.0.charter.absences.map(|it| AbsenceRule { limit: it.limit, counted: it.counted.into() })
    }
    /// Among how many voters a secret poll's ballots are published one by one; among fewer, sums only are.
    fn smallest(&self) -> SmallestVoters {
        self.0.charter.smallest().into()
    }
    /// Whether a secret ballot gives its voter a receipt.
    fn receipts(&self) -> bool {
        self.0.charter.receipts
    }
}

/// How a kind of matter is decided.
#[derive(InputObject)]
pub struct MatterRuleInput {
    /// What kind of matter.
    matter: Matter,
    /// The decision rule.
    rule: RuleChoiceInput,
    /// Open or secret.
    secrecy: Secrecy,
}

/// What a charter says, as a whole.
#[derive(InputObject)]
pub struct CharterInput {
    /// How many representatives there are to be.
    seats: u32,
    /// How long they sit, in months; the model charter's if not said, as with all that follows.
    term_months: Option<u32>,
    /// Who «all» are.
    entitled: Option<EntitledBasis>,
    /// How many of all must be present for a meeting to be open.
    quorum: Option<Threshold>,
    /// How kinds of matter are decided, each at most once. Of those left out `PERSONNEL`, `GRAVE` and `CHARTER` are decided by the
    /// model charter's own rules for them, all others as `ORDINARY` ones are.
    #[graphql(default)]
    matters: Vec<MatterRuleInput>,
    /// Seconds a motion needs beside its mover.
    seconds_needed: Option<u32>,
    /// How issues come before the council.
    issues: Option<IssueTerms>,
    /// Who speaks when.
    turns: Option<TurnPolicy>,
    /// Days between the notice and the meeting.
    notice_days: Option<u32>,
    /// When absences cost the seat; null if never.
    absences: async_graphql::MaybeUndefined<AbsenceRule>,
    /// Whether a secret ballot gives its voter a receipt; not if not said.
    receipts: Option<bool>,
    /// Among how many voters a secret poll's ballots are published one by one; 5 if not said.
    smallest: Option<SmallestVoters>,
}

impl CharterInput {
    /// The terms, on those of the model charter.
    fn terms(self) -> Result<CharterTerms, Refusal> {
        use async_graphql::MaybeUndefined as Maybe;
        let mut terms = CharterTerms::model(self.seats);
        let mut given = BTreeMap::new();
        for MatterRuleInput { matter, rule, secrecy } in self.matters {
            let rule = rule.chosen()?;
            if given.insert(charter::Matter::from(matter), MatterTerms { rule, secrecy: secrecy.into() }).is_some() {
                return Err(CharterRefusal::MatterTwice.into());
            }
        }
        if let Some(ordinary) = given.remove(&charter::Matter::Ordinary) {
            terms.ordinary = ordinary;
        }
        terms.special.extend(given);
        terms.term_months = self.term_months.unwrap_or(terms.term_months);
        terms.entitled = self.entitled.map_or(terms.entitled, Into::into);
        terms.quorum = self.quorum.map_or(terms.quorum, Into::into);
        terms.seconds_needed = self.seconds_needed.unwrap_or(terms.seconds_needed);
        if let Some(IssueTerms { raised_by, endorsements_needed }) = self.issues {
            terms.issues = charter::IssueTerms { raised_by: raised_by.into(), endorsements_needed };
        }
        if let Some(TurnPolicy { seconds_per_turn, turns_per_speaker, sides_alternate, unspoken_first }) = self.turns {
            terms.turns = charter::TurnPolicy { seconds_per_turn, turns_per_speaker, sides_alternate, unspoken_first };
        }
        terms.notice_days = self.notice_days.unwrap_or(terms.notice_days);
        match self.absences {
            Maybe::Undefined => {}
            Maybe::Null => terms.absences = None,
            Maybe::Value(it) => terms.absences = Some(charter::AbsenceRule { limit: it.limit, counted: it.counted.into() }),
        }
        terms.receipts = self.receipts.unwrap_or(terms.receipts);
        terms.smallest = self.smallest.map(Into::into);
        Ok(terms)
    }
}

/// On whose word something was done to a council: one of the three.
#[derive(Default, SimpleObject)]
pub struct Mandate {
    /// The council's own vote.
    vote: Option<ID>,
    /// An election or a recall that was certified.
    election: Option<ID>,
    /// The office.
    authority: Option<String>,
    /// Why, and by which document, if it was an office.
    reason: Option<String>,
}

impl From<&seat::Mandate> for Mandate {
    fn from(mandate: &seat::Mandate) -> Self {
        match mandate {
            seat::Mandate::Vote { vote } => Self { vote: Some(ids::id(vote)), ..Self::default() },
            seat::Mandate::Election { election } => Self { election: Some(ids::id(election)), ..Self::default() },
            seat::Mandate::Authority { authority, reason } => {
                Self { authority: Some(authority.clone()), reason: Some(reason.clone()), ..Self::default() }
            }
        }
    }
}

/// An office's word.
#[derive(InputObject)]
pub struct AuthorityInput {
    /// The office: `香洲区民政局`.
    pub(crate) authority: String,
    /// Why, and by which document; never about a person.
    pub(crate) reason: String,
}

/// A vote of the council.
#[derive(InputObject)]
pub struct CouncilVoteInput {
    /// In which meeting.
    meeting: ID,
    /// Which vote.
    vote: ID,
}

/// On whose word: the council's own vote that carried it, or the authority's that establishes councils.
#[derive(OneofObject)]
pub enum MandateInput {
    /// The council's own vote.
    Vote(CouncilVoteInput),
    /// The authority.
    Authority(AuthorityInput),
}

impl MandateInput {
    fn given(self) -> Result<MandateGiven, Refusal> {
        Ok(match self {
            Self::Vote(CouncilVoteInput { meeting, vote }) => {
                MandateGiven::Vote { meeting: ids::named(&meeting, "meeting")?, vote: ids::named(&vote, "vote")? }
            }
            Self::Authority(AuthorityInput { authority, reason }) => MandateGiven::Authority { authority, reason },
        })
    }
}

wires! {
    AuthorityInput;
    CharterInput => CharterTerms = |charter| charter.terms()?;
    MandateInput => MandateGiven = |mandate| mandate.given()?;
    Matter => charter::Matter = |it| it.into();
}
