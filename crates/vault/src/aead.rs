//! XChaCha20-Poly1305 with a random nonce, the one cipher of the vault. Its 24-byte nonces may be random for any number
//! of texts under one key.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 24;

/// A key, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Fresh bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes; nothing can be sealed safely without them");
    bytes
}

/// Encrypts and returns nonce and ciphertext.
pub(crate) fn seal(key: &KeyBytes, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = random::<NONCE_BYTES>();
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }).expect("a text in memory is below the cipher's 256 GiB");
    let mut bytes = Vec::with_capacity(NONCE_BYTES + sealed.len());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    bytes
}

/// Decrypts what [`seal`] returned; `None` if the key, the associated data or a byte differs.
pub(crate) fn open(key: &KeyBytes, aad: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let nonce = XNonce::try_from(nonce).ok()?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    cipher.decrypt(&nonce, Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

/// Appends `part` with its length before it, so that no two lists of parts have the same bytes.
pub(crate) fn append(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part);
}
