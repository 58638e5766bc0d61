//! Ids and codes that only this vault can compute: what may exist once, commands named by others, attendance codes.
//!
//! All derive from one root secret, made with the vault and wrapped by the KEK. Without it nobody can try out ID numbers
//! against the ids in the log.

use std::fmt;

use gongyi_domain::values::{ActivityId, Instant, ShiftId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use uuid::{Builder as UuidBuilder, Uuid};

use crate::{
    aead::{self, KeyBytes},
    vault::Vault,
};

/// How long an attendance code is shown; it is accepted for as long again.
pub const ATTENDANCE_CODE_STEP_SECONDS: u64 = 60;

const ATTENDANCE_CODE_DIGITS: u8 = 6;
const TOTP_SECRET_BYTES: usize = 20;

/// The keys derived from the vault's root, one a purpose.
pub(crate) struct Subkeys {
    claim: KeyBytes,
    command: KeyBytes,
    attendance: KeyBytes,
    pub(crate) attempts: KeyBytes,
    pub(crate) pepper: KeyBytes,
    pub(crate) ballots: KeyBytes,
    pub(crate) codes: KeyBytes,
    pub(crate) mark: KeyBytes,
    pub(crate) claim_stream: KeyBytes,
    pub(crate) texts: KeyBytes,
}

impl Subkeys {
    pub(crate) fn derive(root: &KeyBytes) -> Self {
        let derive = |label: &str| KeyBytes::new(hmac(root, &[b"gongyi subkey v1", label.as_bytes()]));
        Self {
            claim: derive("claim id"),
            command: derive("command id"),
            attendance: derive("attendance code"),
            attempts: derive("sign-in attempt"),
            pepper: derive("password pepper"),
            ballots: derive("ballot box"),
            codes: derive("sign-in code"),
            mark: derive("log mark"),
            claim_stream: derive("claim stream"),
            texts: derive("text key"),
        }
    }
}

/// HMAC-SHA-256 over parts, each with its length before it.
pub(crate) fn hmac(key: &KeyBytes, parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    for part in parts {
        aead::append(&mut bytes, part);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).expect("HMAC takes a key of any length");
    mac.update(&bytes);
    mac.finalize().into_bytes().into()
}

/// A rotating code that proves that somebody is there: six digits, shown on the coordinator's screen.
#[derive(Clone, PartialEq, Eq)]
pub struct AttendanceCode {
    /// Six digits.
    pub code: String,
    /// When the next code is shown.
    pub valid_until: Instant,
}

impl fmt::Debug for AttendanceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttendanceCode").field("code", &"redacted").field("valid_until", &self.valid_until).finish()
    }
}

impl Vault {
    /// The id that the claim stream for what may exist once had before ids were random: an HMAC under a key of this vault, as
    /// a UUID of version 8. Such claims are read as long as they are held; [`Self::claim_stream`] leads to the others.
    pub fn former_claim_id(&self, purpose: &str, value: &str) -> Uuid {
        uuid(hmac(&self.0.subkeys.claim, &[purpose.as_bytes(), value.as_bytes()]))
    }

    /// The id of a command that somebody else named (a row of an import, an event that a process answers), likewise.
    pub fn command_id(&self, namespace: &str, value: &[u8]) -> Uuid {
        uuid(hmac(&self.0.subkeys.command, &[namespace.as_bytes(), value]))
    }

    /// The code shown for a shift at this moment (RFC 6238 with SHA-256 and [`ATTENDANCE_CODE_STEP_SECONDS`]).
    pub fn attendance_code(&self, activity: ActivityId, shift: ShiftId, at: Instant) -> AttendanceCode {
        let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
        let totp = self.totp(activity, shift);
        let until = i64::try_from(totp.next_step(seconds)).ok().and_then(|next| Instant::from_timestamp(next, 0));
        AttendanceCode { code: totp.generate(seconds).to_string(), valid_until: until.unwrap_or(at) }
    }

    /// Whether `code` is the one shown at this moment or the one before it. Takes the same time whichever digit differs.
    pub fn accepts_attendance_code(&self, activity: ActivityId, shift: ShiftId, at: Instant, code: &str) -> bool {
        let Ok(seconds) = u64::try_from(at.timestamp()) else { return false };
        let totp = self.totp(activity, shift);
        let current = totp.check(code, seconds).is_some();
        let previous = seconds.checked_sub(ATTENDANCE_CODE_STEP_SECONDS).is_some_and(|before| totp.check(code, before).is_some());
        current | previous
    }

