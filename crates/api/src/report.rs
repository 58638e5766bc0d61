//! The district report: an area's figures as of a day, and what has changed about them since. Open to everybody; figures about
//! people are told to whoever holds no role only where enough people stand behind them.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, Error, Object, SimpleObject};
use chrono::Datelike;
use gongyi_domain::{
    access::authority::Subject,
    report::{DISTRICT_REPORT, Figure as Stored},
    values::Day,
};
use gongyi_projections::{FigureEntry, Figures as Counts, Report as Found, ReportFilter, Untold};

use crate::{
    access::areas::{self, Area},
    door::Door,
    fault::{self, Code},
    list::List,
    paging::{self, Paged},
    scalars::{Amount, Area as AreaCode, Date, Position},
};

/// Rows that the cost of a query counts for an area's parts.
const PARTS_COUNTED: usize = 20;

/// A figure of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored", name = "ReportFigure")]
pub enum Figure {
    /// Volunteers registered.
    RegisteredVolunteers,
    /// Direct teams.
    DirectTeams,
    /// Groups and community stations.
    Organisations,
    /// Community stations.
    Stations,
    /// Distinct categories of service.
    ServiceCategories,
    /// Confirmed service records.
    ConfirmedServiceRecords,
    /// Their minutes.
    ConfirmedServiceMinutes,
    /// Certified elections.
    CertifiedElections,
    /// Seats held.
    SeatedRepresentatives,
    /// Meetings held.
    MeetingsHeld,
    /// Motions received.
    MotionsReceived,
    /// Cents granted to projects.
    ProjectGrantCents,
    /// Cents that projects raised.
    ProjectSelfRaisedCents,
    /// Activities begun by representatives.
    ActivitiesByRepresentatives,
    /// Person-times that they reached.
    ActivityPersonTimes,
    /// Self-organisations.
    SelfOrganisations,
    /// Their members.
    SelfOrganisationMembers,
}

/// An area's figures. «At the end» is the end of the day `asOf`; «in the period» is from `from` to `asOf`, both included. Those
/// about people are null for whoever holds no role where fewer than five people stand behind them, or behind another that could be
/// reckoned from them.
#[derive(SimpleObject)]
#[graphql(name = "ReportFigures")]
pub struct Figures {
    /// Volunteers registered and neither withdrawn nor erased, by home area, at the end.
    registered_volunteers: Option<i64>,
    /// Organisations of kind direct team, at the end.
    direct_teams: i64,
    /// Organisations of kind group or community station, at the end.
    organisations: i64,
    /// Of the organisations, the community stations, at the end.
    stations: i64,
    /// Distinct categories with a confirmed service record, in the period. They do not add up over areas.
    service_categories: Option<i64>,
    /// Service records confirmed and not voided since, by the day the service began, in the period.
    confirmed_service_records: Option<i64>,
    /// Their minutes.
    confirmed_service_minutes: Option<i64>,
    /// Elections certified, by their council's area, in the period.
    certified_elections: i64,
    /// Seats of councils that a representative holds, at the end.
    seated_representatives: i64,
    /// Meetings opened with a quorum and closed for good, by the day they were closed, in the period.
    meetings_held: i64,
    /// Motions submitted, each once, in the period.
    motions_received: i64,
    /// Cents of yuan granted to projects, less what was released or returned, in the period.
    project_grant_cents: Amount,
    /// Cents of yuan that projects raised or had matched, without entries struck out since, in the period.
    project_self_raised_cents: Amount,
    /// Community benefit activities held that a seated representative began, in the period.
    activities_by_representatives: i64,
    /// Person-times that these activities reached.
    activity_person_times: i64,
    /// Organisations of kind self-organisation, at the end.
    self_organisations: i64,
    /// Memberships in self-organisations, at the end.
    self_organisation_members: Option<i64>,
}

