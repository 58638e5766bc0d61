//! Holding vault and ballot box still, to copy both as they are at one moment. It takes no key: what is copied stays wrapped.
//!
//! Whoever writes meanwhile waits; so keep them frozen only as long as it takes, and take the log's moment while they are.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    ballot_box::BALLOT_BOX_FILE,
    error::VaultError,
    vault::{VAULT_FILE, make_private, require_recent_sqlite},
};

/// Vault and ballot box of a folder, written by nobody while this lives.
pub struct Frozen {
    folder: PathBuf,
    held: Vec<(&'static str, SqliteConnection)>,
}

impl Frozen {
    /// Takes the write locks, the ballot box's first: a ballot goes from there to the log and back.
    ///
    /// # Errors
    /// [`VaultError::Missing`] without a vault; [`VaultError::Store`], also if somebody writes for longer than one waits.
    pub async fn take(folder: &Path) -> Result<Self, VaultError> {
        if !folder.join(VAULT_FILE).exists() {
            return Err(VaultError::Missing);
        }
        let mut held = vec![];
        for name in [BALLOT_BOX_FILE, VAULT_FILE] {
            if folder.join(name).exists() {
                let mut connection = SqliteConnectOptions::new().filename(folder.join(name)).disable_statement_logging().connect().await?;
                require_recent_sqlite(&mut connection).await?;
                sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
                held.push((name, connection));
            }
        }
        Ok(Self { folder: folder.to_owned(), held })
    }

    /// Copies both into another folder, without anything that was erased from them; tells the files.
    ///
    /// # Errors
    /// [`VaultError::File`], [`VaultError::Store`].
    pub async fn copy_into(&self, folder: &Path) -> Result<Vec<&'static str>, VaultError> {
        let mut copied = vec![];
        for (name, _) in &self.held {
            let to = folder.join(name);
            make_private(&to).map_err(VaultError::File)?;
            let options = SqliteConnectOptions::new().filename(self.folder.join(name)).read_only(true).disable_statement_logging();
            let mut connection = options.connect().await?;
            sqlx::query("VACUUM INTO ?").bind(to.to_string_lossy()).execute(&mut connection).await?;
            connection.close().await?;
            copied.push(*name);
        }
        Ok(copied)
    }

    /// Lets everybody write again.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn release(self) -> Result<(), VaultError> {
        for (_, mut connection) in self.held {
            sqlx::query("ROLLBACK").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use gongyi_domain::values::{PersonId, PollId};
    use uuid::Uuid;

    use super::*;
    use crate::{
        Vault,
        testing::{fresh, kek},
    };

    #[tokio::test]
    async fn what_is_frozen_is_copied_as_it_was_and_goes_on_afterwards() {
        let (dir, vault) = fresh().await;
        let (one, two) = (PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let poll = PollId(Uuid::from_u128(3));
        vault.create_key(one).await.unwrap();
        vault.ballot_box().await.unwrap().make(poll, 3, 100).await.unwrap();
        let frozen = Frozen::take(dir.path()).await.unwrap();
        let writing = tokio::spawn({
            let vault = vault.clone();
            async move { vault.create_key(two).await.map(drop) }
        });
        let copies = tempfile::tempdir().unwrap();
        let mut copied = frozen.copy_into(copies.path()).await.unwrap();
        copied.sort_unstable();
        assert_eq!(copied, [BALLOT_BOX_FILE, VAULT_FILE]);
        assert!(!writing.is_finished(), "it waits");
        frozen.release().await.unwrap();
        writing.await.unwrap().unwrap();
        let copy = Vault::open_existing(copies.path().join(VAULT_FILE), kek()).await.unwrap();
        assert_eq!(copy.unknown_persons(&[one, two]).await.unwrap(), [two]);
        assert_eq!(copy.ballot_box().await.unwrap().polls().await.unwrap(), [poll]);
    }
}
