//! Puts load on one server for a while and tells how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Failure;
use crate::client::Connection;
use crate::contestant::Contestant;

pub(crate) struct Sample {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_micros: u32,
    pub(crate) p99_micros: u32,
    /// Share of the time that the load generator worked, 0 to 1: near 1, the server could do more than was measured.
    pub(crate) generator_busy: Option<f64>,
}

/// Every connection sends its next request as soon as it has the last answer. One wrong answer fails the run.
pub(crate) async fn run(
    contestant: &Contestant,
    connections: usize,
    how_long: Duration,
) -> Result<Sample, Failure> {
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(Connection::open(contestant.server.address).await?);
    }
    let worked_before = time_on_core();
    let begun = Instant::now();
    let deadline = begun + how_long;
    let mut tasks = JoinSet::new();
    for connection in opened {
        let request = Arc::clone(&contestant.request);
        tasks.spawn(ask_until(
            deadline,
            connection,
            request,
            contestant.answer.len(),
        ));
    }
    let mut latencies = Vec::new();
    while let Some(result) = tasks.join_next().await {
        latencies.extend(result?.map_err(|error| format!("{}: {error}", contestant.name))?);
    }
    let elapsed = begun.elapsed();
    let generator_busy = match (worked_before, time_on_core()) {
        (Some(before), Some(after)) => Some(after.saturating_sub(before).div_duration_f64(elapsed)),
        _ => None,
    };
    summarise(latencies, elapsed, generator_busy)
}

/// Gives the latency of each answer in microseconds.
async fn ask_until(
    deadline: Instant,
    mut connection: Connection,
    request: Arc<[u8]>,
    length: usize,
) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= deadline {
            return Ok(latencies);
        }
        let answer = connection.exchange(&request).await?;
        if answer.status != 200 || answer.body.len() != length {
            let (status, body) = (answer.status, String::from_utf8_lossy(answer.body));
            let start: String = body.chars().take(300).collect();
            return Err(format!(
                "wanted 200 and {length} bytes, got {status} and {}: {start}",
                body.len()
            )
            .into());
        }
        latencies.push(u32::try_from(asked.elapsed().as_micros())?);
    }
}

fn summarise(
    mut latencies: Vec<u32>,
    elapsed: Duration,
    generator_busy: Option<f64>,
) -> Result<Sample, Failure> {
    latencies.sort_unstable();
    let Some(last) = latencies.len().checked_sub(1) else {
        return Err("no answer came in time".into());
    };
    Ok(Sample {
        requests_per_second: f64::from(u32::try_from(latencies.len())?) / elapsed.as_secs_f64(),
        p50_micros: latencies[last / 2],
        p99_micros: latencies[last * 99 / 100],
        generator_busy,
    })
}

/// The time that this process's only thread has spent on a core so far. `None` where the kernel does not tell.
fn time_on_core() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ')
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}
