//! Service records: logging, confirming, rejecting, disputing, correcting and voiding service, and reading it.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_app::{
    clock::{day_end, day_of},
    reading::Subjects,
    volunteering::services::{ConfirmService, CorrectService, DisputeService, LogService, RejectService, VoidService},
};
use gongyi_domain::{
    access::authority::Subject,
    values::{ActivityId, Instant, OrganisationId},
    volunteering::{
        category::Category as StoredCategory,
        service_ledger::SERVICE_RECORDS,
        service_record::{Level as StoredLevel, RECORDING_DUE_WORKING_DAYS, ServicePhase as StoredPhase, Source as StoredSource},
    },
};
use gongyi_projections::{EvidenceKind, ServiceRecordFilter as Filter, ServiceRecordRow, ServiceRecordSort};

use super::{
    activities::{self, Activity},
    categories::Category,
    organisations::{self, Organisation},
    volunteers::{self, OneselfAsVolunteer, Volunteer},
};
use crate::{
    access::{
        agents::Agent,
        areas::{self, Area},
        personal::Sight,
    },
    door::Door,
    ids::{self, RecordKey},
    loaders::{EnteredBy, InTheWayOf},
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Date, Moment, Position},
    table::mutations,
};

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredPhase")]
pub enum ServicePhase {
    /// Logged, waiting for a confirmation.
    Logged,
    /// Attested, but at the same time as another record: it waits until one of the two is corrected, voided or rejected.
    Held,
    /// Confirmed: it counts.
    Confirmed,
    /// Rejected: it does not count.
    Rejected,
    /// Voided for good.
    Voided,
}

/// What a record rests on. The two are never mixed in a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "EvidenceKind", name = "ServiceEvidence")]
pub enum Evidence {
    /// Checked in and out.
    Attested,
    /// Entered by hand.
    Declared,
}

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredSource", name = "ServiceSource")]
pub enum Source {
    /// The process that follows attendance.
    Attendance,
    /// The volunteer.
    Volunteer,
    /// A coordinator of the organisation.
    Coordinator,
    /// An imported file.
    Import,
}

/// How far up a confirmation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredLevel", name = "ConfirmationLevel")]
pub enum Level {
    /// The organisation itself: up to 8 hours in a day.
    Organisation,
    /// The organisation above it, or the street's hub: up to 12 hours in a day.
    Parent,
    /// The district: beyond that.
    District,
}

/// A service record.
pub struct ServiceRecord {
    row: ServiceRecordRow,
}

impl ServiceRecord {
    pub(crate) fn new(row: ServiceRecordRow) -> Self {
        Self { row }
    }

    /// A record as the subject of an act: where it counts, of its organisation and all above, about its volunteer.
    async fn subject(&self, door: &Door<'_>) -> Result<Subject, Error> {
        let organisations = door.organisation_subject(self.row.organisation).await?.organisations;
        let person = door.load(self.row.volunteer).await?.map(|view| view.person);
        Ok(Subject { area: Some(self.row.area.clone()), organisations, person })
    }

    /// The volunteer: who logged it for oneself, or took part in its activity by oneself, is seen by the record's staff.
    async fn whose(&self, door: &Door<'_>) -> Result<Option<Volunteer>, Error> {
        let mut entered_by = vec![self.row.logged_by.clone()];
        if let Some(activity) = self.row.activity {
            entered_by.extend(door.load(EnteredBy(activity, self.row.volunteer)).await?.unwrap_or_default());
        }
        let subject = self.subject(door).await?;
        volunteers::volunteer_in(door, self.row.volunteer, Some(subject), &entered_by).await
    }
}

