//! HTTP/2: what it is good for, and what it makes easy for attackers.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{self, SendRequest};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle, time::timeout};

use super::{SOON, Target, rest};

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const NO_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A connection of a client that keeps the rules.
pub(super) async fn connected(
    target: &Target,
    window: u32,
) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = TcpStream::connect(target.server.address)
        .await
        .expect("a connection");
    let mut builder = client::Builder::new();
    builder.initial_window_size(window);
    let (requests, connection) = builder.handshake(stream).await.expect("HTTP/2");
    (requests, tokio::spawn(connection))
}

pub(super) fn request(target: &Target, path: &str) -> axum::http::Request<()> {
    let address = format!("http://{}{path}", target.server.address);
    axum::http::Request::get(address)
        .body(())
        .expect("a request")
}

/// The status and the length of the answer at this path.
async fn get(requests: &mut SendRequest<Bytes>, target: &Target, path: &str) -> (u16, usize) {
    let mut requests = requests.clone().ready().await.expect("a stream");
    let (answer, _) = requests
        .send_request(request(target, path), true)
        .expect("sent");
    let answer = answer.await.expect("an answer");
    let (head, mut body) = answer.into_parts();
    let mut length = 0;
    while let Some(piece) = body.data().await {
        let piece = piece.expect("a piece");
        length += piece.len();
        body.flow_control()
            .release_capacity(piece.len())
            .expect("room");
    }
    (head.status.as_u16(), length)
}

/// A frame of this type, with these flags, on this stream.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a length")
        .to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Sends the same again and again, until the server has closed the connection or takes no more; how many bytes it took.
async fn flood(target: &Target, beginning: &[u8], again: &[u8], most: usize) -> usize {
    let mut stream = target
        .server
        .open(&[PREFACE, NO_SETTINGS, beginning].concat())
        .await;
    let again = again.repeat(1 + 16_384 / again.len());
    let mut sent = 0;
    while sent < most {
        match timeout(Duration::from_secs(10), stream.write_all(&again)).await {
            Ok(Ok(())) => sent += again.len(),
            _ => break,
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_share_a_connection() {
    let target = Target::start(&[]).await;
    let (mut requests, connection) = connected(&target, 65_535).await;
    let (status, length) = get(&mut requests, &target, "/style.css").await;
    assert!(status == 200 && length > 1_000, "{status} {length}");
    let all = (0..300).map(|_| {
        let mut requests = requests.clone();
        let target = &target;
        async move { get(&mut requests, target, "/livez").await }
    });
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer, (200, 3));
    }
    drop(requests);
    connection.await.expect("an end").expect("no error");
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_reset_at_once_end_the_connection() {
    let target = Target::start(&[]).await;
    let (requests, connection) = connected(&target, 65_535).await;
    for _ in 0..5_000 {
        let Ok(mut requests) = requests.clone().ready().await else {
            break;
        };
        let Ok((_, mut stream)) = requests.send_request(
            request(&target, "/graphql?query={pages{nodes{title}}}"),
            true,
        ) else {
            break;
        };
        stream.send_reset(h2::Reason::CANCEL);
        tokio::task::yield_now().await;
    }
    drop(requests);
    let ended = timeout(SOON, connection)
        .await
        .expect("an end")
        .expect("no panic");
    // A client that the server keeps up with is no attacker.
    if let Err(error) = ended {
        // Who still writes when the connection is closed may not get to read why.
        let is_told = error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
        assert!(is_told || error.is_io(), "{error}");
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_is_refused() {
    let target = Target::start(&[]).await;
    // HEADERS without END_HEADERS, and then CONTINUATION without end; each has a literal header that is not indexed.
    let headers = frame(1, 0, 1, &[0x82, 0x86, 0x84]);
    let mut literal = vec![0, 1, b'a', 0x7f, 0x80, 0x7f];
    literal.resize(literal.len() + 16_000, b'b');
    let sent = flood(
        &target,
        &headers,
        &frame(9, 0, 1, &literal[..16_000]),
        64 << 20,
    )
    .await;
    assert!(sent < 64 << 20, "the server read {sent} bytes of a head");
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_whose_answers_nobody_reads_end_the_connection() {
    let target = Target::start(&["--stall-timeout-seconds", "1"]).await;
    let sent = flood(&target, &[], &frame(6, 0, 0, b"pingping"), 256 << 20).await;
    assert!(
        sent < 256 << 20,
        "the server answered {sent} bytes of pings"
    );
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_which_there_is_never_any_room_is_given_up() {
    let target = Target::start(&["--stall-timeout-seconds", "1"]).await;
    let (requests, connection) = connected(&target, 0).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        let mut requests = requests.clone().ready().await.expect("a stream");
        let (answer, _) = requests
            .send_request(request(&target, "/style.css"), true)
            .expect("sent");
        answers.push(answer.await.expect("a head"));
    }
    let ended = timeout(Duration::from_secs(8), connection).await;
    assert!(ended.is_ok(), "the server waits for ever");
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_nothing_is_told_to_go() {
    let target = Target::start(&["--idle-timeout-seconds", "1"]).await;
    let (mut requests, connection) = connected(&target, 65_535).await;
    assert_eq!(get(&mut requests, &target, "/livez").await, (200, 3));
    let ended = timeout(Duration::from_secs(8), connection)
        .await
        .expect("an end");
    ended.expect("no panic").expect("a friendly end");
    let mut silent = target.server.open(&[PREFACE, NO_SETTINGS].concat()).await;
    assert!(!rest(&mut silent).await.is_empty());
    target.has_recovered().await;
}
