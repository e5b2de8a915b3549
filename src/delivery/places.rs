//! Places that operations are given in turn, and the line of those who wait for one.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::telemetry::{
    metrics::crowds::CrowdState,
    outage::{self, Outage},
};

/// A crowd has gone once nobody has been refused for so long.
const CALM: Duration = Duration::from_millis(100);
/// Operations that may wait, or so many for each place if that is more. The others are refused at once, which costs least.
const QUEUE: usize = 200;
pub(super) const QUEUE_PER_PLACE: usize = 8;

/// How long operations wait for a place.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// A line that moves is none of anybody's trouble. If it stands for this long …
    pub(super) usual: Duration,
    /// … or somebody has waited for this long …
    pub(super) longest: Duration,
    /// … then nobody waits for longer than this, and fewer for each place, while the crowd stays: waiting would help nobody.
    pub(super) slow: Duration,
    pub(super) slow_queue: usize,
}

pub(super) struct Places {
    name: &'static str,
    count: usize,
    free: Arc<Semaphore>,
    /// Where operations wait.
    queue: Semaphore,
    patience: Patience,
    /// When somebody was last given a place.
    moved_at: Mutex<Instant>,
    crowd: Mutex<Option<Crowd>>,
}

/// How many may wait for so many places.
fn line(count: usize) -> usize {
    QUEUE.max(QUEUE_PER_PLACE * count)
}

/// Some are refused.
struct Crowd {
    /// When somebody last was.
    refused_at: Instant,
    /// Whether somebody had waited in vain before.
    is_slow: bool,
}

impl Places {
    pub(super) fn new(name: &'static str, count: usize, patience: Patience) -> Self {
        Self {
            name,
            count,
            free: Arc::new(Semaphore::new(count)),
            queue: Semaphore::new(line(count)),
            patience,
            moved_at: Mutex::new(Instant::now()),
            crowd: Mutex::default(),
        }
    }

    pub(super) fn state(&self, of: &'static str) -> CrowdState {
        let free = self.free.available_permits();
        CrowdState {
            of,
            places: self.count as u64,
            running: self.count.saturating_sub(free) as u64,
            waiting: self.waiting() as u64,
        }
    }