    fn totp(&self, activity: ActivityId, shift: ShiftId) -> Totp {
        let secret = hmac(&self.0.subkeys.attendance, &[activity.0.as_bytes(), shift.0.as_bytes()]);
        let mut bytes = [0; TOTP_SECRET_BYTES];
        bytes.copy_from_slice(&secret[..TOTP_SECRET_BYTES]);
        Builder::new()
            .with_algorithm(Algorithm::SHA256)
            .with_digits(ATTENDANCE_CODE_DIGITS)
            .with_skew(0)
            .with_step_duration(ATTENDANCE_CODE_STEP_SECONDS)
            .with_secret(Secret::new_stack(bytes))
            .build()
            .expect("six digits, a step of a minute and a secret of 20 bytes are what the RFC allows")
    }
}

fn uuid(mac: [u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&mac[..16]);
    UuidBuilder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fresh, second};

    const ACTIVITY: ActivityId = ActivityId(Uuid::from_u128(1));
    const SHIFT: ShiftId = ShiftId(Uuid::from_u128(2));

    #[tokio::test]
    async fn a_claim_has_one_id_in_one_vault_and_another_elsewhere() {
        let ((_a, here), (_b, there)) = (fresh().await, fresh().await);
        let id = here.former_claim_id("phone", "13800000000");
        assert_eq!(id.get_version_num(), 8);
        assert_eq!(here.former_claim_id("phone", "13800000000"), id);
        for other in [
            here.former_claim_id("phone", "13800000001"),
            here.former_claim_id("id_number", "13800000000"),
            here.former_claim_id("phon", "e13800000000"),
        ] {
            assert_ne!(other, id);
        }
        assert_ne!(there.former_claim_id("phone", "13800000000"), id);
        assert_ne!(here.command_id("phone", b"13800000000"), id, "commands have a key of their own");
    }

    /// Claim streams are in the log for ever: another derivation would let everything be claimed a second time.
    #[test]
    fn the_derivation_never_changes() {
        let subkeys = Subkeys::derive(&KeyBytes::new([0x5a; 32]));
        assert_eq!(uuid(hmac(&subkeys.claim, &[b"phone", b"1"])).to_string(), "a9c1ff0e-7ed0-8ef0-8f00-014a879b7f45");
        assert_eq!(uuid(hmac(&subkeys.command, &[b"import", b"1"])).to_string(), "cf983bfe-8158-8bde-8297-1eab2743e1df");
    }

    #[tokio::test]
    async fn a_command_named_by_others_has_one_id() {
        let (_dir, vault) = fresh().await;
        assert_eq!(vault.command_id("import", b"row 1"), vault.command_id("import", b"row 1"));
        assert_ne!(vault.command_id("import", b"row 1"), vault.command_id("import", b"row 2"));
    }

    #[tokio::test]
    async fn a_code_is_accepted_while_shown_and_one_step_longer() {
        let (_dir, vault) = fresh().await;
        let shown = vault.attendance_code(ACTIVITY, SHIFT, second(5));
        assert_eq!((shown.code.len(), shown.valid_until), (6, second(60)));
        let accepts = |at| vault.accepts_attendance_code(ACTIVITY, SHIFT, second(at), &shown.code);
        assert!(accepts(0) && accepts(59) && accepts(60) && accepts(119));
        assert!(!accepts(120), "too late");
        assert!(!accepts(-1), "not yet");
    }

    #[tokio::test]
    async fn a_code_of_another_shift_or_no_code_at_all_is_refused() {
        let (_dir, vault) = fresh().await;
        let shown = vault.attendance_code(ACTIVITY, SHIFT, second(0)).code;
        let elsewhere = (3..6).filter(|id| vault.accepts_attendance_code(ACTIVITY, ShiftId(Uuid::from_u128(*id)), second(0), &shown));
        assert!(elsewhere.count() < 2, "six digits may meet by chance, not always");
        for wrong in ["", "12345", "１２３４５６", "+12345", "1234567"] {
            assert!(!vault.accepts_attendance_code(ACTIVITY, SHIFT, second(0), wrong), "{wrong}");
        }
        assert!(!vault.accepts_attendance_code(ACTIVITY, SHIFT, Instant::from_timestamp(-60, 0).unwrap(), &shown));
    }

    #[tokio::test]
    async fn debug_shows_no_code() {
        let (_dir, vault) = fresh().await;
        let code = vault.attendance_code(ACTIVITY, SHIFT, second(0));
        assert!(!format!("{code:?}").contains(&code.code));
    }
}
