//! The Ed25519 keys that sign access tokens.
//!
//! One key signs. Rotating retires it: its private half is destroyed, its public half stays published until every token it
//! signed has expired.

use std::{fmt, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ed25519_dalek::SigningKey as Ed25519Key;
use gongyi_domain::values::Instant;
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zeroize::Zeroizing;

use crate::{
    aead::{self, KeyBytes},
    error::VaultError,
    kek::KeyEncryptionKey,
    stops::stop_at,
    vault::{Vault, instant, micros},
};

/// How long a retired key's public half stays published. No access token may live longer than this.
pub const SIGNING_KEY_PUBLISHED_SECONDS: i64 = 24 * 60 * 60;

const SIGNING_KEY_LABEL: &[u8] = b"gongyi signing key v1";
/// PKCS #8 before the 32 bytes of an Ed25519 private key (RFC 8410, section 7).
const PKCS8_ED25519_PREFIX: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The associated data of a wrapped signing key.
pub(crate) fn signing_key_aad(kid: &str) -> Vec<u8> {
    [SIGNING_KEY_LABEL, kid.as_bytes()].concat()
}

/// A key pair for access tokens.
#[derive(Clone)]
pub struct SigningKey {
    /// Its id in a token's header: the JWK thumbprint (RFC 7638).
    pub kid: String,
    /// The private half (PKCS #8, RFC 8410); `None` once retired. Wiped when dropped.
    pub pkcs8_der: Option<Zeroizing<Vec<u8>>>,
    /// The public half.
    pub public: [u8; 32],
    /// When it was made.
    pub created: Instant,
    /// When it stopped signing.
    pub retired: Option<Instant>,
}

impl SigningKey {
    /// Whether the public half is to be published at `now`: it signs, or what it signed may not have expired yet.
    pub fn is_published(&self, now: Instant) -> bool {
        self.retired.is_none_or(|retired| now < retired + TimeDelta::seconds(SIGNING_KEY_PUBLISHED_SECONDS))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("pkcs8_der", &self.pkcs8_der.as_ref().map(|_| "redacted"))
            .field("created", &self.created)
            .field("retired", &self.retired)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// All signing keys: first the one that signs, then the retired ones that are still kept, the latest first.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::Damaged`].
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, VaultError> {
        match self.signing_keys_once().await {
            Err(error) if self.has_new_kek(&error).await? => self.signing_keys_once().await,
            done => done,
        }
    }

    async fn signing_keys_once(&self) -> Result<Vec<SigningKey>, VaultError> {
        let wrapping = self.0.wrapping.read().await;
        let rows = sqlx::query(
            "SELECT kid, public, wrapped, created, retired FROM signing_key
             ORDER BY retired IS NOT NULL, retired DESC, created DESC",
        )
        .fetch_all(&self.0.readers)
        .await?;
        rows.iter().map(|row| stored(row, &wrapping.kek)).collect()
    }

    /// The key that signs.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::Damaged`].
    pub async fn current_signing_key(&self) -> Result<SigningKey, VaultError> {
        let first = self.signing_keys().await?.into_iter().next();
        first.filter(|key| key.retired.is_none()).ok_or(VaultError::Damaged("no key signs"))
    }

    /// Makes a new key that signs from now on and retires the present one. Forgets those whose tokens have expired.
    ///
    /// # Errors
    /// [`VaultError::WrongKeyEncryptionKey`] if another process has changed the KEK; [`VaultError::Store`].
    pub async fn rotate_signing_key(&self, now: Instant) -> Result<SigningKey, VaultError> {
        match self.rotate_signing_key_once(now).await {
            Err(error) if self.has_new_kek(&error).await? => self.rotate_signing_key_once(now).await,
            done => done,
        }
    }

    async fn rotate_signing_key_once(&self, now: Instant) -> Result<SigningKey, VaultError> {
        let wrapping = self.0.wrapping.read().await;
        let mut tx = self.begin_wrapping(&wrapping).await?;
        let expired = micros(now - TimeDelta::seconds(SIGNING_KEY_PUBLISHED_SECONDS));
        sqlx::query("DELETE FROM signing_key WHERE retired <= ?").bind(expired).execute(&mut *tx).await?;
        let retire = sqlx::query("UPDATE signing_key SET retired = ?, wrapped = NULL WHERE retired IS NULL").bind(micros(now));
        retire.execute(&mut *tx).await?;
        let key = make(&mut tx, &wrapping.kek, now).await?;
        stop_at("another key signs");
        tx.commit().await?;
        stop_at("signing key rotated");
        self.wipe_traces().await?;
        Ok(key)
    }

    /// Makes the first key of a new vault. The only place where the vault looks at the clock.
    #[expect(clippy::disallowed_methods, reason = "the vault is opened before anybody could hand it the time")]
    pub(crate) async fn ensure_signing_key(&self) -> Result<(), VaultError> {
        let wrapping = self.0.wrapping.read().await;
        let mut tx = self.begin_wrapping(&wrapping).await?;
        let current = sqlx::query("SELECT 1 FROM signing_key WHERE retired IS NULL").fetch_optional(&mut *tx).await?;
        if current.is_none() {
            make(&mut tx, &wrapping.kek, Instant::from(SystemTime::now())).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn make(tx: &mut SqliteConnection, kek: &KeyEncryptionKey, now: Instant) -> Result<SigningKey, VaultError> {
    let seed = KeyBytes::new(aead::random());
    let public = Ed25519Key::from_bytes(&seed).verifying_key().to_bytes();
    let der = Zeroizing::new([&PKCS8_ED25519_PREFIX[..], &seed[..]].concat());
    let kid = thumbprint(&public);
    sqlx::query("INSERT INTO signing_key (kid, public, wrapped, created) VALUES (?, ?, ?, ?)")
        .bind(&kid)
        .bind(&public[..])
        .bind(kek.wrap(&signing_key_aad(&kid), &der))
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(SigningKey { kid, pkcs8_der: Some(der), public, created: instant(micros(now))?, retired: None })
}

fn stored(row: &SqliteRow, kek: &KeyEncryptionKey) -> Result<SigningKey, VaultError> {
    let kid: String = row.try_get("kid")?;
    let pkcs8_der = match row.try_get::<Option<&[u8]>, _>("wrapped")? {
        Some(wrapped) => {
            let der = kek.unwrap_secret(&signing_key_aad(&kid), wrapped);
            Some(der.ok_or(VaultError::Damaged("a signing key does not open"))?)
        }
        None => None,
    };
    let public = row.try_get::<&[u8], _>("public")?.try_into().map_err(|_| VaultError::Damaged("a public key has not 32 bytes"))?;
    let retired = row.try_get::<Option<i64>, _>("retired")?.map(instant).transpose()?;
    Ok(SigningKey { kid, pkcs8_der, public, created: instant(row.try_get("created")?)?, retired })
}

/// The JWK thumbprint of an Ed25519 public key (RFC 7638 with the members of RFC 8037).
fn thumbprint(public: &[u8; 32]) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, kek, second, stored_somewhere};
    use crate::vault::VAULT_FILE;

    #[tokio::test]
    async fn a_new_vault_has_a_key_that_signs_and_keeps_it() {
        let (dir, vault) = fresh().await;
        let key = vault.current_signing_key().await.unwrap();
        vault.close().await;
        let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        let keys = vault.signing_keys().await.unwrap();
        assert_eq!((keys.len(), &keys[0].kid, &keys[0].pkcs8_der), (1, &key.kid, &key.pkcs8_der));
    }

    #[tokio::test]
    async fn the_two_halves_belong_together() {
        let (_dir, vault) = fresh().await;
        let key = vault.current_signing_key().await.unwrap();
        let der = key.pkcs8_der.unwrap();
        assert_eq!(der.len(), 48);
        let seed: [u8; 32] = der[16..].try_into().unwrap();
        assert_eq!(Ed25519Key::from_bytes(&seed).verifying_key().to_bytes(), key.public);
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037() {
        let public = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(&public.try_into().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[tokio::test]
    async fn a_rotated_key_stays_published_until_its_tokens_have_expired() {
        let (_dir, vault) = fresh().await;
        let first = vault.current_signing_key().await.unwrap();
        let second_key = vault.rotate_signing_key(second(0)).await.unwrap();
        let keys = vault.signing_keys().await.unwrap();
        assert_eq!(keys.iter().map(|key| &key.kid).collect::<Vec<_>>(), [&second_key.kid, &first.kid]);
        assert!(keys[1].pkcs8_der.is_none() && keys[1].retired == Some(second(0)));
        assert!(keys[1].is_published(second(SIGNING_KEY_PUBLISHED_SECONDS - 1)));
        assert!(!keys[1].is_published(second(SIGNING_KEY_PUBLISHED_SECONDS)));

        vault.rotate_signing_key(second(SIGNING_KEY_PUBLISHED_SECONDS - 1)).await.unwrap();
        assert_eq!(vault.signing_keys().await.unwrap().len(), 3);
        vault.rotate_signing_key(second(SIGNING_KEY_PUBLISHED_SECONDS)).await.unwrap();
        let keys = vault.signing_keys().await.unwrap();
        assert!(keys.len() == 3 && keys.iter().all(|key| key.kid != first.kid));
    }

    #[tokio::test]
    async fn rotating_at_once_leaves_one_key_that_signs() {
        let (_dir, vault) = fresh().await;
        let rotating = (0..8).map(|_| {
            let vault = vault.clone();
            tokio::spawn(async move { vault.rotate_signing_key(second(0)).await.unwrap() })
        });
        for rotated in rotating.collect::<Vec<_>>() {
            rotated.await.unwrap();
        }
        let keys = vault.signing_keys().await.unwrap();
        assert_eq!((keys.len(), keys.iter().filter(|key| key.retired.is_none()).count()), (9, 1));
    }

    #[tokio::test]
    async fn the_private_half_of_a_retired_key_is_in_no_file() {
        let (dir, vault) = fresh().await;
        let wrapped: Vec<u8> = sqlx::query_scalar("SELECT wrapped FROM signing_key").fetch_one(&vault.0.readers).await.unwrap();
        assert!(stored_somewhere(&dir, &wrapped));
        vault.rotate_signing_key(second(0)).await.unwrap();
        assert!(!stored_somewhere(&dir, &wrapped));
    }

    #[tokio::test]
    async fn debug_shows_no_private_half() {
        let (_dir, vault) = fresh().await;
        let key = vault.current_signing_key().await.unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("redacted") && !shown.contains("[48"), "{shown}");
    }
}
