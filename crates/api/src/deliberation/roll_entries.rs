//! Entries of polls' rolls. They are handed to whoever may see the roll, and to whoever casts for them.

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_domain::deliberation::{
    poll::Stage,
    roll_entry::{Channel as By, Holder},
};
use gongyi_projections::RollEntryRow;

use super::{
    poll_outcomes::{Marks, PollPerson},
    polls::{self, Poll},
};
use crate::{access::personal::Met, door::Door, ids};

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

impl RollEntry {
    async fn person(&self, door: &Door<'_>, person: gongyi_domain::values::PersonId) -> Result<PollPerson, Error> {
        let area = door.load(self.0.poll).await?.map(|poll| poll.area);
        Ok(PollPerson(Met::as_resident(&door.asker.actor, person, area)))
    }
}

/// An entry of a poll's roll: it votes once. Whether it has is told, never when.
#[Object]
impl RollEntry {
    /// The entry's id, which voting takes.
    async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The poll.
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>, Error> {
        polls::poll(&Door::of(ctx)?, self.0.poll).await
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
    async fn voter(&self, ctx: &Context<'_>) -> Result<PollPerson, Error> {
        self.person(&Door::of(ctx)?, self.0.voter).await
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
    async fn proxy(&self, ctx: &Context<'_>) -> Result<Option<PollPerson>, Error> {
        match self.0.proxy {
            Some(person) => self.person(&Door::of(ctx)?, person).await.map(Some),
            None => Ok(None),
        }
    }
    /// What it voted, in an open poll: for its voter and proxy, and for others once the poll is published.
    async fn marks(&self, ctx: &Context<'_>) -> Result<Option<Marks>, Error> {
        let door = Door::of(ctx)?;
        let own = door.is(self.0.voter) || self.0.proxy.is_some_and(|it| door.is(it));
        let published = door.load(self.0.poll).await?.is_some_and(|poll| poll.stage == Stage::Published);
        Ok(self.0.marks.as_ref().filter(|_| own || published).map(Marks::from))
    }
}
