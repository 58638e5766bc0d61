//! Limits on guessing passwords and codes: so many failures in a sliding window.
//!
//! - By sign-in name and client address together, so that whoever guesses from elsewhere locks nobody out; and by address, so that
//!   one client does not go through all names.
//! - By the name alone an attempt only waits, the longer the more failures there were.
//! - A device on which the name was signed in before has a count of its own, and no other holds it up.
//!
//! An attempt counts from the moment it is allowed and is taken back when it succeeds, so that a hundred guesses sent at
//! once are no way round the limit. Names and addresses are stored as HMACs only and forgotten after the window. What a clock
//! that ran ahead has written down is forgotten once it is right.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use chrono::TimeDelta;
use gongyi_domain::values::Instant;
use unicode_normalization::UnicodeNormalization;

use crate::{
    claims::hmac,
    error::VaultError,
    known_devices::KnownDevice,
    vault::{Vault, micros},
};

/// The window in which failures count.
pub const ATTEMPT_WINDOW_SECONDS: i64 = 15 * 60;
/// How many failures a sign-in name has in a window from one client address.
pub const ATTEMPTS_PER_NAME_AND_ADDRESS_MAX: u32 = 5;
/// How many failures a client address has in a window; an IPv6 client is its /64.
pub const ATTEMPTS_PER_ADDRESS_MAX: u32 = 30;
/// How many failures a device has in a window on which the name was signed in before.
pub const ATTEMPTS_PER_DEVICE_MAX: u32 = 10;
/// How many failures a sign-in name has in a window, from wherever, before attempts wait.
pub const ATTEMPTS_UNSLOWED_PER_NAME_MAX: u32 = 10;
/// How long an attempt waits for each failure of the name beyond those, in milliseconds.
const SLOWED_PER_FAILURE_MILLIS: u64 = 100;
/// How long an attempt waits at most for the failures of its name, in milliseconds.
pub const ATTEMPTS_SLOWED_MAX_MILLIS: u64 = 3_000;
/// How far two nodes' clocks may differ, in seconds: what is later than that was written by a clock that ran ahead.
const CLOCKS_DIFFER_MAX_SECONDS: i64 = 60;

/// Seconds to wait before trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub u64);

/// Whether an attempt may be made.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// It may, and counts as failed until [`Attempts::succeeded`] takes it back.
    Allowed(Attempt),
    /// It may not yet; it was not counted.
    RetryAfter(RetryAfter),
}

/// An attempt under way. Dropping it leaves it counted as failed.
#[derive(Debug)]
pub struct Attempt {
    /// The count that its success sets back.
    own: [u8; 32],
    rows: Vec<i64>,
    slowed: Duration,
}

impl Attempt {
    /// How long it is to wait before anything is compared.
    pub fn slowed(&self) -> Duration {
        self.slowed
    }
}

/// The attempts of a vault.
#[derive(Debug, Clone, Copy)]
pub struct Attempts<'a>(&'a Vault);

impl Vault {
    /// Limits on sign-in attempts.
    pub fn attempts(&self) -> Attempts<'_> {
        Attempts(self)
    }
}

