//! Who one is, accounts and their roles, erasing a person.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_app::access::{
    accounts::{GrantRole, OpenAccount, RevokeRole},
    erasure::ErasePerson,
};
use gongyi_domain::{
    access::{
        account::{ACCOUNTS, ME},
        authority::{Actor, Grant as Granted, Role as Held, Scope, Subject},
        contact::Phone,
    },
    refusal::Refusal,
    values::{AccountId, PersonId, VolunteerId},
};
use gongyi_projections::{AccountFilter as Filter, AccountView};

use super::{
    areas::{self, Area},
    personal::{BY_NAME, Sight},
};
use crate::{
    deliberation::{
        meeting::{self, Meeting, voting::OwnVote},
        poll::roll::{self, RollEntry},
    },
    door::Door,
    fault::{self, Code},
    ids,
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Moment, Position},
    volunteering::{
        organisations::{self, Organisation},
        volunteers::{self, Volunteer},
    },
};

/// What an account may be entrusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Held")]
pub enum Role {
    /// 平台运维: runs the platform, imports, grants any role.
    Operator,
    /// 区级主管: the district's own office; confirms what no organisation may confirm alone.
    DistrictOfficer,
    /// 社区工作者、镇街枢纽: publishes, convenes and asks within an area.
    Organiser,
    /// 协调员: runs one organisation's activities and confirms its service.
    Coordinator,
    /// 审计: reads, changes nothing, sees no personal data.
    Auditor,
}

/// A role with its scope.
pub struct Grant(Granted);

/// A role with the scope it counts in: everywhere, an area and all within it, or an organisation and all below it.
#[Object]
impl Grant {
    /// The role.
    fn role(&self) -> Role {
        self.0.role.into()
    }
    /// It counts everywhere.
    fn everywhere(&self) -> bool {
        self.0.scope == Scope::Everywhere
    }
    /// The code of the area it counts in, if it is one.
    fn area_code(&self) -> Option<AreaCode> {
        match &self.0.scope {
            Scope::Area(code) => Some(AreaCode(code.clone())),
            Scope::Everywhere | Scope::Organisation(_) => None,
        }
    }
    /// The area it counts in, if it is one.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        match &self.0.scope {
            Scope::Area(code) => areas::area(&Door::of(ctx)?, code.clone()).await,
            Scope::Everywhere | Scope::Organisation(_) => Ok(None),
        }
    }
    /// The organisation it counts for, if it is one.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        match &self.0.scope {
            Scope::Organisation(id) => organisations::organisation(&Door::of(ctx)?, *id).await,
            Scope::Everywhere | Scope::Area(_) => Ok(None),
        }
    }
}

/// An account.
pub struct Account(pub(crate) AccountView);

impl Account {
    fn sight(&self, door: &Door<'_>) -> Sight {
        Sight::of(door, &self.subject())
    }
    fn subject(&self) -> Subject {
        Subject::person(self.0.person, self.0.home_area.clone())
    }
}

/// A person's sign-in with its roles.
#[Object]
impl Account {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.account)
    }
    /// The person's id, which `erasePerson` takes.
    fn person(&self) -> ID {
        ids::id(&self.0.person)
    }
    /// The person's name; masked, `张*`, for those who may not see personal data; null once erased.
    fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Ok(self.sight(&Door::of(ctx)?).name(self.0.name.as_deref()))
    }
    /// The phone number, which is the sign-in name; null for those who may not see personal data.
    fn phone(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(self.sight(&Door::of(ctx)?).text(self.0.phone.as_deref()))
    }
    /// When it was opened.
    fn opened_at(&self) -> Moment {
        Moment(self.0.opened_at)
    }
    /// Closed for good.
    fn closed(&self) -> bool {
        self.0.closed
    }
    /// The roles it holds.
    fn grants(&self) -> Vec<Grant> {
        self.0.grants.iter().cloned().map(Grant).collect()
    }
}

pub(crate) async fn account(door: &Door<'_>, id: AccountId) -> Result<Option<Account>, Error> {
    Ok(door.load(id).await?.map(Account))
}

/// As [`account`], for whoever may list it.
pub(crate) async fn account_node(door: &Door<'_>, id: AccountId) -> Result<Option<Account>, Error> {
    let found = account(door, id).await?;
    let subject = found.as_ref().map(Account::subject).unwrap_or_default();
    if !found.as_ref().is_some_and(|it| door.is(it.0.person)) {
        door.may(&ACCOUNTS, &subject)?;
    }
    Ok(found)
}

/// Whom an entry in the log is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AgentKind {
    /// A signed-in account.
    Account,
    /// The built-in operator.
    Operator,
    /// A process of the platform.
    Process,
    /// Somebody who had not signed in: a stranger who registered.
    Anonymous,
}

