//! What is around every answer, in one layer: a box and a clone for each of them would cost more than an answer that is kept.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue},
    response::Response,
};
use futures_util::FutureExt;
use opentelemetry::context::FutureExt as _;
use tower::Service;
use tracing::{Instrument, Span};

use super::{cors, deadline, hardening::Hardening, observed::Observed, reply, server::Received};
use crate::{
    config::{Config, CorsOrigins},
    id,
    telemetry::Telemetry,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The routes, with what is around each of their answers. Clones share everything.
#[derive(Clone)]
pub struct Around(Arc<Parts>);

struct Parts {
    routes: Router,
    deadline: Duration,
    /// None where no page of another origin may read answers.
    origins: Option<CorsOrigins>,
    hardening: Hardening,
    telemetry: Telemetry,
}

impl Around {
    /// These routes, as the settings say.
    pub(super) fn new(config: &Config, telemetry: &Telemetry, routes: Router) -> Self {
        let nobody = CorsOrigins::Listed(Vec::new());
        Self(Arc::new(Parts {
            routes,
            deadline: Duration::from_secs(config.request_timeout_seconds),
            origins: Some(config.cors_origins.clone()).filter(|origins| *origins != nobody),
            hardening: Hardening::new(config),
            telemetry: telemetry.clone(),
        }))
    }

    /// Routes for operators: no page of another origin may read them, and they are not among what is counted.
    pub(super) fn of_operators(config: &Config, routes: Router) -> Self {
        Self(Arc::new(Parts {
            routes,
            deadline: Duration::from_secs(config.request_timeout_seconds),
            origins: None,
            hardening: Hardening::new(config),
            telemetry: Telemetry::default(),
        }))
    }
}

impl Service<Request> for Around {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let parts = Arc::clone(&self.0);
        let id = id_of(&request);
        let span = span(&id, &request);
        let answer = async move {
            let observed = Observed::begin(&parts.telemetry, &request);
            let context = observed.context.clone();
            let mut response = parts.answer(request).with_context(context).await;
            parts.hardening.tell(&mut response);
            observed.end(&id, &response);
            response.headers_mut().entry(REQUEST_ID).or_insert(id);
            Ok(response)
        };
        Box::pin(answer.instrument(span))
    }
}

impl Parts {
    async fn answer(&self, request: Request) -> Response {
        let Some(origins) = &self.origins else {
            return self.routed(request).await;
        };
        let grant = cors::Grant::of(origins, &request);
        let mut response = match grant.preflight() {
            Some(response) => response,
            None => self.routed(request).await,
        };
        grant.tell(response.headers_mut());
        response
    }

    /// What the routes answer in time. If they panic, the process lives on.
    async fn routed(&self, request: Request) -> Response {
        let received = request.extensions().get::<Received>().cloned();
        let answer = async {
            let answered = self.routes.clone().call(request).await;
            answered.unwrap_or_else(|never| match never {})
        };
        let in_time = deadline::in_time(self.deadline, received, answer);
        let caught = AssertUnwindSafe(in_time).catch_unwind().await;
        caught.unwrap_or_else(|panic| reply::panicked(&*panic))
    }
}

/// A request that comes with an id keeps it, so that a proxy's log and ours tell of the same request.
fn id_of(request: &Request) -> HeaderValue {
    request
        .headers()
        .get(REQUEST_ID)
        .cloned()
        .unwrap_or_else(|| {
            let mut text = [0; 32];
            let text = id::new().simple().encode_lower(&mut text);
            HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
        })
}

/// Everything that is logged for a request carries its id.
fn span(id: &HeaderValue, request: &Request) -> Span {
    let id = id.to_str().unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use axum::{
        Router,
        body::{Body, to_bytes},
        extract::Request,
        http::{HeaderMap, StatusCode},
        response::Response,
        routing::get,
    };
    use tower::{Service, ServiceExt};

    use super::{Around, REQUEST_ID};
    use crate::{
        config::{Config, args},
        telemetry::Telemetry,
    };

    fn around() -> Around {
        let routes = Router::new()
            .route("/", get(|| async { "fine" }))
            .route("/slow", get(std::future::pending::<String>))
            .route(
                "/framed",
                get(|| async { [("x-frame-options", "SAMEORIGIN")] }),
            )
            .route(
                "/panics",
                get(|| async {
                    assert!(std::hint::black_box(false), "a secret cause");
                }),
            );
        let command = clap::Command::new("test").args(args());
        let matches = command.get_matches_from(["test", "--request-timeout-seconds", "1"]);
        let config = Config::load(&matches, |_| None).expect("settings");
        Around::new(&config, &Telemetry::default(), routes)
    }

    async fn ask(around: &mut Around, path: &str) -> Response {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = around.ready().await.expect("ready").call(request);
        answer.await.expect("an answer")
    }

    fn is_hardened(headers: &HeaderMap) -> bool {
        headers.contains_key(REQUEST_ID) && headers.contains_key("x-content-type-options")
    }

    #[tokio::test]
    async fn a_panic_becomes_an_answer_and_the_next_request_is_served() {
        let mut around = around();
        let answer = ask(&mut around, "/panics").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(is_hardened(answer.headers()), "{answer:?}");
        let body = to_bytes(answer.into_body(), 1_000).await.expect("a body");
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(
            body.contains("INTERNAL") && !body.contains("secret"),
            "{body}"
        );
        assert_eq!(ask(&mut around, "/").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_takes_too_long_is_told_so() {
        let begun = Instant::now();
        let answer = ask(&mut around(), "/slow").await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(begun.elapsed() >= Duration::from_secs(1));
        assert!(is_hardened(answer.headers()), "{answer:?}");
    }

    #[tokio::test]
    async fn an_answer_keeps_what_it_says_for_itself() {
        let answer = ask(&mut around(), "/framed").await;
        let told = answer.headers().get_all("x-frame-options").into_iter();
        assert_eq!(told.collect::<Vec<_>>(), ["SAMEORIGIN"]);
    }
}
