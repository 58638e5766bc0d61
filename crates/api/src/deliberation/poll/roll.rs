//! Rolls of polls: who or what has a vote, and who casts it.
//!
//! - An entry is handed to whoever may see the roll, and to whoever casts for it.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, OneofObject, SimpleObject};
use gongyi_app::deliberation::poll::roll::{EnterOnRoll, StrikeFromRoll};
use gongyi_domain::{
    deliberation::{
        poll::PollPhase,
        poll_report::FrozenRoll as FrozenAs,
        roll::{Composition, Grounds as StoredGrounds},
        roll_entry::{Channel as By, Holder, RollLine},
    },
    refusal::Refusal,
    values::{PersonId, PollId, RollEntryId},
};
use gongyi_projections::{PageArgs, RollEntryRow};
use uuid::Uuid;

use super::{Poll, PollPayload, PollPerson, casting::Marks, invalid, poll};
use crate::{
    door::Door,
    ids,
    paging::{self, Paged},
    table::{mutations, wires},
};

/// A roll as it was when the poll opened.
#[derive(SimpleObject)]
pub struct FrozenRoll {
    /// Entries.
    pub(super) entries: u64,
    /// Voters: fewer than entries where somebody casts for several.
    pub(super) voters: u64,
    /// The sum of weights.
    pub(super) weight: u64,
    /// SHA-256 over the roll as `gongyi roll v1` writes it, hexadecimal: who has the list can compute it.
    pub(super) digest: String,
    /// Who it is made of; null for polls that were opened before it was asked where voters live.
    pub(super) composition: Option<RollComposition>,
}

/// Entries of a roll for one reason.
#[derive(SimpleObject)]
pub struct RollGrounds {
    /// The reason, or the register.
    text: String,
    /// How many entries.
    entries: u64,
}

impl From<&StoredGrounds> for RollGrounds {
    fn from(grounds: &StoredGrounds) -> Self {
        Self { text: grounds.text.clone(), entries: grounds.entries }
    }
}

/// Who a roll is made of: registered persons who live where the poll is held, but for those told of here.
#[derive(SimpleObject)]
pub struct RollComposition {
    /// Persons.
    persons: u64,
    /// Households.
    households: u64,
    /// Properties.
    properties: u64,
    /// Entries whose voters live elsewhere, by the reason why they are on the roll.
    outside: Vec<RollGrounds>,
    /// Entries of one person who casts for several, by the register that says so.
    registers: Vec<RollGrounds>,
}

impl From<&Composition> for RollComposition {
    fn from(it: &Composition) -> Self {
        let grounds = |all: &[StoredGrounds]| all.iter().map(RollGrounds::from).collect();
        let (outside, registers) = (grounds(&it.outside), grounds(&it.registers));
        Self { persons: it.persons, households: it.households, properties: it.properties, outside, registers }
    }
}

impl From<&FrozenAs> for FrozenRoll {
    fn from(roll: &FrozenAs) -> Self {
        let composition = roll.composition.as_ref().map(RollComposition::from);
        Self { entries: roll.entries, voters: roll.heads, weight: roll.weight, digest: roll.digest.clone(), composition }
    }
}

/// How a ballot came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub enum BallotChannel {
    /// 现场: on paper, at the polling station.
    InPerson,
    /// 线上: through the platform.
    Online,
}

/// Who or what has a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum HolderKind {
    /// A person.
    Person,
    /// 户: a household.
    Household,
    /// 专有部分: a property.
    Property,
}

/// An entry of a roll.
pub struct RollEntry(pub(crate) RollEntryRow);

