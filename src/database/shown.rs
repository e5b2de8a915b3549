//! Sets of entries that preview links show. A set holds until one of its entries changes: what it refers to may be another then.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use moka::sync::Cache;
use sea_orm::prelude::Uuid;
use sha2::{Digest, Sha256};

use super::changes::{Changes, State};
use crate::telemetry::metrics::cache::{CacheMeter, CacheState};

/// Memory for the sets that are kept, in bytes: some fifty of the largest ones.
const CAPACITY: u64 = 4 * 1024 * 1024;
/// What a kept set takes beside its ids, in bytes.
const OVERHEAD: usize = 400;

/// A set of entries. Clones share it, and two are the same if their digests are.
#[derive(Clone, Debug)]
pub struct ShownEntries(Arc<Ids>);

#[derive(Debug)]
struct Ids {
    /// In ascending order.
    ids: Box<[Uuid]>,
    digest: [u8; 32],
}

impl FromIterator<Uuid> for ShownEntries {
    fn from_iter<I: IntoIterator<Item = Uuid>>(ids: I) -> Self {
        let mut ids: Vec<Uuid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let mut digest = Sha256::new();
        for id in &ids {
            digest.update(id);
        }
        Self(Arc::new(Ids {
            digest: digest.finalize().into(),
            ids: ids.into(),
        }))
    }
}

impl ShownEntries {
    /// Whether the entry is one of them.
    pub fn contains(&self, entry: &Uuid) -> bool {
        self.0.ids.binary_search(entry).is_ok()
    }

    /// All of them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Uuid> {
        self.0.ids.iter().copied()
    }

    /// What tells the set from others.
    pub fn digest(&self) -> &[u8; 32] {
        &self.0.digest
    }
}

impl PartialEq for ShownEntries {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest == other.0.digest
    }
}

impl Eq for ShownEntries {}

impl Hash for ShownEntries {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.digest.hash(state);
    }
}

/// What a set is found by: the entry of the link, and the account whose drafts alone the link can show, if there is one.
pub type ShownBy = (Uuid, Option<Uuid>);

/// The sets that were found before, bounded by the memory that they take. Clones share them.
#[derive(Clone, Debug)]
pub struct ShownSets {
    cache: Cache<ShownBy, Arc<Kept>>,
    meter: CacheMeter,
}

#[derive(Debug)]
struct Kept {
    entries: ShownEntries,
    /// At which state of the database it was found, or at an earlier one.
    state: State,
    /// The last event of the last state at which it was seen to hold, in the same generation.
    holds_at: AtomicI64,
}

impl Default for ShownSets {
    fn default() -> Self {
        let meter = CacheMeter::default();
        let weight = |_: &ShownBy, kept: &Arc<Kept>| {
            let bytes = OVERHEAD + size_of_val(&*kept.entries.0.ids);
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(weight)
            .eviction_listener(meter.evictions());
        Self {
            cache: cache.build(),
            meter,
        }
    }
}

impl ShownSets {
    /// The set as it is in a state of the database, if it is known.
    pub fn get(&self, changes: &Changes, by: &ShownBy, state: State) -> Option<ShownEntries> {
        let kept = self.cache.get(by).filter(|kept| kept.holds(changes, state));
        self.meter.looked(kept.is_some());
        kept.map(|kept| kept.entries.clone())
    }

    /// Keeps a set as it was read in a state of the database, or in a later one.
    pub fn put(&self, by: ShownBy, entries: ShownEntries, state: State) {
        let kept = Kept {
            entries,
            state,
            holds_at: AtomicI64::new(state.sequence),
        };
        self.cache.insert(by, Arc::new(kept));
    }

    /// How full it is, and how often it helped.
    pub fn state(&self) -> CacheState {
        CacheState::of("previews", &self.cache, &self.meter)
    }
}

impl Kept {
    fn holds(&self, changes: &Changes, state: State) -> bool {
        if self.state.generation != state.generation {
            return false;
        }
        if self.holds_at.load(Ordering::Acquire) == state.sequence {
            return true;
        }
        let is_same = |entry| changes.is_same(entry, self.state, state);
        let holds = self.entries.iter().all(is_same);
        if holds {
            self.holds_at.fetch_max(state.sequence, Ordering::AcqRel);
        }
        holds
    }
}
