//! A collector of traces that keeps what it is told as it came.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_secs(30);

/// A collector that takes everything.
pub(super) struct Sink {
    pub(super) url: String,
    told: Arc<Mutex<Vec<u8>>>,
}

impl Sink {
    /// On any free port.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let told: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || take(&stream, &kept));
            }
        });
        Self { url, told }
    }

    /// Everything that it was told so far, in protobuf, where texts stand as they are.
    pub(super) fn told(&self) -> Vec<u8> {
        self.told.lock().expect("what it was told").clone()
    }

    pub(super) fn has(&self, bytes: &[u8]) -> bool {
        self.told().windows(bytes.len()).any(|told| told == bytes)
    }

    /// Waits until it was told this.
    pub(super) fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.has(text.as_bytes()) {
            let told = self.told();
            assert!(
                started.elapsed() < DEADLINE,
                "no {text}: {}",
                String::from_utf8_lossy(&told)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Takes requests until the connection ends.
fn take(stream: &TcpStream, told: &Mutex<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        assert!(line.starts_with("POST /v1/traces "), "{line}");
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        told.lock().ok()?.extend_from_slice(&body);
        let mut stream = stream;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}