/// An entry of a poll's roll: it votes once. Whether it has is told, never when.
#[Object]
impl RollEntry {
    /// The entry's id, which voting takes.
    async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The poll.
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>, Error> {
        poll(&Door::of(ctx)?, self.0.poll).await
    }
    /// What has the vote.
    fn holder_kind(&self) -> HolderKind {
        match self.0.holder {
            Holder::Person(_) => HolderKind::Person,
            Holder::Household(_) => HolderKind::Household,
            Holder::Property(_) => HolderKind::Property,
        }
    }
    /// The household's or the property's id in its register.
    fn holder_reference(&self) -> Option<String> {
        match self.0.holder {
            Holder::Person(_) => None,
            Holder::Household(id) | Holder::Property(id) => Some(id.to_string()),
        }
    }
    /// Who casts it.
    fn voter(&self) -> PollPerson {
        PollPerson::resident(self.0.voter)
    }
    /// 1, or a weight such as the floor area in cm².
    fn weight(&self) -> u64 {
        self.0.weight
    }
    /// It has voted.
    fn voted(&self) -> bool {
        self.0.voted
    }
    /// How it has voted.
    fn channel(&self) -> Option<BallotChannel> {
        self.0.channel.map(BallotChannel::from)
    }
    /// Who voted for it, if not its voter.
    fn proxy(&self) -> Option<PollPerson> {
        self.0.proxy.map(PollPerson::resident)
    }
    /// What it voted, in an open poll: for its voter and proxy, and for others once the poll is published.
    async fn marks(&self, ctx: &Context<'_>) -> Result<Option<Marks>, Error> {
        let door = Door::of(ctx)?;
        let own = door.is(self.0.voter) || self.0.proxy.is_some_and(|it| door.is(it));
        let published = door.load(self.0.poll).await?.is_some_and(|poll| poll.phase == PollPhase::Published);
        Ok(self.0.marks.as_ref().filter(|_| own || published).map(Marks::from))
    }
}

/// What a person may vote on or has.
pub(crate) async fn of_person(door: &Door<'_>, person: PersonId, page: &PageArgs) -> Result<Paged<RollEntry>, Error> {
    Ok(paging::paged(door.read(door.app.views().roll_entries_of_person(person, page).await)?, RollEntry))
}

/// Who or what has a vote; exactly one of these.
#[derive(OneofObject)]
pub enum HolderInput {
    /// A person.
    Person(ID),
    /// 户: a household, by its id in the register of households, a UUID.
    Household(String),
    /// 专有部分: a property, by its id in the register of properties, a UUID.
    Property(String),
}

/// A line of a roll.
#[derive(InputObject)]
pub struct RollLineInput {
    /// Who or what has the vote.
    holder: HolderInput,
    /// Who casts it; a person's is cast by that person, so that it need not be said.
    voter: Option<ID>,
    /// 1, or a weight such as the floor area in cm², by the register that is named.
    #[graphql(default = 1)]
    weight: u64,
}

impl RollLineInput {
    fn line(&self) -> Result<RollLine, Refusal> {
        let register = |text: &str| {
            let unfit = |_| invalid("lines", "户或专有部分的编号须为 UUID", "The id of a household or a property is a UUID");
            text.parse::<Uuid>().map_err(unfit)
        };
        let holder = match &self.holder {
            HolderInput::Person(id) => Holder::Person(ids::named(id, "lines")?),
            HolderInput::Household(id) => Holder::Household(register(id)?),
            HolderInput::Property(id) => Holder::Property(register(id)?),
        };
        let voter = match (&self.voter, holder) {
            (Some(id), _) => ids::named(id, "lines")?,
            (None, Holder::Person(person)) => person,
            (None, Holder::Household(_) | Holder::Property(_)) => {
                return Err(invalid("lines", "请指明户或专有部分的投票人", "Say who casts the vote of a household or a property"));
            }
        };
        Ok(RollLine { holder, voter, weight: self.weight })
    }
}

wires! {
    RollLineInput => RollLine = |line| line.line()?;
}

mutations! {
    /// The root fields that make polls' rolls.
    pub struct PollRollMutations;

    /// Enter holders of votes on a poll's roll, before it opens.
    EnterOnRoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// The lines, 1 to 1000. Their voters are registered and live where the poll is held.
        lines: Vec<RollLineInput>,
        /// Why those of them are on the roll who live elsewhere; public, about the lines and not about a person.
        exception: Option<String>,
        /// The name of the register by which one person casts for several households or properties, or from which weights
        /// other than 1 are; public.
        register: Option<String>,
    }

    /// Strike entries from a poll's roll, before it opens.
    StrikeFromRoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// The entries, 1 to 1000.
        entries: Vec<RollEntryId>,
        /// Why; public.
        reason: String,
    }
}
