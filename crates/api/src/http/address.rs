//! Where a request comes from.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, request::Parts},
};

use crate::settings::ApiSettings;

/// Headers in which proxies say from whom they forward.
const FORWARDING: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"];

/// It was said once that addresses are not what they seem.
static WARNED: AtomicBool = AtomicBool::new(false);

/// The client's address: the connection's own or, behind a trusted proxy, the one that the proxy saw.
pub(crate) fn of(parts: &Parts, settings: &ApiSettings) -> Option<IpAddr> {
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let doubt = if settings.behind_proxy {
        match forwarded(&parts.headers) {
            Some(address) => return Some(address),
            None => Some("the proxy in front does not say, in X-Forwarded-For, from where requests come"),
        }
    } else {
        FORWARDING.iter().any(|name| parts.headers.contains_key(*name)).then_some(
            "requests say that a proxy forwards them, and it is not trusted: whoever comes through it shares one address and its \
             allowances; with --behind-proxy its X-Forwarded-For is believed",
        )
    };
    if let Some(doubt) = doubt
        && !WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!("{doubt}");
    }
    connection
}

/// The last entry is the one that the nearest proxy wrote; those before it are whatever the client claims.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    address(last.rsplit(',').next()?)
}

/// An address as proxies write it: bare, with its port, in brackets, with a zone.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => text,
    };
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address = bare.parse().or_else(|_| bare.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn a_claimed_address_counts_only_behind_a_trusted_proxy() {
        let (mut parts, ()) = Request::builder().header("x-forwarded-for", "203.0.113.9, 192.0.2.7").body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4000))));
        let trusting = ApiSettings { behind_proxy: true, ..ApiSettings::default() };
        assert_eq!(of(&parts, &ApiSettings::default()), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(of(&parts, &trusting), Some("192.0.2.7".parse().unwrap()));
    }

    #[test]
    fn an_address_is_read_with_its_port_and_brackets() {
        for (written, read) in [
            ("192.0.2.7", "192.0.2.7"),
            (" 192.0.2.7:4711", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("fe80::7%eth0", "fe80::7"),
            ("[fe80::7%25eth0]:80", "fe80::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
        ] {
            assert_eq!(address(written), read.parse().ok(), "{written}");
        }
        for none in ["", "unknown", "_hidden", "192.0.2", "[2001:db8::7", "192.0.2.7:port"] {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn a_proxy_that_does_not_say_leaves_the_connections_address() {
        let (mut parts, ()) = Request::builder().header("x-forwarded-for", "unknown").body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4000))));
        let trusting = ApiSettings { behind_proxy: true, ..ApiSettings::default() };
        assert_eq!(of(&parts, &trusting), Some("127.0.0.1".parse().unwrap()));
    }
}
