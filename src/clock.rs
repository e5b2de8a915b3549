//! The time: the system's, or one that a test sets. Nothing else reads it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::Instant;

/// Where the time comes from. Clones share one time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Instant>>>);

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn set_to(now: Instant) -> Self {
        Self(Some(Arc::new(Mutex::new(now))))
    }

    /// The present moment, to the microsecond, which is what both engines keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    pub fn now(&self) -> Instant {
        let now: DateTime<Utc> = match &self.0 {
            None => Utc::now(),
            Some(set) => *set.lock().unwrap_or_else(PoisonError::into_inner),
        };
        now.trunc_subsecs(6)
    }

    /// Moves a set clock on; the system's clock cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(set) = &self.0 {
            *set.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
