//! What every answer tells browsers not to do with it.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

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

/// The headers of every answer.
pub(super) struct Hardening {
    is_https: bool,
}

impl Hardening {
    /// What the settings want.
    pub(super) fn new(config: &Config) -> Self {
        let mut url = config.public_url.iter();
        Self {
            is_https: url.any(|url| url.scheme() == "https"),
        }
    }

    /// Adds what an answer does not say for itself. One that says that nothing has changed describes nothing (RFC 9110, 15.4.5): what
    /// the client has was told already.
    pub(super) fn tell(&self, response: &mut Response) {
        let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        if !is_unchanged {
            // One more is the id of the request.
            headers.reserve(DEFAULTS.len() + 2);
            for (name, value) in DEFAULTS {
                let value = HeaderValue::from_static(value);
                headers.entry(name).or_insert(value);
            }
        }
        if self.is_https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
    }
}
