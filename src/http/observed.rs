//! What operators see of requests: counts and times.

use std::time::Instant;

use axum::{extract::Request, response::Response};

use super::reply::Codes;
use crate::telemetry::{Metrics, Telemetry, meter::Inside, metrics::http::Route};

/// A request that has begun.
pub(super) struct Observed<'a> {
    metrics: &'a Metrics,
    route: Route,
    begun: Instant,
    _open: Inside<'a>,
}

impl<'a> Observed<'a> {
    pub(super) fn begin(telemetry: &'a Telemetry, request: &Request) -> Self {
        Self {
            metrics: &telemetry.metrics,
            route: Route::of(request.uri().path()),
            begun: Instant::now(),
            _open: telemetry.metrics.http.open.enter(),
        }
    }

    /// Counts the request, and what it is answered.
    pub(super) fn end(self, response: &Response) {
        if let Some(Codes(codes)) = response.extensions().get() {
            for code in codes {
                self.metrics.errors.count(*code);
            }
        }
        let status = response.status().as_u16();
        let took = self.begun.elapsed();
        self.metrics.http.answered(self.route, status, took);
        tracing::debug!(status, micros = took.as_micros(), "answered");
    }
}
