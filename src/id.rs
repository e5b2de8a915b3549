//! New identifiers, and bytes that nobody can guess. Nothing else makes them.

use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::prelude::Uuid;

use crate::error::{Error, Result};

/// A number that never was before; later ones sort after earlier ones (UUID version 7).
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that makes ids"
)]
pub fn new() -> Uuid {
    Uuid::now_v7()
}

/// A name that nobody can guess: 122 random bits.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that makes ids"
)]
pub fn secret() -> Uuid {
    Uuid::new_v4()
}

/// Bytes that nobody can guess, from the operating system: for tokens, keys and salts.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// The identity of a new entry of this type.
pub fn entry(content_type: ContentType) -> EntryId {
    EntryId {
        content_type,
        uuid: new(),
    }
}