impl Attempts<'_> {
    /// Asks whether an attempt may be made now, for an account's sign-in name, from an address, on a device known for it, and counts
    /// it if so.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn check(
        &self,
        sign_in_name: &str,
        address: Option<IpAddr>,
        device: Option<KnownDevice>,
        now: Instant,
    ) -> Result<Verdict, VaultError> {
        let name = sign_in_name.trim().nfkc().collect::<String>().to_lowercase();
        let by_name = self.subject("name", &[name.as_bytes()]);
        let client = address.map(client).unwrap_or_default();
        let limits = match device {
            Some(KnownDevice(digest)) => vec![(self.subject("device", &[name.as_bytes(), &digest]), ATTEMPTS_PER_DEVICE_MAX)],
            None => {
                let together = self.subject("name and address", &[name.as_bytes(), &client]);
                let alone = address.map(|_| (self.subject("address", &[&client]), ATTEMPTS_PER_ADDRESS_MAX));
                [(together, ATTEMPTS_PER_NAME_AND_ADDRESS_MAX)].into_iter().chain(alone).collect()
            }
        };
        let window_start = micros(now - TimeDelta::seconds(ATTEMPT_WINDOW_SECONDS));
        let ahead = micros(now + TimeDelta::seconds(CLOCKS_DIFFER_MAX_SECONDS));
        let mut tx = self.0.begin().await?;
        let forget = sqlx::query("DELETE FROM sign_in_attempt WHERE at <= ? OR at > ?").bind(window_start).bind(ahead);
        forget.execute(&mut *tx).await?;
        let mut wait = None;
        for (subject, limit) in &limits {
            // The failure that must leave the window before there is room for another.
            let blocking: Option<i64> =
                sqlx::query_scalar("SELECT at FROM sign_in_attempt WHERE subject = ? ORDER BY at DESC LIMIT 1 OFFSET ?")
                    .bind(&subject[..])
                    .bind(limit - 1)
                    .fetch_optional(&mut *tx)
                    .await?;
            wait = wait.max(blocking.map(|at| at - window_start));
        }
        if let Some(wait) = wait {
            tx.commit().await?;
            let seconds = wait.clamp(1, ATTEMPT_WINDOW_SECONDS * 1_000_000).unsigned_abs().div_ceil(1_000_000);
            return Ok(Verdict::RetryAfter(RetryAfter(seconds)));
        }
        let failures: u32 = match device {
            Some(_) => 0,
            None => {
                let count = sqlx::query_scalar("SELECT count(*) FROM sign_in_attempt WHERE subject = ?").bind(&by_name[..]);
                count.fetch_one(&mut *tx).await?
            }
        };
        let mut rows = Vec::new();
        // Guesses on a known device make nobody else wait.
        let counted = limits.iter().map(|(subject, _)| subject).chain(device.is_none().then_some(&by_name));
        for subject in counted {
            let insert = sqlx::query("INSERT INTO sign_in_attempt (subject, at) VALUES (?, ?)").bind(&subject[..]).bind(micros(now));
            rows.push(insert.execute(&mut *tx).await?.last_insert_rowid());
        }
        tx.commit().await?;
        let slowed = u64::from(failures.saturating_sub(ATTEMPTS_UNSLOWED_PER_NAME_MAX)) * SLOWED_PER_FAILURE_MILLIS;
        let slowed = Duration::from_millis(slowed.min(ATTEMPTS_SLOWED_MAX_MILLIS));
        Ok(Verdict::Allowed(Attempt { own: limits[0].0, rows, slowed }))
    }

    /// The attempt failed: it stays counted. The same as dropping it, but says so.
    pub fn failed(&self, attempt: Attempt) {
        drop(attempt);
    }

    /// The attempt succeeded: forgets the failures of this name from this client, or on this device, and takes this attempt off
    /// the others' counts. Their failures stay, so that signing in to an account of one's own does not buy more guesses at others.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn succeeded(&self, attempt: Attempt) -> Result<(), VaultError> {
        let rows = serde_json::json!(attempt.rows).to_string();
        sqlx::query("DELETE FROM sign_in_attempt WHERE subject = ? OR id IN (SELECT value FROM json_each(?))")
            .bind(&attempt.own[..])
            .bind(rows)
            .execute(&self.0.0.writer)
            .await?;
        Ok(())
    }

    fn subject(&self, kind: &str, values: &[&[u8]]) -> [u8; 32] {
        let parts: Vec<_> = [kind.as_bytes()].into_iter().chain(values.iter().copied()).collect();
        hmac(&self.0.0.subkeys.attempts, &parts)
    }
}

