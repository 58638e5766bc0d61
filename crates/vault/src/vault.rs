//! Opening and closing the vault's file.
//!
//! One connection writes and a few read. The file is in WAL mode with `synchronous=FULL`: what was acknowledged stays
//! after a power cut. `secure_delete` is on: what is deleted is overwritten with zeros.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use gongyi_domain::values::Instant;
use sqlx::{
    Connection, Row, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{OnceCell, RwLock, Semaphore};

use crate::{
    aead::{self, KeyBytes},
    ballot_box::{BALLOT_BOX_FILE, BallotBox},
    claims::Subkeys,
    credentials::HASHES_AT_ONCE_MAX,
    error::VaultError,
    kek::KeyEncryptionKey,
    key_ring::KeyCache,
    keys::KeysWaiting,
};

/// The vault's file in the data folder.
pub const VAULT_FILE: &str = "vault.db";
/// The oldest SQLite allowed: earlier ones may damage a WAL file when it is reset.
pub const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

const READERS_MAX: u32 = 2;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
pub(crate) const ROOT_LABEL: &[u8] = b"gongyi vault root v1";

/// The erasable store. Clones share it.
#[derive(Clone)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) wrapping: RwLock<Wrapping>,
    pub(crate) subkeys: Subkeys,
    pub(crate) cache: Mutex<KeyCache>,
    pub(crate) keeping: KeysWaiting,
    pub(crate) hashing: Arc<Semaphore>,
    ballot_box: OnceCell<BallotBox>,
    pub(crate) ballot_box_path: PathBuf,
}

/// The KEK and the root secret as it is wrapped by it; whoever finds another root in the file has a stale KEK.
pub(crate) struct Wrapping {
    pub(crate) kek: KeyEncryptionKey,
    pub(crate) wrapped_root: Vec<u8>,
}

impl Vault {
    /// Opens the vault, making it (mode 0600) and its own keys if it is new.
    ///
    /// # Errors
    /// [`VaultError::WrongKeyEncryptionKey`] if the vault was made with another KEK: nothing has been written then.
    /// [`VaultError::SqliteTooOld`], [`VaultError::File`], [`VaultError::Store`], [`VaultError::Migrate`].
    pub async fn open(path: impl AsRef<Path>, kek: KeyEncryptionKey) -> Result<Self, VaultError> {
        make_private(path.as_ref()).map_err(VaultError::File)?;
        Self::open_existing(path, kek).await
    }

    /// Opens the vault and brings it up to date; makes none.
    ///
    /// # Errors
    /// [`VaultError::Missing`]; as [`Self::open`].
    pub async fn open_existing(path: impl AsRef<Path>, kek: KeyEncryptionKey) -> Result<Self, VaultError> {
        let path = path.as_ref();
        let options = options(path)?;
        let mut probe = SqliteConnection::connect_with(&options).await?;
        require_recent_sqlite(&mut probe).await?;
        if let Some(wrapped) = stored_root(&mut probe).await? {
            kek.unwrap_key(ROOT_LABEL, &wrapped).ok_or(VaultError::WrongKeyEncryptionKey)?;
        }
        probe.close().await?;

        let writing = options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        // SQLite ends a transaction by itself when the disk is full; sqlx goes on counting it and could begin no other.
        let writers = pool().max_connections(1).before_acquire(|it, _| Box::pin(async { Ok(!it.is_in_transaction()) }));
        let writer = writers.connect_with(writing).await?;
        // One transaction, so that of two that open a new vault the second finds it whole.
        let mut setup = writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::migrate!("../../migrations/vault-sqlite").run(&mut *setup).await?;
        let (root, wrapped_root) = root(&mut setup, &kek).await?;
        setup.commit().await?;
        let readers = pool().max_connections(READERS_MAX).connect_with(options.read_only(true)).await?;
        let vault = Self::with(path, writer, readers, &root, Wrapping { kek, wrapped_root });
        vault.ensure_signing_key().await?;
        Ok(vault)
    }

