//! Organisations, their tree, their members.

use async_graphql::{Context, Enum, Error, ID, InputObject, MaybeUndefined, Object};
use gongyi_app::volunteering::{
    organisations::{AmendOrganisation, DissolveOrganisation, FoundOrganisation},
    volunteers::{JoinOrganisation, LeaveOrganisation},
};
use gongyi_domain::{
    access::authority::Subject,
    values::{OrganisationId, VolunteerId},
    volunteering::{
        organisation::{ORGANISATIONS, OrganisationKind as Kind},
        volunteer::{VOLUNTEER, VOLUNTEERS},
    },
};
use gongyi_projections::{MembershipRow, OrganisationFilter as Filter, OrganisationRow};

use super::volunteers::{self, OneselfAsVolunteer, Volunteer};
use crate::{
    access::areas::{self, Area},
    door::Door,
    ids::{self, MembershipKey},
    loaders::MembershipsOf,
    outcome::payloads,
    paging::{self, Paged},
    projects::self_organisations::{self, SelfOrganisation},
    scalars::{Area as AreaCode, Moment, Position},
    table::{mutations, wires},
};

/// What kind of organisation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum OrganisationKind {
    /// 联合会: the district's federation.
    Federation,
    /// 直属服务队.
    DirectTeam,
    /// 义工小组、服务组织.
    Group,
    /// 社区义工服务站.
    CommunityStation,
    /// 居民自组织.
    SelfOrganisation,
    /// 社会团体.
    SocialAssociation,
    /// 民办非企业单位（社会服务机构）.
    SocialServiceInstitution,
    /// 基金会.
    Foundation,
    /// 居民委员会.
    ResidentsCommittee,
    /// 村民委员会.
    VillagersCommittee,
    /// 股份合作经济组织.
    ShareholdingCooperative,
}

wires! {
    OrganisationKind => Kind = |kind| kind.into();
}

/// An organisation.
pub struct Organisation(pub(crate) OrganisationRow);

/// An organisation that organises service. They form a tree.
#[Object]
impl Organisation {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// What kind it is.
    fn kind(&self) -> OrganisationKind {
        self.0.kind.into()
    }
    /// The name, unique among working organisations.
    fn name(&self) -> &str {
        &self.0.name
    }
    /// The unified social credit code (统一社会信用代码, GB 32100), unique among working organisations; null without registration.
    fn credit_code(&self) -> Option<&str> {
        self.0.credit_code.as_ref().map(|code| code.as_str())
    }
    /// The code of the area it works in.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area it works in.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// The organisation above it.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        match self.0.parent {
            Some(id) => organisation(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// How it came about through deliberation; null if it is no self-organisation that did.
    async fn self_organisation(&self, ctx: &Context<'_>) -> Result<Option<SelfOrganisation>, Error> {
        self_organisations::self_organisation(&Door::of(ctx)?, self.0.id).await
    }
    /// When it was founded, as recorded.
    fn founded_at(&self) -> Moment {
        Moment(self.0.founded_at)
    }
    /// Dissolved for good.
    fn dissolved(&self) -> bool {
        self.0.dissolved
    }
    /// How many members it has now.
    fn member_count(&self) -> u32 {
        self.0.members
    }
    /// Its members now, in the order of joining, for its staff.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Membership>, Error> {
        let door = Door::of(ctx)?;
        door.may(&VOLUNTEERS, &door.organisation_subject(self.0.id).await?)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.lists().members_of_organisation(self.0.id, &page).await)?;
        Ok(paging::paged(page, Membership))
    }
}

/// A membership that holds now.
pub struct Membership(pub(crate) MembershipRow);

/// A volunteer's membership in an organisation.
#[Object]
impl Membership {
    /// The global id; it names the organisation and the volunteer too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&MembershipKey { organisation: self.0.organisation, volunteer: self.0.volunteer })
    }
    /// The organisation.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        organisation(&Door::of(ctx)?, self.0.organisation).await
    }
    /// The volunteer.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        volunteers::volunteer(&Door::of(ctx)?, self.0.volunteer).await
    }
    /// Since when.
    fn joined_at(&self) -> Moment {
        Moment(self.0.joined_at)
    }
}

/// A membership that holds now, for whoever may read the volunteer or the organisation's members.
pub(crate) async fn membership_node(door: &Door<'_>, key: MembershipKey) -> Result<Option<Membership>, Error> {
    let own = match door.load(key.volunteer).await? {
        Some(view) => door.allowed(&VOLUNTEER, &door.volunteer_subject(&view).await?),
        None => false,
    };
    if !own {
        door.may(&VOLUNTEERS, &door.organisation_subject(key.organisation).await?)?;
    }
    let rows = door.load(MembershipsOf(key.volunteer)).await?.unwrap_or_default();
    Ok(rows.into_iter().find(|row| row.organisation == key.organisation).map(Membership))
}

