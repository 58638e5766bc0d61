//! Signing in, staying signed in, signing out, changing one's password. None of it is an event: the log keeps no logins.

use std::net::IpAddr;

use gongyi_domain::{
    access::{
        account::{AccountRefusal, CHANGE_PASSWORD},
        authority::{Actor, Subject},
        contact::Phone,
    },
    values::{AccountId, Instant},
};
use gongyi_vault::{Attempt, RefreshError, Verdict};

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
}

impl App {
    /// Signs in with phone and password.
    ///
    /// # Errors
    /// [`AccountRefusal::WrongCredentials`], [`AccountRefusal::TooManyAttempts`]; faults.
    pub async fn sign_in(&self, phone: &str, password: &str, from: Option<IpAddr>, now: Instant) -> Result<SignedIn, Rejection> {
        // Counted by the number itself, however it is typed: other spellings buy no more guesses.
        let phone = Phone::parse(phone);
        let attempt = self.attempt(phone.as_ref().map_or("", Phone::as_str), from, now).await?;
        let account = match phone {
            Ok(phone) => self.account_by_phone(&phone).await?,
            Err(_) => None,
        };
        let right = self.vault().verify_password(account, password).await?;
        let (true, Some(account)) = (right, account) else {
            self.vault().attempts().failed(attempt);
            return Err(refused(AccountRefusal::WrongCredentials));
        };
        self.vault().attempts().succeeded(attempt).await?;
        if self.actor_of(account).await?.is_none() {
            return Err(refused(AccountRefusal::WrongCredentials));
        }
        self.signed_in(account, None, now).await
    }

    /// Counts an attempt to prove who one is.
    async fn attempt(&self, name: &str, from: Option<IpAddr>, now: Instant) -> Result<Attempt, Rejection> {
        match self.vault().attempts().check(name, from, now).await? {
            Verdict::Allowed(attempt) => Ok(attempt),
            Verdict::RetryAfter(wait) => Err(refused(AccountRefusal::TooManyAttempts { seconds: wait.0 })),
        }
    }

    async fn signed_in(&self, account: AccountId, refresh: Option<String>, now: Instant) -> Result<SignedIn, Rejection> {
        let access_token = self.access_token(account, now).await?;
        let refresh_token = match refresh {
            Some(token) => token,
            None => {
                let holds = chrono::Duration::seconds(REFRESH_TOKEN_MAX_SECONDS);
                self.vault().issue_refresh(account, None, now, holds).await?.as_str().to_owned()
            }
        };
        Ok(SignedIn { account, access_token, expires_in: ACCESS_TOKEN_MAX_SECONDS, refresh_token })
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
        if self.actor_of(rotated.account).await?.is_none() {
            return Err(refused(AccountRefusal::SessionExpired));
        }
        self.signed_in(rotated.account, Some(rotated.new_token.as_str().to_owned()), now).await
    }

    /// Ends the session a refresh token belongs to. An unknown token changes nothing.
    ///
    /// # Errors
    /// Faults of the vault.
    pub async fn sign_out(&self, token: &str) -> Result<(), Rejection> {
        Ok(self.vault().revoke_refresh(token).await?)
    }

    /// Changes the actor's own password and ends all sessions, this one too.
    ///
    /// # Errors
    /// Wrong old or weak new passwords, too many attempts; faults.
    pub async fn change_password(&self, actor: &Actor, old: &str, new: &str, now: Instant) -> Result<(), Rejection> {
        let subject = Subject { person: actor.person(), ..Subject::default() };
        CHANGE_PASSWORD.may(actor, &subject).map_err(refused)?;
        let Actor::Account { account, .. } = actor else { return Err(refused(AccountRefusal::UnknownAccount)) };
        let attempt = self.attempt(&account.to_string(), None, now).await?;
        if !self.vault().verify_password(Some(*account), old).await? {
            return Err(refused(AccountRefusal::WrongCredentials));
        }
        self.vault().attempts().succeeded(attempt).await?;
        self.keep_password(*account, new).await?;
        Ok(self.vault().revoke_account(*account).await?)
    }
}
