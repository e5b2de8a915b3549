//! Editors who save without a pause, each their own entry.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::editor::Entry;
use crate::support::Failure;
use crate::support::client::Connection;
use crate::support::sample::{Sample, busy_since, time_on_core};

/// Every client sends its next change as soon as it has the answer to the last. One wrong answer fails the run.
pub(crate) async fn run(
    address: SocketAddr,
    token: &str,
    entries: &mut [Entry],
    how_long: Duration,
) -> Result<Sample, Failure> {
    let opened = entries.iter().map(|_| Connection::open(address));
    let connections = try_join_all(opened).await?;
    let worked_before = time_on_core();
    let begun = Instant::now();
    let deadline = begun + how_long;
    let clients = entries
        .iter_mut()
        .zip(connections)
        .map(async |(entry, mut connection)| {
            write_until(deadline, async || {
                entry.update(&mut connection, token).await
            })
            .await
        });
    let latencies = try_join_all(clients).await?.concat();
    let elapsed = begun.elapsed();
    Sample::new(latencies, elapsed, busy_since(worked_before, elapsed))
}

/// Gives the time that each write took, in microseconds.
pub(crate) async fn write_until(
    deadline: Instant,
    mut write: impl AsyncFnMut() -> Result<(), Failure>,
) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::new();
    loop {
        let begun = Instant::now();
        if begun >= deadline {
            return Ok(latencies);
        }
        write().await?;
        latencies.push(u32::try_from(begun.elapsed().as_micros())?);
    }
}
