//! Projects: planned, carried out, paid for, completed and audited, reviewed.
//!
//! - Everything of a project is public but who reviewed it and in which words.

pub(crate) mod books;
pub(crate) mod course;
pub(crate) mod planning;
pub(crate) mod reviews;

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_domain::{
    access::authority::Subject,
    projects::{project::PROJECTS, project_terms::ProjectPhase as Stored},
    values::{CouncilId, MotionId, ProjectId, RoundId},
};
use gongyi_projections::{
    CommunityActivityFilter, PageArgs, ProjectFilter as Filter, ProjectRow, ProjectSort as Sort, ServiceLinkFilter, ServiceOf,
};

use self::{
    books::BookEntry,
    course::ProjectHistoryLine,
    planning::ProjectPlan,
    reviews::{ProjectRating, ProjectReview},
};
use super::{
    applicants::Applicant,
    community_activities::{self, CommunityActivity},
    funds::{FundEntry, ProjectGrant},
    round::{
        self, Round,
        applying::{self, RoundApplication},
    },
    service_links::{self, ServedHours, ServiceLink},
};
use crate::{
    access::areas::{self, Area},
    deliberation::{
        councils::{self, Council},
        meeting::voting::{self, Vote},
        motion::{self, Motion},
    },
    door::Door,
    ids::{self, ApplicationKey},
    list::List,
    loaders::{GrantsOf, ProjectRatingsOf},
    outcome::{Lang, payloads},
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Date, Moment, Money, Position},
};

phase! {
    /// Where a project stands.
    ProjectPhase of Stored {
        /// 实施中: being carried out.
        UnderWay,
        /// 已完成: reported complete.
        Completed,
        /// 已验收: passed its audit.
        Audited,
        /// 已取消: cancelled for good.
        Cancelled,
    }
}

/// A project; boxed, for with its plan it is far larger than other nodes.
pub struct Project(Box<ProjectRow>);

impl Project {
    fn new(row: ProjectRow) -> Self {
        Self(Box::new(row))
    }
}

