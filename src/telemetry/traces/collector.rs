//! The way to the collector of traces: OTLP over HTTP. Where it cannot be reached, spans are dropped, and nothing waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use sea_orm::prelude::async_trait::async_trait;
use tokio::runtime::Handle;
use url::Url;

/// How long the collector may take to take spans.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Where collectors take traces.
const PATH: &str = "/v1/traces";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What tells spans to the collector at this address.
pub(super) fn exporter(endpoint: &Url) -> Result<SpanExporter, Failure> {
    let base = endpoint.as_str().trim_end_matches('/');
    let address = format!("{}{PATH}", base.trim_end_matches(PATH));
    let collector = Collector {
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent("Kindling")
            .build()?,
        runtime: Handle::try_current()?,
        is_away: Arc::default(),
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address)
        .with_timeout(TIMEOUT)
        .with_http_client(collector);
    Ok(exporter.build()?)
}

/// The collector. It is told on a thread of its own, which waits for what runs on those of all others.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    is_away: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let http = self.http.clone();
        let sent = self
            .runtime
            .spawn(async move { http.execute(request).await });
        let sent = match sent.await? {
            Ok(response) => response.error_for_status(),
            Err(error) => Err(error),
        };
        match sent {
            Ok(response) => {
                self.note(None);
                let status = response.status();
                Ok(Response::builder().status(status).body(Bytes::new())?)
            }
            Err(error) => {
                let error = error.without_url();
                self.note(Some(&error));
                Err(error.into())
            }
        }
    }
}

impl Collector {
    /// Logs when the collector goes away and when it comes back, and nothing in between.
    fn note(&self, failure: Option<&reqwest::Error>) {
        let was_away = self.is_away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_away => {
                let cause = std::error::Error::source(error);
                tracing::warn!(%error, cause, "the collector takes no traces; they are dropped");
            }
            None if was_away => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}
