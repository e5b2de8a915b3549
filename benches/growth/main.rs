//! What one answer costs as content grows: from a hundred entries to a million, of five revisions each.
//!
//! `cargo bench --bench growth [-- --most N] [-- --postgres URL]`, with the URL of a server on which it may create databases. Every
//! cache is off. All sizes are asked in turn, in the same run. Prints a table of ratios, and draws it into
//! `target/growth-<engine>.svg`.

// It executes the schema itself: see `src/lib.rs`.
#![recursion_limit = "512"]

mod chart;
mod ready;
mod site;
#[path = "../depth/world.rs"]
mod world;

use std::time::{Duration, Instant};

use site::Site;

/// What is asked, and whether its cost may not grow.
const QUESTIONS: [(&str, bool); 8] = [
    ("whole page", true),
    ("first of a list", true),
    ("middle of a list", true),
    ("drafts of a list", true),
    ("by key", true),
    ("20 by id", true),
    ("save", true),
    ("count of a list", true),
];
const SIZES: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 200;

/// A result that stops the benchmark.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let is_full = arguments.iter().any(|argument| argument == "--bench");
    let (most, rounds) = if is_full {
        (1_000_000, ROUNDS)
    } else {
        (1_000, 3)
    };
    let most = value("--most").map_or(Ok(most), |most| most.parse())?;
    let sizes: Vec<u32> = SIZES.into_iter().filter(|size| *size <= most).collect();
    Box::pin(measure("SQLite", None, &sizes, rounds)).await?;
    match value("--postgres") {
        Some(server) => Box::pin(measure("PostgreSQL", Some(server), &sizes, rounds)).await?,
        None => println!("PostgreSQL was not measured: name a server with --postgres URL"),
    }
    Ok(())
}

async fn measure(
    engine: &str,
    server: Option<&String>,
    sizes: &[u32],
    rounds: usize,
) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut filled = Vec::new();
    for size in sizes {
        println!("{engine}: filling a database with {size} entries");
        let site = Site::of(folder.path(), server.map(String::as_str), *size);
        filled.push(Box::pin(site).await?);
    }
    let mut times = vec![vec![Vec::new(); sizes.len()]; QUESTIONS.len()];
    for _ in 0..rounds {
        for (number, (question, _)) in QUESTIONS.iter().enumerate() {
            for (site, times) in filled.iter_mut().zip(&mut times[number]) {
                let start = Instant::now();
                site.ask(question).await?;
                times.push(start.elapsed());
            }
        }
    }
    let costs: Vec<Vec<Duration>> = times
        .into_iter()
        .map(|sizes| sizes.into_iter().map(median).collect())
        .collect();
    let mut starts = Vec::new();
    for site in filled {
        starts.push(ready::after(site.close().await?).await?);
    }
    report(engine, sizes, &costs, &starts);
    chart::draw(engine, sizes, &costs)
}

fn report(engine: &str, sizes: &[u32], costs: &[Vec<Duration>], starts: &[Duration]) {
    let row = |name: &str, cells: Vec<String>| println!("| {name} | {} |", cells.join(" | "));
    println!();
    row(engine, sizes.iter().map(ToString::to_string).collect());
    row("---", vec!["---:".to_owned(); sizes.len()]);
    for ((question, _), costs) in QUESTIONS.iter().zip(costs) {
        let ratio = |cost: &Duration| format!("{:.2}", cost.div_duration_f64(costs[0]));
        row(question, costs.iter().map(ratio).collect());
    }
    let start = |start: &Duration| format!("{} ms", start.as_millis());
    row("ready after", starts.iter().map(start).collect());
    for ((question, is_flat), costs) in QUESTIONS.iter().zip(costs) {
        let may = if *is_flat { "" } else { ", which may grow" };
        println!("{question}: 1.00 is {} µs{may}", costs[0].as_micros());
    }
    println!();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
