//! Heads of requests that never come whole, come slowly, or are too large.

use std::time::{Duration, Instant};

use super::{Target, drip, last_answer, rest};

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_do_not_come_are_not_waited_for() {
    let target = Target::start(&["--head-timeout-seconds", "1"]).await;
    let beginnings: [&[u8]; 5] = [
        b"",
        b"G",
        b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Half: ",
        b"PRI * HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let begun = Instant::now();
    let mut streams = Vec::new();
    for number in 0..200 {
        streams.push(target.server.open(beginnings[number % 4]).await);
    }
    target.answers().await;
    for stream in &mut streams {
        assert_eq!(rest(stream).await, b"", "nothing to say to that");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_drip_are_not_waited_for() {
    let target = Target::start(&["--head-timeout-seconds", "1"]).await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = target.server.open(b"GET /livez HTTP/1.1\r\nX-Drip: ").await;
        streams.push(tokio::spawn(async move { drip(&mut stream, b'a').await }));
    }
    // After an answer, too.
    let mut second = target
        .server
        .open(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /")
        .await;
    streams.push(tokio::spawn(async move { drip(&mut second, b'a').await }));
    target.answers().await;
    for stream in streams {
        stream.await.expect("an end");
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_refused() {
    let target = Target::start(&["--max-head-bytes", "8KiB"]).await;
    let many = "X-Many: a\r\n".repeat(101);
    let large = format!("X-Large: {}\r\n", "a".repeat(9 * 1024));
    for headers in [many, large] {
        let request = format!("GET /livez HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let mut stream = target.server.open(request.as_bytes()).await;
        assert_eq!(last_answer(&mut stream).await.status, 431);
    }
    let endless = vec![b'a'; 64 * 1024];
    let mut stream = target
        .server
        .open(b"GET /livez HTTP/1.1\r\nX-Endless: ")
        .await;
    let mut sent = 0;
    while tokio::io::AsyncWriteExt::write_all(&mut stream, &endless)
        .await
        .is_ok()
    {
        sent += endless.len();
        assert!(sent < 64 * 1024 * 1024, "the server reads for ever");
    }
    target.has_recovered().await;
}
