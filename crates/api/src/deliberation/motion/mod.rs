//! Motions as they are read; each phase's part of them stands with what changes it.
//!
//! - What was ever submitted is public, from the version submitted first on; earlier ones and other drafts show to their
//!   movers and the area's staff.

pub(crate) mod amending;
pub(crate) mod carrying_out;
pub(crate) mod deciding;
pub(crate) mod drafting;
pub(crate) mod history;

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_app::reading::subjects::draft_subject;
use gongyi_domain::{
    access::authority::{Actor, Scope, Subject, To},
    deliberation::{
        motion::{MOTION_DRAFTS, MOTIONS, MotionPhase as Stored, Origin},
        motion_category::MotionCategory as StoredCategory,
        motion_register::MotionNumber,
    },
    values::{CouncilId, MotionId, PersonId},
};
use gongyi_projections::{DraftsSeen, MotionFilter as Filter, MotionRow, MotionSort as Sort};

use self::{
    amending::Amendment,
    carrying_out::{MotionRating, MotionReport, MotionReview},
    deciding::MotionDecision,
    drafting::MotionVersion,
    history::MotionHistoryLine,
};
use super::{
    issues::ResidentIssue,
    meeting::{
        self, Meeting,
        voting::{self, Vote},
    },
    motion_categories::MotionCategory,
    texts::{self, DIFFERENCE_COST_FIELDS, Text, TextDifference},
    threads,
};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    attachment::{self, Attachment},
    door::Door,
    fault::{self, Code},
    ids,
    list::List,
    loaders::{MotionRatingsOf, TextAt},
    outcome::{Lang, payloads},
    paging::{self, Paged},
    phase::phase,
    projects::{
        project::{self, Project},
        self_organisations::{self, SelfOrganisation},
    },
    scalars::{self, Date, Moment, Position},
};

phase! {
    /// Where a motion stands.
    MotionPhase of Stored {
        /// Its movers work on it.
        Drafted,
        /// Submitted, gathering seconds.
        Submitted,
        /// Seconded, waiting to be screened.
        Seconded,
        /// Taken in, open to amendments.
        Accepted,
        /// On a meeting's agenda.
        Scheduled,
        /// Put to the vote.
        Voting,
        /// Adopted.
        Adopted,
        /// Rejected.
        Rejected,
        /// Referred to another council.
        Referred,
        /// Postponed.
        Postponed,
        /// Withdrawn by its movers, for good.
        Withdrawn,
        /// Merged into another motion, for good.
        Merged,
        /// Being implemented.
        Implementing,
        /// Carried out.
        Done,
        /// Carried out and reviewed by residents.
        Reviewed,
    }
}

/// A person who takes part in a council's work.
pub struct MotionPerson(Met);

impl MotionPerson {
    /// Who moves, seconds or proposes does so in public, from a seat in this council.
    fn in_public(person: PersonId, council: CouncilId) -> Self {
        Self(Met::in_public(person, PublicFunction::Seat(council)))
    }

    /// A resident, who holds no office.
    fn resident(person: PersonId) -> Self {
        Self(Met::as_resident(person))
    }
}

/// Somebody who takes part in a council's work. Representatives act in public, under their names.
#[Object]
impl MotionPerson {
    /// The person's id; null where the name is masked.
    async fn id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.0.id(&Door::of(ctx)?).await
    }
    /// The name; a resident's, and that of a representative who has not accepted the seat, is masked, `张*`, for those who may
    /// not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.0.name(&Door::of(ctx)?).await
    }
}

/// A motion; boxed, for with its whole state it is far larger than other nodes.
pub struct Motion(Box<MotionRow>);

impl Motion {
    fn new(row: MotionRow) -> Self {
        Self(Box::new(row))
    }

    /// The first version of the text that the asker may read.
    fn readable_from(&self, door: &Door<'_>) -> u32 {
        let public_from = self.0.public_from.unwrap_or(1);
        if door.allowed(&MOTION_DRAFTS, &draft_subject(&door.actor(), &self.0)) { 1 } else { public_from }
    }
}

