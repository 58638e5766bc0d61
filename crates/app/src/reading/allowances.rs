//! How often those without a role may try from one address.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use gongyi_domain::refusal::Refusal;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock, clock::DefaultClock};

/// Addresses remembered before the idle ones are forgotten.
const REMEMBERED_MAX_ADDRESSES: usize = 50_000;

/// The allowances of each address.
pub struct Allowances {
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    registrations: DefaultKeyedRateLimiter<IpAddr>,
    refused_registrations: DefaultKeyedRateLimiter<IpAddr>,
}

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub enum Attempt {
    /// Signing in.
    SignIn,
    /// Registering, without a role that takes others in.
    Registration,
    /// Being told that a registration is refused for what is registered.
    RefusedRegistration,
}

impl Allowances {
    /// So many attempts from one address; at least one each.
    pub fn new(sign_ins_per_minute: u32, registrations_per_hour: u32, refused_registrations_per_hour: u32) -> Self {
        let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self {
            sign_ins: RateLimiter::keyed(Quota::per_minute(at_least_one(sign_ins_per_minute))),
            registrations: RateLimiter::keyed(Quota::per_hour(at_least_one(registrations_per_hour))),
            refused_registrations: RateLimiter::keyed(Quota::per_hour(at_least_one(refused_registrations_per_hour))),
        }
    }

    /// One more attempt from an address; those whose address is not known share one allowance.
    ///
    /// # Errors
    /// Too many, with the seconds to wait.
    pub fn take(&self, attempt: Attempt, address: Option<IpAddr>) -> Result<(), Refusal> {
        let limiter = match attempt {
            Attempt::SignIn => &self.sign_ins,
            Attempt::Registration => &self.registrations,
            Attempt::RefusedRegistration => &self.refused_registrations,
        };
        if limiter.len() > REMEMBERED_MAX_ADDRESSES {
            limiter.retain_recent();
        }
        limiter.check_key(&network(address)).map_err(|wait| {
            let seconds = wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            Refusal {
                code: "TooManyAttempts",
                field: None,
                zh: format!("尝试次数过多，请 {seconds} 秒后再试"),
                en: format!("Too many attempts; try again in {seconds} s"),
            }
        })
    }
}

/// An IPv6 subscriber has a whole /64.
fn network(address: Option<IpAddr>) -> IpAddr {
    match address {
        Some(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        },
        Some(v4) => v4,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_own_allowance() {
        let allowances = Allowances::new(5, 2, 1);
        let from = |text: &str| text.parse().ok();
        let take = |address| allowances.take(Attempt::Registration, address);
        assert!(take(from("192.0.2.1")).is_ok() && take(from("192.0.2.1")).is_ok());
        assert_eq!(take(from("::ffff:192.0.2.1")).map_err(|refusal| refusal.code), Err("TooManyAttempts"));
        assert!(take(from("2001:db8::1")).is_ok() && take(from("2001:db8::2")).is_ok() && take(from("2001:db8::3")).is_err());
    }
}
