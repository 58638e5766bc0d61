//! Self-organisations that came about through deliberation: incubated, registered, grown up or given up.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::projects::self_organisations::{EndIncubation, IncubateSelfOrganisation, RegisterSelfOrganisation};
use gongyi_domain::{
    access::authority::Subject,
    projects::incubation::{IncubationPhase as Stored, SELF_ORGANISATIONS},
    values::{CouncilId, MotionId, OrganisationId},
};
use gongyi_projections::{IncubationFilter as Filter, IncubationRow, PageArgs};

use crate::{
    deliberation::{
        councils::{self, Council},
        motion::{self, Motion},
    },
    door::Door,
    ids::{self, SelfOrganisationKey},
    loaders::IncubationOf,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Date, Position},
    table::mutations,
    volunteering::organisations::{self, Organisation},
};

phase! {
    /// How far an incubation has come.
    IncubationPhase of Stored {
        /// 孵化中: being helped along.
        Incubating,
        /// 已备案: registered.
        Registered,
        /// 孵化结束: it stands by itself, or was given up.
        Ended,
    }
}

/// A self-organisation.
pub struct SelfOrganisation(IncubationRow);

/// A residents' self-organisation (居民自组织) that came about through a council's deliberation. What it is and who its members
/// are is its organisation's.
#[Object]
impl SelfOrganisation {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&SelfOrganisationKey(self.0.organisation))
    }
    /// The organisation: its name, area and members.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        organisations::organisation(&Door::of(ctx)?, self.0.organisation).await
    }
    /// The council through whose deliberation it came about.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        councils::council(&Door::of(ctx)?, self.0.council).await
    }
    /// The motion that asked for it, if one did.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        match self.0.motion {
            Some(id) => motion::motion(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// Since when it is incubated.
    fn begun_on(&self) -> Date {
        Date(self.0.begun_on)
    }
    /// How far it has come.
    fn phase(&self) -> IncubationPhase {
        self.0.phase.into()
    }
    /// The number of its registration (备案).
    fn registration(&self) -> Option<&str> {
        self.0.registration.as_deref()
    }
    /// The day of its registration.
    fn registered_on(&self) -> Option<Date> {
        self.0.registered_on.map(Date)
    }
    /// The day on which the end of its incubation was recorded.
    fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }
    /// Why its incubation ended, if it did.
    fn end_reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

/// As [`self_organisation`], by its key.
pub(crate) async fn self_organisation_node(door: &Door<'_>, key: SelfOrganisationKey) -> Result<Option<SelfOrganisation>, Error> {
    self_organisation(door, key.0).await
}

/// A self-organisation by its organisation; they are public.
pub(crate) async fn self_organisation(door: &Door<'_>, id: OrganisationId) -> Result<Option<SelfOrganisation>, Error> {
    Ok(door.load(IncubationOf(id)).await?.map(SelfOrganisation))
}

/// The self-organisations that a motion asked for.
pub(crate) async fn of_motion(door: &Door<'_>, motion: MotionId, page: &PageArgs) -> Result<Paged<SelfOrganisation>, Error> {
    let filter = Filter { motion: Some(motion), ..Filter::default() };
    Ok(paging::paged(door.read(door.lists().incubations(&filter, false, page).await)?, SelfOrganisation))
}

/// Which self-organisations.
#[derive(Default, InputObject)]
pub struct SelfOrganisationFilter {
    /// That work in this area or within it.
    area: Option<AreaCode>,
    /// That came about through this council.
    council: Option<ID>,
    /// That this motion asked for.
    motion: Option<ID>,
    /// That came so far; any if empty.
    #[graphql(default)]
    phases: Vec<IncubationPhase>,
    /// Incubated since this day or later.
    begun_from: Option<Date>,
    /// Incubated since this day or earlier.
    begun_to: Option<Date>,
}

/// The root fields about self-organisations.
#[derive(Default)]
pub struct SelfOrganisationQueries;

#[Object]
impl SelfOrganisationQueries {
    /// Self-organisations, by the first day of their incubation. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn self_organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which self-organisations.")] filter: Option<SelfOrganisationFilter>,
        #[graphql(desc = "The last first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<SelfOrganisation>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&SELF_ORGANISATIONS, &Subject::default())?;
        let (filter, page) = (filter.unwrap_or_default(), paging::asked(ctx, first, after, last, before)?);
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            council: filter.council.as_ref().map(ids::asked).transpose()?,
            motion: filter.motion.as_ref().map(ids::asked).transpose()?,
            phases: filter.phases.into_iter().map(Stored::from).collect(),
            begun_from: filter.begun_from.map(|it| it.0),
            begun_to: filter.begun_to.map(|it| it.0),
        };
        let page = door.read(door.app.views().incubations(&filter, descending.unwrap_or_default(), &page).await)?;
        Ok(paging::paged(page, SelfOrganisation))
    }
}

payloads! {
    /// A self-organisation, after a command.
    SelfOrganisationPayload(OrganisationId) {
        /// The self-organisation.
        self_organisation: SelfOrganisation = |door, id| self_organisation(door, *id),
    }
}

mutations! {
    /// The root fields that change self-organisations.
    pub struct SelfOrganisationMutations;

    /// Found a self-organisation and begin its incubation.
    IncubateSelfOrganisation -> SelfOrganisationPayload {
        /// Its name, unique among working organisations.
        name: String,
        /// The area it works in: the council's or one within it.
        area: AreaCode,
        /// The organisation above it.
        parent: Option<OrganisationId>,
        /// The council through whose deliberation it comes about.
        council: CouncilId,
        /// The motion that asked for it: adopted, and that council's.
        motion: Option<MotionId>,
        /// Since when; today if not said.
        on: Option<Date>,
    }

    /// Record a self-organisation's registration (备案).
    RegisterSelfOrganisation -> SelfOrganisationPayload {
        /// Which organisation.
        organisation: OrganisationId,
        /// The number it was given.
        number: String,
        /// When; today if not said.
        on: Option<Date>,
    }

    /// End a self-organisation's incubation: it stands by itself, or was given up.
    EndIncubation -> SelfOrganisationPayload {
        /// Of which organisation.
        organisation: OrganisationId,
        /// Why.
        reason: String,
    }
}
