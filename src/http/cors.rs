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
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, kindling-csrf, apollo-require-preflight, graphql-preflight, range, \
     if-none-match, content-version, x-request-id";
/// How headers begin that say who sends a request, or on whose behalf: no page of another origin may send them.
const RESERVED: [&str; 7] = [
    "cookie",
    "forwarded",
    "host",
    "proxy-",
    "sec-",
    "x-forwarded-",
    "x-real-ip",
];
/// Headers that a page may name beside those, and how long their names are.
const MOST_HEADERS: usize = 30;
const LONGEST_HEADER: usize = 64;
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
    /// The headers that it asks for.
    asked: Option<HeaderValue>,
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
            asked: headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        }
    }

    /// The answer to a browser that asks first; nothing for all other requests.
    pub(super) fn preflight(&self) -> Option<Response> {
        let headers = self
            .origin
            .as_ref()
            .map(|_| allowed_headers(self.asked.as_ref()));
        self.asks_first.then(|| preflight(headers))
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

/// The headers that a page may send: those of the API, and others that it asks for. Clients and tools for tracing have names of their
/// own, which mean nothing here.
fn allowed_headers(asked: Option<&HeaderValue>) -> HeaderValue {
    let asked = asked
        .and_then(|asked| asked.to_str().ok())
        .unwrap_or_default();
    let is_free = |name: &&str| {
        let name = name.to_ascii_lowercase();
        name.len() <= LONGEST_HEADER
            && HeaderName::try_from(&name).is_ok()
            && !RESERVED.iter().any(|reserved| name.starts_with(reserved))
            && !REQUEST_HEADERS.split(", ").any(|known| known == name)
    };
    let others = asked
        .split(',')
        .map(str::trim)
        .filter(is_free)
        .take(MOST_HEADERS);
    let all = others.fold(REQUEST_HEADERS.to_owned(), |all, name| all + ", " + name);
    HeaderValue::try_from(all).unwrap_or_else(|_| HeaderValue::from_static(REQUEST_HEADERS))
}

/// The answer to a browser that asks whether a page may send a request.
fn preflight(granted: Option<HeaderValue>) -> Response {
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
    if let Some(granted) = granted {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, granted);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}