/// A motion (议题、议案): drafted, submitted, seconded, screened, amended, voted on, carried out and reviewed.
#[Object]
impl Motion {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its number within its council, `2026-001`; null until it is submitted.
    fn number(&self) -> Option<String> {
        Some(MotionNumber { year: self.0.year?, number: self.0.number? }.to_string())
    }
    /// The id of the council it is before.
    fn council_id(&self) -> ID {
        ids::id(&self.0.council)
    }
    /// The code of that council's area.
    fn area_code(&self) -> scalars::Area {
        scalars::Area(self.0.area.clone())
    }
    /// That council's area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// What it is about.
    fn category(&self) -> MotionCategory {
        self.0.category.into()
    }
    /// Where it stands.
    fn phase(&self) -> MotionPhase {
        self.0.phase.into()
    }
    /// Where it stands, in words.
    fn phase_name(&self, #[graphql(desc = "In which language.", default_with = "Lang::Zh")] lang: Lang) -> &str {
        match lang {
            Lang::Zh => self.0.phase.zh(),
            Lang::En => self.0.phase.en(),
        }
    }
    /// When it was drafted.
    fn drafted_at(&self) -> Moment {
        Moment(self.0.drafted_at)
    }
    /// When anything of it changed last.
    fn changed_at(&self) -> Moment {
        Moment(self.0.changed_at)
    }
    /// The id of the resident's issue it came from, if it came from one.
    fn issue_id(&self) -> Option<ID> {
        match self.0.state.origin {
            Some(Origin::Issue { issue }) => Some(ids::id(&issue)),
            Some(Origin::Motion { .. }) | None => None,
        }
    }
    /// The residents' issues it goes back to: those that it, the motion it was referred as, or one merged into it was made of.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn issues(&self, ctx: &Context<'_>) -> Result<List<ResidentIssue>, Error> {
        threads::issues_behind(&Door::of(ctx)?, self.0.id).await
    }
    /// The projects that it resolved, oldest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Project>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        project::of_motion(&door, self.0.id, &page).await
    }
    /// The self-organisations that it asked for.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn self_organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<SelfOrganisation>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        self_organisations::of_motion(&door, self.0.id, &page).await
    }
    /// The other council's motion it came from, if that was referred.
    async fn referred_from(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        match self.0.state.origin {
            Some(Origin::Motion { motion: id, .. }) => motion(&Door::of(ctx)?, id).await,
            Some(Origin::Issue { .. }) | None => Ok(None),
        }
    }
    /// Who moves it; the first drafted it.
    fn movers(&self) -> List<MotionPerson> {
        self.0.state.movers.iter().map(|person| MotionPerson::in_public(*person, self.0.council)).collect()
    }
    /// Who seconds it.
    fn seconders(&self) -> List<MotionPerson> {
        self.0.state.seconders.iter().map(|person| MotionPerson::in_public(*person, self.0.council)).collect()
    }
    /// How many seconds it needs, as the charter said when it was submitted; null until then.
    fn seconds_needed(&self) -> Option<u32> {
        self.0.year.map(|_| self.0.state.seconds_needed)
    }
    /// What it says now.
    fn text(&self) -> Text {
        Text::from(&self.0.state.text)
    }
    /// The number of that text, from 1.
    fn version(&self) -> u32 {
        self.0.state.version
    }
    /// Its text at every version, oldest first; what its movers wrote before they submitted it shows to them and the area's
    /// staff only.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<MotionVersion>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let readable_from = self.readable_from(&door);
        let page = door.read(door.lists().motion_versions(self.0.id, readable_from, &page).await)?;
        Ok(paging::paged(page, |row| MotionVersion { row, readable_from }))
    }
    /// What changed from one version to another; null if there is none of them, or the asker may not read one.
    #[graphql(complexity = "DIFFERENCE_COST_FIELDS + child_complexity")]
    async fn difference(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From this version.")] from: u32,
        #[graphql(desc = "To this version; the last if not said.")] to: Option<u32>,
    ) -> Result<Option<TextDifference>, Error> {
        let door = Door::of(ctx)?;
        let to = to.unwrap_or(self.0.state.version);
        if from.min(to) < self.readable_from(&door) {
            return Ok(None);
        }
        let (from, to) = (door.load(TextAt(self.0.id, from)).await?, door.load(TextAt(self.0.id, to)).await?);
        Ok(from.zip(to).map(|(from, to)| texts::difference_between(&from.text, &to.text)))
    }
    /// Its amendments, in the order of being proposed.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn amendments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Amendment>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        Ok(paging::paged(door.read(door.lists().motion_amendments(self.0.id, &page).await)?, Amendment))
    }
    /// How many amendments are neither settled nor withdrawn; with any, it is not put to the vote.
    fn open_amendment_count(&self) -> usize {
        self.0.state.open_amendments().count()
    }
    /// Files that belong to it.
    fn attachments(&self) -> List<Attachment> {
        attachment::shown(&self.0.state.attachments)
    }
    /// The meeting on whose agenda it stands, or that decided it.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>, Error> {
        match self.0.state.meeting {
            Some(meeting) => meeting::meeting(&Door::of(ctx)?, meeting).await,
            None => Ok(None),
        }
    }
    /// All votes it was ever put to, oldest first.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    async fn votes(&self, ctx: &Context<'_>) -> Result<List<Vote>, Error> {
        let door = Door::of(ctx)?;
        let found = futures::future::try_join_all(self.0.state.votes.iter().map(|vote| voting::of_id(&door, *vote))).await?;
        Ok(found.into_iter().flatten().collect())
    }
    /// How it was decided, as far as that stands.
    fn decision(&self) -> Option<MotionDecision> {
        self.0.state.outcome.map(|outcome| MotionDecision { motion: self.0.id, outcome })
    }
    /// The day it is postponed to; null if it is not postponed, or until further notice.
    fn postponed_until(&self) -> Option<Date> {
        self.0.postponed_until.map(Date)
    }
    /// The id of the council it was referred to.
    fn referred_to(&self) -> Option<ID> {
        self.0.state.referred_to.map(|council| ids::id(&council))
    }
    /// The motion that the other council made of it, once that is public.
    async fn taken_over_as(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        one_of(ctx, self.0.state.taken_over_as).await
    }
    /// Motions to be read with it.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn related(&self, ctx: &Context<'_>) -> Result<List<Motion>, Error> {
        all_of(ctx, self.0.state.related.iter().copied()).await
    }
    /// Motions that were merged into it.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn absorbed(&self, ctx: &Context<'_>) -> Result<List<Motion>, Error> {
        all_of(ctx, self.0.state.absorbed.iter().copied()).await
    }
    /// The motion it was merged into.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        one_of(ctx, self.0.merged_into).await
    }
    /// How far it is carried out, 0 to 100; null while nothing was reported.
    fn percent(&self) -> Option<u8> {
        if matches!(self.0.phase, Stored::Done | Stored::Reviewed) { Some(100) } else { self.0.percent }
    }
    /// Reports on what came of it, newest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<MotionReport>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        Ok(paging::paged(door.read(door.lists().motion_reports(self.0.id, true, &page).await)?, MotionReport))
    }
    /// What residents say of the completion that stands, newest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<MotionReview>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let page = door.read(door.lists().motion_reviews(self.0.id, &page).await)?;
        Ok(paging::paged(page, MotionReview))
    }
    /// How many residents gave which rating to the completion that stands; ratings nobody gave are left out.
    async fn ratings(&self, ctx: &Context<'_>) -> Result<List<MotionRating>, Error> {
        let ratings = Door::of(ctx)?.load(MotionRatingsOf(self.0.id)).await?.unwrap_or_default();
        Ok(ratings.into_iter().map(MotionRating).collect())
    }
    /// What happened to it when, by whom, why; oldest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<MotionHistoryLine>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let page = door.read(door.lists().motion_history(self.0.id, false, &page).await)?;
        Ok(paging::paged(page, |row| MotionHistoryLine { row, council: self.0.council }))
    }
}

