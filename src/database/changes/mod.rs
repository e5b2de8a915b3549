//! What this instance knows of the event log: up to which event, and with which of them each entry and type last changed.
//!
//! Whatever was read at one state of the database holds as long as nothing that it was read from has changed since. So
//! nothing is ever evicted on a guess, and nothing is kept for a time that somebody thought long enough.
//!
//! A database can go back in time: it is restored from a backup, or a failover loses the last events. So each query for news
//! names the last known event by sequence and id. If the log does not contain it, a new generation begins, and nothing that
//! was read before holds.

mod known;
mod position;
mod stamps;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use sea_orm::prelude::Uuid;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};

use self::known::Known;
pub use self::{
    known::LogQuery,
    position::{EntryChange, Head, LogEvent, LogPosition, News, State},
};
use super::reads::Reads;

/// What is known of the log. Clones share it.
#[derive(Clone, Debug)]
pub struct Changes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: RwLock<Known>,
    /// Held by whoever queries the log, so that not everybody does.
    turn: Mutex<()>,
    /// Wakes those who wait for the turn to end.
    turn_ended: Notify,
    /// Wakes whoever follows the log, to query it at once.
    nudge: Notify,
    /// The generation and the newest event that the log is known to contain.
    moved: watch::Sender<(u64, Uuid)>,
}

/// The turn to query the database for news.
#[derive(Debug)]
pub struct Turn<'a> {
    changes: &'a Inner,
    held: Option<MutexGuard<'a, ()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.changes.turn_ended.notify_waiters();
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new(Inner {
            known: RwLock::default(),
            turn: Mutex::default(),
            turn_ended: Notify::new(),
            nudge: Notify::new(),
            moved: watch::Sender::default(),
        }))
    }
}

impl Changes {
    /// Returns the newest known state; none if nothing is known yet.
    pub fn head(&self) -> Option<Head> {
        self.known().head()
    }

    /// Returns the newest position that the log is known to contain.
    pub fn newest(&self) -> LogPosition {
        newest(&self.known())
    }

    /// Subscribes to the log: the value changes when the log has moved, or has turned out to be another one.
    pub fn subscribe(&self) -> watch::Receiver<(u64, Uuid)> {
        self.0.moved.subscribe()
    }

    /// Records that the log may have moved: whoever follows it queries it at once.
    pub fn nudge(&self) {
        self.0.nudge.notify_one();
    }

    /// Returns once somebody has nudged.
    pub async fn nudged(&self) {
        self.0.nudge.notified().await;
    }

    /// Wakes the subscribers if the log has moved.
    fn announce(&self, known: &Known) {
        let newest = (known.generation, newest(known).id);
        self.0.moved.send_if_modified(|moved| {
            let has_moved = *moved != newest;
            *moved = newest;
            has_moved
        });
    }

    /// Returns the newest known state if nothing is known to lie beyond it.
    pub fn settled(&self) -> Option<Head> {
        let known = self.known();
        known.head().filter(|_| known.is_settled())
    }

    /// Returns the newest known state if the database confirmed it within this time, and nothing is known to lie beyond it.
    pub fn current(&self, within: Duration) -> Option<Head> {
        let known = self.known();
        let is_fresh = known.confirmed_at?.elapsed() < within;
        known.head().filter(|_| is_fresh && known.is_settled())
    }

    /// Returns whether a query of the log that was sent at this moment or later was answered.
    pub fn was_confirmed_since(&self, moment: Instant) -> bool {
        self.known().confirmed_at.is_some_and(|at| at >= moment)
    }

    /// Returns whether this position is known to belong to the log.
    pub fn contains(&self, position: LogPosition) -> bool {
        position.sequence == 0 || self.known().id_at(position.sequence) == Some(position.id)
    }

