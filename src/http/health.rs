//! Health: whether the process lives, and whether it can answer.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use tokio::time::timeout;

use super::server::Stopping;
use crate::{app::App, telemetry::outage};

/// How long a probe waits to learn whether the database accepts writes.
const PATIENCE: Duration = Duration::from_secs(1);
const READ_ONLY: &str = "degraded: the database is read-only, so nothing can be changed\n";

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The process can serve content: its database answers, and it is not about to stop. Where the database accepts no writes, visitors
/// can still be served: taking the server away from them would help nobody.
pub(super) async fn ready(
    State((app, stopping)): State<(App, Stopping)>,
) -> (StatusCode, &'static str) {
    if stopping.is_leaving() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server stops\n");
    }
    if let Err(error) = app.database.ping().await {
        outage::report(&error);
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer\n",
        );
    }
    if is_writable(&app).await == Some(false) {
        return (StatusCode::OK, READ_ONLY);
    }
    (StatusCode::OK, "ok\n")
}

/// Whether the database accepts writes; none if that cannot be learnt now.
pub(super) async fn is_writable(app: &App) -> Option<bool> {
    let is_writable = timeout(PATIENCE, app.database.is_writable()).await;
    is_writable.ok()?.ok()
}
