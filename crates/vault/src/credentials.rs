//! Passwords: Argon2id, peppered with a key of the vault, so that a stolen file alone cannot be searched.
//!
//! Hashing takes memory and time on purpose, so at most [`HASHES_AT_ONCE_MAX`] run at once, off the async threads. An
//! unknown account costs as much as a known one. Limit attempts before verifying: [`crate::Attempts`].

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use gongyi_domain::values::AccountId;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    aead,
    error::VaultError,
    vault::{Inner, Vault},
};

/// Argon2id's memory (OWASP Password Storage Cheat Sheet: 19 MiB with two passes and one lane).
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
/// Argon2id's passes over that memory.
pub const ARGON2_PASSES: u32 = 2;
/// Argon2id's lanes.
pub const ARGON2_LANES: u32 = 1;
/// The shortest password, in characters after NFKC.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// The longest password, in characters after NFKC.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// How many guesses, in the order in which guessers try, it takes at least to come upon a password: what stands on the lists of
/// common ones, on a keyboard in a row, or is counted up, takes fewer.
pub const PASSWORD_MIN_GUESSES: u64 = 1_000_000;
/// What passwords are made of here; the lists that ship with zxcvbn were gathered elsewhere.
const COMMON_HERE: [&str; 14] =
    ["5201314", "1314520", "woaini", "woaini1314", "1314", "520", "521", "aini", "wodemima", "mima", "nihao", "zhangsan", "lisi", "wangwu"];
/// How many passwords are hashed at once.
pub const HASHES_AT_ONCE_MAX: usize = 2;

const SALT_BYTES: usize = 16;

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// Shorter than [`PASSWORD_MIN_CHARS`].
    #[error("a password has at least {PASSWORD_MIN_CHARS} characters")]
    TooShort,
    /// Longer than [`PASSWORD_MAX_CHARS`].
    #[error("a password has at most {PASSWORD_MAX_CHARS} characters")]
    TooLong,
    /// It takes fewer than [`PASSWORD_MIN_GUESSES`] to come upon it.
    #[error("the password is common, or follows a pattern")]
    Common,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<sqlx::Error> for SetPasswordError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// A password that was set, and what it took the place of: hashes, not the passwords.
pub struct SetPassword {
    account: AccountId,
    phc: String,
    before: Option<String>,
}

/// Whether this could be a password.
///
/// # Errors
/// [`SetPasswordError::TooShort`] and [`SetPasswordError::TooLong`] count characters after NFKC; [`SetPasswordError::Common`].
pub fn check_password(password: &str) -> Result<(), SetPasswordError> {
    let password = normalised(password);
    match password.chars().count() {
        ..PASSWORD_MIN_CHARS => Err(SetPasswordError::TooShort),
        PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS if zxcvbn::zxcvbn(&password, &COMMON_HERE).guesses() < PASSWORD_MIN_GUESSES => {
            Err(SetPasswordError::Common)
        }
        PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS => Ok(()),
        _ => Err(SetPasswordError::TooLong),
    }
}

impl Vault {
    /// Sets or replaces the account's password. Sessions stay; end them with [`Self::revoke_account`].
    ///
    /// # Errors
    /// As [`check_password`]; faults of the vault.
    pub async fn set_password(&self, account: AccountId, password: &str) -> Result<SetPassword, SetPasswordError> {
        check_password(password)?;
        let password = normalised(password);
        let phc = self.hashing(move |vault| hash(vault, &password)).await??;
        let id = &account.0.as_bytes()[..];
        let mut tx = self.begin().await?;
        let before = sqlx::query_scalar("SELECT phc FROM password WHERE account = ?").bind(id).fetch_optional(&mut *tx).await?;
        sqlx::query("INSERT INTO password (account, phc) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET phc = excluded.phc")
            .bind(id)
            .bind(&phc)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(SetPassword { account, phc, before })
    }

