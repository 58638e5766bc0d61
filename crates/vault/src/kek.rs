//! The key-encryption key (KEK): it wraps every key in the vault and is itself in neither vault nor log.
//!
//! It comes from the environment or from the file `DIR/kek`. A missing one is made, unless there is already a vault that
//! a new one could never open.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    aead::{self, KEY_BYTES, KeyBytes},
    vault::VAULT_FILE,
};

/// The file in the data folder that holds the KEK when the environment does not.
pub const KEK_FILE: &str = "kek";

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

/// Why there is no KEK.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// Not 32 bytes in base64 or hexadecimal.
    #[error("a key-encryption key is 32 bytes, written in base64 or hexadecimal")]
    Malformed,
    /// There is a vault but no KEK; a new one could not open it.
    #[error("the vault's key-encryption key is missing")]
    MissingForVault,
    /// The file cannot be read or written.
    #[error("the key-encryption key's file cannot be used")]
    File(#[from] io::Error),
}

/// Where a KEK came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KekOrigin {
    /// From the environment.
    Environment,
    /// From `DIR/kek`.
    File {
        /// Others than the owner may read the file: worth a warning.
        readable_by_others: bool,
    },
    /// Just made at `DIR/kek`: worth a warning, because without a copy of it every personal text is lost with the disk.
    Created,
}

/// The key that wraps all other keys. Wiped when dropped.
#[derive(Clone)]
pub struct KeyEncryptionKey(KeyBytes);

impl KeyEncryptionKey {
    /// A new random key, which is nowhere yet.
    pub fn generate() -> Self {
        Self(aead::random().into())
    }

