//! The same work for several at the same moment, done once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

/// What is being worked on.
#[derive(Debug)]
pub(super) struct Flights<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// What comes of `work`, or of the same work of somebody else that has begun and not ended. If they go away, somebody
    /// who waits does it.
    pub(super) async fn join(&self, key: K, work: impl Future<Output = V>) -> V {
        let cell = Arc::clone(self.lock().entry(key.clone()).or_default());
        let seat = Seat {
            flights: self,
            key,
            cell,
        };
        seat.cell.get_or_init(|| work).await.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<OnceCell<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who works or waits. The last one, and the first one for whom the work has ended, take it off the list.
struct Seat<'a, K: Eq + Hash + Clone, V: Clone> {
    flights: &'a Flights<K, V>,
    key: K,
    cell: Arc<OnceCell<V>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Drop for Seat<'_, K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // The list holds the cell, too.
        let is_over = self.cell.initialized() || Arc::strong_count(&self.cell) <= 2;
        let is_listed = flights
            .get(&self.key)
            .is_some_and(|listed| Arc::ptr_eq(listed, &self.cell));
        if is_over && is_listed {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::Flights;

    #[tokio::test]
    async fn what_is_asked_at_the_same_moment_is_done_once() {
        let flights: Arc<Flights<&str, usize>> = Arc::default();
        let runs = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let (flights, runs) = (Arc::clone(&flights), Arc::clone(&runs));
            tokio::spawn(async move {
                let work = async {
                    tokio::task::yield_now().await;
                    runs.fetch_add(1, Ordering::Relaxed) + 1
                };
                flights.join("key", work).await
            })
        };
        let asked: Vec<_> = (0..50).map(|_| ask()).collect();
        for answer in asked {
            assert_eq!(answer.await.expect("an answer"), 1);
        }
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(flights.lock().is_empty(), "nothing is left on the list");
    }

    #[tokio::test]
    async fn who_waits_goes_on_with_the_work_of_somebody_who_went_away() {
        let flights: Flights<&str, usize> = Flights::default();
        {
            let gone = flights.join("key", std::future::pending());
            tokio::pin!(gone);
            let waits = flights.join("key", async { 7 });
            tokio::pin!(waits);
            assert!(futures_util::poll!(gone.as_mut()).is_pending());
            assert!(futures_util::poll!(waits.as_mut()).is_pending());
            gone.set(flights.join("other", std::future::pending()));
            assert_eq!(waits.await, 7);
        }
        assert!(flights.lock().is_empty(), "nothing is left on the list");
    }
}
