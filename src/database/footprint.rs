//! The rows that attempts at one unit of work wanted to lock, so that the next attempt locks them in order before all else.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::prelude::Uuid;

/// Why a transaction was given up: others hold what it wanted, and it must not wait for them while it holds other locks.
#[derive(Debug, thiserror::Error)]
#[error("others hold locks that the transaction cannot wait for")]
pub struct Contended;

/// Ids of rows. Clones share them: the attempts at one operation have one footprint.
#[derive(Clone, Debug, Default)]
pub struct Footprint(Arc<Mutex<BTreeSet<Uuid>>>);

impl Footprint {
    /// Remembers rows for the next attempt.
    pub fn add(&self, ids: impl IntoIterator<Item = Uuid>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(ids);
    }

    /// Returns the rows that attempts so far wanted.
    pub fn ids(&self) -> BTreeSet<Uuid> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}
