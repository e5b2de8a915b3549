//! What one client, and all of them, may ask of the server before anybody knows who they are.

use std::time::Duration;

use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use ipnet::IpNet;

use crate::config::Config;

/// Whoever is slower than this, in bytes a second, is taken for somebody who wants to keep the server busy.
pub(super) const SLOWEST: usize = 1024;
/// Headers of one request.
const HEADERS: usize = 100;
/// How often a client with open HTTP/2 streams is asked whether it is still there, and how long it may take to say so.
const ASK_EVERY: Duration = Duration::from_secs(30);
const ASK_FOR: Duration = Duration::from_secs(20);
/// HTTP/2 streams that a client may end before they were answered, and mistakes that it may make, on one connection.
const RESETS: usize = 20;
const MISTAKES: usize = 100;
/// Bytes of answers that wait for a client on each HTTP/2 stream.
const WAITING_BYTES: usize = 128 * 1024;

/// The limits of all connections.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Connections in all.
    pub(super) connections: usize,
    /// Connections from one network.
    pub(super) of_network: usize,
    /// Networks that may have more.
    pub(super) trusted: Vec<IpNet>,
    /// Until the head of a request is whole.
    pub(super) head: Duration,
    /// Until the next request.
    pub(super) idle: Duration,
    /// Without any progress in a body.
    pub(super) stall: Duration,
    /// Until all of a body has come.
    pub(super) body: Duration,
    /// Bytes of a head.
    head_bytes: usize,
    /// HTTP/2 streams of one connection.
    streams: u32,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            connections: count(config.max_connections),
            of_network: count(config.max_connections_per_network),
            trusted: config.trusted_proxies.clone(),
            head: Duration::from_secs(config.head_timeout_seconds),
            idle: Duration::from_secs(config.idle_timeout_seconds),
            stall: Duration::from_secs(config.stall_timeout_seconds),
            body: Duration::from_secs(config.body_timeout_seconds),
            head_bytes: config.max_head_bytes,
            streams: config.max_streams,
        }
    }

    /// What speaks HTTP on a connection. Time limits are not here: see `activity.rs`.
    pub(super) fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .header_read_timeout(None)
            .max_headers(HEADERS)
            .max_buf_size(self.head_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.streams)
            .max_header_list_size(u32::try_from(self.head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(MISTAKES)
            .max_send_buf_size(WAITING_BYTES)
            .keep_alive_interval(ASK_EVERY)
            .keep_alive_timeout(ASK_FOR);
        builder
    }
}

fn count(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}
