//! Activities and their shifts: reading them, which everybody may, publishing, amending, cancelling and closing them.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use gongyi_app::volunteering::activities::{ActivityDraft, AmendActivity, CancelActivity, CloseActivity, PublishActivity, ShiftDraft};
use gongyi_domain::{
    access::authority::Subject,
    refusal::Refusal,
    values::{ActivityId, Minutes, OrganisationId},
    volunteering::{
        activity::{ACTIVITIES, ActivityPhase as Stored, SIGN_UPS},
        activity_details::Risk as StoredRisk,
        category::Category as StoredCategory,
    },
};
use gongyi_projections::{ActivityFilter as Filter, ActivityRow, ShiftRow};

use super::{
    attendance::Attendance,
    categories::Category,
    organisations::{self, Organisation},
    sign_ups::SignUp,
    skills::Skill,
};
use crate::{
    access::areas::{self, Area},
    door::Door,
    ids::{self, ShiftKey},
    list::List,
    loaders::{AttendancesOf, ShiftsOf},
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    projects::service_links::{self, ServiceLink},
    scalars::{Area as AreaCode, Moment, Position},
    table::{mutations, wires},
};

phase! {
    /// Whether an activity takes people in.
    ActivityPhase of Stored {
        /// Published.
        Open,
        /// Cancelled for good.
        Cancelled,
        /// Closed for good.
        Closed,
    }
}

/// What is said where an activity is dangerous.
#[derive(SimpleObject)]
pub struct Risk {
    /// The dangers and what to do about them.
    notice: String,
    /// The insurance that covers the volunteers.
    insurance: String,
}

/// An activity.
pub struct Activity(pub(crate) ActivityRow);

impl Activity {
    async fn subject(&self, door: &Door<'_>) -> Result<Subject, Error> {
        subject_of(door, &self.0).await
    }
}

/// An activity as the subject of an act: in its own area, of its organisation and all above.
pub(crate) async fn subject_of(door: &Door<'_>, row: &ActivityRow) -> Result<Subject, Error> {
    let subject = door.organisation_subject(row.organisation).await?;
    Ok(Subject { area: Some(row.area.clone()), ..subject })
}

/// A published activity with shifts to sign up for.
#[Object]
impl Activity {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// The category.
    fn category(&self) -> Category {
        self.0.category.into()
    }
    /// Where to meet.
    fn place(&self) -> &str {
        &self.0.place
    }
    /// The code of the area it counts in.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area it counts in.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// Who organises it.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        organisations::organisation(&Door::of(ctx)?, self.0.organisation).await
    }
    /// Whether it takes people in.
    fn phase(&self) -> ActivityPhase {
        self.0.phase.into()
    }
    /// Why it was cancelled, if it was.
    fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }
    /// The least age on the day of the shift, in years; 0 for none.
    fn minimum_age(&self) -> u32 {
        self.0.minimum_age
    }
    /// What a volunteer must be able to do, all of it.
    fn required_skills(&self) -> List<Skill> {
        self.0.required_skills.iter().copied().map(Skill::from).collect()
    }
    /// What is said where it is dangerous.
    fn risk(&self) -> Option<Risk> {
        let (notice, insurance) = (self.0.risk_notice.clone()?, self.0.risk_insurance.clone()?);
        Some(Risk { notice, insurance })
    }
    /// From when on one may sign up.
    fn sign_up_opens(&self) -> Moment {
        Moment(self.0.sign_up_opens)
    }
    /// Until when one may sign up.
    fn sign_up_closes(&self) -> Moment {
        Moment(self.0.sign_up_closes)
    }
    /// Withdrawal is possible until this many minutes before the shift starts.
    fn withdrawal_minutes(&self) -> u32 {
        self.0.withdrawal_minutes.0
    }
    /// When its first shift starts.
    fn starts(&self) -> Moment {
        Moment(self.0.starts)
    }
    /// When its last shift ends.
    fn ends(&self) -> Moment {
        Moment(self.0.ends)
    }
    /// When it was published.
    fn published_at(&self) -> Moment {
        Moment(self.0.published_at)
    }
    /// What its service is for: a project or a community activity; null if that is not said.
    async fn service_for(&self, ctx: &Context<'_>) -> Result<Option<ServiceLink>, Error> {
        service_links::link(&Door::of(ctx)?, self.0.id).await
    }
    /// Its shifts, by start.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn shifts(&self, ctx: &Context<'_>) -> Result<List<Shift>, Error> {
        let rows = Door::of(ctx)?.load(ShiftsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Shift).collect())
    }
    /// Who signed up, in the order of taking a place or a place on the waitlist; for its staff and auditors.
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
        let subject = self.subject(&door).await?;
        door.may(&SIGN_UPS, &subject)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.lists().sign_ups_of_activity(self.0.id, include_withdrawn, &page).await)?;
        Ok(paging::paged(page, |row| SignUp { row, seen_in: Some(subject.clone()) }))
    }
    /// Who was there, by check-in; for its staff and auditors.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    async fn attendances(&self, ctx: &Context<'_>) -> Result<List<Attendance>, Error> {
        let door = Door::of(ctx)?;
        let subject = self.subject(&door).await?;
        door.may(&SIGN_UPS, &subject)?;
        let rows = door.load(AttendancesOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| Attendance { row, seen_in: Some(subject.clone()) }).collect())
    }
}

