//! What operators see of requests: counts, times and traces.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{HeaderValue, Method},
    response::Response,
};
use opentelemetry::{
    Context, KeyValue,
    trace::{Status, TraceContextExt},
};
use opentelemetry_http::HeaderExtractor;

use super::reply::Codes;
use crate::telemetry::{
    Metrics, Telemetry,
    meter::Inside,
    metrics::http::Route,
    traces::{self, Beginning, SpanKind},
};

/// The methods that there are. Any other word is whatever a client makes up.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::CONNECT,
    Method::OPTIONS,
    Method::TRACE,
    Method::PATCH,
];

/// A request that has begun.
pub(super) struct Observed<'a> {
    metrics: &'a Metrics,
    route: Route,
    begun: Instant,
    /// What its parts are noted in, if traces are told.
    pub(super) context: Context,
    _open: Inside<'a>,
}

impl<'a> Observed<'a> {
    pub(super) fn begin(telemetry: &'a Telemetry, request: &Request) -> Self {
        let route = Route::of(request.uri().path());
        Self {
            metrics: &telemetry.metrics,
            route,
            begun: Instant::now(),
            context: telemetry.traces.begin(|| beginning(route, request)),
            _open: telemetry.metrics.http.open.enter(),
        }
    }

    /// Counts the request with this id, and what it is answered.
    pub(super) fn end(self, id: &HeaderValue, response: &Response) {
        let codes = response.extensions().get();
        let codes = codes.map_or(&[][..], |Codes(codes)| codes);
        for code in codes {
            self.metrics.errors.count(*code);
        }
        let status = response.status();
        let took = self.begun.elapsed();
        self.metrics
            .http
            .answered(self.route, status.as_u16(), took);
        let span = self.context.span();
        if span.span_context().is_sampled() {
            let status = i64::from(status.as_u16());
            span.set_attribute(KeyValue::new("http.response.status_code", status));
            let id = id.to_str().unwrap_or_default().to_owned();
            span.set_attribute(KeyValue::new("kindling.request.id", id));
            if let Some(code) = codes.first() {
                span.set_attribute(KeyValue::new("error.type", code.name()));
            }
            if response.status().is_server_error() {
                span.set_status(Status::error(""));
            }
        }
        tracing::debug!(
            status = status.as_u16(),
            micros = took.as_micros(),
            "answered"
        );
    }
}

/// The name of a method, if it is one that there is.
pub(super) fn method_name(method: &Method) -> &'static str {
    let known = METHODS.iter().find(|known| *known == method);
    known.map_or("_OTHER", Method::as_str)
}

/// What a trace tells of a request at its start: neither its path nor any word that the client has made up.
fn beginning(route: Route, request: &Request) -> Beginning {
    let method = method_name(request.method());
    let mut name = method.to_owned();
    let mut attributes = vec![KeyValue::new("http.request.method", name.clone())];
    if let Some(template) = route.template() {
        name = format!("{method} {template}");
        attributes.push(KeyValue::new("http.route", template));
    }
    Beginning {
        name,
        kind: SpanKind::Server,
        attributes,
        parent: traces::parent(&HeaderExtractor(request.headers())),
    }
}
