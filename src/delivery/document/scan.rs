//! A look at the text of a document before it is parsed: how many tokens it has, and how deep it is nested. The parser calls
//! itself for each level, and takes much longer for each token.

use std::{borrow::Cow, ops::Range};

/// What the text of a document consists of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Names, values and marks.
    pub(super) tokens: u64,
    /// How many brackets are open at once, at most.
    pub(super) nesting: usize,
    /// The length of the longest name or number, in bytes.
    pub(super) longest_name: usize,
    /// Where its comments are.
    comments: Vec<Range<usize>>,
}

impl Scan {
    /// Looks at a text once, from its beginning to its end. What is in texts and comments does not count.
    pub(super) fn of(document: &str) -> Self {
        let mut scan = Self::default();
        let mut open = 0_usize;
        let mut rest = document.as_bytes();
        while let [next, ..] = rest {
            let length = match next {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => 1,
                b'#' => rest
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'\r'))
                    .unwrap_or(rest.len()),
                _ => token_length(rest),
            };
            match next {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => {}
                b'#' => {
                    let at = document.len() - rest.len();
                    scan.comments.push(at..at + length);
                }
                _ => scan.tokens += 1,
            }
            match next {
                b'{' | b'(' | b'[' => open += 1,
                b'}' | b')' | b']' => open = open.saturating_sub(1),
                b'_' | b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    scan.longest_name = scan.longest_name.max(length);
                }
                _ => {}
            }
            scan.nesting = scan.nesting.max(open);
            rest = &rest[length..];
        }
        scan
    }

    /// The same document with blanks for its comments, so that everything stands where it stood: for the parser, what nobody needs would
    /// take the longest.
    pub(super) fn without_comments<'a>(&self, document: &'a str) -> Cow<'a, str> {
        if self.comments.is_empty() {
            return document.into();
        }
        let mut text = String::with_capacity(document.len());
        let mut end = 0;
        for comment in &self.comments {
            text.push_str(&document[end..comment.start]);
            let letters = document[comment.clone()].chars();
            text.extend(letters.map(|_| ' '));
            end = comment.end;
        }
        text.push_str(&document[end..]);
        text.into()
    }
}

/// The length of the token that the rest begins with, in bytes.
fn token_length(rest: &[u8]) -> usize {
    let run = |is_part: fn(&u8) -> bool| rest.iter().take_while(|byte| is_part(byte)).count();
    match rest[0] {
        b'"' => text_length(rest),
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
            run(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        }
        b'-' | b'0'..=b'9' => {
            run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        }
        b'.' if rest.starts_with(b"...") => 3,
        _ => 1,
    }
}

/// The length of the text that the rest begins with, in bytes; a text without an end goes on to the end.
fn text_length(rest: &[u8]) -> usize {
    if rest.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < rest.len() {
            if rest[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if rest[at..].starts_with(b"\"\"\"") {
                return at + 3;
            } else {
                at += 1;
            }
        }
        return rest.len();
    }
    let mut escaped = false;
    for (at, next) in rest.iter().enumerate().skip(1) {
        match next {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use proptest::prelude::*;

    use super::Scan;

    const PIECES: [&str; 14] = [
        "#",
        "# é \n",
        "\n",
        "\r",
        " ",
        "\"",
        "\\",
        "\"#\"",
        "\"\"\"",
        "\"\"\"#\n\"\"\"",
        "b",
        "(c: ",
        ")",
        "1",
    ];

    #[test]
    fn what_is_in_texts_and_comments_does_not_count() {
        for (document, nesting, tokens) in [
            ("{ a(b: [{c: 1}]) { d } }", 4, 17),
            ("{ a(b: \"{{{\\\"[[[\") }", 2, 8),
            ("{ a(b: \"\"\"{{{ \\\"\"\" [[[\"\"\") } # {{{{{{\n{", 2, 9),
            ("{ a(b: \"no end {{{\n{ {", 4, 8),
            ("{ ...a, b @include(if: $c) }", 2, 13),
            ("{ a(b: -1.5e+3) é }", 2, 10),
            ("}}}{", 1, 4),
            ("\"", 0, 1),
            ("", 0, 0),
        ] {
            let scan = Scan::of(document);
            assert_eq!((scan.nesting, scan.tokens), (nesting, tokens), "{document}");
        }
        for (document, length) in [
            ("{ _a1 bcdef(x: \"longer text\") }", 5),
            ("{ a(b: -1234567) }", 8),
        ] {
            assert_eq!(Scan::of(document).longest_name, length, "{document}");
        }
    }

    #[test]
    fn what_stands_around_comments_stays_where_it_is() {
        for (document, parsed) in [
            ("{ a }", "{ a }"),
            (
                "# é {\n{ a #b\r  c(d: \"#\") }#",
                "     \n{ a   \r  c(d: \"#\") } ",
            ),
            ("#", " "),
        ] {
            assert_eq!(Scan::of(document).without_comments(document), parsed);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_same_without_comments(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..20)
        ) {
            let document = format!("{{ a{} }}", pieces.concat());
            let text = Scan::of(&document).without_comments(&document).into_owned();
            let [read, expected] = [text, document].map(|text| parse_query(text).ok());
            prop_assert_eq!(format!("{read:?}"), format!("{expected:?}"));
        }
    }
}
