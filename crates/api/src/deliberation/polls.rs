//! Polls as they are read. What changes them stands in `poll_commands`.
//!
//! - While a poll is open, how many took part is told, never what they voted.
//! - The outcome and the ballots are everybody's once they are published; before, they show to who keeps the poll.
//! - One teller's count shows to nobody else until the other's is in.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::{
        ballot::{Method, is_tag},
        counting::paper::PaperCount as Counted,
        poll::{POLL_RECORDS, POLLS, PaperState, PollRefusal, Stage},
        poll_terms::{Channels, Matter, PollTerms, Secrecy},
    },
    values::{PersonId, PollId},
};
use gongyi_projections::{PageArgs, PollFilter as Filter, PollRow, RollFilter};

use super::{
    charters::Matter as CouncilMatter,
    councils::{self, Council},
    decision_rules::DecisionRule,
    elections::{self, Election},
    poll_outcomes::{Marks, PollOption, PollPerson, PollResult, PublishedBallot},
    roll_entries::RollEntry,
};
use crate::{
    access::{
        areas::{self, Area},
        personal::Met,
    },
    door::Door,
    fault, ids,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Moment, Position},
    table::wires,
};

/// How far a poll has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stage")]
pub enum PollPhase {
    /// Never: a poll that is shown exists.
    Unknown,
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

/// Where ballots come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Channels")]
pub enum PollChannels {
    /// On paper only.
    InPerson,
    /// Through the platform only.
    Online,
    /// Both; an entry uses one of them, once.
    Mixed,
}

wires! {
    PollChannels => Channels = |it| it.into();
}

/// How ballots are marked and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MethodKind {
    /// 赞成、反对、弃权: yes, no or abstain to every option.
    Stances,
    /// One option.
    Choice,
    /// 差额选举, plurality at large: several options, most votes fill the places.
    Plurality,
    /// Any number of options; most approvals fill the places.
    Approval,
    /// A score for any option; the highest sums fill the places.
    Score,
    /// Options in order of preference; a single transferable vote by Meek's rules.
    Ranked,
}

/// How ballots are marked and counted.
#[derive(SimpleObject)]
pub struct VotingMethod {
    /// The method.
    kind: MethodKind,
    /// Places to fill; 0 where every option is decided for itself.
    seats: u16,
    /// Options that one ballot may mark, where that is limited.
    marks_max: Option<u16>,
    /// The highest score, where options are scored.
    score_max: Option<u16>,
}

impl From<Method> for VotingMethod {
    fn from(method: Method) -> Self {
        let (kind, marks_max, score_max) = match method {
            Method::Stances => (MethodKind::Stances, None, None),
            Method::Choice => (MethodKind::Choice, Some(1), None),
            Method::Plurality { marks_max, .. } => (MethodKind::Plurality, Some(marks_max), None),
            Method::Approval { .. } => (MethodKind::Approval, None, None),
            Method::Score { most, .. } => (MethodKind::Score, None, Some(most)),
            Method::Ranked { .. } => (MethodKind::Ranked, None, None),
        };
        Self { kind, seats: method.seats(), marks_max, score_max }
    }
}

/// A roll as it was when the poll opened.
#[derive(SimpleObject)]
pub struct FrozenRoll {
    /// Entries.
    entries: u64,
    /// Voters: fewer than entries where somebody casts for several.
    voters: u64,
    /// The sum of weights.
    weight: u64,
    /// SHA-256 over the roll as `gongyi roll v1` writes it, hexadecimal: who has the list can compute it.
    digest: String,
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

/// How the two tellers' counts stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PaperPhase {
    /// One count, or both, are missing.
    Awaited,
    /// They differ: both tellers are asked to count again.
    Disagreed,
    /// They agree.
    Agreed,
}

/// Paper ballots marked alike.
#[derive(SimpleObject)]
pub struct PaperBatch {
    /// What is marked.
    marks: Marks,
    /// On so many ballots.
    ballots: u64,
}

