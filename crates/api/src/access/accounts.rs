//! Who one is, accounts and their roles, erasing a person.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_app::access::{
    accounts::{CloseAccount, EndSessions, GrantRole, RevokeRole},
    erasure::ErasePerson,
    public_functions::{AcceptFunction, TakeBackAcceptance},
    sign_in::Family,
};
use gongyi_domain::{
    access::{
        account::{ACCOUNTS, AccountRefusal, ME},
        authority::{Actor, AuthorityRefusal, Grant as Granted, Role as Held, Scope, Subject},
        contact::Phone,
        public_function::PublicFunction,
    },
    refusal::Refusal,
    values::{AccountId, AreaCode as Code, CouncilId, OrganisationId, PersonId, PollId, RoundId},
    volunteering::volunteer::volunteer_of,
};
use gongyi_projections::{AccountFilter as Filter, AccountView};
use uuid::Uuid;

use super::{
    areas::{self, Area},
    personal::{BY_NAME, Sight},
};
use crate::{
    deliberation::{
        meeting::{self, Meeting, voting::OwnBallot},
        poll::roll::{self, RollEntry},
    },
    door::Door,
    fault, ids,
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Moment, Position},
    table::{At, Wire, mutations, wires},
    volunteering::{
        organisations::{self, Organisation},
        volunteers::{self, Volunteer, VolunteerPayload},
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

wires! {
    Role => Held = |role| role.into();
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
    pub(super) async fn sight(&self, door: &Door<'_>) -> Result<Sight, Error> {
        door.sight_of(self.0.person, self.0.home_area.clone()).await
    }
    fn subject(&self) -> Subject {
        Subject::person(self.0.person, self.0.home_area.clone())
    }
    /// The person's name as the asker sees it.
    pub(super) async fn known_as(&self, door: &Door<'_>) -> Result<Option<String>, Error> {
        Ok(self.sight(door).await?.name(self.0.name.as_deref()))
    }
}

/// A person's sign-in with its roles.
#[Object]
impl Account {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.account)
    }
    /// The person's id, which `erasePerson` takes; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.identity(ids::id(&self.0.person)))
    }
    /// The person's name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.known_as(&Door::of(ctx)?).await
    }
    /// The phone number, which is the sign-in name; null for those who may not see personal data.
    async fn phone(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(self.sight(&Door::of(ctx)?).await?.phone(self.0.phone.as_deref()))
    }
    /// When it was opened.
    fn opened_at(&self) -> Moment {
        Moment(self.0.opened_at)
    }
    /// Its owner has chosen the password: by registering oneself, or with a code that was handed over in person. Until then it signs
    /// up and logs hours, and has no say: no ballot, endorsement, second or nomination.
    fn proven(&self) -> bool {
        self.0.proven
    }
    /// Closed.
    fn closed(&self) -> bool {
        self.0.closed
    }
    /// The roles it holds.
    fn grants(&self) -> List<Grant> {
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

/// A session in which somebody is signed in.
#[derive(SimpleObject)]
pub struct OwnSession {
    /// What `endSessions` takes.
    id: ID,
    /// When it was begun or its refresh token was exchanged last.
    last_used_at: Moment,
    /// The one that asks.
    current: bool,
}

/// One's own account, if none is named.
enum OwnAccount {}

impl Wire for OwnAccount {
    type Sent = Option<ID>;
    type Taken = AccountId;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<AccountId, Refusal> {
        match (sent, &*at.door.actor()) {
            (Some(id), _) => ids::named(&id, at.field),
            (None, Actor::Account { account, .. }) => Ok(*account),
            (None, Actor::Anonymous) => Err(AuthorityRefusal::SignInRequired.into()),
            (None, Actor::Operator(_) | Actor::Process(_)) => Err(AccountRefusal::UnknownAccount.into()),
        }
    }
}

/// A session by its id.
fn session(id: &str) -> Result<Uuid, Refusal> {
    id.parse().map_err(|_| Refusal {
        code: "InvalidInput",
        field: Some("session"),
        zh: "这不是登录会话的编号".to_owned(),
        en: "This is not the id of a session".to_owned(),
    })
}

/// Who asks.
pub struct Me {
    actor: Arc<Actor>,
}

/// Who asks: somebody signed in, the built-in operator, or a stranger.
#[Object]
impl Me {
    /// Signed in, or acting as the built-in operator.
    fn signed_in(&self) -> bool {
        !matches!(*self.actor, Actor::Anonymous)
    }
    /// The account, if it is one.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Error> {
        match &*self.actor {
            Actor::Account { account: id, .. } => account(&Door::of(ctx)?, *id).await,
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Ok(None),
        }
    }
    /// The asker as a volunteer, if registered as one.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        match &*self.actor {
            Actor::Account { volunteer: Some(id), .. } => volunteers::volunteer(&Door::of(ctx)?, *id).await,
            Actor::Account { volunteer: None, .. } | Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Ok(None),
        }
    }
    /// The sessions in which the asker is signed in, the last used first; none for who has no account.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<List<OwnSession>, Error> {
        let door = Door::of(ctx)?;
        let families = door.app.own_sessions(&self.actor, door.now()).await.map_err(|fault| door.unread(fault.into()))?;
        let current = match &*self.actor {
            Actor::Account { session, .. } => session.id,
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => None,
        };
        let session =
            |family: Family| OwnSession { id: family.id.into(), last_used_at: Moment(family.used_at), current: current == Some(family.id) };
        Ok(families.into_iter().map(session).collect())
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
    /// The ballots that the asker cast by name in meetings, the last first. Null for who is no person.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn meeting_ballots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<Paged<OwnBallot>>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        match self.actor.person() {
            Some(person) => Ok(Some(paging::paged(door.read(door.app.views().meeting_ballots_of(person, &page).await)?, OwnBallot))),
            None => Ok(None),
        }
    }
    /// The roles the asker holds now.
    fn grants(&self) -> List<Grant> {
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
    /// Whose person's name contains this, with any dot, or is read so: pinyin without tones, from the beginning of a
    /// syllable on, or initials. Only for those who may see personal data there.
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
    async fn me(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Me, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ME, &Subject::default())?;
        Ok(Me { actor: door.actor() })
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
        let phone = phone.map_err(|_| fault::error(fault::Code::BadInput, "not a phone number"))?;
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
    /// An account, after a command.
    AccountPayload(AccountId) {
        /// The account with its roles.
        account: Account = |door, id| account(door, *id),
    }
}

