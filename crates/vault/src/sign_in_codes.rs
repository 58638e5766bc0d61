//! Codes with which the owner of an account chooses a password: handed over in person, good once.
//!
//! - Digits alone: nothing in them is taken for something else, and they are read aloud and typed on any telephone.
//! - The vault keeps a keyed digest. Which of an account's codes is awaited, and whether it was used, stands in the log: a code
//!   that was used or replaced is none any more, whenever the process died.

use std::fmt;

use chrono::TimeDelta;
use gongyi_domain::values::{AccountId, Instant};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    aead,
    claims::hmac,
    error::VaultError,
    vault::{Vault, micros},
};

/// How long a code is taken, in seconds: seven days.
pub const SIGN_IN_CODE_MAX_SECONDS: i64 = 7 * 24 * 60 * 60;
/// How long a code is, in digits: 53 bits, of which nobody guesses any at the rate that the attempts leave.
pub const SIGN_IN_CODE_DIGITS: usize = 16;
/// How many digits are read aloud at once.
const GROUP_DIGITS: usize = 4;

/// A code. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInCode(Zeroizing<String>);

impl SignInCode {
    /// A new one, which nobody knows yet.
    pub fn generate() -> Self {
        const CODES: u64 = 10_u64.pow(SIGN_IN_CODE_DIGITS as u32);
        // Each code as likely as any other: what is left over above the last whole round is thrown again.
        let number = std::iter::repeat_with(|| u64::from_le_bytes(aead::random())).find(|number| *number < u64::MAX / CODES * CODES);
        Self(Zeroizing::new(format!("{:0SIGN_IN_CODE_DIGITS$}", number.unwrap_or(0) % CODES)))
    }

    /// Reads a code as it was typed: in any width of digits, with spaces and hyphens or without. `None` if it is no code.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Zeroizing<String> = Zeroizing::new(text.nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect());
        (digits.len() == SIGN_IN_CODE_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(Self(digits))
    }

    /// In groups, to be handed over: `4821-9037-5516-2204`.
    pub fn in_groups(&self) -> String {
        let groups: Vec<_> = (0..SIGN_IN_CODE_DIGITS).step_by(GROUP_DIGITS).map(|from| &self.0[from..from + GROUP_DIGITS]).collect();
        groups.join("-")
    }
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(redacted)")
    }
}

impl Vault {
    /// Keeps the account's code of this number: before the event that issues it. If that is never stored, nobody has seen it.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn keep_code(&self, account: AccountId, number: u32, code: &SignInCode, now: Instant) -> Result<(), VaultError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM sign_in_code WHERE expires_at <= ?").bind(micros(now)).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO sign_in_code (digest, account, expires_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING")
            .bind(&self.code_digest(account, number, code)[..])
            .bind(&account.0.as_bytes()[..])
            .bind(micros(now + TimeDelta::seconds(SIGN_IN_CODE_MAX_SECONDS)))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Whether this is the account's code of this number and not too old. For no account, or no code, it takes as long to say no.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn accepts_code(&self, account: AccountId, number: u32, code: &str, now: Instant) -> Result<bool, VaultError> {
        let typed = SignInCode::parse(code);
        let code = typed.clone().unwrap_or_else(SignInCode::generate);
        let found = sqlx::query("SELECT 1 FROM sign_in_code WHERE digest = ? AND expires_at > ?")
            .bind(&self.code_digest(account, number, &code)[..])
            .bind(micros(now))
            .fetch_optional(&self.0.readers)
            .await?;
        Ok(found.is_some() && typed.is_some())
    }

    /// Forgets all codes of an account. Again is no error.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn forget_codes(&self, account: AccountId) -> Result<(), VaultError> {
        let forget = sqlx::query("DELETE FROM sign_in_code WHERE account = ?").bind(account.0.as_bytes().to_vec());
        forget.execute(&self.0.writer).await?;
        Ok(())
    }

    fn code_digest(&self, account: AccountId, number: u32, code: &SignInCode) -> [u8; 32] {
        hmac(&self.0.subkeys.codes, &[account.0.as_bytes(), &number.to_le_bytes(), code.0.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::{fresh, second, stored_somewhere};

    const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

    #[test]
    fn a_code_is_typed_as_it_is_read_aloud() {
        let code = SignInCode::generate();
        let shown = code.in_groups();
        assert_eq!((shown.len(), shown.split('-').count()), (19, 4));
        let spaced = shown.replace('-', "　");
        let full_width = spaced.chars().map(|c| c.to_digit(10).map_or(c, |d| char::from_u32(0xff10 + d).unwrap())).collect();
        for typed in [shown.clone(), shown.replace('-', " "), shown.replace('-', ""), format!(" {shown} "), full_width] {
            assert_eq!(SignInCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "1234", &shown[1..], &format!("{shown}0"), &shown.replacen(|c: char| c.is_ascii_digit(), "O", 1)] {
            assert_eq!(SignInCode::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "SignInCode(redacted)");
    }

    #[tokio::test]
    async fn a_code_is_of_one_account_and_one_number_and_of_seven_days() {
        let (dir, vault) = fresh().await;
        let code = SignInCode::generate();
        vault.keep_code(ACCOUNT, 1, &code, second(0)).await.unwrap();
        let accepts = async |account, number, at| vault.accepts_code(account, number, &code.in_groups(), second(at)).await.unwrap();
        assert!(accepts(ACCOUNT, 1, 0).await && accepts(ACCOUNT, 1, SIGN_IN_CODE_MAX_SECONDS - 1).await);
        assert!(!accepts(ACCOUNT, 1, SIGN_IN_CODE_MAX_SECONDS).await, "too old");
        assert!(!accepts(ACCOUNT, 2, 0).await && !accepts(AccountId(Uuid::from_u128(2)), 1, 0).await);
        for wrong in ["", "0000", &SignInCode::generate().in_groups()] {
            assert!(!vault.accepts_code(ACCOUNT, 1, wrong, second(0)).await.unwrap());
        }
        assert!(!stored_somewhere(&dir, code.0.as_bytes()) && !stored_somewhere(&dir, code.in_groups().as_bytes()));
        vault.forget_codes(ACCOUNT).await.unwrap();
        vault.forget_codes(ACCOUNT).await.unwrap();
        assert!(!accepts(ACCOUNT, 1, 0).await);
    }

    #[tokio::test]
    async fn old_codes_are_forgotten() {
        let (_dir, vault) = fresh().await;
        for at in [0, SIGN_IN_CODE_MAX_SECONDS] {
            vault.keep_code(ACCOUNT, 1, &SignInCode::generate(), second(at)).await.unwrap();
        }
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM sign_in_code").fetch_one(&vault.0.readers).await.unwrap();
        assert_eq!(kept, 1);
    }
}