    /// Acquires the turn to query the database for news; none once somebody else has done so. All who wait for the news go on
    /// together.
    pub async fn turn(&self) -> Option<Turn<'_>> {
        let ended = self.0.turn_ended.notified();
        let Ok(held) = self.0.turn.try_lock() else {
            ended.await;
            return None;
        };
        Some(Turn {
            changes: &self.0,
            held: Some(held),
        })
    }

    /// Returns the query for what the log contains beyond what is known. It must be made before the snapshot begins that
    /// answers it: only then a log without the known event is another log, and not an earlier snapshot.
    pub fn query(&self) -> LogQuery {
        self.known().query()
    }

    /// Records that the database did not answer. With `may_lose_events`, as a server whose standby takes over, a new generation
    /// begins when it answers again: an event may have been read before it was known, and may be lost.
    pub fn fail(&self, may_lose_events: bool) {
        let mut known = self.write();
        known.failed_at = Some(Instant::now());
        known.is_interrupted |= may_lose_events && known.recent.is_some();
    }

    /// Returns whether the database did not answer when it was last queried, which is not longer ago than this.
    pub fn has_failed(&self, within: Duration) -> bool {
        let known = self.known();
        let failed_at = known.failed_at.filter(|at| at.elapsed() < within);
        failed_at.is_some_and(|at| known.confirmed_at.is_none_or(|confirmed| confirmed < at))
    }

    /// Records that what is known may not be the log of the database: nothing of it counts until a query confirms it.
    pub fn doubt(&self) {
        self.write().doubted_at = Some(Instant::now());
    }

    /// Begins a new generation: nothing that was read before holds, and connections that were opened before are not used again.
    pub fn forget(&self) {
        let mut known = self.write();
        known.begin_anew();
        known.diverged_at = Some(Instant::now());
    }

    /// Returns whether a connection of this age was opened before the log was last found to be another one.
    pub fn is_outdated(&self, connection_age: Duration) -> bool {
        let diverged_at = self.known().diverged_at;
        diverged_at.is_some_and(|at| connection_age >= at.elapsed())
    }

    /// Records events that this instance has committed, of which the first one follows `previous`. They take effect at once
    /// if everything before them is known; otherwise they are due.
    pub fn record_own(&self, previous: LogPosition, events: &[LogEvent]) {
        let Some(last) = events.last().map(|event| event.position) else {
            return;
        };
        let mut known = self.write();
        let head = known.position();
        if head == Some(previous) && !known.is_full() {
            known.record(events);
        } else if head.is_none_or(|head| head.sequence < previous.sequence) {
            known.expect(last);
        } else if known.id_at(last.sequence) != Some(last.id) {
            known.doubted_at = Some(Instant::now());
        }
        self.announce(&known);
    }

    /// Records that the log contains this event, so that nobody gets what was before it.
    pub fn expect(&self, position: LogPosition) {
        let mut known = self.write();
        known.expect(position);
        self.announce(&known);
    }

    /// Takes in what a snapshot of the database shows of the log, and returns the state of that snapshot; none if the log does
    /// not continue what was known before the snapshot began.
    pub fn learn(&self, query: &LogQuery, news: &News) -> Option<State> {
        let mut known = self.write();
        if query.generation != known.generation {
            return None;
        }
        if known.fits(query, news) {
            let state = known.take_in(query, news);
            self.announce(&known);
            return Some(state);
        }
        known.doubted_at = Some(Instant::now());
        None
    }

    /// Takes in the answer to a query. If the log does not continue what was known, a new generation begins, of which nothing
    /// is known yet, and this returns false.
    pub fn follow(&self, query: &LogQuery, news: &News) -> bool {
        let mut known = self.write();
        if !known.fits(query, news) {
            known.begin_anew();
            known.diverged_at = Some(Instant::now());
            self.announce(&known);
            return false;
        }
        if known.is_interrupted {
            known.begin_anew();
        }
        known.take_in(query, news);
        self.announce(&known);
        true
    }

    /// Returns whether what was read at one state is the same at another one. What is known must reach to both.
    pub fn hold(&self, reads: &Reads, at: State, other: State) -> bool {
        let known = self.known();
        let since = known.common(at, other);
        since.is_some_and(|since| known.stamps.unchanged_since(reads, since))
    }

    /// Returns whether an entry is the same at two states, drafts and all.
    pub fn is_same(&self, entry: Uuid, at: State, other: State) -> bool {
        let known = self.known();
        let since = known.common(at, other);
        since.is_some_and(|since| known.stamps.entry_unchanged_since(entry, since))
    }

    /// Returns how long ago the database was last queried for news and answered; none if it never was.
    pub fn age(&self) -> Option<Duration> {
        self.known().confirmed_at.map(|at| at.elapsed())
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest(known: &Known) -> LogPosition {
    let head = known.position().unwrap_or_default();
    if known.due.sequence > head.sequence {
        known.due
    } else {
        head
    }
}
