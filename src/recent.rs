//! What was read from the database a moment ago, and serves for half a second more.
//!
//! Each request must know whether the credentials that it came with still stand. What takes credentials back empties this
//! memory on its own instance; on the others it is forgotten in time, whatever happens to messages between them.

use std::{any::Any, sync::Arc, time::Duration};

use moka::future::Cache;

use crate::error::Result;

/// How long something is remembered: what is taken back must be gone everywhere within a second.
pub const REMEMBERED: Duration = Duration::from_millis(500);
/// How many things are remembered at most; the longest unused ones go first.
const MOST: u64 = 10_000;

/// A short memory. Clones share it.
#[derive(Clone)]
pub struct Recent(Cache<String, Arc<dyn Any + Send + Sync>>);

impl Default for Recent {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(MOST);
        Self(cache.time_to_live(REMEMBERED).build())
    }
}

impl Recent {
    /// What is remembered under this name, or else what `read` finds, which is then remembered. Names must tell types apart.
    /// What is not there is not remembered.
    pub async fn get<T: Clone + Send + Sync + 'static>(
        &self,
        name: String,
        read: impl Future<Output = Result<Option<T>>>,
    ) -> Result<Option<T>> {
        let known = self.0.get(&name).await;
        if let Some(known) = known.as_ref().and_then(|known| known.downcast_ref::<T>()) {
            return Ok(Some(known.clone()));
        }
        let found = read.await?;
        if let Some(found) = &found {
            self.0.insert(name, Arc::new(found.clone())).await;
        }
        Ok(found)
    }

    /// Forgets everything: credentials have been taken back.
    pub fn clear(&self) {
        self.0.invalidate_all();
    }
}
