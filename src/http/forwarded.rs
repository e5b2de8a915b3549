//! Which address trusted proxies name: `X-Forwarded-For` and `Forwarded` (RFC 7239).
//!
//! Both are read from the right, as bytes, for as long as the address before is a trusted proxy's: a client can have written
//! whatever stands further left. Where both are there they must agree. A proxy sets one of them and may pass on what a client
//! writes into the other, and nothing shows which one that is.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str,
};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Address(IpAddr),
    /// A trusted proxy names no address, or none that can be read.
    Unreadable,
}

/// The last address on the way that is no trusted proxy's. Where no header names any, that is the peer itself.
pub(super) fn origin(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> Origin {
    if !is_trusted(trusted, peer) {
        return Origin::Address(peer);
    }
    let listed = headers.contains_key(X_FORWARDED_FOR);
    let described = headers.contains_key(header::FORWARDED);
    let of_list = || last(trusted, peer, headers, &X_FORWARDED_FOR, address);
    let of_description = || last(trusted, peer, headers, &header::FORWARDED, node);
    match (listed, described) {
        (false, false) => Origin::Address(peer),
        (true, false) => of_list(),
        (false, true) => of_description(),
        (true, true) => {
            let origin = of_list();
            if origin == of_description() {
                origin
            } else {
                Origin::Unreadable
            }
        }
    }
}

/// Whether a proxy has written where the request comes from.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED)
}

fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// Follows the elements of a header from the last one, each of which the proxy before has written.
fn last(
    trusted: &[IpNet],
    peer: IpAddr,
    headers: &HeaderMap,
    name: &HeaderName,
    read: impl Fn(&[u8]) -> Option<IpAddr>,
) -> Origin {
    let mut last = peer;
    for value in headers.get_all(name).iter().rev() {
        let mut rest = Some(value.as_bytes());
        while let Some(list) = rest {
            if !is_trusted(trusted, last) {
                return Origin::Address(last);
            }
            let (before, element) = split_last(list, b',');
            let Some(address) = read(element.trim_ascii()) else {
                return Origin::Unreadable;
            };
            last = address;
            rest = before;
        }
    }
    Origin::Address(last)
}

/// The last part of a list, and what stands before its separator. Separators in quotes do not count. Quotes are matched from the
/// right: one that a client has left open further left changes nothing.
fn split_last(list: &[u8], separator: u8) -> (Option<&[u8]>, &[u8]) {
    let mut is_quoted = false;
    for at in (0..list.len()).rev() {
        let (before, byte) = (&list[..at], list[at]);
        if byte == b'"' {
            let escapes = before.iter().rev().take_while(|byte| **byte == b'\\');
            if !is_quoted || escapes.count() % 2 == 0 {
                is_quoted = !is_quoted;
            }
        } else if byte == separator && !is_quoted {
            return (Some(before), &list[at + 1..]);
        }
    }
    (None, list)
}

/// The address in the parameter `for` of an element of `Forwarded`, which must have exactly one.
fn node(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    let mut rest = Some(element);
    while let Some(list) = rest {
        let (before, pair) = split_last(list, b';');
        rest = before;
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&pair[..equals], &pair[equals + 1..]);
        if name.trim_ascii().eq_ignore_ascii_case(b"for") {
            if found.is_some() {
                return None;
            }
            found = Some(address(value.trim_ascii())?);
        }
    }
    found
}

