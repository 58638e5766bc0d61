//! Devices on which an account was signed in to before: guesses from elsewhere hold them up as little as if there were none.
//!
//! A device has a long random token of one account, of which only a digest is stored. It proves nothing by itself: whoever has it
//! still needs the password, and has few guesses with it.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use gongyi_domain::values::{AccountId, Instant};
use zeroize::Zeroizing;

use crate::{
    aead,
    error::VaultError,
    tokens::digest,
    vault::{Vault, micros},
};

/// How long a device is known without being used, in seconds: half a year.
pub const KNOWN_DEVICE_MAX_SECONDS: i64 = 180 * 24 * 60 * 60;
/// How many devices of an account are known: the last ones used.
pub const KNOWN_DEVICES_MAX_COUNT: u32 = 20;

const TOKEN_BYTES: usize = 32;

/// A device's token, to hand to the client. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(Zeroizing<String>);

impl DeviceToken {
    /// The text to send.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(redacted)")
    }
}

/// A device that is known for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice(pub(crate) [u8; 32]);

impl Vault {
    /// The device of this token, if this account is known on it.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn known_device(&self, account: AccountId, token: &str, now: Instant) -> Result<Option<KnownDevice>, VaultError> {
        let digest = digest(token);
        let found = sqlx::query("SELECT 1 FROM known_device WHERE digest = ? AND account = ? AND seen_at > ?")
            .bind(&digest[..])
            .bind(&account.0.as_bytes()[..])
            .bind(micros(now - TimeDelta::seconds(KNOWN_DEVICE_MAX_SECONDS)))
            .fetch_optional(&self.0.readers)
            .await?;
        Ok(found.map(|_| KnownDevice(digest)))
    }

    /// Remembers the device that the account was signed in on: under the token it has, or under a new one.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn remember_device(&self, account: AccountId, token: Option<&str>, now: Instant) -> Result<DeviceToken, VaultError> {
        let known = match token {
            Some(token) => self.known_device(account, token, now).await?.map(|_| DeviceToken(Zeroizing::new(token.to_owned()))),
            None => None,
        };
        let token = known.unwrap_or_else(|| DeviceToken(Zeroizing::new(URL_SAFE_NO_PAD.encode(aead::random::<TOKEN_BYTES>()))));
        let id = &account.0.as_bytes()[..];
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO known_device (digest, account, seen_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(&digest(token.as_str())[..])
        .bind(id)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM known_device WHERE account = ?1 AND digest NOT IN
             (SELECT digest FROM known_device WHERE account = ?1 ORDER BY seen_at DESC LIMIT ?2)",
        )
        .bind(id)
        .bind(KNOWN_DEVICES_MAX_COUNT)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Forgets all devices of an account. Again is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn forget_devices(&self, account: AccountId) -> Result<(), VaultError> {
        let forget = sqlx::query("DELETE FROM known_device WHERE account = ?").bind(account.0.as_bytes().to_vec());
        forget.execute(&self.0.writer).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::{fresh, second, stored_somewhere};

    const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));
    const OTHER: AccountId = AccountId(Uuid::from_u128(2));

    #[tokio::test]
    async fn a_device_is_known_to_its_account_and_keeps_its_token() {
        let (dir, vault) = fresh().await;
        let token = vault.remember_device(ACCOUNT, None, second(0)).await.unwrap();
        assert!(vault.known_device(ACCOUNT, token.as_str(), second(1)).await.unwrap().is_some());
        assert!(vault.known_device(OTHER, token.as_str(), second(1)).await.unwrap().is_none());
        assert!(vault.known_device(ACCOUNT, "", second(1)).await.unwrap().is_none());
        assert_eq!(vault.remember_device(ACCOUNT, Some(token.as_str()), second(2)).await.unwrap(), token);
        let theirs = vault.remember_device(OTHER, Some(token.as_str()), second(2)).await.unwrap();
        assert_ne!(theirs, token, "nobody chooses a token, nor takes another's");
        assert!(!stored_somewhere(&dir, token.as_str().as_bytes()));
        assert_eq!(format!("{token:?}"), "DeviceToken(redacted)");
        vault.forget_devices(ACCOUNT).await.unwrap();
        vault.forget_devices(ACCOUNT).await.unwrap();
        assert!(vault.known_device(ACCOUNT, token.as_str(), second(3)).await.unwrap().is_none());
        assert!(vault.known_device(OTHER, theirs.as_str(), second(3)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_device_is_forgotten_by_disuse_and_by_newer_ones() {
        let (_dir, vault) = fresh().await;
        let first = vault.remember_device(ACCOUNT, None, second(0)).await.unwrap();
        let knows = async |at| vault.known_device(ACCOUNT, first.as_str(), second(at)).await.unwrap().is_some();
        assert!(knows(KNOWN_DEVICE_MAX_SECONDS - 1).await && !knows(KNOWN_DEVICE_MAX_SECONDS).await);
        for n in 1..i64::from(KNOWN_DEVICES_MAX_COUNT) {
            vault.remember_device(ACCOUNT, None, second(n)).await.unwrap();
        }
        assert!(knows(100).await);
        vault.remember_device(ACCOUNT, None, second(100)).await.unwrap();
        assert!(!knows(100).await, "the one that was used longest ago");
    }
}
