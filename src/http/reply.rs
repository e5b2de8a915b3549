//! Answers that are no GraphQL results: errors with a code, as JSON.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{
    error::Error,
    telemetry::{metrics::Code, outage},
};

/// The codes of the errors in an answer, for whoever counts them.
#[derive(Clone)]
pub(super) struct Codes(pub(super) Vec<Code>);

/// An error in the shape of a GraphQL request error.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body =
        serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let mut response = json(status, "application/json", body.to_string().into_bytes());
    tell_codes(&mut response, vec![Code::of(code)]);
    response
}

/// Notes the codes of the errors in an answer.
pub(super) fn tell_codes(response: &mut Response, codes: Vec<Code>) {
    if !codes.is_empty() {
        response.extensions_mut().insert(Codes(codes));
    }
}

/// The answer where something failed before GraphQL. What the sender may not see is logged here.
pub(super) fn failed(failure: &Error) -> Response {
    let status = match failure {
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Unavailable(_) | Error::ReadOnly(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if !outage::report(failure)
        && let Error::Internal(cause) = failure
    {
        tracing::error!(code = failure.code(), %cause, "a request failed");
    }
    let mut response = error(status, failure.code(), &failure.to_string());
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A body of JSON.
pub(super) fn json(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// How messages begin that tell of fields, and quote nothing.
const OF_FIELDS: [&str; 2] = ["missing field", "one field too many"];

/// What is wrong with JSON. What other errors quote may be a secret in the wrong place, so it is not told.
pub(super) fn wrong_in_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() || OF_FIELDS.iter().any(|begins| text.starts_with(begins)) {
        return text;
    }
    let (line, column) = (error.line(), error.column());
    format!("what comes before line {line} column {column} does not belong there")
}

/// The answer to a request whose handler panicked; the process lives on. The panic itself was logged where it happened.
pub(super) fn panicked() -> Response {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "something went wrong on the server",
    )
}
