//! How many are let in at once, all together and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The bits of an IPv6 address that name a network; whoever has one has all addresses in it (RFC 4291, 2.5.4).
const IPV6_NETWORK: u128 = !(u64::MAX as u128);

/// Those who are in.
#[derive(Debug)]
pub struct Guests {
    max: usize,
    per_address_max: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Somebody who is in, until this value goes.
#[derive(Debug)]
pub struct Guest {
    guests: Arc<Guests>,
    address: Option<IpAddr>,
}

/// Why nobody else is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// As many are in as may be.
    Everywhere,
    /// As many are in from this address as may be.
    ForAddress,
}

impl Guests {
    /// A place for `max`, of them `per_address_max` from one address.
    pub fn new(max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self { max, per_address_max, inside: Mutex::default() })
    }

    /// Lets somebody in; who is without an address counts among all alone.
    ///
    /// # Errors
    /// [`Full`]
    pub fn enters(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Guest, Full> {
        let address = address.map(network);
        let mut inside = self.inside();
        if inside.all >= self.max {
            return Err(Full::Everywhere);
        }
        if let Some(address) = address {
            let here = inside.by_address.entry(address).or_default();
            if *here >= self.per_address_max {
                return Err(Full::ForAddress);
            }
            *here += 1;
        }
        inside.all += 1;
        Ok(Guest { guests: self.clone(), address })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut inside = self.guests.inside();
        inside.all = inside.all.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(here) = inside.by_address.get_mut(&address)
        {
            *here = here.saturating_sub(1);
            if *here == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

/// What counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enters(guests: &Arc<Guests>, address: &str) -> Result<Guest, Full> {
        guests.enters(Some(address.parse().unwrap()))
    }

    #[test]
    fn so_many_are_in_at_once_and_so_many_from_one_address() {
        let guests = Guests::new(3, 2);
        let first = enters(&guests, "192.0.2.1").unwrap();
        let _second = enters(&guests, "192.0.2.1").unwrap();
        assert_eq!(enters(&guests, "192.0.2.1").err(), Some(Full::ForAddress));
        let _third = enters(&guests, "192.0.2.2").unwrap();
        assert_eq!(guests.enters(None).err(), Some(Full::Everywhere));
        drop(first);
        assert!(enters(&guests, "192.0.2.1").is_ok(), "a place that was left is free");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_an_ipv4_address_is_the_same_in_both_forms() {
        let guests = Guests::new(9, 1);
        let _held = (enters(&guests, "2001:db8:0:1::1").unwrap(), enters(&guests, "192.0.2.1").unwrap());
        assert_eq!(enters(&guests, "2001:db8:0:1:ffff::2").err(), Some(Full::ForAddress));
        assert_eq!(enters(&guests, "::ffff:192.0.2.1").err(), Some(Full::ForAddress));
        assert!(enters(&guests, "2001:db8:0:2::1").is_ok());
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let guests = Guests::new(9, 1);
        for _ in 0..100 {
            drop(enters(&guests, "192.0.2.1").unwrap());
        }
        let inside = guests.inside();
        assert_eq!((inside.all, inside.by_address.len()), (0, 0));
    }
}
