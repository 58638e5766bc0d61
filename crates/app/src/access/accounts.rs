//! Accounts and their roles.

use std::{collections::BTreeSet, sync::Arc};

use gongyi_domain::{
    access::{
        account::{
            Account, AccountCommand, AccountRefusal, CLOSE_ACCOUNT, END_SESSIONS, GRANT_ROLE, ISSUE_SIGN_IN_CODE, OPEN_ACCOUNT,
            REVOKE_ROLE, account_of, may_grant,
        },
        authority::{Act, Actor, Grant, Scope, Session, Subject},
        claim::Purpose,
        contact::Phone,
        person::{Person, PersonRefusal},
    },
    values::{AccountId, PersonId},
    volunteering::volunteer::volunteer_of,
};
pub use gongyi_vault::SignInCode;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Open an account for a person who has none. The sign-in name is the person's phone number; its owner chooses the password with
/// the code.
#[derive(Debug, Serialize)]
pub struct OpenAccount {
    /// Whose.
    pub person: PersonId,
    /// What is handed over to its owner; not part of the command's identity.
    #[serde(skip)]
    pub code: SignInCode,
}

impl Command for OpenAccount {
    const ACT: &'static Act = &OPEN_ACCOUNT;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let Person::Registered { home_area, phone, .. } = work.load::<Person>(self.person).await?.into_inner() else {
            return Err(refused(PersonRefusal::UnknownPerson));
        };
        work.may(Self::ACT, &Subject::person(self.person, Some(home_area)))?;
        let phone = work.open_person(self.person, &phone, "phone").await?;
        // Held until the commit: of two openings at once the second is refused before it could keep its code.
        work.lock::<Account>(account_of(self.person)).await?;
        let opened = open_account(work, self.person, &phone, false).await?;
        hand_over(work, account_of(self.person), &opened, &self.code);
        Ok(account_of(self.person))
    }
}

/// Opens the account of `person` in this unit of work.
pub(crate) async fn open_account(work: &Work<'_>, person: PersonId, phone: &str, by_owner: bool) -> Result<Arc<Account>, Rejection> {
    let account = account_of(person);
    let opened = work.load_and_decide::<Account>(account, AccountCommand::Open { person, by_owner }).await?;
    work.take_claim(Purpose::Phone, phone, account.0).await?;
    Ok(opened)
}

/// The vault keeps the code that the account awaits now, once the command is decided.
fn hand_over(work: &mut Work<'_>, account: AccountId, state: &Account, code: &SignInCode) {
    if let Some(number) = state.open_code() {
        work.secrets.add_code(account, number, code.clone(), work.now);
    }
}

/// The actor may do `act` to the account, which is open: about its person, at home in an area. Whoever acts on another's account
/// could also take each of its roles.
async fn may_about(work: &mut Work<'_>, act: &Act, account: AccountId) -> Result<PersonId, Rejection> {
    let found = work.load::<Account>(account).await?.into_inner();
    let subject = match found.person {
        Some(person) => match work.load::<Person>(person).await?.into_inner() {
            Person::Registered { home_area, .. } => Subject::person(person, Some(home_area)),
            Person::Unknown | Person::Erased => Subject::person(person, None),
        },
        None => Subject::default(),
    };
    work.may(act, &subject)?;
    let person = found.require_open().map_err(refused)?;
    if work.actor.person() == Some(person) {
        return Ok(person);
    }
    for grant in &found.grants {
        let subject = subject_of(work, &grant.scope).await?;
        if !may_grant(&work.actor, grant, |held| held.scope.covers(&subject)) {
            return Err(refused(AccountRefusal::BeyondOwnAuthority));
        }
    }
    require_no_superior(work, account).await?;
    Ok(person)
}

/// The account is not of who appointed the actor, or of who appointed those.
async fn require_no_superior(work: &Work<'_>, account: AccountId) -> Result<(), Rejection> {
    let Actor::Account { account: own, .. } = work.actor else { return Ok(()) };
    let (mut seen, mut above) = (BTreeSet::from([own]), vec![own]);
    while let Some(next) = above.pop() {
        for by in work.load::<Account>(next).await?.inner().granted_by.values() {
            if *by == account && account != own {
                return Err(refused(AccountRefusal::AppointedByThem));
            }
            if seen.insert(*by) {
                above.push(*by);
            }
        }
    }
    Ok(())
}

/// Issue a new code to who has no password yet or has forgotten it; the one before holds no more.
#[derive(Debug, Serialize)]
pub struct IssueSignInCode {
    /// To whose account.
    pub account: AccountId,
    /// What is handed over to its owner; not part of the command's identity.
    #[serde(skip)]
    pub code: SignInCode,
}

impl Command for IssueSignInCode {
    const ACT: &'static Act = &ISSUE_SIGN_IN_CODE;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let person = may_about(work, Self::ACT, self.account).await?;
        if work.actor.person() == Some(person) {
            return Err(refused(AccountRefusal::OwnCode));
        }
        let issued = work.load_and_decide::<Account>(self.account, AccountCommand::IssueCode).await?;
        hand_over(work, self.account, &issued, &self.code);
        Ok(self.account)
    }
}

/// End one session of an account, or all.
#[derive(Debug, Serialize)]
pub struct EndSessions {
    /// Of which account.
    pub account: AccountId,
    /// Which; all if not said.
    pub session: Option<Uuid>,
}

