//! One data key a person: made, fetched and destroyed.
//!
//! A destroyed key never comes back: its row stays as a tombstone of zeros. Keys that were opened are kept in a bounded
//! cache, from which erasure removes them; a fetch that was under way meanwhile cannot put one back.

use std::{
    collections::HashSet,
    sync::{Arc, MutexGuard, PoisonError},
};

use gongyi_domain::values::PersonId;
use serde_json::json;
use sqlx::{Executor, Row, Sqlite, SqliteConnection};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    error::VaultError,
    kek::KeyEncryptionKey,
    key_ring::{KeyRing, Slot},
    sealing::PersonKey,
    vault::Vault,
};

const PERSON_KEY_LABEL: &[u8] = b"gongyi person key v1";

/// The associated data of a person's wrapped key.
pub(crate) fn person_key_aad(person: PersonId) -> Vec<u8> {
    [PERSON_KEY_LABEL, person.0.as_bytes()].concat()
}

/// Keys that wait to be stored: one transaction takes all that came while the last one was under way.
#[derive(Default)]
pub(crate) struct KeysWaiting {
    waiting: std::sync::Mutex<Vec<Keeping>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl KeysWaiting {
    fn waiting(&self) -> MutexGuard<'_, Vec<Keeping>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key to be stored, and who waits for that.
struct Keeping {
    person: PersonId,
    key: PersonKey,
    kept: oneshot::Sender<Result<(), VaultError>>,
}

/// Stores new keys: each a person and a wrapped key, in hexadecimal.
async fn insert(tx: &mut SqliteConnection, rows: &[[String; 2]]) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO person_key (person, wrapped, destroyed)
               SELECT unhex(entry.value ->> 0), unhex(entry.value ->> 1), 0 FROM json_each(?) AS entry";
    sqlx::query(sql).bind(json!(rows).to_string()).execute(tx).await?;
    Ok(())
}

impl Vault {
    /// The person's data key, made if there is none yet.
    ///
    /// # Errors
    /// [`VaultError::KeyDestroyed`] if the person was erased.
    pub async fn create_key(&self, person: PersonId) -> Result<PersonKey, VaultError> {
        let ring = self.create_keys(&[person]).await?;
        ring.key(person).cloned().ok_or(VaultError::Damaged("a key was not stored"))
    }

    /// The data keys of many persons, in one transaction; those that are missing are made.
    ///
    /// # Errors
    /// [`VaultError::KeyDestroyed`] if one of them was erased: then none is made.
    pub async fn create_keys(&self, persons: &[PersonId]) -> Result<KeyRing, VaultError> {
        match self.create_keys_once(persons).await {
            Err(error) if self.has_new_kek(&error).await? => self.create_keys_once(persons).await,
            done => done,
        }
    }

    async fn create_keys_once(&self, persons: &[PersonId]) -> Result<KeyRing, VaultError> {
        let (mut ring, missing, erasures) = self.cached(persons);
        if missing.is_empty() {
            return Ok(ring);
        }
        let wrapping = self.0.wrapping.read().await;
        let mut tx = self.begin_wrapping(&wrapping).await?;
        let known = stored(&mut *tx, &missing, &wrapping.kek).await?;
        if known.0.values().any(|slot| matches!(slot, Slot::Destroyed)) {
            return Err(VaultError::KeyDestroyed);
        }
        let mut made = KeyRing::default();
        let mut rows = Vec::new();
        for person in missing {
            if !known.0.contains_key(&person) {
                let key = PersonKey::generate();
                let wrapped = wrapping.kek.wrap(&person_key_aad(person), key.bytes());
                rows.push([hex::encode(person.0.as_bytes()), hex::encode(wrapped)]);
                made.0.insert(person, Slot::Held(key));
            }
        }
        insert(&mut tx, &rows).await?;
        tx.commit().await?;
        made.0.extend(known.0);
        self.0.cache().keep(&made, erasures);
        ring.0.extend(made.0);
        Ok(ring)
    }

