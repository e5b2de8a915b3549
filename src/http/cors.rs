//! Which pages of other origins may read answers. Written by hand: the layer of tower-http answers every OPTIONS, and tells
//! origins that are not allowed what would be.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};

use crate::config::CorsOrigins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// What clients of the API send.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, kindling-csrf, apollo-require-preflight, graphql-preflight, range, \
     if-none-match, content-version, x-request-id",
);
/// What scripts may read, beside what they always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, retry-after, ratelimit, ratelimit-policy, etag, content-version, cache-status, content-range, accept-ranges, www-authenticate",
);
/// How long a browser need not ask again, in seconds: two hours, the most that Chromium keeps.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const YES: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// What the page that a request comes from may do with the answer.
pub(super) struct Grant {
    /// What its origin is told that it is; nothing if it is not allowed.
    origin: Option<HeaderValue>,
    /// A browser asks whether the page may send a request.
    asks_first: bool,
}

impl Grant {
    /// What this request's origin is granted.
    pub(super) fn of(allowed: &CorsOrigins, request: &Request) -> Self {
        let headers = request.headers();
        let origin = headers.get(header::ORIGIN);
        Self {
            asks_first: request.method() == Method::OPTIONS
                && origin.is_some()
                && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            origin: origin.and_then(|origin| grant(allowed, origin)),
        }
    }

    /// The answer to a browser that asks first; nothing for all other requests.
    pub(super) fn preflight(&self) -> Option<Response> {
        self.asks_first.then(|| preflight(self.origin.is_some()))
    }

    /// Adds what lets the page read the answer.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.origin else {
            return;
        };
        if origin != ANY {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !self.asks_first {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// What an origin is told that it is; nothing if it is not allowed.
fn grant(allowed: &CorsOrigins, origin: &HeaderValue) -> Option<HeaderValue> {
    match allowed {
        CorsOrigins::Any => Some(ANY),
        CorsOrigins::Listed(origins) => {
            let mut known = origins.iter();
            known
                .any(|known| known.as_str() == *origin)
                .then(|| origin.clone())
        }
    }
}

/// The answer to a browser that asks whether a page may send a request.
fn preflight(is_granted: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let asked: [HeaderName; 2] = [
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::ACCESS_CONTROL_REQUEST_HEADERS,
    ];
    for name in asked {
        headers.append(header::VARY, HeaderValue::from(name));
    }
    if is_granted {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}
