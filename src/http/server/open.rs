//! The connections that are open: how many there may be, and how long each may stand still.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{sync::Notify, time::Instant};

use super::{
    activity::{Activity, Order, Phase},
    limits::{Limits, SLOWEST},
};
use crate::{
    auth,
    telemetry::metrics::connections::{ConnectionLimit, ConnectionMeter},
};

/// How long a connection that does nothing may stay once all are to end, or once it was told to; and how long a client may go
/// on sending what nobody reads.
const FAREWELL: Duration = Duration::from_secs(1);

/// All connections.
pub(super) struct Open {
    limits: Limits,
    state: Mutex<State>,
    emptied: Notify,
    meter: Arc<ConnectionMeter>,
}

#[derive(Default)]
struct State {
    connections: HashMap<u64, Watched>,
    of_network: HashMap<IpNet, usize>,
    last: u64,
    is_draining: bool,
}

/// A connection, and what was seen of it when it was looked at the last time.
struct Watched {
    activity: Arc<Activity>,
    phase: Phase,
    begun: usize,
    written: usize,
    until: Instant,
    is_told: bool,
}

/// The place of an open connection, which it gives back when it goes.
pub(super) struct Place {
    open: Arc<Open>,
    number: u64,
    network: Option<IpNet>,
    pub(super) activity: Arc<Activity>,
}

impl Open {
    pub(super) fn new(limits: Limits, meter: Arc<ConnectionMeter>) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            emptied: Notify::new(),
            meter,
        }
    }

    /// A place for a connection from there, if there is one.
    pub(super) fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Place> {
        let address = peer.ip().to_canonical();
        let network = self.counted(address);
        let mut state = self.state();
        if state.connections.len() >= self.limits.connections {
            state.make_room();
            self.meter.refused.count(ConnectionLimit::All);
            return None;
        }
        if let Some(network) = network {
            let count = state.of_network.entry(network).or_default();
            if *count >= self.limits.of_network {
                self.meter.refused.count(ConnectionLimit::OfNetwork);
                return None;
            }
            *count += 1;
        }
        self.meter.accepted.count(());
        self.meter.open.rise();
        state.last += 1;
        let number = state.last;
        let activity = Arc::new(Activity::default());
        state.connections.insert(
            number,
            Watched::new(&activity, Instant::now() + self.limits.head),
        );
        Some(Place {
            open: Arc::clone(self),
            number,
            network,
            activity,
        })
    }

    /// The network that a connection counts for; none if it may have any number of them.
    fn counted(&self, address: IpAddr) -> Option<IpNet> {
        let mut trusted = self.limits.trusted.iter();
        (!trusted.any(|network| network.contains(&address))).then(|| auth::network_of(address))
    }

    /// Asks connections that do nothing to end, so that others can begin.
    pub(super) fn make_room(&self) {
        self.state().make_room();
    }

    /// Tells all connections to end once their requests are answered.
    pub(super) fn drain(&self) {
        let mut state = self.state();
        state.is_draining = true;
        for watched in state.connections.values() {
            watched.activity.tell(Order::Finish);
        }
    }

    /// Ends all connections.
    pub(super) fn let_go(&self) -> usize {
        let state = self.state();
        for watched in state.connections.values() {
            watched.activity.tell(Order::LetGo);
        }
        state.connections.len()
    }

    /// Ends what has stood still for too long.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let is_draining = state.is_draining;
        for watched in state.connections.values_mut() {
            watched.look(now, &self.limits, is_draining);
        }
    }

    /// Resolves when there is no connection any more.
    pub(super) async fn emptied(&self) {
        while !self.state().connections.is_empty() {
            self.emptied.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self) {
        for watched in self.connections.values() {
            if watched.phase == Phase::Idle && watched.activity.phase() == Phase::Idle {
                watched.activity.tell(Order::Finish);
            }
        }
    }
}

impl Watched {
    fn new(activity: &Arc<Activity>, until: Instant) -> Self {
        Self {
            activity: Arc::clone(activity),
            phase: Phase::Head,
            begun: 0,
            written: 0,
            until,
            is_told: false,
        }
    }

    /// Sees how far the connection has come since the last time, and ends it if that is too little.
    fn look(&mut self, now: Instant, limits: &Limits, is_draining: bool) {
        let (phase, begun) = (self.activity.phase(), self.activity.begun());
        let written = self.activity.written();
        let limit = match phase {
            Phase::Answering => Duration::MAX,
            Phase::Sending => limits.stall,
            Phase::Leaving => FAREWELL,
            Phase::Head | Phase::Idle if is_draining => FAREWELL,
            Phase::Head => limits.head,
            Phase::Idle => limits.idle,
        };
        let latest = now.checked_add(limit).unwrap_or(self.until);
        if phase != self.phase || (begun != self.begun && phase != Phase::Sending) {
            self.until = latest;
        } else if phase == Phase::Sending {
            self.until = (self.until + earned(written.wrapping_sub(self.written))).min(latest);
        } else {
            // The limits are shorter now, if all connections are to end.
            self.until = self.until.min(latest);
        }
        (self.phase, self.begun, self.written) = (phase, begun, written);
        if now < self.until || phase == Phase::Answering {
            return;
        }
        if phase == Phase::Idle && !self.is_told {
            self.is_told = true;
            self.until = now + FAREWELL;
            self.activity.tell(Order::Finish);
        } else {
            self.activity.tell(Order::LetGo);
        }
    }
}

/// How much longer whoever took or sent so many bytes may take.
pub(super) fn earned(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST as u64)
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.meter.open.fall();
        let mut state = self.open.state();
        state.connections.remove(&self.number);
        if let Some(network) = self.network
            && let Some(count) = state.of_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                state.of_network.remove(&network);
            }
        }
        if state.connections.is_empty() {
            self.open.emptied.notify_one();
        }
    }
}
