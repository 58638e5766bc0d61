//! Rounds: called, applied in, selected from.
//!
//! - Terms, applications and the selection with its reasons are public; who reviews, who gave which points and who objected
//!   show to those who may read a round's records.

pub(crate) mod applying;
pub(crate) mod calling;
pub(crate) mod selecting;

use async_graphql::{Context, Error, ID, InputObject, Object};
use chrono::Days;
use gongyi_domain::{
    access::authority::Subject,
    projects::round::{
        ROUND_RECORDS, ROUNDS,
        terms::{RoundPhase as Stored, SelectedBy},
    },
    values::{ApplicationId, FundId, PersonId, RoundId},
};
use gongyi_projections::{ApplicationFilter, PageArgs, RoundFilter as Filter, RoundRow};

use self::{
    applying::{ApplicationPhase, RoundApplication},
    calling::{Criterion, SelectionBasis, SelectionRule},
    selecting::{RoundObjection, RoundSelection},
};
use super::{
    funds::{self, Fund},
    project::{self, Project},
};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    deliberation::{
        decision_rules::Threshold,
        poll::{self, Poll},
    },
    door::Door,
    ids::{self, ApplicationKey},
    list::List,
    outcome::{Lang, payloads},
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Date, Moment, Money, Position},
};

phase! {
    /// Where a round stands.
    RoundPhase of Stored {
        /// 征集中: applications come in.
        Called,
        /// 评审中: they are screened, reviewed, voted on.
        Evaluating,
        /// 公示中: selected, open to objections.
        Selected,
        /// 已公布: announced for good.
        Announced,
        /// 已取消: cancelled for good.
        Cancelled,
    }
}

/// A reviewer.
pub struct Reviewer(Met);

/// Somebody who reviews the applications of a round.
#[Object]
impl Reviewer {
    /// The person's id; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.0.id(&Door::of(ctx)?).await
    }
    /// The name, once the reviewer has accepted; masked, `张*`, until then, for those who may not see personal data; null once
    /// erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.0.name(&Door::of(ctx)?).await
    }
}

/// A round; boxed, for with its terms it is far larger than other nodes.
pub struct Round(Box<RoundRow>);

impl Round {
    fn new(row: RoundRow) -> Self {
        Self(Box::new(row))
    }

    async fn applications_of(&self, ctx: &Context<'_>, ids: &[ApplicationId]) -> Result<List<RoundApplication>, Error> {
        let (door, round) = (Door::of(ctx)?, self.0.id);
        let all = ids.iter().map(|application| applying::application(&door, ApplicationKey { round, application: *application }));
        Ok(futures::future::try_join_all(all).await?.into_iter().flatten().collect())
    }
}

