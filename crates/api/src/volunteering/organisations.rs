//! Organisations, their tree, their members.

use async_graphql::{Context, Enum, Error, ID, InputObject, MaybeUndefined, Object};
use gongyi_app::volunteering::{
    organisations::{AmendOrganisation, DissolveOrganisation, FoundOrganisation},
    volunteers::{JoinOrganisation, LeaveOrganisation},
};
use gongyi_domain::{
    access::authority::Subject,
    refusal::Refusal,
    values::{OrganisationId, VolunteerId},
    volunteering::{
        organisation::{ORGANISATIONS, OrganisationKind as Kind},
        volunteer::VOLUNTEERS,
    },
};
use gongyi_projections::{MembershipRow, OrganisationFilter as Filter, OrganisationRow};

use super::{
    volunteer_commands::named_or_oneself,
    volunteers::{self, Volunteer},
};
use crate::{
    access::areas::{self, Area},
    door::Door,
    ids,
    outcome::payloads,
    paging::{self, Paged},
    projects::self_organisations::{self, SelfOrganisation},
    scalars::{Area as AreaCode, Moment, Position},
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
        let page = door.read(door.app.views().members_of_organisation(self.0.id, &page).await)?;
        Ok(paging::paged(page, Membership))
    }
}

/// A membership that holds now.
pub struct Membership(pub(crate) MembershipRow);

/// A volunteer's membership in an organisation.
#[Object]
impl Membership {
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
    /// What became of `foundOrganisation`.
    FoundOrganisationPayload {
        /// The organisation.
        organisation: Organisation,
    }
    /// What became of `amendOrganisation`.
    AmendOrganisationPayload {
        /// The organisation.
        organisation: Organisation,
    }
    /// What became of `dissolveOrganisation`.
    DissolveOrganisationPayload {
        /// The organisation.
        organisation: Organisation,
    }
    /// What became of `joinOrganisation`.
    JoinOrganisationPayload {
        /// The volunteer with the memberships that hold now.
        volunteer: Volunteer,
        /// The organisation.
        organisation: Organisation,
    }
    /// What became of `leaveOrganisation`.
    LeaveOrganisationPayload {
        /// The volunteer with the memberships that hold now.
        volunteer: Volunteer,
        /// The organisation.
        organisation: Organisation,
    }
}

/// What founding takes.
#[derive(InputObject)]
pub struct FoundOrganisationInput {
    /// What kind it is; never changes.
    kind: OrganisationKind,
    /// The name.
    name: String,
    /// The area it works in, a listed one.
    area: AreaCode,
    /// The organisation above it.
    parent: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What amending takes; what is left out stays.
#[derive(InputObject)]
pub struct AmendOrganisationInput {
    /// Which organisation.
    organisation: ID,
    /// The new name.
    name: Option<String>,
    /// The new area.
    area: Option<AreaCode>,
    /// The new organisation above it; null for none.
    parent: MaybeUndefined<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl AmendOrganisationInput {
    fn command(self) -> Result<AmendOrganisation, Refusal> {
        let parent = match self.parent {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(Some(ids::named(&id, "parent")?)),
        };
        let organisation = ids::named(&self.organisation, "organisation")?;
        Ok(AmendOrganisation { organisation, name: self.name, area: self.area.map(|it| it.0), parent })
    }
}

/// What dissolving takes.
#[derive(InputObject)]
pub struct DissolveOrganisationInput {
    /// Which organisation.
    organisation: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who joins or leaves what.
#[derive(InputObject)]
pub struct MembershipInput {
    /// Which organisation.
    organisation: ID,
    /// Who; oneself if not said.
    volunteer: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl MembershipInput {
    fn read(&self, door: &Door<'_>) -> Result<(VolunteerId, OrganisationId), Refusal> {
        Ok((named_or_oneself(door, self.volunteer.as_ref())?, ids::named(&self.organisation, "organisation")?))
    }
}

async fn changed(door: &Door<'_>, answer: Option<OrganisationId>) -> Result<Option<Organisation>, Error> {
    match answer {
        Some(id) => organisation(door, id).await,
        None => Ok(None),
    }
}

async fn both(
    door: &Door<'_>,
    done: bool,
    asked: &Result<(VolunteerId, OrganisationId), Refusal>,
) -> Result<(Option<Volunteer>, Option<Organisation>), Error> {
    match asked {
        Ok((member, id)) if done => Ok((volunteers::volunteer(door, *member).await?, organisation(door, *id).await?)),
        Ok(_) | Err(_) => Ok((None, None)),
    }
}

/// The root fields that change organisations.
#[derive(Default)]
pub struct OrganisationMutations;

#[Object]
impl OrganisationMutations {
    /// Found an organisation.
    async fn found_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is founded.")] input: FoundOrganisationInput,
    ) -> Result<FoundOrganisationPayload, Error> {
        let door = Door::of(ctx)?;
        let FoundOrganisationInput { kind, name, area, parent, command_id } = input;
        let parent = ids::named_maybe(parent.as_ref(), "parent");
        let command = parent.map(|parent| FoundOrganisation { kind: kind.into(), name, area: area.0, parent });
        let done = door.does(command_id.as_ref(), command).await?;
        Ok(FoundOrganisationPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Change an organisation's name, area or parent.
    async fn amend_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how.")] input: AmendOrganisationInput,
    ) -> Result<AmendOrganisationPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let done = door.does(command_id.as_ref(), input.command()).await?;
        Ok(AmendOrganisationPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Dissolve an organisation for good; its name becomes free.
    async fn dissolve_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DissolveOrganisationInput,
    ) -> Result<DissolveOrganisationPayload, Error> {
        let door = Door::of(ctx)?;
        let command = ids::named(&input.organisation, "organisation").map(|organisation| DissolveOrganisation { organisation });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(DissolveOrganisationPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Join an organisation.
    async fn join_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and what.")] input: MembershipInput,
    ) -> Result<JoinOrganisationPayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let command = asked.clone().map(|(volunteer, organisation)| JoinOrganisation { volunteer, organisation });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (volunteer, organisation) = both(&door, done.answer.is_some(), &asked).await?;
        Ok(JoinOrganisationPayload::new(done.told, volunteer, organisation))
    }

    /// Leave an organisation.
    async fn leave_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and what.")] input: MembershipInput,
    ) -> Result<LeaveOrganisationPayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let command = asked.clone().map(|(volunteer, organisation)| LeaveOrganisation { volunteer, organisation });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (volunteer, organisation) = both(&door, done.answer.is_some(), &asked).await?;
        Ok(LeaveOrganisationPayload::new(done.told, volunteer, organisation))
    }
}
