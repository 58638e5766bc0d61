//! What shows that a vault and a log belong together, and that neither is an older copy.
//!
//! - The log names its vault by [`Vault::mark_of`], which only this vault can compute.
//! - Both count the turns in which this vault was written: one begins when the folder is opened for writing, another when it is
//!   closed. The vault counts first, so it is at most one ahead; one that is behind is an older copy.

use std::collections::HashSet;

use gongyi_domain::values::{AccountId, PersonId};
use serde_json::json;
use uuid::Uuid;

use crate::{claims::hmac, error::VaultError, vault::Vault};

impl Vault {
    /// This vault's mark in the log with this id: HMAC-SHA-256 under the vault's root, in hexadecimal.
    pub fn mark_of(&self, log: Uuid) -> String {
        hex::encode(hmac(&self.0.subkeys.mark, &[log.as_bytes()]))
    }

    /// The last turn that began; 0 in a vault that has never counted.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn turn(&self) -> Result<u64, VaultError> {
        if !self.has_table("vault_turn").await? {
            return Ok(0);
        }
        let turn: Option<i64> = sqlx::query_scalar("SELECT turn FROM vault_turn").fetch_optional(&self.0.readers).await?;
        Ok(turn.and_then(|turn| u64::try_from(turn).ok()).unwrap_or(0))
    }

    /// Begins this turn, unless a later one has begun. To be called before the log is told.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::OutOfRange`].
    pub async fn begin_turn(&self, turn: u64) -> Result<(), VaultError> {
        let turn = i64::try_from(turn).map_err(|_| VaultError::OutOfRange("a turn"))?;
        sqlx::query(
            "INSERT INTO vault_turn (one, turn) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET turn = excluded.turn WHERE excluded.turn > turn",
        )
        .bind(turn)
        .execute(&self.0.writer)
        .await?;
        Ok(())
    }

    /// Nobody was ever registered here and no turn has begun: what is left of a first start that was killed.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn is_unused(&self) -> Result<bool, VaultError> {
        let persons: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM person_key)").fetch_one(&self.0.readers).await?;
        Ok(!persons && self.turn().await? == 0)
    }

    /// Which of these persons this vault has never known: it holds neither a key of theirs nor what is left of one.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn unknown_persons(&self, persons: &[PersonId]) -> Result<Vec<PersonId>, VaultError> {
        let sql = "SELECT person FROM person_key WHERE person IN (SELECT unhex(value) FROM json_each(?))";
        let known = self.known(sql, persons.iter().map(|it| it.0)).await?;
        Ok(persons.iter().copied().filter(|it| !known.contains(&it.0)).collect())
    }

    /// Which of these accounts have no password.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn accounts_without_password(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, VaultError> {
        let sql = "SELECT account FROM password WHERE account IN (SELECT unhex(value) FROM json_each(?))";
        let known = self.known(sql, accounts.iter().map(|it| it.0)).await?;
        Ok(accounts.iter().copied().filter(|it| !known.contains(&it.0)).collect())
    }

    async fn known(&self, sql: &'static str, ids: impl Iterator<Item = Uuid>) -> Result<HashSet<Uuid>, VaultError> {
        let ids: Vec<String> = ids.map(|id| id.simple().to_string()).collect();
        let found: Vec<Vec<u8>> = sqlx::query_scalar(sql).bind(json!(ids).to_string()).fetch_all(&self.0.readers).await?;
        found.iter().map(|id| Uuid::from_slice(id).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))).collect()
    }

    /// Whether the file has this table: one that is only read is not brought up to date.
    pub(crate) async fn has_table(&self, name: &str) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)";
        Ok(sqlx::query_scalar(sql).bind(name).fetch_one(&self.0.readers).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, kek};
    use crate::vault::VAULT_FILE;

    #[tokio::test]
    async fn a_mark_is_this_vaults_in_this_log() {
        let ((dir, here), (_there, there)) = (fresh().await, fresh().await);
        let (log, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mark = here.mark_of(log);
        assert_eq!(mark.len(), 64);
        assert_ne!(here.mark_of(other), mark);
        assert_ne!(there.mark_of(log), mark);
        here.close().await;
        let again = Vault::open_existing(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        assert_eq!(again.mark_of(log), mark);
    }

    #[tokio::test]
    async fn turns_only_go_on() {
        let (_dir, vault) = fresh().await;
        assert!(vault.is_unused().await.unwrap());
        vault.begin_turn(3).await.unwrap();
        vault.begin_turn(2).await.unwrap();
        assert_eq!(vault.turn().await.unwrap(), 3);
        assert!(!vault.is_unused().await.unwrap());
    }

    #[tokio::test]
    async fn who_was_erased_is_known_and_who_never_had_a_key_is_not() {
        let (_dir, vault) = fresh().await;
        let persons: Vec<_> = (1..=3).map(|id| PersonId(Uuid::from_u128(id))).collect();
        vault.create_keys(&persons[..2]).await.unwrap();
        vault.destroy_key(persons[1]).await.unwrap();
        assert_eq!(vault.unknown_persons(&persons).await.unwrap(), [persons[2]]);
    }

    #[tokio::test]
    async fn a_vault_that_is_not_there_is_not_made_unless_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(VAULT_FILE);
        assert!(matches!(Vault::open_existing(&path, kek()).await, Err(VaultError::Missing)));
        assert!(matches!(Vault::open_read_only(&path, kek(), true).await, Err(VaultError::Missing)));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn looking_at_a_vault_changes_no_file() {
        let (dir, vault) = fresh().await;
        vault.create_key(PersonId(Uuid::from_u128(1))).await.unwrap();
        vault.close().await;
        let files = || {
            let entries = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
            let mut files: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
            files.sort();
            files
        };
        let before = files();
        let looked = Vault::open_read_only(dir.path().join(VAULT_FILE), kek(), true).await.unwrap();
        assert_eq!(looked.unknown_persons(&[PersonId(Uuid::from_u128(1))]).await.unwrap(), []);
        assert!(looked.begin_turn(1).await.is_err());
        looked.close().await;
        assert_eq!(files(), before);
    }
}
