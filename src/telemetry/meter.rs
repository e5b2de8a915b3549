//! Figures that go up: counting is one atomic addition, without locks and without memory of its own.

use std::{
    array,
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::label::Label;

/// A counter for each label.
#[derive(Debug)]
pub struct Counters<L = ()> {
    counts: Box<[AtomicU64]>,
    of: PhantomData<fn(L)>,
}

impl<L: Label> Default for Counters<L> {
    fn default() -> Self {
        Self {
            counts: (0..L::COUNT).map(|_| AtomicU64::new(0)).collect(),
            of: PhantomData,
        }
    }
}

impl<L: Label> Counters<L> {
    /// Counts one more.
    pub fn count(&self, label: L) {
        self.add(label, 1);
    }

    /// Counts so many more.
    pub fn add(&self, label: L, more: u64) {
        if let Some(count) = self.counts.get(label.place()) {
            count.fetch_add(more, Relaxed);
        }
    }

    /// How many there were.
    pub fn get(&self, label: L) -> u64 {
        self.at(label.place())
    }

    pub(super) fn at(&self, place: usize) -> u64 {
        self.counts
            .get(place)
            .map_or(0, |count| count.load(Relaxed))
    }
}

/// Up to how many microseconds the times of each bucket go; the last bucket has all that took longer.
pub(super) const BOUNDS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// How long things took.
#[derive(Debug)]
pub struct Durations {
    pub(super) buckets: [AtomicU64; BOUNDS.len() + 1],
    pub(super) nanoseconds: AtomicU64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            buckets: array::from_fn(|_| AtomicU64::new(0)),
            nanoseconds: AtomicU64::new(0),
        }
    }
}

impl Durations {
    /// Notes that something took so long.
    pub fn note(&self, took: Duration) {
        let microseconds = took.as_nanos().div_ceil(1_000);
        let bucket = BOUNDS.partition_point(|bound| u128::from(*bound) < microseconds);
        if let Some(count) = self.buckets.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// Notes how long something took that began then.
    pub fn note_since(&self, begun: Instant) {
        self.note(begun.elapsed());
    }
}

/// How many there are of something right now.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more, until what is returned goes.
    pub fn enter(&self) -> Inside<'_> {
        self.rise();
        Inside(self)
    }

    /// One more.
    pub fn rise(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// One less.
    pub fn fall(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    /// So many.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(super) fn as_gauge(&self) -> f64 {
        float(self.get())
    }
}

/// The number as Prometheus knows it.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody looks at the last digits of 16"
)]
pub fn float(number: u64) -> f64 {
    number as f64
}

/// One of those that a level counts.
#[derive(Debug)]
pub struct Inside<'a>(&'a Level);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fall();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering::Relaxed, time::Duration};

    use super::{BOUNDS, Durations, Level};

    #[test]
    fn a_time_lies_in_the_first_bucket_that_it_is_not_longer_than() {
        for (took, bucket) in [
            (Duration::ZERO, 0),
            (Duration::from_micros(250), 0),
            (Duration::from_nanos(250_001), 1),
            (Duration::from_secs(10), BOUNDS.len() - 1),
            (Duration::from_hours(1), BOUNDS.len()),
        ] {
            let durations = Durations::default();
            durations.note(took);
            let counts = durations.buckets.iter().map(|count| count.load(Relaxed));
            let expected = (0..=BOUNDS.len()).map(|at| u64::from(at == bucket));
            assert!(counts.eq(expected), "{took:?}");
        }
    }

    #[test]
    fn whoever_leaves_is_not_counted_any_more() {
        let level = Level::default();
        let inside = level.enter();
        assert_eq!(level.get(), 1);
        drop(inside);
        assert_eq!(level.get(), 0);
    }
}
