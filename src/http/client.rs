//! Where a request comes from: the address of its connection, or the one that a trusted proxy tells.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;

use crate::{app::App, auth::Client};

/// The address of the other end of a connection, among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who sends a request with this head.
pub(super) fn client_of(app: &App, head: &Parts) -> Client {
    let headers = &head.headers;
    let peer = head.extensions.get::<Peer>();
    let peer = peer.map(|Peer(address)| address.ip().to_canonical());
    let address = peer.map(|peer| told(&app.config.trusted_proxies, peer, headers));
    let device = headers.get(header::USER_AGENT);
    let device = device.and_then(|value| value.to_str().ok());
    Client::new(address, device.unwrap_or_default())
}

/// The last address on the way that is no trusted proxy's. What stands before it anybody can have written.
fn told(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let forwarded = headers.get_all("x-forwarded-for").into_iter();
    let forwarded = forwarded.filter_map(|value| value.to_str().ok());
    let addresses: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let mut last = peer;
    for address in addresses.into_iter().rev() {
        if !is_trusted(&last) {
            break;
        }
        let Ok(address) = address.trim().parse::<IpAddr>() else {
            break;
        };
        last = address.to_canonical();
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, told};

    #[test]
    fn only_what_trusted_proxies_tell_is_believed() {
        for (trusted, peer, forwarded, expected) in [
            ("", "10.0.0.1", "198.51.100.7", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.0/8", "203.0.113.9", "198.51.100.7", "203.0.113.9"),
            (
                "10.0.0.0/8",
                "10.0.0.1",
                "1.1.1.1, 198.51.100.7",
                "198.51.100.7",
            ),
            (
                "10.0.0.0/8",
                "10.0.0.1",
                "198.51.100.7, 10.0.0.2",
                "198.51.100.7",
            ),
            (
                "10.0.0.0/8",
                "10.0.0.1",
                "198.51.100.7, nonsense",
                "10.0.0.1",
            ),
            ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
            ("::1/128", "::1", "2001:db8::7", "2001:db8::7"),
        ] {
            let trusted: Vec<_> = trusted.parse().into_iter().collect();
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().expect("a value"));
            let address = told(&trusted, peer.parse().expect("an address"), &headers);
            assert_eq!(address.to_string(), expected, "{peer} {forwarded}");
        }
    }
}
