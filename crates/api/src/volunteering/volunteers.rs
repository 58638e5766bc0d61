//! Volunteers: registering, correcting, suspending, reinstating, withdrawing, and how much of them is seen.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_app::reading::allowances::Attempt;
use gongyi_app::volunteering::volunteers::{
    CorrectVolunteer, RegisterVolunteer, Registered, ReinstateVolunteer, SuspendVolunteer, WithdrawVolunteer,
};
use gongyi_domain::{
    access::authority::{Actor, Subject},
    refusal::Refusal,
    values::VolunteerId,
    volunteering::{
        activity::SIGN_UPS,
        service_ledger::SERVICE_RECORDS,
        volunteer::{Consents, VOLUNTEER, VOLUNTEERS, VolunteerPhase as Stored, VolunteerRefusal},
    },
};
use gongyi_projections::{ServiceRecordFilter as RecordFilter, VolunteerFilter as Filter, VolunteerSort, VolunteerView};
use tokio::sync::OnceCell;

use super::{
    history::HistoryLine,
    organisations::{self, Membership},
    services::{ServiceRecord, ServiceRecordFilter, ServiceRecordOrder},
    sign_ups::SignUp,
    skills::Skill,
    stars::Stars,
};
use crate::{
    access::{
        areas::{self, Area},
        documents::DocumentKind,
        personal::{BY_NAME, Sight, is_own_doing},
    },
    door::Door,
    ids,
    list::List,
    loaders::MembershipsOf,
    outcome::{Refused, Told, payloads},
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Date, Position},
    table::{At, Payload, Wire, mutations},
};

phase! {
    /// Where a volunteer stands.
    VolunteerPhase of Stored {
        /// Registered and free to serve.
        Active,
        /// Suspended for now: keeps the history and takes on nothing new.
        Suspended,
        /// Withdrawn; may register again.
        Withdrawn,
        /// Erased with the person.
        Erased,
    }
}

/// Confirmed service, by what it rests on. The two are never added up.
#[derive(SimpleObject)]
pub struct ServiceTotals {
    /// Minutes with evidence of attendance.
    attested_minutes: u64,
    /// Minutes entered by hand.
    declared_minutes: u64,
    /// Records.
    records: u64,
}

/// A volunteer, and what it was reached through if it takes part there by its own doing: the staff of that see who it is.
pub struct Volunteer {
    pub(crate) view: VolunteerView,
    seen_in: Option<Subject>,
    sight: OnceCell<Sight>,
}

impl Volunteer {
    /// A volunteer as reached through what it takes part in by its own doing, `seen_in`, if through such.
    pub(crate) fn new(view: VolunteerView, seen_in: Option<Subject>) -> Self {
        Self { view, seen_in, sight: OnceCell::new() }
    }

    pub(super) async fn sight(&self, door: &Door<'_>) -> Result<Sight, Error> {
        let look = || async {
            let own = door.sight_of(self.view.person, Some(self.view.home_area.clone())).await?;
            let doing = self.seen_in.as_ref().map(|subject| Sight::of_own_doing(&door.actor(), subject));
            Ok::<_, Error>(own.max(doing.unwrap_or(Sight::Masked)))
        };
        self.sight.get_or_try_init(look).await.copied()
    }
}