impl Figures {
    /// All of them but those that are not told.
    fn told(counts: &Counts, untold: &BTreeSet<Stored>) -> Self {
        let told = |figure: Stored| (!untold.contains(&figure)).then(|| counts.get(figure));
        Self {
            registered_volunteers: told(Stored::RegisteredVolunteers),
            direct_teams: counts.get(Stored::DirectTeams),
            organisations: counts.get(Stored::Organisations),
            stations: counts.get(Stored::Stations),
            service_categories: told(Stored::ServiceCategories),
            confirmed_service_records: told(Stored::ConfirmedServiceRecords),
            confirmed_service_minutes: told(Stored::ConfirmedServiceMinutes),
            certified_elections: counts.get(Stored::CertifiedElections),
            seated_representatives: counts.get(Stored::SeatedRepresentatives),
            meetings_held: counts.get(Stored::MeetingsHeld),
            motions_received: counts.get(Stored::MotionsReceived),
            project_grant_cents: Amount(counts.get(Stored::ProjectGrantCents)),
            project_self_raised_cents: Amount(counts.get(Stored::ProjectSelfRaisedCents)),
            activities_by_representatives: counts.get(Stored::ActivitiesByRepresentatives),
            activity_person_times: counts.get(Stored::ActivityPersonTimes),
            self_organisations: counts.get(Stored::SelfOrganisations),
            self_organisation_members: told(Stored::SelfOrganisationMembers),
        }
    }
}

/// The figures of an area right below the one asked for.
pub struct Part {
    code: gongyi_domain::values::AreaCode,
    figures: Counts,
    untold: BTreeSet<Stored>,
}

/// An area right below the one asked for, with its figures.
#[Object(name = "ReportPart")]
impl Part {
    /// The area's code.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.code.clone())
    }
    /// The area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.code.clone()).await
    }
    /// Its figures.
    fn figures(&self) -> Figures {
        Figures::told(&self.figures, &self.untold)
    }
}

/// What one event changed about a figure after it was told.
pub struct Change(FigureEntry);

/// What one event changed about a figure after it was told.
#[Object(name = "ReportChange")]
impl Change {
    /// Which figure.
    fn figure(&self) -> Figure {
        self.0.figure.into()
    }
    /// How much, more or less.
    fn amount(&self) -> Amount {
        Amount(self.0.amount)
    }
    /// It takes back or mends what was told before; otherwise it is a late entry.
    fn corrects(&self) -> bool {
        self.0.corrects
    }
    /// Where it counts.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The day it happened.
    fn day(&self) -> Date {
        Date(self.0.day)
    }
    /// The day it was recorded.
    fn recorded_day(&self) -> Date {
        Date(self.0.recorded_day)
    }
    /// What kind of thing it is about, as the log names it.
    fn kind(&self) -> &str {
        &self.0.kind
    }
}

/// An area's report.
pub struct Report {
    filter: ReportFilter,
    found: Found,
    /// What is kept from the asker; `None` for holders of a role, from whom nothing is.
    untold: Option<Untold>,
}

impl Report {
    /// The figures whose changes are told.
    fn changes_told(&self) -> Vec<Stored> {
        Stored::ALL.iter().copied().filter(|figure| self.untold.is_none() || !figure.is_about_people()).collect()
    }

    fn untold_of(&self, of: impl FnOnce(&Untold) -> Option<&BTreeSet<Stored>>) -> BTreeSet<Stored> {
        self.untold.as_ref().and_then(of).cloned().unwrap_or_default()
    }
}