    /// Keeps a key that was [generated](PersonKey::generate) for a person who has none yet: before the events it sealed
    /// are committed. If they never are, [destroy](Self::destroy_key) it: its row stays, as all do.
    ///
    /// # Errors
    /// [`VaultError::Store`] if the person has a key or had one.
    pub async fn keep_key(&self, person: PersonId, key: &PersonKey) -> Result<(), VaultError> {
        let (kept, told) = oneshot::channel();
        self.0.keeping.waiting().push(Keeping { person, key: key.clone(), kept });
        let turn = self.0.keeping.turn.clone().lock_owned().await;
        let batch = std::mem::take(&mut *self.0.keeping.waiting());
        if !batch.is_empty() {
            let vault = self.clone();
            // By a task of its own: whoever began it may give up, the others wait for it.
            tokio::spawn(async move {
                vault.keep_batch(batch).await;
                drop(turn);
            });
        }
        told.await.map_err(|_| VaultError::Damaged("a key was not stored"))?
    }

    /// Keeps all, or, if they cannot be kept together, each that can.
    async fn keep_batch(&self, batch: Vec<Keeping>) {
        let keys: Vec<_> = batch.iter().map(|it| (it.person, &it.key)).collect();
        let together = self.keep_keys(&keys).await;
        if together.is_ok() || batch.len() == 1 {
            let mut outcome = Some(together);
            for Keeping { kept, .. } in batch {
                let _ = kept.send(outcome.take().unwrap_or(Ok(())));
            }
            return;
        }
        for Keeping { person, key, kept } in batch {
            let _ = kept.send(self.keep_keys(&[(person, &key)]).await);
        }
    }

    async fn keep_keys(&self, keys: &[(PersonId, &PersonKey)]) -> Result<(), VaultError> {
        match self.keep_keys_once(keys).await {
            Err(error) if self.has_new_kek(&error).await? => self.keep_keys_once(keys).await,
            done => done,
        }
    }

    async fn keep_keys_once(&self, keys: &[(PersonId, &PersonKey)]) -> Result<(), VaultError> {
        let erasures = self.0.cache().erasures;
        let wrapping = self.0.wrapping.read().await;
        let mut tx = self.begin_wrapping(&wrapping).await?;
        let row = |(person, key): &(PersonId, &PersonKey)| {
            let wrapped = wrapping.kek.wrap(&person_key_aad(*person), key.bytes());
            [hex::encode(person.0.as_bytes()), hex::encode(wrapped)]
        };
        insert(&mut tx, &keys.iter().map(row).collect::<Vec<_>>()).await?;
        tx.commit().await?;
        let held = keys.iter().map(|(person, key)| (*person, Slot::Held((*key).clone())));
        self.0.cache().keep(&KeyRing(held.collect()), erasures);
        Ok(())
    }

    /// The person's data key; `None` if there is none or it is destroyed.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::Damaged`].
    pub async fn key(&self, person: PersonId) -> Result<Option<PersonKey>, VaultError> {
        Ok(self.keys(&[person]).await?.key(person).cloned())
    }

    /// The data keys of many persons, in one query.
    ///
    /// # Errors
    /// [`VaultError::Store`] and [`VaultError::Damaged`].
    pub async fn keys(&self, persons: &[PersonId]) -> Result<KeyRing, VaultError> {
        match self.keys_once(persons).await {
            Err(error) if self.has_new_kek(&error).await? => self.keys_once(persons).await,
            done => done,
        }
    }

    async fn keys_once(&self, persons: &[PersonId]) -> Result<KeyRing, VaultError> {
        let (mut ring, missing, erasures) = self.cached(persons);
        if !missing.is_empty() {
            let wrapping = self.0.wrapping.read().await;
            let found = stored(&self.0.readers, &missing, &wrapping.kek).await?;
            self.0.cache().keep(&found, erasures);
            ring.0.extend(found.0);
        }
        Ok(ring)
    }

    /// Destroys the person's data key for ever and wipes every trace of it from the file and its WAL. Doing it again, or
    /// for a person without a key, is no error; none can be made for them afterwards.
    ///
    /// # Errors
    /// [`VaultError::TracesRemain`] if a reader of another process keeps the WAL: do it again.
    pub async fn destroy_key(&self, person: PersonId) -> Result<(), VaultError> {
        self.destroy_keys(&[person]).await.map(drop)
    }

