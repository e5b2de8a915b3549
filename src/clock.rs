//! Time and chance: the machine's, or such as a test sets. Nothing else reads the time.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::Instant;

use crate::id;

/// Where time and chance come from. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Setting>>>);

/// What a test sets: a time that stands, and numbers that come in the same order each time.
#[derive(Debug)]
struct Setting {
    now: Instant,
    drawn: u64,
}

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn set_to(now: Instant) -> Self {
        Self(Some(Arc::new(Mutex::new(Setting { now, drawn: 0 }))))
    }

    /// The present moment, to the microsecond, which is what both engines keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    pub fn now(&self) -> Instant {
        let now: DateTime<Utc> = match &self.0 {
            None => Utc::now(),
            Some(set) => set.lock().unwrap_or_else(PoisonError::into_inner).now,
        };
        now.trunc_subsecs(6)
    }

    /// A number that nobody can guess, or the next one of a set clock.
    pub fn random(&self) -> u64 {
        let Some(set) = &self.0 else {
            return id::secret().as_u64_pair().1;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        set.drawn += 1;
        // Multiplying by an odd number spreads what counts up over all bits.
        set.drawn
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32)
    }

    /// Moves a set clock on; the system's clock cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(set) = &self.0 {
            set.lock().unwrap_or_else(PoisonError::into_inner).now += by;
        }
    }
}
