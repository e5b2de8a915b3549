//! Origins of pages, as browsers name them, and those whose pages may read answers.

use std::fmt;

use url::Url;

/// Most origins that may be listed.
const MOST: usize = 100;

/// A scheme, a host, and a port if it is not the scheme's own: `https://www.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

/// Whose pages may read answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Those of every origin, without credentials.
    Any,
    /// Those of the listed origins; none by default.
    Listed(Vec<WebOrigin>),
}

impl WebOrigin {
    /// The origin that a text names exactly as browsers do.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| format!("{text:?} is no origin"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{text:?} is neither http nor https"));
        }
        if text.contains('*') {
            return Err(format!("{text:?} is a pattern; list each origin"));
        }
        match url.origin().ascii_serialization() {
            origin if origin == text => Ok(Self(origin)),
            origin => Err(format!("{text:?} is written {origin:?}")),
        }
    }

    /// The origin of an address.
    pub fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CorsOrigins {
    /// The origins by name; none for those that are allowed without being named.
    pub fn listed(&self) -> &[WebOrigin] {
        match self {
            Self::Any => &[],
            Self::Listed(origins) => origins,
        }
    }
}

/// Origins, or `*`.
pub(super) fn origins(text: &str) -> Result<CorsOrigins, String> {
    let names = text.split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if names == ["*"] {
        return Ok(CorsOrigins::Any);
    }
    if names.contains(&"*") {
        return Err("* stands beside origins".into());
    }
    if names.len() > MOST {
        return Err(format!("{} are too many", names.len()));
    }
    let origins = names.into_iter().map(WebOrigin::parse);
    origins.collect::<Result<_, _>>().map(CorsOrigins::Listed)
}

#[cfg(test)]
mod tests {
    use super::{CorsOrigins, origins};

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        assert_eq!(origins("*"), Ok(CorsOrigins::Any));
        assert_eq!(origins(""), Ok(CorsOrigins::Listed(Vec::new())));
        let two = origins("https://www.example.org, http://localhost:5173").expect("origins");
        let two: Vec<&str> = two.listed().iter().map(super::WebOrigin::as_str).collect();
        assert_eq!(two, ["https://www.example.org", "http://localhost:5173"]);
        for text in [
            "https://www.example.org/",
            "https://www.example.org:443",
            "HTTPS://www.example.org",
            "https://WWW.example.org",
            "https://münchen.example",
            "https://user@www.example.org",
            "https://*.example.org",
            "www.example.org",
            "null",
            "file:///etc/passwd",
            "*,https://www.example.org",
            "https://www.example.org/path",
            "https://www.example.org?",
        ] {
            assert!(origins(text).is_err(), "{text}");
        }
    }
}
