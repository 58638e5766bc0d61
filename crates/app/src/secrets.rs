//! What a command puts into the vault beside its events: the keys of new persons, a password, a code to be handed over, what leads
//! to new claims.
//!
//! - Until the command is decided they are in memory only: a refused command leaves nothing behind.
//! - They are stored before the commit, so that no committed event is ever without its key, whenever the process dies.
//! - If the commit surely did not happen they are taken back; if that is unknown they stay.

use std::sync::{Mutex, PoisonError};

use gongyi_domain::values::{AccountId, Instant, PersonId};
use gongyi_eventlog::{AppendError, Appended};
use gongyi_vault::{NewClaim, PersonKey, SetPassword, SignInCode, Vault, VaultError};

use crate::{access::passwords::unfit_password, rejection::Rejection};

/// The secrets of one command.
#[derive(Default)]
pub(crate) struct Secrets {
    keys: Vec<(PersonId, PersonKey)>,
    passwords: Vec<(AccountId, String)>,
    codes: Vec<(AccountId, u32, SignInCode, Instant)>,
    claims: Mutex<Vec<NewClaim>>,
}

/// Secrets in the vault, for a commit that is about to happen.
#[derive(Default)]
pub(crate) struct Stored {
    keys: Vec<PersonId>,
    passwords: Vec<SetPassword>,
}

impl Secrets {
    /// A key for a person who is new with this command.
    pub(crate) fn add_key(&mut self, person: PersonId) {
        self.keys.push((person, PersonKey::generate()));
    }

    /// The key of a person who is new with this command.
    pub(crate) fn key(&self, person: PersonId) -> Option<&PersonKey> {
        self.keys.iter().find(|(of, _)| *of == person).map(|(_, key)| key)
    }

    /// A password that could be one.
    pub(crate) fn add_password(&mut self, account: AccountId, password: &str) {
        self.passwords.push((account, password.to_owned()));
    }

    /// A code of an account, by its number. It need not be taken back: where the commit does not happen nobody has seen it.
    pub(crate) fn add_code(&mut self, account: AccountId, number: u32, code: SignInCode, now: Instant) {
        self.codes.push((account, number, code, now));
    }

    /// A stream for a claim that has none. It stays if the command is not done: nobody else is led to another one then.
    pub(crate) fn add_claim(&self, claim: NewClaim) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
    }

    /// Stores them, or none. A [`Rejection::Conflict`] says that somebody claims the same at this moment.
    pub(crate) async fn store(self, vault: &Vault) -> Result<Stored, Rejection> {
        let mut stored = Stored::default();
        match self.store_each(vault, &mut stored).await {
            Ok(()) => Ok(stored),
            Err(rejection) => {
                stored.take_back(vault).await;
                Err(rejection)
            }
        }
    }

    async fn store_each(self, vault: &Vault, stored: &mut Stored) -> Result<(), Rejection> {
        let claims = self.claims.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !claims.is_empty() && !vault.keep_claims(&claims).await? {
            return Err(Rejection::Conflict);
        }
        for (account, password) in &self.passwords {
            stored.passwords.push(vault.set_password(*account, password).await.map_err(unfit_password)?);
        }
        for (account, number, code, now) in &self.codes {
            vault.keep_code(*account, *number, code, *now).await?;
        }
        for (person, key) in &self.keys {
            vault.keep_key(*person, key).await?;
            stored.keys.push(*person);
        }
        Ok(())
    }
}

impl Stored {
    /// The commit is over: takes the secrets back unless it holds or may hold.
    pub(crate) async fn settle(self, vault: &Vault, appended: &Result<Appended, AppendError>) {
        match appended {
            Ok(appended) if !appended.replayed => {}
            Err(AppendError::Storage(_) | AppendError::Closed) => {}
            Ok(_) | Err(_) => self.take_back(vault).await,
        }
    }

    /// Nobody else has sealed anything with these keys: their persons' ids were never seen outside the command.
    async fn take_back(self, vault: &Vault) {
        for set in &self.passwords {
            warn_of(vault.take_back_password(set).await);
        }
        if !self.keys.is_empty() {
            warn_of(vault.destroy_keys(&self.keys).await.map(drop));
        }
    }
}

fn warn_of(outcome: Result<(), VaultError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "secrets of a command that was not done stay in the vault");
    }
}
