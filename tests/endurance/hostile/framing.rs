//! Requests that a proxy in front could read as others than the server does; and connections that end, which is always said.

use std::time::Duration;

use axum::http::{HeaderValue, header};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    SOON, Target,
    http2::{NO_SETTINGS, PREFACE, connected, frame, request},
    last_answer, rest,
};
use crate::support::server::{Answer, Server};

/// What would be a second request if somebody read the first one otherwise.
const SECOND: &str = "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n";

const MALFORMED: &[&str] = &[
    // Which host?
    "GET /livez HTTP/1.1\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
    "GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: me@a\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost:\r\n\r\n",
    "GET http://b/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://b/livez HTTP/1.1\r\n\r\n",
    // How long?
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 5\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n1",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n1",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    // Where does a line end?
    "GET /livez HTTP/1.1\nHost: a\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\n\n",
    "\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n\tTransfer-Encoding: chunked\r\n\r\n",
    "GET /livez HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
    // How long is a chunk?
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_framed_ambiguously_is_refused_and_nothing_after_it_is_read() {
    let target = Target::start(&[]).await;
    for malformed in MALFORMED {
        for before in ["", SECOND] {
            let bytes = format!("{before}{malformed}{SECOND}");
            let mut stream = target.server.open(bytes.as_bytes()).await;
            let told = rest(&mut stream).await;
            let told = String::from_utf8_lossy(&told);
            let answers: Vec<&str> = told.split("HTTP/1.").skip(1).collect();
            let expected = usize::from(!before.is_empty()) + 1;
            assert_eq!(answers.len(), expected, "{bytes:?}: {told}");
            let refusal = answers.last().expect("a refusal").to_lowercase();
            assert!(refusal[1..].starts_with(" 400 "), "{bytes:?}: {told}");
            assert!(
                refusal.contains("\r\nconnection: close\r\n"),
                "{bytes:?}: {told}"
            );
        }
    }
    target.has_recovered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn well_formed_requests_share_a_connection() {
    let target = Target::start(&[]).await;
    let body = r#"{"query":"{__typename}"}"#;
    let head = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let length = body.len();
    let requests = [
        SECOND.to_owned(),
        format!("\r\n{SECOND}"),
        format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        format!(
            "{head}Transfer-Encoding: Chunked\r\n\r\n{length:X};a=b\r\n{body}\r\n0\r\nTrailer: a\r\n\r\n"
        ),
        "GET http://a/livez HTTP/1.1\r\nHost: A\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nHost: [::1]:4000\r\nConnection: close\r\n\r\n".to_owned(),
    ];
    let mut stream = target.server.open(requests.concat().as_bytes()).await;
    let told = rest(&mut stream).await;
    let told = String::from_utf8_lossy(&told);
    assert_eq!(
        told.matches("HTTP/1.1 200 OK").count(),
        requests.len(),
        "{told}"
    );
    let answer = target.server.send(b"GET /livez HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 200, "HTTP/1.0 knows no hosts");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_connection_is_said() {
    let target = Target::start(&["--stall-timeout-seconds", "1", "--max-head-bytes", "8KiB"]).await;
    let folder = TempDir::new().expect("a folder");
    let limited = [
        "--rate-limit-public-per-minute",
        "1",
        "--rate-limit-exempt",
        "192.0.2.0/24",
    ];
    let limited = Server::start(folder.path(), &limited);
    let graphql = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    // The only operation that is within the limit.
    assert_eq!(limited.query("{ __typename }").await.status, 200);
    for (server, status, bytes) in [
        (
            &limited,
            429,
            format!("{graphql}Content-Length: 9\r\n\r\n{{"),
        ),
        (
            &limited,
            429,
            format!("{graphql}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"),
        ),
        (
            &target.server,
            404,
            "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{".to_owned(),
        ),
        (
            &target.server,
            405,
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{".to_owned(),
        ),
        (&target.server, 400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (
            &target.server,
            400,
            "GET / nonsense\r\nHost: a\r\n\r\n".to_owned(),
        ),
        (
            &target.server,
            408,
            format!("{graphql}Content-Length: 9\r\n\r\n{{"),
        ),
        (
            &target.server,
            431,
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                "a".repeat(9_000)
            ),
        ),
        (
            &target.server,
            200,
            "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
        ),
    ] {
        let mut stream = server.open(bytes.as_bytes()).await;
        is_last(&last_answer(&mut stream).await, status);
    }

    let mut stream = TcpStream::connect(target.server.address)
        .await
        .expect("a connection");
    let (mut reader, mut writer) = stream.split();
    let large = format!(
        "{graphql}Content-Length: {}\r\n\r\n{}",
        1 << 30,
        " ".repeat(4 << 20)
    );
    // A server that refuses a body need not take it.
    let sending = timeout(Duration::from_secs(5), writer.write_all(large.as_bytes()));
    let mut told = Vec::new();
    let reading = timeout(SOON, reader.read_to_end(&mut told));
    let (_, read) = tokio::join!(sending, reading);
    assert!(read.is_ok(), "the connection stays open");
    is_last(&Answer::parse(&told), 413);
}

fn is_last(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("connection"), "close", "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_names_one_host_and_no_connection() {
    let target = Target::start(&[]).await;
    let (requests, connection) = connected(&target, 65_535).await;
    for (hosts, expected) in [
        (vec![target.server.address.to_string()], 200),
        (vec!["elsewhere".to_owned()], 400),
        (vec![target.server.address.to_string(); 2], 400),
    ] {
        let mut request = request(&target, "/livez");
        for host in &hosts {
            let host = HeaderValue::from_str(host).expect("a value");
            request.headers_mut().append(header::HOST, host);
        }
        let mut requests = requests.clone().ready().await.expect("a stream");
        let (answer, _) = requests.send_request(request, true).expect("sent");
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status().as_u16(), expected, "{hosts:?}");
    }
    drop(requests);
    connection.await.expect("an end").expect("no error");

    for (name, value) in [
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("keep-alive", "timeout=5"),
        ("upgrade", "h2c"),
    ] {
        // GET http / with the authority "a", and one literal header.
        let mut head = vec![0x82, 0x86, 0x84, 0x41, 1, b'a', 0];
        for text in [name, value] {
            head.push(u8::try_from(text.len()).expect("a short text"));
            head.extend_from_slice(text.as_bytes());
        }
        let bytes = [PREFACE, NO_SETTINGS, &frame(1, 0x5, 1, &head)].concat();
        let mut stream = target.server.open(&bytes).await;
        assert_eq!(reset(&mut stream).await, 1, "{name}: a protocol error");
    }
    target.has_recovered().await;
}

/// The code with which the server resets a stream, or ends the connection.
async fn reset(stream: &mut TcpStream) -> u32 {
    let reading = async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).expect("a length")];
            stream.read_exact(&mut payload).await.expect("its payload");
            let code = match head[3] {
                3 => &payload[..4],
                7 => &payload[4..8],
                _ => continue,
            };
            return u32::from_be_bytes(code.try_into().expect("a code"));
        }
    };
    timeout(SOON, reading).await.expect("a reset")
}
