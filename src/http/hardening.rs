//! What every answer tells browsers not to do with it.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;

/// A year. Subdomains are not ours to speak for.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What an answer says that has nothing of its own to say: it is no page, and belongs to no other one.
const DEFAULTS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The routes, with these headers on every answer.
pub(super) fn hardened(config: &Config, router: Router) -> Router {
    let router = DEFAULTS.into_iter().fold(router, |router, (name, value)| {
        let value = HeaderValue::from_static(value);
        router.layer(SetResponseHeaderLayer::if_not_present(name, value))
    });
    let is_https = config
        .public_url
        .as_ref()
        .is_some_and(|url| url.scheme() == "https");
    if is_https {
        let name = header::STRICT_TRANSPORT_SECURITY;
        router.layer(SetResponseHeaderLayer::overriding(name, HTTPS_ONLY))
    } else {
        router
    }
}
