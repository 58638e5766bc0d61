//! Signing in, staying signed in, signing out. None of it is an event: the log keeps no logins.

use std::net::IpAddr;

use gongyi_domain::{
    access::{
        account::{Account, AccountRefusal},
        authority::{Actor, Session},
        contact::Phone,
    },
    values::{AccountId, Instant},
};
pub use gongyi_vault::Family;
use gongyi_vault::{Attempt, RefreshError, Verdict};
use uuid::Uuid;

use crate::{
    App,
    access::tokens::ACCESS_TOKEN_MAX_SECONDS,
    rejection::{Rejection, refused},
};

/// How long a refresh token holds without being used, in seconds.
pub const REFRESH_TOKEN_MAX_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What a signed-in client gets.
#[derive(Clone)]
pub struct SignedIn {
    /// Who.
    pub account: AccountId,
    /// The access token.
    pub access_token: String,
    /// How long it holds, in seconds.
    pub expires_in: i64,
    /// The refresh token; used once.
    pub refresh_token: String,
    /// What this device is known by from now on; `None` for who stays signed in.
    pub device: Option<String>,
}

/// From where somebody signs in, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// What the device was given when somebody signed in on it before.
    pub device: Option<String>,
}

impl App {
    /// Signs in with phone and password.
    ///
    /// # Errors
    /// [`AccountRefusal::WrongCredentials`], [`AccountRefusal::TooManyAttempts`]; faults.
    pub async fn sign_in(&self, phone: &str, password: &str, caller: &Caller, now: Instant) -> Result<SignedIn, Rejection> {
        let phone = Phone::parse(phone);
        let account = match &phone {
            Ok(phone) => self.account_by_phone(phone).await?,
            Err(_) => None,
        };
        // Counted by the number itself, however it is typed: other spellings buy no more guesses.
        let attempt = self.attempt(phone.as_ref().map_or("", Phone::as_str), account, caller, now).await?;
        let right = self.vault().verify_password(account, password).await?;
        let (true, Some(account)) = (right, account) else {
            self.vault().attempts().failed(attempt);
            return Err(refused(AccountRefusal::WrongCredentials));
        };
        self.vault().attempts().succeeded(attempt).await?;
        let found = self.state::<Account>(account).await?;
        if found.require_open().is_err() {
            return Err(refused(AccountRefusal::WrongCredentials));
        }
        let session = Session { generation: found.generation, id: Some(Uuid::new_v4()) };
        let holds = chrono::Duration::seconds(REFRESH_TOKEN_MAX_SECONDS);
        let refresh_token = self.vault().issue_refresh(account, session.id, session.generation, now, holds).await?.as_str().to_owned();
        let device = self.vault().remember_device(account, caller.device.as_deref(), now).await?.as_str().to_owned();
        self.signed_in(account, session, refresh_token, Some(device), now).await
    }

    /// Whether this is a device on which who has this number signed in before.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub async fn knows_device(&self, phone: &str, device: &str, now: Instant) -> Result<bool, Rejection> {
        let Ok(phone) = Phone::parse(phone) else { return Ok(false) };
        let Some(account) = self.account_by_phone(&phone).await? else { return Ok(false) };
        Ok(self.vault().known_device(account, device, now).await?.is_some())
    }

    /// Counts an attempt to prove who one is, once it has waited for what others have failed at.
    pub(crate) async fn attempt(
        &self,
        name: &str,
        account: Option<AccountId>,
        caller: &Caller,
        now: Instant,
    ) -> Result<Attempt, Rejection> {
        let device = match (account, &caller.device) {
            (Some(account), Some(device)) => self.vault().known_device(account, device, now).await?,
            (None, _) | (_, None) => None,
        };
        match self.vault().attempts().check(name, caller.address, device, now).await? {
            Verdict::Allowed(attempt) => {
                tokio::time::sleep(attempt.slowed()).await;
                Ok(attempt)
            }
            Verdict::RetryAfter(wait) => Err(refused(AccountRefusal::TooManyAttempts { seconds: wait.0 })),
        }
    }

    async fn signed_in(
        &self,
        account: AccountId,
        session: Session,
        refresh_token: String,
        device: Option<String>,
        now: Instant,
    ) -> Result<SignedIn, Rejection> {
        let access_token = self.access_token(account, session, now).await?;
        Ok(SignedIn { account, access_token, expires_in: ACCESS_TOKEN_MAX_SECONDS, refresh_token, device })
    }

    /// Exchanges a refresh token for a new pair. A token used twice ends the whole session.
    ///
    /// # Errors
    /// [`AccountRefusal::SessionExpired`]; faults.
    pub async fn refresh(&self, token: &str, now: Instant) -> Result<SignedIn, Rejection> {
        let rotated = match self.vault().rotate_refresh(token, now).await {
            Ok(rotated) => rotated,
            Err(RefreshError::Vault(fault)) => return Err(fault.into()),
            Err(RefreshError::Unknown | RefreshError::Expired | RefreshError::Reused) => {
                return Err(refused(AccountRefusal::SessionExpired));
            }
        };
        let session = Session { generation: rotated.generation, id: Some(rotated.family) };
        if self.actor_in(rotated.account, session).await?.is_none() {
            return Err(refused(AccountRefusal::SessionExpired));
        }
        self.signed_in(rotated.account, session, rotated.new_token.as_str().to_owned(), None, now).await
    }

    /// The sessions of the actor's own account that can go on, the last used first; none for who has no account.
    ///
    /// # Errors
    /// Faults of vault and log.
    pub async fn own_sessions(&self, actor: &Actor, now: Instant) -> Result<Vec<Family>, Rejection> {
        let Actor::Account { account, .. } = actor else { return Ok(vec![]) };
        let found = self.state::<Account>(*account).await?;
        let mut families = self.vault().families(*account, now).await?;
        families.retain(|family| found.holds(&Session { generation: family.generation, id: Some(family.id) }));
        Ok(families)
    }

    /// Ends the session a refresh token belongs to. An unknown token changes nothing.
    ///
    /// # Errors
    /// Faults of the vault.
    pub async fn sign_out(&self, token: &str) -> Result<(), Rejection> {
        Ok(self.vault().revoke_refresh(token).await?)
    }
}
