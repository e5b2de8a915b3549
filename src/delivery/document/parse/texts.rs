//! Texts: where they end, and what they say.

/// The length of the text in quotes that the rest begins with, in bytes.
pub(super) fn line_length(rest: &[u8]) -> Result<usize, &'static str> {
    let mut at = 1;
    loop {
        match rest.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            None | Some(b'\n' | b'\r') => return Err("a text has no end"),
            Some(_) => at += 1,
        }
    }
}

/// The length of the text in triple quotes that the rest begins with, in bytes.
pub(super) fn block_length(rest: &[u8]) -> Result<usize, &'static str> {
    let mut at = 3;
    while at < rest.len() {
        match &rest[at..] {
            [b'"', b'"', b'"', ..] => return Ok(at + 3),
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            _ => at += 1,
        }
    }
    Err("a text has no end")
}

/// What a text in quotes says.
pub(super) fn line(token: &str) -> Result<String, &'static str> {
    let mut rest = &token[1..token.len() - 1];
    let mut said = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        said.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let escape = rest.chars().next().unwrap_or_default();
        rest = &rest[escape.len_utf8().min(rest.len())..];
        said.push(match escape {
            '"' | '\\' | '/' => escape,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => character(&mut rest).ok_or("a text has an escape of no character")?,
            _ => return Err("a text has an escape that there is not"),
        });
    }
    said.push_str(rest);
    Ok(said)
}

/// The character whose number follows: `{1F600}`, `00E9`, or two halves of one like `D83D\uDE00`.
fn character(rest: &mut &str) -> Option<char> {
    if let Some(inner) = rest.strip_prefix('{') {
        let (digits, after) = inner.split_once('}')?;
        *rest = after;
        return char::from_u32(hexadecimal(digits)?);
    }
    let high = unit(rest)?;
    if !(0xD800..0xDC00).contains(&high) {
        return char::from_u32(high);
    }
    *rest = rest.strip_prefix("\\u")?;
    let low = unit(rest)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)
}

/// The four digits that follow.
fn unit(rest: &mut &str) -> Option<u32> {
    let (digits, after) = rest.split_at_checked(4)?;
    *rest = after;
    hexadecimal(digits)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = are_digits.then(|| u32::from_str_radix(digits, 16).ok());
    number.flatten()
}

/// What a text in triple quotes says: without the blanks that all lines but the first begin with, and without blank lines around it.
pub(super) fn block(token: &str) -> String {
    let raw = token[3..token.len() - 3].replace("\\\"\"\"", "\"\"\"");
    let raw = raw.replace("\r\n", "\n").replace('\r', "\n");
    let indent = |line: &str| line.find(|letter| letter != ' ' && letter != '\t');
    let common = raw.split('\n').skip(1).filter_map(indent).min();
    let common = common.unwrap_or(0);
    let cut = |(at, line): (usize, &'_ str)| match at {
        0 => line.to_owned(),
        _ => line.get(common..).unwrap_or_default().to_owned(),
    };
    let lines: Vec<String> = raw.split('\n').enumerate().map(cut).collect();
    let says = |line: &String| indent(line).is_some();
    let Some(first) = lines.iter().position(says) else {
        return String::new();
    };
    let last = lines.iter().rposition(says).unwrap_or(first);
    lines[first..=last].join("\n")
}

#[cfg(test)]
mod tests {
    use super::{block, line};

    #[test]
    fn escapes_stand_for_characters() {
        for (token, said) in [
            (r#""""#, Ok("")),
            (r#""a\"\\\/\b\f\n\r\té""#, Ok("a\"\\/\u{8}\u{c}\n\r\té")),
            (r#""\u00e9\u{1F600}\uD83D\uDE00""#, Ok("é😀😀")),
            (r#""\u{0000000041}""#, Ok("A")),
            (r#""\q""#, Err("a text has an escape that there is not")),
            (r#""\é""#, Err("a text has an escape that there is not")),
            (r#""\u00g0""#, Err("a text has an escape of no character")),
            (r#""\u00""#, Err("a text has an escape of no character")),
            (r#""\u+041""#, Err("a text has an escape of no character")),
            (r#""\u00éé""#, Err("a text has an escape of no character")),
            (r#""\uD83D""#, Err("a text has an escape of no character")),
            (r#""\uD83Dx""#, Err("a text has an escape of no character")),
            (
                r#""\uD83D\u0041""#,
                Err("a text has an escape of no character"),
            ),
            (r#""\uDE00""#, Err("a text has an escape of no character")),
            (
                r#""\u{110000}""#,
                Err("a text has an escape of no character"),
            ),
            (r#""\u{41""#, Err("a text has an escape of no character")),
            (r#""\u{}""#, Err("a text has an escape of no character")),
        ] {
            assert_eq!(line(token), said.map(str::to_owned), "{token}");
        }
    }

    #[test]
    fn blocks_are_moved_to_the_margin() {
        for (inner, said) in [
            ("", ""),
            (" \t\n  ", ""),
            ("a", "a"),
            (
                "  a\n    b\n      c\r\n   \r    d  \n\n",
                "  a\nb\n  c\n\nd  ",
            ),
            ("\n\ta\n b", "a\nb"),
            ("\\\"\"\" \\n", "\"\"\" \\n"),
            ("\n  \u{a0}é\n  b", "\u{a0}é\nb"),
        ] {
            assert_eq!(block(&format!("\"\"\"{inner}\"\"\"")), said, "{inner:?}");
        }
    }
}
