//! Who sends a request: the account, the machine or the preview link that its bearer token names, the account that its cookie
//! names, or nobody.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    client::client_of,
    cookies::{self, Cookies},
    reply,
};
use crate::{
    app::App,
    auth::{Client, Principal, bearer, session},
    crypto::Secret,
    error::{Error, Result},
    graphql::transport::{ACCESS_COOKIE, Browser, set_cookie},
    telemetry::outage,
};

/// For answers that are for whoever asked alone, and that no cache may keep.
pub(super) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Who sends a request, and from where.
pub(super) struct Caller {
    /// With which rights.
    pub(super) principal: Principal,
    /// From where.
    pub(super) client: Client,
    /// What is known of the browser.
    pub(super) browser: Browser,
    /// Whether it has cookies of a session that were not looked at: another site may have sent it.
    pub(super) is_forgeable: bool,
}

/// Who sends a request with this head. Credentials that do not hold are refused, never overlooked. Cookies are credentials
/// only where the request was sent on purpose; elsewhere its sender is nobody.
pub(super) async fn caller(app: &App, head: &Parts) -> Result<Caller, Response> {
    let headers = &head.headers;
    let cookies = Cookies::of(headers);
    let is_proven = cookies::is_proven(&app.config, headers).map_err(|_| cookies::refused())?;
    let token = bearer_token(headers).map_err(|error| refused(&error))?;
    let is_forgeable = token.is_none() && !is_proven && cookies.are_there();
    if token.is_some() && is_proven && cookies.are_there() {
        return Err(both());
    }
    let (principal, refresh) = match (token, cookies.access) {
        (Some(token), _) => {
            let principal = Box::pin(bearer::authenticate(app, &token)).await;
            (principal.map_err(|error| refused(&error))?, None)
        }
        (None, Some(token)) if is_proven => {
            // Nothing but a session lies in a cookie.
            let principal = Box::pin(session::authenticate(app, &token)).await;
            let principal = principal.map_err(|error| without_cookie(refused(&error)))?;
            (principal, cookies.refresh)
        }
        (None, _) if is_proven => (Principal::Anonymous, cookies.refresh),
        (None, _) => (Principal::Anonymous, None),
    };
    Ok(Caller {
        principal,
        client: client_of(app, head),
        browser: Browser { is_proven, refresh },
        is_forgeable,
    })
}

/// The refusal, and the end of the cookie that was refused: no script could remove it, and with it nobody could sign in.
fn without_cookie(mut refusal: Response) -> Response {
    let cookie = set_cookie(ACCESS_COOKIE, "", "Strict", 0);
    if refusal.status() == StatusCode::UNAUTHORIZED
        && let Ok(cookie) = HeaderValue::from_str(&cookie)
    {
        let headers = refusal.headers_mut();
        headers.append(header::SET_COOKIE, cookie);
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    refusal
}

fn both() -> Response {
    let message = "send a bearer token or cookies, not both";
    reply::error(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
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
        Error::Unavailable(_) | Error::ReadOnly(_) => {
            outage::report(error);
            reply::error(StatusCode::SERVICE_UNAVAILABLE, error.code(), &message)
        }
        _ => {
            let cause = std::error::Error::source(error);
            tracing::error!(cause, "credentials could not be checked");
            reply::error(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", &message)
        }
    }
}
