//! A server in a process of its own: started, awaited, weighed and stopped.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Failure;
use super::client::{self, Connection};

const READY_WITHIN: Duration = Duration::from_mins(2);
const STOPPED_WITHIN: Duration = Duration::from_secs(15);
const POLL_EVERY: Duration = Duration::from_millis(1);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Runs the command and waits until `/readyz` on `address` answers 200. What it prints goes to `log`.
    pub(crate) async fn start(
        mut command: Command,
        address: SocketAddr,
        log: PathBuf,
    ) -> Result<Self, Failure> {
        let output = File::create(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let begun = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("{command:?} does not start: {error}"))?;
        let mut server = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        while !is_ready(address).await {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{command:?} ended with {status}:\n{}", tail(&log)).into());
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(format!(
                    "{command:?} is not ready after {READY_WITHIN:?}:\n{}",
                    tail(&log)
                )
                .into());
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }

    /// Memory that the process holds now (`VmRSS`), in KiB. `None` where the kernel does not tell.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// Asks the process to end, as an operator would, and waits for it.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let process = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &process])
            .status()
            .map_err(|error| format!("`kill` does not start: {error}"))?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > STOPPED_WITHIN {
                return Err(format!("a server still runs {STOPPED_WITHIN:?} after SIGTERM").into());
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on. Somebody else may take it before the server does; the run then fails and says so.
pub(crate) fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else {
        return false;
    };
    connection
        .exchange(&client::get("/readyz"))
        .await
        .is_ok_and(|answer| answer.status == 200)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
