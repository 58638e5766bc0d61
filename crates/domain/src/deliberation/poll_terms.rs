//! What a poll is: about what, where, with which options, marked and counted how, decided by which rule. Frozen when it opens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ballot::{Method, OPTIONS_MAX, SCORE_MAX},
    charter,
    decision::{Rule, statutes},
    poll::PollRefusal,
    roll_entry::Channel,
};
use crate::{
    prose::Line,
    values::{AreaCode, CouncilId, ElectionId, Instant, MeetingId, MotionId, PersonId, VoteId},
};

/// Voters on the roll, and voters who took part, below which a secret poll's ballots are told as sums only, if not said.
const SMALLEST_VOTERS: u32 = 5;
/// Voters below which ballots are sums may be at most this many.
const SMALLEST_MAX_VOTERS: u32 = 1_000;

/// A title or an option's text, at most.
pub const TITLE_MAX_CHARS: usize = 200;

/// What a poll is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// An election or a recall.
    Election(ElectionId),
    /// A motion.
    Motion(MotionId),
    /// A matter of a council, decided by its charter: those vote who sit in it.
    Council {
        /// Whose.
        council: CouncilId,
        /// Of which kind it is.
        kind: charter::Matter,
        /// The version of the charter that rule, secrecy and receipts are from.
        charter_version: u32,
        /// All seats of the charter, if it counts vacant ones too among those entitled.
        seats: Option<u32>,
    },
    /// What the title says.
    Question,
}

/// By which charter a poll that is not the council's own is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chartered {
    /// Whose charter.
    pub council: CouncilId,
    /// Of which kind the matter is.
    pub kind: charter::Matter,
    /// The version of the charter that rule, secrecy and receipts are from.
    pub charter_version: u32,
}

/// How many voters a secret poll needs for its ballots to be published one by one: among fewer, the marks that somebody was
/// seen to make, or promised to, are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Smallest {
    /// On the roll.
    pub roll: u32,
    /// Who took part.
    pub turnout: u32,
}

impl Default for Smallest {
    fn default() -> Self {
        Self { roll: SMALLEST_VOTERS, turnout: SMALLEST_VOTERS }
    }
}

impl Smallest {
    /// Whether the numbers are those of a poll.
    ///
    /// # Errors
    /// [`PollRefusal::SmallestUnfit`].
    pub fn require_fitting(self) -> Result<(), PollRefusal> {
        let fits = |voters| (1..=SMALLEST_MAX_VOTERS).contains(&voters);
        if fits(self.roll) && fits(self.turnout) { Ok(()) } else { Err(PollRefusal::SmallestUnfit { most: SMALLEST_MAX_VOTERS }) }
    }

    /// Whether fewer than usual are enough, which is for a council's charter to say: whoever asks a question may ask for more.
    fn is_lowered(self) -> bool {
        self.roll < SMALLEST_VOTERS || self.turnout < SMALLEST_VOTERS
    }
}

/// A vote within a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingVote {
    /// In which meeting.
    pub meeting: MeetingId,
    /// Which.
    pub vote: VoteId,
}

/// One option on the ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BallotOption {
    /// A person to elect.
    Nominee(PersonId),
    /// A text, public.
    Text(String),
}

impl BallotOption {
    /// The id under which votes for the option are told: the person's, or the option's number.
    pub fn id(&self, number: u16) -> Uuid {
        match self {
            Self::Nominee(person) => person.0,
            Self::Text(_) => Uuid::from_u128(number.into()),
        }
    }
}

/// Who learns what was voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    /// Nobody learns whose ballot is whose.
    Secret {
        /// Whether a voter gets a receipt that finds the ballot in the published list; off, against coercion.
        receipts: bool,
    },
    /// By name.
    Open,
}

/// Where ballots come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// On paper only.
    InPerson,
    /// Through the platform only.
    Online,
    /// Both; an entry uses one of them, once.
    Mixed,
}

impl Channels {
    /// Whether ballots come in this way.
    pub fn include(self, channel: Channel) -> bool {
        match (self, channel) {
            (Self::Mixed, _) | (Self::InPerson, Channel::InPerson) | (Self::Online, Channel::Online) => true,
            (Self::InPerson, Channel::Online) | (Self::Online, Channel::InPerson) => false,
        }
    }
}