/// A person who has registered to serve.
#[Object]
impl Volunteer {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.view.id)
    }
    /// The person's id, which `openAccount` and `erasePerson` take; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.identity(ids::id(&self.view.person)))
    }
    /// The public volunteer number; not the ID number.
    fn number(&self) -> &str {
        &self.view.number
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.name(self.view.name.as_deref()))
    }
    /// The phone number; null for those who may not see personal data, and once erased.
    async fn phone(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.phone(self.view.phone.as_deref()))
    }
    /// The number of the identity document: whole for the staff who may see personal data, its middle masked for oneself,
    /// null for others and once erased.
    async fn id_number(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.id_number(self.view.id_number.as_deref()))
    }
    /// The kind of the identity document; null for those who may not see personal data, and once erased.
    async fn document_kind(&self, ctx: &Context<'_>) -> Result<Option<DocumentKind>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.text(self.view.document_kind).map(Into::into))
    }
    /// The country that issued the passport, by its three letters (ISO 3166-1); null for other documents, and for those who
    /// may not see personal data.
    async fn issuing_country(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.text(self.view.issuing_country.as_deref()))
    }
    /// The birth date; null for those who may not see personal data, and once erased.
    async fn birth_date(&self, ctx: &Context<'_>) -> Result<Option<Date>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.text(self.view.birth_date).map(Date))
    }
    /// The code of the home area.
    fn home_area_code(&self) -> AreaCode {
        AreaCode(self.view.home_area.clone())
    }
    /// The home area.
    async fn home_area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.view.home_area.clone()).await
    }
    /// The day of registration.
    fn registered_on(&self) -> Date {
        Date(self.view.registered_on)
    }
    /// Where the volunteer stands.
    fn phase(&self) -> VolunteerPhase {
        self.view.phase.into()
    }
    /// What the volunteer can do; nothing for those who may not see personal data, and once erased.
    async fn skills(&self, ctx: &Context<'_>) -> Result<List<Skill>, Error> {
        let seen = self.sight(&Door::of(ctx)?).await?.text(Some(&self.view.skills));
        Ok(seen.into_iter().flatten().copied().map(Skill::from).collect())
    }
    /// A guardian's consent was given, as under 18 years of age; null for those who may not see personal data.
    async fn guardian_consent(&self, ctx: &Context<'_>) -> Result<Option<bool>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.text(Some(self.view.guardian_consent)))
    }
    /// The separate consent was given, as under 14 years of age; null for those who may not see personal data.
    async fn separate_consent(&self, ctx: &Context<'_>) -> Result<Option<bool>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.text(Some(self.view.separate_consent)))
    }
    /// Confirmed service.
    fn totals(&self) -> ServiceTotals {
        let VolunteerView { attested_minutes, declared_minutes, records, .. } = self.view;
        ServiceTotals { attested_minutes, declared_minutes, records }
    }
    /// Stars for confirmed service, by the scheme of the home district.
    async fn stars(&self, ctx: &Context<'_>) -> Result<Stars, Error> {
        let VolunteerView { home_area, attested_minutes, declared_minutes, .. } = &self.view;
        Stars::of(&Door::of(ctx)?, home_area, *attested_minutes, *declared_minutes).await
    }
    /// The organisations the volunteer is a member of now, in the order of joining.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<List<Membership>, Error> {
        let rows = Door::of(ctx)?.load(MembershipsOf(self.view.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Membership).collect())
    }
    /// The volunteer's service records.
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
    ) -> Result<Paged<ServiceRecord>, Error> {
        let door = Door::of(ctx)?;
        let (filter, order_by) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        door.may(&SERVICE_RECORDS, &door.volunteer_subject(&self.view).await?)?;
        let filter = RecordFilter { volunteer: Some(self.view.id), ..filter.read(&door).await? };
        let page = paging::asked(ctx, first, after, last, before)?;
        let (sort, descending) = order_by.read();
        let page = door.read(door.lists().service_records(&filter, sort, descending, &page).await)?;
        Ok(paging::paged(page, ServiceRecord::new))
    }
    /// The volunteer's sign-ups, the earliest first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn sign_ups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Also those that were withdrawn.")] include_withdrawn: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<SignUp>, Error> {
        let door = Door::of(ctx)?;
        let include_withdrawn = include_withdrawn.unwrap_or_default();
        door.may(&SIGN_UPS, &door.volunteer_subject(&self.view).await?)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.lists().sign_ups_of_volunteer(self.view.id, include_withdrawn, &page).await)?;
        Ok(paging::paged(page, |row| SignUp { row, seen_in: self.seen_in.clone() }))
    }
    /// Every change of this volunteer: what, who made it, why, when.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Latest first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<HistoryLine>, Error> {
        let door = Door::of(ctx)?;
        let descending = descending.unwrap_or_default();
        door.may(&VOLUNTEER, &door.volunteer_subject(&self.view).await?)?;
        let reasons = self.sight(&door).await? >= Sight::Personal;
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.lists().history(self.view.id, descending, &page).await)?;
        Ok(paging::paged(page, |row| HistoryLine { row, reasons }))
    }
}