/// Where a role counts, of three ways to say it.
fn scope(everywhere: bool, area: Option<Code>, organisation: Option<OrganisationId>) -> Result<Scope, Refusal> {
    match (everywhere, area, organisation) {
        (true, None, None) => Ok(Scope::Everywhere),
        (false, Some(area), None) => Ok(Scope::Area(area)),
        (false, None, Some(organisation)) => Ok(Scope::Organisation(organisation)),
        _ => Err(Refusal {
            code: "InvalidInput",
            field: Some("area"),
            zh: "须指明全平台、一个区域或一个组织中的一项".to_owned(),
            en: "A role counts everywhere, in one area or for one organisation".to_owned(),
        }),
    }
}

/// A public function, of three ways to say it.
fn function(council: Option<CouncilId>, poll: Option<PollId>, round: Option<RoundId>) -> Result<PublicFunction, Refusal> {
    match (council, poll, round) {
        (Some(council), None, None) => Ok(PublicFunction::Seat(council)),
        (None, Some(poll), None) => Ok(PublicFunction::Teller(poll)),
        (None, None, Some(round)) => Ok(PublicFunction::Reviewer(round)),
        _ => Err(Refusal {
            code: "InvalidInput",
            field: Some("council"),
            zh: "须指明一个议事会、一次表决或一轮遴选中的一项".to_owned(),
            en: "A public function is in one council, of one poll or of one round".to_owned(),
        }),
    }
}

mutations! {
    /// The root fields that change accounts.
    pub struct AccountMutations;

    /// End one session, or all, of one's own account or of that of a person whom the staff looks after: refresh and access tokens
    /// hold no more.
    EndSessions -> AccountPayload {
        /// Of which account; one's own if not said.
        account: OwnAccount,
        /// Which session, as `me.sessions` has it; all if not said.
        session: Option<String>,
    } = EndSessions { account, session: session.as_deref().map(self::session).transpose()? };

    /// Close an account, one's own or that of a person whom the staff looks after: its roles, sessions and sign-in name are given
    /// up. The staff can open it again.
    CloseAccount -> AccountPayload {
        /// Which account; one's own if not said.
        account: OwnAccount,
    }

    /// Grant a role. Who grants holds a role above it whose scope includes the grant's. Of `everywhere`, `area` and `organisation`
    /// exactly one is given.
    GrantRole -> AccountPayload {
        /// To which account.
        account: AccountId,
        /// Which role.
        role: Role,
        /// It counts everywhere.
        #[graphql(default)]
        everywhere: bool,
        /// It counts in this area and all within it.
        area: Option<AreaCode>,
        /// It counts for this organisation and all below it.
        organisation: Option<OrganisationId>,
    } = GrantRole { account, grant: Granted { role, scope: scope(everywhere, area, organisation)? } };

    /// Take a role back. Of `everywhere`, `area` and `organisation` exactly one is given.
    RevokeRole -> AccountPayload {
        /// From which account.
        account: AccountId,
        /// Which role.
        role: Role,
        /// It counts everywhere.
        #[graphql(default)]
        everywhere: bool,
        /// It counts in this area and all within it.
        area: Option<AreaCode>,
        /// It counts for this organisation and all below it.
        organisation: Option<OrganisationId>,
    } = RevokeRole { account, grant: Granted { role, scope: scope(everywhere, area, organisation)? } };

    /// Accept, for oneself, a public function that was given to one: one is named in it from then on. Of `council`, `poll` and
    /// `round` exactly one is given.
    AcceptFunction -> AccountPayload {
        /// A seat in this council, and all that its representative moves, seconds and proposes there.
        council: Option<CouncilId>,
        /// A teller of this poll.
        poll: Option<PollId>,
        /// A reviewer of this round.
        round: Option<RoundId>,
    } = AcceptFunction { function: function(council, poll, round)? };

    /// Take one's acceptance of a public function back: the name is masked again. Of `council`, `poll` and `round` exactly one
    /// is given.
    TakeBackAcceptance -> AccountPayload {
        /// A seat in this council.
        council: Option<CouncilId>,
        /// A teller of this poll.
        poll: Option<PollId>,
        /// A reviewer of this round.
        round: Option<RoundId>,
    } = TakeBackAcceptance { function: function(council, poll, round)? };

    /// Destroy a person's key and personal data for good. Totals stay.
    ErasePerson -> VolunteerPayload {
        /// The person, as `Volunteer.person` has it.
        person: PersonId,
    } = ErasePerson { person }, volunteer_of;
}
