//! Measures a page and lists of a large site end to end: Kindling beside the limits of its stack, on the same machine in the same run.
//!
//! `cargo bench --bench page_query -- [--rounds N] [--seconds S] [--connections N] [--entries N] [--postgres URL]`
//!
//! Each server runs in a process of its own, pinned to one core; the load comes from another core. Without `--bench`
//! (that is, under `cargo test --benches`) everything runs once, briefly, to show that the benchmark still works.
//! The exit code says whether every answer was right, never how fast it came.

mod contestant;
#[expect(dead_code, reason = "it is part of another benchmark")]
#[path = "../mutations/editor.rs"]
mod editor;
mod limits;
mod load;
mod model;
mod question;
mod report;
mod site;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;

use contestant::{Contestant, World};
use limits::Limit;
use report::Report;
use support::Failure;
use support::options::Options;
use support::pinning::Pinning;
use support::sample::{self, Sample};
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
    match arguments.as_slice() {
        [command, limit, address, answer] if command == limits::COMMAND => {
            limits::serve(limit, address.parse()?, answer.as_ref())
        }
        _ => measure(&Options::parse(&arguments)?),
    }
}

fn measure(options: &Options) -> Result<(), Failure> {
    let pinning = Pinning::choose();
    pinning.hold_load_generator()?;
    let scratch = Scratch::create()?;
    // One thread is all that the load generator has, so that it can never take time from the server's core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(compare(options, pinning, &scratch))?;
    report.print();
    Ok(())
}

async fn compare(
    options: &Options,
    pinning: Pinning,
    scratch: &Scratch,
) -> Result<Report, Failure> {
    let world = World {
        scratch,
        pinning,
        database_url: None,
        entries: options.entries,
    };
    let mut contestants = world.contestants().await?;
    let answer_to = |name: &str| {
        let named = contestants.iter().find(|one| one.name.ends_with(name));
        named.map(|one| Arc::clone(&one.answer)).ok_or("no answer")
    };
    let limits = [
        (Limit::Page, answer_to(": page kept")?),
        (Limit::ByDate, answer_to(": by date")?),
        (Limit::ByName, answer_to(": by name")?),
        (Limit::Bytes, answer_to(": page kept")?),
        (Limit::FewBytes, answer_to(": small query kept")?),
    ];
    if let Some(url) = &options.postgres {
        let database_url = Some(url.as_str());
        let world = World {
            database_url,
            ..world
        };
        contestants.extend(world.contestants().await?);
    }
    for (limit, answer) in limits {
        contestants.push(contestant::limit(limit, &answer, scratch, pinning).await?);
    }

    let samples = run_rounds(options, &contestants).await?;
    Ok(Report::new(options, pinning, &contestants, samples))
}

/// Gives the samples of each contestant. Turns are interleaved, and begin with another one in each round, so that
/// whatever else the machine does falls on all of them alike.
async fn run_rounds(
    options: &Options,
    contestants: &[Contestant],
) -> Result<Vec<Vec<Sample>>, Failure> {
    let mut samples: Vec<Vec<Sample>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..options.rounds {
        for turn in 0..contestants.len() {
            let chosen = (round + turn) % contestants.len();
            let contestant = &contestants[chosen];
            load::run(contestant, options.connections, options.warm_up).await?;
            let sample = load::run(contestant, options.connections, options.turn).await?;
            sample::progress(
                round,
                options.rounds,
                &contestant.name,
                &sample,
                "requests/s",
            );
            samples[chosen].push(sample);
        }
    }
    Ok(samples)
}
