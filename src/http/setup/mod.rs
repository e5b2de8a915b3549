//! The page behind the setup link, which makes the first account. Its token stays in the browser: it comes after `#`.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::get,
};

/// The page loads its own two files, and asks this server.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// Path, media type and content of the page's files.
const FILES: [(&str, &str, &str); 3] = [
    (
        "/setup",
        "text/html; charset=utf-8",
        include_str!("index.html"),
    ),
    (
        "/setup/setup.css",
        "text/css; charset=utf-8",
        include_str!("setup.css"),
    ),
    (
        "/setup/setup.js",
        "text/javascript; charset=utf-8",
        include_str!("setup.js"),
    ),
];

/// The routes of the page.
pub(super) fn router() -> Router {
    FILES
        .into_iter()
        .fold(Router::new(), |router, (path, media_type, content)| {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (
                    header::REFERRER_POLICY,
                    HeaderValue::from_static("no-referrer"),
                ),
            ];
            router.route(
                path,
                get(move || async move { (headers, content).into_response() }),
            )
        })
}