/// A volunteer, whoever asks: for those who were let to what refers to it.
pub(crate) async fn volunteer(door: &Door<'_>, id: VolunteerId) -> Result<Option<Volunteer>, Error> {
    Ok(door.load(id).await?.map(|view| Volunteer::new(view, None)))
}

/// As [`volunteer`], reached through what `subject` is, where these entered what there is of the volunteer, as the log names
/// actors.
pub(crate) async fn volunteer_in(
    door: &Door<'_>,
    id: VolunteerId,
    subject: Option<Subject>,
    entered_by: &[String],
) -> Result<Option<Volunteer>, Error> {
    let Some(view) = door.load(id).await? else { return Ok(None) };
    let own_doing = entered_by.iter().any(|by| is_own_doing(by, view.person));
    Ok(Some(Volunteer::new(view, subject.filter(|_| own_doing))))
}

/// As [`volunteer`], for whoever may read it.
pub(crate) async fn volunteer_node(door: &Door<'_>, id: VolunteerId) -> Result<Option<Volunteer>, Error> {
    let found = door.load(id).await?;
    let subject = match &found {
        Some(view) => door.volunteer_subject(view).await?,
        None => Subject::default(),
    };
    door.may(&VOLUNTEER, &subject)?;
    Ok(found.map(|view| Volunteer::new(view, None)))
}

/// Which volunteers. Who asks must hold a role that covers the area or the organisation.
#[derive(Default, InputObject)]
pub struct VolunteerFilter {
    /// At home in this area or within it.
    area: Option<AreaCode>,
    /// Members of this organisation now.
    organisation: Option<ID>,
    /// Also those below it, wherever they work: with a role in an area, name the area too.
    #[graphql(default)]
    include_below: bool,
    /// That stand so.
    phase: Option<VolunteerPhase>,
    /// Registered on this day or later.
    registered_from: Option<Date>,
    /// Registered on this day or earlier.
    registered_to: Option<Date>,
    /// Whose name contains this, with any dot, or is read so: pinyin without tones, from the beginning of a syllable on,
    /// or initials. Only for those who may see personal data there.
    name_contains: Option<String>,
    /// With exactly this volunteer number.
    number: Option<String>,
    /// With at least so many stars.
    min_stars: Option<u8>,
}

/// By what volunteers are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VolunteerOrderField {
    /// By the day of registration.
    RegisteredOn,
    /// By name; only for those who may see personal data there.
    Name,
    /// By confirmed minutes, whatever they rest on.
    Minutes,
}

/// In which order volunteers come.
#[derive(InputObject)]
pub struct VolunteerOrder {
    /// By what.
    field: VolunteerOrderField,
    /// The last first.
    #[graphql(default)]
    descending: bool,
}

impl Default for VolunteerOrder {
    fn default() -> Self {
        Self { field: VolunteerOrderField::RegisteredOn, descending: false }
    }
}

/// The root fields about volunteers.
#[derive(Default)]
pub struct VolunteerQueries;