    /// Opens the vault to look at it: no byte of it is changed, nor is it brought up to date. What writes fails. One that is
    /// `at_rest` is written by nobody meanwhile and has an empty WAL: then nothing is made beside the file, either.
    ///
    /// # Errors
    /// [`VaultError::Missing`]; [`VaultError::Damaged`] if it was never finished; as [`Self::open`].
    pub async fn open_read_only(path: impl AsRef<Path>, kek: KeyEncryptionKey, at_rest: bool) -> Result<Self, VaultError> {
        let path = path.as_ref();
        let options = options(path)?.read_only(true).immutable(at_rest);
        let readers = pool().max_connections(READERS_MAX).connect_with(options).await?;
        let mut probe = readers.acquire().await?;
        require_recent_sqlite(&mut probe).await?;
        let wrapped_root = stored_root(&mut probe).await?.ok_or(VaultError::Damaged("it has no root"))?;
        drop(probe);
        let root = kek.unwrap_key(ROOT_LABEL, &wrapped_root).ok_or(VaultError::WrongKeyEncryptionKey)?;
        Ok(Self::with(path, readers.clone(), readers, &root, Wrapping { kek, wrapped_root }))
    }

    fn with(path: &Path, writer: SqlitePool, readers: SqlitePool, root: &KeyBytes, wrapping: Wrapping) -> Self {
        Self(Arc::new(Inner {
            writer,
            readers,
            wrapping: RwLock::new(wrapping),
            subkeys: Subkeys::derive(root),
            cache: Mutex::new(KeyCache::new()),
            keeping: KeysWaiting::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
            ballot_box: OnceCell::new(),
            ballot_box_path: path.with_file_name(BALLOT_BOX_FILE),
        }))
    }

    /// The ballot box, opened when it is first asked for. Its keys hang on the vault's root, so another KEK changes nothing
    /// in it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn ballot_box(&self) -> Result<&BallotBox, VaultError> {
        let open = || BallotBox::open(self.0.ballot_box_path.clone(), self.0.subkeys.ballots.clone());
        self.0.ballot_box.get_or_try_init(open).await
    }

    /// Whether there is a ballot box's file: if not, no poll has ever been opened here.
    pub fn has_ballot_box(&self) -> bool {
        self.0.ballot_box_path.exists()
    }

    /// Closes the file; other clones fail from then on.
    pub async fn close(&self) {
        if let Some(ballots) = self.0.ballot_box.get() {
            ballots.close().await;
        }
        self.0.readers.close().await;
        self.0.writer.close().await;
        self.0.cache().clear();
    }

    /// A transaction that holds the write lock from its beginning.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, VaultError> {
        Ok(self.0.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// The same, for what is about to wrap something: refused if another process has changed the KEK meanwhile.
    pub(crate) async fn begin_wrapping(&self, wrapping: &Wrapping) -> Result<Transaction<'static, Sqlite>, VaultError> {
        let mut tx = self.begin().await?;
        match stored_root(&mut tx).await? {
            Some(root) if root == wrapping.wrapped_root => Ok(tx),
            _ => Err(VaultError::WrongKeyEncryptionKey),
        }
    }

    /// Moves everything from the WAL into the file and empties the WAL, so that what was overwritten is in neither.
    pub(crate) async fn wipe_traces(&self) -> Result<(), VaultError> {
        // Waits up to BUSY_TIMEOUT for readers to finish.
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.0.writer).await?;
        let busy: i64 = row.try_get(0)?;
        if busy == 0 { Ok(()) } else { Err(VaultError::TracesRemain) }
    }

    /// Wraps the root with another KEK, in the transaction that rewraps everything else.
    pub(crate) async fn rewrap_root(tx: &mut SqliteConnection, wrapping: &Wrapping, kek: &KeyEncryptionKey) -> Result<Vec<u8>, VaultError> {
        let root =
            wrapping.kek.unwrap_key(ROOT_LABEL, &wrapping.wrapped_root).ok_or(VaultError::Damaged("its root secret does not open"))?;
        let wrapped = kek.wrap(ROOT_LABEL, &*root);
        sqlx::query("UPDATE vault_secret SET wrapped = ? WHERE name = 'root'").bind(&wrapped).execute(tx).await?;
        Ok(wrapped)
    }
}

impl Inner {
    pub(crate) fn cache(&self) -> std::sync::MutexGuard<'_, KeyCache> {
        self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(redacted)")
    }
}

fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None)
}

/// How a vault that is there is opened.
fn options(path: &Path) -> Result<SqliteConnectOptions, VaultError> {
    match fs::metadata(path) {
        Ok(_) => Ok(SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(VaultError::Missing),
        Err(error) => Err(VaultError::File(error)),
    }
}

/// Microseconds since 1970, as the vault stores moments.
pub(crate) fn micros(at: Instant) -> i64 {
    at.timestamp_micros()
}

/// The moment stored as `micros`.
pub(crate) fn instant(micros: i64) -> Result<Instant, VaultError> {
    Instant::from_timestamp_micros(micros).ok_or(VaultError::Damaged("a moment is out of range"))
}

/// SQLite makes its files with the mode of the first one; so make that one, before SQLite does. A file that is there is not
/// touched: closing it would drop the locks that SQLite holds on it in this process.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

pub(crate) async fn require_recent_sqlite(connection: &mut SqliteConnection) -> Result<(), VaultError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    let mut numbers = found.split('.').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let version = (next(), next(), next());
    if version < SQLITE_VERSION_MIN { Err(VaultError::SqliteTooOld { found }) } else { Ok(()) }
}