/// An organisation; they are public.
pub(crate) async fn organisation(door: &Door<'_>, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    Ok(door.load(id).await?.map(Organisation))
}

/// What a list filtered by area and organisation is about: it lies in both, so a role that covers one of them will do.
/// Organisations below one may work in other areas than that one: a role in its area does not cover them.
pub(crate) async fn subjects(
    door: &Door<'_>,
    area: Option<&AreaCode>,
    organisation: Option<OrganisationId>,
    include_below: bool,
) -> Result<Vec<Subject>, Error> {
    let mut subjects: Vec<_> = area.map(|it| Subject::area(it.0.clone())).into_iter().collect();
    if let Some(id) = organisation {
        let subject = door.organisation_subject(id).await?;
        subjects.push(if include_below { Subject { area: None, ..subject } } else { subject });
    }
    Ok(subjects)
}

/// Which organisations.
#[derive(Default, InputObject)]
pub struct OrganisationFilter {
    /// That work in this area or within it.
    area: Option<AreaCode>,
    /// Of this kind.
    kind: Option<OrganisationKind>,
    /// Directly below this one.
    parent: Option<ID>,
    /// Whose name contains this.
    name_contains: Option<String>,
    /// Of this unified social credit code.
    credit_code: Option<String>,
    /// Also dissolved ones.
    #[graphql(default)]
    include_dissolved: bool,
}

/// The root fields about organisations.
#[derive(Default)]
pub struct OrganisationQueries;

#[Object]
impl OrganisationQueries {
    /// Organisations by name. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisations.")] filter: Option<OrganisationFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Organisation>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let filter = filter.unwrap_or_default();
        door.may(&ORGANISATIONS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            kind: filter.kind.map(Kind::from),
            parent: filter.parent.as_ref().map(ids::asked).transpose()?,
            name_contains: filter.name_contains,
            credit_code: filter.credit_code,
            include_dissolved: filter.include_dissolved,
        };
        Ok(paging::paged(door.read(door.app.views().organisations(&filter, &page).await)?, Organisation))
    }

    /// One organisation; null if there is none. Open to everybody.
    async fn organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Organisation>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ORGANISATIONS, &Subject::default())?;
        organisation(&door, ids::asked(&id)?).await
    }
}

payloads! {
    /// An organisation, after a command.
    OrganisationPayload(OrganisationId) {
        /// The organisation.
        organisation: Organisation = |door, id| organisation(door, *id),
    }
    /// A membership, after it began or ended.
    MembershipPayload((VolunteerId, OrganisationId)) {
        /// The volunteer with the memberships that hold now.
        volunteer: Volunteer = |door, (volunteer, _)| volunteers::volunteer(door, *volunteer),
        /// The organisation.
        organisation: Organisation = |door, (_, id)| organisation(door, *id),
    }
}

mutations! {
    /// The root fields that change organisations.
    pub struct OrganisationMutations;

    /// Found an organisation.
    FoundOrganisation -> OrganisationPayload {
        /// What kind it is; never changes.
        kind: OrganisationKind,
        /// The name.
        name: String,
        /// The area it works in, a listed one.
        area: AreaCode,
        /// The organisation above it.
        parent: Option<OrganisationId>,
        /// The unified social credit code (统一社会信用代码, GB 32100), if it has one.
        credit_code: Option<String>,
    }

    /// Change an organisation's name, area, parent or credit code; what is left out stays.
    AmendOrganisation -> OrganisationPayload {
        /// Which organisation.
        organisation: OrganisationId,
        /// The new name.
        name: Option<String>,
        /// The new area.
        area: Option<AreaCode>,
        /// The new organisation above it; null for none.
        parent: MaybeUndefined<OrganisationId>,
        /// The new unified social credit code; null for none.
        credit_code: MaybeUndefined<String>,
    } = AmendOrganisation { organisation, name, area, parent: parent.into(), credit_code: credit_code.into() };

    /// Dissolve an organisation for good; its name and credit code become free.
    DissolveOrganisation -> OrganisationPayload {
        /// Which organisation.
        organisation: OrganisationId,
    }

    /// Join an organisation.
    JoinOrganisation -> MembershipPayload {
        /// Which organisation.
        organisation: OrganisationId,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = JoinOrganisation { volunteer, organisation }, move |()| (volunteer, organisation);

    /// Leave an organisation.
    LeaveOrganisation -> MembershipPayload {
        /// Which organisation.
        organisation: OrganisationId,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = LeaveOrganisation { volunteer, organisation }, move |()| (volunteer, organisation);
}
