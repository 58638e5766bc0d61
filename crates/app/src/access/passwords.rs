//! Choosing a password: with a code that was handed over, or knowing the one before. That it was chosen is an event; what it is
//! stands in the vault alone.

use gongyi_domain::{
    access::{
        account::{Account, AccountCommand, AccountRefusal, CHANGE_PASSWORD, SET_PASSWORD_BY_CODE},
        authority::{Act, Actor, Subject},
        contact::Phone,
        password::OwnData,
        person::{Person, PersonRefusal},
    },
    values::{AccountId, Instant, PersonId},
};
use gongyi_vault::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, SetPasswordError, check_password};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Command,
    access::sign_in::Caller,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

/// Why a password was not set, as a rejection.
pub(crate) fn unfit_password(error: SetPasswordError) -> Rejection {
    match error {
        SetPasswordError::Vault(fault) => fault.into(),
        SetPasswordError::Common => refused(AccountRefusal::CommonPassword),
        SetPasswordError::TooShort | SetPasswordError::TooLong => {
            refused(AccountRefusal::WeakPassword { least: PASSWORD_MIN_CHARS, most: PASSWORD_MAX_CHARS })
        }
    }
}

/// The password is one that its owner may have.
pub(crate) fn require_fit(password: &str, own: &OwnData<'_>) -> Result<(), Rejection> {
    if own.stands_in(password) {
        return Err(refused(AccountRefusal::OwnDataInPassword));
    }
    check_password(password).map_err(unfit_password)
}

/// The same for somebody registered.
async fn require_fit_for(work: &Work<'_>, person: PersonId, password: &str) -> Result<(), Rejection> {
    let Person::Registered { name, phone, id_number, birth_date, .. } = work.load::<Person>(person).await?.into_inner() else {
        return Err(refused(PersonRefusal::PersonIsErased));
    };
    let name = work.open_person(person, &name, "name").await?;
    let phone = work.open_person(person, &phone, "phone").await?;
    let id_number = work.open_person(person, &id_number, "id_number").await?;
    let born = work.open_person(person, &birth_date, "birth_date").await?.parse().map_err(|_| Fault::Unsealing)?;
    require_fit(password, &OwnData { name: &name, phone: &phone, id_number: &id_number, born })
}

/// Sets the password of the actor's own account, for which `act` is open and `command` says why.
async fn choose(work: &mut Work<'_>, act: &Act, account: AccountId, command: AccountCommand, password: &str) -> Result<(), Rejection> {
    // Held until the commit: of two at once the second is decided before it could set its password.
    let found = work.lock::<Account>(account).await?;
    let person = found.inner().require_open().map_err(refused)?;
    work.may(act, &Subject::person(person, None))?;
    require_fit_for(work, person, password).await?;
    work.decide::<Account>(found, command).await?;
    work.set_password(account, password);
    Ok(())
}

/// Set the password that the bearer of a code has chosen, once the code was found to be the account's.
#[derive(Debug, Serialize)]
pub struct SetPasswordByCode {
    /// Of which account.
    pub account: AccountId,
    /// With which of its codes, as they are counted.
    pub code: u32,
    /// The password; not part of the command's identity.
    #[serde(skip)]
    pub password: String,
}

impl Command for SetPasswordByCode {
    const ACT: &'static Act = &SET_PASSWORD_BY_CODE;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        choose(work, Self::ACT, self.account, AccountCommand::SetPasswordByCode { code: self.code }, &self.password).await?;
        Ok(self.account)
    }

    async fn settle(&self, app: &App, _: &AccountId) -> Result<(), Rejection> {
        app.forget_ended_sessions(self.account).await?;
        Ok(app.vault().forget_devices(self.account).await?)
    }
}

/// Set another password, once the one before was found to be right.
#[derive(Debug, Serialize)]
pub struct ChangePassword {
    /// Of which account.
    pub account: AccountId,
    /// The password; not part of the command's identity.
    #[serde(skip)]
    pub password: String,
}

impl Command for ChangePassword {
    const ACT: &'static Act = &CHANGE_PASSWORD;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        choose(work, Self::ACT, self.account, AccountCommand::ChangePassword, &self.password).await?;
        Ok(self.account)
    }

    async fn settle(&self, app: &App, _: &AccountId) -> Result<(), Rejection> {
        app.forget_ended_sessions(self.account).await?;
        Ok(app.vault().forget_devices(self.account).await?)
    }
}

impl App {
    /// Sets the password that the bearer of a code has chosen; the account is proven by it and its sessions are over. Whether the
    /// number is registered, the code another's, used or too old is answered alike.
    ///
    /// # Errors
    /// [`AccountRefusal::CodeNotAccepted`], [`AccountRefusal::TooManyAttempts`], [`AccountRefusal::SignOutFirst`] for who is signed in;
    /// unfit passwords, upon which the code can be used again; faults.
    pub async fn set_password_by_code(
        &self,
        actor: &Actor,
        (phone, code): (&str, &str),
        password: &str,
        caller: &Caller,
        now: Instant,
    ) -> Result<(), Rejection> {
        if *actor != Actor::Anonymous {
            return Err(refused(AccountRefusal::SignOutFirst));
        }
        let phone = Phone::parse(phone).ok();
        let account = match &phone {
            Some(phone) => self.account_by_phone(phone).await?,
            None => None,
        };
        let attempt = self.attempt(phone.as_ref().map_or("", Phone::as_str), account, caller, now).await?;
        let account = account.unwrap_or(AccountId(Uuid::nil()));
        let number = self.state::<Account>(account).await?.open_code();
        let accepted = self.vault().accepts_code(account, number.unwrap_or_default(), code, now).await?;
        let (true, Some(code), Some(actor)) = (accepted, number, self.actor_of(account).await?) else {
            self.vault().attempts().failed(attempt);
            return Err(refused(AccountRefusal::CodeNotAccepted));
        };
        self.vault().attempts().succeeded(attempt).await?;
        let command = SetPasswordByCode { account, code, password: password.to_owned() };
        self.dispatch(&self.request(actor), &command).await.map(drop)
    }

    /// Changes the actor's own password; all sessions end, this one too, and no device is known any more.
    ///
    /// # Errors
    /// Wrong old or unfit new passwords, too many attempts; faults.
    pub async fn change_password(&self, actor: &Actor, old: &str, new: &str, caller: &Caller, now: Instant) -> Result<(), Rejection> {
        let subject = Subject { person: actor.person(), ..Subject::default() };
        CHANGE_PASSWORD.may(actor, &subject).map_err(refused)?;
        let Actor::Account { account, .. } = actor else { return Err(refused(AccountRefusal::UnknownAccount)) };
        let attempt = self.attempt(&account.to_string(), Some(*account), caller, now).await?;
        if !self.vault().verify_password(Some(*account), old).await? {
            self.vault().attempts().failed(attempt);
            return Err(refused(AccountRefusal::WrongCredentials));
        }
        self.vault().attempts().succeeded(attempt).await?;
        let command = ChangePassword { account: *account, password: new.to_owned() };
        self.dispatch(&self.request(actor.clone()), &command).await.map(drop)
    }
}
