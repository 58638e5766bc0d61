//! Councils, their charters, representatives and guests as they are read. What changes them stands in
//! `council_commands`.
//!
//! - That somebody sits is public; who it is, once the seat was won by standing for election or accepted.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::{
        council::COUNCILS,
        seat::{self, SeatSource, Vacancy},
    },
    values::{CouncilId, PersonId},
};
use gongyi_projections::{CommunityActivityFilter, CouncilFilter as Filter, CouncilRow, SeatRow};

use super::charters::{Charter, Mandate};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    door::Door,
    ids,
    list::List,
    loaders::ChartersOf,
    paging::{self, Paged},
    projects::{
        community_activities::{self, CommunityActivity},
        project::{self, Project},
    },
    scalars::{Area as AreaCode, Date, Position},
    table::wires,
};

/// As what somebody speaks who doesn't vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "seat::GuestKind")]
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

wires! {
    GuestKind => seat::GuestKind = |kind| kind.into();
}

/// Somebody who speaks in a council without a vote.
pub struct Guest {
    person: PersonId,
    kind: seat::GuestKind,
}

/// Somebody who speaks in a council without a vote.
#[Object]
impl Guest {
    /// The person's id; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Met::as_resident(self.person).id(&Door::of(ctx)?).await
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Met::as_resident(self.person).name(&Door::of(ctx)?).await
    }
    /// As what.
    fn kind(&self) -> GuestKind {
        self.kind.into()
    }
}

/// How a representative came by the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SeatSource")]
pub enum Source {
    /// 选举: a certified election.
    Election,
    /// 委派: appointed by an office.
    Appointment,
    /// 过渡: sat already when the council came onto the platform.
    Transition,
}

/// How a seat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SeatEnding {
    /// 届满: the term is over.
    TermOver,
    /// 离任: the representative left.
    Left,
    /// 罢免: recalled.
    Recalled,
    /// 丧失席位: lost by unexcused absences.
    Forfeited,
    /// 提前换届: the term was ended before its time.
    CutShort,
}

/// One stay of one person in a seat.
pub struct Representative {
    row: SeatRow,
}

impl Representative {
    fn met(&self) -> Met {
        Met::in_public(self.row.person, PublicFunction::Seat(self.row.council))
    }
}

/// One stay of one person in a council's seat.
#[Object]
impl Representative {
    /// The person's id; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.met().id(&Door::of(ctx)?).await
    }
    /// The name, for whoever asks: a seat that was won by standing for election, or accepted, is a public function. Masked,
    /// `张*`, until then, for those who may not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.met().name(&Door::of(ctx)?).await
    }
    /// The first day.
    fn from(&self) -> Date {
        Date(self.row.begins)
    }
    /// The last day of the term.
    fn until(&self) -> Date {
        Date(self.row.ends)
    }
    /// How the seat was come by.
    fn source(&self) -> Source {
        match self.row.source {
            SeatSource::Election { .. } => Source::Election,
            SeatSource::Appointment { .. } => Source::Appointment,
            SeatSource::Transition { .. } => Source::Transition,
        }
    }
    /// By which election, if by one.
    fn election(&self) -> Option<ID> {
        match &self.row.source {
            SeatSource::Election { election } => Some(ids::id(election)),
            SeatSource::Appointment { .. } | SeatSource::Transition { .. } => None,
        }
    }
    /// By which office, if appointed.
    fn authority(&self) -> Option<&str> {
        match &self.row.source {
            SeatSource::Appointment { authority, .. } => Some(authority),
            SeatSource::Election { .. } | SeatSource::Transition { .. } => None,
        }
    }
    /// Why, by which document or where it is recorded, if not by election.
    fn document(&self) -> Option<&str> {
        match &self.row.source {
            SeatSource::Appointment { reason, .. } => Some(reason),
            SeatSource::Transition { source } => Some(source),
            SeatSource::Election { .. } => None,
        }
    }
    /// How it ended; null while it is held and before it begins.
    fn ending(&self, ctx: &Context<'_>) -> Result<Option<SeatEnding>, Error> {
        let day = Door::of(ctx)?.today();
        Ok(match &self.row.vacancy {
            Some(Vacancy::Left { .. }) => Some(SeatEnding::Left),
            Some(Vacancy::Recalled { .. }) => Some(SeatEnding::Recalled),
            Some(Vacancy::Forfeited { .. }) => Some(SeatEnding::Forfeited),
            Some(Vacancy::CutShort { .. }) => Some(SeatEnding::CutShort),
            None => (self.row.term_over || self.row.ends < day).then_some(SeatEnding::TermOver),
        })
    }
    /// Vacant from this day on, if before the term was over.
    fn vacated_on(&self) -> Option<Date> {
        self.row.vacated_on.map(Date)
    }
    /// On whose word it ended before the term was over.
    fn ended_by(&self) -> Option<Mandate> {
        match &self.row.vacancy {
            Some(Vacancy::Recalled { mandate } | Vacancy::CutShort { mandate }) => Some(mandate.into()),
            Some(Vacancy::Left { .. } | Vacancy::Forfeited { .. }) | None => None,
        }
    }
    /// The meetings missed, if the seat was lost by absences.
    fn missed(&self) -> Vec<ID> {
        match &self.row.vacancy {
            Some(Vacancy::Forfeited { missed }) => missed.iter().map(ids::id).collect(),
            Some(Vacancy::Left { .. } | Vacancy::Recalled { .. } | Vacancy::CutShort { .. }) | None => vec![],
        }
    }
    /// Why the representative left; null for those who may not see personal data, and once erased.
    async fn leaving_reason(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let (sight, _) = self.met().seen(&Door::of(ctx)?).await?;
        Ok(sight.text(self.row.reason.as_deref()))
    }
}

