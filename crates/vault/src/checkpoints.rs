//! How far each process has come in the log, and what it could not carry out.
//!
//! Processes have effects outside (mail, webhooks, commands), so their place must survive when views are rebuilt; that is
//! why it is here. A process parks an event it cannot carry out before it moves past it.

use sqlx::Row;

use crate::{error::VaultError, vault::Vault};

/// A process's place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's own opaque token for the place (log id, epoch, position, chain hash).
    pub token: String,
    /// The position of the last event carried out or parked.
    pub position: u64,
}

/// An event that a process could not carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The event's position.
    pub position: u64,
    /// Why, as a code: nothing personal.
    pub code: String,
}

impl Vault {
    /// Where the process is; `None` if it has never saved a place.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn checkpoint(&self, process: &str) -> Result<Option<Checkpoint>, VaultError> {
        let row = sqlx::query("SELECT token, position FROM process_checkpoint WHERE process = ?")
            .bind(process)
            .fetch_optional(&self.0.readers)
            .await?;
        row.map(|row| Ok(Checkpoint { token: row.try_get("token")?, position: position(row.try_get("position")?)? })).transpose()
    }

    /// Saves where the process is. Saving an earlier place is allowed: that is how one is run again.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::OutOfRange`].
    pub async fn save_checkpoint(&self, process: &str, checkpoint: &Checkpoint) -> Result<(), VaultError> {
        sqlx::query(
            "INSERT INTO process_checkpoint (process, token, position) VALUES (?, ?, ?)
             ON CONFLICT (process) DO UPDATE SET token = excluded.token, position = excluded.position",
        )
        .bind(process)
        .bind(&checkpoint.token)
        .bind(stored(checkpoint.position)?)
        .execute(&self.0.writer)
        .await?;
        Ok(())
    }

    /// Notes that the process could not carry out the event at `position`; parking it again replaces the code.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::OutOfRange`].
    pub async fn park(&self, process: &str, position: u64, code: &str) -> Result<(), VaultError> {
        sqlx::query(
            "INSERT INTO process_parked (process, position, code) VALUES (?, ?, ?)
             ON CONFLICT (process, position) DO UPDATE SET code = excluded.code",
        )
        .bind(process)
        .bind(stored(position)?)
        .bind(code)
        .execute(&self.0.writer)
        .await?;
        Ok(())
    }

    /// Takes an event off the list, once it has been carried out or given up. One that is not there is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::OutOfRange`].
    pub async fn unpark(&self, process: &str, position: u64) -> Result<(), VaultError> {
        let delete = sqlx::query("DELETE FROM process_parked WHERE process = ? AND position = ?").bind(process).bind(stored(position)?);
        delete.execute(&self.0.writer).await?;
        Ok(())
    }

    /// What the process could not carry out, by position.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn parked(&self, process: &str) -> Result<Vec<Parked>, VaultError> {
        let rows = sqlx::query("SELECT position, code FROM process_parked WHERE process = ? ORDER BY position")
            .bind(process)
            .fetch_all(&self.0.readers)
            .await?;
        rows.iter().map(|row| Ok(Parked { position: position(row.try_get("position")?)?, code: row.try_get("code")? })).collect()
    }
}

fn stored(position: u64) -> Result<i64, VaultError> {
    i64::try_from(position).map_err(|_| VaultError::OutOfRange("a position"))
}

fn position(stored: i64) -> Result<u64, VaultError> {
    u64::try_from(stored).map_err(|_| VaultError::Damaged("a position is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fresh;

    fn at(position: u64) -> Checkpoint {
        Checkpoint { token: format!("log.1.{position}.abc"), position }
    }

    #[tokio::test]
    async fn a_place_saved_is_found_and_moves_on() {
        let (_dir, vault) = fresh().await;
        vault.save_checkpoint("reminders", &at(3)).await.unwrap();
        vault.save_checkpoint("reminders", &at(7)).await.unwrap();
        vault.save_checkpoint("webhooks", &at(1)).await.unwrap();
        assert_eq!(vault.checkpoint("reminders").await.unwrap(), Some(at(7)));
        vault.save_checkpoint("reminders", &at(7)).await.unwrap();
        assert_eq!(vault.checkpoint("reminders").await.unwrap(), Some(at(7)));
    }

    #[tokio::test]
    async fn an_unknown_process_has_no_place_and_nothing_parked() {
        let (_dir, vault) = fresh().await;
        assert_eq!(vault.checkpoint("reminders").await.unwrap(), None);
        assert_eq!(vault.parked("reminders").await.unwrap(), []);
        vault.unpark("reminders", 1).await.unwrap();
    }

    #[tokio::test]
    async fn parked_events_are_listed_once_and_by_position() {
        let (_dir, vault) = fresh().await;
        for (position, code) in [(9, "refused"), (4, "no_route"), (9, "timed_out")] {
            vault.park("webhooks", position, code).await.unwrap();
        }
        let listed = |position, code: &str| Parked { position, code: code.into() };
        assert_eq!(vault.parked("webhooks").await.unwrap(), [listed(4, "no_route"), listed(9, "timed_out")]);
        vault.unpark("webhooks", 4).await.unwrap();
        assert_eq!(vault.parked("webhooks").await.unwrap(), [listed(9, "timed_out")]);
    }

    #[tokio::test]
    async fn a_position_beyond_the_store_is_refused() {
        let (_dir, vault) = fresh().await;
        assert!(matches!(vault.save_checkpoint("reminders", &at(u64::MAX)).await, Err(VaultError::OutOfRange(_))));
    }
}
