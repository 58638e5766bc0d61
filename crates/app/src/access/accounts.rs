//! Accounts and their roles.

use gongyi_domain::{
    access::{
        account::{Account, AccountCommand, AccountRefusal, GRANT_ROLE, OPEN_ACCOUNT, REVOKE_ROLE, account_of, may_grant},
        authority::{Act, Actor, Grant, Scope, Subject},
        claim::Purpose,
        contact::Phone,
        person::{Person, PersonRefusal},
    },
    values::{AccountId, PersonId},
    volunteering::volunteer::volunteer_of,
};
use gongyi_vault::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, SetPasswordError};
use serde::Serialize;

use crate::{
    App, Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Open an account for a person who has none. The sign-in name is the person's phone number.
#[derive(Debug, Serialize)]
pub struct OpenAccount {
    /// Whose.
    pub person: PersonId,
    /// The first password; not part of the command's identity.
    #[serde(skip)]
    pub password: String,
}

impl Command for OpenAccount {
    const ACT: &'static Act = &OPEN_ACCOUNT;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let person = work.load::<Person>(self.person).await?.into_inner();
        let Person::Registered { home_area, phone, .. } = person else {
            return Err(refused(PersonRefusal::UnknownPerson));
        };
        work.may(Self::ACT, &Subject::person(self.person, Some(home_area)))?;
        let phone = work.open_person(self.person, &phone, "phone").await?;
        // Held until the commit: of two openings at once the second is refused before it could set its password.
        work.lock::<Account>(account_of(self.person)).await?;
        open_account(work, self.person, &phone, &self.password).await
    }
}

/// Opens the account of `person` in this unit of work.
pub(crate) async fn open_account(work: &mut Work<'_>, person: PersonId, phone: &str, password: &str) -> Result<AccountId, Rejection> {
    let account = account_of(person);
    work.load_and_decide::<Account>(account, AccountCommand::Open { person }).await?;
    work.take_claim(Purpose::Phone, phone, account.0).await?;
    work.set_password(account, password)?;
    Ok(account)
}

impl App {
    /// The account that signs in with this phone number, if there is one.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn account_by_phone(&self, phone: &Phone) -> Result<Option<AccountId>, Rejection> {
        Ok(self.claim_holder(Purpose::Phone, phone.as_str()).await?.map(AccountId))
    }

    /// Keeps an account's password.
    ///
    /// # Errors
    /// [`AccountRefusal::WeakPassword`]; faults of the vault.
    pub(crate) async fn keep_password(&self, account: AccountId, password: &str) -> Result<(), Rejection> {
        self.vault().set_password(account, password).await.map(drop).map_err(unfit_password)
    }
}

/// Why a password was not set, as a rejection.
pub(crate) fn unfit_password(error: SetPasswordError) -> Rejection {
    match error {
        SetPasswordError::Vault(fault) => fault.into(),
        SetPasswordError::TooShort | SetPasswordError::TooLong => {
            refused(AccountRefusal::WeakPassword { least: PASSWORD_MIN_CHARS, most: PASSWORD_MAX_CHARS })
        }
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
        change_roles(work, Self::ACT, self.account, &self.grant, AccountCommand::Grant(self.grant.clone())).await?;
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
        let Ok(person) = found.require_open() else { return Ok(None) };
        let volunteer = Some(volunteer_of(person));
        Ok(Some(Actor::Account { account, person, volunteer, grants: found.grants.into_iter().collect() }))
    }
}
