//! Health: whether the process lives, and whether it can answer.

use axum::{extract::State, http::StatusCode};

use super::server::Stopping;
use crate::app::App;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The process can serve content: its database answers, and it is not about to stop.
pub(super) async fn ready(
    State((app, stopping)): State<(App, Stopping)>,
) -> (StatusCode, &'static str) {
    if stopping.is_leaving() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server stops\n");
    }
    match app.database.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!(?error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}