/// The wrapped root secret, unless the vault is new.
pub(crate) async fn stored_root(connection: &mut SqliteConnection) -> Result<Option<Vec<u8>>, VaultError> {
    let known = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'vault_secret'");
    if known.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(None);
    }
    let root = sqlx::query_scalar("SELECT wrapped FROM vault_secret WHERE name = 'root'");
    Ok(root.fetch_optional(connection).await?)
}

/// The root secret and how it is wrapped; made if the vault is new.
async fn root(setup: &mut SqliteConnection, kek: &KeyEncryptionKey) -> Result<(KeyBytes, Vec<u8>), VaultError> {
    if let Some(wrapped) = stored_root(&mut *setup).await? {
        let root = kek.unwrap_key(ROOT_LABEL, &wrapped).ok_or(VaultError::WrongKeyEncryptionKey)?;
        return Ok((root, wrapped));
    }
    let root = KeyBytes::new(aead::random());
    let wrapped = kek.wrap(ROOT_LABEL, &*root);
    sqlx::query("INSERT INTO vault_secret (name, wrapped) VALUES ('root', ?)").bind(&wrapped).execute(setup).await?;
    Ok((root, wrapped))
}

#[cfg(test)]
mod tests {
    use gongyi_domain::values::PersonId;
    use uuid::Uuid;

    use super::*;
    use crate::testing::{fresh, kek};

    #[tokio::test]
    async fn a_vault_opens_again_with_its_key() {
        let (dir, vault) = fresh().await;
        let claim = vault.former_claim_id("id_number", "11010519491231002X");
        vault.close().await;
        let again = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
        assert_eq!(again.former_claim_id("id_number", "11010519491231002X"), claim);
    }

    #[tokio::test]
    async fn another_key_is_refused_and_changes_no_byte() {
        let (dir, vault) = fresh().await;
        let path = dir.path().join(VAULT_FILE);
        vault.create_key(PersonId(Uuid::from_u128(1))).await.unwrap();
        vault.close().await;
        let before = fs::read(&path).unwrap();
        let refused = Vault::open(&path, KeyEncryptionKey::generate()).await;
        assert!(matches!(refused, Err(VaultError::WrongKeyEncryptionKey)));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(Vault::open(&path, kek()).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_vault_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(VAULT_FILE);
        fs::write(&path, "no database at all, but long enough to look at".repeat(100)).unwrap();
        assert!(matches!(Vault::open(&path, kek()).await, Err(VaultError::Store(_))));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, vault) = fresh().await;
        vault.create_key(PersonId(Uuid::from_u128(1))).await.unwrap();
        let mut files = 0;
        for file in fs::read_dir(dir.path()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
            files += 1;
        }
        assert_eq!(files, 3, "the file, its WAL and its index");
    }

    #[tokio::test]
    async fn the_file_is_durable_and_deletes_securely() {
        let (_dir, vault) = fresh().await;
        for (pragma, expected) in [("PRAGMA synchronous", 2), ("PRAGMA secure_delete", 1)] {
            let found: i64 = sqlx::query_scalar(pragma).fetch_one(&vault.0.writer).await.unwrap();
            assert_eq!(found, expected, "{pragma}");
        }
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&vault.0.writer).await.unwrap();
        assert_eq!(mode, "wal");
    }

    #[tokio::test]
    async fn two_that_open_a_new_vault_at_once_agree_on_its_keys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(VAULT_FILE);
        let (a, b) = tokio::join!(Vault::open(&path, kek()), Vault::open(&path, kek()));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.former_claim_id("phone", "1"), b.former_claim_id("phone", "1"));
        assert_eq!(a.signing_keys().await.unwrap().len(), 1);
        assert_eq!(a.signing_keys().await.unwrap()[0].kid, b.signing_keys().await.unwrap()[0].kid);
    }

    #[tokio::test]
    async fn debug_shows_nothing() {
        let (_dir, vault) = fresh().await;
        assert_eq!(format!("{vault:?}"), "Vault(redacted)");
    }
}