/// What a poll is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PollTerms {
    /// About what.
    pub matter: Matter,
    /// Where.
    pub area: AreaCode,
    /// Its title, public.
    pub title: String,
    /// The options, in the ballot's order.
    pub options: Vec<BallotOption>,
    /// How ballots are marked and counted.
    pub method: Method,
    /// Secret or by name.
    pub secrecy: Secrecy,
    /// On paper, online or both.
    pub channels: Channels,
    /// What decides.
    pub rule: Rule,
    /// Not opened before.
    pub opens_at: Option<Instant>,
    /// No ballot from then on, and not closed before; without it, whoever keeps the poll closes it.
    pub closes_at: Option<Instant>,
    /// The meeting's vote whose ballots these are: they are cast by whoever sits and is in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<MeetingVote>,
    /// Among how many voters a secret poll's ballots are published one by one; not said of polls whose ballots all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest: Option<Smallest>,
    /// Whose charter rule, secrecy and receipts are from, if the poll is not that council's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chartered: Option<Chartered>,
}

impl PollTerms {
    /// How many are entitled beyond those on the roll: vacant seats, where the council's charter counts them.
    pub(super) fn vacant_seats(&self, roll_entries: u64) -> u64 {
        match self.matter {
            Matter::Council { seats: Some(seats), .. } => u64::from(seats).saturating_sub(roll_entries),
            Matter::Council { seats: None, .. } | Matter::Election(_) | Matter::Motion(_) | Matter::Question => 0,
        }
    }

    /// When the poll opens, if a statute counts back from that day until when its roll is published and changed.
    pub fn roll_days_end(&self) -> Option<Instant> {
        match self.matter {
            Matter::Election(_) if statutes::gives_roll_days(&self.rule) => self.opens_at,
            Matter::Election(_) | Matter::Council { .. } | Matter::Motion(_) | Matter::Question => None,
        }
    }

    /// How many options there are.
    pub fn option_count(&self) -> u16 {
        u16::try_from(self.options.len()).unwrap_or(u16::MAX)
    }
}

impl PollTerms {
    /// The terms as they are stored, if they make sense.
    ///
    /// # Errors
    /// Titles, options, numbers or times that do not.
    pub fn fitted(mut self) -> Result<Self, PollRefusal> {
        self.title = Line::parse(&self.title, TITLE_MAX_CHARS, |most| PollRefusal::PollTitleUnfit { most })?.into();
        let options_unfit = PollRefusal::OptionsUnfit { most: OPTIONS_MAX };
        for option in &mut self.options {
            if let BallotOption::Text(text) = option {
                *text = Line::parse(text, TITLE_MAX_CHARS, |_| options_unfit.clone())?.into();
            }
        }
        let options = &self.options;
        let twice = options.iter().enumerate().any(|(at, option)| options[..at].contains(option));
        if !(1..=OPTIONS_MAX).contains(&options.len()) || twice {
            return Err(options_unfit);
        }
        let (many, seats) = (self.option_count(), self.method.seats());
        let fits = match self.method {
            Method::Stances | Method::Choice => true,
            Method::Plurality { marks_max, .. } => seats >= 1 && (1..=many).contains(&marks_max),
            Method::Approval { .. } | Method::Ranked { .. } => seats >= 1,
            Method::Score { most, .. } => seats >= 1 && (1..=SCORE_MAX).contains(&most),
        };
        if !fits {
            return Err(PollRefusal::MethodUnfit);
        }
        self.smallest.map_or(Ok(()), Smallest::require_fitting)?;
        if self.matter == Matter::Question && self.smallest.is_some_and(Smallest::is_lowered) {
            return Err(PollRefusal::SmallestNotChartered { least: SMALLEST_VOTERS });
        }
        if self.closes_at.is_some_and(|closes| self.opens_at.is_some_and(|opens| closes <= opens)) {
            return Err(PollRefusal::TimesUnfit);
        }
        Ok(self)
    }
}
