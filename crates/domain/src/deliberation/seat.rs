//! Who sits in a council from when until when, on whose word, and who speaks in it as a guest. Days are the tenant's; the first and the last day are included.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    council::{CouncilRefusal, MANDATE_TEXT_MAX_CHARS},
    text::Prose,
};
use crate::values::{Day, ElectionId, MeetingId, PersonId, Sealed, VoteId};

/// On whose word something was done to a council. Names offices and documents, never a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mandate {
    /// The council's own vote, which was carried.
    Vote {
        /// Which vote.
        vote: VoteId,
    },
    /// An election or a recall, which was certified.
    Election {
        /// Which election.
        election: ElectionId,
    },
    /// The authority that establishes councils.
    Authority {
        /// The office: `香洲区民政局`.
        authority: String,
        /// Why, and by which document.
        reason: String,
    },
}

impl Mandate {
    /// The vote, if it is one.
    pub fn vote(&self) -> Option<VoteId> {
        match self {
            Self::Vote { vote } => Some(*vote),
            Self::Election { .. } | Self::Authority { .. } => None,
        }
    }
}

/// How a representative came by the seat. Names offices and documents, never a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeatSource {
    /// 选举: a certified election.
    Election {
        /// Which election.
        election: ElectionId,
    },
    /// 委派: appointed by an office.
    Appointment {
        /// The office.
        authority: String,
        /// Why, and by which document.
        reason: String,
    },
    /// 过渡: sat already when the council came onto the platform.
    Transition {
        /// Where that is recorded.
        source: String,
    },
}

/// An office, a reason or a source as it is stored.
pub(super) fn written(text: &str) -> Result<String, CouncilRefusal> {
    Prose::parse(text, MANDATE_TEXT_MAX_CHARS, |most| CouncilRefusal::MandateUnfit { most }).map(String::from)
}

impl SeatSource {
    /// This source as it is stored.
    pub(super) fn fitted(self) -> Result<Self, CouncilRefusal> {
        Ok(match self {
            Self::Election { .. } => self,
            Self::Appointment { authority, reason } => Self::Appointment { authority: written(&authority)?, reason: written(&reason)? },
            Self::Transition { source } => Self::Transition { source: written(&source)? },
        })
    }
}

/// How a seat became vacant before its term was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vacancy {
    /// 离任: the representative left.
    Left {
        /// Why, sealed under that person's key.
        reason: Option<Sealed>,
    },
    /// 罢免: recalled.
    Recalled {
        /// By which vote or poll.
        mandate: Mandate,
    },
    /// 丧失席位: lost by unexcused absences, as the charter counts them.
    Forfeited {
        /// The meetings missed. Whether they are in a row is seen where meetings are.
        missed: Vec<MeetingId>,
    },
    /// 提前换届: the term was ended before its time.
    CutShort {
        /// On whose word.
        mandate: Mandate,
    },
}

impl Vacancy {
    /// On whose word, if not on the representative's own or the charter's.
    pub fn mandate(&self) -> Option<&Mandate> {
        match self {
            Self::Recalled { mandate } | Self::CutShort { mandate } => Some(mandate),
            Self::Left { .. } | Self::Forfeited { .. } => None,
        }
    }
}

/// As what somebody speaks who doesn't vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuestKind {
    /// 列席人员.
    Observer,
    /// 律师.
    Lawyer,
    /// 调解员.
    Mediator,
    /// 会计、审计人员.
    Accountant,
    /// 规划、工程人员.
    Engineer,
    /// 社工.
    SocialWorker,
    /// 政府部门代表.
    Official,
    /// 物业服务人.
    PropertyManager,
    /// 其他专家.
    OtherExpert,
}

/// How a seat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The term was over.
    TermOver,
    /// Vacant from this day on, before the term was over.
    Vacated(Day),
}

/// One stay of one person in a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The first day.
    pub from: Day,
    /// The last day of the term.
    pub until: Day,
    /// How it ended, once that was said. A term is over after its last day, said or not.
    pub ended: Option<Ending>,
}

impl Seat {
    /// Whether it is held on this day.
    pub fn held_on(&self, day: Day) -> bool {
        let vacated = matches!(self.ended, Some(Ending::Vacated(on)) if on <= day);
        self.from <= day && day <= self.until && !vacated
    }

