//! Tells code from comments and from what stands in quotes.

/// Puts spaces in the place of comments and, unless they are kept, of what stands in quotes.
pub(crate) fn blank(text: &str, keep_strings: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, keep) = token(
            rest,
            out.ends_with(|c: char| c.is_alphanumeric() || c == '_'),
        );
        let keep = match keep {
            Kind::Code => true,
            Kind::Quoted => keep_strings,
            Kind::Comment => false,
        };
        let length = length.max(c.len_utf8());
        out.extend(
            rest[..length]
                .chars()
                .map(|c| if keep || c == '\n' { c } else { ' ' }),
        );
        rest = &rest[length..];
    }
    out
}

enum Kind {
    Code,
    Quoted,
    Comment,
}

/// The length in bytes and the kind of what `rest` begins with.
fn token(rest: &str, in_word: bool) -> (usize, Kind) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Kind::Comment);
    }
    if rest.starts_with('"') {
        return (quoted(rest, '"'), Kind::Quoted);
    }
    if rest.starts_with("'\\") || (rest.starts_with('\'') && rest.chars().nth(2) == Some('\'')) {
        return (quoted(rest, '\''), Kind::Quoted);
    }
    let hashes = rest
        .strip_prefix('r')
        .map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    if !in_word && rest.starts_with('r') && rest[1 + hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = 2 + hashes;
        let length = rest[start..]
            .find(&end)
            .map_or(rest.len(), |at| start + at + end.len());
        return (length, Kind::Quoted);
    }
    (0, Kind::Code)
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    rest.len()
}
