//! Bodies that were compressed on their way, as `Content-Encoding` says.

use std::io::{self, Read};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use super::{bad, too_large};

/// What may stand in `Content-Encoding`.
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

/// Why a body cannot be read.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Unknown,
    /// A form, which is read as it arrives.
    Form,
    TooLarge,
    Damaged,
}

impl From<Fault> for Response {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge => too_large(),
            Fault::Form => bad(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send a form with files without Content-Encoding",
            ),
            Fault::Damaged => bad(
                StatusCode::BAD_REQUEST,
                "the request body is not encoded as Content-Encoding says",
            ),
            Fault::Unknown => {
                let message = "send the request body as it is, or with one of gzip, br and zstd as its Content-Encoding";
                let mut response = bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
                let headers = response.headers_mut();
                headers.insert(header::ACCEPT_ENCODING, ENCODINGS);
                response
            }
        }
    }
}

/// Returns whether the body is sent as it is.
pub(super) fn is_identity(headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::CONTENT_ENCODING).into_iter();
    named.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The body as it was before it was compressed. It may have at most so many bytes then, too.
pub(super) fn decoded(headers: &HeaderMap, body: Bytes, most_bytes: usize) -> Result<Bytes, Fault> {
    let mut named = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let encoding = match (named.next(), named.next()) {
        (None, _) => return Ok(body),
        (Some(encoding), None) => encoding.to_str().unwrap_or_default().trim(),
        (Some(_), Some(_)) => return Err(Fault::Unknown),
    };
    let limit = most_bytes as u64 + 1;
    let read = match encoding.to_ascii_lowercase().as_str() {
        "identity" => return Ok(body),
        "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(&body[..]), limit),
        "br" => read(brotli::Decompressor::new(&body[..], 4096), limit),
        "zstd" => zstd::stream::read::Decoder::new(&body[..]).and_then(|it| read(it, limit)),
        _ => return Err(Fault::Unknown),
    };
    match read {
        Ok(text) if text.len() > most_bytes => Err(Fault::TooLarge),
        Ok(text) => Ok(text.into()),
        Err(_) => Err(Fault::Damaged),
    }
}

fn read(decoder: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    decoder.take(limit).read_to_end(&mut text)?;
    Ok(text)
}
