//! `/metrics`: all figures, in the text format of Prometheus.

use std::sync::Arc;

use axum::{extract, http::StatusCode, response::Response};
use tokio::runtime::Handle;

use super::{Managed, now, state::State};
use crate::telemetry::{
    process::{Process, Runtimes},
    sheet,
};

/// Shows all figures as they are now.
pub(super) async fn show(extract::State(managed): extract::State<Managed>) -> Response {
    let state = State::read(&managed).await;
    let Managed { app, delivery, .. } = managed;
    let runtimes = Runtimes([
        ("requests", Handle::current().metrics()),
        ("queries", delivery.workers().metrics()),
    ]);
    let text = sheet::write(
        vec![
            Box::new(state),
            Box::new(app.telemetry.metrics),
            Box::new(app.telemetry.log),
            Box::new(delivery.crowds()),
            Box::new(Arc::clone(&app.database.meter)),
            Box::new(app.database.pools()),
            Box::new(runtimes),
        ],
        vec![Box::new(Process::read())],
    );
    now(StatusCode::OK, sheet::MEDIA_TYPE, text)
}
