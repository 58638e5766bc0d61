//! Polls: prepared with their roll, opened, cast, counted, published.
//!
//! - While a poll is open, how many took part is told, never what they voted.
//! - The outcome and the ballots are everybody's once they are published; before, they show to who keeps the poll.
//! - One teller's count shows to nobody else until the other's is in.

pub(crate) mod casting;
pub(crate) mod counting;
pub(crate) mod outcome;
pub(crate) mod preparing;
pub(crate) mod progress;
pub(crate) mod roll;

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::{
        ballot::{Method, is_tag},
        poll::{POLL_RECORDS, POLLS, PaperPhase as StoredPaper, PollPhase as Stored, PollRefusal},
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
    },
    refusal::Refusal,
    values::{CouncilId, PersonId, PollId},
};
use gongyi_projections::{PageArgs, PollFilter as Filter, PollRow, RollFilter};
use uuid::Uuid;

use self::{
    counting::{PaperCount, PaperPhase},
    outcome::{PollResult, PublishedBallot},
    preparing::{PollChannels, SmallestVoters, VotingMethod},
    roll::{FrozenRoll, RollEntry},
};
use super::{
    charters::Matter as CouncilMatter,
    councils::{self, Council},
    decision_rules::DecisionRule,
    elections::{self, Election},
};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    door::Door,
    fault, ids,
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Moment, Position},
};

phase! {
    /// How far a poll has come.
    PollPhase of Stored {
        /// Its roll is being made.
        Prepared,
        /// Ballots come in.
        Opened,
        /// No ballot comes in any more.
        Closed,
        /// It is counted, and not published yet.
        Counted,
        /// Its outcome is public.
        Published,
        /// It counts for nothing.
        Voided,
    }
}

/// What a poll is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PollMatter {
    /// An election or a recall.
    Election,
    /// A motion.
    Motion,
    /// A council's own matter, decided by its charter.
    Council,
    /// What its title says.
    Question,
}

/// How many took part, without what they voted.
#[derive(SimpleObject)]
pub struct PollTurnout {
    /// Entries of the roll.
    entries: u64,
    /// Of these, that have voted.
    voted: u64,
    /// Of these, online.
    online: u64,
    /// Of these, in person.
    in_person: u64,
    /// Of both, whose proxy voted.
    by_proxy: u64,
}

impl From<&PollRow> for PollTurnout {
    fn from(row: &PollRow) -> Self {
        let PollRow { entries, online, in_person, by_proxy, .. } = *row;
        Self { entries, voted: online.saturating_add(in_person), online, in_person, by_proxy }
    }
}

/// A person in an election or a poll.
pub struct PollPerson(pub(crate) Met);

impl PollPerson {
    /// A voter or proxy, or who was put forward and has not accepted.
    pub(crate) fn resident(person: PersonId) -> Self {
        Self(Met::as_resident(person))
    }

    /// A teller of this poll, named once they have accepted.
    pub(crate) fn teller(person: PersonId, poll: PollId) -> Self {
        Self(Met::in_public(person, PublicFunction::Teller(poll)))
    }
}

/// A person in an election or a poll. Who stands for election does so under their name.
#[Object]
impl PollPerson {
    /// The person's id; null where the name is masked.
    async fn id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.0.id(&Door::of(ctx)?).await
    }
    /// The name; masked, `张*`, for those who may not see personal data, unless the person stands for election, is a
    /// teller and has accepted that, or is a representative to be recalled who has accepted the seat; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.0.name(&Door::of(ctx)?).await
    }
}

/// One option on the ballot.
#[derive(SimpleObject)]
pub struct PollOption {
    /// Its number on the ballot, from 1.
    number: u16,
    /// What it says, if it is no person.
    text: Option<String>,
    /// Who stands, in an election.
    nominee: Option<PollPerson>,
}

/// The options on a ballot, as they are told.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) of: Vec<BallotOption>,
    /// How many places are to be filled.
    pub(crate) seats: u16,
    /// In a recall, whose seat it is about: who is recalled does not stand, but is named as a representative who has accepted.
    pub(crate) recalled_from: Option<CouncilId>,
}

impl Options {
    /// Whoever the ballot is about, as met there.
    pub(crate) fn met(&self, person: PersonId) -> Met {
        match self.recalled_from {
            Some(council) => Met::in_public(person, PublicFunction::Seat(council)),
            None => Met::standing(person),
        }
    }

    fn told(&self, number: u16, option: &BallotOption) -> PollOption {
        match option {
            BallotOption::Nominee(person) => PollOption { number, text: None, nominee: Some(PollPerson(self.met(*person))) },
            BallotOption::Text(text) => PollOption { number, text: Some(text.clone()), nominee: None },
        }
    }

