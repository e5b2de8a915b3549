//! `/healthz`: how everything stands, for whoever looks for what is wrong.

use std::sync::Arc;

use axum::{extract, http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::{
    Managed, now, probes,
    state::{State, Told},
};
use crate::{
    app::App,
    config::Engine,
    job::admin::JobCount,
    telemetry::{
        metrics::{TaskEnd, TaskFailure, TaskState, cache::CacheState},
        process::Process,
    },
};

/// Tells how everything stands. The status is 503 while the server cannot serve, or is about to stop.
pub(super) async fn show(extract::State(managed): extract::State<Managed>) -> Response {
    let state = State::read(&managed).await;
    let (status, word) = match &state {
        State {
            is_stopping: true, ..
        } => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        State { database: None, .. } => (StatusCode::SERVICE_UNAVAILABLE, "database away"),
        State {
            database: Some(Told {
                is_writable: false, ..
            }),
            ..
        } => (StatusCode::OK, "database read-only"),
        _ => (StatusCode::OK, "ok"),
    };
    let app = &managed.app;
    let details = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeSeconds": state.uptime,
        "stopping": state.is_stopping,
        "database": database(app, &state),
        "eventLog": {
            "last": state.last_event,
            "behindSeconds": state.behind.map(|behind| behind.as_secs_f64()),
        },
        "caches": state.caches.0.iter().map(cache).collect::<Vec<_>>(),
        "work": {
            "tasks": app.telemetry.metrics.tasks.all().iter().map(task).collect::<Vec<_>>(),
            "jobs": state.database.as_ref().map(|told| told.jobs.iter().map(jobs).collect::<Vec<_>>()),
            "mailsWaiting": state.database.as_ref().map(Told::mails_waiting),
        },
        "disk": state.disk.map(|disk| json!({ "freeBytes": disk.free_bytes, "sizeBytes": disk.size_bytes })),
        "memory": { "residentBytes": Process::read().resident_bytes },
        "connections": app.telemetry.metrics.connections.open.get(),
    });
    now(status, "application/json", details.to_string())
}

fn database(app: &App, state: &State) -> Value {
    let told = state.database.as_ref();
    json!({
        "engine": match app.config.database_url.engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        },
        "answers": told.is_some(),
        "writable": told.map(|told| told.is_writable),
        "latencySeconds": told.map(|told| told.latency.as_secs_f64()),
        "migrations": told.map(|told| json!({
            "pending": told.migrated.pending, "ofNewerVersion": told.migrated.unknown,
        })),
    })
}

fn cache(state: &CacheState) -> Value {
    json!({ "name": state.name, "entries": state.entries, "bytes": state.bytes })
}

fn jobs(count: &JobCount) -> Value {
    json!({
        "name": count.name, "waiting": count.waiting(), "running": count.running, "failed": count.failed,
    })
}

fn task((name, state): &(&'static str, TaskState)) -> Value {
    let failure =
        |failure: &TaskFailure| json!({ "at": failure.at.to_rfc3339(), "reason": failure.reason });
    json!({
        "name": name,
        "lastRunAt": state.last_run_at.map(|at| at.to_rfc3339()),
        "runningSince": state.running_since.map(|at| at.to_rfc3339()),
        "failures": state.runs(TaskEnd::Failed) + state.runs(TaskEnd::Panicked),
        "failuresInRow": state.failures_in_row,
        "lastFailure": state.last_failure.as_ref().map(failure),
    })
}

/// Answers as the probe of visitors, and says which tasks fail. They do not keep the server from serving.
pub(super) async fn ready(
    extract::State(managed): extract::State<Managed>,
) -> (StatusCode, String) {
    let Managed { app, stopping, .. } = managed;
    let metrics = Arc::clone(&app.telemetry.metrics);
    let (status, text) = probes::ready(extract::State((app, stopping))).await;
    let failing = metrics.tasks.all().into_iter().filter_map(|(name, state)| {
        let failure = state.last_failure.filter(|_| state.failures_in_row > 0)?;
        let (times, at) = (state.failures_in_row, failure.at.to_rfc3339());
        Some(format!(
            "degraded: the task {name} has failed {times} times in a row, last at {at}: {}\n",
            failure.reason
        ))
    });
    let text = std::iter::once(text.to_owned()).chain(failing).collect();
    (status, text)
}
