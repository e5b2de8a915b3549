//! How long the program as it is shipped takes from its start until it is ready.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::Outcome;

const AT_MOST: Duration = Duration::from_mins(1);

/// What a server is started with.
pub(crate) struct Start {
    pub(crate) data_dir: String,
    pub(crate) database_url: String,
}

impl Start {
    /// Without any cache.
    pub(crate) fn arguments(&self) -> Vec<String> {
        vec![
            format!("--data-dir={}", self.data_dir),
            format!("--database-url={}", self.database_url),
            "--answer-cache-bytes=0".to_owned(),
            "--row-cache-bytes=0".to_owned(),
        ]
    }
}

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server, and stops it when it is ready.
pub(crate) async fn after(start: Start) -> Outcome<Duration> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_kindling"));
    command
        .args(["serve", "--listen", &address.to_string()])
        .args(start.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let _server = Running(command.spawn()?);
    while begun.elapsed() < AT_MOST {
        if is_ready(address).unwrap_or_default() {
            return Ok(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err("the server is not ready in time".into())
}

fn is_ready(address: std::net::SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
