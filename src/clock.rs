//! Time and chance: the machine's, or such as a test sets. Nothing else reads the time.
//!
//! Clocks are set back. A stored moment that lies ahead was then written by a clock that was ahead: this one before it was set
//! right, or that of another instance. Such a moment counts as the time at which this clock was set right, so that nothing
//! waits, holds or is kept for longer than its rule says.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::Instant;

use crate::id;

/// How far the clocks of instances may differ before a moment counts as one of a clock that was ahead.
pub const SKEW: TimeDelta = TimeDelta::minutes(1);
/// A clock that goes back by more than this, in microseconds, was set back. Less is a correction.
const STEP: i64 = 1_000_000;
/// Before the clock was read.
const UNREAD: i64 = i64::MIN;

/// Where time and chance come from. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<Mutex<Setting>>>,
    course: Arc<Course>,
}

/// What a test sets: a time that stands, and numbers that come in the same order each time.
#[derive(Debug)]
struct Setting {
    now: Instant,
    drawn: u64,
}

/// How the clock has run so far, in microseconds.
#[derive(Debug)]
struct Course {
    /// The latest time that was read since the clock was last set back.
    latest: AtomicI64,
    /// The time at which it was first read, or at which it was last set back to.
    since: AtomicI64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            latest: AtomicI64::new(UNREAD),
            since: AtomicI64::new(UNREAD),
        }
    }
}

impl Course {
    fn note(&self, now: i64) {
        let latest = self.latest.fetch_max(now, Ordering::Relaxed);
        if latest == UNREAD || now < latest.saturating_sub(STEP) {
            self.since.store(now, Ordering::Relaxed);
            self.latest.store(now, Ordering::Relaxed);
        }
    }
}

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn set_to(now: Instant) -> Self {
        Self {
            set: Some(Arc::new(Mutex::new(Setting { now, drawn: 0 }))),
            course: Arc::default(),
        }
    }

    /// The present moment, to the microsecond, which is what both engines keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    pub fn now(&self) -> Instant {
        let now: DateTime<Utc> = match &self.set {
            None => Utc::now(),
            Some(set) => set.lock().unwrap_or_else(PoisonError::into_inner).now,
        };
        self.course.note(now.timestamp_micros());
        now.trunc_subsecs(6)
    }

    /// Returns since when the clock has not been set back: the time of its first reading, or that to which it was last set back.
    pub fn steady_since(&self) -> Instant {
        let now = self.now();
        let since = self.course.since.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(since).map_or(now, |since| since.min(now))
    }

    /// Returns the moment at which something happened that carries this one.
    pub fn began(&self, moment: Instant) -> Instant {
        if moment > self.now() + SKEW {
            self.steady_since()
        } else {
            moment
        }
    }

    /// Whether so much time has passed since a moment.
    pub fn has_passed(&self, moment: Instant, time: TimeDelta) -> bool {
        self.now() - self.began(moment) >= time
    }

    /// Whether something still holds that ends at this moment, and never lives for longer than `life`.
    pub fn holds(&self, ends_at: Instant, life: TimeDelta) -> bool {
        ends_at > self.now() && !self.has_passed(ends_at - life, life)
    }

    /// Whether a moment is one of the last ones: not longer ago than `within`, and not ahead.
    pub fn is_recent(&self, moment: Instant, within: TimeDelta) -> bool {
        (-SKEW..=within).contains(&(self.now() - moment))
    }

    /// A number that nobody can guess, or the next one of a set clock.
    pub fn random(&self) -> u64 {
        let Some(set) = &self.set else {
            return id::secret().as_u64_pair().1;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        set.drawn += 1;
        // Multiplying by an odd number spreads what counts up over all bits.
        set.drawn
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32)
    }

    /// Moves a set clock on, or back; the system's clock cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(set) = &self.set {
            set.lock().unwrap_or_else(PoisonError::into_inner).now += by;
            self.now();
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Clock;

    #[test]
    fn what_lies_ahead_counts_from_when_the_clock_was_set_right() {
        let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let (clock, life) = (Clock::set_to(start), TimeDelta::hours(1));
        for wrong in [TimeDelta::days(365), TimeDelta::days(1)] {
            clock.advance(wrong);
            let ends_at = clock.now() + life;
            assert!(clock.holds(ends_at, life) && !clock.has_passed(clock.now(), life));
            clock.advance(-wrong);
            assert!(clock.holds(ends_at, life), "it goes on");
            assert!(!clock.is_recent(ends_at - life, life), "but is not recent");
            clock.advance(life - TimeDelta::seconds(1));
            assert!(clock.holds(ends_at, life));
            clock.advance(TimeDelta::seconds(1));
            assert!(
                !clock.holds(ends_at, life),
                "for no longer than anything else"
            );
        }
    }

    #[test]
    fn a_small_correction_is_no_step() {
        let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let clock = Clock::set_to(start);
        clock.now();
        clock.advance(TimeDelta::seconds(10));
        clock.advance(TimeDelta::milliseconds(-900));
        assert_eq!(clock.steady_since(), start);
        clock.advance(TimeDelta::milliseconds(-1_100));
        assert_eq!(clock.steady_since(), start + TimeDelta::seconds(8));
    }
}
