//! Clients that want to push the server over: each is refused cheaply, and everybody else is served as before.

mod bodies;
mod crowds;
mod forwarded;
mod framing;
mod heads;
mod http2;
mod log;
mod stop;
mod tls;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    sizes::turn,
    support::server::{Answer, Server},
};

/// How much more memory the server may hold after it was attacked, in KiB: what it keeps ready for the next requests.
const MORE_MEMORY: usize = 40 * 1024;
const SOON: Duration = Duration::from_secs(20);

/// A server under attack.
struct Target {
    server: Server,
    memory: usize,
    files: usize,
    folder: TempDir,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Target {
    /// A server with the demo and these settings.
    async fn start(arguments: &[&str]) -> Self {
        let turn = turn().await;
        let folder = TempDir::new().expect("a folder");
        let server = Server::start(folder.path(), arguments);
        Self::new(folder, server, turn).await
    }

    async fn new(
        folder: TempDir,
        server: Server,
        turn: tokio::sync::MutexGuard<'static, ()>,
    ) -> Self {
        let mut target = Self {
            server,
            memory: 0,
            files: 0,
            folder,
            _turn: turn,
        };
        for _ in 0..20 {
            target.answers().await;
        }
        target.memory = target.resident();
        target.files = target.open_files();
        target
    }

    /// The memory that the server holds, in KiB.
    fn resident(&self) -> usize {
        let status = fs::read_to_string(self.of_process("status")).expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let words = line.and_then(|line| line.split_whitespace().next());
        words.and_then(|kib| kib.parse().ok()).expect("its memory")
    }

    /// How many files and connections the server has open.
    fn open_files(&self) -> usize {
        fs::read_dir(self.of_process("fd"))
            .expect("its files")
            .count()
    }

    /// How long the server has used a processor, in hundredths of a second.
    fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(self.of_process("stat")).expect("its state");
        let (_, fields) = stat.rsplit_once(')').expect("its fields");
        let fields: Vec<&str> = fields.split_whitespace().collect();
        [11, 12]
            .map(|field: usize| fields[field].parse::<u64>().expect("a time"))
            .iter()
            .sum()
    }

    fn of_process(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc")
            .join(self.server.process().to_string())
            .join(file)
    }

    /// Holds that everybody else is served.
    async fn answers(&self) {
        let begun = Instant::now();
        let answer = self.server.query("{ pages { nodes { title } } }").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "it took {:?}",
            begun.elapsed()
        );
    }

    /// Holds that the attack has left nothing behind: no connection, and hardly any memory.
    async fn has_recovered(&self) {
        let begun = Instant::now();
        // Readers of the database are opened when they are first needed.
        while self.open_files() > self.files + 8 {
            assert!(
                begun.elapsed() < SOON,
                "{} files are open, not {}",
                self.open_files(),
                self.files
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.answers().await;
        let memory = self.resident();
        assert!(
            memory < self.memory + MORE_MEMORY,
            "{memory} KiB, not {}",
            self.memory
        );
    }
}

/// What the server still says on a connection until it closes it; an error counts as its end.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = timeout(SOON, async {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..count]);
        }
    });
    assert!(
        read.await.is_ok(),
        "the server did not close the connection"
    );
    bytes
}

/// The one answer that the server gives before it closes the connection.
async fn last_answer(stream: &mut TcpStream) -> Answer {
    Answer::parse(&rest(stream).await)
}

/// Sends a byte now and then, until the server has closed the connection.
async fn drip(stream: &mut TcpStream, byte: u8) {
    let dripped = timeout(SOON, async {
        while stream.write_all(&[byte]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(dripped.await.is_ok(), "the server let the client drip");
}
