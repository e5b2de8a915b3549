//! The limit: a process that does nothing but write the rows of changes, with the driver that Kindling uses.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use sea_orm::sqlx::{
    Connection,
    postgres::{PgConnectOptions, PgConnection, Postgres},
    sqlite::{
        Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
    },
};
use serde::{Deserialize, Serialize};

use crate::editor::Entry;
use crate::load::write_until;
use crate::statements::write;
use crate::support::Failure;
use crate::support::pinning::Pinning;
use crate::support::sample::Sample;
use crate::support::scratch::Scratch;

/// First argument of a process of this program that is to be a bare writer.
pub(crate) const COMMAND: &str = "write-bare";

#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) url: String,
    pub(crate) how_long: Duration,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) sample: Sample,
    pub(crate) entries: Vec<Entry>,
}

/// Runs a bare writer on the servers' core, and waits for it.
pub(crate) fn start(job: &Job, pinning: Pinning, scratch: &Scratch) -> Result<Done, Failure> {
    let file = scratch.path("job.json");
    std::fs::write(&file, serde_json::to_vec(job)?)?;
    let output = pinning
        .server_command(std::env::current_exe()?)
        .arg(COMMAND)
        .arg(&file)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the bare writer ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Does the job in the file, and prints what came of it.
pub(crate) async fn run(job: &Path) -> Result<(), Failure> {
    let mut job: Job = serde_json::from_slice(&std::fs::read(job)?)?;
    let sample = if job.url.starts_with("sqlite:") {
        sqlite(&mut job).await?
    } else {
        postgres(&mut job).await?
    };
    let done = Done {
        sample,
        entries: job.entries,
    };
    serde_json::to_writer(std::io::stdout(), &done)?;
    Ok(())
}

/// One writer, as SQLite has it, that takes the entries in turn.
async fn sqlite(job: &mut Job) -> Result<Sample, Failure> {
    let options: SqliteConnectOptions = job.url.parse()?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let count = job.entries.len();
    let mut turn = 0;
    let begun = Instant::now();
    let latencies = write_until(begun + job.how_long, async || {
        turn += 1;
        let entry = &mut job.entries[turn % count];
        write::<Sqlite>(&mut connection, "BEGIN IMMEDIATE", entry).await
    })
    .await?;
    let elapsed = begun.elapsed();
    connection.close().await?;
    Sample::new(latencies, elapsed, None)
}

/// As many connections as there are entries, each with its own.
async fn postgres(job: &mut Job) -> Result<Sample, Failure> {
    let options: PgConnectOptions = job.url.parse()?;
    let opened = job
        .entries
        .iter()
        .map(|_| PgConnection::connect_with(&options));
    let connections = try_join_all(opened).await?;
    let begun = Instant::now();
    let deadline = begun + job.how_long;
    let writers = job
        .entries
        .iter_mut()
        .zip(connections)
        .map(async |(entry, mut connection)| {
            write_until(deadline, async || {
                write::<Postgres>(&mut connection, "BEGIN", entry).await
            })
            .await
        });
    let latencies = try_join_all(writers).await?.concat();
    Sample::new(latencies, begun.elapsed(), None)
}
