//! The public keys of access tokens, for those who verify them by themselves.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use super::reply;
use crate::app::App;

/// Shorter than the time that a new key is shown before it signs.
const CACHEABLE: HeaderValue = HeaderValue::from_static("public, max-age=300");

const JWKS: &str = "application/jwk-set+json";

/// The JSON Web Key Set.
pub(super) async fn serve(State(app): State<App>) -> Response {
    match app.crypto.keys.public(app.clock.now()).await {
        Ok(keys) => {
            let mut response = reply::json(StatusCode::OK, JWKS, keys.to_string().into());
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, CACHEABLE);
            response
        }
        Err(error) => reply::failed(&error),
    }
}
