//! Requests that came before: the same bytes ask for the same, so that they need not be read again.

use std::sync::Arc;

use ahash::RandomState;
use bytes::Bytes;
use moka::sync::Cache;

use crate::delivery::Asked;

/// Queries by the bytes that ask for them, bounded by the memory that they take.
pub(in crate::http) struct Known(Cache<Bytes, Arc<Asked>, RandomState>);

impl Known {
    /// At most so many bytes of them.
    pub(in crate::http) fn new(most_bytes: usize) -> Self {
        let weight = |sent: &Bytes, asked: &Arc<Asked>| {
            let bytes = u32::try_from(sent.len()).unwrap_or(u32::MAX);
            bytes.saturating_add(asked.document.weight())
        };
        let cache = Cache::builder()
            .max_capacity(most_bytes as u64)
            .weigher(weight);
        Self(cache.build_with_hasher(RandomState::new()))
    }

    /// What these bytes ask for, if they came before.
    pub(super) fn get(&self, sent: &[u8]) -> Option<Arc<Asked>> {
        self.0.get(sent)
    }

    /// Keeps what these bytes ask for, if it is a query that was executed.
    pub(super) fn keep(&self, sent: Bytes, asked: &Arc<Asked>) {
        if asked.document.was_executed() && !asked.document.changes() {
            self.0.insert(sent, Arc::clone(asked));
        }
    }
}
