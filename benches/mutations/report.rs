//! Prints the table and the ratios.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use crate::contest::Contest;
use crate::support::options::Options;
use crate::support::pinning::Pinning;
use crate::support::sample::{Sample, mebibytes};

pub(crate) fn print(options: &Options, pinning: Pinning, contests: &[Contest]) {
    let Options {
        rounds,
        turn,
        connections,
        ..
    } = options;
    println!("\nDurable changes of a milestone, over HTTP/1.1 keep-alive and as bare transactions");
    println!(
        "{}; {connections} clients; median of {rounds} × {turn:?}\n",
        pinning.describe()
    );
    println!(
        "{:<26} {:>11} {:>9} {:>9} {:>10}",
        "", "changes/s", "p50 µs", "p99 µs", "load busy"
    );
    let mut ratios = Vec::new();
    for contest in contests {
        let (kindling, bare) = (&contest.kindling, &contest.bare);
        let medians = [kindling, bare].map(|turns| Sample::median(&turns.samples));
        for (turns, sample) in [kindling, bare].into_iter().zip(&medians) {
            print_row(&turns.name, sample);
        }
        let [of_kindling, of_bare] = medians.map(|sample| sample.per_second);
        let ratio = of_kindling / of_bare;
        ratios.push(format!("{} / {} = {ratio:.3}", kindling.name, bare.name));
    }
    println!("\n{}\n", ratios.join("\n"));
    for Contest {
        server, kindling, ..
    } in contests
    {
        let memory = mebibytes(server.resident_kib());
        println!(
            "{}: ready after {:.1?} with the demo import, {memory} resident at the end",
            kindling.name, server.ready_after
        );
    }
}

fn print_row(name: &str, sample: &Sample) {
    let Sample {
        per_second,
        p50_micros,
        p99_micros,
        ..
    } = sample;
    let busy = sample.busy();
    println!("{name:<26} {per_second:>11.0} {p50_micros:>9} {p99_micros:>9} {busy:>10}");
}
