//! What a browser does by itself: it keeps cookies by host, and sends them along.

use std::collections::BTreeMap;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::server::Answer;

/// Cookies by host and name.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    /// The answer of a server at `http://host:port/…`; what it sets is kept.
    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, &[], "").await
    }

    /// The answer to a form.
    pub(crate) async fn post(&mut self, url: &str, form: &str) -> Answer {
        let media_type = ("Content-Type", "application/x-www-form-urlencoded");
        self.send("POST", url, &[media_type], form).await
    }

    /// The answer to a request with these headers.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let rest = url.strip_prefix("http://").expect("an address");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut head =
            format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let cookies = self.cookies(host);
        let cookie = [("Cookie", cookies.as_str())];
        let cookie = &cookie[..usize::from(!cookies.is_empty())];
        for (name, value) in headers.iter().chain(cookie) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let request = format!("{head}\r\n{body}");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer");
        let answer = Answer::parse(&bytes);
        self.keep(host, &answer);
        answer
    }

    /// The cookies that go to a host, as they are sent.
    pub(crate) fn cookies(&self, host: &str) -> String {
        let own = self.cookies.iter().filter(|((of, _), _)| of == host);
        let own: Vec<String> = own
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        own.join("; ")
    }

    /// The value of a cookie of a host; empty if there is none.
    pub(crate) fn cookie(&self, host: &str, name: &str) -> &str {
        let key = (host.to_owned(), name.to_owned());
        self.cookies.get(&key).map_or("", String::as_str)
    }

    /// Has the cookie, as if it had been set.
    pub(crate) fn set(&mut self, host: &str, name: &str, value: &str) {
        let key = (host.to_owned(), name.to_owned());
        self.cookies.insert(key, value.to_owned());
    }

    fn keep(&mut self, host: &str, answer: &Answer) {
        for line in answer.header("set-cookie").lines() {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            let is_over = attributes.contains("Max-Age=0") || attributes.contains("1970");
            if is_over {
                self.cookies.remove(&(host.to_owned(), name.to_owned()));
            } else {
                self.set(host, name, value);
            }
        }
    }
}
