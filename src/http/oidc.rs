//! The way to an OpenID provider, and the way back. Both are pages that a browser passes through.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
    routing::get,
};

use super::{client::client_of, cookies::cookie, credentials::PRIVATE};
use crate::{
    app::App,
    auth::oidc::{Answer, Failure, Oidc},
    crypto::Secret,
    error::Error,
    graphql::transport::set_cookie,
    telemetry::outage,
};

/// Tells the browser that has begun from all others.
const BROWSER: &str = "__Host-kindling-oidc";
/// As long as what was begun, in seconds.
const BROWSER_LIFE: i64 = 600;
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

#[derive(Clone)]
struct Pages {
    app: App,
    oidc: Arc<Oidc>,
}

/// The routes of the providers.
pub(super) fn router(app: &App) -> Router {
    let pages = Pages {
        app: app.clone(),
        oidc: Arc::new(Oidc::new(app)),
    };
    Router::new()
        .route("/auth/oidc/{provider}", get(begin))
        .route("/auth/oidc/{provider}/callback", get(finish))
        .with_state(pages)
}

/// Sends the browser to the provider.
async fn begin(
    State(pages): State<Pages>,
    provider: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(provider)) = provider else {
        return told(&Failure::UnknownProvider);
    };
    let (head, _) = request.into_parts();
    let parameter = |name| parameter(&head, name).unwrap_or_default();
    let (return_to, state) = (parameter("return_to"), parameter("state"));
    let (sender, browser) = (client_of(&pages.app, &head), browser(&head.headers));
    let begun = pages
        .oidc
        .begin(&sender, &provider, &return_to, &state, browser);
    match begun.await {
        Ok(departure) => {
            // Lax, not Strict: the provider sends the browser back, and a strict cookie would stay behind.
            let value = departure.browser.expose();
            let cookie = set_cookie(BROWSER, value, "Lax", BROWSER_LIFE);
            sent(departure.url.expose(), Some(&cookie))
        }
        Err(failure) => told(&failure),
    }
}

/// Takes the browser back from the provider, and sends it on to the frontend.
async fn finish(
    State(pages): State<Pages>,
    provider: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(provider)) = provider else {
        return told(&Failure::UnknownProvider);
    };
    let (head, _) = request.into_parts();
    let answer = Answer {
        state: parameter(&head, "state").map(Secret::new),
        code: parameter(&head, "code").map(Secret::new),
        is_error: parameter(&head, "error").is_some(),
        issuer: parameter(&head, "iss"),
    };
    let (sender, browser) = (client_of(&pages.app, &head), browser(&head.headers));
    let finished = pages
        .oidc
        .finish(&sender, &provider, browser.as_ref(), answer)
        .await;
    match finished {
        Ok(done) => {
            let what = match &done.outcome {
                Ok(token) => format!("challenge={}", token.expose()),
                Err(failure) => {
                    log(failure);
                    format!("error={}", failure.code())
                }
            };
            sent(&format!("{}#{what}&state={}", done.to, done.state), None)
        }
        Err(failure) => told(&failure),
    }
}

fn browser(headers: &HeaderMap) -> Option<Secret> {
    cookie(headers, BROWSER).map(Secret::new)
}

/// A parameter of the address, if it stands there once.
fn parameter(head: &Parts, name: &str) -> Option<String> {
    let query = head.uri.query().unwrap_or_default();
    let parameters = url::form_urlencoded::parse(query.as_bytes());
    let mut values = parameters.filter(|(key, _)| key == name);
    let (_, value) = values.next()?;
    values.next().is_none().then(|| value.into_owned())
}

/// Sends the browser on. The address may hold what nobody else may see.
fn sent(to: &str, cookie: Option<&str>) -> Response {
    let Ok(mut to) = HeaderValue::from_str(to) else {
        return told(&Failure::Ours(Error::internal("an address is no header")));
    };
    to.set_sensitive(true);
    let mut response = page(StatusCode::SEE_OTHER, "");
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, to);
    if let Some(Ok(mut cookie)) = cookie.map(HeaderValue::from_str) {
        cookie.set_sensitive(true);
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Tells whoever sits before the browser what is wrong. As plain text, nothing in it can be anything else.
fn told(failure: &Failure) -> Response {
    log(failure);
    let status = match failure {
        Failure::UnknownProvider => StatusCode::NOT_FOUND,
        Failure::BadRequest(_) | Failure::NotBegun => StatusCode::BAD_REQUEST,
        Failure::Declined | Failure::NotAllowed => StatusCode::FORBIDDEN,
        Failure::Provider => StatusCode::BAD_GATEWAY,
        Failure::Ours(Error::TooManyAttempts(_)) => StatusCode::TOO_MANY_REQUESTS,
        Failure::Ours(Error::Unavailable(_) | Error::ReadOnly(_)) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Failure::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = page(status, &format!("Signing in did not work: {failure}.\n"));
    if let Failure::Ours(Error::TooManyAttempts(wait)) = failure {
        let wait = HeaderValue::from(wait.num_seconds() + 1);
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

fn page(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let all: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, PLAIN),
        (header::CACHE_CONTROL, PRIVATE),
    ];
    headers.extend(all);
    response
}

/// What is our own fault is for the operator.
fn log(failure: &Failure) {
    let Failure::Ours(error) = failure else {
        return;
    };
    if !outage::report(error)
        && let Error::Internal(cause) = error
    {
        tracing::error!(%cause, "signing in with a provider failed");
    }
}
