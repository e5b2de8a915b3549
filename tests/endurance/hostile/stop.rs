//! The end: it comes in time, whatever clients do.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Target, last_answer, rest};

const KEPT: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn no_client_holds_up_the_end() {
    let mut target = Target::start(&["--shutdown-timeout-seconds", "4"]).await;
    let head = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let endless = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let mut kept = Vec::new();
    for _ in 0..10 {
        kept.push(target.server.open(b"").await);
        kept.push(target.server.open(b"GET /livez HTTP/1.1\r\nX-Half: ").await);
        kept.push(
            target
                .server
                .open(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .await,
        );
        kept.push(
            target
                .server
                .open(format!("{head}Content-Length: 99\r\n\r\n{{").as_bytes())
                .await,
        );
        let mut unread = target.server.open(b"").await;
        let requests = "GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_000);
        let _ = tokio::time::timeout(
            Duration::from_millis(100),
            unread.write_all(requests.as_bytes()),
        )
        .await;
        kept.push(unread);
        let mut dripping = target.server.open(endless.as_bytes()).await;
        tokio::spawn(async move {
            while dripping.write_all(b"1\r\n \r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    target.answers().await;
    let asked = Instant::now();
    target.server.terminate();
    assert!(target.server.ended().success(), "{:?}", target.server.log());
    assert!(
        asked.elapsed() < Duration::from_secs(6),
        "it took {:?}",
        asked.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed_at_once_and_running_requests_are_answered() {
    let mut target = Target::start(&["--shutdown-timeout-seconds", "20"]).await;
    let mut idle = target.server.open(KEPT).await;
    let body = "{\"query\": \"{ __typename }\"}";
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{{",
        body.len()
    );
    let mut running = target.server.open(head.as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    target.server.terminate();
    assert!(rest(&mut idle).await.starts_with(b"HTTP/1.1 200 "));
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "idle for {:?}",
        asked.elapsed()
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        tokio::net::TcpStream::connect(target.server.address)
            .await
            .is_err(),
        "nothing new is taken"
    );
    running
        .write_all(&body.as_bytes()[1..])
        .await
        .expect("sent");
    let answer = last_answer(&mut running).await;
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    assert!(target.server.ended().success());
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "it took {:?}",
        asked.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn balancers_are_told_before_the_door_closes() {
    let mut target = Target::start(&["--stop-delay-seconds", "2"]).await;
    let mut kept = target.server.open(KEPT).await;
    target.server.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ready = target.server.get("/readyz", &[]).await;
    assert_eq!(
        (ready.status, ready.body.as_slice()),
        (503, &b"the server stops\n"[..])
    );
    target.answers().await;
    kept.write_all(KEPT).await.expect("sent");
    let mut answer = [0; 12];
    kept.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(target.server.ended().success());
}
