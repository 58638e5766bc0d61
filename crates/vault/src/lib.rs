//! The erasable store: data keys, credentials, tokens, signing keys and process checkpoints, in one SQLite file.
//!
//! The log keeps everything for ever; the vault keeps what must be able to vanish. Personal text is in the log only as
//! ciphertext under its person's data key, and that key is here, wrapped by a key-encryption key (KEK) which is in
//! neither. Destroying the data key makes every ciphertext of that person noise.
//!
//! 1. Get the KEK: [`KeyEncryptionKey::load_or_create`] (print a warning when it was created or is readable by others).
//! 2. Open the vault: [`Vault::open`] makes one where there is none, [`Vault::open_existing`] does not, [`Vault::open_read_only`] writes
//!    nothing. Another KEK than the vault's own is an error before anything is written.
//! 3. At start, destroy again what the log calls erased: [`Vault::destroy_keys`].
//! 4. Seal: [`Vault::create_key`], or [`PersonKey::generate`] and [`Vault::keep_key`] before the commit, then [`PersonKey::seal`] with the [`SealedFor`] that says where the text will stand.
//! 5. Open: [`Vault::keys`] for everybody on the page, then [`KeyRing::open`].
//! 6. Sign in: [`Vault::known_device`], [`Attempts::check`], [`Vault::verify_password`], [`Attempts::succeeded`], [`Vault::issue_refresh`].
//! 7. Texts of documents: [`Vault::seal_texts`], [`Vault::text_keys`], [`Vault::destroy_text_keys`].
//! 8. Secret ballots: [`Vault::ballot_box`], in a file of its own beside the vault's.
//!
//! No error text, `Debug` output or span of this crate holds a secret or anything personal.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a broken assumption fails the test"))]

mod aead;
mod ballot_box;
mod binding;
mod calendar_addresses;
mod checkpoints;
mod claim_streams;
mod claims;
mod credentials;
mod error;
mod freezing;
mod kek;
mod kek_rotation;
mod key_ring;
mod keys;
mod known_devices;
mod rewrap;
mod sealing;
mod sign_in_attempts;
mod sign_in_codes;
mod signing;
mod stops;
#[cfg(test)]
mod testing;
mod text_keys;
mod tokens;
mod vault;

pub use ballot_box::{BALLOT_BOX_FILE, BALLOT_MAX_BYTES, BallotBox, PENDING_MAX_BALLOTS, PendingBallot};
pub use calendar_addresses::CalendarAddress;
pub use checkpoints::{Checkpoint, Parked};
pub use claim_streams::{ClaimDigest, NewClaim};
pub use claims::{ATTENDANCE_CODE_STEP_SECONDS, AttendanceCode};
pub use credentials::{
    ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, HASHES_AT_ONCE_MAX, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, PASSWORD_MIN_GUESSES,
    SetPassword, SetPasswordError, check_password,
};
pub use error::VaultError;
pub use freezing::Frozen;
pub use kek::{KEK_FILE, KekError, KekOrigin, KeyEncryptionKey};
pub use kek_rotation::NEXT_KEK_FILE;
pub use key_ring::{KEY_CACHE_MAX_PERSONS, KeyRing};
pub use known_devices::{DeviceToken, KNOWN_DEVICE_MAX_SECONDS, KNOWN_DEVICES_MAX_COUNT, KnownDevice};
pub use sealing::{OpenError, PersonKey, SealedFor};
pub use sign_in_attempts::{
    ATTEMPT_WINDOW_SECONDS, ATTEMPTS_PER_ADDRESS_MAX, ATTEMPTS_PER_DEVICE_MAX, ATTEMPTS_PER_NAME_AND_ADDRESS_MAX,
    ATTEMPTS_SLOWED_MAX_MILLIS, ATTEMPTS_UNSLOWED_PER_NAME_MAX, Attempt, Attempts, RetryAfter, Verdict,
};
pub use sign_in_codes::{SIGN_IN_CODE_DIGITS, SIGN_IN_CODE_MAX_SECONDS, SignInCode};
pub use signing::{SIGNING_KEY_PUBLISHED_SECONDS, SigningKey};
pub use stops::stop_at;
pub use text_keys::{SealedText, Text, TextKeys};
pub use tokens::{Family, RefreshError, RefreshToken, Rotated};
pub use vault::{SQLITE_VERSION_MIN, VAULT_FILE, Vault};
