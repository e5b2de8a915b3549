//! A client that keeps its connection, is signed in, and never does a change twice.

use std::{
    io::{self, Error, ErrorKind},
    net::SocketAddr,
    sync::{Arc, RwLock},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
const ATTEMPTS: u32 = 60;
const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";

/// Who asks; shared by many clients, so that they share a session.
pub(crate) struct Account {
    email: String,
    password: String,
    token: RwLock<String>,
}

/// A request with a key of its own: however often it is sent, it is done once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    key: String,
    query: String,
    variables: Value,
}

/// What became of a request in the end.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It has been done, or refused; what the mutation gave back.
    Answered(Value),
    /// It has been done, but nobody knows the answer any more.
    Unknown,
}

/// One connection to a server.
pub(crate) struct Client {
    address: SocketAddr,
    account: Arc<Account>,
    stream: Option<TcpStream>,
    /// How often it was told to try again.
    pub(crate) unavailable: usize,
}

impl Account {
    /// Not signed in yet: the first answer that asks for it makes its clients do so.
    pub(crate) fn new(email: &str, password: String) -> Arc<Self> {
        Arc::new(Self {
            email: email.to_owned(),
            password,
            token: RwLock::default(),
        })
    }

    fn token(&self) -> String {
        self.token.read().expect("a token").clone()
    }
}

impl Request {
    /// A mutation that takes this input, and what it is to give back.
    pub(crate) fn new(mutation: &str, input: &Value, fields: &str) -> Self {
        let input_type = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        Self {
            key: kindling::id::new().to_string(),
            query: format!(
                "mutation($input: {input_type}!) {{ payload: {mutation}(input: $input) {{ {fields} userErrors {{
                    code path message ... on ConflictError {{ latestRevision fields {{ path theirs }} }} }} }} }}"
            ),
            variables: json!({ "input": input }),
        }
    }
}

/// The code of the first error of an answer; empty if there is none.
pub(crate) fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

impl Client {
    pub(crate) fn new(address: SocketAddr, account: &Arc<Account>) -> Self {
        Self {
            address,
            account: Arc::clone(account),
            stream: None,
            unavailable: 0,
        }
    }

    /// Sends the request until there is an answer that stays. An error means that the server is gone.
    pub(crate) async fn insist(&mut self, request: &Request) -> io::Result<Outcome> {
        let mut unknown = 0;
        for attempt in 0..ATTEMPTS {
            let answer = self.send(request).await?;
            match code(&answer) {
                "" => return Ok(Outcome::Answered(answer["data"]["payload"].clone())),
                "UNAVAILABLE" => self.unavailable += 1,
                "ANSWER_UNKNOWN" if unknown == 3 => return Ok(Outcome::Unknown),
                "ANSWER_UNKNOWN" => unknown += 1,
                _ => panic!("{request:?}: {answer}"),
            }
            sleep(Duration::from_millis(10 * u64::from(attempt.min(20)))).await;
        }
        panic!("no answer after {ATTEMPTS} attempts: {request:?}");
    }

    /// Sends the request; what the mutation gave back, which must be no failure.
    pub(crate) async fn done(&mut self, request: &Request) -> Value {
        match self.insist(request).await.expect("an answer") {
            Outcome::Answered(payload) if payload["userErrors"] == json!([]) => payload,
            outcome => panic!("{request:?}: {outcome:?}"),
        }
    }

    /// Sends the request once.
    pub(crate) async fn send(&mut self, request: &Request) -> io::Result<Value> {
        self.ask_with(Some(&request.key), &request.query, &request.variables)
            .await
    }

    /// The answer to a query.
    pub(crate) async fn ask(&mut self, query: &str, variables: &Value) -> io::Result<Value> {
        self.ask_with(None, query, variables).await
    }

    async fn ask_with(
        &mut self,
        key: Option<&str>,
        query: &str,
        variables: &Value,
    ) -> io::Result<Value> {
        let answer = self.post(key, query, variables).await?;
        if code(&answer) != "UNAUTHENTICATED" {
            return Ok(answer);
        }
        // The access token has ended, or there is none yet.
        *self.account.token.write().expect("a token") = String::new();
        let input = json!({ "email": self.account.email.clone(), "password": self.account.password.clone() });
        let session = self.post(None, SIGN_IN, &json!({ "input": input })).await?;
        if code(&session) == "UNAVAILABLE" {
            return Ok(session);
        }
        let token = session["data"]["signIn"]["session"]["accessToken"].as_str();
        let token = token.unwrap_or_else(|| panic!("no token: {session}"));
        token.clone_into(&mut self.account.token.write().expect("a token"));
        self.post(key, query, variables).await
    }

    async fn post(
        &mut self,
        key: Option<&str>,
        query: &str,
        variables: &Value,
    ) -> io::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut lines = vec![
            "POST /graphql HTTP/1.1".to_owned(),
            format!("Host: {}", self.address),
            "Content-Type: application/json".to_owned(),
            format!("Content-Length: {}", body.len()),
        ];
        let token = self.account.token();
        if !token.is_empty() {
            lines.push(format!("Authorization: Bearer {token}"));
        }
        if let Some(key) = key {
            lines.push(format!("Idempotency-Key: {key}"));
        }
        let head = lines.join("\r\n");
        let (_, body) = self.exchange(&format!("{head}\r\n\r\n{body}")).await?;
        serde_json::from_slice(&body).map_err(Error::other)
    }

    /// The status at this path.
    pub(crate) async fn status(&mut self, path: &str) -> io::Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.exchange(&request).await.map(|(status, _)| status)
    }

    /// Sends a request and reads the answer. A connection that fails is not used again.
    async fn exchange(&mut self, request: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        let answer = timeout(ANSWER_TIMEOUT, async {
            stream.write_all(request.as_bytes()).await?;
            read(&mut stream).await
        });
        let answer = answer.await.map_err(Error::from)??;
        self.stream = Some(stream);
        Ok(answer)
    }
}

/// The status and the body of an answer, whose length the server tells.
async fn read(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(4_096);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let (Some(status), Some(length)) = (status, length) else {
        return Err(Error::other(format!("no answer of ours: {head}")));
    };
    let mut body = bytes.split_off(end);
    let known = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[known..]).await?;
    Ok((status, body))
}
