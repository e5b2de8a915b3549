//! Turns samples into the table that the benchmark prints.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use crate::contestant::{AtRest, Contestant};
use crate::support::options::Options;
use crate::support::pinning::Pinning;
use crate::support::sample::{Sample, mebibytes};

pub(crate) struct Report {
    setting: String,
    entries: u32,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    held_against: Vec<(String, f64)>,
    answer_bytes: usize,
    at_rest: Option<String>,
    sample: Sample,
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
            entries: options.entries,
            rows: rows.collect(),
        }
    }

    pub(crate) fn print(&self) {
        println!(
            "\nA whole page, every public field, and lists of twenty, over HTTP/1.1 keep-alive; {} entries of each type",
            self.entries
        );
        println!("{}\n", self.setting);
        println!(
            "{:<28} {:>11} {:>9} {:>9} {:>9} {:>10}",
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
        if self.rows.iter().any(|row| row.sample.is_saturated()) {
            println!(
                "\n* The load generator was saturated: the server could have answered more than that."
            );
        }
    }

    fn print_ratios(&self) {
        println!();
        for row in &self.rows {
            for (name, asked) in &row.held_against {
                if let Some(other) = self.rows.iter().find(|row| row.name == *name) {
                    let ratio = row.sample.per_second / other.sample.per_second;
                    println!("{} / {name} = {ratio:.3}, asked {asked:.2}", row.name);
                }
            }
        }
        println!();
    }
}

impl Row {
    fn new(contestant: &Contestant, samples: &[Sample]) -> Self {
        Self {
            name: contestant.name.clone(),
            held_against: contestant.held_against.clone(),
            answer_bytes: contestant.answer.len(),
            at_rest: contestant.at_rest.as_ref().map(describe),
            sample: Sample::median(samples),
        }
    }

    fn print(&self) {
        let Self {
            name,
            answer_bytes,
            sample,
            ..
        } = self;
        let Sample {
            per_second,
            p50_micros,
            p99_micros,
            ..
        } = sample;
        let busy = sample.busy();
        println!(
            "{name:<28} {per_second:>11.0} {p50_micros:>9} {p99_micros:>9} {answer_bytes:>9} {busy:>10}"
        );
    }
}

fn describe(at_rest: &AtRest) -> String {
    let AtRest {
        first_ready_after,
        ready_after,
        resident_kib,
    } = at_rest;
    let memory = mebibytes(*resident_kib);
    format!(
        "ready after {ready_after:.1?} ({first_ready_after:.1?} with the demo import), {memory} resident when ready"
    )
}
