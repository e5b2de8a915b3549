//! How many operations are executed at once. What is more waits for a moment, or is refused: a server that takes on everything
//! answers nobody in time. Those who edit have places of their own, so that no crowd of visitors keeps them from working.

use std::{
    sync::{Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use crate::{
    auth::{Principal, Scope},
    config::Config,
    telemetry::metrics::crowds::{CrowdState, Crowds},
};

/// Operations of the public that a core works on, beside those that wait for the database.
const PER_CORE: usize = 4;
/// Places for those who edit, for each one for the public: they mostly wait for the disk, and share what it does.
const EDITORS: usize = 4;
/// Operations that may wait for each place.
const QUEUE: usize = 16;

/// How long operations wait for a place.
#[derive(Clone, Copy)]
struct Patience {
    /// A crowd may have come by chance. For so long it may stand in line …
    crowd: Duration,
    /// … and while it stays, nobody waits for longer than this: waiting would help nobody.
    overload: Duration,
}

const OF_THE_PUBLIC: Patience = Patience {
    crowd: Duration::from_millis(250),
    overload: Duration::from_millis(5),
};
/// Signing in waits for passwords, which take their time.
const OF_STRANGERS: Patience = Patience {
    crowd: Duration::from_secs(5),
    overload: Duration::from_millis(500),
};
const OF_EDITORS: Patience = Patience {
    crowd: Duration::from_secs(10),
    overload: Duration::from_secs(5),
};

/// The places of all operations that are executed.
pub(super) struct Admission {
    public: Places,
    /// Whoever signs in, or stays signed in, is nobody yet.
    strangers: Places,
    editors: Places,
}

/// A place among the operations that are executed, for as long as it is held.
pub(super) type Place<'a> = SemaphorePermit<'a>;

impl Admission {
    /// As many places as the settings say, or as this machine can fill.
    pub(super) fn new(config: &Config) -> Self {
        let count = match config.max_operations {
            0 => {
                let cores = available_parallelism().map_or(1, usize::from);
                PER_CORE * cores + usize::try_from(config.database_readers).unwrap_or(0)
            }
            count => count,
        };
        Self {
            public: Places::new("the public", count, OF_THE_PUBLIC),
            strangers: Places::new("those who sign in", count, OF_STRANGERS),
            editors: Places::new("editors", EDITORS * count, OF_EDITORS),
        }
    }

    /// A place for an operation of this principal, which changes something or does not; none if there are too many.
    pub(super) async fn enter(&self, principal: &Principal, changes: bool) -> Option<Place<'_>> {
        self.places(principal, changes).enter().await
    }

    /// The places as they are now.
    pub(super) fn state(&self) -> Crowds {
        let kinds = [
            ("public", &self.public),
            ("strangers", &self.strangers),
            ("editors", &self.editors),
        ];
        Crowds(kinds.map(|(of, places)| places.state(of)).into())
    }

    /// Whether too much has been asked for a while by those who share places with this principal.
    pub(super) fn is_overloaded(&self, principal: &Principal, changes: bool) -> bool {
        self.places(principal, changes).is_overloaded()
    }

    fn places(&self, principal: &Principal, changes: bool) -> &Places {
        match principal {
            Principal::Account { .. } | Principal::System => &self.editors,
            Principal::ApiToken { scopes, .. }
                if scopes.contains(&Scope::Write) || scopes.contains(&Scope::Publish) =>
            {
                &self.editors
            }
            _ if changes => &self.strangers,
            Principal::Anonymous | Principal::Preview { .. } | Principal::ApiToken { .. } => {
                &self.public
            }
        }
    }
}

struct Places {
    name: &'static str,
    count: usize,
    free: Semaphore,
    /// Where operations wait.
    queue: Semaphore,
    patience: Patience,
    crowd: Mutex<Option<Crowd>>,
}

/// Some have waited without a break.
struct Crowd {
    since: Instant,
    is_told: bool,
}

impl Places {
    fn new(name: &'static str, count: usize, patience: Patience) -> Self {
        Self {
            name,
            count,
            free: Semaphore::new(count),
            queue: Semaphore::new(QUEUE * count),
            patience,
            crowd: Mutex::default(),
        }
    }

    fn state(&self, of: &'static str) -> CrowdState {
        let free = self.free.available_permits();
        let no_queue = self.queue.available_permits();
        CrowdState {
            of,
            places: self.count as u64,
            running: self.count.saturating_sub(free) as u64,
            waiting: (QUEUE * self.count).saturating_sub(no_queue) as u64,
        }
    }

    async fn enter(&self) -> Option<Place<'_>> {
        // Places that become free go to those who wait, so that there are none for others.
        if let Ok(place) = self.free.try_acquire() {
            self.ease();
            return Some(place);
        }
        let until = self.wait_until();
        let place = match self.queue.try_acquire() {
            Ok(_waits) => timeout_at(until, self.free.acquire()).await.ok(),
            Err(_) => None,
        };
        let place = place.and_then(Result::ok);
        if place.is_none() {
            self.tell();
        }
        place
    }

    fn is_overloaded(&self) -> bool {
        let crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = crowd.as_ref();
        crowd.is_some_and(|crowd| crowd.since.elapsed() > self.patience.crowd)
    }

    /// Nobody waits.
    fn ease(&self) {
        *self.crowd.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How long to wait from now on.
    fn wait_until(&self) -> Instant {
        let now = Instant::now();
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = crowd.get_or_insert(Crowd {
            since: now,
            is_told: false,
        });
        (now + self.patience.overload).max(crowd.since + self.patience.crowd)
    }

    /// Tells the operator, once in each crowd.
    fn tell(&self) {
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(crowd) = crowd.as_mut().filter(|crowd| !crowd.is_told) {
            crowd.is_told = true;
            tracing::warn!(
                of = self.name,
                "too many operations at once: some are refused"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Patience, Places, QUEUE};

    const PATIENCE: Patience = Patience {
        crowd: Duration::from_millis(300),
        overload: Duration::from_millis(20),
    };

    #[tokio::test]
    async fn a_place_that_becomes_free_goes_to_who_waits() {
        let places = Places::new("tests", 1, PATIENCE);
        let first = places.enter().await.expect("a place");
        let (second, ()) = tokio::join!(places.enter(), async { drop(first) });
        assert!(second.is_some());
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
        assert!(
            waited().await >= PATIENCE.crowd,
            "it may have come by chance"
        );
        assert!(places.is_overloaded());
        let second = waited().await;
        assert!(
            (PATIENCE.overload..PATIENCE.crowd).contains(&second),
            "{second:?}"
        );
        drop(held);
        let held = places.enter().await.expect("a place");
        assert!(!places.is_overloaded());
        assert!(waited().await >= PATIENCE.crowd, "the crowd had gone");
        drop(held);
    }

    #[tokio::test]
    async fn where_the_queue_is_full_nobody_waits() {
        let places = Places::new("tests", 1, PATIENCE);
        let held = places.enter().await.expect("a place");
        let begun = Instant::now();
        let all = futures_util::future::join_all((0..=QUEUE).map(|_| async {
            assert!(places.enter().await.is_none());
            begun.elapsed()
        }));
        let last = all.await.pop().expect("the last one");
        assert!(last < PATIENCE.crowd, "{last:?}");
        drop(held);
    }
}