    fn waiting(&self) -> usize {
        line(self.count).saturating_sub(self.queue.available_permits())
    }

    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        // Places that become free go to those who wait, so that there are none for others.
        let place = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.wait().await?,
        };
        *self.moved() = Instant::now();
        Some(place)
    }

    /// A place, in turn; none if the line is too long, or stands.
    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let (patience, longest, line) = self.patience_now();
        let waits = self.queue.try_acquire().ok();
        let waits = waits.filter(|_| self.waiting() <= line);
        let has_waited = waits.is_some();
        let begun = Instant::now();
        let mut acquired = pin!(Arc::clone(&self.free).acquire_owned());
        let mut is_waiting = has_waited;
        while is_waiting {
            if let Ok(place) = timeout(patience, acquired.as_mut()).await {
                return place.ok();
            }
            let moves = self.moved().elapsed() < patience;
            is_waiting = moves && begun.elapsed() < longest;
        }
        self.refuse(has_waited);
        None
    }

    fn moved(&self) -> MutexGuard<'_, Instant> {
        self.moved_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait, and how many may do so.
    fn patience_now(&self) -> (Duration, Duration, usize) {
        let Patience {
            usual,
            longest,
            slow,
            slow_queue,
        } = self.patience;
        let crowd = self.crowd();
        match &*crowd {
            Some(crowd) if crowd.is_slow => (slow, slow, slow_queue * self.count),
            _ => (usual, longest, line(self.count)),
        }
    }

    pub(super) fn is_overloaded(&self) -> bool {
        self.crowd().is_some()
    }

    /// Notes that somebody is refused. Tells the operator, once in each crowd.
    fn refuse(&self, has_waited: bool) {
        let now = Instant::now();
        let mut crowd = self.crowd();
        if crowd.is_none() {
            outage::failed(
                Outage::Overload,
                &format!(
                    "too many operations at once by {}; some are refused",
                    self.name
                ),
            );
        }
        let is_slow = has_waited || crowd.as_ref().is_some_and(|crowd| crowd.is_slow);
        *crowd = Some(Crowd {
            refused_at: now,
            is_slow,
        });
    }

    /// The crowd that is there now.
    fn crowd(&self) -> MutexGuard<'_, Option<Crowd>> {
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        crowd.take_if(|crowd| crowd.refused_at.elapsed() > CALM);
        crowd
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::{CALM, Patience, Places, QUEUE};

    const PATIENCE: Patience = Patience {
        usual: Duration::from_millis(300),
        longest: Duration::from_secs(30),
        slow: Duration::from_millis(20),
        slow_queue: 1,
    };

    #[tokio::test]
    async fn a_place_that_becomes_free_goes_to_who_waits() {
        let places = Places::new("tests", 1, PATIENCE);
        let first = places.enter().await.expect("a place");
        let (second, ()) = tokio::join!(places.enter(), async { drop(first) });
        assert!(second.is_some());
    }

    #[tokio::test]
    async fn a_line_that_moves_is_no_crowd_however_long_it_is() {
        // Long enough for a busy machine to be asleep for a while.
        let usual = Duration::from_secs(1);
        let places = Places::new("tests", 1, Patience { usual, ..PATIENCE });
        let begun = Instant::now();
        let all = join_all((0..=QUEUE).map(|_| async {
            let place = places.enter().await.expect("a place");
            tokio::time::sleep(usual / 100).await;
            drop(place);
        }));
        all.await;
        assert!(begun.elapsed() > usual, "the last ones waited for longer");
        assert!(!places.is_overloaded());
    }

    #[tokio::test]
    async fn a_crowd_that_stays_is_refused_soon() {
        let places = Places::new("tests", 1, PATIENCE);
        let held = places.enter().await.expect("a place");
        let waited = async || {
            let begun = Instant::now();
            assert!(places.enter().await.is_none());
            begun.elapsed()
        };
        assert!(!places.is_overloaded());
        assert!(waited().await >= PATIENCE.usual, "the line may move");
        assert!(places.is_overloaded());
        let second = waited().await;
        assert!(
            (PATIENCE.slow..PATIENCE.usual).contains(&second),
            "{second:?}"
        );
        drop(held);
        tokio::time::sleep(CALM).await;
        let held = places.enter().await.expect("a place");
        assert!(!places.is_overloaded());
        assert!(waited().await >= PATIENCE.usual, "the crowd had gone");
        drop(held);
    }

    #[tokio::test]
    async fn where_somebody_waited_in_vain_only_few_wait_until_the_crowd_has_gone() {
        let places = Places::new("tests", 4, PATIENCE);
        let held: Vec<_> = join_all((0..4).map(|_| places.enter())).await;
        assert!(places.enter().await.is_none(), "the line may move");
        assert!(places.is_overloaded());
        let begun = Instant::now();
        let refused = join_all((0..10).map(|_| async {
            assert!(places.enter().await.is_none());
            begun.elapsed()
        }));
        let waited = refused.await;
        let at_once = waited.iter().filter(|waited| **waited < PATIENCE.slow);
        assert_eq!(at_once.count(), 10 - 4, "{waited:?}");
        let mut held = held.into_iter();
        drop(held.next());
        let again = places.enter().await.expect("the free place");
        assert!(places.is_overloaded(), "others were refused a moment ago");
        drop((held, again));
        tokio::time::sleep(CALM).await;
        drop(places.enter().await.expect("a free place"));
        assert!(!places.is_overloaded());
    }

    #[tokio::test]
    async fn where_the_queue_is_full_nobody_waits() {
        let places = Places::new("tests", 1, PATIENCE);
        let held = places.enter().await.expect("a place");
        let begun = Instant::now();
        let all = join_all((0..=QUEUE).map(|_| async {
            assert!(places.enter().await.is_none());
            begun.elapsed()
        }));
        let last = all.await.pop().expect("the last one");
        assert!(last < PATIENCE.usual, "{last:?}");
        drop(held);
    }
}