/// A teller's count of the paper ballots: by option or in batches of ballots alike.
#[derive(SimpleObject)]
pub struct PaperCount {
    /// Who counted.
    teller: PollPerson,
    /// Ballots in all.
    ballots: u64,
    /// Invalid ones.
    invalid: u64,
    /// Valid ones, where they are counted by option.
    valid: Option<u64>,
    /// Blank ones, where they are counted by option.
    blank: Option<u64>,
    /// Votes for each option, in the ballot's order.
    votes: Option<Vec<u64>>,
    /// Batches of ballots marked alike.
    batches: Option<Vec<PaperBatch>>,
}

impl PaperCount {
    fn new(teller: PersonId, count: &Counted) -> Self {
        let (teller, ballots) = (PollPerson::in_public(teller), count.ballots());
        match count {
            Counted::Options { valid, blank, invalid, votes } => Self {
                teller,
                ballots,
                invalid: *invalid,
                valid: Some(*valid),
                blank: Some(*blank),
                votes: Some(votes.clone()),
                batches: None,
            },
            Counted::Batches { batches, invalid } => {
                let batches = batches.iter().map(|it| PaperBatch { marks: (&it.marks).into(), ballots: it.ballots }).collect();
                Self { teller, ballots, invalid: *invalid, valid: None, blank: None, votes: None, batches: Some(batches) }
            }
        }
    }
}

/// A poll.
pub struct Poll(pub(crate) PollRow);

impl Poll {
    fn terms(&self, door: &Door<'_>) -> Result<&PollTerms, Error> {
        self.0.state.terms().map_err(|refusal| door.internal(&refusal))
    }

    fn keeps_records(&self, door: &Door<'_>) -> bool {
        door.allowed(&POLL_RECORDS, &Subject::area(self.0.area.clone()))
    }

