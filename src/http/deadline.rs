//! How long a request may take.

use std::{pin::pin, time::Duration};

use axum::{http::StatusCode, response::Response};
use tokio::time::{Instant, timeout_at};

use super::{reply, server::Received};
use crate::telemetry::outage::{self, Outage};

/// The answer, or an error once the deadline has passed. What a client sends moves it on: a large file takes its time.
pub(super) async fn in_time(
    deadline: Duration,
    received: Option<Received>,
    answer: impl Future<Output = Response>,
) -> Response {
    let begun = Instant::now();
    let mut answer = pin!(answer);
    let mut allowed = deadline;
    let response = loop {
        if let Ok(response) = timeout_at(begun + allowed, answer.as_mut()).await {
            break Some(response);
        }
        let earned = received.as_ref().map(Received::earned).unwrap_or_default();
        if deadline + earned <= allowed {
            break None;
        }
        allowed = deadline + earned;
    };
    if received.is_some_and(|received| received.is_late()) {
        let message = "the request body came too slowly";
        return reply::error(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", message);
    }
    response.unwrap_or_else(|| {
        let message = "this took too long; try again";
        outage::failed(Outage::Deadline, &"a request ran out of time");
        reply::error(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
    })
}