/// Who did something.
pub struct Agent(pub(crate) String);

impl Agent {
    fn account(&self) -> Option<AccountId> {
        self.0.strip_prefix("account:").and_then(|id| id.parse().ok())
    }
}

/// Who did something, as the log names actors.
#[Object]
impl Agent {
    /// What kind of actor it was.
    fn kind(&self) -> AgentKind {
        match self.0.split(':').next() {
            Some("account") => AgentKind::Account,
            Some("operator") => AgentKind::Operator,
            Some("process") => AgentKind::Process,
            Some(_) | None => AgentKind::Anonymous,
        }
    }
    /// The name: of the account's person, masked for those who may not see personal data; of the operator's role; of
    /// the process.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        let door = Door::of(ctx)?;
        match self.account() {
            Some(id) => Ok(account(&door, id).await?.and_then(|it| it.sight(&door).name(it.0.name.as_deref()))),
            // The operator's scope (`operator:coordinator@area:440402`) is no part of the role.
            None => Ok(self.0.split_once(':').map(|(_, name)| name.split('@').next().unwrap_or(name).to_owned())),
        }
    }
    /// The account's id, if it was one.
    fn account_id(&self) -> Option<ID> {
        self.account().map(|id| ids::id(&id))
    }
}

/// Who asks.
pub struct Me<'a> {
    actor: &'a Actor,
}

/// Who asks: somebody signed in, the built-in operator, or a stranger.
#[Object]
impl Me<'_> {
    /// Signed in, or acting as the built-in operator.
    fn signed_in(&self) -> bool {
        !matches!(self.actor, Actor::Anonymous)
    }
    /// The account, if it is one.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Error> {
        match self.actor {
            Actor::Account { account: id, .. } => account(&Door::of(ctx)?, *id).await,
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Ok(None),
        }
    }
    /// The asker as a volunteer, if registered as one.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        match self.actor {
            Actor::Account { volunteer: Some(id), .. } => volunteers::volunteer(&Door::of(ctx)?, *id).await,
            Actor::Account { volunteer: None, .. } | Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Ok(None),
        }
    }
    /// What the asker may vote on or has, the last prepared poll first: own entries, and those whose voters have made the
    /// asker their proxy. Null for who is no person.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn polls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<Paged<RollEntry>>, Error> {
        let page = paging::asked(ctx, first, after, last, before)?;
        match self.actor.person() {
            Some(person) => roll::of_person(&Door::of(ctx)?, person, &page).await.map(Some),
            None => Ok(None),
        }
    }
    /// The asker's meetings to come, the next first: of councils in which the asker sits, and those the asker is invited
    /// to; what goes on or is adjourned too. Null for who is no person.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn meetings_to_come(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<Paged<Meeting>>, Error> {
        let page = paging::asked(ctx, first, after, last, before)?;
        match self.actor.person() {
            Some(person) => meeting::to_come(&Door::of(ctx)?, person, &page).await.map(Some),
            None => Ok(None),
        }
    }
    /// What the asker voted by name in meetings, the last first. Null for who is no person.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn open_votes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<Paged<OwnVote>>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        match self.actor.person() {
            Some(person) => Ok(Some(paging::paged(door.read(door.app.views().open_votes_of(person, &page).await)?, OwnVote))),
            None => Ok(None),
        }
    }
    /// The roles the asker holds now.
    fn grants(&self) -> Vec<Grant> {
        self.actor.grants().iter().cloned().map(Grant).collect()
    }
}

/// Which accounts.
#[derive(Default, InputObject)]
pub struct AccountFilter {
    /// Of persons at home in this area or within it.
    area: Option<AreaCode>,
    /// That hold this role.
    role: Option<Role>,
    /// That hold a role, or the one asked for, for this organisation itself.
    organisation: Option<ID>,
    /// With this phone number; only for those who may see personal data there.
    phone: Option<String>,
    /// Whose person's name contains this; only for those who may see personal data there.
    name_contains: Option<String>,
    /// Also closed ones.
    #[graphql(default)]
    include_closed: bool,
}

/// The root fields about accounts.
#[derive(Default)]
pub struct AccountQueries;

