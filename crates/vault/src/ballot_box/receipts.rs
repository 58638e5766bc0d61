//! Receipts: what a voter's tag gives under a key of its poll, as long as ballots come in.
//!
//! The published list bears receipts, not tags: who chose a tag, and who made somebody choose one, finds nothing by it. Once the
//! key is destroyed nobody can make a receipt of a tag again.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::values::PollId;

use super::{BallotBox, Keeper, Request, aad, unwrapped};
use crate::{
    aead::{self, KeyBytes},
    claims::hmac,
    error::VaultError,
};

const KEY_LABEL: &[u8] = b"gongyi receipt key v1";
const LABEL: &[u8] = b"gongyi receipt v1";
pub(super) const END_RECEIPTS: &str = "UPDATE poll_key SET receipt_key = zeroblob(72) WHERE poll = ? AND receipt_key IS NOT NULL";

/// How receipts are made in a box.
pub(super) enum Receipts {
    /// By this key.
    Keyed(KeyBytes),
    /// A voter's tag is the receipt: the box is older than keys for receipts.
    Tags,
    /// No more.
    Ended,
}

impl Receipts {
    pub(super) fn stored(wrapping: &KeyBytes, poll: PollId, key: Option<&[u8]>) -> Result<Self, VaultError> {
        Ok(match key {
            None => Self::Tags,
            Some(zeros) if zeros.iter().all(|byte| *byte == 0) => Self::Ended,
            Some(wrapped) => Self::Keyed(unwrapped(wrapping, &key_aad(poll), wrapped)?),
        })
    }
}

/// A new key for a poll's receipts, wrapped.
pub(super) fn wrapped_key(wrapping: &KeyBytes, poll: PollId) -> Vec<u8> {
    let key = KeyBytes::new(aead::random());
    aead::seal(wrapping, &key_aad(poll), &*key)
}

fn key_aad(poll: PollId) -> Vec<u8> {
    aad(KEY_LABEL, &[poll.0.as_bytes()])
}

impl BallotBox {
    /// The receipt that a voter's tag gives in this poll: 43 characters of base64url, the HMAC-SHA256 of the tag. In a box that
    /// was made without a key for receipts, the tag itself.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`], also once receipts have ended; faults of the store.
    pub async fn receipt(&self, poll: PollId, tag: String) -> Result<String, VaultError> {
        self.ask(|reply| Request::Receipt { poll, tag, reply }).await
    }

    /// Destroys the key by which a poll's receipts are made. Doing it again, or for a poll without a box, is no error.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn end_receipts(&self, poll: PollId) -> Result<(), VaultError> {
        self.ask(|reply| Request::EndReceipts { poll, reply }).await
    }
}

impl Keeper {
    pub(super) async fn receipt(&mut self, poll: PollId, tag: String) -> Result<String, VaultError> {
        self.read().await?;
        match &self.of(poll)?.receipts {
            Receipts::Keyed(key) => Ok(URL_SAFE_NO_PAD.encode(hmac(key, &[LABEL, poll.0.as_bytes(), tag.as_bytes()]))),
            Receipts::Tags => Ok(tag),
            Receipts::Ended => Err(VaultError::NoBallotBox),
        }
    }

    pub(super) async fn end_receipts(&mut self, poll: PollId) -> Result<(), VaultError> {
        self.trusted = false;
        sqlx::query(END_RECEIPTS).bind(&poll.0.as_bytes()[..]).execute(&mut self.connection).await?;
        self.read().await
    }
}
