//! The formats that texts can have.

use url::Url;

use crate::identifier;

/// Characters that begin a line, though they are no control characters.
const LINE_SEPARATOR: char = '\u{2028}';
const PARAGRAPH_SEPARATOR: char = '\u{2029}';

const EMPTY: &str = "must not be empty; leave it out instead";

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
    /// An address as of `Url`, or one below this site's root.
    Link,
    /// An absolute http or https address, or one to write to or to call: `mailto:` and `tel:`.
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
                ": an http, https, mailto or tel address, a path that starts with /, or an anchor that starts with #"
            }
            Self::Url => ": an http, https, mailto or tel address",
            Self::Email => ": an e-mail address",
        }
    }

    /// The part of a text that is stored: no white space at its ends, and nothing of a text of which nothing can be seen. What begins
    /// a text of several lines stays, as it indents.
    pub fn trim(self, text: &str) -> &str {
        match self {
            Self::Lines | Self::Markdown => identifier::trim_end(text),
            Self::Line | Self::Slug | Self::Link | Self::Url | Self::Email => {
                identifier::trim_line(text)
            }
        }
    }

    /// What is wrong with the text, if anything is.
    pub fn fault(self, text: &str) -> Option<&'static str> {
        if text.trim().is_empty() {
            return Some(EMPTY);
        }
        let many_lines = matches!(self, Self::Lines | Self::Markdown);
        let is_wrong = |c: char| match c {
            '\n' | '\r' | '\t' | LINE_SEPARATOR | PARAGRAPH_SEPARATOR => !many_lines,
            c => c.is_control(),
        };
        if text.chars().any(is_wrong) {
            return Some(if many_lines {
                "must not hold control characters"
            } else {
                "must be one line without control characters"
            });
        }
        if identifier::is_blank(text) {
            return Some(EMPTY);
        }
        match self {
            Self::Line | Self::Lines | Self::Markdown => None,
            Self::Slug => (!is_slug(text))
                .then_some("must be lower-case letters and digits, in words joined by hyphens"),
            Self::Link => (!is_link(text))
                .then_some("must be an http, https, mailto or tel address, or start with / or #"),
            Self::Url => (!is_url(text)).then_some("must be an http, https, mailto or tel address"),
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
    Url::parse(text).is_ok_and(|url| match url.scheme() {
        "http" | "https" => url.host().is_some(),
        "mailto" => is_email(url.path()),
        "tel" => is_number(url.path()),
        _ => false,
    })
}

/// Whether a telephone number is written as in addresses: digits, with signs that part them, and perhaps an extension.
fn is_number(text: &str) -> bool {
    let number = text.split(';').next().unwrap_or_default();
    let number = number.strip_prefix('+').unwrap_or(number);
    number.bytes().any(|byte| byte.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-.()".contains(&byte))
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

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn addresses_lead_somewhere() {
        for text in [
            "https://example.org/a?b#c",
            "mailto:hello@example.org",
            "mailto:hello@example.org?subject=Hello",
            "tel:+4930123456",
            "tel:030-12.34(56);ext=7",
        ] {
            assert_eq!(Format::Url.fault(text), None, "{text}");
            assert_eq!(Format::Link.fault(text), None, "{text}");
        }
        for text in [
            "mailto:",
            "mailto:hello",
            "tel:",
            "tel:call me",
            "tel:+",
            "javascript:alert(1)",
            "data:text/html,x",
            "sms:1",
            "//example.org",
        ] {
            assert!(Format::Url.fault(text).is_some(), "{text}");
            assert!(Format::Link.fault(text).is_some(), "{text}");
        }
    }

    #[test]
    fn white_space_at_the_ends_is_not_kept() {
        for (text, line, lines) in [
            (" a b\u{a0}\n", "a b", " a b"),
            ("\u{feff}\ta\u{2060}\u{200b}\r\n", "a", "\u{feff}\ta"),
            ("    code\n\n", "code", "    code"),
            ("\u{2764}\u{fe0f} ", "\u{2764}\u{fe0f}", "\u{2764}\u{fe0f}"),
            (" \u{200b}\u{2800}\n", "", ""),
            ("", "", ""),
        ] {
            for format in [
                Format::Line,
                Format::Slug,
                Format::Link,
                Format::Url,
                Format::Email,
            ] {
                assert_eq!(format.trim(text), line, "{text:?} as {format:?}");
            }
            for format in [Format::Lines, Format::Markdown] {
                assert_eq!(format.trim(text), lines, "{text:?} as {format:?}");
            }
        }
    }

    #[test]
    fn a_text_can_be_seen_and_a_line_is_one() {
        for text in [
            "\u{200b}",
            "\u{feff}",
            " \u{a0}\u{2060}",
            "\u{2800}",
            "\u{ad}",
        ] {
            for format in [Format::Line, Format::Lines, Format::Markdown] {
                assert!(format.fault(text).is_some(), "{text:?} as {format:?}");
            }
        }
        for text in [
            "one\u{2028}two",
            "one\u{2029}two",
            "one\u{85}two",
            "one\ntwo",
        ] {
            assert!(Format::Line.fault(text).is_some(), "{text:?}");
        }
        // Joiners are part of words and of pictures.
        for text in [
            "\u{1f469}\u{200d}\u{1f52c}",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "a\u{a0}b",
        ] {
            assert_eq!(Format::Line.fault(text), None, "{text:?}");
        }
    }
}
