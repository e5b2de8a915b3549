//! Logs that nobody reads, whose reader is gone, that cannot be written; and standard output likewise. The server serves on, and ends.

use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::SOON;
use crate::{
    sizes::turn,
    support::server::{Answer, SERVE, kindling},
};

/// Each request makes many lines.
const LOUD: [&str; 2] = ["--log-level", "trace"];
/// More than any log that nobody reads can take.
const MOST_REQUESTS: usize = 20_000;

/// A server whose output is none of the harness's business. Killed with this value.
struct Loud {
    child: Child,
    address: SocketAddr,
}

impl Loud {
    /// Waits until the server answers at the address, which may take a while.
    async fn new(child: Child, address: SocketAddr) -> Self {
        let loud = Self { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "no server at {address}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        loud
    }

    /// Starts a server with this standard error. Its address stands in the link that it prints.
    async fn start(folder: &Path, stderr: impl Into<Stdio>) -> Self {
        let mut command = kindling(folder, &[&SERVE[..], &LOUD].concat());
        command.stderr(stderr);
        Self::linked(command).await
    }

    async fn linked(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let link = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.trim().split_once("http://")?;
            address.split_once("/setup#")?.0.parse().ok()
        });
        Self::new(child, link.expect("its address")).await
    }

    /// Holds that a request is answered soon, and that the answer is whole.
    async fn answers(&self) {
        let answer = get(self.address, "/livez").await;
        assert_eq!((answer.status, answer.text()), (200, "ok\n"));
    }

    /// Holds that the server ends soon after it was told to.
    fn ends(&mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        let told = Command::new("kill").arg(process).status();
        assert!(told.is_ok_and(|status| status.success()));
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                assert!(status.success(), "{status}");
                return status;
            }
            assert!(begun.elapsed() < SOON, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    let answered = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        Answer::parse(&answer)
    };
    timeout(SOON, answered).await.expect("an answer in time")
}

/// A pipe that takes nothing more.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = pipe().expect("a pipe");
    let mut filling = writer.try_clone().expect("its end");
    // It blocks until the reader goes.
    thread::spawn(move || filling.write_all(&vec![b'x'; 2 << 20]));
    (reader, writer)
}

/// The first lines of a log, up to where the server tells at which addresses it answers: visitors, and operators.
fn addresses(log: &mut impl BufRead) -> (SocketAddr, SocketAddr) {
    let (mut address, mut management) = (None, None);
    loop {
        let mut line = String::new();
        assert!(
            log.read_line(&mut line).expect("a line") > 0,
            "the log ends"
        );
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let at = |name: &str| line["fields"][name].as_str()?.parse().ok();
        address = address.or_else(|| at("address"));
        management = management.or_else(|| at("management"));
        if let (Some(address), Some(management)) = (address, management) {
            return (address, management);
        }
    }
}

/// How many lines of its log the server has dropped.
async fn dropped(management: SocketAddr) -> u64 {
    let metrics = get(management, "/metrics").await;
    let mut lines = metrics.text().lines();
    let count = lines.find_map(|line| line.strip_prefix("kindling_log_lines_dropped_total "));
    count.expect("a metric").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_holds_nothing_up_and_tells_of_its_gap() {
    let _turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let arguments = [&SERVE[..], &LOUD].concat();
    let mut command = kindling(folder.path(), &arguments);
    command.env("KINDLING_MANAGEMENT_LISTEN", "127.0.0.1:0");
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a server");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let (address, management) = addresses(&mut log);
    let mut server = Loud::new(child, address).await;
    let mut requests = 0;
    while dropped(management).await == 0 {
        for _ in 0..50 {
            server.answers().await;
        }
        requests += 50;
        assert!(requests < MOST_REQUESTS, "nothing is dropped");
    }

    // Now somebody reads it.
    let reading = thread::spawn(move || {
        let mut missing = None;
        let mut longest = 0;
        for line in log.lines().map_while(Result::ok) {
            longest = longest.max(line.len());
            let line: Value = serde_json::from_str(&line).expect("JSON");
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            if message.starts_with("log lines are missing") {
                missing = missing.or_else(|| line["fields"]["dropped"].as_u64());
            }
        }
        (missing, longest)
    });
    let begun = Instant::now();
    let before = dropped(management).await;
    while begun.elapsed() < SOON && dropped(management).await > before {
        server.answers().await;
    }
    server.ends();
    let (missing, longest) = reading.join().expect("the log");
    assert!(missing.is_some_and(|missing| missing > 0), "{missing:?}");
    assert!(longest <= 16 * 1024, "{longest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pipe_holds_up_neither_start_nor_end() {
    let _turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let (reader, writer) = full_pipe();
    let mut server = Loud::start(folder.path(), writer).await;
    for _ in 0..20 {
        server.answers().await;
    }
    server.ends();
    drop(reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_reader_is_gone_breaks_no_request() {
    let _turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let (reader, writer) = pipe().expect("a pipe");
    let mut server = Loud::start(folder.path(), writer).await;
    drop(reader);
    for _ in 0..50 {
        server.answers().await;
    }
    server.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_breaks_no_request() {
    let _turn = turn().await;
    let full = OpenOptions::new().write(true).open("/dev/full");
    let folder = TempDir::new().expect("a folder");
    let mut server = Loud::start(folder.path(), full.expect("a device")).await;
    server.answers().await;
    server.ends();

    let folder = TempDir::new().expect("a folder");
    let program = kindling(folder.path(), &[]).get_program().to_owned();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec \"$@\" 2>&-", "sh"]).arg(program);
    command.args(SERVE).args(LOUD).current_dir(folder.path());
    command.env_clear().env("KINDLING_MANAGEMENT_LISTEN", "off");
    let mut server = Loud::linked(command).await;
    server.answers().await;
    server.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_need_not_be_read() {
    let _turn = turn().await;
    let (reader, full) = full_pipe();
    let (gone, broken) = pipe().expect("a pipe");
    drop(gone);
    for output in [full, broken] {
        let folder = TempDir::new().expect("a folder");
        let mut command = kindling(folder.path(), &[&SERVE[..], &["--demo"]].concat());
        command.env("KINDLING_MANAGEMENT_LISTEN", "127.0.0.1:0");
        command.stdout(output).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a server");
        let mut log = BufReader::new(child.stderr.take().expect("its log"));
        let (address, _) = addresses(&mut log);
        let mut server = Loud::new(child, address).await;
        server.answers().await;
        server.ends();
        let mut rest = String::new();
        log.read_to_string(&mut rest).expect("the log");
        assert!(rest.contains("stopped"), "{rest}");
    }
    drop(reader);
}
