//! What others see of a server under attack: probes, and readers who go on.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::sizes::random;

const PAUSE: Duration = Duration::from_millis(20);

/// What others see of the server meanwhile.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) probes: Vec<Duration>,
    pub(crate) failed_probes: usize,
    pub(crate) read: usize,
    pub(crate) unread: usize,
}

impl Seen {
    /// Answers that readers got in a second.
    pub(crate) fn rate(&self, time: Duration) -> f64 {
        f64::from(u32::try_from(self.read).expect("a number")) / time.as_secs_f64()
    }
}

/// Probes and four readers, until it is over.
pub(crate) async fn observe(
    address: SocketAddr,
    management: SocketAddr,
    is_over: Arc<AtomicBool>,
) -> Seen {
    let probing = async {
        let mut seen = Seen::default();
        let probes = [
            (address, "/livez"),
            (address, "/readyz"),
            (management, "/readyz"),
            (management, "/healthz"),
        ];
        for (to, path) in probes.into_iter().cycle() {
            if is_over.load(Relaxed) {
                break;
            }
            let begun = Instant::now();
            match get(to, path).await {
                Some(200) => seen.probes.push(begun.elapsed()),
                _ => seen.failed_probes += 1,
            }
            sleep(PAUSE).await;
        }
        seen
    };
    let reading = async |number: usize| {
        let (mut read, mut unread) = (0, 0);
        while !is_over.load(Relaxed) {
            // Every other query is one that nobody sent before.
            let name = if read % 2 == 0 {
                String::new()
            } else {
                format!("a{number}_{}: ", random(1 << 40))
            };
            let query = format!("%7Bmilestones(first:5)%7Bnodes%7Bid%20{name}title%7D%7D%7D")
                .replace(": ", ":");
            match get(address, &format!("/graphql?query={query}")).await {
                Some(200) => read += 1,
                _ => unread += 1,
            }
            sleep(PAUSE).await;
        }
        (read, unread)
    };
    let (mut seen, readers) = tokio::join!(probing, join_all((0..4).map(reading)));
    for (read, unread) in readers {
        seen.read += read;
        seen.unread += unread;
    }
    seen
}

/// The status of an answer that was read to its end.
async fn get(address: SocketAddr, path: &str) -> Option<u16> {
    let read = async {
        let mut stream = TcpStream::connect(address).await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(Duration::from_mins(1), read).await.ok()?.ok()?;
    let head = String::from_utf8_lossy(&answer[..answer.len().min(32)]).into_owned();
    head.split(' ').nth(1)?.parse().ok()
}
