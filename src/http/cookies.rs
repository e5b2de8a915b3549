//! The cookies of browser sessions. They are looked at only in requests that a page of this site has sent on purpose: with a
//! header that no other site can send without asking first, and from an origin that belongs here.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;

use super::reply;
use crate::{
    config::Config,
    crypto::Secret,
    error::Error,
    graphql::transport::{ACCESS_COOKIE, REFRESH_COOKIE},
};

/// Says that a request was sent on purpose. A page of another origin must ask before it may send it.
pub(super) const PROOF: HeaderName = HeaderName::from_static("kindling-csrf");

/// What a browser sends along by itself.
#[derive(Default)]
pub(super) struct Cookies {
    /// The access token.
    pub(super) access: Option<Secret>,
    /// The refresh token.
    pub(super) refresh: Option<Secret>,
}

impl Cookies {
    /// The cookies of a session among all that came; of a name that came twice, none.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            access: cookie(headers, ACCESS_COOKIE).map(Secret::new),
            refresh: cookie(headers, REFRESH_COOKIE).map(Secret::new),
        }
    }

    /// Whether there is any.
    pub(super) fn are_there(&self) -> bool {
        self.access.is_some() || self.refresh.is_some()
    }
}

/// The value of a cookie, if it came once.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let pairs = lines.filter_map(|line| line.to_str().ok());
    let pairs = pairs.flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (key, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    });
    values.next().filter(|_| values.next().is_none())
}

/// Whether the request was sent on purpose, by a page that belongs here. Refuses one that says so from elsewhere.
pub(super) fn is_proven(config: &Config, headers: &HeaderMap) -> Result<bool, Response> {
    if headers.get(PROOF).is_none_or(|value| value != "1") {
        return Ok(false);
    }
    let mut origins = headers.get_all(header::ORIGIN).into_iter();
    let is_own = match (origins.next(), origins.next()) {
        // Browsers leave it out where a page reads from its own origin.
        (None, _) => true,
        (Some(origin), None) => origin
            .to_str()
            .is_ok_and(|origin| belongs_here(config, origin, headers)),
        (Some(_), Some(_)) => false,
    };
    if is_own { Ok(true) } else { Err(refused()) }
}

fn belongs_here(config: &Config, origin: &str, headers: &HeaderMap) -> bool {
    if config.is_own_origin(origin) {
        return true;
    }
    // Without a public address, a page belongs here if the server was asked under the page's own name. A page that has made
    // its name point here has no cookies of ours: they belong to the name under which they were set.
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = origin.split_once("://").map(|(_, name)| name);
    config.public_url.is_none() && host.is_some() && host == name
}

/// The answer to what another site may have sent.
pub(super) fn refused() -> Response {
    let error = Error::Csrf;
    reply::error(StatusCode::FORBIDDEN, error.code(), &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, cookie, header};

    #[test]
    fn a_cookie_counts_if_it_came_once() {
        for (lines, expected) in [
            (vec!["a=1"], Some("1")),
            (vec!["b=2; a=1"], Some("1")),
            (vec!["b=2;a=1;c=3"], Some("1")),
            (vec!["b=2", "a=1=1"], Some("1=1")),
            (vec!["a=1; a=1"], None),
            (vec!["a=1", "a=2"], None),
            (vec!["A=1"], None),
            (vec!["aa=1; ba=2"], None),
            (vec!["a="], None),
            (vec!["a"], None),
            (vec![], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(header::COOKIE, line.parse().expect("a value"));
            }
            assert_eq!(cookie(&headers, "a"), expected, "{lines:?}");
        }
    }
}
