//! Follows the framing of HTTP/1 in the bytes of a connection, stricter than the parser, which has accepted already what this finds:
//! a line that ends without CR, a length beside a transfer coding, several of either.
//!
//! A proxy in front may read such bytes as other requests than this server does. Headers alone do not show them: the parser drops
//! a `Content-Length` beside `Transfer-Encoding`, and takes any LF for the end of a line.

use memchr::memchr;

/// How an HTTP/2 connection begins.
const HTTP2: &[u8] = b"PRI * HTTP/2.0";

/// The longest part of a line that is kept in memory: no head is longer, whatever the settings say.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Where the bytes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the first line of a head.
    #[default]
    Start,
    /// Among the headers of a head.
    Headers,
    /// So many bytes follow, and then a head.
    Body(u64),
    /// The size of a chunk follows.
    ChunkSize,
    /// So many bytes follow, with the end of the line after them, and then the size of a chunk.
    Chunk(u64),
    /// Among what follows the last chunk.
    Trailers,
    /// It is not HTTP/1, or it is malformed.
    Ended,
}

/// The framing of one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    place: Place,
    /// The part of a line that has come.
    line: Vec<u8>,
    length: Option<u64>,
    is_chunked: bool,
    /// Heads that have come whole.
    heads: usize,
}

/// The bytes are malformed.
struct Wrong;

impl Framing {
    /// Reads the next bytes. Returns the number of the request that is malformed, counted from 1, if there is one now.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Option<usize> {
        while !bytes.is_empty() {
            let Ok(rest) = self.step(bytes) else {
                self.place = Place::Ended;
                self.line = Vec::new();
                return Some(self.heads + 1);
            };
            bytes = rest;
        }
        None
    }

    /// Reads a part of a body, or a line. Returns what follows.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Wrong> {
        match self.place {
            Place::Ended => Ok(&[]),
            Place::Body(length) => {
                let (rest, left) = skip(bytes, length);
                self.place = if left == 0 {
                    Place::Start
                } else {
                    Place::Body(left)
                };
                Ok(rest)
            }
            Place::Chunk(length) => {
                let (rest, left) = skip(bytes, length);
                self.place = if left == 0 {
                    Place::ChunkSize
                } else {
                    Place::Chunk(left)
                };
                Ok(rest)
            }
            Place::Start | Place::Headers | Place::ChunkSize | Place::Trailers => {
                self.read_line(bytes)
            }
        }
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Wrong> {
        let Some(end) = memchr(b'\n', bytes) else {
            // The parser gives up long before, and reads no further.
            if self.line.len() + bytes.len() > MAX_LINE_BYTES {
                return Err(Wrong);
            }
            self.line.extend_from_slice(bytes);
            return Ok(&[]);
        };
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        if self.line.is_empty() {
            self.take(line.strip_suffix(b"\r").ok_or(Wrong)?)?;
        } else {
            let mut whole = std::mem::take(&mut self.line);
            whole.extend_from_slice(line);
            self.take(whole.strip_suffix(b"\r").ok_or(Wrong)?)?;
            whole.clear();
            self.line = whole;
        }
        Ok(rest)
    }

    /// Takes a line without its end.
    fn take(&mut self, line: &[u8]) -> Result<(), Wrong> {
        match self.place {
            // Empty lines may stand before a request.
            Place::Start if line.is_empty() => {}
            Place::Start if line == HTTP2 => self.place = Place::Ended,
            Place::Start => {
                self.length = None;
                self.is_chunked = false;
                self.place = Place::Headers;
            }
            Place::Headers if line.is_empty() => {
                self.place = match (self.length, self.is_chunked) {
                    (Some(_), true) => return Err(Wrong),
                    (Some(length @ 1..), false) => Place::Body(length),
                    (_, true) => Place::ChunkSize,
                    (_, false) => Place::Start,
                };
                self.heads += 1;
            }
            Place::Headers => self.header(line)?,
            Place::ChunkSize => {
                // Data and the end of its line.
                self.place = match chunk_size(line).ok_or(Wrong)? {
                    0 => Place::Trailers,
                    size => Place::Chunk(size.checked_add(2).ok_or(Wrong)?),
                };
            }
            Place::Trailers if line.is_empty() => self.place = Place::Start,
            Place::Trailers | Place::Body(_) | Place::Chunk(_) | Place::Ended => {}
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Wrong> {
        // Most headers are none of these two, which their first letter shows.
        if !matches!(line[0] | 0x20, b'c' | b't') {
            return Ok(());
        }
        let Some(colon) = memchr(b':', line) else {
            return Ok(());
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            if self
                .length
                .replace(number(value, 10).ok_or(Wrong)?)
                .is_some()
            {
                return Err(Wrong);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Wrong);
            }
            self.is_chunked = true;
        }
        Ok(())
    }
}

/// What follows so many bytes, and how many of them are still to come.
fn skip(bytes: &[u8], length: u64) -> (&[u8], u64) {
    let count = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    (&bytes[count..], length - count as u64)
}

/// The size at the begin of a line, which extensions may follow.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?;
    number(size.trim_ascii_end(), 16)
}

/// A number of digits alone.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok()?;
    let are_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    are_digits.then(|| u64::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::Framing;

    /// The request that is malformed, whatever the pieces in which the bytes come.
    fn malformed(bytes: &[u8]) -> Option<usize> {
        let all = Framing::default().read(bytes);
        for size in 1..bytes.len().min(8) {
            let mut framing = Framing::default();
            let found = bytes.chunks(size).find_map(|piece| framing.read(piece));
            assert_eq!(found, all, "in pieces of {size}: {}", bytes.escape_ascii());
        }
        all
    }

    #[test]
    fn well_formed_requests_pass() {
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\n\n\n\nGET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123\n56789\r\n0\r\nTrailer: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\n\0\n",
        ] {
            assert_eq!(malformed(bytes), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_malformed() {
        for (bytes, number) in [
            (&b"GET / HTTP/1.1\nHost: a\r\n\r\n"[..], 1),
            (b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
            (b"GET / HTTP/1.1\r\nHost: a\n\n", 1),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\n", 2),
            (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 1),
            (b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc", 1),
            (b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", 1),
            (b"POST / HTTP/1.1\r\nContent-Length: \r\n\r\nabc", 1),
            (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 1),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 1),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity, chunked\r\n\r\n", 1),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 1),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 2),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 2),
        ] {
            assert_eq!(malformed(bytes), Some(number), "{}", bytes.escape_ascii());
        }
    }
}