    /// Whether the asker may see what was counted.
    fn tells(&self, door: &Door<'_>) -> bool {
        match self.0.stage {
            Stage::Published => true,
            Stage::Counted | Stage::Voided => self.keeps_records(door),
            Stage::Unknown | Stage::Prepared | Stage::Opened | Stage::Closed => false,
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
        self.0.stage.into()
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
    fn options(&self, ctx: &Context<'_>) -> Result<Vec<PollOption>, Error> {
        Ok(PollOption::all(&self.terms(&Door::of(ctx)?)?.options))
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
        let roll = self.0.state.roll.as_ref()?;
        Some(FrozenRoll { entries: roll.entries, voters: roll.heads, weight: roll.weight, digest: roll.digest.clone() })
    }
    /// How many took part, without what they voted.
    fn turnout(&self) -> PollTurnout {
        (&self.0).into()
    }
    /// The two who count paper ballots.
    fn tellers(&self) -> Vec<PollPerson> {
        self.0.state.tellers.into_iter().flatten().map(PollPerson::in_public).collect()
    }
    /// How the two tellers' counts stand to each other.
    fn paper_phase(&self) -> PaperPhase {
        match self.0.state.paper_state() {
            PaperState::Awaited => PaperPhase::Awaited,
            PaperState::Disagreed(..) => PaperPhase::Disagreed,
            PaperState::Agreed(_) => PaperPhase::Agreed,
        }
    }
    /// The tellers' counts. A teller sees their own; once both are in, both tellers and who keeps the poll see both; once
    /// the poll is published everybody does.
    fn paper_counts(&self, ctx: &Context<'_>) -> Result<Vec<PaperCount>, Error> {
        let door = Door::of(ctx)?;
        let both = match self.0.state.paper_state() {
            PaperState::Awaited => false,
            PaperState::Disagreed(..) | PaperState::Agreed(_) => true,
        };
        let counts = self.0.state.tellers.is_some_and(|tellers| tellers.into_iter().any(|it| door.is(it)));
        let all = self.0.stage == Stage::Published || both && (counts || self.keeps_records(&door));
        let seen = self.0.state.paper.iter().filter(|(teller, _)| all || door.is(**teller));
        Ok(seen.map(|(teller, count)| PaperCount::new(*teller, count)).collect())
    }
    /// The count and what the rule makes of it: for everybody once it is published, before that for who keeps the poll.
    fn result(&self, ctx: &Context<'_>) -> Result<Option<PollResult>, Error> {
        let door = Door::of(ctx)?;
        let report = self.0.state.report.as_ref().filter(|_| self.tells(&door));
        let Some(report) = report else { return Ok(None) };
        Ok(Some(PollResult { report: report.clone(), options: self.terms(&door)?.options.clone() }))
    }
    /// Every ballot that was cast online in a secret poll, in a shuffled order, as soon as the result is shown. Whoever does
    /// not want to be seen looking for their own pages through all of them.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn ballots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<PublishedBallot>, Error> {
        let door = Door::of(ctx)?;
        self.require_told(&door)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        Ok(paging::paged(door.read(door.app.views().published_ballots(self.0.id, None, &page).await)?, PublishedBallot))
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
        let by_name = self.0.stage == Stage::Published && self.terms(&door)?.secrecy == Secrecy::Open;
        let among = match door.asker.actor.person() {
            Some(person) if by_name => door.read(door.app.views().is_on_roll(self.0.id, person).await)?,
            Some(_) | None => false,
        };
        if !among {
            door.may(&POLL_RECORDS, &Subject::area(self.0.area.clone()))?;
        }
        let filter = RollFilter { voter: voter.as_ref().map(ids::asked).transpose()?, voted };
        let page = paging::asked(ctx, first, after, last, before)?;
        Ok(paging::paged(door.read(door.app.views().roll_of_poll(self.0.id, &filter, &page).await)?, RollEntry))
    }
}

/// A poll; that there is one is public.
pub(crate) async fn poll(door: &Door<'_>, id: PollId) -> Result<Option<Poll>, Error> {
    Ok(door.load(id).await?.map(Poll))
}

/// What a person may vote on or has.
pub(crate) async fn of_person(door: &Door<'_>, person: PersonId, page: &PageArgs) -> Result<Paged<RollEntry>, Error> {
    Ok(paging::paged(door.read(door.app.views().roll_entries_of_person(person, page).await)?, RollEntry))
}

/// A resident in an area: masked for those who may not see personal data there.
pub(crate) fn resident(door: &Door<'_>, person: PersonId, area: &gongyi_domain::values::AreaCode) -> PollPerson {
    PollPerson(Met::as_resident(door, person, Some(area.clone())))
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
            Filter { area: area.map(|it| it.0), election: election.as_ref().map(ids::asked).transpose()?, stage: phase.map(Stage::from) };
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

    /// The published ballots that bear a receipt's tag: one, none if there is no such ballot, several if voters chose the
    /// same tag. Open to everybody: ask without signing in, by POST, so that nothing but this moment's request knows who asks.
    #[graphql(complexity = "1 + child_complexity")]
    async fn ballots_by_receipt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which poll.")] poll: ID,
        #[graphql(desc = "The tag, as `castBallot` answered it.")] receipt: String,
    ) -> Result<Vec<PublishedBallot>, Error> {
        let door = Door::of(ctx)?;
        door.may(&POLLS, &Subject::default())?;
        if !is_tag(&receipt) {
            return Err(fault::refused(PollRefusal::TagUnfit));
        }
        let id: PollId = ids::asked(&poll)?;
        let found = self::poll(&door, id).await?.ok_or_else(|| fault::refused(PollRefusal::UnknownPoll))?;
        found.require_told(&door)?;
        let page = PageArgs::first(crate::settings::PAGE_MAX_ROWS);
        let page = door.read(door.app.views().published_ballots(id, Some(&receipt), &page).await)?;
        Ok(page.edges.into_iter().map(|(_, row)| PublishedBallot(row)).collect())
    }
}
