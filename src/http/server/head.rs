//! Heads of requests that a proxy in front could have read differently, for another host or of another length.

use axum::http::{HeaderValue, Version, header, request::Parts};

/// What is wrong with a request, among its extensions. It is answered by 400.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Malformed(pub(in crate::http) &'static str);

/// What the framing of a request breaks.
pub(super) const FRAMING: Malformed = Malformed(
    "the request is framed ambiguously: end lines with CR LF, and send one Content-Length or the one Transfer-Encoding chunked",
);

/// What is wrong with the host that a request names. Since HTTP/1.1 each must name exactly one.
pub(super) fn wrong_host(head: &Parts) -> Option<Malformed> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let authority = head
        .uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let message = match (host.map(HeaderValue::as_bytes), authority) {
        _ if second.is_some() => "send one Host header",
        (None, None) if head.version <= Version::HTTP_10 => return None,
        (None, None) => "send a Host header",
        (None, Some(_)) if head.version == Version::HTTP_11 => "send a Host header",
        (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
            "Host and the authority of the request differ"
        }
        (Some(host), _) if !is_host(host) => "Host is not a host with an optional port",
        (None, Some(authority)) if !is_host(authority) => {
            "the authority is not a host with an optional port"
        }
        _ => return None,
    };
    Some(Malformed(message))
}

/// Whether a text can be a host with a port (RFC 3986, 3.2.2); no user, no list, no path.
fn is_host(text: &[u8]) -> bool {
    let is_allowed =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte);
    !text.is_empty() && text.iter().all(is_allowed)
}
