//! The demo site: a page as a visitor sees it, rendered in the browser from GraphQL alone.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::get,
};

/// Everything comes from this server; nothing is written into the page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
);

/// Path, media type and content of the site's files.
const FILES: [(&str, &str, &str); 10] = [
    (
        "/",
        "text/html; charset=utf-8",
        include_str!("../../demo/site/index.html"),
    ),
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("../../demo/site/style.css"),
    ),
    (
        "/favicon.svg",
        "image/svg+xml",
        include_str!("../../demo/site/favicon.svg"),
    ),
    (
        "/app.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/app.js"),
    ),
    (
        "/query.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/query.js"),
    ),
    (
        "/sections.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/sections.js"),
    ),
    (
        "/items.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/items.js"),
    ),
    (
        "/dom.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/dom.js"),
    ),
    (
        "/icons.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/icons.js"),
    ),
    (
        "/text.js",
        "text/javascript; charset=utf-8",
        include_str!("../../demo/site/text.js"),
    ),
];

/// The routes of the site.
pub(super) fn router() -> Router {
    FILES
        .into_iter()
        .fold(Router::new(), |router, (path, media_type, content)| {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            ];
            router.route(
                path,
                get(move || async move { (headers, content).into_response() }),
            )
        })
}
