//! The formats that texts can have.

use url::Url;

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line.
    Line,
    /// Any number of lines.
    Lines,
    /// Any number of lines of Markdown.
    Markdown,
    /// Lower-case words of letters and digits, joined by hyphens.
    Slug,
    /// An absolute http or https address, or one below this site's root.
    Link,
    /// An absolute http or https address.
    Url,
    /// An e-mail address.
    Email,
}

impl Format {
    /// The format in words, to follow "At most 200 characters".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Line => " on one line",
            Self::Lines => "",
            Self::Markdown => " of Markdown",
            Self::Slug => ": lower-case letters and digits, in words joined by hyphens",
            Self::Link => {
                ": an http or https address, a path that starts with /, or an anchor that starts with #"
            }
            Self::Url => ": an http or https address",
            Self::Email => ": an e-mail address",
        }
    }

    /// What is wrong with the text, if anything is.
    pub fn fault(self, text: &str) -> Option<&'static str> {
        if text.trim().is_empty() {
            return Some("must not be empty; leave it out instead");
        }
        let many_lines = matches!(self, Self::Lines | Self::Markdown);
        if text
            .chars()
            .any(|c| c.is_control() && !(many_lines && matches!(c, '\n' | '\r' | '\t')))
        {
            return Some(if many_lines {
                "must not hold control characters"
            } else {
                "must be one line without control characters"
            });
        }
        match self {
            Self::Line | Self::Lines | Self::Markdown => None,
            Self::Slug => (!is_slug(text))
                .then_some("must be lower-case letters and digits, in words joined by hyphens"),
            Self::Link => {
                (!is_link(text)).then_some("must be an http or https address, or start with / or #")
            }
            Self::Url => (!is_url(text)).then_some("must be an http or https address"),
            Self::Email => (!is_email(text)).then_some("must be an e-mail address"),
        }
    }
}

fn is_slug(text: &str) -> bool {
    text.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

fn is_url(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn is_link(text: &str) -> bool {
    // "//host" and "/\host" lead to another site, though they look like paths.
    let path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    is_url(text) || ((path || text.starts_with('#')) && !text.contains(char::is_whitespace))
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == '@');
    plain(name)
        && plain(host)
        && url::Host::parse(host).is_ok_and(|host| matches!(host, url::Host::Domain(_)))
}
