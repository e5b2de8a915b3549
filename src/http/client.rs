//! Where a request comes from: the address of its connection, or the one that a trusted proxy names.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::{header, request::Parts};
use ipnet::IpNet;

use super::forwarded::{self, Origin};
use crate::{app::App, auth::Client};

/// The address of the other end of a connection, among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Whether the log has said that there is a proxy which the settings do not name. Once is enough.
static IS_WARNED: AtomicBool = AtomicBool::new(false);

/// Warns of a proxy that the settings do not name, in a network without limits: none holds for the visitors behind it, either.
fn warn_of_unknown_proxy(app: &App, peer: IpAddr, head: &Parts) {
    let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&peer));
    let config = &app.config;
    if forwarded::is_forwarded(&head.headers)
        && config.rate_limit_public_per_minute > 0
        && is_in(&config.rate_limit_exempt)
        && !is_in(&config.trusted_proxies)
        && !IS_WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            %peer,
            "a proxy forwards requests and is not in trusted_proxies: its address counts as that of all visitors behind it, and is \
             in rate_limit_exempt, so they may send any number of operations; add the network of the proxy to trusted_proxies"
        );
    }
}

/// Who sends a request with this head.
pub(super) fn client_of(app: &App, head: &Parts) -> Client {
    let device = head.headers.get(header::USER_AGENT);
    let device = device.and_then(|value| value.to_str().ok());
    let device = device.unwrap_or_default();
    let Some(Peer(peer)) = head.extensions.get() else {
        return Client::new(None, device);
    };
    let peer = peer.ip().to_canonical();
    if !IS_WARNED.load(Ordering::Relaxed) {
        warn_of_unknown_proxy(app, peer, head);
    }
    match forwarded::origin(&app.config.trusted_proxies, peer, &head.headers) {
        Origin::Address(address) => Client::new(Some(address), device),
        Origin::Unreadable => Client::unreadable(device),
    }
}