    /// All of them, in the ballot's order.
    pub(crate) fn all(&self) -> Vec<PollOption> {
        (1..).zip(&self.of).map(|(number, option)| self.told(number, option)).collect()
    }

    /// The one with this number.
    fn one(&self, number: u16) -> Option<PollOption> {
        Some(self.told(number, self.of.get(usize::from(number).checked_sub(1)?)?))
    }

    /// Those with these ids, in the ids' order.
    fn named(&self, wanted: &[Uuid]) -> List<PollOption> {
        let one = |id: &Uuid| (1..).zip(&self.of).find(|(number, option)| option.id(*number) == *id);
        wanted.iter().filter_map(one).map(|(number, option)| self.told(number, option)).collect()
    }
}

/// A poll.
pub struct Poll(pub(crate) PollRow);

impl Poll {
    fn terms(&self, door: &Door<'_>) -> Result<&PollTerms, Error> {
        self.0.state.terms().map_err(|refusal| door.internal(&refusal))
    }

    async fn ballot(&self, door: &Door<'_>) -> Result<Options, Error> {
        let terms = self.terms(door)?;
        // Only a recall asks yes or no of a person.
        let recall = self.0.election.filter(|_| terms.method == Method::Stances);
        let election = match recall {
            Some(id) => door.load(id).await?,
            None => None,
        };
        let (of, seats) = (terms.options.clone(), terms.method.seats());
        Ok(Options { of, seats, recalled_from: election.map(|row| row.council) })
    }

    fn keeps_records(&self, door: &Door<'_>) -> bool {
        door.allowed(&POLL_RECORDS, &Subject::area(self.0.area.clone()))
    }

    /// Whether the asker may see what was counted.
    fn tells(&self, door: &Door<'_>) -> bool {
        match self.0.phase {
            Stored::Published => true,
            Stored::Counted | Stored::Voided => self.keeps_records(door),
            Stored::Unknown | Stored::Prepared | Stored::Opened | Stored::Closed => false,
        }
    }

    fn require_told(&self, door: &Door<'_>) -> Result<(), Error> {
        if self.tells(door) { Ok(()) } else { Err(fault::refused(PollRefusal::PollNotCounted)) }
    }
}