/// A council.
pub struct Council(pub(crate) CouncilRow);

/// A council (议事会) of an area.
#[Object]
impl Council {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its name.
    fn name(&self) -> &str {
        &self.0.name
    }
    /// The code of its area.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Its area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// The day it was established.
    fn established_on(&self) -> Date {
        Date(self.0.established_on)
    }
    /// The day it was dissolved.
    fn dissolved_on(&self) -> Option<Date> {
        self.0.dissolved_on.map(Date)
    }
    /// The charter that counts now.
    async fn charter(&self, ctx: &Context<'_>) -> Result<Option<Charter>, Error> {
        Ok(Door::of(ctx)?.load(ChartersOf(self.0.id)).await?.unwrap_or_default().pop().map(Charter))
    }
    /// Every version of the charter, the first first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn charters(&self, ctx: &Context<'_>) -> Result<List<Charter>, Error> {
        let rows = Door::of(ctx)?.load(ChartersOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Charter).collect())
    }
    /// How many seats are filled today.
    fn seats_filled(&self, ctx: &Context<'_>) -> Result<u64, Error> {
        Ok(self.0.state.seats_filled(Door::of(ctx)?.today()))
    }
    /// How many «all» are today, as the charter counts them.
    fn entitled(&self, ctx: &Context<'_>) -> Result<u64, Error> {
        Ok(self.0.state.entitled(Door::of(ctx)?.today()))
    }
    /// Whether the asker sits in it today.
    fn i_sit(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let door = Door::of(ctx)?;
        Ok(door.actor().person().is_some_and(|person| self.0.state.is_representative(person, door.today())))
    }
    /// Who sits, by the first day of the seat.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn representatives(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On this day; today if not said.")] on: Option<Date>,
        #[graphql(desc = "All who ever sat, whatever the day.")] ever: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Representative>, Error> {
        let door = Door::of(ctx)?;
        let day = if ever.unwrap_or_default() { None } else { Some(on.map_or_else(|| door.today(), |on| on.0)) };
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = match (day, self.0.dissolved_on) {
            // A dissolved council has no seats.
            (Some(day), Some(dissolved)) if dissolved <= day => {
                gongyi_projections::Page { edges: vec![], has_next: false, has_previous: false, total: 0 }
            }
            (day, _) => door.read(door.lists().seats(self.0.id, day, &page).await)?,
        };
        Ok(paging::paged(page, |row| Representative { row }))
    }
    /// The projects that its motions resolved, oldest first.
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
        project::of_council(&door, self.0.id, &page).await
    }
    /// The community activities that its representatives began, oldest first.
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
        let filter = CommunityActivityFilter { council: Some(self.0.id), ..CommunityActivityFilter::default() };
        community_activities::listed(&door, &filter, &page).await
    }
    /// Who speaks without a vote now, by the person's id; at most 1,000.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    fn guests(&self) -> List<Guest> {
        let guests = self.0.state.guests.iter();
        guests.map(|(person, kind)| Guest { person: *person, kind: *kind }).collect()
    }
}

/// A council; they are public.
pub(crate) async fn council(door: &Door<'_>, id: CouncilId) -> Result<Option<Council>, Error> {
    Ok(door.load(id).await?.map(Council))
}

/// Which councils.
#[derive(Default, InputObject)]
pub struct CouncilFilter {
    /// Of this area or one within it.
    area: Option<AreaCode>,
    /// Whose name contains this.
    name_contains: Option<String>,
    /// Only those dissolved, or only those that are not; not dissolved ones if not said.
    dissolved: Option<bool>,
    /// Both dissolved ones and others.
    #[graphql(default)]
    include_dissolved: bool,
}

/// The root fields about councils.
#[derive(Default)]
pub struct CouncilQueries;

#[Object]
impl CouncilQueries {
    /// Councils by area and name. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn councils(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which councils.")] filter: Option<CouncilFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Council>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let filter = filter.unwrap_or_default();
        door.may(&COUNCILS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let dissolved = if filter.include_dissolved { None } else { Some(filter.dissolved.unwrap_or_default()) };
        let filter = Filter { area: filter.area.map(|it| it.0), name_contains: filter.name_contains, dissolved };
        Ok(paging::paged(door.read(door.app.views().councils(&filter, &page).await)?, Council))
    }

    /// One council; null if there is none. Open to everybody.
    async fn council(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Council>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&COUNCILS, &Subject::default())?;
        council(&door, ids::asked(&id)?).await
    }
}
