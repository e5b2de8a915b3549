//! From the text of a setting to its type; each function says what is wrong, not what is allowed.

use std::{
    fmt::{self, Display},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::secret::Secret;
use icu_locale_core::Locale;
use ipnet::IpNet;
use lettre::message::Mailbox;
use url::Url;

/// Most locales that content may have.
const MOST_LOCALES: usize = 50;
/// Smallest and largest limit on a request body, in bytes.
const BODY_BYTES: RangeInclusive<usize> = 1024..=1024 * 1024 * 1024;
/// The same for the head of a request.
const HEAD_BYTES: RangeInclusive<usize> = 8 * 1024..=1024 * 1024;

/// The most memory that a cache may take, in bytes.
const MEMORY_BYTES: RangeInclusive<usize> = 0..=64 * 1024 * 1024 * 1024;

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let address = match text.parse() {
        Ok(address) => Some(address),
        // A port alone, as other servers take it, is one of this machine; `:8080` is one of all its addresses.
        Err(_) => match text.split_once(':') {
            None => port(text).map(|port| (Ipv4Addr::LOCALHOST, port).into()),
            Some(("", text)) => port(text).map(|port| (Ipv6Addr::UNSPECIFIED, port).into()),
            Some(("localhost", text)) => port(text).map(|port| (Ipv4Addr::LOCALHOST, port).into()),
            _ => None,
        },
    };
    address.ok_or_else(|| "not an IP address and port".into())
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok()
}

/// An address; `off` or nothing means that there is none.
pub(super) fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "" | "off" => Ok(None),
        text => address(text).map(Some),
    }
}

pub(super) fn directory(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("empty".into())
    } else {
        Ok(text.into())
    }
}

/// A file that is read; nothing means that there is none.
pub(super) fn file(text: &str) -> Result<Option<PathBuf>, String> {
    if text.ends_with('/') {
        Err("a folder, not a file".into())
    } else {
        Ok((!text.is_empty()).then(|| text.into()))
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("no such format".into()),
    }
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "neither true nor false".into())
}

/// A whole number from `MIN` to `MAX`.
pub(super) fn whole_number<N, const MIN: u32, const MAX: u32>(text: &str) -> Result<N, String>
where
    N: FromStr + From<u32> + PartialOrd,
{
    let number: N = text
        .parse()
        .map_err(|_| "not a whole number in range".to_owned())?;
    if number < MIN.into() {
        Err("too small".into())
    } else if number > MAX.into() {
        Err("too large".into())
    } else {
        Ok(number)
    }
}

/// A part of a whole.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        Ok(_) => Err("not from 0 to 1".into()),
        Err(_) => Err("not a number".into()),
    }
}

/// A small number of things.
pub(super) fn count(text: &str) -> Result<usize, String> {
    whole_number::<u64, 0, 1_000>(text)
        .and_then(|count| usize::try_from(count).map_err(|_| "too large".to_owned()))
}

/// The size of a body.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    bytes_in(BODY_BYTES, text)
}

/// The size of a head.
pub(super) fn head_bytes(text: &str) -> Result<usize, String> {
    bytes_in(HEAD_BYTES, text)
}

/// The size of a cache, which may be nothing.
pub(super) fn memory(text: &str) -> Result<usize, String> {
    bytes_in(MEMORY_BYTES, text)
}

/// Bytes as `1048576`, `1024KiB` or `1MiB`, with or without a space before the unit.
fn bytes_in(range: RangeInclusive<usize>, text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text[digits.len()..].trim_start() {
        "" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        unit => return Err(format!("unknown unit {unit:?}")),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "not a number of bytes".to_owned())?;
    match number.saturating_mul(factor) {
        bytes if bytes < *range.start() => Err("too small".into()),
        bytes if bytes > *range.end() => Err("too large".into()),
        bytes => Ok(bytes),
    }
}

/// An absolute address for links; nothing means that there is none.
pub(super) fn public_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|error| format!("not an absolute URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        Err("neither http nor https".into())
    } else if !url.username().is_empty() || url.password().is_some() {
        Err("carries a user or password, which every link would show".into())
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("carries a query or fragment".into())
    } else {
        Ok(Some(url))
    }
}

/// 32 bytes in base64url; nothing means that there is none.
pub(super) fn secret_key(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(Some(Secret::new(text))),
        _ => Err("not 32 bytes in base64url".into()),
    }
}

/// A name and an address, or an address alone; nothing means that there is none.
pub(super) fn mailbox(text: &str) -> Result<Option<Mailbox>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let mailbox = text.parse::<Mailbox>();
    mailbox
        .map(Some)
        .map_err(|_| "not an e-mail address".into())
}

/// Networks, or single addresses.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let names = text.split(',').map(str::trim);
    let network = |name: &str| {
        let address = || name.parse::<IpAddr>().map(IpNet::from);
        let network = name.parse::<IpNet>().or_else(|_| address());
        network.map_err(|_| format!("{name:?} is no network"))
    };
    names.filter(|name| !name.is_empty()).map(network).collect()
}

pub(super) fn locales(text: &str) -> Result<Vec<Locale>, String> {
    let mut locales = Vec::new();
    for tag in text.split(',').map(str::trim) {
        let locale = locale(tag)?;
        if locales.contains(&locale) {
            return Err(format!("{tag:?} is listed twice"));
        }
        locales.push(locale);
    }
    if locales.len() > MOST_LOCALES {
        return Err(format!("{} are too many", locales.len()));
    }
    Ok(locales)
}

/// A locale in canonical form, because its text is compared and stored as written.
fn locale(tag: &str) -> Result<Locale, String> {
    if tag.is_empty() {
        return Err("a locale is missing".into());
    }
    let locale = Locale::try_from_str(tag).map_err(|_| format!("{tag:?} is not a locale"))?;
    match locale.to_string() {
        canonical if canonical == tag => Ok(locale),
        canonical => Err(format!("{tag:?} is written {canonical:?}")),
    }
}

/// Directives for the log filter. A bare word that is no level would silently mean a target, so it
/// is refused here; directives on spans (`[span]=level`) are left to the filter itself.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    if !text.contains('[') {
        for directive in text.split(',') {
            let level = directive.rsplit('=').next().unwrap_or(directive).trim();
            if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
                return Err(format!("{level:?} is not a level"));
            }
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_written_in_several_ways() {
        for (text, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
            (":8080", "[::]:8080"),
        ] {
            let expected = expected.parse().expect("an address");
            assert_eq!(address(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            ":",
            "65536",
            "example.org:80",
            "localhost",
            "localhost:",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
