//! One entry of a poll's roll: a stream of its own, so that the voters of a poll do not meet in one.
//!
//! - The entry's id is made of the poll and of the holder: nobody is entered twice.
//! - An entry votes once: its first event entitles, the ballot's commit expects no other after it. Of two ballots sent at
//!   once, one commit holds.
//! - Taking part in a secret poll records that, how and by whom, never what; in an open poll the marks stand beside it.
//! - An entry is struck before the poll opens, never later.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ballot::Marks;
use crate::{
    event::DomainEvent,
    refusal::refusals,
    values::{PersonId, PollId, RollEntryId},
};

/// The weight of one entry, at most: a million m² in cm².
pub const WEIGHT_MAX: u64 = 10_000_000_000;

/// Who or what has a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A person.
    Person(PersonId),
    /// 户: a household, by its id in the register of households.
    Household(Uuid),
    /// 专有部分: a property, by its id in the register of properties.
    Property(Uuid),
}

impl Holder {
    /// The entry of this holder in a poll's roll: UUID version 5 of the poll and the holder.
    pub fn entry(self, poll: PollId) -> RollEntryId {
        let (kind, id) = match self {
            Self::Person(person) => (1, person.0),
            Self::Household(id) => (2, id),
            Self::Property(id) => (3, id),
        };
        let mut name = [kind; 17];
        name[1..].copy_from_slice(id.as_bytes());
        RollEntryId(Uuid::new_v5(&poll.0, &name))
    }
}

/// Who has a vote, who casts it, and how much it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollLine {
    /// Who or what has the vote.
    pub holder: Holder,
    /// Who casts it.
    pub voter: PersonId,
    /// 1, or a weight such as the floor area in cm².
    pub weight: u64,
}

/// How a ballot came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 现场: on paper, at the polling station.
    InPerson,
    /// 线上: through the platform.
    Online,
}

/// An entry as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RollEntry {
    /// There is none.
    #[default]
    Unknown,
    /// It may vote.
    Entitled {
        /// In this poll.
        poll: PollId,
        /// As this line says.
        line: RollLine,
    },
    /// It has voted.
    Voted {
        /// As this line says.
        line: RollLine,
        /// How.
        channel: Channel,
        /// By whom, if not by the voter.
        proxy: Option<PersonId>,
        /// What, in an open poll.
        marks: Option<Marks>,
    },
    /// It was taken off the roll.
    Struck,
}

/// What may be asked of an entry.
#[derive(Debug, Clone)]
pub enum RollEntryCommand {
    /// Entitle.
    Entitle {
        /// In this poll.
        poll: PollId,
        /// As this line says.
        line: RollLine,
    },
    /// Strike, before the poll opens.
    Strike,
    /// Cast its ballot.
    CastBallot {
        /// How.
        channel: Channel,
        /// By whom, if not by the voter.
        proxy: Option<PersonId>,
        /// What, in an open poll.
        marks: Option<Marks>,
    },
}

/// What happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RollEntryEvent {
    /// It may vote.
    EntitledOnRoll {
        /// In this poll.
        poll: PollId,
        /// As this line says.
        line: RollLine,
    },
    /// It was taken off the roll before the poll opened.
    StruckFromRoll {},
    /// Its ballot was cast in a secret poll; what it says is not told.
    // Stored under the name it had first.
    #[serde(rename = "ParticipationRecorded")]
    BallotCast {
        /// How.
        channel: Channel,
        /// By whom, if not by the voter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<PersonId>,
    },
    /// Its ballot was cast in an open poll.
    // Stored under the name it had first.
    #[serde(rename = "OpenVoteRecorded")]
    OpenBallotCast {
        /// How.
        channel: Channel,
        /// By whom, if not by the voter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<PersonId>,
        /// What.
        marks: Marks,
    },
}
impl DomainEvent for RollEntryEvent {}

refusals! {
    /// Why an entry is refused.
    pub enum RollEntryRefusal {
        /// Not on the roll.
        NotOnRoll("entry", "不在本次投票的选民名单上", "This is not on the roll of this poll"),
        /// On the roll already.
        AlreadyOnRoll("entry", "已在选民名单上", "This is on the roll already"),
        /// Its one ballot is cast.
        AlreadyVoted("entry", "已经投过票，每人只能投一次", "This has voted already; everybody votes once"),
        /// No weight, or too much of it.
        WeightUnfit { most: u64 }("weight", "权重须为 1 至 {most} 的整数", "A weight is a whole number from 1 to {most}"),
    }
}

impl RollEntry {
    /// The entry may vote now.
    ///
    /// # Errors
    /// [`RollEntryRefusal::NotOnRoll`] and [`RollEntryRefusal::AlreadyVoted`].
    pub fn require_entitled(&self, poll: PollId) -> Result<RollLine, RollEntryRefusal> {
        match self {
            Self::Entitled { poll: of, line } if *of == poll => Ok(*line),
            Self::Unknown | Self::Struck | Self::Entitled { .. } => Err(RollEntryRefusal::NotOnRoll),
            Self::Voted { .. } => Err(RollEntryRefusal::AlreadyVoted),
        }
    }
}

impl Aggregate for RollEntry {
    const NAME: &'static str = "roll_entry";
    type State = Self;
    type Command = RollEntryCommand;
    type Event = RollEntryEvent;
    type Error = RollEntryRefusal;