/// A motion, for whoever may read it.
pub(crate) async fn motion(door: &Door<'_>, id: MotionId) -> Result<Option<Motion>, Error> {
    let row = door.load(id).await?;
    Ok(row.filter(|row| row.year.is_some() || door.allowed(&MOTION_DRAFTS, &draft_subject(&door.actor(), row))).map(Motion::new))
}

/// A motion, if there is one, for whoever may read it.
async fn motion_maybe(door: &Door<'_>, id: Option<MotionId>) -> Result<Option<Motion>, Error> {
    match id {
        Some(id) => motion(door, id).await,
        None => Ok(None),
    }
}

pub(super) async fn one_of(ctx: &Context<'_>, id: Option<MotionId>) -> Result<Option<Motion>, Error> {
    motion_maybe(&Door::of(ctx)?, id).await
}

async fn all_of(ctx: &Context<'_>, ids: impl Iterator<Item = MotionId>) -> Result<List<Motion>, Error> {
    let door = Door::of(ctx)?;
    let found = futures::future::try_join_all(ids.map(|id| motion(&door, id))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The drafts this actor may read in a list, as [`MOTION_DRAFTS`] says.
fn drafts_seen(actor: &Actor) -> DraftsSeen {
    let mut seen = DraftsSeen { person: actor.person(), ..DraftsSeen::default() };
    for grant in actor.grants().iter().filter(|grant| MOTION_DRAFTS.open_to.contains(&To::Holders(grant.role))) {
        match &grant.scope {
            Scope::Everywhere => seen.everywhere = true,
            Scope::Area(area) => seen.areas.push(area.clone()),
            // A motion belongs to no organisation.
            Scope::Organisation(_) => {}
        }
    }
    seen
}

payloads! {
    /// A motion, after a command.
    MotionPayload(MotionId) {
        /// The motion.
        motion: Motion = |door, id| motion(door, *id),
    }
}

/// Which motions.
#[derive(Default, InputObject)]
pub struct MotionFilter {
    /// Before this council.
    council: Option<ID>,
    /// Before a council of this area or of one within it.
    area: Option<scalars::Area>,
    /// In one of these phases.
    phases: Option<Vec<MotionPhase>>,
    /// About this.
    category: Option<MotionCategory>,
    /// That this person moves: oneself, a representative of the council named, or whomever the asker sees.
    mover: Option<ID>,
    /// That the asker moves.
    #[graphql(default)]
    mine: bool,
    /// That this person seconds; as for `mover`.
    seconder: Option<ID>,
    /// First submitted in this year.
    year: Option<u16>,
    /// Whose title or paragraphs contain this now.
    text_contains: Option<String>,
}

impl MotionFilter {
    fn mover(&self, door: &Door<'_>) -> Result<Option<PersonId>, Error> {
        let named: Option<PersonId> = self.mover.as_ref().map(ids::asked).transpose()?;
        if !self.mine {
            return Ok(named);
        }
        let own = door.actor().person().ok_or_else(|| fault::error(Code::Unauthenticated, "only who is signed in has motions"))?;
        match named {
            Some(other) if other != own => Err(fault::error(Code::BadInput, "either mine or another mover's")),
            Some(_) | None => Ok(Some(own)),
        }
    }
}

/// How motions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Sort")]
pub enum MotionSort {
    /// By number, year first; drafts without one come before all.
    Number,
    /// By when they were drafted.
    DraftedAt,
    /// By when anything of them changed last.
    ChangedAt,
}

/// The root fields about motions.
#[derive(Default)]
pub struct MotionQueries;

#[Object]
impl MotionQueries {
    /// Motions. Open to everybody; drafts that were never submitted show to their movers and the area's staff only.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn motions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which motions.")] filter: Option<MotionFilter>,
        #[graphql(desc = "In which order.", default_with = "MotionSort::ChangedAt")] sort: MotionSort,
        #[graphql(desc = "Backwards: the newest, or the highest number, first.", default = true)] descending: bool,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Motion>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&MOTIONS, &Subject::default())?;
        let asked = filter.unwrap_or_default();
        let page = paging::asked(ctx, first, after, last, before)?;
        let (mover, seconder) = (asked.mover(&door)?, asked.seconder.as_ref().map(ids::asked).transpose()?);
        let council = asked.council.as_ref().map(ids::asked).transpose()?;
        for person in [mover, seconder].into_iter().flatten() {
            door.require_named_in(council, person).await?;
        }
        let filter = Filter {
            mover,
            seconder,
            council,
            area: asked.area.map(|it| it.0),
            phases: asked.phases.unwrap_or_default().into_iter().map(Stored::from).collect(),
            category: asked.category.map(StoredCategory::from),
            year: asked.year,
            text_contains: asked.text_contains.filter(|text| !text.is_empty()),
            drafts: drafts_seen(&door.actor()),
        };
        let page = door.read(door.app.views().motions(&filter, sort.into(), descending, &page).await)?;
        Ok(paging::paged(page, Motion::new))
    }

    /// One motion; null if there is none, or if it is a draft that the asker may not read. Open to everybody.
    async fn motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Motion>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&MOTIONS, &Subject::default())?;
        motion(&door, ids::asked(&id)?).await
    }
}
