//! Community benefit activities: begun, held, corrected; cancelled or voided.
//!
//! - They are public, and so is the name of the representative who began one.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_app::projects::community_activities::{
    BeginCommunityActivity, CancelCommunityActivity, CorrectPersonTimes, HoldCommunityActivity, VoidCommunityActivity,
};
use gongyi_domain::{
    access::authority::Subject,
    projects::community_activity::{Beginner, COMMUNITY_ACTIVITIES, CommunityActivityPhase as Stored},
    refusal::Refusal,
    values::{CommunityActivityId, CouncilId, PersonId, ProjectId},
};
use gongyi_projections::{
    CommunityActivityFilter as Filter, CommunityActivityRow, CommunityActivitySort as Sort, PageArgs, PersonTimesCorrectionRow,
    ServiceLinkFilter, ServiceOf,
};

use super::{
    evidence::Evidence,
    project::{self, Project},
    service_links::{self, ServedHours, ServiceLink},
};
use crate::{
    access::{
        agents::Agent,
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    attachment::{self, Attachment},
    deliberation::councils::{self, Council},
    door::Door,
    ids,
    list::List,
    loaders::CorrectionsOf,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Date, Moment, Position},
    table::{At, Oneself, Wire, mutations},
};

phase! {
    /// Where a community activity stands.
    CommunityActivityPhase of Stored {
        /// 筹备中: being prepared.
        Begun,
        /// 已举办: held.
        Held,
        /// 已取消: cancelled before it was held.
        Cancelled,
        /// 已作废: counts for nothing.
        Voided,
    }
}

/// A correction.
pub struct PersonTimesCorrection(PersonTimesCorrectionRow);

/// A correction of how many a community activity reached.
#[Object]
impl PersonTimesCorrection {
    /// What was told before.
    fn was(&self) -> u32 {
        self.0.was
    }
    /// How many it reached.
    fn became(&self) -> u32 {
        self.0.became
    }
    /// Why.
    fn reason(&self) -> &str {
        &self.0.reason
    }
    /// When it was corrected.
    fn corrected_at(&self) -> Moment {
        Moment(self.0.corrected_at)
    }
    /// Who corrected it.
    fn by(&self) -> Agent {
        Agent(self.0.actor.clone())
    }
}

/// A community activity.
pub struct CommunityActivity(CommunityActivityRow);

impl CommunityActivity {
    fn beginner(&self) -> Option<Met> {
        let person = self.0.begun_by?;
        Some(self.0.council.map_or(Met::as_resident(person), |council| Met::in_public(person, PublicFunction::Seat(council))))
    }
}

/// A community benefit activity (公益活动): begun by a representative, or held for a project.
#[Object]
impl CommunityActivity {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// The code of the area where it is held.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Where it is held.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// Where it stands.
    fn phase(&self) -> CommunityActivityPhase {
        self.0.phase.into()
    }
    /// The representative who began it, by the person's id; null where the name is masked.
    async fn begun_by(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        match self.beginner() {
            Some(met) => met.id(&Door::of(ctx)?).await,
            None => Ok(None),
        }
    }
    /// The representative's name, for whoever asks once the seat was accepted: it is a public function; null once erased.
    async fn begun_by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        match self.beginner() {
            Some(met) => met.name(&Door::of(ctx)?).await,
            None => Ok(None),
        }
    }
    /// The council of that representative's seat.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        match self.0.council {
            Some(id) => councils::council(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The project it is for.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>, Error> {
        match self.0.project {
            Some(id) => project::project(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// When it was begun, as recorded.
    fn begun_at(&self) -> Moment {
        Moment(self.0.begun_at)
    }
    /// The day it was held.
    fn held_on(&self) -> Option<Date> {
        self.0.held_on.map(Date)
    }
    /// 服务人次: how many it reached, each time a person came; 0 until it is held, and once it is voided.
    fn person_times(&self) -> u32 {
        self.0.person_times
    }
    /// What was done.
    fn report(&self) -> Option<&str> {
        self.0.report.as_deref()
    }
    /// Files that show it.
    fn evidence(&self) -> List<Attachment> {
        attachment::shown(&self.0.evidence)
    }
    /// Why it was cancelled or voided, if it was.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// The corrections of how many it reached, oldest first.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn corrections(&self, ctx: &Context<'_>) -> Result<List<PersonTimesCorrection>, Error> {
        let rows = Door::of(ctx)?.load(CorrectionsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(PersonTimesCorrection).collect())
    }
    /// The activities of volunteering whose service is for it, by when that was said.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn service_links(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ServiceLink>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        service_links::listed(&door, ServiceLinkFilter::CommunityActivity(self.0.id), &page).await
    }
    /// The confirmed service for it.
    async fn served(&self, ctx: &Context<'_>) -> Result<ServedHours, Error> {
        service_links::served(&Door::of(ctx)?, ServiceOf::CommunityActivity, self.0.id.0).await
    }
}

/// A community activity; they are public.
pub(crate) async fn community_activity(door: &Door<'_>, id: CommunityActivityId) -> Result<Option<CommunityActivity>, Error> {
    Ok(door.load(id).await?.map(CommunityActivity))
}

/// Community activities, by when they were begun.
pub(crate) async fn listed(door: &Door<'_>, filter: &Filter, page: &PageArgs) -> Result<Paged<CommunityActivity>, Error> {
    let page = door.read(door.lists().community_activities(filter, Sort::BegunAt, false, page).await)?;
    Ok(paging::paged(page, CommunityActivity))
}

/// Which community activities.
#[derive(Default, InputObject)]
pub struct CommunityActivityFilter {
    /// In this area or within it.
    area: Option<AreaCode>,
    /// Begun from a seat in this council.
    council: Option<ID>,
    /// Begun by this representative of the council named, or by whomever the asker sees.
    begun_by: Option<ID>,
    /// For this project.
    project: Option<ID>,
    /// In one of these phases; any if empty.
    #[graphql(default)]
    phases: Vec<CommunityActivityPhase>,
    /// Held on this day or later.
    held_from: Option<Date>,
    /// Held on this day or earlier.
    held_to: Option<Date>,
}

impl CommunityActivityFilter {
    fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            area: self.area.map(|it| it.0),
            council: self.council.as_ref().map(ids::asked).transpose()?,
            begun_by: self.begun_by.as_ref().map(ids::asked).transpose()?,
            project: self.project.as_ref().map(ids::asked).transpose()?,
            phases: self.phases.into_iter().map(Stored::from).collect(),
            held_from: self.held_from.map(|it| it.0),
            held_to: self.held_to.map(|it| it.0),
        })
    }
}

