//! Documents: each text is parsed and measured once, and kept for the requests to come.

mod measure;
mod parse;
mod prepared;

use std::sync::Arc;

use async_graphql::ServerError;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

pub(super) use self::measure::Measure;
pub use self::prepared::{Operation, Prepared};
use self::{measure::measure, parse::parse};
use super::limits::Limits;
use crate::telemetry::metrics::cache::{CacheMeter, CacheState};

/// The documents that were sent before, by the SHA-256 of their texts.
pub(super) struct Documents {
    kept: Cache<[u8; 32], Arc<Prepared>>,
    meter: CacheMeter,
}

impl Documents {
    /// None yet, and at most so many bytes of them.
    pub(super) fn new(most_bytes: usize) -> Self {
        let meter = CacheMeter::default();
        let kept = Cache::builder()
            .max_capacity(most_bytes as u64)
            .weigher(|_, document: &Arc<Prepared>| document.weight())
            .eviction_listener(meter.evictions());
        Self {
            kept: kept.build(),
            meter,
        }
    }

    /// How full it is, and how often it helped.
    pub(super) fn state(&self) -> CacheState {
        CacheState::of("documents", &self.kept, &self.meter)
    }

    /// The document that was sent before with this digest.
    pub(super) fn known(&self, digest: &[u8; 32]) -> Option<Arc<Prepared>> {
        self.kept.get(digest)
    }

    /// The document with this text, if it was sent before. One that is too long never was.
    pub(super) fn find(&self, text: &str, limits: &Limits) -> Option<Arc<Prepared>> {
        limits.check_length(text).ok()?;
        let known = self.known(&Sha256::digest(text).into());
        self.meter.looked(known.is_some());
        known
    }

    /// Keeps a document that was executed. One that does not fit the schema never was, and so pushes no other one out.
    pub(super) fn keep(&self, document: &Arc<Prepared>) {
        if document.begin_to_keep() {
            self.kept.insert(*document.hash(), Arc::clone(document));
        }
    }
}

/// Parses a document and measures it, or says why it is refused: it is no GraphQL, or beyond a limit. What is cheap to see comes first.
pub(super) fn prepare(text: &str, limits: &Limits) -> Result<Prepared, ServerError> {
    limits.check_length(text)?;
    let (parsed, tokens) = parse(text, limits)?;
    let measure = measure(&parsed)?;
    limits.check_measure(&measure)?;
    Ok(Prepared::new(text, parsed, tokens))
}
