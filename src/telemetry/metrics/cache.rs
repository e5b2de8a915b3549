//! Figures of a cache: how often it helped, and how full it is.

use std::{
    fmt::Result,
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use moka::{notification::RemovalCause, sync::Cache};

use crate::telemetry::{
    label::labels,
    meter::{Counters, float},
    sheet::{Figures, Sheet},
};

labels! {
    /// What came of looking into a cache, or of its bound.
    CacheEvent = "event" {
        /// What was looked for was there, and held.
        Hit = "hit",
        /// It was not there, or did not hold any more.
        Miss = "miss",
        /// Something had to go, for want of room.
        Evicted = "evicted",
    }
}

/// Counts for one cache. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct CacheMeter(Arc<Counters<CacheEvent>>);

impl CacheMeter {
    /// Counts an event.
    pub fn count(&self, event: CacheEvent) {
        self.0.count(event);
    }

    /// Notes whether something was found.
    pub fn looked(&self, is_found: bool) {
        self.count(if is_found {
            CacheEvent::Hit
        } else {
            CacheEvent::Miss
        });
    }

    /// What is told of all that leaves the cache, and counts what had to.
    pub fn evictions<K, V>(&self) -> impl Fn(K, V, RemovalCause) + Send + Sync + 'static {
        let meter = self.clone();
        move |_, _, cause| {
            if cause == RemovalCause::Size {
                meter.count(CacheEvent::Evicted);
            }
        }
    }
}

/// One cache as it is now.
#[derive(Clone, Debug)]
pub struct CacheState {
    /// What it keeps.
    pub name: &'static str,
    /// How many of them.
    pub entries: u64,
    /// About how much memory they take.
    pub bytes: u64,
    /// What happened so far.
    pub meter: CacheMeter,
}

impl CacheState {
    /// A cache of this name, as it is now.
    pub fn of<K, V, S>(name: &'static str, cache: &Cache<K, V, S>, meter: &CacheMeter) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        S: BuildHasher + Clone + Send + Sync + 'static,
    {
        cache.run_pending_tasks();
        Self {
            name,
            entries: cache.entry_count(),
            bytes: cache.weighted_size(),
            meter: meter.clone(),
        }
    }
}

/// All caches.
#[derive(Clone, Debug)]
pub struct Caches(pub Vec<CacheState>);

impl Figures for Caches {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let of = |value: fn(&CacheState) -> u64| {
            let states = self.0.iter();
            states.map(move |state| ([("cache", state.name)], float(value(state))))
        };
        sheet.gauges("cache_entries", "What is kept.", of(|state| state.entries))?;
        let help = "About how much memory it takes.";
        sheet.gauges("cache_bytes", help, of(|state| state.bytes))?;
        let counts = self.0.iter().flat_map(|state| {
            CacheEvent::ALL.iter().map(|(event, name)| {
                let labels = [("cache", state.name), ("event", *name)];
                (labels, state.meter.0.get(*event))
            })
        });
        let help = "What was found, was not found, or had to go for want of room.";
        sheet.counts("cache_events", help, counts)
    }
}
