//! What was seen while a server was under load.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Failure;

/// A load generator that is busier than this may be what was measured.
const SATURATED: f64 = 0.95;

/// One turn, or the medians of several.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    pub(crate) p50_micros: u32,
    pub(crate) p99_micros: u32,
    /// Share of the time that the load generator worked, 0 to 1: near 1, the server could do more than was measured.
    pub(crate) generator_busy: Option<f64>,
}

impl Sample {
    pub(crate) fn new(
        mut latencies: Vec<u32>,
        elapsed: Duration,
        generator_busy: Option<f64>,
    ) -> Result<Self, Failure> {
        latencies.sort_unstable();
        let Some(last) = latencies.len().checked_sub(1) else {
            return Err("no answer came in time".into());
        };
        Ok(Self {
            per_second: f64::from(u32::try_from(latencies.len())?) / elapsed.as_secs_f64(),
            p50_micros: latencies[last / 2],
            p99_micros: latencies[last * 99 / 100],
            generator_busy,
        })
    }

    /// The median of each figure.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let busy: Option<Vec<f64>> = samples.iter().map(|sample| sample.generator_busy).collect();
        Self {
            per_second: median(
                samples.iter().map(|sample| sample.per_second),
                f64::total_cmp,
            ),
            p50_micros: median(samples.iter().map(|sample| sample.p50_micros), u32::cmp),
            p99_micros: median(samples.iter().map(|sample| sample.p99_micros), u32::cmp),
            generator_busy: busy.map(|busy| median(busy.into_iter(), f64::total_cmp)),
        }
    }

    /// How busy the load generator was, with an asterisk if it may be what was measured.
    pub(crate) fn busy(&self) -> String {
        match self.generator_busy {
            Some(busy) if self.is_saturated() => format!("{:.0} %*", busy * 100.0),
            Some(busy) => format!("{:.0} %", busy * 100.0),
            None => "?".to_owned(),
        }
    }

    /// Whether the load generator may be what was measured.
    pub(crate) fn is_saturated(&self) -> bool {
        self.generator_busy.is_some_and(|busy| busy > SATURATED)
    }
}

/// The share of `elapsed` that this process's only thread worked since [`time_on_core`] told `before`.
pub(crate) fn busy_since(before: Option<Duration>, elapsed: Duration) -> Option<f64> {
    let worked = time_on_core()?.saturating_sub(before?);
    Some(worked.div_duration_f64(elapsed))
}

/// The time that this process's only thread has spent on a core so far. `None` where the kernel does not tell.
pub(crate) fn time_on_core() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ')
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}

/// One line per turn on the error stream, so that a long run is seen to be alive.
pub(crate) fn progress(round: usize, rounds: usize, name: &str, sample: &Sample, unit: &str) {
    let (round, per_second) = (round + 1, sample.per_second);
    eprintln!("round {round}/{rounds}  {name:<26} {per_second:>9.0} {unit}");
}

/// A number of KiB, as people read it.
pub(crate) fn mebibytes(kib: Option<u64>) -> String {
    kib.map_or_else(
        || "?".to_owned(),
        |kib| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024),
    )
}

/// The middle one; of an even number, the upper of the two in the middle.
fn median<T: Copy>(
    values: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable_by(order);
    values[values.len() / 2]
}