/// An area's report, computed from the events.
#[Object(name = "DistrictReport")]
impl Report {
    /// The area's code.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.filter.area.clone())
    }
    /// The area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.filter.area.clone()).await
    }
    /// The first day of the period.
    fn from(&self) -> Date {
        Date(self.filter.from)
    }
    /// Its last day.
    fn as_of(&self) -> Date {
        Date(self.filter.as_of)
    }
    /// As it was known at the end of this day; null if as it is known now.
    fn known_at(&self) -> Option<Date> {
        self.filter.known_at.map(Date)
    }
    /// The figures of the area with all its parts.
    fn figures(&self) -> Figures {
        Figures::told(&self.found.figures, &self.untold_of(|untold| Some(&untold.of_area)))
    }
    /// The areas right below it that have any figures, by code.
    #[graphql(complexity = "PARTS_COUNTED * child_complexity")]
    fn parts(&self) -> List<Part> {
        let part = |(code, figures): (&gongyi_domain::values::AreaCode, &Counts)| Part {
            code: code.clone(),
            figures: figures.clone(),
            untold: self.untold_of(|untold| untold.of_parts.get(code)),
        };
        self.found.parts.iter().map(part).collect()
    }
    /// What was recorded at the area itself and is in none of its parts; without distinct categories, which do not add up.
    fn own(&self) -> Figures {
        Figures::told(&self.found.own(), &self.untold_of(|untold| Some(&untold.of_own)))
    }
    /// With `knownAt`: the figures as they are known now, where any differs; otherwise null. Nothing about people is told of it to
    /// whoever holds no role: what has changed may be a single record.
    async fn changed(&self, ctx: &Context<'_>) -> Result<Option<Figures>, Error> {
        if self.filter.known_at.is_none() {
            return Ok(None);
        }
        let door = Door::of(ctx)?;
        let filter = ReportFilter { known_at: None, ..self.filter.clone() };
        let now = door.read(door.app.views().report(&filter, false).await)?;
        let told = self.changes_told();
        let differs = told.iter().any(|figure| now.figures.get(*figure) != self.found.figures.get(*figure));
        let untold = Stored::ALL.iter().copied().filter(|figure| !told.contains(figure)).collect();
        Ok(differs.then(|| Figures::told(&now.figures, &untold)))
    }
    /// With `knownAt`: what has changed since, event by event, in the order of the log; without service, whose changes are
    /// `participationChanges`; without what is about people, for whoever holds no role. Without `knownAt` empty.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Change>, Error> {
        let door = Door::of(ctx)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let known_at = self.filter.known_at.unwrap_or(Day::MAX);
        Ok(paging::paged(door.read(door.app.views().report_changes(&self.filter, known_at, &self.changes_told(), &page).await)?, Change))
    }
}

/// The root field of the report.
#[derive(Default)]
pub struct ReportQueries;

#[Object]
impl ReportQueries {
    /// An area's report as of a day: volunteers, service, councils, projects. Open to everybody. What fewer than five people stand
    /// behind is told to holders of a role only, and so is what changed since the last month with five people behind it: figures
    /// about people are told to everybody else of periods of whole months that are over.
    async fn district_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The area; everything in it counts.")] area: AreaCode,
        #[graphql(
            desc = "The last day of the period; what there is counts at its end. If not said today, for whoever holds no role the last day of last month."
        )]
        as_of: Option<Date>,
        #[graphql(desc = "The first day of the period; the first of January of that year if not said.")] from: Option<Date>,
        #[graphql(desc = "As it was known at the end of this day; as it is known now if not said.")] known_at: Option<Date>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Report, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&DISTRICT_REPORT, &Subject { area: Some(area.0.clone()), ..Subject::default() })?;
        let is_stranger = door.actor().grants().is_empty();
        // What was told to strangers tomorrow would tell of today.
        let last = if is_stranger { door.today().with_day(1).and_then(|first| first.pred_opt()) } else { None };
        let as_of = as_of.map_or_else(|| last.unwrap_or_else(|| door.today()), |day| day.0);
        let from = from.map_or_else(|| as_of.with_day(1).and_then(|day| day.with_month(1)).unwrap_or(as_of), |day| day.0);
        if as_of < from {
            return Err(fault::error(Code::BadInput, "the period ends before it begins"));
        }
        let filter = ReportFilter { area: area.0, from, as_of, known_at: known_at.map(|day| day.0) };
        let with_parts = ctx.look_ahead().field("parts").exists() || ctx.look_ahead().field("own").exists();
        let found = door.read(door.app.views().report(&filter, with_parts).await)?;
        let untold = match is_stranger {
            true => Some(door.read(door.app.views().untold(&filter, door.today()).await)?),
            false => None,
        };
        Ok(Report { filter, found, untold })
    }
}
