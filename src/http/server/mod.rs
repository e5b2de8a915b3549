//! The server below the routes: the accept loop, and its end.

mod activity;
mod body;
mod connection;
mod framing;
mod head;
mod limits;
mod open;
mod stopping;
mod tls;
mod watched;

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

pub(super) use self::{body::Received, head::Malformed};
use self::{
    connection::{Routes, Serving},
    limits::Limits,
    open::Open,
};
pub use self::{stopping::Stopping, tls::Tls};
use crate::{
    config::Config,
    telemetry::{
        metrics::connections::ConnectionMeter,
        outage::{self, Outage},
    },
};

/// How often all connections are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long to wait when no connection can be accepted, as when all file descriptors are in use: at first, and at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What is left of the time to stop, in parts of it, for what comes after the connections; and the most that it gets.
const REST: u32 = 4;
const LONGEST_REST: Duration = Duration::from_secs(2);
/// How long answers may still take when there is nothing more to wait for.
const LAST_MOMENT: Duration = Duration::from_millis(500);
/// What a connection is told that there is no room for.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n\
    connection: close\r\n\r\n\
    {\"errors\":[{\"message\":\"too many connections; try again\",\"extensions\":{\"code\":\"UNAVAILABLE\"}}]}";

/// A server that has not begun.
pub struct Server {
    /// Where connections come in.
    pub listener: TcpListener,
    /// What they are encrypted with, if with anything.
    pub tls: Option<Tls>,
    /// What is told when it stops.
    pub stopping: Stopping,
    /// What counts connections.
    pub meter: Arc<ConnectionMeter>,
}

impl Server {
    /// Serves until `stop` resolves, and then for a while. Until the moment that it returns, what remains may take time.
    pub async fn run(
        self,
        config: &Config,
        routes: impl Routes,
        stop: impl Future<Output = ()>,
    ) -> Instant {
        let (listener, stopping, accepting) = self.begin(config, routes);
        accepting.until(&listener, stop).await;
        let end = Instant::now() + Duration::from_secs(config.shutdown_timeout_seconds);
        stopping.leave();
        let delay = Duration::from_secs(config.stop_delay_seconds);
        let rest = (end - Instant::now()) / REST;
        let close = (end - rest.min(LONGEST_REST)).max(Instant::now());
        accepting
            .until(&listener, sleep_until(close.min(Instant::now() + delay)))
            .await;
        drop(listener);
        stopping.drain();
        accepting.drain(close).await;
        end
    }

    /// Serves until `stop` resolves, and then for a moment.
    pub async fn run_on(
        self,
        config: &Config,
        routes: impl Routes,
        stop: impl Future<Output = ()>,
    ) {
        let (listener, stopping, accepting) = self.begin(config, routes);
        accepting.until(&listener, stop).await;
        drop(listener);
        stopping.drain();
        accepting.drain(Instant::now() + LAST_MOMENT).await;
    }

    fn begin<S: Routes>(self, config: &Config, routes: S) -> (TcpListener, Stopping, Accepting<S>) {
        let limits = Limits::of(config);
        let tls = self.tls.map(Arc::new);
        if let Some(tls) = &tls {
            tokio::spawn(Arc::clone(tls).renew(self.stopping.clone()));
        }
        let accepting = Accepting {
            open: Arc::new(Open::new(limits.clone(), self.meter)),
            serving: Arc::new(Serving {
                builder: limits.builder(),
                router: routes,
                limits,
                tls,
            }),
        };
        (self.listener, self.stopping, accepting)
    }
}

/// What connections are accepted with.
struct Accepting<S> {
    open: Arc<Open>,
    serving: Arc<Serving<S>>,
}

impl<S: Routes> Accepting<S> {
    /// Accepts connections until `stop` resolves.
    async fn until(&self, listener: &TcpListener, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut looks = looks();
        let mut trouble = Trouble::default();
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = looks.tick() => self.open.sweep(),
                () = sleep_until(trouble.until.unwrap_or_else(Instant::now)), if trouble.until.is_some() => {
                    trouble.until = None;
                }
                accepted = listener.accept(), if trouble.until.is_none() => match accepted {
                    Ok((stream, peer)) => {
                        trouble.ends();
                        self.take(stream, peer);
                    }
                    Err(error) => {
                        if trouble.begins(&error) {
                            self.open.make_room();
                        }
                    }
                },
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        if let Some(place) = self.open.admit(peer) {
            tokio::spawn(Arc::clone(&self.serving).serve(stream, peer, place));
        } else if self.serving.tls.is_none() {
            // The socket's buffer is empty: it takes all of it at once.
            let _ = stream.try_write(NO_ROOM);
        }
    }

    /// Lets requests come to their end, until `close`.
    async fn drain(&self, close: Instant) {
        self.open.drain();
        let mut looks = looks();
        let mut emptied = pin!(self.open.emptied());
        loop {
            tokio::select! {
                () = &mut emptied => return,
                () = sleep_until(close) => break,
                _ = looks.tick() => self.open.sweep(),
            }
        }
        let count = self.open.let_go();
        tracing::warn!(count, "connections that were still open have been closed");
    }
}

fn looks() -> tokio::time::Interval {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// Times in which no connection can be accepted.
#[derive(Default)]
struct Trouble {
    /// How often in a row.
    failures: u32,
    until: Option<Instant>,
}

impl Trouble {
    /// Notes that accepting failed. Whether it is the server that cannot, and not one client that has gone.
    fn begins(&mut self, error: &io::Error) -> bool {
        if matches!(
            error.kind(),
            ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionRefused
                | ErrorKind::Interrupted
        ) {
            return false;
        }
        outage::failed(
            Outage::Listener,
            &format!("connections cannot be accepted: {error}"),
        );
        let pause = SHORTEST_PAUSE
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST_PAUSE);
        self.failures += 1;
        self.until = Some(Instant::now() + pause);
        true
    }

    fn ends(&mut self) {
        self.failures = 0;
    }
}
