//! Bodies of requests with a `Content-Encoding`.

use std::io::Write;

use serde_json::json;
use tempfile::TempDir;

use crate::support::server::Server;

#[tokio::test]
async fn a_body_may_come_compressed() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &["--max-body-bytes", "4KiB"]);
    let query = json!({"query": "{ values(first: 1) { nodes { title } } }"}).to_string();
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("compressed");
        encoder.finish().expect("compressed")
    };
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 20)
        .write_all(query.as_bytes())
        .expect("compressed");
    let zstd = zstd::encode_all(query.as_bytes(), 3).expect("compressed");
    let bomb = gzip(&vec![b' '; 100_000]);
    let is_gzip = gzip(query.as_bytes());
    for (encoding, body, status) in [
        ("gzip", &is_gzip, 200),
        ("x-gzip", &is_gzip, 200),
        ("br", &brotli, 200),
        ("zstd", &zstd, 200),
        ("ZSTD", &zstd, 200),
        ("identity", &query.clone().into_bytes(), 200),
        ("deflate", &is_gzip, 415),
        ("gzip, br", &is_gzip, 415),
        ("gzip", &zstd, 400),
        ("gzip", &is_gzip[..is_gzip.len() / 2].to_vec(), 400),
        ("gzip", &bomb, 413),
    ] {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            server.address,
            body.len()
        );
        let answer = server.send(&[head.as_bytes(), body].concat()).await;
        assert_eq!(answer.status, status, "{encoding}: {answer:?}");
        match status {
            200 => assert!(
                answer.json()["data"]["values"]["nodes"].is_array(),
                "{answer:?}"
            ),
            415 => assert_eq!(answer.header("accept-encoding"), "gzip, br, zstd"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_form_comes_as_it_is() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    for (encoding, status) in [("gzip", 415), ("identity", 400)] {
        let headers = [
            ("Content-Type", "multipart/form-data; boundary=a"),
            ("Content-Encoding", encoding),
            ("GraphQL-Preflight", "1"),
        ];
        let answer = server
            .request("POST", "/graphql", &headers, "no form")
            .await;
        assert_eq!(answer.status, status, "{encoding}: {answer:?}");
    }
}
