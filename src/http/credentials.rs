//! Who sends a request: the account, the machine or the preview link that its bearer token names, or nobody.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    client::{Peer, client},
    reply,
};
use crate::{
    app::App,
    auth::{Client, Principal, bearer},
    crypto::Secret,
    error::{Error, Result},
};

/// Who sends a request, and from where.
pub(super) struct Caller {
    /// With which rights.
    pub(super) principal: Principal,
    /// From where.
    pub(super) client: Client,
}

/// Who sends a request with this head. Credentials that do not hold are refused, never overlooked.
pub(super) async fn caller(app: &App, head: &Parts) -> Result<Caller, Response> {
    let peer = head.extensions.get::<Peer>().copied();
    Ok(Caller {
        principal: principal(app, &head.headers).await?,
        client: client(app, peer, &head.headers),
    })
}

async fn principal(app: &App, headers: &HeaderMap) -> Result<Principal, Response> {
    let token = match bearer_token(headers) {
        Ok(Some(token)) => token,
        Ok(None) => return Ok(Principal::Anonymous),
        Err(error) => return Err(refused(&error)),
    };
    let principal = bearer::authenticate(app, &token).await;
    principal.map_err(|error| refused(&error))
}

/// The one bearer token, if there are any credentials at all.
fn bearer_token(headers: &HeaderMap) -> Result<Option<Secret>> {
    let mut given = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(Error::Unauthenticated),
    };
    let value = value.to_str().map_err(|_| Error::Unauthenticated)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            Ok(Some(Secret::new(token.trim_matches(' '))))
        }
        _ => Err(Error::Unauthenticated),
    }
}

fn refused(error: &Error) -> Response {
    let message = error.to_string();
    match error {
        Error::Unauthenticated => {
            let message = "the credentials are not valid, or not any more";
            let mut response = reply::error(StatusCode::UNAUTHORIZED, error.code(), message);
            let challenge = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
        Error::Unavailable(cause) => {
            tracing::error!(%cause, "credentials could not be checked");
            reply::error(StatusCode::SERVICE_UNAVAILABLE, error.code(), &message)
        }
        _ => {
            let cause = std::error::Error::source(error);
            tracing::error!(cause, "credentials could not be checked");
            reply::error(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", &message)
        }
    }
}