    /// Destroys many keys, as [`Self::destroy_key`]; for start-up and restore, when every key that the log calls erased is
    /// destroyed again. Returns how many had still been there.
    ///
    /// # Errors
    /// [`VaultError::TracesRemain`] if a reader of another process keeps the WAL: do it again.
    pub async fn destroy_keys(&self, persons: &[PersonId]) -> Result<u64, VaultError> {
        let ids = hex_ids(persons.iter());
        let mut tx = self.begin().await?;
        let destroyed = sqlx::query(
            "UPDATE person_key SET wrapped = zeroblob(72), destroyed = 1
             WHERE destroyed = 0 AND person IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(&ids)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        sqlx::query(
            "INSERT OR IGNORE INTO person_key (person, wrapped, destroyed)
             SELECT unhex(value), zeroblob(72), 1 FROM json_each(?)",
        )
        .bind(&ids)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.0.cache().forget(persons);
        self.wipe_traces().await?;
        Ok(destroyed)
    }

    /// What the cache holds of these persons, who is missing from it, and how many erasures there have been.
    fn cached(&self, persons: &[PersonId]) -> (KeyRing, HashSet<PersonId>, u64) {
        let mut cache = self.0.cache();
        let (mut ring, mut missing) = (KeyRing::default(), HashSet::new());
        for person in persons {
            match cache.keys.get(person) {
                Some(key) => drop(ring.0.insert(*person, Slot::Held(key.clone()))),
                None => drop(missing.insert(*person)),
            }
        }
        (ring, missing, cache.erasures)
    }
}

async fn stored(
    store: impl Executor<'_, Database = Sqlite>,
    persons: &HashSet<PersonId>,
    kek: &KeyEncryptionKey,
) -> Result<KeyRing, VaultError> {
    let rows = sqlx::query(
        "SELECT person, wrapped, destroyed FROM person_key
         WHERE person IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(hex_ids(persons.iter()))
    .fetch_all(store)
    .await?;
    let mut ring = KeyRing::default();
    for row in rows {
        let id = Uuid::from_slice(row.try_get("person")?).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))?;
        let person = PersonId(id);
        let slot = if row.try_get::<bool, _>("destroyed")? {
            Slot::Destroyed
        } else {
            let key = kek.unwrap_key(&person_key_aad(person), row.try_get("wrapped")?);
            Slot::Held(PersonKey::from_bytes(*key.ok_or(VaultError::Damaged("a data key does not open"))?))
        };
        ring.0.insert(person, slot);
    }
    Ok(ring)
}

/// The ids as a JSON array of hexadecimal, for `json_each`.
fn hex_ids<'a>(persons: impl Iterator<Item = &'a PersonId>) -> String {
    let ids: Vec<String> = persons.map(|person| person.0.simple().to_string()).collect();
    json!(ids).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::{OpenError, SealedFor};
    use crate::testing::{fresh, kek, stored_somewhere};
    use crate::vault::VAULT_FILE;

    const HERE: SealedFor<'static> =
        SealedFor { stream_kind: "person", stream_id: Uuid::from_u128(7), event_type: "person_registered", field: "name" };

    fn person(id: u128) -> PersonId {
        PersonId(Uuid::from_u128(id))
    }

    async fn wrapped(vault: &Vault, person: PersonId) -> Vec<u8> {
        let row = sqlx::query_scalar("SELECT wrapped FROM person_key WHERE person = ?").bind(&person.0.as_bytes()[..]);
        row.fetch_one(&vault.0.readers).await.unwrap()
    }

    #[tokio::test]
    async fn a_key_made_is_the_key_found_also_after_reopening() {
        let (dir, vault) = fresh().await;
        let sealed = vault.create_key(person(1)).await.unwrap().seal(person(1), &HERE, "陈静");
        vault.close().await;
        let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        let ring = vault.keys(&[person(1)]).await.unwrap();
        assert_eq!(ring.open(&sealed, &HERE), Ok(Some("陈静".into())));
        assert_eq!(vault.key(person(1)).await.unwrap().unwrap().open(&sealed, &HERE).as_deref(), Ok("陈静"));
    }

    #[tokio::test]
    async fn making_a_key_twice_gives_the_same_key() {
        let (_dir, vault) = fresh().await;
        let once = vault.create_key(person(1)).await.unwrap();
        vault.0.cache().clear();
        assert_eq!(vault.create_key(person(1)).await.unwrap().bytes(), once.bytes());
        let ring = vault.create_keys(&[person(1), person(2), person(2)]).await.unwrap();
        assert_eq!(ring.key(person(1)).unwrap().bytes(), once.bytes());
        assert!(ring.key(person(2)).is_some());
    }

    #[tokio::test]
    async fn a_key_generated_before_is_kept_once() {
        let (_dir, vault) = fresh().await;
        let key = PersonKey::generate();
        vault.keep_key(person(1), &key).await.unwrap();
        vault.0.cache().clear();
        assert_eq!(vault.key(person(1)).await.unwrap().unwrap().bytes(), key.bytes());
        assert!(matches!(vault.keep_key(person(1), &PersonKey::generate()).await, Err(VaultError::Store(_))));
        assert_eq!(vault.create_key(person(1)).await.unwrap().bytes(), key.bytes());
        vault.destroy_key(person(1)).await.unwrap();
        assert!(vault.keep_key(person(1), &key).await.is_err(), "a destroyed key never comes back");
    }

    #[tokio::test]
    async fn an_unknown_person_has_no_key() {
        let (_dir, vault) = fresh().await;
        assert!(vault.key(person(9)).await.unwrap().is_none());
        let sealed = PersonKey::generate().seal(person(9), &HERE, "x");
        assert_eq!(vault.keys(&[person(9)]).await.unwrap().open(&sealed, &HERE), Err(OpenError::NoKey));
    }

    #[tokio::test]
    async fn making_one_key_many_times_at_once_gives_one_key() {
        let (_dir, vault) = fresh().await;
        let making = (0..20).map(|_| {
            tokio::spawn({
                let vault = vault.clone();
                async move { vault.create_key(person(1)).await.unwrap() }
            })
        });
        let mut keys = Vec::new();
        for key in making.collect::<Vec<_>>() {
            keys.push(key.await.unwrap());
        }
        assert!(keys.iter().all(|key| key.bytes() == keys[0].bytes()));
    }

    #[tokio::test]
    async fn a_destroyed_key_opens_nothing_and_never_comes_back() {
        let (_dir, vault) = fresh().await;
        let sealed = vault.create_key(person(1)).await.unwrap().seal(person(1), &HERE, "陈静");
        vault.create_key(person(2)).await.unwrap();
        vault.destroy_key(person(1)).await.unwrap();

        assert!(vault.key(person(1)).await.unwrap().is_none());
        let ring = vault.keys(&[person(1), person(2)]).await.unwrap();
        assert_eq!(ring.open(&sealed, &HERE), Ok(None));
        assert!(ring.is_destroyed(person(1)) && ring.key(person(2)).is_some());
        assert!(matches!(vault.create_key(person(1)).await, Err(VaultError::KeyDestroyed)));
        assert!(matches!(vault.create_keys(&[person(3), person(1)]).await, Err(VaultError::KeyDestroyed)));
        assert!(vault.key(person(3)).await.unwrap().is_none(), "all or none");
    }

    #[tokio::test]
    async fn of_many_kept_at_once_only_the_second_for_one_person_is_refused() {
        let (_dir, vault) = fresh().await;
        let keys: Vec<_> = (0..200u128).map(|n| (person(n % 199), PersonKey::generate())).collect();
        let keeps = keys.iter().cloned().map(|(person, key)| {
            let vault = vault.clone();
            tokio::spawn(async move { vault.keep_key(person, &key).await.is_ok() })
        });
        let mut refused = 0;
        for kept in keeps.collect::<Vec<_>>() {
            refused += u32::from(!kept.await.unwrap());
        }
        assert_eq!(refused, 1);
        for n in 1..199 {
            assert_eq!(vault.key(person(n)).await.unwrap().unwrap().bytes(), keys[n as usize].1.bytes());
        }
    }

    #[tokio::test]
    async fn destroying_again_or_for_a_stranger_is_no_error() {
        let (_dir, vault) = fresh().await;
        vault.create_key(person(1)).await.unwrap();
        assert_eq!(vault.destroy_keys(&[person(1), person(2)]).await.unwrap(), 1);
        assert_eq!(vault.destroy_keys(&[person(1), person(2)]).await.unwrap(), 0);
        assert_eq!(vault.destroy_keys(&[]).await.unwrap(), 0);
        assert!(matches!(vault.create_key(person(2)).await, Err(VaultError::KeyDestroyed)), "a stranger leaves a tombstone");
    }

    /// Would notice a copy left behind by a page split, a merge, the WAL or a free page.
    #[tokio::test]
    async fn no_byte_of_a_destroyed_key_is_in_any_file() {
        let (dir, vault) = fresh().await;
        let mut rng = 1u128;
        let mut persons = Vec::new();
        for _ in 0..40 {
            let batch: Vec<_> = (0..50)
                .map(|_| {
                    rng = rng.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    person(rng << 64 | rng)
                })
                .collect();
            vault.create_keys(&batch).await.unwrap();
            persons.extend(batch);
        }
        let gone: Vec<_> = persons.iter().copied().step_by(3).collect();
        let mut needles = Vec::new();
        for person in &gone {
            needles.push(wrapped(&vault, *person).await);
        }
        assert!(stored_somewhere(&dir, &needles[0]), "the search finds what is there");
        vault.destroy_key(gone[0]).await.unwrap();
        vault.destroy_keys(&gone[1..]).await.unwrap();

        let mut files = Vec::new();
        for file in std::fs::read_dir(dir.path()).unwrap() {
            files.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        // Half a ciphertext is enough to count as a trace.
        let traces: HashSet<&[u8]> = needles.iter().flat_map(|needle| needle.windows(16)).collect();
        assert!(!files.windows(16).any(|window| traces.contains(window)));
        assert!(stored_somewhere(&dir, &wrapped(&vault, persons[1]).await), "the others are still there");
    }

    #[tokio::test]
    async fn a_reader_in_the_way_is_told_and_the_second_try_wipes() {
        let (dir, vault) = fresh().await;
        vault.create_key(person(1)).await.unwrap();
        let needle = wrapped(&vault, person(1)).await;
        sqlx::query("PRAGMA busy_timeout = 20").execute(&vault.0.writer).await.unwrap();
        let mut reader = vault.0.readers.begin().await.unwrap();
        sqlx::query("SELECT count(*) FROM person_key").fetch_one(&mut *reader).await.unwrap();

        assert!(matches!(vault.destroy_key(person(1)).await, Err(VaultError::TracesRemain)));
        assert!(vault.key(person(1)).await.unwrap().is_none(), "destroyed all the same");
        reader.rollback().await.unwrap();
        vault.destroy_key(person(1)).await.unwrap();
        assert!(!stored_somewhere(&dir, &needle));
    }

    #[tokio::test]
    async fn a_fetch_under_way_during_an_erasure_does_not_fill_the_cache() {
        let (_dir, vault) = fresh().await;
        let ring = vault.create_keys(&[person(1)]).await.unwrap();
        vault.0.cache().clear();
        let (_, missing, erasures) = vault.cached(&[person(1)]);
        assert_eq!(missing.len(), 1);
        vault.destroy_key(person(1)).await.unwrap();
        vault.0.cache().keep(&ring, erasures);
        assert!(vault.key(person(1)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_key_moved_to_another_person_does_not_open() {
        let (_dir, vault) = fresh().await;
        vault.create_keys(&[person(1), person(2)]).await.unwrap();
        vault.0.cache().clear();
        let stolen = wrapped(&vault, person(1)).await;
        let moving = sqlx::query("UPDATE person_key SET wrapped = ? WHERE person = ?").bind(stolen).bind(&person(2).0.as_bytes()[..]);
        moving.execute(&vault.0.writer).await.unwrap();
        assert!(matches!(vault.key(person(2)).await, Err(VaultError::Damaged(_))));
    }

    #[tokio::test]
    async fn debug_shows_no_key() {
        let (_dir, vault) = fresh().await;
        let ring = vault.create_keys(&[person(1)]).await.unwrap();
        assert_eq!(format!("{ring:?}"), "KeyRing(1 persons, redacted)");
    }
}
