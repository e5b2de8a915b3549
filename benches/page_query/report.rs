//! Turns samples into the table that the benchmark prints.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use crate::contestant::{AtRest, Contestant};
use crate::limits::Limit;
use crate::load::Sample;
use crate::options::Options;
use crate::pinning::Pinning;

/// A load generator that is busier than this may be what was measured.
const SATURATED: f64 = 0.95;

pub(crate) struct Report {
    setting: String,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    answer_bytes: usize,
    at_rest: Option<String>,
    requests_per_second: f64,
    p50_micros: u32,
    p99_micros: u32,
    generator_busy: Option<f64>,
}

impl Report {
    pub(crate) fn new(
        options: &Options,
        pinning: Pinning,
        contestants: &[Contestant],
        samples: Vec<Vec<Sample>>,
    ) -> Self {
        let Options {
            rounds,
            turn,
            connections,
            ..
        } = options;
        let pinned = pinning.describe();
        let setting = format!("{pinned}; {connections} connections; median of {rounds} × {turn:?}");
        let rows = contestants
            .iter()
            .zip(samples)
            .map(|(contestant, samples)| Row::new(contestant, &samples));
        Self {
            setting,
            rows: rows.collect(),
        }
    }

    pub(crate) fn print(&self) {
        println!("\nThe whole page `our-story`, every public field, over HTTP/1.1 keep-alive");
        println!("{}\n", self.setting);
        println!(
            "{:<26} {:>11} {:>9} {:>9} {:>9} {:>10}",
            "", "requests/s", "p50 µs", "p99 µs", "bytes", "load busy"
        );
        for row in &self.rows {
            row.print();
        }
        self.print_ratios();
        for row in &self.rows {
            if let Some(at_rest) = &row.at_rest {
                println!("{}: {at_rest}", row.name);
            }
        }
        if self
            .rows
            .iter()
            .any(|row| row.generator_busy.is_some_and(|busy| busy > SATURATED))
        {
            println!(
                "\n* The load generator was saturated: the server could have answered more than that."
            );
        }
    }

    fn print_ratios(&self) {
        println!();
        for row in self.rows.iter().filter(|row| row.at_rest.is_some()) {
            for limit in [Limit::InMemory, Limit::Bytes] {
                if let Some(held_against) = self.rows.iter().find(|row| row.name == limit.title()) {
                    let ratio = row.requests_per_second / held_against.requests_per_second;
                    println!("{} / {} = {ratio:.3}", row.name, held_against.name);
                }
            }
        }
        println!();
    }
}

impl Row {
    fn new(contestant: &Contestant, samples: &[Sample]) -> Self {
        let busy: Option<Vec<f64>> = samples.iter().map(|sample| sample.generator_busy).collect();
        Self {
            name: contestant.name,
            answer_bytes: contestant.answer.len(),
            at_rest: contestant.at_rest.as_ref().map(describe),
            requests_per_second: median(
                samples.iter().map(|sample| sample.requests_per_second),
                f64::total_cmp,
            ),
            p50_micros: median(samples.iter().map(|sample| sample.p50_micros), u32::cmp),
            p99_micros: median(samples.iter().map(|sample| sample.p99_micros), u32::cmp),
            generator_busy: busy.map(|busy| median(busy.into_iter(), f64::total_cmp)),
        }
    }

    fn print(&self) {
        let Self {
            name,
            answer_bytes,
            requests_per_second,
            p50_micros,
            p99_micros,
            ..
        } = self;
        let busy = match self.generator_busy {
            Some(busy) if busy > SATURATED => format!("{:.0} %*", busy * 100.0),
            Some(busy) => format!("{:.0} %", busy * 100.0),
            None => "?".to_owned(),
        };
        println!(
            "{name:<26} {requests_per_second:>11.0} {p50_micros:>9} {p99_micros:>9} {answer_bytes:>9} {busy:>10}"
        );
    }
}

/// One line per turn on the error stream, so that a long run is seen to be alive.
pub(crate) fn progress(round: usize, rounds: usize, contestant: &Contestant, sample: &Sample) {
    let (round, name) = (round + 1, contestant.name);
    eprintln!(
        "round {round}/{rounds}  {name:<26} {:>9.0} requests/s",
        sample.requests_per_second
    );
}

fn describe(at_rest: &AtRest) -> String {
    let AtRest {
        first_ready_after,
        ready_after,
        resident_kib,
    } = at_rest;
    let memory = resident_kib.map_or_else(
        || "?".to_owned(),
        |kib| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024),
    );
    format!(
        "ready after {ready_after:.1?} ({first_ready_after:.1?} with the demo import), {memory} resident when ready"
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