    /// Puts back what was there before the password was set, unless it was changed since.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn take_back_password(&self, set: &SetPassword) -> Result<(), VaultError> {
        let id = &set.account.0.as_bytes()[..];
        let undo = match &set.before {
            Some(before) => {
                sqlx::query("UPDATE password SET phc = ?3 WHERE account = ?1 AND phc = ?2").bind(id).bind(&set.phc).bind(before)
            }
            None => sqlx::query("DELETE FROM password WHERE account = ?1 AND phc = ?2").bind(id).bind(&set.phc),
        };
        undo.execute(&self.0.writer).await?;
        Ok(())
    }

    /// Whether this is the account's password. Without an account, or one without a password, it takes as long to say no.
    /// A right password hashed with outdated parameters is hashed anew.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`], [`VaultError::HashingStopped`].
    pub async fn verify_password(&self, account: Option<AccountId>, password: &str) -> Result<bool, VaultError> {
        let id = account.map(|account| account.0.as_bytes().to_vec());
        // An unknown account asks the store, too.
        let phc: Option<String> =
            sqlx::query_scalar("SELECT phc FROM password WHERE account = ?").bind(&id).fetch_optional(&self.0.readers).await?;
        let password = normalised(password);
        let known = phc.is_some();
        let old = phc.unwrap_or_else(dummy_phc);
        let phc = old.clone();
        let (right, renewed) = self
            .hashing(move |vault| {
                let stored = PasswordHash::new(&phc).map_err(|_| VaultError::Damaged("a password hash is malformed"))?;
                let right = argon2(vault)?.verify_password(password.as_bytes(), &stored).is_ok() && known;
                let renewed = if right && is_outdated(&stored) { Some(hash(vault, &password)?) } else { None };
                Ok::<_, VaultError>((right, renewed))
            })
            .await??;
        if let Some(renewed) = renewed {
            // Unless it was changed meanwhile.
            let update = sqlx::query("UPDATE password SET phc = ? WHERE account = ? AND phc = ?").bind(renewed).bind(&id).bind(old);
            update.execute(&self.0.writer).await?;
        }
        Ok(right)
    }

    /// Removes the account's password, codes, refresh tokens, devices and its calendar's address, and wipes their traces. Again is no error.
    ///
    /// # Errors
    /// [`VaultError::TracesRemain`] if a reader of another process keeps the WAL: do it again.
    pub async fn remove_credentials(&self, account: AccountId) -> Result<(), VaultError> {
        let id = &account.0.as_bytes()[..];
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM password WHERE account = ?").bind(id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM refresh_token WHERE account = ?").bind(id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM calendar_address WHERE account = ?").bind(id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM sign_in_code WHERE account = ?").bind(id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM known_device WHERE account = ?").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        self.wipe_traces().await
    }

    /// Runs `work` on a blocking thread, at most [`HASHES_AT_ONCE_MAX`] at once; also if the caller goes away.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> T + Send + 'static) -> Result<T, VaultError> {
        let vault = Arc::clone(&self.0);
        let permit = Arc::clone(&vault.hashing).acquire_owned().await.map_err(|_| VaultError::HashingStopped)?;
        let hashing = tokio::task::spawn_blocking(move || {
            let done = work(&vault);
            drop(permit);
            done
        });
        hashing.await.map_err(|_| VaultError::HashingStopped)
    }
}

fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

fn params() -> Result<Params, VaultError> {
    Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None).map_err(|_| VaultError::OutOfRange("Argon2's parameters"))
}

fn argon2(vault: &Inner) -> Result<Argon2<'_>, VaultError> {
    Argon2::new_with_secret(&vault.subkeys.pepper[..], Algorithm::Argon2id, Version::V0x13, params()?)
        .map_err(|_| VaultError::OutOfRange("Argon2's parameters"))
}

