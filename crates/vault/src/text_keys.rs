//! Texts of documents, each sealed under a key of its own, kept under its document: what is written of a matter may name somebody,
//! and one paragraph can be made noise without the others.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use crate::{
    aead::{self, KEY_BYTES, KeyBytes},
    error::VaultError,
    sealing::{OpenError, SealedFor},
    vault::Vault,
};

const TEXT_LABEL: &[u8] = b"gongyi text of a document v1";
const TEXT_KEY_LABEL: &[u8] = b"gongyi text key v1";

/// A text to be sealed, and where it will stand.
#[derive(Debug, Clone)]
pub struct Text<'a> {
    /// Where.
    pub place: SealedFor<'a>,
    /// What it says.
    pub text: String,
}

/// A text as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText {
    /// The id of its key.
    pub key: Uuid,
    /// Base64 of nonce and ciphertext.
    pub text: String,
}

/// The keys of some texts.
#[derive(Default)]
pub struct TextKeys(HashMap<Uuid, Option<KeyBytes>>);

impl TextKeys {
    /// Those that are not destroyed.
    pub fn held(&self) -> Vec<Uuid> {
        self.0.iter().filter(|(_, key)| key.is_some()).map(|(id, _)| *id).collect()
    }

    /// Opens a text; `None` if its key is destroyed.
    ///
    /// # Errors
    /// [`OpenError::NoKey`] if the vault has never known its key; [`OpenError::Authentication`] if it stands elsewhere or was
    /// changed; [`OpenError::Malformed`].
    pub fn open(&self, sealed: &SealedText, place: &SealedFor<'_>) -> Result<Option<String>, OpenError> {
        let Some(key) = self.0.get(&sealed.key).ok_or(OpenError::NoKey)? else { return Ok(None) };
        let bytes = STANDARD.decode(&sealed.text).map_err(|_| OpenError::Malformed)?;
        let plain = aead::open(key, &associated(sealed.key, place), &bytes).ok_or(OpenError::Authentication)?;
        str::from_utf8(&plain).map(|text| Some(text.to_owned())).map_err(|_| OpenError::Malformed)
    }
}

impl Vault {
    /// Seals texts, each under a new key, and keeps the keys: before the events they stand in are committed.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn seal_texts(&self, texts: &[Text<'_>]) -> Result<Vec<SealedText>, VaultError> {
        let (mut sealed, mut rows) = (Vec::with_capacity(texts.len()), Vec::with_capacity(texts.len()));
        for Text { place, text } in texts {
            let (id, key) = (Uuid::new_v4(), KeyBytes::new(aead::random::<KEY_BYTES>()));
            let wrapped = aead::seal(&self.0.subkeys.texts, &wrapping(id), &*key);
            rows.push([hex(id), hex(place.stream_id), hex::encode(wrapped)]);
            sealed.push(SealedText { key: id, text: STANDARD.encode(aead::seal(&key, &associated(id, place), text.as_bytes())) });
        }
        sqlx::query(
            "INSERT INTO text_key (text, document, wrapped, destroyed)
             SELECT unhex(entry.value ->> 0), unhex(entry.value ->> 1), unhex(entry.value ->> 2), 0 FROM json_each(?) AS entry",
        )
        .bind(json!(rows).to_string())
        .execute(&self.0.writer)
        .await?;
        Ok(sealed)
    }

    /// Removes keys of texts that were not written: of a commit that does not hold.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn drop_text_keys(&self, texts: &[Uuid]) -> Result<(), VaultError> {
        if !texts.is_empty() {
            let sql = "DELETE FROM text_key WHERE text IN (SELECT unhex(value) FROM json_each(?))";
            sqlx::query(sql).bind(ids(texts)).execute(&self.0.writer).await?;
        }
        Ok(())
    }

    /// The keys of texts, as far as the vault knows them.
    ///
    /// # Errors
    /// [`VaultError::Store`], [`VaultError::Damaged`].
    pub async fn text_keys(&self, texts: &[Uuid]) -> Result<TextKeys, VaultError> {
        let rows = sqlx::query("SELECT text, wrapped, destroyed FROM text_key WHERE text IN (SELECT unhex(value) FROM json_each(?))")
            .bind(ids(texts))
            .fetch_all(&self.0.readers)
            .await?;
        let mut keys = HashMap::with_capacity(rows.len());
        for row in rows {
            let id = Uuid::from_slice(row.try_get("text")?).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))?;
            let key = if row.try_get::<bool, _>("destroyed")? {
                None
            } else {
                let plain = aead::open(&self.0.subkeys.texts, &wrapping(id), row.try_get("wrapped")?);
                let plain = plain.ok_or(VaultError::Damaged("a text's key does not open"))?;
                let bytes: [u8; KEY_BYTES] =
                    plain.as_slice().try_into().map_err(|_| VaultError::Damaged("a text's key has not 32 bytes"))?;
                Some(KeyBytes::new(bytes))
            };
            keys.insert(id, key);
        }
        Ok(TextKeys(keys))
    }

    /// Destroys the keys of texts for ever and wipes every trace of them. Doing it again is no error.
    ///
    /// # Errors
    /// [`VaultError::TracesRemain`] if a reader of another process keeps the WAL: do it again. [`VaultError::Store`].
    pub async fn destroy_text_keys(&self, texts: &[Uuid]) -> Result<u64, VaultError> {
        let destroyed = sqlx::query(
            "UPDATE text_key SET wrapped = zeroblob(72), destroyed = 1
             WHERE destroyed = 0 AND text IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(ids(texts))
        .execute(&self.0.writer)
        .await?
        .rows_affected();
        self.wipe_traces().await?;
        Ok(destroyed)
    }
}