#[Object]
impl AccountQueries {
    /// Who one is. Open to everybody.
    async fn me<'a>(
        &self,
        ctx: &Context<'a>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Me<'a>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ME, &Subject::default())?;
        Ok(Me { actor: &door.asker.actor })
    }

    /// Accounts and their roles, in the order of opening, for the staff of the area or organisation that the filter names.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which accounts.")] filter: Option<AccountFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Account>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let filter = filter.unwrap_or_default();
        let organisation = filter.organisation.as_ref().map(ids::asked).transpose()?;
        let subjects = organisations::subjects(&door, filter.area.as_ref(), organisation, false).await?;
        door.may_within(&ACCOUNTS, &subjects)?;
        if filter.phone.is_some() || filter.name_contains.is_some() {
            // A role for an organisation tells nothing about where its holder lives.
            door.may(BY_NAME, &filter.area.as_ref().map(|it| Subject::area(it.0.clone())).unwrap_or_default())?;
        }
        let phone = filter.phone.as_deref().map(Phone::parse).transpose();
        let phone = phone.map_err(|_| fault::error(Code::BadInput, "not a phone number"))?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            area: filter.area.map(|it| it.0),
            role: filter.role.map(Held::from),
            organisation,
            phone: phone.map(|it| it.as_str().to_owned()),
            name_contains: filter.name_contains,
            include_closed: filter.include_closed,
        };
        Ok(paging::paged(door.read(door.app.views().accounts(&filter, &page).await)?, Account))
    }
}

payloads! {
    /// What became of `openAccount`.
    OpenAccountPayload {
        /// The account.
        account: Account,
    }
    /// What became of `grantRole`.
    GrantRolePayload {
        /// The account with its roles.
        account: Account,
    }
    /// What became of `revokeRole`.
    RevokeRolePayload {
        /// The account with its roles.
        account: Account,
    }
    /// What became of `erasePerson`.
    ErasePersonPayload {
        /// The volunteer that is left: without name, phone, ID number.
        volunteer: Volunteer,
    }
}

/// What opening an account takes.
#[derive(InputObject)]
pub struct OpenAccountInput {
    /// The person, as `Volunteer.person` has it. The sign-in name is the person's phone number.
    person: ID,
    /// The first password.
    password: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What granting or revoking a role takes. Of `everywhere`, `area` and `organisation` exactly one is given.
#[derive(InputObject)]
pub struct RoleInput {
    /// To or from which account.
    account: ID,
    /// Which role.
    role: Role,
    /// It counts everywhere.
    #[graphql(default)]
    everywhere: bool,
    /// It counts in this area and all within it.
    area: Option<AreaCode>,
    /// It counts for this organisation and all below it.
    organisation: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl RoleInput {
    fn read(&self) -> Result<(AccountId, Granted), Refusal> {
        let account = ids::named(&self.account, "account")?;
        let scope = match (self.everywhere, &self.area, &self.organisation) {
            (true, None, None) => Scope::Everywhere,
            (false, Some(area), None) => Scope::Area(area.0.clone()),
            (false, None, Some(id)) => Scope::Organisation(ids::named(id, "organisation")?),
            _ => {
                return Err(Refusal {
                    code: "InvalidInput",
                    field: Some("area"),
                    zh: "须指明全平台、一个区域或一个组织中的一项".to_owned(),
                    en: "A role counts everywhere, in one area or for one organisation".to_owned(),
                });
            }
        };
        Ok((account, Granted { role: self.role.into(), scope }))
    }
}

/// What erasing a person takes.
#[derive(InputObject)]
pub struct ErasePersonInput {
    /// The person, as `Volunteer.person` has it.
    person: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

async fn changed(door: &Door<'_>, answer: Option<AccountId>) -> Result<Option<Account>, Error> {
    match answer {
        Some(id) => account(door, id).await,
        None => Ok(None),
    }
}

/// The root fields that change accounts.
#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Open an account for a person who has none.
    async fn open_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom.")] input: OpenAccountInput,
    ) -> Result<OpenAccountPayload, Error> {
        let door = Door::of(ctx)?;
        let command = ids::named(&input.person, "person").map(|person| OpenAccount { person, password: input.password });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(OpenAccountPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Grant a role. Who grants holds a role above it whose scope includes the grant's.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, which, where.")] input: RoleInput,
    ) -> Result<GrantRolePayload, Error> {
        let door = Door::of(ctx)?;
        let command = input.read().map(|(account, grant)| GrantRole { account, grant });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(GrantRolePayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Take a role back.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From whom, which, where.")] input: RoleInput,
    ) -> Result<RevokeRolePayload, Error> {
        let door = Door::of(ctx)?;
        let command = input.read().map(|(account, grant)| RevokeRole { account, grant });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(RevokeRolePayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Destroy a person's key and personal data for good. Totals stay.
    async fn erase_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: ErasePersonInput,
    ) -> Result<ErasePersonPayload, Error> {
        let door = Door::of(ctx)?;
        let command = ids::named(&input.person, "person").map(|person| ErasePerson { person });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let volunteer = match done.answer {
            Some(person) => volunteers::volunteer(&door, volunteer_of(person)).await?,
            None => None,
        };
        Ok(ErasePersonPayload::new(done.told, volunteer))
    }
}

fn volunteer_of(person: PersonId) -> VolunteerId {
    gongyi_domain::volunteering::volunteer::volunteer_of(person)
}
