//! Who took part in what, in service and in deliberation: figures; of persons only for those who may read records.

use async_graphql::{Context, Enum, Error, ID, Object, SimpleObject};
use gongyi_app::reading::Subjects;
use gongyi_domain::{
    access::authority::Subject,
    values::{AreaLevel, OrganisationId, PersonId},
    volunteering::{
        service_ledger::{PARTICIPATION, SERVICE_RECORDS},
        volunteer::volunteer_of,
    },
};
use gongyi_projections::{
    Counted, Deliberation as DeliberationRow, GroupBy as Stored, Participation as Figures, ParticipationChange as Change,
    ParticipationFilter, ParticipationRow as Row,
};

use super::{
    categories::Category,
    organisations::{self, Organisation},
    services::ServiceRecord,
};
use crate::{
    access::{
        areas::{self, Area, Level},
        personal::{Met, Named},
    },
    door::Door,
    fault::{self, Code},
    ids,
    list::List,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Date, Position},
};

/// Rows that the cost of a query counts for participation.
const ROWS_COUNTED: usize = 20;
/// Groups that an answer has, at most.
const ROWS_MAX: usize = 2_000;

/// Part taken in deliberating.
#[derive(SimpleObject)]
pub struct DeliberationFigures {
    /// Meetings opened with their quorum; none where persons are told apart.
    meetings: i64,
    /// Representatives who came to a meeting, each once a meeting.
    attendances: i64,
    /// Motions received on the day they were first submitted; where persons are told apart, those they moved.
    motions: i64,
    /// Motions seconded and not taken back.
    seconds: i64,
    /// Votes cast by name in meetings, and votes in polls, counted on the day the poll closed.
    votes: i64,
}

impl From<DeliberationRow> for DeliberationFigures {
    fn from(DeliberationRow { meetings, attendances, motions, seconds, votes }: DeliberationRow) -> Self {
        Self { meetings, attendances, motions, seconds, votes }
    }
}

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored", name = "ParticipationGroup")]
pub enum GroupBy {
    /// By area, of one level.
    Area,
    /// By calendar month of the service.
    Month,
    /// By category.
    Category,
    /// By organisation.
    Organisation,
    /// By person; for those who may read service records.
    Person,
}

/// Figures of one group.
pub struct ParticipationRow(Row);

/// Figures of one group. Minutes with evidence and minutes entered by hand are never added up.
#[Object]
impl ParticipationRow {
    /// The code of the area, if told apart by area.
    fn area_code(&self) -> Option<AreaCode> {
        self.0.area.clone().map(AreaCode)
    }
    /// The area, if told apart by area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        match &self.0.area {
            Some(code) => areas::area(&Door::of(ctx)?, code.clone()).await,
            None => Ok(None),
        }
    }
    /// The month, `2026-05`, if told apart by month.
    fn month(&self) -> Option<&str> {
        self.0.month.as_deref()
    }
    /// The category, if told apart by category.
    fn category(&self) -> Option<Category> {
        self.0.category.map(Category::from)
    }
    /// The organisation, if told apart by organisation.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        match self.0.organisation {
            Some(id) => organisations::organisation(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The person's id, if told apart by person; null where the asker sees no more than a masked name.
    async fn person_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        match self.0.person {
            Some(person) => Met::as_resident(person).id(&Door::of(ctx)?).await,
            None => Ok(None),
        }
    }
    /// What was done in councils and at polls. It has no category and no organisation: told apart by those, it stands in
    /// a row without.
    fn deliberation(&self) -> DeliberationFigures {
        self.0.deliberation.into()
    }
    /// Confirmed minutes with evidence of attendance.
    fn attested_minutes(&self) -> i64 {
        self.0.attested_minutes
    }
    /// Confirmed minutes entered by hand.
    fn declared_minutes(&self) -> i64 {
        self.0.declared_minutes
    }
    /// Confirmed records.
    fn records(&self) -> i64 {
        self.0.records
    }
    /// Distinct volunteers with a confirmed record.
    fn volunteers(&self) -> u64 {
        self.0.volunteers
    }
}

/// Figures by group, with their total.
pub struct Participation(Figures);

/// Participation in a period, both ends included.
#[Object]
impl Participation {
    /// One row a group with anything in it, ordered by area, month, category, organisation, person; 2,000 at most.
    #[graphql(complexity = "ROWS_COUNTED * child_complexity")]
    fn rows(&self) -> List<ParticipationRow> {
        self.0.rows.iter().cloned().map(ParticipationRow).collect()
    }
    /// All of it. Its volunteers are distinct, so they are not the sum of the rows'.
    fn total(&self) -> ParticipationRow {
        ParticipationRow(self.0.total.clone())
    }
}

/// What a record counts for in figures.
#[derive(SimpleObject)]
pub struct CountedService {
    /// The day of the service.
    day: Date,
    /// The category.
    category: Category,
    /// Whole minutes.
    minutes: u32,
}

impl From<Counted> for CountedService {
    fn from(Counted { day, category, minutes }: Counted) -> Self {
        Self { day: Date(day), category: category.into(), minutes: minutes.0 }
    }
}

