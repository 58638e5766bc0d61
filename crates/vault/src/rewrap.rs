//! Changing the key-encryption key: everything is wrapped anew in one transaction, the secrets themselves stay.

use gongyi_domain::values::PersonId;
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use crate::{error::VaultError, kek::KeyEncryptionKey, keys::person_key_aad, signing::signing_key_aad, stops::stop_at, vault::Vault};

const REWRAP_BATCH_ROWS: i64 = 10_000;

impl Vault {
    /// Wraps every key with `new_kek` instead of the present one, all or nothing. Afterwards only `new_kek` opens the vault,
    /// and nothing that the old one could open is left in the file. Store `new_kek` safely first.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if one key does not open; [`VaultError::TracesRemain`] if the change is made but a reader of
    /// another process keeps the WAL; [`VaultError::Store`].
    pub async fn rewrap(&self, new_kek: KeyEncryptionKey) -> Result<(), VaultError> {
        let mut wrapping = self.0.wrapping.write().await;
        let mut tx = self.begin_wrapping(&wrapping).await?;
        let mut last = 0_i64;
        loop {
            let rows = sqlx::query("SELECT id, person, wrapped FROM person_key WHERE destroyed = 0 AND id > ? ORDER BY id LIMIT ?")
                .bind(last)
                .bind(REWRAP_BATCH_ROWS)
                .fetch_all(&mut *tx)
                .await?;
            let mut rewrapped = Vec::with_capacity(rows.len());
            for row in &rows {
                last = row.try_get("id")?;
                let id = Uuid::from_slice(row.try_get("person")?).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))?;
                let aad = person_key_aad(PersonId(id));
                let key = wrapping.kek.unwrap_key(&aad, row.try_get("wrapped")?).ok_or(VaultError::Damaged("a data key does not open"))?;
                rewrapped.push((last, hex::encode(new_kek.wrap(&aad, &*key))));
            }
            if rewrapped.is_empty() {
                break;
            }
            sqlx::query(
                "UPDATE person_key SET wrapped = unhex(entry.value ->> 1) FROM json_each(?) AS entry
                 WHERE person_key.id = entry.value ->> 0",
            )
            .bind(json!(rewrapped).to_string())
            .execute(&mut *tx)
            .await?;
        }
        for row in sqlx::query("SELECT kid, wrapped FROM signing_key WHERE wrapped IS NOT NULL").fetch_all(&mut *tx).await? {
            let kid: &str = row.try_get("kid")?;
            let aad = signing_key_aad(kid);
            let secret =
                wrapping.kek.unwrap_secret(&aad, row.try_get("wrapped")?).ok_or(VaultError::Damaged("a signing key does not open"))?;
            let update =
                sqlx::query("UPDATE signing_key SET wrapped = ? WHERE kid = ?").bind(new_kek.wrap(&aad, &secret)).bind(kid.to_owned());
            update.execute(&mut *tx).await?;
        }
        let wrapped_root = Self::rewrap_root(&mut tx, &wrapping, &new_kek).await?;
        stop_at("keys rewrapped");
        tx.commit().await?;
        stop_at("rewrapping committed");
        wrapping.kek = new_kek;
        wrapping.wrapped_root = wrapped_root;
        self.wipe_traces().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, kek, second, stored_somewhere};
    use crate::vault::VAULT_FILE;

    fn person(id: u128) -> PersonId {
        PersonId(Uuid::from_u128(id))
    }

    fn other_kek() -> KeyEncryptionKey {
        KeyEncryptionKey::parse(&"c3".repeat(32)).unwrap()
    }

    #[tokio::test]
    async fn after_rewrapping_only_the_new_key_opens_and_nothing_else_has_changed() {
        let (dir, vault) = fresh().await;
        let path = dir.path().join(VAULT_FILE);
        let key = vault.create_key(person(1)).await.unwrap();
        vault.create_keys(&(2..500).map(person).collect::<Vec<_>>()).await.unwrap();
        vault.destroy_key(person(2)).await.unwrap();
        vault.rotate_signing_key(second(0)).await.unwrap();
        let (claim, signing) = (vault.former_claim_id("phone", "1"), vault.current_signing_key().await.unwrap());
        let old: Vec<u8> = sqlx::query_scalar("SELECT wrapped FROM person_key WHERE id = 1").fetch_one(&vault.0.readers).await.unwrap();

        vault.rewrap(other_kek()).await.unwrap();
        assert!(!stored_somewhere(&dir, &old), "nothing is left for the old key to open");
        vault.create_key(person(1000)).await.unwrap();
        vault.close().await;

        assert!(matches!(Vault::open(&path, kek()).await, Err(VaultError::WrongKeyEncryptionKey)));
        let vault = Vault::open(&path, other_kek()).await.unwrap();
        assert_eq!(vault.key(person(1)).await.unwrap().unwrap().bytes(), key.bytes());
        assert!(vault.key(person(499)).await.unwrap().is_some() && vault.key(person(1000)).await.unwrap().is_some());
        assert!(vault.keys(&[person(2)]).await.unwrap().is_destroyed(person(2)));
        assert_eq!(vault.former_claim_id("phone", "1"), claim);
        assert_eq!(vault.current_signing_key().await.unwrap().pkcs8_der, signing.pkcs8_der);
    }

    #[tokio::test]
    async fn rewrapping_twice_or_with_the_same_key_is_no_error() {
        let (_dir, vault) = fresh().await;
        vault.create_key(person(1)).await.unwrap();
        vault.rewrap(kek()).await.unwrap();
        vault.rewrap(kek()).await.unwrap();
        vault.0.cache().clear();
        assert!(vault.key(person(1)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_key_that_does_not_open_leaves_everything_as_it_was() {
        let (dir, vault) = fresh().await;
        vault.create_keys(&[person(1), person(2)]).await.unwrap();
        let damage = sqlx::query("UPDATE person_key SET wrapped = randomblob(72) WHERE person = ?").bind(&person(2).0.as_bytes()[..]);
        damage.execute(&vault.0.writer).await.unwrap();
        assert!(matches!(vault.rewrap(other_kek()).await, Err(VaultError::Damaged(_))));
        vault.close().await;
        let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        assert!(vault.key(person(1)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn whoever_still_has_the_old_key_cannot_wrap_with_it() {
        let (dir, vault) = fresh().await;
        let stale = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        vault.rewrap(other_kek()).await.unwrap();
        assert!(matches!(stale.create_key(person(1)).await, Err(VaultError::WrongKeyEncryptionKey)));
        assert!(matches!(stale.rotate_signing_key(second(0)).await, Err(VaultError::WrongKeyEncryptionKey)));
    }
}