/// A shift.
pub struct Shift(pub(crate) ShiftRow);

/// A shift of an activity.
#[Object]
impl Shift {
    /// The global id; it names the activity too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&ShiftKey { activity: self.0.activity, shift: self.0.shift })
    }
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        activity(&Door::of(ctx)?, self.0.activity).await
    }
    /// When it starts.
    fn starts(&self) -> Moment {
        Moment(self.0.starts)
    }
    /// When it ends.
    fn ends(&self) -> Moment {
        Moment(self.0.ends)
    }
    /// How many can take part.
    fn capacity(&self) -> u32 {
        self.0.capacity
    }
    /// How many places are taken.
    fn taken(&self) -> u32 {
        self.0.taken
    }
    /// How many volunteers wait for a place.
    fn waiting(&self) -> u32 {
        self.0.waiting
    }
    /// How many places are free.
    fn free(&self) -> u32 {
        self.0.capacity.saturating_sub(self.0.taken)
    }
}

/// An activity; they are public.
pub(crate) async fn activity(door: &Door<'_>, id: ActivityId) -> Result<Option<Activity>, Error> {
    Ok(door.load(id).await?.map(Activity))
}

/// A shift; they are public.
pub(crate) async fn shift(door: &Door<'_>, key: ShiftKey) -> Result<Option<Shift>, Error> {
    let rows = door.load(ShiftsOf(key.activity)).await?.unwrap_or_default();
    Ok(rows.into_iter().find(|row| row.shift == key.shift).map(Shift))
}

/// Which activities.
#[derive(Default, InputObject)]
pub struct ActivityFilter {
    /// In this area or within it.
    area: Option<AreaCode>,
    /// Organised by this one.
    organisation: Option<ID>,
    /// Also those below it.
    #[graphql(default)]
    include_below: bool,
    /// Of this category.
    category: Option<Category>,
    /// In this phase.
    phase: Option<ActivityPhase>,
    /// That end after this moment.
    from: Option<Moment>,
    /// That start before this moment.
    to: Option<Moment>,
    /// With a shift that has a free place.
    #[graphql(default)]
    with_free_places: bool,
    /// Whose title contains this.
    title_contains: Option<String>,
}

/// The root fields about activities.
#[derive(Default)]
pub struct ActivityQueries;

#[Object]
impl ActivityQueries {
    /// Activities by the start of their first shift. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which activities.")] filter: Option<ActivityFilter>,
        #[graphql(desc = "The latest first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Activity>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let (filter, descending) = (filter.unwrap_or_default(), descending.unwrap_or_default());
        door.may(&ACTIVITIES, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            organisation: filter.organisation.as_ref().map(ids::asked).transpose()?,
            include_below: filter.include_below,
            category: filter.category.map(StoredCategory::from),
            phase: filter.phase.map(Stored::from),
            from: filter.from.map(|it| it.0),
            to: filter.to.map(|it| it.0),
            with_free_places: filter.with_free_places,
            title_contains: filter.title_contains,
        };
        Ok(paging::paged(door.read(door.app.views().activities(&filter, descending, &page).await)?, Activity))
    }

    /// One activity; null if there is none. Open to everybody.
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Activity>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ACTIVITIES, &Subject::default())?;
        activity(&door, ids::asked(&id)?).await
    }
}