#[Object]
impl VolunteerQueries {
    /// Volunteers of an area or organisation, for its staff.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn volunteers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which volunteers.")] filter: Option<VolunteerFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<VolunteerOrder>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Volunteer>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let (filter, order_by) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let organisation = filter.organisation.as_ref().map(ids::asked).transpose()?;
        let subjects = organisations::subjects(&door, filter.area.as_ref(), organisation, filter.include_below).await?;
        door.may_within(&VOLUNTEERS, &subjects)?;
        if filter.name_contains.is_some() || order_by.field == VolunteerOrderField::Name {
            door.may_within(BY_NAME, &subjects)?;
        }
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            organisation,
            include_below: filter.include_below,
            phase: filter.phase.map(Stored::from),
            registered_from: filter.registered_from.map(|it| it.0),
            registered_to: filter.registered_to.map(|it| it.0),
            name_contains: filter.name_contains,
            number: filter.number,
            min_stars: filter.min_stars.map(usize::from),
        };
        let sort = match order_by.field {
            VolunteerOrderField::RegisteredOn => VolunteerSort::RegisteredOn,
            VolunteerOrderField::Name => VolunteerSort::Name,
            VolunteerOrderField::Minutes => VolunteerSort::Minutes,
        };
        let page = door.read(door.app.views().volunteers(&filter, sort, order_by.descending, &page).await)?;
        Ok(paging::paged(page, |view| Volunteer::new(view, None)))
    }

    /// One volunteer, for oneself and the staff of its area and organisations; null if there is none.
    async fn volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Volunteer>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        volunteer_node(&door, ids::asked(&id)?).await
    }
}

/// A volunteer by id; oneself if not said.
pub(crate) enum OneselfAsVolunteer {}

impl Wire for OneselfAsVolunteer {
    type Sent = Option<ID>;
    type Taken = VolunteerId;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<VolunteerId, Refusal> {
        match (sent, &*at.door.actor()) {
            (Some(id), _) => ids::named(&id, at.field),
            (None, Actor::Account { volunteer: Some(volunteer), .. }) => Ok(*volunteer),
            (None, Actor::Account { volunteer: None, .. } | Actor::Anonymous | Actor::Operator(_) | Actor::Process(_)) => {
                Err(VolunteerRefusal::UnknownVolunteer.into())
            }
        }
    }
}

payloads! {
    /// A volunteer, after a command.
    VolunteerPayload(VolunteerId) {
        /// The volunteer.
        volunteer: Volunteer = |door, id| volunteer(door, *id),
    }
}