/// One record of service in a volunteer's ledger.
#[Object]
impl ServiceRecord {
    /// The global id; it names the volunteer too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&RecordKey { volunteer: self.row.volunteer, record: self.row.record })
    }
    /// Whose.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        self.whose(&Door::of(ctx)?).await
    }
    /// The organisation that organised it.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        organisations::organisation(&Door::of(ctx)?, self.row.organisation).await
    }
    /// The activity, if it was one.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        match self.row.activity {
            Some(id) => activities::activity(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The code of the area it counts in: the activity's, else the organisation's.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.row.area.clone())
    }
    /// The area it counts in.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.row.area.clone()).await
    }
    /// The category.
    fn category(&self) -> Category {
        self.row.category.into()
    }
    /// Begin.
    fn started(&self) -> Moment {
        Moment(self.row.started)
    }
    /// End.
    fn ended(&self) -> Moment {
        Moment(self.row.ended)
    }
    /// What it waits for, while it is held: the records at the same time, as far as one may read them.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn held_by(&self, ctx: &Context<'_>) -> Result<Vec<ServiceRecord>, Error> {
        let door = Door::of(ctx)?;
        if self.row.phase != StoredPhase::Held {
            return Ok(vec![]);
        }
        let mut seen = vec![];
        for record in door.load(InTheWayOf(self.row.record)).await?.unwrap_or_default().into_iter().map(ServiceRecord::new) {
            if door.allowed(&SERVICE_RECORDS, &record.subject(&door).await?) {
                seen.push(record);
            }
        }
        Ok(seen)
    }
    /// Whole minutes from begin to end.
    fn minutes(&self) -> u32 {
        self.row.minutes.0
    }
    /// The day it began; a record over midnight belongs to it.
    fn day(&self) -> Date {
        Date(self.row.day)
    }
    /// What it rests on.
    fn evidence(&self) -> Evidence {
        self.row.evidence.into()
    }
    /// Where it came from.
    fn source(&self) -> Source {
        self.row.source.into()
    }
    /// Where it stands.
    fn phase(&self) -> ServicePhase {
        self.row.phase.into()
    }
    /// The volunteer disputes what was decided.
    fn disputed(&self) -> bool {
        self.row.disputed
    }
    /// How far up the confirmation came from, once confirmed.
    fn level(&self) -> Option<Level> {
        self.row.level.map(Level::from)
    }
    /// What was done, in words; null if nothing was said, for those who may not see personal data, and once erased.
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let door = Door::of(ctx)?;
        let Some(volunteer) = self.whose(&door).await? else { return Ok(None) };
        let seen = volunteer.sight(&door).await? >= Sight::Contact;
        Ok(self.row.content.as_deref().filter(|_| seen))
    }
    /// When it was logged.
    fn logged_at(&self) -> Moment {
        Moment(self.row.logged_at)
    }
    /// Who logged it.
    fn logged_by(&self) -> Agent {
        Agent(self.row.logged_by.clone())
    }
    /// When it was decided last.
    fn decided_at(&self) -> Option<Moment> {
        self.row.decided_at.map(Moment)
    }
    /// Who decided last.
    fn decided_by(&self) -> Option<Agent> {
        self.row.decided_by.clone().map(Agent)
    }
}

/// A record of this volunteer, whoever asks: for those who were let to what refers to it.
pub(crate) async fn service_record(door: &Door<'_>, key: RecordKey) -> Result<Option<ServiceRecord>, Error> {
    let row = door.load(key.record).await?;
    Ok(row.filter(|row| row.volunteer == key.volunteer).map(ServiceRecord::new))
}

/// As [`service_record`], for whoever may read it.
pub(crate) async fn service_record_node(door: &Door<'_>, key: RecordKey) -> Result<Option<ServiceRecord>, Error> {
    let found = service_record(door, key).await?;
    let subject = match &found {
        Some(record) => record.subject(door).await?,
        None => Subject::default(),
    };
    door.may(&SERVICE_RECORDS, &subject)?;
    Ok(found)
}

/// Which service records.
#[derive(Default, InputObject)]
pub struct ServiceRecordFilter {
    /// Of this volunteer.
    volunteer: Option<ID>,
    /// Of service at this activity.
    activity: Option<ID>,
    /// Organised by this one.
    organisation: Option<ID>,
    /// Also those below it, wherever they work: with a role in an area, name the area too.
    #[graphql(default)]
    include_below: bool,
    /// That count in this area or within it.
    area: Option<AreaCode>,
    /// Of this category.
    category: Option<Category>,
    /// That stand in one of these ways; any if empty.
    #[graphql(default)]
    phases: Vec<ServicePhase>,
    /// Disputed or not.
    disputed: Option<bool>,
    /// With this evidence.
    evidence: Option<Evidence>,
    /// Of this day or later.
    from: Option<Date>,
    /// Of this day or earlier.
    to: Option<Date>,
    /// Neither confirmed nor rejected ten working days after the day on which it ended (志愿服务记录与证明出具办法（试行）,
    /// 民政部令第67号, art. 11), by the working days that are known; whatever phases are named beside it.
    #[graphql(default)]
    recording_overdue: bool,
}

/// Phases in which a record waits to be settled.
const WAITING: [StoredPhase; 2] = [StoredPhase::Logged, StoredPhase::Held];

impl ServiceRecordFilter {
    /// The filter of the views, by today's working days.
    pub(crate) async fn read(self, door: &Door<'_>) -> Result<Filter, Error> {
        let overdue = self.recording_overdue;
        let mut filter = self.read_plain()?;
        if overdue {
            filter.phases = WAITING.to_vec();
            filter.ended_before = Some(overdue_if_ended_before(door).await?);
        }
        Ok(filter)
    }

    fn read_plain(self) -> Result<Filter, Error> {
        Ok(Filter {
            volunteer: self.volunteer.as_ref().map(ids::asked).transpose()?,
            activity: self.activity.as_ref().map(ids::asked).transpose()?,
            organisation: self.organisation.as_ref().map(ids::asked).transpose()?,
            include_below: self.include_below,
            area: self.area.map(|it| it.0),
            category: self.category.map(StoredCategory::from),
            phases: self.phases.into_iter().map(StoredPhase::from).collect(),
            disputed: self.disputed,
            evidence: self.evidence.map(EvidenceKind::from),
            from: self.from.map(|it| it.0),
            to: self.to.map(|it| it.0),
            ended_before: None,
        })
    }
}

