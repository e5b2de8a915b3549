//! Where a request comes from: the address of its connection, or the one that a trusted proxy names.

use std::net::SocketAddr;

use axum::http::{header, request::Parts};

use super::forwarded::{self, Origin};
use crate::{app::App, auth::Client};

/// The address of the other end of a connection, among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who sends a request with this head.
pub(super) fn client_of(app: &App, head: &Parts) -> Client {
    let device = head.headers.get(header::USER_AGENT);
    let device = device.and_then(|value| value.to_str().ok());
    let device = device.unwrap_or_default();
    let Some(Peer(peer)) = head.extensions.get() else {
        return Client::new(None, device);
    };
    let peer = peer.ip().to_canonical();
    match forwarded::origin(&app.config.trusted_proxies, peer, &head.headers) {
        Origin::Address(address) => Client::new(Some(address), device),
        Origin::Unreadable => Client::unreadable(device),
    }
}