/// A project (公益项目): begun by a council's resolution, a round or an office, carried out by an organisation or council, paid by funds
/// and by what it raises itself, completed, audited and reviewed by residents.
#[Object]
impl Project {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// The code of the area where it is carried out.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Where it is carried out.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// Where it stands.
    fn phase(&self) -> ProjectPhase {
        self.0.phase.into()
    }
    /// Where it stands, in words.
    fn phase_name(&self, #[graphql(desc = "In which language.", default_with = "Lang::Zh")] lang: Lang) -> &str {
        match lang {
            Lang::Zh => self.0.phase.zh(),
            Lang::En => self.0.phase.en(),
        }
    }
    /// When it was started.
    fn started_at(&self) -> Moment {
        Moment(self.0.started_at)
    }
    /// When anything of it changed last.
    fn changed_at(&self) -> Moment {
        Moment(self.0.changed_at)
    }
    /// The day on which it was reported complete, as far as that stands.
    fn completed_on(&self) -> Option<Date> {
        self.0.completed_on.map(Date)
    }
    /// The day on which it passed its audit.
    fn audited_on(&self) -> Option<Date> {
        self.0.audited_on.map(Date)
    }
    /// The office on whose own decision it was started; null if it came from a motion or a round.
    fn office(&self) -> Option<&str> {
        self.0.office.as_deref()
    }
    /// Why that office decided so, and by which document.
    fn office_reason(&self) -> Option<&str> {
        self.0.office_reason.as_deref()
    }
    /// The motion it came from; null if it came from elsewhere.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        match self.0.motion {
            Some(id) => motion::motion(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The council whose motion that is.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        match self.0.resolved_by {
            Some(id) => councils::council(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The vote that adopted the motion.
    async fn vote(&self, ctx: &Context<'_>) -> Result<Option<Vote>, Error> {
        match self.0.vote {
            Some(id) => voting::of_id(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The round that selected it; null if it came from elsewhere.
    async fn round(&self, ctx: &Context<'_>) -> Result<Option<Round>, Error> {
        match self.0.round {
            Some(id) => round::round(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The application that was selected.
    async fn application(&self, ctx: &Context<'_>) -> Result<Option<RoundApplication>, Error> {
        match self.0.round.zip(self.0.application) {
            Some((round, application)) => applying::application(&Door::of(ctx)?, ApplicationKey { round, application }).await,
            None => Ok(None),
        }
    }
    /// Who carries it out.
    fn carrier(&self) -> Applicant {
        Applicant { organisation: self.0.organisation, council: self.0.council }
    }
    /// What it means to do.
    fn plan(&self) -> ProjectPlan {
        ProjectPlan(self.0.plan.clone())
    }
    /// The numbers of the milestones that are reached.
    fn milestones_reached(&self) -> List<u16> {
        self.0.reached.iter().copied().collect()
    }
    /// What funds grant it, less what was released or given back.
    fn granted(&self) -> Money {
        Money(self.0.granted)
    }
    /// What funds paid it, less what was given back.
    fn paid(&self) -> Money {
        Money(self.0.paid)
    }
    /// 自筹: what it raised itself.
    fn raised(&self) -> Money {
        Money(self.0.raised)
    }
    /// 配套: what it had matched.
    fn matched(&self) -> Money {
        Money(self.0.matched)
    }
    /// What it spent.
    fn spent(&self) -> Money {
        Money(self.0.spent)
    }
    /// What it has: paid by funds, raised or matched, and not spent.
    fn left(&self) -> Money {
        Money(self.0.left())
    }
    /// The grants that funds made it, by their ids.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn grants(&self, ctx: &Context<'_>) -> Result<List<ProjectGrant>, Error> {
        let rows = Door::of(ctx)?.load(GrantsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(ProjectGrant).collect())
    }
    /// What the ledgers of funds say of its grants, in the order of the entries.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<FundEntry>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        Ok(paging::paged(door.read(door.lists().project_ledger(self.0.id, &page).await)?, FundEntry))
    }
    /// Its own books, by the day the money moved.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn books(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Also entries that were struck out.")] include_void: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<BookEntry>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let page = door.read(door.lists().project_books(self.0.id, include_void.unwrap_or_default(), &page).await)?;
        Ok(paging::paged(page, BookEntry))
    }
    /// Its course: plans, milestones, completion, audits; oldest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ProjectHistoryLine>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        Ok(paging::paged(door.read(door.lists().project_history(self.0.id, false, &page).await)?, ProjectHistoryLine))
    }
    /// What residents say of it, newest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ProjectReview>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let page = door.read(door.lists().project_reviews(self.0.id, &page).await)?;
        Ok(paging::paged(page, ProjectReview))
    }
    /// How many residents gave which rating; ratings nobody gave are left out.
    async fn ratings(&self, ctx: &Context<'_>) -> Result<List<ProjectRating>, Error> {
        let ratings = Door::of(ctx)?.load(ProjectRatingsOf(self.0.id)).await?.unwrap_or_default();
        Ok(ratings.into_iter().map(ProjectRating).collect())
    }
    /// The community activities held for it, by when they were begun.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn community_activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<CommunityActivity>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let filter = CommunityActivityFilter { project: Some(self.0.id), ..CommunityActivityFilter::default() };
        community_activities::listed(&door, &filter, &page).await
    }
    /// The activities of volunteering whose service is for it, by when that was said.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn service_links(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Also those for a community activity of the project.")] include_activities: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ServiceLink>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let all = include_activities.unwrap_or_default();
        let filter = if all { ServiceLinkFilter::ProjectAndActivities(self.0.id) } else { ServiceLinkFilter::Project(self.0.id) };
        service_links::listed(&door, filter, &page).await
    }
    /// The confirmed service for it, that for its community activities included.
    async fn served(&self, ctx: &Context<'_>) -> Result<ServedHours, Error> {
        service_links::served(&Door::of(ctx)?, ServiceOf::Project, self.0.id.0).await
    }
}

/// A project; they are public.
pub(crate) async fn project(door: &Door<'_>, id: ProjectId) -> Result<Option<Project>, Error> {
    Ok(door.load(id).await?.map(Project::new))
}

/// The projects that came from a motion, oldest first.
pub(crate) async fn of_motion(door: &Door<'_>, motion: MotionId, page: &PageArgs) -> Result<Paged<Project>, Error> {
    listed(door, &Filter { motion: Some(motion), ..Filter::default() }, page).await
}

/// The projects that a council resolved, oldest first.
pub(crate) async fn of_council(door: &Door<'_>, council: CouncilId, page: &PageArgs) -> Result<Paged<Project>, Error> {
    listed(door, &Filter { resolved_by: Some(council), ..Filter::default() }, page).await
}

/// The projects that a round selected, oldest first.
pub(crate) async fn of_round(door: &Door<'_>, round: RoundId, page: &PageArgs) -> Result<Paged<Project>, Error> {
    listed(door, &Filter { round: Some(round), ..Filter::default() }, page).await
}

async fn listed(door: &Door<'_>, filter: &Filter, page: &PageArgs) -> Result<Paged<Project>, Error> {
    Ok(paging::paged(door.read(door.lists().projects(filter, Sort::StartedAt, false, page).await)?, Project::new))
}

payloads! {
    /// A project, after a command.
    ProjectPayload(ProjectId) {
        /// The project.
        project: Project = |door, id| project(door, *id),
    }
}

/// Which projects.
#[derive(Default, InputObject)]
pub struct ProjectFilter {
    /// In this area or within it.
    area: Option<AreaCode>,
    /// In one of these phases; any if empty.
    #[graphql(default)]
    phases: Vec<ProjectPhase>,
    /// That came from this motion.
    motion: Option<ID>,
    /// That this council resolved.
    resolved_by: Option<ID>,
    /// That this round selected.
    round: Option<ID>,
    /// That this organisation carries out.
    organisation: Option<ID>,
    /// That this council carries out.
    council: Option<ID>,
    /// That this fund grants or granted money.
    fund: Option<ID>,
    /// Whose plan ends before this day.
    ends_before: Option<Date>,
    /// Whose title contains this.
    title_contains: Option<String>,
}

impl ProjectFilter {
    fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            area: self.area.map(|it| it.0),
            phases: self.phases.into_iter().map(Stored::from).collect(),
            motion: self.motion.as_ref().map(ids::asked).transpose()?,
            resolved_by: self.resolved_by.as_ref().map(ids::asked).transpose()?,
            round: self.round.as_ref().map(ids::asked).transpose()?,
            organisation: self.organisation.as_ref().map(ids::asked).transpose()?,
            council: self.council.as_ref().map(ids::asked).transpose()?,
            fund: self.fund.as_ref().map(ids::asked).transpose()?,
            ends_before: self.ends_before.map(|it| it.0),
            title_contains: self.title_contains.filter(|text| !text.is_empty()),
        })
    }
}

/// How projects are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Sort")]
pub enum ProjectSort {
    /// By when they were started.
    StartedAt,
    /// By when anything of them changed last.
    ChangedAt,
    /// By the last day of their plan.
    EndsOn,
    /// By title.
    Title,
}

/// The root fields about projects.
#[derive(Default)]
pub struct ProjectQueries;

#[Object]
impl ProjectQueries {
    /// Projects. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which projects.")] filter: Option<ProjectFilter>,
        #[graphql(desc = "In which order.", default_with = "ProjectSort::ChangedAt")] sort: ProjectSort,
        #[graphql(desc = "Backwards: the newest first.", default = true)] descending: bool,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Project>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&PROJECTS, &Subject::default())?;
        let (filter, page) = (filter.unwrap_or_default().read()?, paging::asked(ctx, first, after, last, before)?);
        let page = door.read(door.app.views().projects(&filter, sort.into(), descending, &page).await)?;
        Ok(paging::paged(page, Project::new))
    }

    /// One project; null if there is none. Open to everybody.
    async fn project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Project>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&PROJECTS, &Subject::default())?;
        project(&door, ids::asked(&id)?).await
    }
}
