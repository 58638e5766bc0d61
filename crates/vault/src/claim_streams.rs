//! Which stream of the log stands for what may exist once.
//!
//! A claim's stream has a random id, and only this map leads from a value to it, by an HMAC. It is kept before the claim is
//! committed, so no two streams stand for one value; and forgotten when the claim is released, so that nobody can tell from the
//! log that who comes back was there before.

use sqlx::Row;
use uuid::Uuid;

use crate::{claims::hmac, error::VaultError, vault::Vault};

/// An HMAC of a claimed value under a key of this vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimDigest([u8; 32]);

/// A stream for a value that has none, or whose stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewClaim {
    /// Of the value.
    pub digest: ClaimDigest,
    /// The stream, which nobody has seen yet.
    pub stream: Uuid,
    /// The stream in whose place it comes: one that was released and not forgotten.
    pub instead_of: Option<Uuid>,
}

impl Vault {
    /// What stands for a value of a purpose; bring `value` into one form first.
    pub fn claim_digest(&self, purpose: &str, value: &str) -> ClaimDigest {
        ClaimDigest(hmac(&self.0.subkeys.claim_stream, &[purpose.as_bytes(), value.as_bytes()]))
    }

    /// The stream that stands for a value, if there is one.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn claim_stream(&self, digest: ClaimDigest) -> Result<Option<Uuid>, VaultError> {
        let sql = "SELECT stream FROM claim_stream WHERE digest = ?";
        let found: Option<Vec<u8>> = sqlx::query_scalar(sql).bind(&digest.0[..]).fetch_optional(&self.0.readers).await?;
        found.map(|id| stream(&id)).transpose()
    }

    /// Keeps streams for values, all or none; false if one of the values has got another stream meanwhile.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn keep_claims(&self, claims: &[NewClaim]) -> Result<bool, VaultError> {
        let mut tx = self.begin().await?;
        for claim in claims {
            let kept = match claim.instead_of {
                None => sqlx::query("INSERT INTO claim_stream (digest, stream) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING"),
                Some(_) => sqlx::query("UPDATE claim_stream SET stream = ?2 WHERE digest = ?1 AND stream = ?3"),
            };
            let kept = kept.bind(&claim.digest.0[..]).bind(&claim.stream.as_bytes()[..]);
            let kept = match &claim.instead_of {
                None => kept.execute(&mut *tx).await?,
                Some(before) => kept.bind(&before.as_bytes()[..]).execute(&mut *tx).await?,
            };
            if kept.rows_affected() != 1 {
                return Ok(false);
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets which value a stream stood for, and wipes the trace. To be called when its claim is released; again is no error.
    ///
    /// # Errors
    /// [`VaultError::TracesRemain`] if a reader of another process keeps the WAL: do it again. [`VaultError::Store`].
    pub async fn forget_claim(&self, stream: Uuid) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM claim_stream WHERE stream = ?").bind(&stream.as_bytes()[..]).execute(&self.0.writer).await?;
        self.wipe_traces().await
    }

    /// Whether a stream stands for a value.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn knows_claim(&self, stream: Uuid) -> Result<bool, VaultError> {
        if !self.has_table("claim_stream").await? {
            return Ok(false);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM claim_stream WHERE stream = ?)";
        Ok(sqlx::query_scalar(sql).bind(&stream.as_bytes()[..]).fetch_one(&self.0.readers).await?)
    }

    /// Every stream that stands for a value.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn claim_streams(&self) -> Result<Vec<Uuid>, VaultError> {
        if !self.has_table("claim_stream").await? {
            return Ok(vec![]);
        }
        let rows = sqlx::query("SELECT stream FROM claim_stream").fetch_all(&self.0.readers).await?;
        rows.iter().map(|row| stream(row.try_get(0)?)).collect()
    }
}

fn stream(id: &[u8]) -> Result<Uuid, VaultError> {
    Uuid::from_slice(id).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, stored_somewhere};

    fn id(id: u128) -> Uuid {
        Uuid::from_u128(id)
    }

    #[tokio::test]
    async fn a_value_has_one_stream_until_it_is_forgotten() {
        let (_dir, vault) = fresh().await;
        let digest = vault.claim_digest("phone", "13800000000");
        assert_ne!(vault.claim_digest("phon", "e13800000000"), digest);
        assert_eq!(vault.claim_stream(digest).await.unwrap(), None);
        let new = |stream, instead_of| NewClaim { digest, stream, instead_of };
        assert!(vault.keep_claims(&[new(id(1), None)]).await.unwrap());
        assert!(!vault.keep_claims(&[new(id(2), None)]).await.unwrap(), "it has one");
        assert_eq!(vault.claim_stream(digest).await.unwrap(), Some(id(1)));
        assert!(!vault.keep_claims(&[new(id(3), Some(id(2)))]).await.unwrap(), "another than the one it has");
        assert!(vault.keep_claims(&[new(id(3), Some(id(1)))]).await.unwrap());
        assert_eq!(vault.claim_streams().await.unwrap(), [id(3)]);
        vault.forget_claim(id(1)).await.unwrap();
        assert_eq!(vault.claim_stream(digest).await.unwrap(), Some(id(3)), "that one was over already");
        vault.forget_claim(id(3)).await.unwrap();
        assert_eq!(vault.claim_stream(digest).await.unwrap(), None);
    }

    #[tokio::test]
    async fn claims_are_kept_all_or_none_and_forgotten_without_a_trace() {
        let (dir, vault) = fresh().await;
        let (one, two) = (vault.claim_digest("phone", "1"), vault.claim_digest("phone", "2"));
        let new = |digest, stream| NewClaim { digest, stream, instead_of: None };
        assert!(vault.keep_claims(&[new(one, id(1))]).await.unwrap());
        assert!(!vault.keep_claims(&[new(two, id(2)), new(one, id(3))]).await.unwrap());
        assert_eq!(vault.claim_stream(two).await.unwrap(), None);
        assert!(stored_somewhere(&dir, &one.0));
        vault.forget_claim(id(1)).await.unwrap();
        assert!(!stored_somewhere(&dir, &one.0));
    }
}
