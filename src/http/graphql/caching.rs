//! What caches may do with an answer, and what clients are told that come back for it.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use entity::entry::ContentType;

use crate::{
    config::Config,
    content::cache_tag,
    delivery::{Delivery, Encoding, Given, Source},
    http::credentials::PRIVATE,
};

/// The state of the content that an answer shows. Who sends it back is never shown an earlier one.
pub(super) const CONTENT_VERSION: HeaderName = HeaderName::from_static("content-version");
/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// What names the contents of an answer to a shared cache, so that it can throw away what has changed. Some caches know the
/// one name, some the other.
const TAGS: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("cache-tag"), ","),
    (HeaderName::from_static("surrogate-key"), " "),
];
/// An answer may be kept, and must be asked for each time: that costs next to nothing.
const ASK_EACH_TIME: &str = "public, no-cache";
/// With more contents than this, an answer is named by their types alone.
const MOST_TAGS: usize = 100;

/// What shared caches may do, by the settings.
#[derive(Clone)]
pub(in crate::http) struct Caching {
    control: HeaderValue,
    has_tags: bool,
}

/// How a request asks for its answer.
#[derive(Clone, Default)]
pub(in crate::http) struct Asking {
    is_get: bool,
    encoding: Option<Encoding>,
    known: Option<HeaderValue>,
}

impl Asking {
    /// What a request says about it.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_ENCODING);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        Self {
            is_get: matches!(*method, Method::GET | Method::HEAD),
            encoding: accepted.and_then(Encoding::accepted),
            known: headers.get(header::IF_NONE_MATCH).cloned(),
        }
    }

    /// Whether the client has an answer with this tag, and only wants to know whether it still holds.
    fn knows(&self, tag: &str) -> bool {
        let known = self.known.as_ref().filter(|_| self.is_get);
        let known = known.and_then(|value| value.to_str().ok());
        known.is_some_and(|known| {
            let mut tags = known.split(',');
            tags.any(|known| known.trim() == "*" || strong(known) == strong(tag))
        })
    }
}

/// A tag without what says that it holds for other encodings, too.
fn strong(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/")
}

impl Caching {
    /// What the settings say.
    pub(in crate::http) fn new(config: &Config) -> Self {
        let fresh = config.shared_max_age_seconds;
        let control = if fresh == 0 {
            ASK_EACH_TIME.to_owned()
        } else {
            let (again, failing) = (
                config.stale_while_revalidate_seconds,
                config.stale_if_error_seconds,
            );
            format!(
                "public, max-age=0, s-maxage={fresh}, stale-while-revalidate={again}, stale-if-error={failing}"
            )
        };
        Self {
            control: HeaderValue::try_from(control)
                .unwrap_or(HeaderValue::from_static(ASK_EACH_TIME)),
            has_tags: fresh > 0,
        }
    }

    /// An answer that everybody gets who asks the same, as it was asked for. Shared caches may give it again by themselves only
    /// if it is current, and must not keep it at all if nobody knows whether it is.
    pub(super) async fn public(
        &self,
        delivery: &Delivery,
        given: &Given,
        asking: &Asking,
    ) -> Response {
        let tag = given.kept.tag();
        let is_stale = matches!(given.source, Source::Stale(_));
        let mut response = Response::new(Body::empty());
        if asking.knows(tag) && !is_stale {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            let encoded = match asking.encoding {
                Some(encoding) => delivery.encoded(given, encoding).await.zip(Some(encoding)),
                None => None,
            };
            let body = match encoded {
                Some((bytes, encoding)) => {
                    let name = HeaderValue::from_static(encoding.name());
                    response
                        .headers_mut()
                        .insert(header::CONTENT_ENCODING, name);
                    bytes
                }
                None => given.kept.answer.body.clone(),
            };
            *response.body_mut() = body.into();
        }
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if is_stale {
            keep_nothing(headers, false);
            return response;
        }
        let control = if given.is_current {
            self.control.clone()
        } else {
            HeaderValue::from_static(ASK_EACH_TIME)
        };
        headers.insert(header::CACHE_CONTROL, control);
        insert(headers, header::ETAG, tag);
        if self.has_tags {
            let tags = tags(given);
            for (name, separator) in TAGS {
                insert(headers, name, &tags.join(separator));
            }
        }
        response
    }
}

/// Tells caches to keep nothing: it is for whoever asked, or it is no answer that would be the same again.
pub(super) fn keep_nothing(headers: &mut HeaderMap, is_private: bool) {
    let control = if is_private {
        PRIVATE
    } else {
        HeaderValue::from_static("no-store")
    };
    headers.insert(header::CACHE_CONTROL, control);
}

/// Tells where the answer comes from, and which state of the content it shows.
pub(super) fn tell_source(headers: &mut HeaderMap, given: &Given) {
    if let Some(version) = given.kept.version() {
        insert(headers, CONTENT_VERSION, version);
    }
    match given.source {
        Source::Kept => {
            headers.insert(CACHE_STATUS, HeaderValue::from_static("Kindling; hit"));
        }
        Source::Stale(age) => {
            let text = format!(
                "Kindling; hit; ttl=-{}; detail=stale-if-error",
                age.as_secs()
            );
            insert(headers, CACHE_STATUS, &text);
        }
        Source::Executed | Source::Shared => {
            headers.insert(CACHE_STATUS, HeaderValue::from_static("Kindling; fwd=miss"));
        }
    }
}

/// The entries that the answer shows, or their types if it shows many, and the types whose lists it shows.
fn tags(given: &Given) -> Vec<String> {
    let reads = &given.kept.answer.reads;
    let mut types: BTreeSet<ContentType> = reads.public.types.iter().copied().collect();
    let mut tags = vec![cache_tag::HIDDEN.to_owned()];
    if reads.shown.len() <= MOST_TAGS {
        tags.extend(reads.shown.iter().copied().map(cache_tag::of_entry));
    } else {
        types.extend(reads.shown.iter().map(|id| id.content_type));
    }
    tags.extend(types.into_iter().map(cache_tag::of_type));
    tags
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
