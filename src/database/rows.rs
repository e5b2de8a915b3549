//! Rows that were read before, as they are public, and as they are in drafts. A revision never changes, so a row holds until
//! something happens to its entry, which the event log tells.

use std::{any::Any, sync::Arc};

use entity::entry_id::EntryId;
use moka::sync::Cache;

use super::changes::{Changes, State};
use crate::telemetry::metrics::cache::{CacheMeter, CacheState};

/// What a kept row takes beside its content, in bytes.
const OVERHEAD: usize = 400;

/// A row of any type.
pub type AnyRow = Arc<dyn Any + Send + Sync>;

/// Which row of an entry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// The public one.
    Published,
    /// The latest one, of an entry that is not in the trash.
    Latest,
}

/// Rows by what they are asked for with, type and id, bounded by the memory that they take. Clones share them.
#[derive(Clone, Debug)]
pub struct Rows {
    cache: Option<Cache<(EntryId, RowKind), Kept>>,
    meter: CacheMeter,
}

#[derive(Clone, Debug)]
struct Kept {
    /// The row; none if no entry of that type and id has one.
    row: Option<AnyRow>,
    /// At which state of the database it was read.
    state: State,
    bytes: u32,
}

impl Rows {
    /// Keeps rows of about so many bytes in all; none of them if there is no room.
    pub fn new(bytes: usize) -> Self {
        let meter = CacheMeter::default();
        let cache = Cache::builder()
            .max_capacity(bytes as u64)
            .weigher(|_, kept: &Kept| kept.bytes)
            .eviction_listener(meter.evictions());
        Self {
            cache: (bytes > 0).then(|| cache.build()),
            meter,
        }
    }

    /// Whether rows are kept at all.
    pub fn are_kept(&self) -> bool {
        self.cache.is_some()
    }

    /// A row of an entry as it is in a state of the database: none if it is not known, and none within if it is known that there is
    /// none.
    pub fn get(
        &self,
        changes: &Changes,
        (entry, kind): (EntryId, RowKind),
        state: State,
    ) -> Option<Option<AnyRow>> {
        let kept = self.cache.as_ref()?.get(&(entry, kind));
        let kept = kept.filter(|kept| changes.is_same(entry.uuid, kept.state, state));
        self.meter.looked(kept.is_some());
        kept.map(|kept| kept.row)
    }

    /// Keeps a row of an entry, or that there is none, as it was read in a state of the database. Its content takes so many bytes.
    pub fn put(&self, key: (EntryId, RowKind), row: Option<AnyRow>, bytes: usize, state: State) {
        if let Some(cache) = &self.cache {
            let bytes = u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX);
            cache.insert(key, Kept { row, state, bytes });
        }
    }

    /// How full it is, and how often it helped.
    pub fn state(&self) -> CacheState {
        let (mut entries, mut bytes) = (0, 0);
        if let Some(cache) = &self.cache {
            cache.run_pending_tasks();
            (entries, bytes) = (cache.entry_count(), cache.weighted_size());
        }
        CacheState {
            name: "rows",
            entries,
            bytes,
            meter: self.meter.clone(),
        }
    }
}