/// A round of selection (遴选): applications are called for, screened, scored and voted on; projects are selected by the
/// published rule alone.
#[Object]
impl Round {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// The code of the area where projects may be.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Where projects may be.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// Where it stands.
    fn phase(&self) -> RoundPhase {
        self.0.phase.into()
    }
    /// Where it stands, in words.
    fn phase_name(&self, #[graphql(desc = "In which language.", default_with = "Lang::Zh")] lang: Lang) -> &str {
        match lang {
            Lang::Zh => self.0.phase.zh(),
            Lang::En => self.0.phase.en(),
        }
    }
    /// When it was called.
    fn called_at(&self) -> Moment {
        Moment(self.0.called_at)
    }
    /// When anything of it changed last.
    fn changed_at(&self) -> Moment {
        Moment(self.0.changed_at)
    }
    /// The fund that grants.
    async fn fund(&self, ctx: &Context<'_>) -> Result<Option<Fund>, Error> {
        funds::fund(&Door::of(ctx)?, self.0.fund).await
    }
    /// The year of the budget line it grants from.
    fn year(&self) -> u16 {
        self.0.terms.line.year
    }
    /// The code of that line's area.
    fn line_area_code(&self) -> AreaCode {
        AreaCode(self.0.terms.line.area.clone())
    }
    /// How much it grants in all.
    fn budget(&self) -> Money {
        Money(self.0.terms.budget)
    }
    /// What reviewers give points for.
    fn criteria(&self) -> List<Criterion> {
        self.0.terms.criteria.iter().map(Criterion::from).collect()
    }
    /// How many reviewers' scores an application needs.
    fn scores_needed(&self) -> u16 {
        self.0.terms.scores_needed
    }
    /// What speaks for a project.
    fn selected_by(&self) -> SelectionBasis {
        self.0.terms.selected_by.into()
    }
    /// The share of the points that a project must have to come on the ballot, where residents vote.
    fn floor(&self) -> Option<Threshold> {
        match self.0.terms.selected_by {
            SelectedBy::Ballots { floor } => floor.map(Threshold::from),
            SelectedBy::Scores => None,
        }
    }
    /// How projects are selected.
    fn rule(&self) -> SelectionRule {
        SelectionRule(self.0.terms.rule)
    }
    /// The last day for applications.
    fn applications_until(&self) -> Date {
        Date(self.0.terms.applications_until)
    }
    /// How many days there are for objections after the day of the selection.
    fn objection_days(&self) -> u16 {
        self.0.terms.objection_days
    }
    /// The last day for objections to the selection that stands.
    fn objections_until(&self) -> Option<Date> {
        self.0.selected_on?.checked_add_days(Days::new(self.0.terms.objection_days.into())).map(Date)
    }
    /// How many applied.
    fn application_count(&self) -> u32 {
        self.0.applications
    }
    /// Its applications, in the order in which they came in.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That stand in one of these ways; any if not said.")] phases: Option<Vec<ApplicationPhase>>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<RoundApplication>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let phases = phases.unwrap_or_default().into_iter().map(Into::into).collect();
        let filter = ApplicationFilter { round: Some(self.0.id), phases, ..ApplicationFilter::default() };
        Ok(paging::paged(door.read(door.lists().round_applications(&filter, &page).await)?, RoundApplication))
    }
    /// Who reviews; for those who may read the round's records.
    fn reviewers(&self, ctx: &Context<'_>) -> Result<List<Reviewer>, Error> {
        Door::of(ctx)?.may(&ROUND_RECORDS, &Subject::area(self.0.area.clone()))?;
        let reviewer = |person: &PersonId| Reviewer(Met::in_public(*person, PublicFunction::Reviewer(self.0.id)));
        Ok(self.0.reviewers.iter().map(reviewer).collect())
    }
    /// The residents' poll.
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>, Error> {
        match self.0.poll {
            Some(id) => poll::poll(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The applications on that poll's ballot, in its order.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    async fn ballot(&self, ctx: &Context<'_>) -> Result<List<RoundApplication>, Error> {
        self.applications_of(ctx, &self.0.ballot).await
    }
    /// The selection that stands, with a reason for each candidate.
    async fn selection(&self, ctx: &Context<'_>) -> Result<Option<RoundSelection>, Error> {
        selecting::standing(&Door::of(ctx)?, self.0.id).await
    }
    /// All selections, oldest first; annulled ones too.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn selections(&self, ctx: &Context<'_>) -> Result<List<RoundSelection>, Error> {
        selecting::of_round(&Door::of(ctx)?, self.0.id).await.map(List::from)
    }
    /// The reserve list: who moves up when one of the selected drops out, in order.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    async fn reserve(&self, ctx: &Context<'_>) -> Result<List<RoundApplication>, Error> {
        self.applications_of(ctx, &self.0.reserve).await
    }
    /// The day of the selection that stands.
    fn selected_on(&self) -> Option<Date> {
        self.0.selected_on.map(Date)
    }
    /// The day it was announced.
    fn announced_on(&self) -> Option<Date> {
        self.0.announced_on.map(Date)
    }
    /// How many objections are not settled.
    fn open_objections(&self) -> u32 {
        self.0.open_objections
    }
    /// The objections, by the day they were raised; for those who may read the round's records.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn objections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<RoundObjection>, Error> {
        let door = Door::of(ctx)?;
        door.may(&ROUND_RECORDS, &Subject::area(self.0.area.clone()))?;
        let page = paging::asked(ctx, first, after, last, before)?;
        Ok(paging::paged(door.read(door.lists().round_objections(self.0.id, &page).await)?, RoundObjection))
    }
    /// The projects that were made of its applications.
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
        project::of_round(&door, self.0.id, &page).await
    }
    /// Why it was cancelled, if it was.
    fn cancel_reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

/// A round; they are public.
pub(crate) async fn round(door: &Door<'_>, id: RoundId) -> Result<Option<Round>, Error> {
    Ok(door.load(id).await?.map(Round::new))
}

/// The rounds that a fund pays for, the last called first.
pub(crate) async fn of_fund(door: &Door<'_>, fund: FundId, page: &PageArgs) -> Result<Paged<Round>, Error> {
    let filter = Filter { fund: Some(fund), ..Filter::default() };
    Ok(paging::paged(door.read(door.lists().rounds(&filter, true, page).await)?, Round::new))
}

payloads! {
    /// A round, after a command.
    RoundPayload(RoundId) {
        /// The round.
        round: Round = |door, id| round(door, *id),
    }
}

/// Which rounds.
#[derive(Default, InputObject)]
pub struct RoundFilter {
    /// For projects in this area or within it.
    area: Option<AreaCode>,
    /// Whose fund this is.
    fund: Option<ID>,
    /// In one of these phases; any if empty.
    #[graphql(default)]
    phases: Vec<RoundPhase>,
}

/// The root fields about rounds.
#[derive(Default)]
pub struct RoundQueries;

#[Object]
impl RoundQueries {
    /// Rounds, by when they were called. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rounds.")] filter: Option<RoundFilter>,
        #[graphql(desc = "The last first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Round>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ROUNDS, &Subject::default())?;
        let (filter, page) = (filter.unwrap_or_default(), paging::asked(ctx, first, after, last, before)?);
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            fund: filter.fund.as_ref().map(ids::asked).transpose()?,
            phases: filter.phases.into_iter().map(Stored::from).collect(),
        };
        let page = door.read(door.app.views().rounds(&filter, descending.unwrap_or_default(), &page).await)?;
        Ok(paging::paged(page, Round::new))
    }

    /// One round; null if there is none. Open to everybody.
    async fn round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Round>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ROUNDS, &Subject::default())?;
        round(&door, ids::asked(&id)?).await
    }
}