/// Register a person as a volunteer. Open to strangers, who thereby open their account; so often from one address.
#[derive(InputObject)]
pub struct RegisterVolunteerInput {
    /// The name, as on the document.
    name: String,
    /// The number of the identity document.
    id_number: String,
    /// The kind of the document; told from the number if not said, where that is certain.
    document_kind: Option<DocumentKind>,
    /// The country that issued it, if it is a passport: by its letters (ISO 3166-1) or its name.
    issuing_country: Option<String>,
    /// The birth date: needed where the number carries none, else the same as in the number.
    birth_date: Option<Date>,
    /// The phone number, in any usual way of writing.
    phone: String,
    /// The home area, a listed one.
    home_area: AreaCode,
    /// A first organisation to join.
    organisation: Option<ID>,
    /// What the volunteer can do.
    #[graphql(default)]
    skills: Vec<Skill>,
    /// A guardian's consent was given: needed under 18 years of age.
    #[graphql(default)]
    guardian_consent: bool,
    /// The separate consent was given: needed under 14 years of age.
    #[graphql(default)]
    separate_consent: bool,
    /// The day of registration; today if not said. Only operators register for another day.
    registered_on: Option<Date>,
    /// Opens an account with this password; needed by who registers oneself, and by nobody else. Not one's own phone number, ID
    /// number, name or birth date, and none that is common.
    password: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl RegisterVolunteerInput {
    fn command(self) -> Result<RegisterVolunteer, Refusal> {
        Ok(RegisterVolunteer {
            name: self.name,
            id_number: self.id_number,
            document_kind: self.document_kind.map(Into::into),
            issuing_country: self.issuing_country,
            birth_date: self.birth_date.map(|it| it.0),
            phone: self.phone,
            home_area: self.home_area.0,
            organisation: ids::named_maybe(self.organisation.as_ref(), "organisation")?,
            skills: self.skills.into_iter().map(Into::into).collect(),
            consents: Consents { guardian: self.guardian_consent, separate: self.separate_consent },
            registered_on: self.registered_on.map(|it| it.0),
            password: self.password,
        })
    }
}

/// Staff take in whoever stands before them; everybody else registers oneself, signed in or not, so often from one address.
fn may_register_now(door: &Door<'_>) -> Result<(), Refusal> {
    if door.actor().grants().is_empty() { door.allowances.take(Attempt::Registration, door.asker.address) } else { Ok(()) }
}

/// Refusals for what was typed alone: they tell nothing of who is registered.
const FOR_WHAT_WAS_TYPED: [&str; 4] = ["InvalidInput", "WeakPassword", "CommonPassword", "OwnDataInPassword"];

/// Who holds no role is told few times an hour why not, so that nobody finds out by it who is registered.
fn told_sparingly(door: &Door<'_>, told: Told) -> Told {
    let Some(Refused(refusal)) = &told.refusal else { return told };
    if !door.actor().grants().is_empty() || FOR_WHAT_WAS_TYPED.contains(&refusal.code) {
        return told;
    }
    match door.allowances.take(Attempt::RefusedRegistration, door.asker.address) {
        Ok(()) => told,
        Err(refusal) => Told { refusal: Some(Refused(refusal)), ..told },
    }
}

/// The root field that registers volunteers.
#[derive(Default)]
pub struct RegistrationMutations;

#[Object]
impl RegistrationMutations {
    /// Register a person as a volunteer. Open to strangers, who thereby open their account; so often from one address.
    /// Who has withdrawn is taken back by it, with number and hours, and with what is given now: by oneself signed in, or
    /// by the staff of the home area.
    async fn register_volunteer(&self, ctx: &Context<'_>, input: RegisterVolunteerInput) -> Result<VolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = may_register_now(&door).and_then(|()| input.command());
        let done = door.does(command_id.as_ref(), command).await?;
        let volunteer = done.answer.map(|registered: Registered| registered.volunteer);
        VolunteerPayload::shown(&door, told_sparingly(&door, done.told), volunteer).await
    }
}

mutations! {
    /// The root fields that change volunteers.
    pub struct VolunteerMutations;

    /// Correct what is known of a volunteer: by oneself, or by the staff of the home area. What is left out stays.
    CorrectVolunteer -> VolunteerPayload {
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
        /// The right name.
        name: Option<String>,
        /// The number of another identity document, or the right one; corrected by the staff only.
        id_number: Option<String>,
        /// The kind of that document; told from the number if not said, where that is certain.
        document_kind: Option<DocumentKind>,
        /// The country that issued it, if it is a passport.
        issuing_country: Option<String>,
        /// The right birth date; corrected by the staff only.
        birth_date: Option<Date>,
        /// The right phone number, which is the sign-in name.
        phone: Option<String>,
        /// The right home area.
        home_area: Option<AreaCode>,
        /// The right skills, all of them.
        skills: Option<Vec<Skill>>,
        /// Why.
        reason: Option<String>,
    } = CorrectVolunteer {
        volunteer, name, id_number, document_kind, issuing_country, birth_date, phone, home_area,
        skills: skills.map(BTreeSet::from_iter), reason,
    };

    /// Suspend a volunteer: the history stays, nothing new is taken on, and places in coming shifts go to those who wait.
    SuspendVolunteer -> VolunteerPayload {
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
        /// Why, in 1 to 1000 characters.
        reason: String,
    }

    /// Reinstate a suspended volunteer.
    ReinstateVolunteer -> VolunteerPayload {
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
        /// Why, in 1 to 1000 characters.
        reason: String,
    }

    /// Withdraw a volunteer: coming shifts are given back, memberships end. Who has withdrawn may register again.
    WithdrawVolunteer -> VolunteerPayload {
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
        /// Why, in 1 to 1000 characters.
        reason: String,
    }
}