/// A record that counts for something else than it did.
pub struct ParticipationChange(Change);

/// A record that counts for something else in the figures asked for than it did: a late entry (`after` alone), a
/// correction (both), or one that no longer counts there (`before` alone).
#[Object]
impl ParticipationChange {
    /// The record as it is now.
    fn record(&self) -> ServiceRecord {
        ServiceRecord::new(self.0.record.clone())
    }
    /// What it counted for then; null if it did not count.
    fn before(&self) -> Option<CountedService> {
        self.0.before.map(CountedService::from)
    }
    /// What it counts for now; null if it does not count.
    fn after(&self) -> Option<CountedService> {
        self.0.after.map(CountedService::from)
    }
}

fn filter(
    area: Option<AreaCode>,
    (organisation, include_below): (Option<OrganisationId>, bool),
    person: Option<PersonId>,
    from: &Date,
    to: &Date,
    known_at: Option<Date>,
) -> Result<ParticipationFilter, Error> {
    if to.0 < from.0 {
        return Err(fault::error(Code::BadInput, "the period ends before it begins"));
    }
    Ok(ParticipationFilter {
        area: area.map(|it| it.0),
        organisation,
        include_below,
        person,
        from: from.0,
        to: to.0,
        known_at: known_at.map(|it| it.0),
    })
}

/// The root fields about participation.
#[derive(Default)]
pub struct ParticipationQueries;

#[Object]
impl ParticipationQueries {
    /// Who took part in what, in figures: for the staff of the area or organisation asked for; of a person, also for that
    /// person.
    #[expect(clippy::too_many_arguments, reason = "all of them narrow or divide one question")]
    async fn participation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In this area or within it; everywhere if not said.")] area: Option<AreaCode>,
        #[graphql(desc = "Organised by this one; by any if not said.")] organisation: Option<ID>,
        #[graphql(desc = "Also those below it, wherever they work: with a role in an area, name the area too.", default)]
        include_below: bool,
        #[graphql(desc = "Of this person, for oneself and who may read that person's records; of everybody if not said.")] person: Option<
            ID,
        >,
        #[graphql(desc = "From this day on.")] from: Date,
        #[graphql(desc = "To this day, included.")] to: Date,
        #[graphql(desc = "By what figures are told apart.")] group_by: Option<Vec<GroupBy>>,
        #[graphql(desc = "At which level areas are told apart; one below the asked area if not said.")] area_level: Option<Level>,
        #[graphql(desc = "As it was known at the end of this day; as it is known now if not said.")] known_at: Option<Date>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Participation, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let group_by = group_by.unwrap_or_default();
        let organisation = organisation.as_ref().map(ids::asked).transpose()?;
        let person = person.as_ref().map(ids::asked).transpose()?;
        let mut subjects = organisations::subjects(&door, area.as_ref(), organisation, include_below).await?;
        let act = if person.is_some() || group_by.contains(&GroupBy::Person) { &SERVICE_RECORDS } else { &PARTICIPATION };
        subjects.extend(person.map(|person| Subject::person(person, None)));
        door.may_within(act, &subjects)?;
        if let Some(person) = person {
            // Figures of one person take a say about that person, not only where they took part.
            let own = door.subject_of_volunteer(volunteer_of(person)).await.map_err(|unread| door.unread(unread))?;
            door.may(act, &own)?;
        }
        let filter = filter(area, (organisation, include_below), person, &from, &to, known_at)?;
        let group_by: Vec<_> = group_by.into_iter().map(Stored::from).collect();
        let level = area_level.map(AreaLevel::from);
        let figures = door.read(door.app.views().participation(&filter, &group_by, level).await)?;
        if figures.rows.len() > ROWS_MAX {
            let most = format!("more than {ROWS_MAX} groups: ask for a smaller area, a shorter period or fewer divisions");
            return Err(fault::error(Code::BadInput, &most));
        }
        Ok(Participation(figures))
    }

    /// What has changed about figures since they were told: late entries and corrections, record by record, in the order
    /// of the days of service. For the staff of the area or organisation asked for.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn participation_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In this area or within it; everywhere if not said.")] area: Option<AreaCode>,
        #[graphql(desc = "Organised by this one; by any if not said.")] organisation: Option<ID>,
        #[graphql(desc = "Also those below it, wherever they work: with a role in an area, name the area too.", default)]
        include_below: bool,
        #[graphql(desc = "From this day on.")] from: Date,
        #[graphql(desc = "To this day, included.")] to: Date,
        #[graphql(desc = "Since the end of this day.")] known_at: Date,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<ParticipationChange>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let organisation = organisation.as_ref().map(ids::asked).transpose()?;
        door.may_within(&SERVICE_RECORDS, &organisations::subjects(&door, area.as_ref(), organisation, include_below).await?)?;
        let filter = filter(area, (organisation, include_below), None, &from, &to, None)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.app.views().participation_changes(&filter, known_at.0, &page).await)?;
        Ok(paging::paged(page, ParticipationChange))
    }
}