/// A poll: prepared with its roll, opened, closed, counted, published.
#[Object]
impl Poll {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its title.
    fn title(&self, ctx: &Context<'_>) -> Result<&str, Error> {
        Ok(&self.terms(&Door::of(ctx)?)?.title)
    }
    /// How far it has come.
    fn phase(&self) -> PollPhase {
        self.0.phase.into()
    }
    /// What it is about.
    fn matter(&self, ctx: &Context<'_>) -> Result<PollMatter, Error> {
        Ok(match self.terms(&Door::of(ctx)?)?.matter {
            Matter::Election(_) => PollMatter::Election,
            Matter::Motion(_) => PollMatter::Motion,
            Matter::Council { .. } => PollMatter::Council,
            Matter::Question => PollMatter::Question,
        })
    }
    /// The council whose own poll it is, decided by its charter.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        let door = Door::of(ctx)?;
        match self.terms(&door)?.matter {
            Matter::Council { council, .. } => councils::council(&door, council).await,
            Matter::Election(_) | Matter::Motion(_) | Matter::Question => Ok(None),
        }
    }
    /// Of which kind the council's matter is, for its charter's rule.
    fn council_matter(&self, ctx: &Context<'_>) -> Result<Option<CouncilMatter>, Error> {
        Ok(match self.terms(&Door::of(ctx)?)?.matter {
            Matter::Council { kind, .. } => Some(kind.into()),
            Matter::Election(_) | Matter::Motion(_) | Matter::Question => None,
        })
    }
    /// The election it is of.
    async fn election(&self, ctx: &Context<'_>) -> Result<Option<Election>, Error> {
        match self.0.election {
            Some(id) => elections::election(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The code of the area it is held in.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area it is held in.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// The options, in the ballot's order.
    async fn options(&self, ctx: &Context<'_>) -> Result<List<PollOption>, Error> {
        Ok(self.ballot(&Door::of(ctx)?).await?.all().into())
    }
    /// How ballots are marked and counted.
    fn method(&self, ctx: &Context<'_>) -> Result<VotingMethod, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.method.into())
    }
    /// Nobody learns whose ballot is whose; else it is held by name.
    fn secret(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.secrecy != Secrecy::Open)
    }
    /// A voter gets a receipt that finds the ballot in the published list.
    fn receipts(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.secrecy == Secrecy::Secret { receipts: true })
    }
    /// Among how many voters a secret poll's ballots are published one by one; null for polls whose ballots all are.
    fn smallest(&self, ctx: &Context<'_>) -> Result<Option<SmallestVoters>, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.smallest.map(SmallestVoters::from))
    }
    /// Its ballots are told in sums only: few voters are on the roll or took part, or ballots come in on paper and online.
    fn sums_only(&self) -> bool {
        self.0.state.sums_only()
    }
    /// Where ballots come in.
    fn channels(&self, ctx: &Context<'_>) -> Result<PollChannels, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.channels.into())
    }
    /// What decides.
    fn rule(&self, ctx: &Context<'_>) -> Result<DecisionRule, Error> {
        Ok(DecisionRule::from(self.terms(&Door::of(ctx)?)?.rule.clone()))
    }
    /// It is not opened before.
    fn opens_at(&self, ctx: &Context<'_>) -> Result<Option<Moment>, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.opens_at.map(Moment))
    }
    /// No ballot comes in from then on; without it, whoever keeps the poll closes it.
    fn closes_at(&self, ctx: &Context<'_>) -> Result<Option<Moment>, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.closes_at.map(Moment))
    }
    /// When it was prepared.
    fn prepared_at(&self) -> Moment {
        Moment(self.0.prepared_at)
    }
    /// When it was opened.
    fn opened_at(&self) -> Option<Moment> {
        self.0.opened_at.map(Moment)
    }
    /// When it was closed.
    fn closed_at(&self) -> Option<Moment> {
        self.0.closed_at.map(Moment)
    }
    /// When its outcome was published, or it was voided.
    fn concluded_at(&self) -> Option<Moment> {
        self.0.concluded_at.map(Moment)
    }
    /// Why it was voided.
    fn void_reason(&self) -> Option<&str> {
        self.0.void_reason.as_deref()
    }
    /// The roll as it was when the poll opened.
    fn roll(&self) -> Option<FrozenRoll> {
        self.0.state.roll.as_ref().map(FrozenRoll::from)
    }
    /// How many took part, without what they voted.
    fn turnout(&self) -> PollTurnout {
        (&self.0).into()
    }
    /// The two who count paper ballots.
    fn tellers(&self) -> List<PollPerson> {
        self.0.state.tellers.into_iter().flatten().map(|person| PollPerson::teller(person, self.0.id)).collect()
    }
    /// How the two tellers' counts stand to each other.
    fn paper_phase(&self) -> PaperPhase {
        match self.0.state.paper_phase() {
            StoredPaper::Awaited => PaperPhase::Awaited,
            StoredPaper::Disagreed(..) => PaperPhase::Disagreed,
            StoredPaper::Agreed(_) => PaperPhase::Agreed,
        }
    }
    /// The tellers' counts. A teller sees their own; once both are in, both tellers and who keeps the poll see both; once
    /// the poll is published everybody does. Where ballots came in online too, none but the tellers see what paper said, and
    /// where sums only are told, nobody but who keeps the poll.
    fn paper_counts(&self, ctx: &Context<'_>) -> Result<List<PaperCount>, Error> {
        let door = Door::of(ctx)?;
        let both = match self.0.state.paper_phase() {
            StoredPaper::Awaited => false,
            StoredPaper::Disagreed(..) | StoredPaper::Agreed(_) => true,
        };
        let counts = self.0.state.tellers.is_some_and(|tellers| tellers.into_iter().any(|it| door.is(it)));
        let mixed = self.terms(&door)?.channels == Channels::Mixed;
        let published = self.0.phase == Stored::Published && !self.0.state.sums_only();
        let all = both && counts || !mixed && (published || both && self.keeps_records(&door));
        let seen = self.0.state.paper.iter().filter(|(teller, _)| all || door.is(**teller));
        Ok(seen.map(|(teller, count)| PaperCount::new(PollPerson::teller(*teller, self.0.id), count)).collect())
    }
    /// The count and what the rule makes of it: for everybody once it is published, before that for who keeps the poll.
    async fn result(&self, ctx: &Context<'_>) -> Result<Option<PollResult>, Error> {
        let door = Door::of(ctx)?;
        let report = self.0.state.report.as_ref().filter(|_| self.tells(&door));
        let Some(report) = report else { return Ok(None) };
        let is_of_a_meeting = self.terms(&door)?.vote.is_some();
        Ok(Some(PollResult { report: report.clone(), options: self.ballot(&door).await?, is_of_a_meeting }))
    }
    /// Every ballot that was cast online in a secret poll, in a shuffled order, as soon as the result is shown; null where
    /// sums only are told (`sumsOnly`). Whoever does not want to be seen looking for their own pages through all of them.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn ballots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<Paged<PublishedBallot>>, Error> {
        let door = Door::of(ctx)?;
        self.require_told(&door)?;
        if self.0.state.sums_only() {
            return Ok(None);
        }
        let page = paging::asked(ctx, first, after, last, before)?;
        Ok(Some(paging::paged(door.read(door.lists().published_ballots(self.0.id, None, &page).await)?, PublishedBallot)))
    }
    /// Its roll with who has taken part, for who keeps the poll and for auditors; in an open poll that is published, for
    /// everybody on it too.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that this person casts.")] voter: Option<ID>,
        #[graphql(desc = "Those that have voted, or have not.")] voted: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<RollEntry>, Error> {
        let door = Door::of(ctx)?;
        let by_name = self.0.phase == Stored::Published && self.terms(&door)?.secrecy == Secrecy::Open;
        let among = match door.actor().person() {
            Some(person) if by_name => door.read(door.app.views().is_on_roll(self.0.id, person).await)?,
            Some(_) | None => false,
        };
        if !among {
            door.may(&POLL_RECORDS, &Subject::area(self.0.area.clone()))?;
        }
        let voter = voter.as_ref().map(ids::asked).transpose()?;
        if let Some(person) = voter.filter(|_| among) {
            door.require_sight_of(person).await?;
        }
        let filter = RollFilter { voter, voted };
        let page = paging::asked(ctx, first, after, last, before)?;
        Ok(paging::paged(door.read(door.lists().roll_of_poll(self.0.id, &filter, &page).await)?, RollEntry))
    }
}

