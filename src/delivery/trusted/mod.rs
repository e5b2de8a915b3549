//! Trusted documents: operators publish what their clients send, and clients send ids in the place of texts.

mod known;
mod manifest;
mod store;
mod trying;

pub(super) use self::known::Known;
pub use self::{
    manifest::{Manifest, ManifestError},
    store::{Client, Published, list, publish, published, remove},
    trying::{Fault, Trial},
};

/// Whether this may be the name or the version of a client: it is told in lists and in the event log.
pub fn is_label(text: &str) -> bool {
    const LONGEST: usize = 100;
    text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic())
}