/// What counts as one client: an IPv4 address, or the /64 that one IPv6 customer has to themselves.
fn client(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use gongyi_domain::values::AccountId;
    use uuid::Uuid;

    use super::*;
    use crate::testing::{fresh, second};

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 8));

    async fn asked(vault: &Vault, name: &str, address: Option<IpAddr>, device: Option<KnownDevice>, at: i64) -> Result<Attempt, u64> {
        match vault.attempts().check(name, address, device, second(at)).await.unwrap() {
            Verdict::Allowed(attempt) => Ok(attempt),
            Verdict::RetryAfter(RetryAfter(seconds)) => Err(seconds),
        }
    }

    async fn fails(vault: &Vault, name: &str, address: Option<IpAddr>, at: i64) -> Option<u64> {
        asked(vault, name, address, None, at).await.map(|attempt| vault.attempts().failed(attempt)).err()
    }

    #[tokio::test]
    async fn the_sixth_failure_waits_until_the_first_leaves_the_window() {
        let (_dir, vault) = fresh().await;
        for at in 0..5 {
            assert_eq!(fails(&vault, "chen", None, at * 10).await, None);
        }
        assert_eq!(fails(&vault, "chen", None, 100).await, Some(800));
        assert_eq!(fails(&vault, " ＣHEN", None, 100).await, Some(800), "however it is written");
        assert_eq!(fails(&vault, "chen", None, 899).await, Some(1));
        assert_eq!(fails(&vault, "chen", None, 900).await, None, "the window slides");
        assert_eq!(fails(&vault, "chen", None, 901).await, Some(9));
        assert_eq!(fails(&vault, "wang", None, 100).await, None, "others are not held up");
    }

    #[tokio::test]
    async fn who_guesses_elsewhere_locks_nobody_out_and_only_slows_down() {
        let (_dir, vault) = fresh().await;
        for n in 0..200 {
            let address = Some(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, n)));
            for _ in 0..5 {
                assert_eq!(fails(&vault, "chen", address, 0).await, None);
            }
            assert!(fails(&vault, "chen", address, 0).await.is_some());
        }
        let owner = asked(&vault, "chen", Some(HERE), None, 1).await.unwrap();
        assert_eq!(owner.slowed(), Duration::from_millis(ATTEMPTS_SLOWED_MAX_MILLIS));
        let device = vault.remember_device(AccountId(Uuid::nil()), None, second(0)).await.unwrap();
        let device = vault.known_device(AccountId(Uuid::nil()), device.as_str(), second(1)).await.unwrap();
        assert_eq!(asked(&vault, "chen", Some(HERE), device, 1).await.unwrap().slowed(), Duration::ZERO);
        assert_eq!(asked(&vault, "wang", Some(HERE), None, 1).await.unwrap().slowed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_known_device_has_its_own_count_and_no_other() {
        let (_dir, vault) = fresh().await;
        let account = AccountId(Uuid::nil());
        let token = vault.remember_device(account, None, second(0)).await.unwrap();
        let device = vault.known_device(account, token.as_str(), second(0)).await.unwrap();
        for n in 0..ATTEMPTS_PER_ADDRESS_MAX {
            assert_eq!(fails(&vault, &format!("name {n}"), Some(HERE), 0).await, None);
        }
        assert!(fails(&vault, "chen", Some(HERE), 0).await.is_some());
        for _ in 0..ATTEMPTS_PER_DEVICE_MAX {
            assert!(asked(&vault, "chen", Some(HERE), device, 0).await.is_ok());
        }
        assert_eq!(asked(&vault, "chen", Some(HERE), device, 0).await.unwrap_err(), 900, "a stolen device has few guesses");
        assert_eq!(asked(&vault, "chen", Some(THERE), None, 0).await.unwrap().slowed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn being_refused_does_not_lengthen_the_wait() {
        let (_dir, vault) = fresh().await;
        for _ in 0..5 {
            assert_eq!(fails(&vault, "chen", None, 0).await, None);
        }
        for at in 1..50 {
            assert_eq!(fails(&vault, "chen", None, at).await, Some(900 - at.unsigned_abs()));
        }
        assert_eq!(fails(&vault, "chen", None, 900).await, None);
    }

    #[tokio::test]
    async fn success_forgets_the_names_failures_here_but_not_the_addresss() {
        let (_dir, vault) = fresh().await;
        for i in 0..25 {
            assert_eq!(fails(&vault, &format!("name {i}"), Some(HERE), 0).await, None);
        }
        for _ in 0..4 {
            assert_eq!(fails(&vault, "chen", Some(HERE), 1).await, None);
        }
        let attempt = asked(&vault, "chen", Some(HERE), None, 2).await.unwrap();
        vault.attempts().succeeded(attempt).await.unwrap();
        assert_eq!(fails(&vault, "chen", Some(HERE), 3).await, None);
        assert_eq!(fails(&vault, "wang", Some(HERE), 3).await, Some(897), "thirty from here");
        assert_eq!(fails(&vault, "wang", Some(THERE), 3).await, None);
    }

    #[tokio::test]
    async fn guesses_sent_at_once_get_no_more_than_the_limit() {
        let (_dir, vault) = fresh().await;
        let guesses = (0..40).map(|_| {
            let vault = vault.clone();
            tokio::spawn(async move { fails(&vault, "chen", Some(HERE), 0).await })
        });
        let mut allowed = 0;
        for guess in guesses.collect::<Vec<_>>() {
            allowed += u32::from(guess.await.unwrap().is_none());
        }
        assert_eq!(allowed, ATTEMPTS_PER_NAME_AND_ADDRESS_MAX);
    }

    #[tokio::test]
    async fn a_clock_that_ran_ahead_does_not_block_once_it_is_right() {
        let (_dir, vault) = fresh().await;
        for _ in 0..5 {
            assert_eq!(fails(&vault, "chen", None, 1_000_000).await, None);
        }
        assert_eq!(fails(&vault, "chen", None, 0).await, None);
        for _ in 0..4 {
            assert_eq!(fails(&vault, "chen", None, 0).await, None);
        }
        assert_eq!(fails(&vault, "chen", None, 0).await, Some(900));
    }

    #[test]
    fn one_ipv6_customer_is_one_client() {
        let client = |text: &str| client(text.parse().unwrap());
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:0:0:2"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:203.0.113.7"), client("203.0.113.7"));
    }
}