    /// Reads 32 bytes written in base64 (either alphabet, padded or not) or hexadecimal; spaces around are ignored.
    ///
    /// # Errors
    /// [`KekError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, KekError> {
        let text = text.trim();
        let bytes = if text.len() == 2 * KEY_BYTES {
            hex::decode(text).ok()
        } else {
            BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
        };
        let bytes = Zeroizing::new(bytes.ok_or(KekError::Malformed)?);
        let mut key = KeyBytes::default();
        if bytes.len() != KEY_BYTES {
            return Err(KekError::Malformed);
        }
        key.copy_from_slice(&bytes);
        Ok(Self(key))
    }

    /// Reads a key from a file that holds it as text.
    ///
    /// # Errors
    /// [`KekError::File`] or [`KekError::Malformed`].
    pub fn from_file(path: &Path) -> Result<Self, KekError> {
        Self::parse(&Zeroizing::new(fs::read_to_string(path)?))
    }

    /// Takes the key from the environment value if there is one (empty counts as none), else from `dir/kek`, else makes
    /// one there with mode 0600.
    ///
    /// # Errors
    /// [`KekError::MissingForVault`] if it would have to make one although `dir` holds a vault; see [`KekError`].
    pub fn load_or_create(dir: &Path, env: Option<String>) -> Result<(Self, KekOrigin), KekError> {
        match Self::load(dir, env) {
            Err(KekError::MissingForVault) if !dir.join(VAULT_FILE).exists() => {
                fs::create_dir_all(dir)?;
                let key = Self::generate();
                key.store_new(&dir.join(KEK_FILE))?;
                Ok((key, KekOrigin::Created))
            }
            loaded => loaded,
        }
    }

    /// Takes the key from the environment value if there is one (empty counts as none), else from `dir/kek`; makes none.
    ///
    /// # Errors
    /// [`KekError::MissingForVault`] if it is nowhere; see [`KekError`].
    pub fn load(dir: &Path, env: Option<String>) -> Result<(Self, KekOrigin), KekError> {
        let env = env.map(Zeroizing::new);
        if let Some(text) = env.as_ref().filter(|text| !text.trim().is_empty()) {
            return Ok((Self::parse(text)?, KekOrigin::Environment));
        }
        let path = dir.join(KEK_FILE);
        match Self::from_file(&path) {
            Ok(key) => Ok((key, KekOrigin::File { readable_by_others: readable_by_others(&path)? })),
            Err(KekError::File(error)) if error.kind() == io::ErrorKind::NotFound => Err(KekError::MissingForVault),
            Err(error) => Err(error),
        }
    }

    /// Writes the key as base64 to a file that must not exist yet, mode 0600. The file appears whole or not at all.
    ///
    /// # Errors
    /// [`KekError::File`], also if the file exists.
    pub fn store_new(&self, path: &Path) -> Result<(), KekError> {
        let mut text = Zeroizing::new(BASE64.encode(self.0.as_slice()));
        text.push('\n');
        let draft = path.with_extension(format!("draft-{}", hex::encode(aead::random::<8>())));
        let stored = write_private(&draft, text.as_bytes()).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        stored.and(removed)?;
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            fs::File::open(dir)?.sync_all()?;
        }
        Ok(())
    }

    /// Wraps a secret for the purpose that `aad` names.
    pub(crate) fn wrap(&self, aad: &[u8], secret: &[u8]) -> Vec<u8> {
        aead::seal(&self.0, aad, secret)
    }

    /// Unwraps it; `None` with another KEK, for another purpose, or if a byte was changed.
    pub(crate) fn unwrap_secret(&self, aad: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        aead::open(&self.0, aad, wrapped)
    }

    /// Unwraps a 32-byte key.
    pub(crate) fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Option<KeyBytes> {
        let secret = self.unwrap_secret(aad, wrapped)?;
        let mut bytes: [u8; KEY_BYTES] = secret.as_slice().try_into().ok()?;
        let key = KeyBytes::new(bytes);
        bytes.zeroize();
        Some(key)
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(redacted)")
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> io::Result<bool> {
    Ok(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions()) & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn dir() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_missing_key_is_made_and_found_again() {
        let dir = dir();
        let (made, origin) = KeyEncryptionKey::load_or_create(dir.path(), None).unwrap();
        assert_eq!(origin, KekOrigin::Created);
        let (found, origin) = KeyEncryptionKey::load_or_create(dir.path(), Some(" ".into())).unwrap();
        assert_eq!(origin, KekOrigin::File { readable_by_others: false });
        assert_eq!(made.0, found.0);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_told_but_taken() {
        use std::os::unix::fs::PermissionsExt;
        let dir = dir();
        let path = dir.path().join(KEK_FILE);
        fs::write(&path, HEX).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let (_, origin) = KeyEncryptionKey::load_or_create(dir.path(), None).unwrap();
        assert_eq!(origin, KekOrigin::File { readable_by_others: true });
    }

    #[test]
    fn the_environment_goes_first_and_writes_no_file() {
        let dir = dir();
        let (key, origin) = KeyEncryptionKey::load_or_create(dir.path(), Some(HEX.into())).unwrap();
        assert_eq!(origin, KekOrigin::Environment);
        assert_eq!(key.0[31], 0x1f);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn base64_and_hexadecimal_say_the_same() {
        let bytes = hex::decode(HEX).unwrap();
        for text in [HEX.to_uppercase(), BASE64.encode(&bytes), BASE64_URL.encode(&bytes).replace('=', ""), format!("{HEX}\n")] {
            assert_eq!(KeyEncryptionKey::parse(&text).unwrap().0.as_slice(), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_not_32_bytes_is_refused() {
        let dir = dir();
        for text in ["", "geheim", &HEX[2..], &"陈".repeat(32), &"z".repeat(64)] {
            assert!(matches!(KeyEncryptionKey::parse(text), Err(KekError::Malformed)), "{text}");
        }
        fs::write(dir.path().join(KEK_FILE), "").unwrap();
        assert!(matches!(KeyEncryptionKey::load_or_create(dir.path(), None), Err(KekError::Malformed)));
    }

    #[test]
    fn no_key_is_made_beside_a_vault_it_could_not_open() {
        let dir = dir();
        fs::write(dir.path().join(VAULT_FILE), "").unwrap();
        assert!(matches!(KeyEncryptionKey::load_or_create(dir.path(), None), Err(KekError::MissingForVault)));
        assert!(!dir.path().join(KEK_FILE).exists());
    }

    #[test]
    fn a_stored_key_is_never_overwritten() {
        let dir = dir();
        let path = dir.path().join(KEK_FILE);
        KeyEncryptionKey::generate().store_new(&path).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(KeyEncryptionKey::generate().store_new(&path), Err(KekError::File(_))));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn debug_and_errors_show_no_key() {
        assert_eq!(format!("{:?}", KeyEncryptionKey::parse(HEX).unwrap()), "KeyEncryptionKey(redacted)");
        assert!(!format!("{:?}", KeyEncryptionKey::parse(&HEX[1..]).unwrap_err()).contains("01020"));
    }
}
