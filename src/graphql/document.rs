//! Parses a document, after a look at how deep it is nested: the parser calls itself for each level.

use async_graphql::{Request, ServerError};

use super::errors::{PARSE_FAILED, with_code};

/// Far deeper than any query of a person or a generator.
const DEEPEST: usize = 64;

/// Parses the document of the request, which keeps the result.
pub(crate) fn parse(request: &mut Request) -> Result<(), ServerError> {
    if depth(&request.query) > DEEPEST {
        let message = format!("the document is nested more than {DEEPEST} deep");
        return Err(with_code(ServerError::new(message, None), PARSE_FAILED));
    }
    let parsed = request.parsed_query().map(|_| ());
    parsed.map_err(|error| with_code(without_source(error), PARSE_FAILED))
}

/// The error without the line of the document that it shows, as a secret may stand there; where that is, its location tells.
fn without_source(mut error: ServerError) -> ServerError {
    if let Some((_, reason)) = error.message.rsplit_once('\n') {
        error.message = reason.trim_start_matches([' ', '=']).to_owned();
    }
    error
}

/// How many brackets are open at once, at most. Those in texts and comments do not count.
fn depth(document: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let mut rest = document;
    while let Some(next) = rest.chars().next() {
        let skipped = match next {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => text_length(rest),
            _ => next.len_utf8(),
        };
        match next {
            '{' | '(' | '[' => open += 1,
            '}' | ')' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
        rest = &rest[skipped..];
    }
    deepest
}

/// The length of the text that the rest begins with, in bytes; a text without an end goes on to the end.
fn text_length(rest: &str) -> usize {
    if let Some(block) = rest.strip_prefix("\"\"\"") {
        let mut from = 0;
        while let Some(at) = block[from..].find("\"\"\"") {
            let end = from + at;
            if !block[..end].ends_with('\\') {
                return end + 6;
            }
            from = end + 3;
        }
        return rest.len();
    }
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            '\n' | '\r' => return at,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use async_graphql::Request;

    use super::{depth, parse};

    #[test]
    fn errors_tell_what_is_wrong_and_where_but_show_no_line_of_the_document() {
        let mut request = Request::new("{\n  a(b: \"secret\\q\", c: \"secret) { d }\n}");
        let error = parse(&mut request).expect_err("no document");
        assert_eq!(error.message, "expected value");
        assert_eq!(error.locations.len(), 1);
        assert_eq!(error.locations[0].line, 2);
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        for (document, deepest) in [
            ("{ a(b: [{c: 1}]) { d } }", 4),
            ("{ a(b: \"{{{\\\"[[[\") }", 2),
            ("{ a(b: \"\"\"{{{ \\\"\"\" [[[\"\"\") } # {{{{{{\n{", 2),
            ("{ a(b: \"no end {{{\n{ {", 4),
            ("}}}{", 1),
            ("", 0),
        ] {
            assert_eq!(depth(document), deepest, "{document}");
        }
    }
}
