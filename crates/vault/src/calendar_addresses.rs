//! Secret addresses of calendars: who has the address reads the calendar, without signing in.
//!
//! - An account has at most one; a new one ends the one before. Only digests are stored.
//! - It goes with the account's credentials.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::values::AccountId;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{aead, error::VaultError, tokens::digest, vault::Vault};

const ADDRESS_BYTES: usize = 32;

/// The secret part of an address: 43 characters of base64url. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarAddress(Zeroizing<String>);

impl CalendarAddress {
    /// The text to hand out.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CalendarAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CalendarAddress(redacted)")
    }
}

impl Vault {
    /// A new address for the account; the one before ends.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn make_calendar_address(&self, account: AccountId) -> Result<CalendarAddress, VaultError> {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(aead::random::<ADDRESS_BYTES>()));
        let insert = "INSERT INTO calendar_address (account, digest) VALUES (?, ?)
            ON CONFLICT (account) DO UPDATE SET digest = excluded.digest";
        let digest = digest(&secret);
        sqlx::query(insert).bind(&account.0.as_bytes()[..]).bind(&digest[..]).execute(&self.0.writer).await?;
        Ok(CalendarAddress(secret))
    }

    /// Ends the account's address, if it has one.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn revoke_calendar_address(&self, account: AccountId) -> Result<(), VaultError> {
        let delete = sqlx::query("DELETE FROM calendar_address WHERE account = ?").bind(&account.0.as_bytes()[..]);
        delete.execute(&self.0.writer).await?;
        Ok(())
    }

    /// Whose address this is; whether that account still stands is for the caller to ask.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn account_of_calendar(&self, address: &str) -> Result<Option<AccountId>, VaultError> {
        let select = sqlx::query_scalar("SELECT account FROM calendar_address WHERE digest = ?");
        let found: Option<Vec<u8>> = select.bind(&digest(address)[..]).fetch_optional(&self.0.readers).await?;
        let account = |bytes: Vec<u8>| Uuid::from_slice(&bytes).map_err(|_| VaultError::Damaged("an account's id is malformed"));
        Ok(found.map(account).transpose()?.map(AccountId))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fresh;

    #[tokio::test]
    async fn an_address_holds_until_the_next_or_until_it_ends() {
        let (_folder, vault) = fresh().await;
        let (one, two) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let first = vault.make_calendar_address(one).await.unwrap();
        let others = vault.make_calendar_address(two).await.unwrap();
        assert_eq!(vault.account_of_calendar(first.as_str()).await.unwrap(), Some(one));
        assert!(!format!("{first:?}").contains(first.as_str()));
        let second = vault.make_calendar_address(one).await.unwrap();
        assert_eq!(vault.account_of_calendar(first.as_str()).await.unwrap(), None);
        vault.revoke_calendar_address(one).await.unwrap();
        vault.revoke_calendar_address(one).await.unwrap();
        assert_eq!(vault.account_of_calendar(second.as_str()).await.unwrap(), None);
        vault.remove_credentials(two).await.unwrap();
        assert_eq!(vault.account_of_calendar(others.as_str()).await.unwrap(), None);
    }
}
