//! What is around every answer, in one layer: a box and a clone for each of them would cost more than an answer that is kept.

use std::{
    convert::Infallible,
    mem,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, Uri, uri::PathAndQuery},
    response::Response,
};
use futures_util::FutureExt;
use opentelemetry::context::FutureExt as _;
use tower::Service;
use tracing::{Instrument, Span};

use super::{
    cors, deadline,
    hardening::Hardening,
    observed::{Observed, method_name},
    reply,
    server::{Malformed, Received},
};
use crate::{
    config::{Config, CorsOrigins},
    id,
    telemetry::Telemetry,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a request may bring.
const MAX_ID_BYTES: usize = 128;
/// How much of a path the log shows.
const MAX_LOGGED_PATH_BYTES: usize = 256;

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
    /// What the paths of the public address begin with, without a slash at its end; none if that is nothing.
    prefix: Option<Box<str>>,
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
            prefix: config.public_path().map(Into::into),
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
            prefix: None,
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

    fn call(&mut self, mut request: Request) -> Self::Future {
        let parts = Arc::clone(&self.0);
        if let Some(prefix) = &parts.prefix {
            remove_prefix(prefix, request.uri_mut());
        }
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
        if let Some(Malformed(message)) = request.extensions().get() {
            return reply::error(StatusCode::BAD_REQUEST, "BAD_REQUEST", message);
        }
        let received = request.extensions().get::<Received>().cloned();
        let answer = async {
            let answered = self.routes.clone().call(request).await;
            answered.unwrap_or_else(|never| match never {})
        };
        let in_time = deadline::in_time(self.deadline, received, answer);
        let caught = AssertUnwindSafe(in_time).catch_unwind().await;
        caught.unwrap_or_else(|_| reply::panicked())
    }
}

/// Removes from the path what a proxy may have left there that serves other sites, too.
fn remove_prefix(prefix: &str, uri: &mut Uri) {
    let rest = uri
        .path_and_query()
        .and_then(|it| it.as_str().strip_prefix(prefix));
    let rest = match rest {
        Some(rest) if rest.starts_with('/') => PathAndQuery::try_from(rest),
        Some(rest) if rest.is_empty() || rest.starts_with('?') => {
            PathAndQuery::try_from(format!("/{rest}"))
        }
        _ => return,
    };
    let mut parts = mem::take(uri).into_parts();
    // What is left of a path is one.
    if let Ok(rest) = rest {
        parts.path_and_query = Some(rest);
    }
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// A request that comes with an id keeps it, so that the logs of a proxy and of this server name the same request. It goes into each
/// line of the log, so anything but a short id is replaced.
fn id_of(request: &Request) -> HeaderValue {
    request
        .headers()
        .get(REQUEST_ID)
        .filter(|id| is_id(id.as_bytes()))
        .cloned()
        .unwrap_or_else(|| {
            let mut text = [0; 32];
            let text = id::new().simple().encode_lower(&mut text);
            HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
        })
}

/// Whether a foreign id is short and has no character that means anything to whatever reads the log.
fn is_id(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(is_plain)
}

/// Everything that is logged for a request carries its id.
fn span(id: &HeaderValue, request: &Request) -> Span {
    let id = id.to_str().unwrap_or_default();
    let method = method_name(request.method());
    let path = request.uri().path();
    let path = &path[..path.floor_char_boundary(MAX_LOGGED_PATH_BYTES)];
    tracing::info_span!("request", id, %method, path)
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
        config::{Config, Environment, args},
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
        let config = Config::load(&matches, &Environment::new()).expect("settings");
        Around::new(&config, &Telemetry::default(), routes)
    }

    async fn ask(around: &mut Around, path: &str) -> Response {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        answer(around, request).await
    }

    async fn answer(around: &mut Around, request: Request) -> Response {
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
    async fn only_a_short_plain_id_is_kept() {
        let mut around = around();
        for (sent, is_kept) in [
            (&b"8f14e45f-ea9b_1.2:3/4+5=6@7"[..], true),
            (&[b'a'; 128], true),
            (&[b'a'; 129], false),
            (b"", false),
            (b"two words", false),
            (b"a\tb", false),
            (b"a\"b", false),
            (b"\xff", false),
        ] {
            let request = Request::get("/").header(REQUEST_ID, sent);
            let request = request.body(Body::empty()).expect("a request");
            let answer = answer(&mut around, request).await;
            let id = answer.headers()[REQUEST_ID].as_bytes();
            assert_eq!(id == sent, is_kept, "{}", sent.escape_ascii());
            assert!(id.len() <= 128 && !id.is_empty(), "{}", id.escape_ascii());
        }
    }

    #[test]
    fn what_a_proxy_left_of_its_prefix_is_removed() {
        for (sent, routed) in [
            ("/cms/graphql?query=%7B%7D", "/graphql?query=%7B%7D"),
            ("/cms/", "/"),
            ("/cms", "/"),
            ("/cms?lang=es", "/?lang=es"),
            ("/graphql", "/graphql"),
            ("/cmsgraphql", "/cmsgraphql"),
            ("/", "/"),
            ("http://a.example/cms/livez", "http://a.example/livez"),
        ] {
            let mut uri = sent.parse().expect("an address");
            super::remove_prefix("/cms", &mut uri);
            assert_eq!(
                uri.to_string(),
                routed
                    .parse::<super::Uri>()
                    .expect("an address")
                    .to_string(),
                "{sent}"
            );
        }
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
