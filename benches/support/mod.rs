//! What the end-to-end benchmarks share: servers in processes of their own, and load from another core.

pub(crate) mod client;
pub(crate) mod kindling;
pub(crate) mod options;
pub(crate) mod pinning;
pub(crate) mod sample;
pub(crate) mod scratch;
pub(crate) mod server;

/// Whatever ends a benchmark: it has one reader, and the text is all that the reader needs.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
