//! Failed runs of background work: panics are caught, and failures are logged, counted and kept for operators.

use std::panic::AssertUnwindSafe;

use entity::Instant;
use futures_util::FutureExt as _;

use crate::{
    app::App,
    error::{Error, Result, explained},
    telemetry::{
        metrics::{TaskEnd, TaskFailure},
        outage,
    },
};

/// Why a run failed.
#[derive(Debug)]
pub enum Failure {
    /// It returned an error.
    Error(Error),
    /// It panicked.
    Panic,
}

impl Failure {
    /// Returns the reason, without what only the log may show.
    pub fn reason(&self) -> String {
        match self {
            Self::Error(error) => error.to_string(),
            Self::Panic => "it panicked; see the log".to_owned(),
        }
    }

    /// Logs and counts the failure; returns how many there were in a row. Failures of an outage are in the log once, as all of
    /// that outage.
    pub fn record(self, app: &App, task: &'static str, now: Instant) -> u64 {
        let end = match &self {
            Self::Error(_) => TaskEnd::Failed,
            Self::Panic => TaskEnd::Panicked,
        };
        let failure = TaskFailure {
            at: now,
            reason: self.reason(),
        };
        let tasks = &app.telemetry.metrics.tasks;
        let failures = tasks.record_failure(task, end, failure);
        match self {
            Self::Error(error) if outage::report(&error) => {}
            // One line each time that their number has doubled.
            _ if !failures.is_power_of_two() => {}
            // The panic itself was logged where it happened.
            Self::Panic => tracing::error!(task, failures, "a task panicked, and is run again"),
            Self::Error(error) => {
                let error = explained(&error);
                tracing::warn!(task, failures, error, "a task failed, and is run again");
            }
        }
        failures
    }
}

/// What was run has panicked.
#[derive(Debug)]
pub struct Panicked;

/// Runs a future, and catches a panic in it. What it has changed is in the database, whose transactions are rolled back.
pub async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.map_err(|_| Panicked)
}
