//! The media types of requests and answers, and the statuses that follow from them.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use super::caching::{self, Asking, Caching};
use crate::{
    crypto::Secret,
    delivery::{Answer, Delivery, Given},
    http::reply,
};

/// What an answer is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Media {
    /// `application/graphql-response+json`, whose status tells whether the operation was executed.
    GraphqlResponse,
    /// `application/json`. A client cannot tell our status from a proxy's, so it is 200 for every answer.
    Json,
}

impl Media {
    const ALL: [Self; 2] = [Self::GraphqlResponse, Self::Json];

    fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "graphql-response+json",
            Self::Json => "json",
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// What the sender of these headers accepts best; none if nothing. Who does not say gets `application/json`.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::ACCEPT).into_iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        let ranges: Vec<Range> = lines
            .flat_map(|line| line.split(','))
            .filter(|range| !range.trim().is_empty())
            .filter_map(Range::parse)
            .collect();
        if !headers.contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let [modern, legacy] = Self::ALL.map(|media| {
            let fitting = ranges.iter().filter(|range| range.precision(media) > 0);
            let best = fitting.max_by_key(|range| range.precision(media));
            best.map_or((0, 0), |range| (range.thousandths, range.precision(media)))
        });
        // Who names both as good as each other knows both; who names neither may know only JSON.
        let knows_modern = modern.0 > legacy.0 || (modern.0 == legacy.0 && modern.1 == NAMED);
        match modern.0.max(legacy.0) {
            0 => None,
            _ if knows_modern => Some(Self::GraphqlResponse),
            _ => Some(Self::Json),
        }
    }

    /// The answer to a request of which nothing was executed.
    pub(in crate::http) fn refused(self, answer: &Answer) -> Response {
        let mut response = Response::new(Body::from(answer.body.clone()));
        *response.status_mut() = self.status(answer);
        self.finish(&mut response, &[]);
        reply::tell_codes(&mut response, answer.codes.clone());
        caching::keep_nothing(response.headers_mut(), true);
        tell_when_to_try_again(&mut response, answer);
        response
    }

    /// The answer to one operation, as it was asked for.
    pub(in crate::http) async fn given(
        self,
        delivery: &Delivery,
        given: &Given,
        asking: &Asking,
        caching: &Caching,
    ) -> Response {
        let answer = &given.kept.answer;
        let is_whole = answer.is_executed && !answer.has_errors;
        let mut response = if given.is_public && is_whole {
            caching.public(delivery, given, asking).await
        } else {
            let mut response = Response::new(Body::from(answer.body.clone()));
            *response.status_mut() = self.status(answer);
            caching::keep_nothing(response.headers_mut(), !given.is_public);
            response
        };
        tell_when_to_try_again(&mut response, answer);
        self.finish(&mut response, &answer.cookies);
        reply::tell_codes(&mut response, answer.codes.clone());
        caching::tell_source(response.headers_mut(), given);
        response
    }

    /// The answers to several operations.
    pub(super) fn list(self, body: Bytes, answers: &[Answer]) -> Response {
        let mut response = Response::new(Body::from(body));
        let cookies: Vec<Secret> = answers
            .iter()
            .flat_map(|answer| answer.cookies.clone())
            .collect();
        self.finish(&mut response, &cookies);
        let codes = answers.iter().flat_map(|answer| answer.codes.clone());
        reply::tell_codes(&mut response, codes.collect());
        caching::keep_nothing(response.headers_mut(), true);
        response
    }

    fn status(self, answer: &Answer) -> StatusCode {
        match self {
            _ if answer.trouble.is_some() => StatusCode::SERVICE_UNAVAILABLE,
            Self::GraphqlResponse if !answer.is_executed => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    fn finish(self, response: &mut Response, cookies: &[Secret]) {
        let has_content = response.status() != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        if has_content {
            headers.insert(header::CONTENT_TYPE, self.content_type());
        }
        headers.append(header::VARY, HeaderValue::from_static("Accept"));
        for cookie in cookies {
            if let Ok(mut cookie) = HeaderValue::from_str(cookie.expose()) {
                cookie.set_sensitive(true);
                headers.append(header::SET_COOKIE, cookie);
            }
        }
    }
}

fn tell_when_to_try_again(response: &mut Response, answer: &Answer) {
    if answer.trouble.is_some() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

/// How precisely a range names a media type, if it does so in full.
const NAMED: u8 = 3;

/// One of the ranges of `Accept`.
struct Range {
    kind: String,
    subtype: String,
    thousandths: u16,
}

impl Range {
    /// A range that we can answer in; other character sets than UTF-8 are none.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut thousandths = 1000;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => thousandths = quality(value)?,
                "charset" if !is_utf8(value) => return None,
                _ => {}
            }
        }
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            thousandths,
        })
    }

    /// How precisely it names a media type; 0 if it does not.
    fn precision(&self, media: Media) -> u8 {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("application", subtype) if subtype == media.name() => NAMED,
            ("application", "*") => 2,
            ("*", "*") => 1,
            _ => 0,
        }
    }
}

/// A number from 0 to 1, in thousandths. Clients write it with more digits than three, and without the first one.
fn quality(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
    if !is_number || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest: u16 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    match whole {
        "0" | "" => Some(rest),
        "1" if rest == 0 => Some(1000),
        _ => None,
    }
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

/// Whether the body of a request with these headers is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).into_iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let mut parts = line.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let mut parameters = parts.filter_map(|part| part.split_once('='));
    is_json
        && parameters.all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset") || is_utf8(value.trim().trim_matches('"'))
        })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Media, is_json};

    fn accepting(lines: &[&'static str]) -> Option<Media> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT, HeaderValue::from_static(line));
        }
        Media::of(&headers)
    }

    #[test]
    fn the_best_accepted_media_type_is_taken() {
        let (modern, json) = (Some(Media::GraphqlResponse), Some(Media::Json));
        for (accept, media) in [
            ("application/graphql-response+json", modern),
            ("Application/GraphQL-Response+JSON; charset=UTF-8", modern),
            ("application/json", json),
            ("*/*", json),
            ("application/*", json),
            ("text/html, application/xml;q=0.9, */*;q=0.8", json),
            (
                "application/graphql-response+json, application/json",
                modern,
            ),
            (
                "application/json, application/graphql-response+json",
                modern,
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                modern,
            ),
            (
                "application/graphql-response+json;q=0.5, application/json",
                json,
            ),
            ("application/graphql-response+json;q=0.9, */*;q=0.1", modern),
            ("application/graphql-response+json, */*", modern),
            ("*/*; q=.2, application/json; q=0.50000", json),
            ("application/json;charset=utf8", json),
            ("application/json, */*", json),
            ("application/json;q=0, */*", modern),
            ("application/graphql-response+json;q=0, */*", json),
            (
                "application/json;q=0, application/graphql-response+json;q=0",
                None,
            ),
            ("*/*;q=0", None),
            ("text/html", None),
            ("text/event-stream", None),
            ("application/json; charset=iso-8859-1", None),
            ("application/json;q=nonsense", None),
            ("nonsense", None),
        ] {
            assert_eq!(accepting(&[accept]), media, "{accept}");
        }
        assert_eq!(accepting(&[]), json);
        let two = ["text/html", "application/graphql-response+json"];
        assert_eq!(accepting(&two), modern);
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=utf-16", false),
            ("application/jsonx", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_static(content_type);
            headers.insert(header::CONTENT_TYPE, value.clone());
            assert_eq!(is_json(&headers), expected, "{content_type}");
            headers.append(header::CONTENT_TYPE, value);
            assert!(!is_json(&headers), "two of them");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