/// A shift as it is asked for.
#[derive(InputObject)]
pub struct ShiftInput {
    /// Which published shift it is; left out for a new one.
    id: Option<ID>,
    /// When it starts.
    starts: Moment,
    /// When it ends.
    ends: Moment,
    /// How many can take part.
    capacity: u32,
}

impl ShiftInput {
    fn draft(self) -> Result<ShiftDraft, Refusal> {
        let id = ids::named_maybe::<ShiftKey>(self.id.as_ref(), "shifts")?.map(|key| key.shift);
        Ok(ShiftDraft { id, starts: self.starts.0, ends: self.ends.0, capacity: self.capacity })
    }
}

/// What is said where an activity is dangerous; both are needed then.
#[derive(InputObject)]
pub struct RiskInput {
    /// The dangers and what to do about them.
    notice: String,
    /// The insurance that covers the volunteers.
    insurance: String,
}

/// Everything that is published about an activity and may be amended.
#[derive(InputObject)]
pub struct ActivityDetailsInput {
    /// The title.
    title: String,
    /// The category.
    category: Category,
    /// Where to meet.
    place: String,
    /// The area it counts in, a listed one.
    area: AreaCode,
    /// Its shifts.
    shifts: Vec<ShiftInput>,
    /// The least age on the day of the shift, in years.
    #[graphql(default)]
    minimum_age: u32,
    /// What a volunteer must be able to do, all of it.
    #[graphql(default)]
    required_skills: Vec<Skill>,
    /// What is said where it is dangerous.
    risk: Option<RiskInput>,
    /// From when on one may sign up.
    sign_up_opens: Moment,
    /// Until when one may sign up.
    sign_up_closes: Moment,
    /// Withdrawal is possible until this many minutes before the shift starts.
    #[graphql(default)]
    withdrawal_minutes: u32,
}

wires! {
    ActivityDetailsInput => ActivityDraft = |details| ActivityDraft {
        title: details.title,
        category: details.category.into(),
        place: details.place,
        area: details.area.0,
        shifts: details.shifts.into_iter().map(ShiftInput::draft).collect::<Result<_, _>>()?,
        minimum_age: details.minimum_age,
        required_skills: details.required_skills.into_iter().map(Into::into).collect(),
        risk: details.risk.map(|RiskInput { notice, insurance }| StoredRisk { notice, insurance }),
        sign_up_opens: details.sign_up_opens.0,
        sign_up_closes: details.sign_up_closes.0,
        withdrawal_minutes: Minutes(details.withdrawal_minutes),
    };
}

payloads! {
    /// An activity, after a command.
    ActivityPayload(ActivityId) {
        /// The activity.
        activity: Activity = |door, id| activity(door, *id),
    }
}

mutations! {
    /// The root fields that change activities.
    pub struct ActivityMutations;

    /// Publish an activity.
    PublishActivity -> ActivityPayload {
        /// Who organises it.
        organisation: OrganisationId,
        /// What is published.
        details: ActivityDetailsInput,
    } = PublishActivity { organisation, draft: details };

    /// Amend an activity: all details anew. More places move the waitlist up.
    AmendActivity -> ActivityPayload {
        /// Which activity.
        activity: ActivityId,
        /// What it shall be. Shifts with sign-ups keep their times and are not removed; who signed up still qualifies.
        details: ActivityDetailsInput,
    } = AmendActivity { activity, draft: details };

    /// Cancel an activity for good: who is in is checked out, and everybody's calendar becomes free.
    CancelActivity -> ActivityPayload {
        /// Which activity.
        activity: ActivityId,
        /// Why; public, so about the activity and not about a person.
        reason: String,
    }

    /// Close an activity for good, when all is done.
    CloseActivity -> ActivityPayload {
        /// Which activity.
        activity: ActivityId,
    }
}
