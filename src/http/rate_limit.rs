//! Tells clients how many operations they may still send: `RateLimit` and `RateLimit-Policy`, as the draft of the IETF's
//! HTTPAPI group has them (draft-ietf-httpapi-ratelimit-headers-10).

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::reply;
use crate::delivery::Allowance;

const LEFT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The answer with what is left to whoever gets it; nothing of that on answers that a cache may give to others.
pub(super) fn told(allowance: Option<Allowance>, mut response: Response) -> Response {
    let control = response.headers().get(header::CACHE_CONTROL);
    let is_shared = control.is_some_and(|control| control.as_bytes().starts_with(b"public"));
    if let Some(allowance) = allowance.filter(|_| !is_shared) {
        tell(&allowance, &mut response);
    }
    response
}

/// The answer to who has sent too much.
pub(super) fn refused(allowance: &Allowance) -> Response {
    let wait = allowance.wait.as_secs() + 1;
    let message = format!("too many operations; try again in {wait} seconds");
    let mut response = reply::error(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", &message);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell(allowance, &mut response);
    response
}

fn tell(allowance: &Allowance, response: &mut Response) {
    let Allowance {
        policy,
        per_minute,
        left,
        ..
    } = allowance;
    let window = Allowance::WINDOW_SECONDS;
    // Until all of it is there again.
    let used = u64::from(per_minute.saturating_sub(*left));
    let restored = (used * window).div_ceil(u64::from(*per_minute).max(1));
    let values = [
        (LEFT, format!("\"{policy}\";r={left};t={restored}")),
        (POLICY, format!("\"{policy}\";q={per_minute};w={window}")),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().entry(name).or_insert(value);
        }
    }
}
