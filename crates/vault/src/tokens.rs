//! Refresh tokens: each is good once and is exchanged for the next of its family.
//!
//! Whoever presents a used token has a copy, so its whole family is revoked. Only digests are stored.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use gongyi_domain::values::{AccountId, Instant};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    aead,
    error::VaultError,
    vault::{Vault, instant, micros},
};

const TOKEN_BYTES: usize = 32;

/// A refresh token, to hand to the client. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The text to send.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(redacted)")
    }
}

/// What a refresh token was exchanged for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Whose it is. Whether the account may still sign in is for the caller to ask.
    pub account: AccountId,
    /// The family: one sign-in on one device.
    pub family: Uuid,
    /// The account's generation in which it began. Whether that is still the present one is for the caller to ask.
    pub generation: u32,
    /// The next token.
    pub new_token: RefreshToken,
    /// When that one expires.
    pub expires_at: Instant,
}

/// A family of refresh tokens: one sign-in on one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: Uuid,
    /// The account's generation in which it began.
    pub generation: u32,
    /// When a token of it was used last.
    pub used_at: Instant,
}

/// Why a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Never issued, revoked, or long expired.
    #[error("the refresh token is unknown")]
    Unknown,
    /// Too old.
    #[error("the refresh token has expired")]
    Expired,
    /// Used before: somebody has a copy. The whole family is revoked.
    #[error("the refresh token was used before; its family is revoked")]
    Reused,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<sqlx::Error> for RefreshError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

impl Vault {
    /// Issues a refresh token that lives for `ttl`, as do those it is exchanged for; in a new family unless one is named.
    ///
    /// # Errors
    /// [`VaultError::OutOfRange`] for a time to live that reaches beyond the calendar; [`VaultError::Store`].
    pub async fn issue_refresh(
        &self,
        account: AccountId,
        family: Option<Uuid>,
        generation: u32,
        now: Instant,
        ttl: TimeDelta,
    ) -> Result<RefreshToken, VaultError> {
        let family = family.unwrap_or_else(|| uuid::Builder::from_random_bytes(aead::random()).into_uuid());
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM refresh_token WHERE expires_at <= ?").bind(micros(now)).execute(&mut *tx).await?;
        let (token, _) = issue(&mut tx, account, (family, generation), now, ttl).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Exchanges a token for the next. Of several exchanges of one token at once, exactly one succeeds; the others count as
    /// reuse and revoke the family.
    ///
    /// # Errors
    /// See [`RefreshError`].
    pub async fn rotate_refresh(&self, token: &str, now: Instant) -> Result<Rotated, RefreshError> {
        let digest = digest(token);
        let mut tx = self.begin().await?;
        let found = sqlx::query("SELECT family, generation, account, ttl, expires_at, used FROM refresh_token WHERE digest = ?")
            .bind(&digest[..])
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(RefreshError::Unknown)?;
        let id = |column: &str| -> Result<Uuid, RefreshError> {
            Ok(Uuid::from_slice(found.try_get(column)?).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))?)
        };
        let (family, account) = (id("family")?, AccountId(id("account")?));
        if found.try_get::<bool, _>("used")? {
            sqlx::query("DELETE FROM refresh_token WHERE family = ?").bind(&family.as_bytes()[..]).execute(&mut *tx).await?;
            tx.commit().await?;
            return Err(RefreshError::Reused);
        }
        if found.try_get::<i64, _>("expires_at")? <= micros(now) {
            return Err(RefreshError::Expired);
        }
        sqlx::query("UPDATE refresh_token SET used = 1 WHERE digest = ?").bind(&digest[..]).execute(&mut *tx).await?;
        let ttl = TimeDelta::microseconds(found.try_get("ttl")?);
        let generation: u32 = found.try_get("generation")?;
        let (new_token, expires_at) = issue(&mut tx, account, (family, generation), now, ttl).await?;
        tx.commit().await?;
        Ok(Rotated { account, family, generation, new_token, expires_at })
    }

    /// Revokes the family of a token: signing out on one device. An unknown token is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn revoke_refresh(&self, token: &str) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM refresh_token WHERE family = (SELECT family FROM refresh_token WHERE digest = ?)")
            .bind(&digest(token)[..])
            .execute(&self.0.writer)
            .await?;
        Ok(())
    }

    /// Revokes all tokens of a family of an account. An unknown one, or another's, is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn revoke_family(&self, account: AccountId, family: Uuid) -> Result<(), VaultError> {
        let delete = sqlx::query("DELETE FROM refresh_token WHERE family = ? AND account = ?").bind(&family.as_bytes()[..]);
        delete.bind(&account.0.as_bytes()[..]).execute(&self.0.writer).await?;
        Ok(())
    }

    /// Revokes the tokens of an account's generations before this one. Again is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn revoke_before(&self, account: AccountId, generation: u32) -> Result<(), VaultError> {
        let delete = sqlx::query("DELETE FROM refresh_token WHERE account = ? AND generation < ?").bind(account.0.as_bytes().to_vec());
        delete.bind(generation).execute(&self.0.writer).await?;
        Ok(())
    }

    /// The families of an account whose tokens can be used now, the last used first.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::Damaged`].
    pub async fn families(&self, account: AccountId, now: Instant) -> Result<Vec<Family>, VaultError> {
        let rows = sqlx::query(
            "SELECT family, generation, expires_at - ttl AS used_at FROM refresh_token
             WHERE account = ? AND used = 0 AND expires_at > ? ORDER BY used_at DESC",
        )
        .bind(&account.0.as_bytes()[..])
        .bind(micros(now))
        .fetch_all(&self.0.readers)
        .await?;
        let family = |row: &sqlx::sqlite::SqliteRow| {
            let id = Uuid::from_slice(row.try_get("family")?).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))?;
            Ok(Family { id, generation: row.try_get("generation")?, used_at: instant(row.try_get("used_at")?)? })
        };
        rows.iter().map(family).collect()
    }

    /// Revokes all tokens of an account: signing out everywhere. An unknown one is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn revoke_account(&self, account: AccountId) -> Result<(), VaultError> {
        let delete = sqlx::query("DELETE FROM refresh_token WHERE account = ?").bind(&account.0.as_bytes()[..]);
        delete.execute(&self.0.writer).await?;
        Ok(())
    }
}

pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

async fn issue(
    tx: &mut SqliteConnection,
    account: AccountId,
    (family, generation): (Uuid, u32),
    now: Instant,
    ttl: TimeDelta,
) -> Result<(RefreshToken, Instant), VaultError> {
    let out_of_range = VaultError::OutOfRange("a token's time to live");
    let (Some(expires_at), Some(ttl)) = (now.checked_add_signed(ttl), ttl.num_microseconds()) else { return Err(out_of_range) };
    let bytes = Zeroizing::new(aead::random::<TOKEN_BYTES>());
    let token = RefreshToken(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())));
    sqlx::query("INSERT INTO refresh_token (digest, family, generation, account, ttl, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&digest(token.as_str())[..])
        .bind(&family.as_bytes()[..])
        .bind(generation)
        .bind(&account.0.as_bytes()[..])
        .bind(ttl)
        .bind(micros(expires_at))
        .execute(tx)
        .await?;
    Ok((token, expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, second, stored_somewhere};

    const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));
    const HOUR: TimeDelta = TimeDelta::hours(1);

    async fn rotate(vault: &Vault, token: &RefreshToken, at: i64) -> Result<Rotated, RefreshError> {
        vault.rotate_refresh(token.as_str(), second(at)).await
    }

    #[tokio::test]
    async fn a_token_is_exchanged_for_the_next_of_its_family() {
        let (dir, vault) = fresh().await;
        let family = Uuid::from_u128(9);
        let token = vault.issue_refresh(ACCOUNT, Some(family), 0, second(0), HOUR).await.unwrap();
        let next = rotate(&vault, &token, 3599).await.unwrap();
        assert_eq!((next.account, next.family, next.expires_at), (ACCOUNT, family, second(3599 + 3600)));
        assert_ne!(next.new_token, token);
        assert!(rotate(&vault, &next.new_token, 7198).await.is_ok(), "each lives as long as the first");
        assert!(!stored_somewhere(&dir, token.as_str().as_bytes()), "only digests are stored");
    }

    #[tokio::test]
    async fn a_token_used_twice_revokes_its_family_and_no_other() {
        let (_dir, vault) = fresh().await;
        let token = vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        let elsewhere = vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        let next = rotate(&vault, &token, 1).await.unwrap();
        assert!(matches!(rotate(&vault, &token, 2).await, Err(RefreshError::Reused)));
        assert!(matches!(rotate(&vault, &next.new_token, 3).await, Err(RefreshError::Unknown)));
        assert!(rotate(&vault, &elsewhere, 3).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_or_expired_token_is_refused() {
        let (_dir, vault) = fresh().await;
        for unknown in ["", "AAAA", "陈静"] {
            assert!(matches!(vault.rotate_refresh(unknown, second(0)).await, Err(RefreshError::Unknown)));
        }
        let token = vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        assert!(matches!(rotate(&vault, &token, 3600).await, Err(RefreshError::Expired)));
        assert!(matches!(vault.issue_refresh(ACCOUNT, None, 0, second(0), TimeDelta::MAX).await, Err(VaultError::OutOfRange(_))));
    }

    #[tokio::test]
    async fn of_many_exchanges_at_once_exactly_one_succeeds() {
        let (_dir, vault) = fresh().await;
        let token = vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        let exchanges = (0..16).map(|_| {
            let (vault, token) = (vault.clone(), token.clone());
            tokio::spawn(async move { rotate(&vault, &token, 1).await })
        });
        let (mut succeeded, mut reused) = (0, 0);
        for exchange in exchanges.collect::<Vec<_>>() {
            match exchange.await.unwrap() {
                Ok(_) => succeeded += 1,
                Err(RefreshError::Reused) => reused += 1,
                Err(error) => assert!(matches!(error, RefreshError::Unknown), "{error}"),
            }
        }
        assert_eq!((succeeded, reused), (1, 1), "the first that comes too late revokes the family; the rest find nothing");
    }

    #[tokio::test]
    async fn revoking_ends_the_token_the_family_or_all_of_the_account() {
        let (_dir, vault) = fresh().await;
        let family = Uuid::from_u128(9);
        let mut tokens = Vec::new();
        for family in [Some(family), None, None] {
            tokens.push(vault.issue_refresh(ACCOUNT, family, 0, second(0), HOUR).await.unwrap());
        }
        vault.revoke_family(AccountId(Uuid::from_u128(2)), family).await.unwrap();
        assert_eq!(vault.families(ACCOUNT, second(1)).await.unwrap().len(), 3, "it is not theirs");
        vault.revoke_family(ACCOUNT, family).await.unwrap();
        assert!(vault.families(ACCOUNT, second(1)).await.unwrap().iter().all(|it| it.id != family && it.used_at == second(0)));
        assert!(matches!(rotate(&vault, &tokens[0], 1).await, Err(RefreshError::Unknown)));
        let next = rotate(&vault, &tokens[1], 1).await.unwrap().new_token;
        vault.revoke_refresh(tokens[1].as_str()).await.unwrap();
        assert!(matches!(rotate(&vault, &next, 2).await, Err(RefreshError::Unknown)));
        vault.revoke_account(ACCOUNT).await.unwrap();
        assert!(matches!(rotate(&vault, &tokens[2], 2).await, Err(RefreshError::Unknown)));
        vault.revoke_account(ACCOUNT).await.unwrap();
        vault.revoke_family(ACCOUNT, family).await.unwrap();
        vault.revoke_refresh("unknown").await.unwrap();
    }

    #[tokio::test]
    async fn expired_tokens_are_forgotten() {
        let (_dir, vault) = fresh().await;
        vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        vault.issue_refresh(ACCOUNT, None, 0, second(3600), HOUR).await.unwrap();
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_token").fetch_one(&vault.0.readers).await.unwrap();
        assert_eq!(kept, 1);
    }

    #[tokio::test]
    async fn debug_shows_no_token() {
        let (_dir, vault) = fresh().await;
        let token = vault.issue_refresh(ACCOUNT, None, 0, second(0), HOUR).await.unwrap();
        let rotated = rotate(&vault, &token, 1).await.unwrap();
        assert_eq!(format!("{token:?}"), "RefreshToken(redacted)");
        assert!(!format!("{rotated:?}").contains(rotated.new_token.as_str()));
    }
}
