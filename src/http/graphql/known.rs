//! Requests that came before: the same bytes ask for the same, so that they need not be read again.

use std::sync::Arc;

use ahash::RandomState;
use bytes::Bytes;
use moka::sync::Cache;

use crate::delivery::{Asked, Remembered};

/// What one of them takes beside what it consists of, in bytes.
const OVERHEAD: usize = 400;

/// Queries by the bytes that ask for them, bounded by the memory that they take.
pub(in crate::http) struct Known(Cache<Bytes, Arc<Remembered>, RandomState>);

impl Known {
    /// At most so many bytes of them.
    pub(in crate::http) fn new(most_bytes: usize) -> Self {
        let weight = |sent: &Bytes, remembered: &Arc<Remembered>| {
            let bytes = OVERHEAD + sent.len() + remembered.size();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(most_bytes as u64)
            .weigher(weight);
        Self(cache.build_with_hasher(RandomState::new()))
    }

    /// What these bytes ask for, if they came before.
    pub(super) fn get(&self, sent: &[u8]) -> Option<Arc<Asked>> {
        self.0.get(sent)?.recalled().map(Arc::new)
    }

    /// Keeps what these bytes ask for, if it is a query that was executed.
    pub(super) fn keep(&self, sent: &[u8], asked: &Asked) {
        if asked.document.was_executed() && !asked.document.changes() {
            // They may lie in a buffer that is many times larger, which is not to be kept.
            let sent = Bytes::copy_from_slice(sent);
            self.0.insert(sent, Arc::new(asked.remembered()));
        }
    }
}
