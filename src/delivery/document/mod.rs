//! Documents: each text is parsed and measured once, and kept for the requests to come.

mod measure;
mod prepared;
mod scan;

use std::sync::Arc;

use async_graphql::{ServerError, parser::parse_query};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

pub(super) use self::measure::Measure;
pub use self::prepared::{Operation, Prepared};
use self::{measure::measure, scan::Scan};
use super::limits::Limits;
use crate::{
    graphql::errors::{PARSE_FAILED, with_code},
    telemetry::metrics::cache::{CacheMeter, CacheState},
};

/// Far deeper than any query of a person or a generator.
const DEEPEST: usize = 64;
/// Far longer than any name or number; errors repeat names.
const LONGEST_NAME: usize = 200;

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
        self.kept.run_pending_tasks();
        CacheState {
            name: "documents",
            entries: self.kept.entry_count(),
            bytes: self.kept.weighted_size(),
            meter: self.meter.clone(),
        }
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
    let scan = Scan::of(text);
    limits.check_tokens(scan.tokens)?;
    if scan.nesting > DEEPEST {
        return Err(unreadable(format!(
            "the document is nested more than {DEEPEST} deep"
        )));
    }
    if scan.longest_name > LONGEST_NAME {
        return Err(unreadable(format!(
            "the document has a name or a number of more than {LONGEST_NAME} characters"
        )));
    }
    let parsed = parse_query(scan.without_comments(text)).map_err(ServerError::from);
    let parsed = parsed.map_err(|error| with_code(without_source(error), PARSE_FAILED))?;
    let measure = measure(&parsed)?;
    limits.check_measure(&measure)?;
    Ok(Prepared::new(text, parsed, scan.tokens))
}

/// The error without the line of the document that it shows, as a secret may stand there; where that is, its location tells.
fn without_source(mut error: ServerError) -> ServerError {
    if let Some((_, reason)) = error.message.rsplit_once('\n') {
        error.message = reason.trim_start_matches([' ', '=']).to_owned();
    }
    error
}

fn unreadable(message: String) -> ServerError {
    with_code(ServerError::new(message, None), PARSE_FAILED)
}

#[cfg(test)]
mod tests {
    use super::{parse_query, without_source};

    #[test]
    fn errors_tell_what_is_wrong_and_where_but_show_no_line_of_the_document() {
        let error = parse_query("{\n  a(b: \"secret\\q\", c: \"secret) { d }\n}");
        let error = without_source(error.expect_err("no document").into());
        assert_eq!(error.message, "expected value");
        assert_eq!(error.locations.len(), 1);
        assert_eq!(error.locations[0].line, 2);
    }
}