impl Command for EndSessions {
    const ACT: &'static Act = &END_SESSIONS;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        may_about(work, Self::ACT, self.account).await?;
        work.load_and_decide::<Account>(self.account, AccountCommand::EndSessions(self.session)).await?;
        Ok(self.account)
    }

    async fn settle(&self, app: &App, _: &AccountId) -> Result<(), Rejection> {
        match self.session {
            Some(session) => Ok(app.vault().revoke_family(self.account, session).await?),
            None => app.forget_ended_sessions(self.account).await,
        }
    }
}

/// Close an account. It can be opened again, without what it had.
#[derive(Debug, Serialize)]
pub struct CloseAccount {
    /// Which.
    pub account: AccountId,
}

impl Command for CloseAccount {
    const ACT: &'static Act = &CLOSE_ACCOUNT;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let person = may_about(work, Self::ACT, self.account).await?;
        if let Person::Registered { phone, .. } = work.load::<Person>(person).await?.into_inner() {
            let phone = work.open_person(person, &phone, "phone").await?;
            work.release_claim(Purpose::Phone, &phone, self.account.0).await?;
        }
        work.load_and_decide::<Account>(self.account, AccountCommand::Close).await?;
        Ok(self.account)
    }

    async fn settle(&self, app: &App, _: &AccountId) -> Result<(), Rejection> {
        // Sent again after the account was opened again, it takes nothing from its owner.
        if app.state::<Account>(self.account).await?.closed {
            app.vault().remove_credentials(self.account).await?;
        }
        Ok(())
    }
}

impl App {
    /// The account that signs in with this phone number, if there is one.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn account_by_phone(&self, phone: &Phone) -> Result<Option<AccountId>, Rejection> {
        Ok(self.claim_holder(Purpose::Phone, phone.as_str()).await?.map(AccountId))
    }

    /// Refresh tokens of generations that are over hold no more; this forgets them.
    pub(crate) async fn forget_ended_sessions(&self, account: AccountId) -> Result<(), Rejection> {
        let generation = self.state::<Account>(account).await?.generation;
        Ok(self.vault().revoke_before(account, generation).await?)
    }
}

/// What the scope of a grant lies in, for the authorisation of granting.
async fn subject_of(work: &Work<'_>, scope: &Scope) -> Result<Subject, Rejection> {
    Ok(match scope {
        Scope::Everywhere => Subject::default(),
        Scope::Area(area) => {
            work.require_area(area).await?;
            Subject::area(area.clone())
        }
        Scope::Organisation(id) => work.line_of_any(*id).await?.subject(None),
    })
}

async fn change_roles(work: &mut Work<'_>, act: &Act, account: AccountId, grant: &Grant, command: AccountCommand) -> Result<(), Rejection> {
    let subject = subject_of(work, &grant.scope).await?;
    work.may(act, &subject)?;
    if !may_grant(&work.actor, grant, |held| held.scope.covers(&subject)) {
        return Err(refused(AccountRefusal::BeyondOwnAuthority));
    }
    work.load_and_decide::<Account>(account, command).await?;
    Ok(())
}

/// Grant a role.
#[derive(Debug, Serialize)]
pub struct GrantRole {
    /// To whom.
    pub account: AccountId,
    /// Which role, where.
    pub grant: Grant,
}

impl Command for GrantRole {
    const ACT: &'static Act = &GRANT_ROLE;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        // Dissolved organisations entrust nobody any more; what they did entrust can still be taken back.
        if let Scope::Organisation(organisation) = self.grant.scope {
            work.line(organisation).await?;
        }
        let by = match work.actor {
            Actor::Account { account, .. } => Some(account),
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => None,
        };
        let command = AccountCommand::Grant { grant: self.grant.clone(), by };
        change_roles(work, Self::ACT, self.account, &self.grant, command).await?;
        Ok(self.account)
    }
}

/// Take a role back.
#[derive(Debug, Serialize)]
pub struct RevokeRole {
    /// From whom.
    pub account: AccountId,
    /// Which role, where.
    pub grant: Grant,
}

impl Command for RevokeRole {
    const ACT: &'static Act = &REVOKE_ROLE;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        require_no_superior(work, self.account).await?;
        change_roles(work, Self::ACT, self.account, &self.grant, AccountCommand::Revoke(self.grant.clone())).await?;
        Ok(self.account)
    }
}

impl App {
    /// The account as an actor, with the roles it holds now; `None` if it is unknown or closed.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn actor_of(&self, account: AccountId) -> Result<Option<Actor>, Rejection> {
        let found = self.state::<Account>(account).await?;
        let session = Session { generation: found.generation, id: None };
        Ok(acting(account, found, session))
    }

    /// The account as an actor in a session, with the roles it holds now; `None` if it is unknown or closed, or the session over.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn actor_in(&self, account: AccountId, session: Session) -> Result<Option<Actor>, Rejection> {
        let found = self.state::<Account>(account).await?;
        Ok(found.holds(&session).then(|| acting(account, found, session)).flatten())
    }

    /// An actor as it is now: nobody signed in where the account or its session is over.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn as_now(&self, actor: &Actor) -> Result<Actor, Rejection> {
        match actor {
            Actor::Account { account, session, .. } => Ok(self.actor_in(*account, *session).await?.unwrap_or(Actor::Anonymous)),
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Ok(actor.clone()),
        }
    }
}

fn acting(account: AccountId, found: Account, session: Session) -> Option<Actor> {
    let person = found.require_open().ok()?;
    let (volunteer, grants) = (Some(volunteer_of(person)), found.grants.into_iter().collect());
    Some(Actor::Account { account, person, volunteer, grants, proven: found.proven, session })
}
