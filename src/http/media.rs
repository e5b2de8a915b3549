//! Files: with their right type, in parts if asked for, and for ever, as what lies under a key never changes.

use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use headers::{ETag, HeaderMapExt, IfNoneMatch, IfRange};
use object_store::{GetOptions, GetRange, GetResult};

use super::reply;
use crate::{
    app::App,
    media,
    telemetry::outage::{self, Outage},
};

/// A year.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Pages of every origin show the files.
const FOR_ALL: HeaderValue = HeaderValue::from_static("cross-origin");
/// A picture runs nothing, even when it is opened on its own.
const NO_SCRIPTS: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The file with this key.
pub(super) async fn serve(
    State(app): State<App>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    // What is no UTF-8 is no key.
    let Ok(Path(key)) = key else {
        return missing();
    };
    // A key is never used for other bytes, so it is the best tag for them.
    let (Some(media_type), Ok(tag)) = (
        media::media_type(&key),
        format!("\"{key}\"").parse::<ETag>(),
    ) else {
        return missing();
    };
    let head = app
        .media
        .get(
            &key,
            GetOptions {
                head: true,
                ..GetOptions::default()
            },
        )
        .await;
    let size = match head {
        Ok(Some(file)) => file.meta.size,
        Ok(None) => return missing(),
        Err(error) => return failed(&error),
    };
    // Only now: of a file that is gone, or never was, nobody has an unchanged copy.
    if headers
        .typed_get::<IfNoneMatch>()
        .is_some_and(|known| !known.precondition_passes(&tag))
    {
        return described(StatusCode::NOT_MODIFIED, media_type, &tag, Body::empty());
    }
    match wanted(&headers, &tag, size) {
        Wanted::Whole => whole(&app, &key, media_type, &tag).await,
        Wanted::Part(first, last) => part(&app, &key, media_type, &tag, (first, last), size).await,
        Wanted::Nothing => {
            let mut response = described(
                StatusCode::RANGE_NOT_SATISFIABLE,
                media_type,
                &tag,
                Body::empty(),
            );
            content_range(&mut response, &format!("bytes */{size}"));
            response
        }
    }
}

enum Wanted {
    Whole,
    /// First and last byte.
    Part(u64, u64),
    Nothing,
}

/// What of the file is asked for. Several ranges at once, and what is no range of bytes, are answered with the whole, as
/// RFC 9110 allows.
fn wanted(headers: &HeaderMap, tag: &ETag, size: u64) -> Wanted {
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some((start, end)) = range
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    if headers
        .typed_get::<IfRange>()
        .is_some_and(|known| known.is_modified(Some(tag), None))
    {
        return Wanted::Whole;
    }
    let last_byte = size.saturating_sub(1);
    let (first, last) = match (start.parse::<u64>(), end.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(last_byte)),
        (Ok(first), Err(_)) if end.is_empty() => (first, last_byte),
        // The last bytes of the file: all of it, if it has fewer.
        (Err(_), Ok(count)) if start.is_empty() => {
            if count == 0 {
                return Wanted::Nothing;
            }
            (size.saturating_sub(count), last_byte)
        }
        _ => return Wanted::Whole,
    };
    if first < size {
        Wanted::Part(first, last)
    } else {
        Wanted::Nothing
    }
}

async fn whole(app: &App, key: &str, media_type: &'static str, tag: &ETag) -> Response {
    match app.media.get(key, GetOptions::default()).await {
        Ok(Some(file)) => streamed(StatusCode::OK, media_type, tag, file),
        Ok(None) => missing(),
        Err(error) => failed(&error),
    }
}

async fn part(
    app: &App,
    key: &str,
    media_type: &'static str,
    tag: &ETag,
    (first, last): (u64, u64),
    size: u64,
) -> Response {
    let options = GetOptions {
        range: Some(GetRange::Bounded(first..last + 1)),
        ..GetOptions::default()
    };
    match app.media.get(key, options).await {
        Ok(Some(file)) => {
            let mut response = streamed(StatusCode::PARTIAL_CONTENT, media_type, tag, file);
            content_range(&mut response, &format!("bytes {first}-{last}/{size}"));
            response
        }
        Ok(None) => missing(),
        Err(error) => failed(&error),
    }
}

fn streamed(status: StatusCode, media_type: &'static str, tag: &ETag, file: GetResult) -> Response {
    let length = file.range.end - file.range.start;
    let mut response = described(
        status,
        media_type,
        tag,
        Body::from_stream(file.into_stream()),
    );
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn described(status: StatusCode, media_type: &'static str, tag: &ETag, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_SECURITY_POLICY, NO_SCRIPTS);
    headers.insert("cross-origin-resource-policy", FOR_ALL);
    headers.typed_insert(tag.clone());
    response
}

fn content_range(response: &mut Response, range: &str) {
    if let Ok(range) = HeaderValue::from_str(range) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
}

fn missing() -> Response {
    reply::error(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such file")
}

fn failed(error: &object_store::Error) -> Response {
    outage::failed(Outage::MediaStore, error);
    reply::error(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "the file cannot be read now; try again",
    )
}
