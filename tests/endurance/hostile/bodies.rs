//! Bodies that never come whole, come slowly, or never end; and answers that nobody reads.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;

use super::{SOON, Target, last_answer, rest};
use crate::sizes::size;

const HEAD: &str = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let target = Target::start(&["--stall-timeout-seconds", "1"]).await;
    let begun = Instant::now();
    let mut streams = Vec::new();
    for _ in 0..100 {
        let request = format!("{HEAD}Content-Length: 99\r\n\r\n{{");
        streams.push(target.server.open(request.as_bytes()).await);
    }
    target.answers().await;
    for stream in &mut streams {
        let answer = last_answer(stream).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (408, "BAD_REQUEST")
        );
    }
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_not_waited_for() {
    let target = Target::start(&["--stall-timeout-seconds", "1"]).await;
    let begun = Instant::now();
    let request = format!("{HEAD}Content-Length: 9999\r\n\r\n");
    let stream = target.server.open(request.as_bytes()).await;
    let (mut reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut answer = Vec::new();
    // The connection may be reset once it was answered.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 408 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    drop(reader);
    dripping.await.expect("an end");
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_but_steady_body_outlives_the_deadline_of_requests() {
    let target = Target::start(&["--request-timeout-seconds", "1"]).await;
    let body = format!("{{\"query\": \"{{ __typename }}{}\"}}", " ".repeat(30_000));
    let request = format!(
        "{HEAD}Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = target.server.open(request.as_bytes()).await;
    for piece in body.as_bytes().chunks(3_000) {
        stream.write_all(piece).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = last_answer(&mut stream).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_body_has_an_end() {
    let target = Target::start(&["--body-timeout-seconds", "1"]).await;
    let request = format!("{HEAD}Content-Length: 999999\r\n\r\n");
    let stream = target.server.open(request.as_bytes()).await;
    let (mut reader, mut writer) = stream.into_split();
    // Faster than the slowest client that is waited for.
    let sending = tokio::spawn(async move {
        while writer.write_all(&[b' '; 1024]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    // The connection may be reset once it was answered.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer).await;
    sending.abort();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_gigabyte_or_without_end_is_refused() {
    let target = Target::start(&[]).await;
    let total = size("BODY_MEBIBYTES", 64, 1024) * 1024 * 1024;
    let large = format!("{HEAD}Content-Length: {total}\r\n\r\n");
    let endless = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n10000\r\n");
    for head in [large, endless] {
        let (mut reader, mut writer) = target.server.open(head.as_bytes()).await.into_split();
        let sending = tokio::spawn(async move {
            let piece = vec![b' '; 64 * 1024];
            let mut sent = 0;
            while sent < total && writer.write_all(&piece).await.is_ok() {
                sent += piece.len();
                if writer.write_all(b"\r\n10000\r\n").await.is_err() {
                    break;
                }
            }
        });
        let mut answer = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer).await;
        let answer = crate::support::server::Answer::parse(&answer);
        assert_eq!((answer.status, answer.code().as_str()), (413, "TOO_LARGE"));
        drop(reader);
        sending.await.expect("an end");
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_given_up() {
    let target = Target::start(&["--stall-timeout-seconds", "10"]).await;
    let requests = "GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_000);
    // All at once: none is to be given up before the last one is accepted, however busy the machine is.
    let streams = join_all((0..20).map(async |_| {
        let mut stream = target.server.open(b"").await;
        // The server stops reading while nobody takes its answers.
        let sent = stream.write_all(requests.as_bytes());
        let _ = tokio::time::timeout(Duration::from_millis(200), sent).await;
        stream
    }));
    let _streams = streams.await;
    let begun = Instant::now();
    while target.open_files() < target.files + 20 {
        assert!(begun.elapsed() < SOON, "they are not accepted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    target.answers().await;
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_their_order() {
    let target = Target::start(&[]).await;
    let count = 500;
    let request =
        |number| format!("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: n{number}\r\n\r\n");
    let mut requests: String = (0..count).map(request).collect();
    requests.push_str("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let mut stream = target.server.open(requests.as_bytes()).await;
    let answers = String::from_utf8(rest(&mut stream).await).expect("text");
    let ids: Vec<&str> = answers
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: n"))
        .collect();
    let expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    assert_eq!(ids, expected);
    target.has_recovered().await;
}