    fn handle_command(entry: &Self, command: RollEntryCommand) -> Result<Vec<RollEntryEvent>, RollEntryRefusal> {
        match (entry, command) {
            (_, RollEntryCommand::Entitle { line, .. }) if !(1..=WEIGHT_MAX).contains(&line.weight) => {
                Err(RollEntryRefusal::WeightUnfit { most: WEIGHT_MAX })
            }
            (Self::Unknown | Self::Struck, RollEntryCommand::Entitle { poll, line }) => {
                Ok(vec![RollEntryEvent::EntitledOnRoll { poll, line }])
            }
            (Self::Entitled { .. } | Self::Voted { .. }, RollEntryCommand::Entitle { .. }) => Err(RollEntryRefusal::AlreadyOnRoll),
            (Self::Entitled { .. }, RollEntryCommand::Strike) => Ok(vec![RollEntryEvent::StruckFromRoll {}]),
            (Self::Entitled { .. }, RollEntryCommand::CastBallot { channel, proxy, marks: None }) => {
                Ok(vec![RollEntryEvent::BallotCast { channel, proxy }])
            }
            (Self::Entitled { .. }, RollEntryCommand::CastBallot { channel, proxy, marks: Some(marks) }) => {
                Ok(vec![RollEntryEvent::OpenBallotCast { channel, proxy, marks }])
            }
            (Self::Voted { .. }, RollEntryCommand::Strike | RollEntryCommand::CastBallot { .. }) => Err(RollEntryRefusal::AlreadyVoted),
            (Self::Unknown | Self::Struck, RollEntryCommand::Strike | RollEntryCommand::CastBallot { .. }) => {
                Err(RollEntryRefusal::NotOnRoll)
            }
        }
    }

    fn apply_event(entry: Self, event: RollEntryEvent) -> Self {
        match (entry, event) {
            (_, RollEntryEvent::EntitledOnRoll { poll, line }) => Self::Entitled { poll, line },
            (_, RollEntryEvent::StruckFromRoll {}) => Self::Struck,
            (Self::Entitled { line, .. }, RollEntryEvent::BallotCast { channel, proxy }) => {
                Self::Voted { line, channel, proxy, marks: None }
            }
            (Self::Entitled { line, .. }, RollEntryEvent::OpenBallotCast { channel, proxy, marks }) => {
                Self::Voted { line, channel, proxy, marks: Some(marks) }
            }
            (other, RollEntryEvent::BallotCast { .. } | RollEntryEvent::OpenBallotCast { .. }) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;
    use proptest::prelude::*;

    const POLL: PollId = PollId(Uuid::from_u128(1));

    fn line(weight: u64) -> RollLine {
        let voter = PersonId(Uuid::from_u128(2));
        RollLine { holder: Holder::Person(voter), voter, weight }
    }

    #[test]
    fn an_entry_is_made_of_poll_and_holder() {
        let id = Uuid::from_u128(9);
        let entries = [Holder::Person(PersonId(id)), Holder::Household(id), Holder::Property(id)].map(|it| it.entry(POLL));
        assert!(entries[0] != entries[1] && entries[1] != entries[2] && entries[0] != entries[2]);
        assert_eq!(Holder::Household(id).entry(POLL), entries[1]);
        assert_ne!(Holder::Household(id).entry(PollId(id)), entries[1]);
    }

    #[test]
    fn voting_twice_is_refused_and_so_is_who_is_not_on_the_roll() {
        let casts = || RollEntryCommand::CastBallot { channel: Channel::Online, proxy: None, marks: None };
        let entitled = given::<RollEntry>([]).and(RollEntryCommand::Entitle { poll: POLL, line: line(1) });
        let voted = entitled.clone().and(casts());
        voted.when(casts()).then_refused(RollEntryRefusal::AlreadyVoted);
        voted.when(RollEntryCommand::Strike).then_refused(RollEntryRefusal::AlreadyVoted);
        given::<RollEntry>([]).when(casts()).then_refused(RollEntryRefusal::NotOnRoll);
        assert_eq!(entitled.require_entitled(PollId(Uuid::nil())), Err(RollEntryRefusal::NotOnRoll), "of another poll");
    }

    #[test]
    fn a_weight_is_within_bounds() {
        for weight in [0, WEIGHT_MAX + 1] {
            let entitle = RollEntryCommand::Entitle { poll: POLL, line: line(weight) };
            given::<RollEntry>([]).when(entitle).then_refused(RollEntryRefusal::WeightUnfit { most: WEIGHT_MAX });
        }
    }

    proptest! {
        /// Whatever is asked in whatever order, an entry votes once at most, and nothing follows its vote.
        #[test]
        fn an_entry_votes_once_at_most(commands in proptest::collection::vec(0..4, 0..20)) {
            let (mut entry, mut votes) = (RollEntry::default(), 0);
            for command in commands {
                let command = match command {
                    0 => RollEntryCommand::Entitle { poll: POLL, line: line(1) },
                    1 => RollEntryCommand::Strike,
                    2 => RollEntryCommand::CastBallot { channel: Channel::InPerson, proxy: None, marks: None },
                    _ => RollEntryCommand::CastBallot { channel: Channel::Online, proxy: None, marks: Some(Marks::Blank) },
                };
                for event in RollEntry::handle_command(&entry, command).unwrap_or_default() {
                    prop_assert_eq!(votes, 0, "nothing follows a vote");
                    votes += u32::from(matches!(event, RollEntryEvent::BallotCast { .. } | RollEntryEvent::OpenBallotCast { .. }));
                    entry = RollEntry::apply_event(entry, event);
                }
            }
            prop_assert!(votes <= 1);
        }
    }
}