/// How community activities are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Sort")]
pub enum CommunityActivitySort {
    /// By when they were begun.
    BegunAt,
    /// By the day they were held; those that were not come first.
    HeldOn,
    /// By how many they reached.
    PersonTimes,
}

/// The root fields about community activities.
#[derive(Default)]
pub struct CommunityActivityQueries;

#[Object]
impl CommunityActivityQueries {
    /// Community activities. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn community_activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which activities.")] filter: Option<CommunityActivityFilter>,
        #[graphql(desc = "In which order.", default_with = "CommunityActivitySort::BegunAt")] sort: CommunityActivitySort,
        #[graphql(desc = "The last first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<CommunityActivity>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&COMMUNITY_ACTIVITIES, &Subject::default())?;
        let (filter, page) = (filter.unwrap_or_default().read()?, paging::asked(ctx, first, after, last, before)?);
        if let Some(person) = filter.begun_by {
            door.require_named_in(filter.council, person).await?;
        }
        let descending = descending.unwrap_or_default();
        let page = door.read(door.app.views().community_activities(&filter, sort.into(), descending, &page).await)?;
        Ok(paging::paged(page, CommunityActivity))
    }

    /// One community activity; null if there is none. Open to everybody.
    async fn community_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<CommunityActivity>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&COMMUNITY_ACTIVITIES, &Subject::default())?;
        community_activity(&door, ids::asked(&id)?).await
    }
}

payloads! {
    /// A community activity, after a command.
    CommunityActivityPayload(CommunityActivityId) {
        /// The community activity.
        community_activity: CommunityActivity = |door, id| community_activity(door, *id),
    }
}

/// A representative by id, oneself if not said; asked for only where there is a council.
pub(crate) struct Representative {
    named: bool,
    person: Result<PersonId, Refusal>,
}

impl Wire for Representative {
    type Sent = Option<ID>;
    type Taken = Self;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<Self, Refusal> {
        Ok(Self { named: sent.is_some(), person: Oneself::read(sent, at) })
    }
}

impl Representative {
    /// The representative as who begins an activity from the seat in a council; nobody without a council.
    fn beginner(self, council: Option<CouncilId>) -> Result<Option<Beginner>, Refusal> {
        match council {
            Some(council) => Ok(Some(Beginner { person: self.person?, council })),
            None if self.named => Err(Refusal {
                code: "InvalidInput",
                field: Some("council"),
                zh: "请指明代表所在的议事会".to_owned(),
                en: "Say in which council the representative sits".to_owned(),
            }),
            None => Ok(None),
        }
    }
}

mutations! {
    /// The root fields that change community activities.
    pub struct CommunityActivityMutations;

    /// Begin a community activity: a representative from the seat held today, or who carries out its project.
    BeginCommunityActivity -> CommunityActivityPayload {
        /// The council from whose seat a representative begins it.
        council: Option<CouncilId>,
        /// The representative, by the person's id; oneself if not said. Only with a council.
        begun_by: Representative,
        /// The project it is for.
        project: Option<ProjectId>,
        /// Its title.
        title: String,
        /// Where: in the council's or the project's area.
        area: AreaCode,
    } = BeginCommunityActivity { begun_by: begun_by.beginner(council)?, project, title, area };

    /// Report that a community activity was held, and how many it reached.
    HoldCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// When; today if not said.
        on: Option<Date>,
        /// 服务人次: how many it reached, each time a person came.
        person_times: u32,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Evidence,
    }

    /// Correct how many a community activity reached.
    CorrectPersonTimes -> CommunityActivityPayload {
        /// Of which community activity.
        community_activity: CommunityActivityId,
        /// How many it reached.
        person_times: u32,
        /// Why.
        reason: String,
    }

    /// Cancel a community activity before it is held.
    CancelCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// Why.
        reason: String,
    }

    /// Void what was reported of a community activity: it counts for nothing.
    VoidCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// Why.
        reason: String,
    }
}
