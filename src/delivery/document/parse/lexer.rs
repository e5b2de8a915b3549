//! Tokens: the words and marks that a document consists of.

use async_graphql::{Pos, ServerError};

use super::{mistake, texts};

/// Far longer than any name or number; errors repeat names.
const LONGEST_NAME: usize = 200;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    /// A text in quotes, in one line.
    Text,
    /// A text in triple quotes.
    Block,
    /// `...`
    Spread,
    /// Any other mark.
    Mark(u8),
    /// The end of the document.
    End,
}

/// A token, as it is written, and where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) pos: Pos,
}

/// Reads one token after the other, without ever looking back.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the next token begins, or what comes before it.
    at: usize,
    /// The line and the column of the last byte whose place was asked for.
    pos: Pos,
    counted: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            pos: Pos { line: 1, column: 1 },
            counted: 0,
        }
    }

    /// The next token; after the last one, the end, as often as it is asked for.
    pub(super) fn next(&mut self) -> Result<Token<'a>, ServerError> {
        self.skip();
        let pos = self.position();
        let rest = &self.text[self.at..];
        let (kind, length) = token(rest.as_bytes()).map_err(|message| mistake(message, pos))?;
        if matches!(kind, Kind::Name | Kind::Number) && length > LONGEST_NAME {
            let message = format!("a name or a number of more than {LONGEST_NAME} characters");
            return Err(mistake(message, pos));
        }
        self.at += length;
        Ok(Token {
            kind,
            text: &rest[..length],
            pos,
        })
    }

    /// How many tokens there still are, as far as they can be read.
    pub(super) fn rest(&mut self) -> u64 {
        let mut tokens = 0;
        while let Ok(token) = self.next()
            && token.kind != Kind::End
        {
            tokens += 1;
        }
        tokens
    }

    /// Passes over blanks, commas and comments.
    fn skip(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => {
                    let comment = bytes[self.at..].iter();
                    self.at += comment.take_while(|byte| !is_line_end(**byte)).count();
                }
                Some(_) if bytes[self.at..].starts_with("\u{feff}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    /// The line and the column, in characters, of what comes next; both begin with one.
    fn position(&mut self) -> Pos {
        let bytes = self.text.as_bytes();
        for at in self.counted..self.at {
            match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => {}
                b'\n' | b'\r' => {
                    self.pos.line += 1;
                    self.pos.column = 1;
                }
                // The first byte of each character counts.
                byte => self.pos.column += usize::from(byte & 0b1100_0000 != 0b1000_0000),
            }
        }
        self.counted = self.at;
        self.pos
    }
}

/// What the rest begins with, and how many bytes that has.
fn token(rest: &[u8]) -> Result<(Kind, usize), &'static str> {
    let Some(first) = rest.first() else {
        return Ok((Kind::End, 0));
    };
    match first {
        b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|'
        | b'}' => Ok((Kind::Mark(*first), 1)),
        b'.' if rest.starts_with(b"...") => Ok((Kind::Spread, 3)),
        b'"' if rest.starts_with(b"\"\"\"") => Ok((Kind::Block, texts::block_length(rest)?)),
        b'"' => Ok((Kind::Text, texts::line_length(rest)?)),
        b'-' | b'0'..=b'9' => Ok((Kind::Number, number_length(rest)?)),
        byte if is_name(*byte) => Ok((Kind::Name, run(rest, is_name))),
        _ => Err("a character that stands for nothing here"),
    }
}

/// The length of the number that the rest begins with: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
fn number_length(rest: &[u8]) -> Result<usize, &'static str> {
    const NO_NUMBER: &str = "what begins like a number is none";
    let digits = |at: usize| match run(&rest[at..], |byte| byte.is_ascii_digit()) {
        0 => Err(NO_NUMBER),
        count => Ok(at + count),
    };
    let whole = usize::from(rest[0] == b'-');
    let mut at = digits(whole)?;
    if rest[whole] == b'0' && at > whole + 1 {
        return Err("a number begins with a needless zero");
    }
    if rest.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = rest.get(at) {
        let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        at = digits(at + 1 + sign)?;
    }
    match rest.get(at) {
        Some(byte) if *byte == b'.' || is_name(*byte) => Err(NO_NUMBER),
        _ => Ok(at),
    }
}

fn run(bytes: &[u8], is_part: fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is_part(**byte)).count()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
