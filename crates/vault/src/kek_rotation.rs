//! A new key-encryption key for a vault that goes on serving.
//!
//! The new key is written beside the old one first, as `kek.next`; then everything is wrapped with it, all or nothing
//! ([`Vault::rewrap`]); then it takes the old one's name. Whenever that stops, one of the two files opens the vault: whoever opens
//! it next finishes what is left, and beginning again goes on with the key that was made ready. A process that has the vault open
//! finds the new key in the same places as soon as the old one opens nothing any more.

use std::{fs, io, path::Path};

use crate::{
    error::VaultError,
    kek::{KEK_FILE, KekError, KeyEncryptionKey},
    vault::{ROOT_LABEL, Vault, stored_root},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// The file in the data folder that holds the KEK that is about to take the place of the present one.
pub const NEXT_KEK_FILE: &str = "kek.next";

impl KeyEncryptionKey {
    /// The key that is to come, of `dir/kek.next`; made there, mode 0600, if none is ready.
    ///
    /// # Errors
    /// See [`KekError`].
    pub fn ready_next(dir: &Path) -> Result<Self, KekError> {
        match Self::next(dir)? {
            Some(ready) => Ok(ready),
            None => {
                let next = Self::generate();
                next.store_new(&dir.join(NEXT_KEK_FILE))?;
                Ok(next)
            }
        }
    }

    /// Lets `dir/kek.next` take the place of `dir/kek`. Again is no error.
    ///
    /// # Errors
    /// [`KekError::File`].
    pub fn promote_next(dir: &Path) -> Result<(), KekError> {
        match fs::rename(dir.join(NEXT_KEK_FILE), dir.join(KEK_FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => Ok(renamed.and_then(|()| fs::File::open(dir)?.sync_all())?),
        }
    }

    /// Of this key and the one of `dir/kek.next` that which opens the vault at `path`, should a rotation have stopped between
    /// wrapping and renaming: which is done then if it `finishes` that. This key where neither opens it, or there is no vault yet.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::File`].
    pub async fn that_opens(self, path: &Path, dir: &Path, finishes: bool) -> Result<Self, VaultError> {
        let Ok(Some(next)) = Self::next(dir) else { return Ok(self) };
        if !path.exists() {
            return Ok(self);
        }
        let mut probe = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).read_only(true)).await?;
        let root = stored_root(&mut probe).await?;
        probe.close().await?;
        let opens = |key: &Self| root.as_ref().is_some_and(|root| key.unwrap_key(ROOT_LABEL, root).is_some());
        if opens(&self) || !opens(&next) {
            return Ok(self);
        }
        // Where nothing can be written, the next one to open the vault does it.
        if finishes && let Err(error) = Self::promote_next(dir) {
            tracing::warn!(%error, "the new key-encryption key keeps its name of {NEXT_KEK_FILE}");
        }
        Ok(next)
    }

    fn next(dir: &Path) -> Result<Option<Self>, KekError> {
        match Self::from_file(&dir.join(NEXT_KEK_FILE)) {
            Ok(key) => Ok(Some(key)),
            Err(KekError::File(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Vault {
    /// Whether what failed is to be tried again, for the KEK was changed by another process and the new one is found beside the
    /// vault.
    pub(crate) async fn has_new_kek(&self, error: &VaultError) -> Result<bool, VaultError> {
        if !matches!(error, VaultError::WrongKeyEncryptionKey | VaultError::Damaged(_)) {
            return Ok(false);
        }
        let mut wrapping = self.0.wrapping.write().await;
        let stored = stored_root(&mut *self.0.readers.acquire().await?).await?;
        let Some(stored) = stored else { return Ok(false) };
        if stored == wrapping.wrapped_root {
            // Another task has found it meanwhile, or it never was another.
            return Ok(true);
        }
        let Some(dir) = self.0.ballot_box_path.parent() else { return Ok(false) };
        for name in [KEK_FILE, NEXT_KEK_FILE] {
            if let Ok(kek) = KeyEncryptionKey::from_file(&dir.join(name))
                && kek.unwrap_key(ROOT_LABEL, &stored).is_some()
            {
                (wrapping.kek, wrapping.wrapped_root) = (kek, stored);
                tracing::info!("another key-encryption key wraps the vault's keys from now on");
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use gongyi_domain::values::PersonId;
    use uuid::Uuid;

    use super::*;
    use crate::{VAULT_FILE, testing::second};

    fn person(id: u128) -> PersonId {
        PersonId(Uuid::from_u128(id))
    }

    async fn opened(dir: &Path) -> Result<Vault, VaultError> {
        let (kek, _) = KeyEncryptionKey::load_or_create(dir, None).unwrap();
        let path = dir.join(VAULT_FILE);
        let kek = kek.that_opens(&path, dir, true).await?;
        Vault::open(path, kek).await
    }

    #[tokio::test]
    async fn whoever_has_the_vault_open_goes_on_with_the_new_key() {
        let dir = tempfile::tempdir().unwrap();
        let serving = opened(dir.path()).await.unwrap();
        let key = serving.create_key(person(1)).await.unwrap();
        serving.0.cache().clear();
        let rotating = opened(dir.path()).await.unwrap();
        for round in 0..3 {
            rotating.rewrap(KeyEncryptionKey::ready_next(dir.path()).unwrap()).await.unwrap();
            if round % 2 == 0 {
                KeyEncryptionKey::promote_next(dir.path()).unwrap();
            }
            serving.0.cache().clear();
            match round {
                0 => assert_eq!(serving.key(person(1)).await.unwrap().unwrap().bytes(), key.bytes()),
                1 => drop(serving.create_key(person(2)).await.unwrap()),
                _ => drop(serving.rotate_signing_key(second(0)).await.unwrap()),
            }
            assert!(serving.current_signing_key().await.unwrap().pkcs8_der.is_some());
            KeyEncryptionKey::promote_next(dir.path()).unwrap();
        }
        assert!(!dir.path().join(NEXT_KEK_FILE).exists());
        drop((serving, rotating));
        let again = opened(dir.path()).await.unwrap();
        assert_eq!(again.key(person(1)).await.unwrap().unwrap().bytes(), key.bytes());
        assert!(again.key(person(2)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_rotation_that_stopped_is_finished_by_who_opens_next() {
        let dir = tempfile::tempdir().unwrap();
        let vault = opened(dir.path()).await.unwrap();
        let key = vault.create_key(person(1)).await.unwrap();
        // Stopped before anything was wrapped: the old key goes on, the one made ready stays for the next time.
        let ready = KeyEncryptionKey::ready_next(dir.path()).unwrap();
        vault.close().await;
        let vault = opened(dir.path()).await.unwrap();
        assert!(dir.path().join(NEXT_KEK_FILE).exists());
        // Stopped after: the new one has taken the old one's name.
        vault.rewrap(ready).await.unwrap();
        vault.close().await;
        let vault = opened(dir.path()).await.unwrap();
        assert!(!dir.path().join(NEXT_KEK_FILE).exists());
        assert_eq!(vault.key(person(1)).await.unwrap().unwrap().bytes(), key.bytes());
    }

    #[tokio::test]
    async fn a_vault_that_no_key_at_hand_opens_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let vault = opened(dir.path()).await.unwrap();
        vault.rewrap(KeyEncryptionKey::generate()).await.unwrap();
        KeyEncryptionKey::ready_next(dir.path()).unwrap();
        vault.close().await;
        assert!(matches!(opened(dir.path()).await, Err(VaultError::WrongKeyEncryptionKey)));
        assert!(dir.path().join(NEXT_KEK_FILE).exists());
    }
}
