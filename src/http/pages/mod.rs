//! The pages behind the links that Kindling gives: the first account, an invitation, a new password, another address. Their
//! tokens stay in the browser: they come after `#`.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::get,
};

/// The pages load their own two files, and ask this server.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

const HTML: &str = "text/html; charset=utf-8";

/// Path, media type and content of each file.
const FILES: [(&str, &str, &str); 6] = [
    ("/setup", HTML, include_str!("setup.html")),
    ("/invitation", HTML, include_str!("invitation.html")),
    ("/password-reset", HTML, include_str!("password-reset.html")),
    ("/email-change", HTML, include_str!("email-change.html")),
    (
        "/pages/pages.css",
        "text/css; charset=utf-8",
        include_str!("pages.css"),
    ),
    (
        "/pages/pages.js",
        "text/javascript; charset=utf-8",
        include_str!("pages.js"),
    ),
];

/// The routes of the pages.
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