/// The moment before which service ended whose recording is overdue now.
async fn overdue_if_ended_before(door: &Door<'_>) -> Result<Instant, Error> {
    let (zone, today) = (door.app.zone(), day_of(door.now(), door.app.zone()));
    let days = door.app.working_days(today).await.map_err(|rejection| door.unread(rejection.into()))?;
    let last = days.last_overdue(today, RECORDING_DUE_WORKING_DAYS);
    Ok(day_end(last, zone))
}

/// By what service records are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ServiceRecordOrderField {
    /// By the day of the service.
    Day,
    /// By the time of logging.
    LoggedAt,
}

/// In which order service records come.
#[derive(InputObject)]
pub struct ServiceRecordOrder {
    /// By what.
    field: ServiceRecordOrderField,
    /// The last first.
    #[graphql(default)]
    descending: bool,
}

impl Default for ServiceRecordOrder {
    fn default() -> Self {
        Self { field: ServiceRecordOrderField::Day, descending: false }
    }
}

impl ServiceRecordOrder {
    pub(crate) fn read(&self) -> (ServiceRecordSort, bool) {
        let sort = match self.field {
            ServiceRecordOrderField::Day => ServiceRecordSort::Day,
            ServiceRecordOrderField::LoggedAt => ServiceRecordSort::LoggedAt,
        };
        (sort, self.descending)
    }
}

/// What a list of records is about: it lies in all that the filter names, so a role that covers one of them will do.
async fn subjects(door: &Door<'_>, filter: &Filter) -> Result<Vec<Subject>, Error> {
    let area = filter.area.clone().map(AreaCode);
    let mut subjects = organisations::subjects(door, area.as_ref(), filter.organisation, filter.include_below).await?;
    if let Some(id) = filter.activity
        && let Some(row) = door.load(id).await?
    {
        subjects.push(activities::subject_of(door, &row).await?);
    }
    if let Some(id) = filter.volunteer {
        subjects.push(door.subject_of_volunteer(id).await.map_err(|unread| door.unread(unread))?);
    }
    Ok(subjects)
}

/// The root fields about service records.
#[derive(Default)]
pub struct ServiceQueries;

#[Object]
impl ServiceQueries {
    /// Service records: of an area or organisation for its staff, of a volunteer for oneself and the volunteer's staff.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn service_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records.")] filter: Option<ServiceRecordFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<ServiceRecordOrder>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<ServiceRecord>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let (filter, order_by) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let filter = filter.read(&door).await?;
        door.may_within(&SERVICE_RECORDS, &subjects(&door, &filter).await?)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let (sort, descending) = order_by.read();
        let page = door.read(door.app.views().service_records(&filter, sort, descending, &page).await)?;
        Ok(paging::paged(page, ServiceRecord::new))
    }
}

payloads! {
    /// A service record, after a command.
    ServiceRecordPayload(RecordKey) {
        /// The record.
        record: ServiceRecord = |door, key| service_record(door, *key),
    }
}

mutations! {
    /// The root fields that change service records.
    pub struct ServiceMutations;

    /// Log a service record by hand: for oneself, or as a coordinator. It waits for a confirmation.
    LogService -> ServiceRecordPayload {
        /// Whose service; one's own if not said.
        volunteer: OneselfAsVolunteer,
        /// For which organisation.
        organisation: OrganisationId,
        /// At which of its activities, if at one.
        activity: Option<ActivityId>,
        /// The category.
        category: Category,
        /// Begin, without travel time.
        started: Moment,
        /// End.
        ended: Moment,
        /// What was done.
        content: Option<String>,
    } = LogService { volunteer, organisation, activity, category, started, ended, content },
        move |record| RecordKey { volunteer, record };

    /// Confirm a record: it counts from now on.
    ConfirmService -> ServiceRecordPayload {
        /// Which record.
        record: RecordKey,
    } = ConfirmService { volunteer: record.volunteer, record: record.record }, move |_| record;

    /// Reject a record: it does not count.
    RejectService -> ServiceRecordPayload {
        /// Which record.
        record: RecordKey,
        /// Why, in 1 to 1000 characters.
        reason: String,
    } = RejectService { volunteer: record.volunteer, record: record.record, reason }, move |_| record;

    /// Dispute what was decided about one's own record.
    DisputeService -> ServiceRecordPayload {
        /// Which record.
        record: RecordKey,
        /// Why, in 1 to 1000 characters.
        reason: String,
    } = DisputeService { volunteer: record.volunteer, record: record.record, reason }, move |_| record;

    /// Correct a record; that confirms it too. The old value, the reason and who approved it are kept. What is left out stays.
    CorrectService -> ServiceRecordPayload {
        /// Which record.
        record: RecordKey,
        /// The right begin.
        started: Option<Moment>,
        /// The right end.
        ended: Option<Moment>,
        /// The right category.
        category: Option<Category>,
        /// Why, in 1 to 1000 characters.
        reason: String,
    } = CorrectService { volunteer: record.volunteer, record: record.record, started, ended, category, reason }, move |_| record;

    /// Void a record for good.
    VoidService -> ServiceRecordPayload {
        /// Which record.
        record: RecordKey,
        /// Why, in 1 to 1000 characters.
        reason: String,
    } = VoidService { volunteer: record.volunteer, record: record.record, reason }, move |_| record;
}
