//! What can go wrong with the vault itself. No text here holds a secret or anything personal.

/// A fault of the vault, or a use of it that its state forbids.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no vault, and none was to be made.
    #[error("there is no vault")]
    Missing,
    /// The vault was made with another key-encryption key, or another process has changed it since.
    #[error("this key-encryption key does not open this vault")]
    WrongKeyEncryptionKey,
    /// The person was erased; there will never be a key again.
    #[error("the data key was destroyed")]
    KeyDestroyed,
    /// The key is destroyed, but a reader kept its traces from being wiped from the file; destroy it again.
    #[error("traces of what was erased are still in the file: another reader is in the way")]
    TracesRemain,
    /// The SQLite linked in is older than [`crate::SQLITE_VERSION_MIN`] and may damage WAL files.
    #[error("SQLite {found} is too old")]
    SqliteTooOld {
        /// The version found.
        found: String,
    },
    /// Something in the file is not what the vault wrote.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// The poll has no ballot box: none was made, or it was destroyed.
    #[error("the poll has no ballot box")]
    NoBallotBox,
    /// More ballots are pending than the box takes at once; try again.
    #[error("the ballot box is busy")]
    BallotBoxBusy,
    /// The ballot box was closed.
    #[error("the ballot box is closed")]
    BallotBoxClosed,
    /// A batch of ballots could not be written, or what was written before could not be read.
    #[error("the ballot box could not be written")]
    BallotBox(#[source] std::sync::Arc<VaultError>),
    /// A number does not fit the store.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// The thread that hashed a password stopped.
    #[error("hashing a password stopped")]
    HashingStopped,
    /// The file could not be made or reached.
    #[error("the vault's file cannot be used")]
    File(#[source] std::io::Error),
    /// SQLite failed.
    #[error("the vault's store failed")]
    Store(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the vault's schema cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
