//! Puts load on one server for a while and tells how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::contestant::Contestant;
use crate::support::Failure;
use crate::support::client::Connection;
use crate::support::sample::{Sample, busy_since, time_on_core};

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
    for (connection, request) in opened.into_iter().zip(contestant.requests.iter().cycle()) {
        let request = Arc::clone(request);
        tasks.spawn(ask_until(
            deadline,
            connection,
            request,
            (contestant.status, contestant.answer.len()),
        ));
    }
    let mut latencies = Vec::new();
    while let Some(result) = tasks.join_next().await {
        latencies.extend(result?.map_err(|error| format!("{}: {error}", contestant.name))?);
    }
    let elapsed = begun.elapsed();
    Sample::new(latencies, elapsed, busy_since(worked_before, elapsed))
}

/// Gives the latency of each answer in microseconds.
async fn ask_until(
    deadline: Instant,
    mut connection: Connection,
    request: Arc<[u8]>,
    (status, length): (u16, usize),
) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= deadline {
            return Ok(latencies);
        }
        let answer = connection.exchange(&request).await?;
        if answer.status != status || answer.body.len() != length {
            return Err(
                format!("wanted {status} and {length} bytes, got {}", answer.shown()).into(),
            );
        }
        latencies.push(u32::try_from(asked.elapsed().as_micros())?);
    }
}