/// The associated data of a text: which key it has and where it stands, so that it opens nowhere else.
fn associated(key: Uuid, place: &SealedFor<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for part in [TEXT_LABEL, key.as_bytes(), place.stream_kind.as_bytes(), place.stream_id.as_bytes(), place.event_type.as_bytes()] {
        aead::append(&mut bytes, part);
    }
    aead::append(&mut bytes, place.field.as_bytes());
    bytes
}

fn wrapping(key: Uuid) -> Vec<u8> {
    [TEXT_KEY_LABEL, key.as_bytes()].concat()
}

fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

fn ids(ids: &[Uuid]) -> String {
    json!(ids.iter().map(|id| hex(*id)).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, kek, stored_somewhere};
    use crate::vault::VAULT_FILE;

    const HERE: SealedFor<'static> =
        SealedFor { stream_kind: "motion", stream_id: Uuid::from_u128(7), event_type: "MotionDrafted", field: "/text/title" };

    #[tokio::test]
    async fn a_text_opens_where_it_stands_and_a_destroyed_one_leaves_the_others() {
        let (dir, vault) = fresh().await;
        let text = |text: &str| Text { place: HERE, text: text.to_owned() };
        let sealed = vault.seal_texts(&[text("停车"), text("陈静家门口")]).await.unwrap();
        let wrapped: Vec<u8> = sqlx::query_scalar("SELECT wrapped FROM text_key WHERE text = ?")
            .bind(&sealed[1].key.as_bytes()[..])
            .fetch_one(&vault.0.readers)
            .await
            .unwrap();
        vault.close().await;
        let vault = Vault::open_existing(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        let both = [sealed[0].key, sealed[1].key];
        let keys = vault.text_keys(&both).await.unwrap();
        assert_eq!(keys.open(&sealed[1], &HERE), Ok(Some("陈静家门口".to_owned())));
        let elsewhere = SealedFor { field: "/text/paragraphs/0/text", ..HERE };
        assert_eq!(keys.open(&sealed[1], &elsewhere), Err(OpenError::Authentication));
        let swapped = SealedText { key: sealed[0].key, ..sealed[1].clone() };
        assert_eq!(keys.open(&swapped, &HERE), Err(OpenError::Authentication));

        assert_eq!(vault.destroy_text_keys(&[sealed[1].key]).await.unwrap(), 1);
        assert_eq!(vault.destroy_text_keys(&[sealed[1].key]).await.unwrap(), 0);
        let keys = vault.text_keys(&both).await.unwrap();
        assert_eq!(keys.open(&sealed[1], &HERE), Ok(None));
        assert_eq!(keys.open(&sealed[0], &HERE), Ok(Some("停车".to_owned())));
        assert!(!stored_somewhere(&dir, &wrapped), "its key is in no file");
        let foreign = SealedText { key: Uuid::from_u128(9), ..sealed[0].clone() };
        assert_eq!(keys.open(&foreign, &HERE), Err(OpenError::NoKey));
    }
}