/// A poll; that there is one is public.
pub(crate) async fn poll(door: &Door<'_>, id: PollId) -> Result<Option<Poll>, Error> {
    Ok(door.load(id).await?.map(Poll))
}

payloads! {
    /// A poll, after a command.
    PollPayload(PollId) {
        /// The poll.
        poll: Poll = |door, id| poll(door, *id),
    }
}

fn invalid(field: &'static str, zh: &str, en: &str) -> Refusal {
    Refusal { code: "InvalidInput", field: Some(field), zh: zh.to_owned(), en: en.to_owned() }
}

/// Which polls.
#[derive(Default, InputObject)]
pub struct PollFilter {
    /// Held in this area or within it.
    area: Option<AreaCode>,
    /// Of this election.
    election: Option<ID>,
    /// That have come this far.
    phase: Option<PollPhase>,
}

/// The root fields about polls.
#[derive(Default)]
pub struct PollQueries;

#[Object]
impl PollQueries {
    /// Polls, the last prepared first. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn polls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which polls.")] filter: Option<PollFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Poll>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&POLLS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let PollFilter { area, election, phase } = filter.unwrap_or_default();
        let filter =
            Filter { area: area.map(|it| it.0), election: election.as_ref().map(ids::asked).transpose()?, phase: phase.map(Stored::from) };
        Ok(paging::paged(door.read(door.app.views().polls(&filter, &page).await)?, Poll))
    }

    /// One poll; null if there is none. Open to everybody.
    async fn poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Poll>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&POLLS, &Subject::default())?;
        poll(&door, ids::asked(&id)?).await
    }

    /// The published ballots that bear a receipt: one, none if there is no such ballot, several if voters chose the
    /// same tag. Open to everybody: ask without signing in, by POST, so that nothing but this moment's request knows who asks.
    #[graphql(complexity = "1 + child_complexity")]
    async fn ballots_by_receipt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which poll.")] poll: ID,
        #[graphql(desc = "The receipt, as `castBallot` answered it.")] receipt: String,
    ) -> Result<Vec<PublishedBallot>, Error> {
        let door = Door::of(ctx)?;
        door.may(&POLLS, &Subject::default())?;
        if !is_tag(&receipt) {
            return Err(fault::refused(PollRefusal::TagUnfit));
        }
        let id: PollId = ids::asked(&poll)?;
        let found = self::poll(&door, id).await?.ok_or_else(|| fault::refused(PollRefusal::UnknownPoll))?;
        found.require_told(&door)?;
        found.0.state.require_single_ballots().map_err(fault::refused)?;
        let page = PageArgs::first(crate::settings::PAGE_MAX_ROWS);
        let page = door.read(door.app.views().published_ballots(id, Some(&receipt), &page).await)?;
        Ok(page.edges.into_iter().map(|(_, row)| PublishedBallot(row)).collect())
    }
}