fn hash(vault: &Inner, password: &str) -> Result<String, VaultError> {
    let salt = aead::random::<SALT_BYTES>();
    let phc = argon2(vault)?.hash_password_with_salt(password.as_bytes(), &salt);
    phc.map(|phc| phc.to_string()).map_err(|_| VaultError::OutOfRange("a password"))
}

fn is_outdated(stored: &PasswordHash) -> bool {
    let current = params().ok().map(|params| (params.m_cost(), params.t_cost(), params.p_cost()));
    let used = Params::try_from(stored).ok().map(|params| (params.m_cost(), params.t_cost(), params.p_cost()));
    used != current || stored.algorithm != Algorithm::Argon2id.ident() || stored.version != Some(Version::V0x13.into())
}

/// A hash that no password has, with today's parameters.
fn dummy_phc() -> String {
    let (salt, output) = (aead::random::<SALT_BYTES>(), aead::random::<32>());
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    format!("$argon2id$v=19$m={ARGON2_MEMORY_KIB},t={ARGON2_PASSES},p={ARGON2_LANES}${salt}${output}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::{fresh, second, stored_somewhere};

    const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));
    const PASSWORD: &str = "correct horse 电池";

    async fn phc(vault: &Vault) -> String {
        sqlx::query_scalar("SELECT phc FROM password").fetch_one(&vault.0.readers).await.unwrap()
    }

    #[tokio::test]
    async fn the_password_set_is_the_one_that_is_right() {
        let (_dir, vault) = fresh().await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        assert!(vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
        assert!(!vault.verify_password(Some(ACCOUNT), "correct horse 電池").await.unwrap());
    }

    #[tokio::test]
    async fn setting_it_again_replaces_it() {
        let (_dir, vault) = fresh().await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let before = phc(&vault).await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        assert_ne!(phc(&vault).await, before, "a salt of its own");
        vault.set_password(ACCOUNT, "another one entirely").await.unwrap();
        assert!(!vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
    }

    #[tokio::test]
    async fn what_was_set_can_be_taken_back_and_nothing_else() {
        let (_dir, vault) = fresh().await;
        let rows = async || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM password").fetch_one(&vault.0.readers).await.unwrap();
        let first = vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let second = vault.set_password(ACCOUNT, "another one entirely").await.unwrap();
        vault.take_back_password(&first).await.unwrap();
        assert!(vault.verify_password(Some(ACCOUNT), "another one entirely").await.unwrap(), "it was changed since");
        vault.take_back_password(&second).await.unwrap();
        assert!(vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
        vault.take_back_password(&first).await.unwrap();
        vault.take_back_password(&first).await.unwrap();
        assert_eq!(rows().await, 0);
    }

    #[tokio::test]
    async fn nobody_and_strangers_have_no_password() {
        let (_dir, vault) = fresh().await;
        assert!(!vault.verify_password(None, PASSWORD).await.unwrap());
        assert!(!vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
    }

    #[test]
    fn the_dummy_costs_what_a_hash_of_today_costs() {
        let dummy = dummy_phc();
        let parsed = PasswordHash::new(&dummy).unwrap();
        assert!(!is_outdated(&parsed));
        assert_eq!(parsed.hash.unwrap().len(), 32);
    }

    #[tokio::test]
    async fn length_is_counted_in_characters_after_nfkc() {
        let (_dir, vault) = fresh().await;
        assert!(matches!(vault.set_password(ACCOUNT, "密码密码密码密码密").await, Err(SetPasswordError::TooShort)));
        let long: String = ('\u{4e00}'..).step_by(37).take(PASSWORD_MAX_CHARS).collect();
        assert!(matches!(vault.set_password(ACCOUNT, &format!("{long}密")).await, Err(SetPasswordError::TooLong)));
        vault.set_password(ACCOUNT, &long).await.unwrap();
        vault.set_password(ACCOUNT, "ｃｏｒｒｅｃｔ ｈｏｒｓｅ").await.unwrap();
        assert!(vault.verify_password(Some(ACCOUNT), "correct horse").await.unwrap(), "full width is the same");
    }

    #[test]
    fn what_many_have_or_anybody_comes_upon_is_no_password() {
        let common = [
            "1234567890",
            "0123456789",
            "1111111111",
            "password12",
            "qwertyuiop",
            "1qaz2wsx3edc",
            "abcdefghij",
            "iloveyou123",
            "passw0rd123",
            "asdfghjkl123",
            "88888888888",
            "aaaaaaaaaaaa",
            "20260101000",
            "woaini1314",
            "5201314520",
            "zhangsan123",
        ];
        for password in common {
            assert!(matches!(check_password(password), Err(SetPasswordError::Common)), "{password}");
        }
        for password in [PASSWORD, "another one entirely", "前山河边的三棵榕树下", "tK7#pQ2vLx", "gongyi-demo-2026"] {
            assert!(check_password(password).is_ok(), "{password}");
        }
    }

    #[tokio::test]
    async fn an_outdated_hash_is_renewed_by_a_right_password_only() {
        let (_dir, vault) = fresh().await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let weak = Params::new(8, 1, 1, None).unwrap();
        let weak = Argon2::new_with_secret(&vault.0.subkeys.pepper[..], Algorithm::Argon2id, Version::V0x13, weak).unwrap();
        let weak = weak.hash_password_with_salt(PASSWORD.as_bytes(), &[7; SALT_BYTES]).unwrap().to_string();
        sqlx::query("UPDATE password SET phc = ?").bind(&weak).execute(&vault.0.writer).await.unwrap();

        assert!(!vault.verify_password(Some(ACCOUNT), "not the password").await.unwrap());
        assert_eq!(phc(&vault).await, weak);
        assert!(vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
        let renewed = phc(&vault).await;
        assert!(!is_outdated(&PasswordHash::new(&renewed).unwrap()), "{renewed}");
        assert!(vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
        assert_eq!(phc(&vault).await, renewed, "renewed once");
    }

    #[tokio::test]
    async fn a_hash_is_worth_nothing_in_another_vault() {
        let ((_a, here), (_b, there)) = (fresh().await, fresh().await);
        here.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let stolen = phc(&here).await;
        there.set_password(ACCOUNT, "another one entirely").await.unwrap();
        sqlx::query("UPDATE password SET phc = ?").bind(stolen).execute(&there.0.writer).await.unwrap();
        assert!(!there.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
    }

    #[tokio::test]
    async fn removed_credentials_are_gone_from_the_files_too() {
        let (dir, vault) = fresh().await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let token = vault.issue_refresh(ACCOUNT, None, 0, second(0), chrono::TimeDelta::days(1)).await.unwrap();
        let hash = phc(&vault).await;
        assert!(stored_somewhere(&dir, hash.as_bytes()));
        vault.remove_credentials(ACCOUNT).await.unwrap();
        assert!(!stored_somewhere(&dir, hash.as_bytes()));
        assert!(!vault.verify_password(Some(ACCOUNT), PASSWORD).await.unwrap());
        assert!(vault.rotate_refresh(token.as_str(), second(1)).await.is_err());
        vault.remove_credentials(ACCOUNT).await.unwrap();
    }

    #[tokio::test]
    async fn many_at_once_are_all_answered() {
        let (_dir, vault) = fresh().await;
        vault.set_password(ACCOUNT, PASSWORD).await.unwrap();
        let asked = (0..6).map(|i| {
            let vault = vault.clone();
            tokio::spawn(async move { vault.verify_password((i % 2 == 0).then_some(ACCOUNT), PASSWORD).await.unwrap() })
        });
        let mut right = 0;
        for answer in asked.collect::<Vec<_>>() {
            right += usize::from(answer.await.unwrap());
        }
        assert_eq!(right, 3);
    }
}
