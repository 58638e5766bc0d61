//! What the tests of this crate share: a new vault in its own folder.

use gongyi_domain::values::Instant;
use tempfile::TempDir;

use crate::{KeyEncryptionKey, VAULT_FILE, Vault};

/// The KEK of every vault in tests.
pub(crate) fn kek() -> KeyEncryptionKey {
    KeyEncryptionKey::parse(&"5a".repeat(32)).unwrap()
}

/// A new vault; it lives as long as its folder.
pub(crate) async fn fresh() -> (TempDir, Vault) {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
    (dir, vault)
}

/// Whether `needle` is anywhere in the vault's file, its WAL or its index.
pub(crate) fn stored_somewhere(dir: &TempDir, needle: &[u8]) -> bool {
    std::fs::read_dir(dir.path()).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

/// A moment, so many seconds after a fixed one.
pub(crate) fn second(seconds: i64) -> Instant {
    Instant::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
}
