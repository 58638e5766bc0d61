//! Limits on guessing passwords: so many failures in a sliding window, by sign-in name and by client address.
//!
//! An attempt counts from the moment it is allowed and is taken back when it succeeds, so that a hundred guesses sent at
//! once are no way round the limit. Names and addresses are stored as HMACs only and forgotten after the window.

use std::net::{IpAddr, Ipv6Addr};

use chrono::TimeDelta;
use gongyi_domain::values::Instant;
use unicode_normalization::UnicodeNormalization;

use crate::{
    claims::hmac,
    error::VaultError,
    vault::{Vault, micros},
};

/// The window in which failures count.
pub const ATTEMPT_WINDOW_SECONDS: i64 = 15 * 60;
/// How many failures a sign-in name has in a window.
pub const ATTEMPTS_PER_NAME_MAX: u32 = 5;
/// How many failures a client address has in a window; an IPv6 client is its /64.
pub const ATTEMPTS_PER_ADDRESS_MAX: u32 = 30;

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
    name: [u8; 32],
    rows: Vec<i64>,
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
    /// Asks whether an attempt may be made now, for an account's sign-in name and from an address, and counts it if so.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn check(&self, sign_in_name: &str, address: Option<IpAddr>, now: Instant) -> Result<Verdict, VaultError> {
        let name = self.subject("name", sign_in_name.trim().nfkc().collect::<String>().to_lowercase().as_bytes());
        let mut subjects = vec![(name, ATTEMPTS_PER_NAME_MAX)];
        if let Some(address) = address {
            subjects.push((self.subject("address", &client(address)), ATTEMPTS_PER_ADDRESS_MAX));
        }
        let window_start = micros(now - TimeDelta::seconds(ATTEMPT_WINDOW_SECONDS));
        let mut tx = self.0.begin().await?;
        sqlx::query("DELETE FROM sign_in_attempt WHERE at <= ?").bind(window_start).execute(&mut *tx).await?;
        let mut wait = None;
        for (subject, limit) in &subjects {
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
        let mut rows = Vec::new();
        for (subject, _) in &subjects {
            let insert = sqlx::query("INSERT INTO sign_in_attempt (subject, at) VALUES (?, ?)").bind(&subject[..]).bind(micros(now));
            rows.push(insert.execute(&mut *tx).await?.last_insert_rowid());
        }
        tx.commit().await?;
        Ok(Verdict::Allowed(Attempt { name, rows }))
    }

    /// The attempt failed: it stays counted. The same as dropping it, but says so.
    pub fn failed(&self, attempt: Attempt) {
        drop(attempt);
    }

    /// The attempt succeeded: forgets the name's failures and takes this attempt off the address. The address's other
    /// failures stay, so that signing in to an account of one's own does not buy more guesses at others.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn succeeded(&self, attempt: Attempt) -> Result<(), VaultError> {
        let rows = serde_json::json!(attempt.rows).to_string();
        sqlx::query("DELETE FROM sign_in_attempt WHERE subject = ? OR id IN (SELECT value FROM json_each(?))")
            .bind(&attempt.name[..])
            .bind(rows)
            .execute(&self.0.0.writer)
            .await?;
        Ok(())
    }

    fn subject(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        hmac(&self.0.0.subkeys.attempts, &[kind.as_bytes(), value])
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
    use super::*;
    use crate::testing::{fresh, second};

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

    async fn fails(vault: &Vault, name: &str, address: Option<IpAddr>, at: i64) -> Option<u64> {
        match vault.attempts().check(name, address, second(at)).await.unwrap() {
            Verdict::Allowed(attempt) => {
                vault.attempts().failed(attempt);
                None
            }
            Verdict::RetryAfter(RetryAfter(seconds)) => Some(seconds),
        }
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
    async fn success_forgets_the_names_failures_but_not_the_addresss() {
        let (_dir, vault) = fresh().await;
        for i in 0..29 {
            assert_eq!(fails(&vault, &format!("name {i}"), Some(HERE), 0).await, None);
        }
        for _ in 0..4 {
            assert_eq!(fails(&vault, "chen", None, 1).await, None);
        }
        let Verdict::Allowed(attempt) = vault.attempts().check("chen", Some(HERE), second(2)).await.unwrap() else { panic!("refused") };
        vault.attempts().succeeded(attempt).await.unwrap();
        assert_eq!(fails(&vault, "chen", Some(HERE), 3).await, None);
        assert_eq!(fails(&vault, "wang", Some(HERE), 3).await, Some(897), "thirty from here");
        assert_eq!(fails(&vault, "wang", None, 3).await, None);
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
        assert_eq!(allowed, ATTEMPTS_PER_NAME_MAX);
    }

    #[tokio::test]
    async fn a_clock_set_back_does_not_lock_out_for_longer_than_the_window() {
        let (_dir, vault) = fresh().await;
        for _ in 0..5 {
            assert_eq!(fails(&vault, "chen", None, 1_000_000).await, None);
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
