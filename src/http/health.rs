//! Health: whether the process lives, and whether it can answer.

use axum::{extract::State, http::StatusCode};

use crate::app::App;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The process can serve content: its database answers.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
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
