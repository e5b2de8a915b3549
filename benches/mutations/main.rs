//! Measures durable changes end to end: Kindling over HTTP beside bare transactions that write the same rows into the
//! same tables, on the same machine in the same run.
//!
//! `cargo bench --bench mutations -- [--rounds N] [--seconds S] [--connections N] [--postgres URL]`
//!
//! Kindling and the bare writer run in processes of their own, pinned to one core; the load comes from another core.
//! Without `--bench` (that is, under `cargo test --benches`) everything runs once, briefly, to show that the benchmark
//! still works. The exit code says whether every answer was right, never how fast it came.

mod bare;
mod contest;
mod editor;
mod load;
mod report;
mod statements;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use contest::{Contest, Turns};
use support::Failure;
use support::options::Options;
use support::pinning::Pinning;
use support::sample;
use support::scratch::Scratch;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // One thread is all that either side has: the load generator never takes time from the servers' core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let [command, job] = arguments.as_slice()
        && command == bare::COMMAND
    {
        return runtime.block_on(bare::run(job.as_ref()));
    }
    let options = Options::parse(&arguments)?;
    let pinning = Pinning::choose();
    pinning.hold_load_generator()?;
    let scratch = Scratch::create()?;
    runtime.block_on(measure(&options, pinning, &scratch))
}

async fn measure(options: &Options, pinning: Pinning, scratch: &Scratch) -> Result<(), Failure> {
    let mut contests = vec![Contest::prepare(options, None, pinning, scratch).await?];
    if let Some(url) = &options.postgres {
        contests.push(Contest::prepare(options, Some(url), pinning, scratch).await?);
    }
    // Turns are interleaved, and begin with another one in each round, so that whatever else the machine does falls on
    // all of them alike.
    for round in 0..options.rounds {
        for turn in 0..2 * contests.len() {
            let chosen = (round + turn) % (2 * contests.len());
            let contest = &mut contests[chosen / 2];
            let turns = if chosen % 2 == 0 {
                contest.kindling(options).await?
            } else {
                contest.bare(options, pinning, scratch)?
            };
            progress(round, options, turns);
        }
    }
    for contest in &contests {
        contest.check().await?;
    }
    report::print(options, pinning, &contests);
    for contest in contests {
        contest.server.stop().await?;
    }
    Ok(())
}

fn progress(round: usize, options: &Options, turns: &Turns) {
    if let Some(sample) = turns.samples.last() {
        sample::progress(round, options.rounds, &turns.name, sample, "changes/s");
    }
}