/// An address, which may have a port and stand in quotes. Names, `unknown` and zones are none.
fn address(text: &[u8]) -> Option<IpAddr> {
    let quoted = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    let text = str::from_utf8(quoted.unwrap_or(text)).ok()?;
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::from)
    };
    let with_port = || {
        // A zone only means something on the machine that names it.
        let address = text.parse::<SocketAddr>().ok()?;
        (!text.contains('%')).then(|| address.ip())
    };
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderName, Origin, origin};

    const TRUSTED: &str = "10.0.0.0/8";

    /// What these header lines name for a request of a proxy at `peer`; "unreadable" if that is nothing.
    fn named(peer: &str, lines: &[(&'static str, &[u8])]) -> String {
        let trusted = [
            TRUSTED.parse().expect("a network"),
            "::1/128".parse().expect("a network"),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = axum::http::HeaderValue::from_bytes(value).expect("a value");
            headers.append(HeaderName::from_static(name), value);
        }
        match origin(&trusted, peer.parse().expect("an address"), &headers) {
            Origin::Address(address) => address.to_string(),
            Origin::Unreadable => "unreadable".to_owned(),
        }
    }

    #[test]
    fn only_what_trusted_proxies_name_is_believed() {
        let cases: [(&str, &[u8], &str); 24] = [
            ("203.0.113.9", b"198.51.100.7", "203.0.113.9"),
            ("203.0.113.9", b"\xff", "203.0.113.9"),
            ("10.0.0.1", b"198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", b"1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", b"\xff, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", b"\"a, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", b"198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", b"198.51.100.7 ,\t10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", b"198.51.100.7:4711", "198.51.100.7"),
            ("10.0.0.1", b"\"198.51.100.7:4711\"", "198.51.100.7"),
            ("10.0.0.1", b"2001:db8::7", "2001:db8::7"),
            ("10.0.0.1", b"[2001:db8::7]", "2001:db8::7"),
            ("10.0.0.1", b"[2001:db8::7]:4711", "2001:db8::7"),
            ("10.0.0.1", b"\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("10.0.0.1", b"::ffff:198.51.100.7", "198.51.100.7"),
            ("::1", b"198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", b"198.51.100.7, nonsense", "unreadable"),
            ("10.0.0.1", b"198.51.100.7, \xff", "unreadable"),
            ("10.0.0.1", b"198.51.100.7, unknown", "unreadable"),
            ("10.0.0.1", b"198.51.100.7,", "unreadable"),
            ("10.0.0.1", b"nonsense, 10.0.0.2", "unreadable"),
            ("10.0.0.1", b"fe80::1%1", "unreadable"),
            ("10.0.0.1", b"", "unreadable"),
        ];
        for (peer, value, expected) in cases {
            let named = named(peer, &[("x-forwarded-for", value)]);
            assert_eq!(
                named,
                expected,
                "{peer} {:?}",
                String::from_utf8_lossy(value)
            );
        }
        assert_eq!(named("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn lines_count_in_their_order() {
        let two = |first, second| {
            named(
                "10.0.0.1",
                &[("x-forwarded-for", first), ("x-forwarded-for", second)],
            )
        };
        assert_eq!(two(b"1.1.1.1", b"198.51.100.7"), "198.51.100.7");
        assert_eq!(two(b"198.51.100.7", b"10.0.0.3, 10.0.0.2"), "198.51.100.7");
        assert_eq!(two(b"198.51.100.7", b"\xff"), "unreadable");
    }

    #[test]
    fn forwarded_is_read_too() {
        let cases: [(&[u8], &str); 14] = [
            (b"for=198.51.100.7", "198.51.100.7"),
            (b"For=\"198.51.100.7:4711\";proto=https", "198.51.100.7"),
            (b"by=10.0.0.1;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            (b"for=1.1.1.1, for=198.51.100.7", "198.51.100.7"),
            (b"for=\"x, for=198.51.100.7", "198.51.100.7"),
            (
                b"for=198.51.100.7, for=10.0.0.2;host=\"a,b;c\"",
                "198.51.100.7",
            ),
            (
                b"for=198.51.100.7;host=\"x,for=10.0.0.9;y=\\\"\"",
                "198.51.100.7",
            ),
            (b"for=198.51.100.7, for=_hidden", "unreadable"),
            (b"for=unknown", "unreadable"),
            (b"for=\"_gazonk\"", "unreadable"),
            (b"proto=https", "unreadable"),
            (b"for=198.51.100.7;for=10.0.0.2", "unreadable"),
            (b"for=198.51.100.7;proto", "unreadable"),
            (b"\xff", "unreadable"),
        ];
        for (value, expected) in cases {
            let named = named("10.0.0.1", &[("forwarded", value)]);
            assert_eq!(named, expected, "{:?}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn two_headers_must_agree() {
        let both = |list, described| {
            named(
                "10.0.0.1",
                &[("x-forwarded-for", list), ("forwarded", described)],
            )
        };
        assert_eq!(both(b"198.51.100.7", b"for=198.51.100.7"), "198.51.100.7");
        assert_eq!(both(b"198.51.100.7", b"for=10.0.0.9"), "unreadable");
        assert_eq!(both(b"127.0.0.1", b"for=198.51.100.7"), "unreadable");
        assert_eq!(both(b"\xff", b"for=198.51.100.7"), "unreadable");
    }
}
