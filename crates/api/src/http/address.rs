//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, request::Parts},
};

use crate::settings::ApiSettings;

/// The client's address: the connection's own or, behind a trusted proxy, the one that the proxy saw.
pub(crate) fn of(parts: &Parts, settings: &ApiSettings) -> Option<IpAddr> {
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if settings.behind_proxy { forwarded(&parts.headers).or(connection) } else { connection }
}

/// The last entry is the one that the nearest proxy wrote; those before it are whatever the client claims.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
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
}
