//! The secret address of one's own calendar. None of it is an event: the address is a credential.

use gongyi_domain::{
    access::{
        account::{AccountRefusal, MAKE_CALENDAR_ADDRESS, REVOKE_CALENDAR_ADDRESS},
        authority::{Act, Actor, Subject},
    },
    values::AccountId,
};
use gongyi_vault::CalendarAddress;

use crate::{
    App,
    rejection::{Rejection, refused},
};

fn own_account(actor: &Actor, act: &Act) -> Result<AccountId, Rejection> {
    act.may(actor, &Subject { person: actor.person(), ..Subject::default() }).map_err(refused)?;
    match actor {
        Actor::Account { account, .. } => Ok(*account),
        Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Err(refused(AccountRefusal::UnknownAccount)),
    }
}

impl App {
    /// A new address for the actor's own calendar; the one before ends.
    ///
    /// # Errors
    /// Actors without an account; faults of the vault.
    pub async fn make_calendar_address(&self, actor: &Actor) -> Result<CalendarAddress, Rejection> {
        Ok(self.vault().make_calendar_address(own_account(actor, &MAKE_CALENDAR_ADDRESS)?).await?)
    }

    /// Ends the address of the actor's own calendar; without one, nothing changes.
    ///
    /// # Errors
    /// Actors without an account; faults of the vault.
    pub async fn revoke_calendar_address(&self, actor: &Actor) -> Result<(), Rejection> {
        Ok(self.vault().revoke_calendar_address(own_account(actor, &REVOKE_CALENDAR_ADDRESS)?).await?)
    }

    /// Whose calendar is fetched under this address, as long as the account stands.
    ///
    /// # Errors
    /// Faults of vault and log.
    pub async fn owner_of_calendar(&self, address: &str) -> Result<Option<Actor>, Rejection> {
        let Some(account) = self.vault().account_of_calendar(address).await? else { return Ok(None) };
        self.actor_of(account).await
    }
}
