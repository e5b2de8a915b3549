//! How large the answers are that each client asks for. Clients with large ones share a few places, so that the others find theirs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::rates::Counted;

/// Clients that are remembered, some 400 bytes each.
const MAX_CLIENTS: u64 = 20_000;
/// A client that sends nothing for so long is forgotten.
const IDLE: Duration = Duration::from_mins(1);
/// A client whose operations take more of their budgets than this, on average, asks for large answers.
const LARGE: u64 = 512 * 1024;
/// What one operation counts in the average.
const WEIGHT: u64 = 8;

/// The average of what operations took of their budgets, by client. Clones share it.
#[derive(Clone)]
pub(super) struct Consumption(Cache<Counted, Arc<AtomicU64>>);

impl Default for Consumption {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_CLIENTS)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(IDLE);
        Self(cache.build())
    }
}

impl Consumption {
    /// Whether the client asks for large answers.
    pub(super) fn is_large(&self, client: &Counted) -> bool {
        let average = self.0.get(client);
        average.is_some_and(|average| average.load(Relaxed) > LARGE)
    }

    /// Takes in what an operation took of its budget. Clients that never asked for anything large are not remembered.
    pub(super) fn note(&self, client: &Counted, spent: u64) {
        let average = match self.0.get(client) {
            Some(average) => average,
            None if spent > LARGE => self.0.get_with(client.clone(), Arc::default),
            None => return,
        };
        // Of two at the same moment one may be lost, which the next ones make up for.
        let before = average.load(Relaxed);
        average.store(before - before / WEIGHT + spent / WEIGHT, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::prelude::Uuid;

    use super::{Consumption, Counted, LARGE, WEIGHT};

    #[test]
    fn a_client_with_large_answers_is_one_until_it_asks_for_small_ones() {
        let consumption = Consumption::default();
        let [one, other] = [1, 2].map(|n| Counted::Account(Uuid::from_u128(n)));
        consumption.note(&one, 1_000);
        assert!(!consumption.is_large(&one));
        consumption.note(&one, LARGE * WEIGHT + LARGE);
        assert!(consumption.is_large(&one));
        assert!(!consumption.is_large(&other));
        for _ in 0..3 {
            consumption.note(&one, 1_000);
        }
        assert!(!consumption.is_large(&one));
    }
}
