//! One keep-alive HTTP/1.1 connection, as little work as possible per answer.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Failure;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

pub(crate) struct Connection {
    stream: TcpStream,
    /// Holds one answer at a time and is kept, so that the load generator allocates nothing per request.
    buffer: Vec<u8>,
}

pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Head and start of the body, for people.
    pub(crate) fn shown(&self) -> String {
        let [head, body] = [self.head, self.body].map(String::from_utf8_lossy);
        let start: String = body.chars().take(300).collect();
        format!("{head}{start}")
    }
}

struct Head {
    status: u16,
    body_starts: usize,
    body_length: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a whole request and reads its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let head = self.read_head().await?;
        let end = head.body_starts + head.body_length;
        while self.buffer.len() < end {
            self.read_some().await?;
        }
        Ok(Answer {
            status: head.status,
            head: &self.buffer[..head.body_starts],
            body: &self.buffer[head.body_starts..end],
        })
    }

    async fn read_head(&mut self) -> Result<Head, Failure> {
        loop {
            self.read_some().await?;
            let found = self
                .buffer
                .windows(END_OF_HEAD.len())
                .position(|window| window == END_OF_HEAD);
            if let Some(end) = found {
                return parse_head(
                    std::str::from_utf8(&self.buffer[..end])?,
                    end + END_OF_HEAD.len(),
                );
            }
        }
    }

    async fn read_some(&mut self) -> Result<(), Failure> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection in the middle of an answer".into()),
            _ => Ok(()),
        }
    }
}

fn parse_head(head: &str, body_starts: usize) -> Result<Head, Failure> {
    let mut lines = head.lines();
    let status_line = lines.next().unwrap_or_default();
    let status = status_line
        .split(' ')
        .nth(1)
        .ok_or_else(|| format!("no status in {status_line:?}"))?
        .parse()?;
    // What has not changed has no body.
    if status == 304 {
        return Ok(Head {
            status,
            body_starts,
            body_length: 0,
        });
    }
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or_else(|| {
            format!("an answer ({status_line}) has no Content-Length, which this client needs")
        })?;
    Ok(Head {
        status,
        body_starts,
        body_length: length.1.trim().parse()?,
    })
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A request by whoever holds the access token, or by nobody.
pub(crate) fn post_graphql(body: &str, access_token: Option<&str>) -> Vec<u8> {
    let length = body.len();
    let credentials = access_token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{credentials}\
         Accept: application/graphql-response+json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
