//! More connections than there may be, from one network, from all, and than the process can have.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{Target, last_answer, rest};
use crate::{
    sizes::turn,
    support::server::{SERVE, Server, kindling},
};

const KEPT: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async fn open(target: &Target, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(target.server.open(b"GET /livez HTTP/1.1\r\n").await);
    }
    streams
}

async fn is_refused(target: &Target) -> bool {
    let begun = Instant::now();
    let mut stream = target.server.open(b"").await;
    let answer = last_answer(&mut stream).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "refusing took {:?}",
        begun.elapsed()
    );
    answer.status == 503 && answer.code() == "UNAVAILABLE" && answer.header("retry-after") == "1"
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_has_a_limit_of_its_own_and_proxies_have_none() {
    let limits = [
        "--max-connections-per-network",
        "5",
        "--head-timeout-seconds",
        "60",
    ];
    let target = Target::start(&limits).await;
    let streams = open(&target, 5).await;
    for _ in 0..10 {
        assert!(is_refused(&target).await);
    }
    drop(streams);
    tokio::time::sleep(Duration::from_millis(200)).await;
    target.has_recovered().await;
    drop(target);

    let proxies = [&limits[..], &["--trusted-proxies", "127.0.0.0/8"]].concat();
    let target = Target::start(&proxies).await;
    let _streams = open(&target, 20).await;
    target.answers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_connections_together_have_a_limit_and_idle_ones_give_way() {
    let target = Target::start(&["--max-connections", "10", "--head-timeout-seconds", "60"]).await;
    let streams = open(&target, 10).await;
    assert!(is_refused(&target).await);
    drop(streams);
    tokio::time::sleep(Duration::from_millis(200)).await;

    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.push(target.server.open(KEPT).await);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(is_refused(&target).await);
    tokio::time::sleep(Duration::from_millis(200)).await;
    target.answers().await;
    for stream in &mut idle {
        assert!(rest(stream).await.starts_with(b"HTTP/1.1 200 "));
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_nothing_is_closed_after_its_time() {
    let target = Target::start(&["--idle-timeout-seconds", "1"]).await;
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(target.server.open(KEPT).await);
    }
    for stream in &mut streams {
        assert!(rest(stream).await.starts_with(b"HTTP/1.1 200 "));
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_free_files_waits_and_recovers() {
    let turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let mut command = std::process::Command::new("/bin/sh");
    let program = kindling(folder.path(), &[]).get_program().to_owned();
    command
        .args(["-c", "ulimit -n 60; exec \"$@\"", "sh"])
        .arg(program);
    command
        .args(SERVE)
        .args(["--demo", "--head-timeout-seconds", "60"]);
    command.current_dir(folder.path()).env_clear();
    let target = Target::new(folder, Server::run(command), turn).await;

    let streams = open(&target, 100).await;
    let (begun, used) = (Instant::now(), target.processor_time());
    tokio::time::sleep(Duration::from_secs(3)).await;
    let used = target.processor_time() - used;
    assert!(
        target.open_files() >= 58,
        "{} files are open",
        target.open_files()
    );
    assert!(
        used < 50,
        "{used} hundredths of a second in {:?}",
        begun.elapsed()
    );
    // Due work that needs a file in the meantime may say so, too.
    let log = target.server.log();
    let of_connections =
        |line: &&Value| line["level"] == "WARN" && line["fields"]["outage"] == "listener";
    assert_eq!(log.iter().filter(of_connections).count(), 1, "{log:?}");
    drop(streams);
    let mut stream = target.server.open(LAST).await;
    assert_eq!(last_answer(&mut stream).await.status, 200);
    target.has_recovered().await;
}
