//! The real program as a process, and the smallest HTTP client that can ask it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use entity::entry_id::{EntryId, VIEW_MARK};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long anything here may take before the test fails.
const DEADLINE: Duration = Duration::from_mins(1);

/// The program in a folder of its own, where no settings of ours reach it. Unless it is told to, it answers no operators:
/// many of them run at once.
pub(crate) fn kindling(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).env_clear();
    command.env("KINDLING_MANAGEMENT_LISTEN", "off");
    command
}

/// The program that was built with the tests, unless `KINDLING_BIN` names another one.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings are none of the server's"
)]
fn program() -> OsString {
    std::env::var_os("KINDLING_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_kindling").into())
}

/// Runs a command of the program to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    kindling(folder, arguments).output().expect("the program")
}

/// What serves from a folder on any free port.
pub(crate) const SERVE: [&str; 7] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--log-format",
    "json",
    "--data-dir",
    "data",
];

/// `kindling serve`, killed with this value.
pub(crate) struct Server {
    child: Child,
    log: Lines,
    printed: Lines,
    pub(crate) address: SocketAddr,
}

/// Lines that a thread reads from the process.
type Lines = Arc<Mutex<Vec<String>>>;

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// Serves the demo from the folder on any free port, and waits until it answers.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_without_demo(folder, &[&["--demo"], arguments].concat())
    }

    /// Serves what is in the folder, if anything is.
    pub(crate) fn start_without_demo(folder: &Path, arguments: &[&str]) -> Self {
        Self::run(kindling(folder, &[&SERVE, arguments].concat()))
    }

    /// The same, with the demo, where the largest file that it can write has so many blocks of 512 bytes.
    pub(crate) fn start_with_small_files(folder: &Path, blocks: u32) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let program = env!("CARGO_BIN_EXE_kindling");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "sh", program]);
        command.args(SERVE).arg("--demo");
        command.current_dir(folder).env_clear();
        command.env("KINDLING_MANAGEMENT_LISTEN", "off");
        Self::run(command)
    }

    /// Runs a command that serves, and waits until it answers.
    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let log = lines(child.stderr.take().expect("its log"));
        let printed = lines(child.stdout.take().expect("its output"));
        let mut server = Self {
            child,
            log,
            printed,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        server.address = server.wait_for("its address", |server| {
            let address = server
                .log()
                .iter()
                .find_map(|line| line["fields"]["address"].as_str()?.parse().ok());
            let ended = server.child.try_wait().expect("a state");
            assert!(ended.is_none(), "the server has ended: {:?}", server.log());
            address
        });
        server
    }

    /// The lines of its log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let lines = self.log.lock().expect("the log");
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::String(line.clone())))
            .collect()
    }

    /// The lines that it has printed so far, which are for the operator alone.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.printed.lock().expect("what it printed").clone()
    }

    /// The password of the demo's account with this role, as it was printed at the first start of the demo.
    pub(crate) fn demo_password(&mut self, role: &str) -> String {
        let address = format!("{role}@demo.example");
        self.wait_for("password", |server| {
            let printed = server.printed();
            let line = printed.iter().find(|line| line.contains(&address))?;
            line.split_whitespace().last().map(str::to_owned)
        })
    }

    /// An access token of the demo's account with this role.
    pub(crate) async fn sign_in(&mut self, role: &str) -> String {
        let input = serde_json::json!({
            "email": format!("{role}@demo.example"), "password": self.demo_password(role)
        });
        let query =
            "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
        let answer = self
            .query_with(&[], query, serde_json::json!({ "input": input }))
            .await;
        let token = &answer.json()["data"]["signIn"]["session"]["accessToken"];
        token.as_str().expect("a token").to_owned()
    }

    /// The answer to a query of somebody who is signed in.
    pub(crate) async fn query_as(&self, token: &str, query: &str, variables: Value) -> Answer {
        let bearer = format!("Bearer {token}");
        self.query_with(&[("Authorization", &bearer)], query, variables)
            .await
    }

    /// The answer to a query with variables and more headers.
    pub(crate) async fn query_with(
        &self,
        headers: &[(&str, &str)],
        query: &str,
        variables: Value,
    ) -> Answer {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let json = ("Content-Type", "application/json");
        self.request("POST", "/graphql", &[&[json], headers].concat(), &body)
            .await
    }

    /// Tries until there is something.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        mut attempt: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = attempt(self) {
                return found;
            }
            assert!(started.elapsed() < DEADLINE, "no {what}: {:?}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to stop, as an operator's machine does.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill")
            .arg(self.process().to_string())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "no signal was sent"
        );
    }

    /// Waits until the process has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.wait_for("end", |server| server.child.try_wait().expect("a state"))
    }

    /// Sends the bytes, and leaves the connection open.
    pub(crate) async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        stream.write_all(bytes).await.expect("sent");
        stream
    }

    /// What operators are told at this path, where they are answered.
    pub(crate) async fn managed(&mut self, path: &str) -> Answer {
        let address: SocketAddr = self.wait_for("port of operators", |server| {
            let log = server.log();
            let mut told = log.iter().map(|line| &line["fields"]["management"]);
            told.find_map(|address| address.as_str()?.parse().ok())
        });
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        Self::answer(stream).await
    }

    /// Sends a request as it stands, and reads the answer until the server closes the connection.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Answer {
        Self::answer(self.open(bytes).await).await
    }

    async fn answer(mut stream: TcpStream) -> Answer {
        let mut answer = Vec::new();
        let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer))
            .await
            .expect("an end of the answer");
        // A server that refuses a body closes the connection without having read it.
        assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
        Answer::parse(&answer)
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut lines = vec![
            format!("{method} {path} HTTP/1.1"),
            format!("Host: {}", self.address),
            "Connection: close".to_owned(),
        ];
        lines.extend(
            headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        if !body.is_empty() {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        let head = lines.join("\r\n");
        self.send(format!("{head}\r\n\r\n{body}").as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, "").await
    }

    /// The answer to a query, posted as JSON.
    pub(crate) async fn query(&self, query: &str) -> Answer {
        self.query_with(&[], query, Value::Null).await
    }
}

/// The lines of a stream, read by a thread.
fn lines(stream: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            kept.lock().expect("the lines").push(line);
        }
    });
    lines
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer with the ids of entries in the place of those of what views show of them. Most tests look at the same entries in several
/// views; those of the ids themselves look at what was sent.
pub(crate) fn of_entries(answer: Value) -> Value {
    match answer {
        Value::String(text) => match text.split_once(VIEW_MARK) {
            Some((id, _)) if id.parse::<EntryId>().is_ok() => id.into(),
            _ => text.into(),
        },
        Value::Array(items) => items.into_iter().map(of_entries).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, of_entries(value)))
            .collect(),
        other => other,
    }
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head of text");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok())
            .expect("a status");
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = name.to_lowercase();
            // Cookies have commas of their own.
            let between = if name == "set-cookie" { "\n" } else { ", " };
            let known = headers.entry(name).or_default();
            if !known.is_empty() {
                known.push_str(between);
            }
            known.push_str(value);
        }
        Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// Its headers by their names in lower case; those that came several times in one.
    pub(crate) fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    /// The header of this name in lower case; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// As [`of_entries`].
    pub(crate) fn json(&self) -> Value {
        of_entries(self.sent())
    }

    /// What was sent.
    pub(crate) fn sent(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of its first error; empty if it is no error in our form.
    pub(crate) fn code(&self) -> String {
        let answer: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        answer["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