    /// Whether it is held on any day from `from` to `until`.
    fn held_within(&self, from: Day, until: Day) -> bool {
        let begins = self.from.max(from);
        begins <= until && self.held_on(begins)
    }
}

/// Every seat ever held in a council, by person, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seats(BTreeMap<PersonId, Vec<Seat>>);

impl Seats {
    /// Who sits on this day.
    pub fn holders(&self, day: Day) -> impl Iterator<Item = PersonId> {
        self.0.iter().filter(move |(_, seats)| seats.iter().any(|seat| seat.held_on(day))).map(|(person, _)| *person)
    }

    /// The seat this person holds on this day.
    pub fn of(&self, person: PersonId, day: Day) -> Option<&Seat> {
        self.0.get(&person)?.iter().find(|seat| seat.held_on(day))
    }

    /// The first seat of this person that begins after this day and was not given up.
    pub fn coming(&self, person: PersonId, day: Day) -> Option<&Seat> {
        self.0.get(&person)?.iter().filter(|seat| seat.from > day && seat.ended.is_none()).min_by_key(|seat| seat.from)
    }

    /// Whose seat is held on this day and not known to end before its term is over.
    pub fn running(&self, day: Day) -> impl Iterator<Item = PersonId> {
        self.holders(day).filter(move |person| self.of(*person, day).is_some_and(|seat| seat.ended.is_none()))
    }

    /// Whether this person holds, held or is to hold a seat.
    pub fn ever(&self, person: PersonId) -> bool {
        self.0.contains_key(&person)
    }

    /// Whether this person holds a seat on any day from `from` to `until`.
    pub fn held_within(&self, person: PersonId, from: Day, until: Day) -> bool {
        self.0.get(&person).is_some_and(|seats| seats.iter().any(|seat| seat.held_within(from, until)))
    }

    /// Whether a seat of this person ever began on this day, be it one that was vacated at once. Person and first day
    /// name a seat.
    pub fn begun(&self, person: PersonId, from: Day) -> bool {
        self.0.get(&person).is_some_and(|seats| seats.iter().any(|seat| seat.from == from))
    }

    /// The most seats held on any one day from `from` to `until`. Only where a seat begins can there be more.
    pub fn most_held(&self, from: Day, until: Day) -> usize {
        let begun = self.0.values().flatten().map(|seat| seat.from).filter(|day| from <= *day && *day <= until);
        let days: BTreeSet<Day> = begun.chain([from]).collect();
        days.into_iter().map(|day| self.holders(day).count()).max().unwrap_or(0)
    }

    /// The first day from `today` on which none of these people sits any more and there is a seat of `seats` for each.
    pub fn first_free(&self, people: &[PersonId], seats: u32, today: Day) -> Option<Day> {
        let ends = self.0.values().flatten().filter(|seat| seat.until >= today).filter_map(|seat| match seat.ended {
            Some(Ending::Vacated(on)) => Some(on.max(today)),
            Some(Ending::TermOver) | None => seat.until.succ_opt(),
        });
        let days: BTreeSet<Day> = ends.chain([today]).collect();
        days.into_iter().find(|day| {
            let held = self.most_held(*day, Day::MAX).saturating_add(people.len());
            u32::try_from(held).is_ok_and(|held| held <= seats) && !people.iter().any(|person| self.held_within(*person, *day, Day::MAX))
        })
    }

    /// Who sat a term that was over before this day without anybody saying so.
    pub fn lapsed(&self, day: Day) -> impl Iterator<Item = (PersonId, Seat)> {
        let all = self.0.iter().flat_map(|(person, seats)| seats.iter().map(|seat| (*person, *seat)));
        all.filter(move |(_, seat)| seat.ended.is_none() && seat.until < day)
    }

    /// Notes that somebody took a seat.
    pub(super) fn take(&mut self, person: PersonId, from: Day, until: Day) {
        self.0.entry(person).or_default().push(Seat { from, until, ended: None });
    }

    /// Notes how the seat that began on `from` ended.
    pub(super) fn end(&mut self, person: PersonId, from: Day, ending: Ending) {
        let seats = self.0.get_mut(&person);
        if let Some(seat) = seats.and_then(|seats| seats.iter_mut().find(|seat| seat.from == from)) {
            seat.ended = Some(ending);
        }
    }
}
