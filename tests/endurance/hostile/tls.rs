//! TLS with a certificate that changes while the server runs.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use super::{Target, rest};
use crate::{
    sizes::turn,
    support::server::{Server, run},
};

const KEPT: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
const FILES: [&str; 4] = ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"];

/// Puts a new pair into the folder; the certificate.
fn renew(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["kindling.test".to_owned()]).expect("a pair");
    std::fs::write(folder.join("cert.pem"), cert.pem()).expect("a file");
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("a file");
    cert.der().clone()
}

/// A connection to a server that has this certificate and speaks this protocol.
async fn connect(
    server: &Server,
    certificate: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("kindling.test").expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn is_answered(stream: &mut TlsStream<TcpStream>) -> bool {
    let mut answer = [0; 12];
    stream.write_all(KEPT).await.expect("sent");
    stream.read_exact(&mut answer).await.expect("an answer");
    let mut rest = [0; 4096];
    let _ = stream.read(&mut rest).await.expect("the rest");
    &answer == b"HTTP/1.1 200"
}

/// Tries until the server has this certificate.
async fn until_it_has(server: &Server, certificate: &CertificateDer<'static>) {
    for _ in 0..200 {
        if let Ok(mut stream) = connect(server, certificate, "http/1.1").await {
            assert!(is_answered(&mut stream).await);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server never took the certificate: {:?}", server.log());
}

fn start() -> (TempDir, Server, CertificateDer<'static>) {
    let folder = TempDir::new().expect("a folder");
    let certificate = renew(folder.path());
    let arguments = [&FILES[..], &["--head-timeout-seconds", "1"]].concat();
    let server = Server::start(folder.path(), &arguments);
    (folder, server, certificate)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_are_spoken() {
    let _turn = turn().await;
    let (_folder, server, certificate) = start();
    let mut first = connect(&server, &certificate, "http/1.1")
        .await
        .expect("TLS");
    assert!(is_answered(&mut first).await);
    let second = connect(&server, &certificate, "h2").await.expect("TLS");
    assert_eq!(second.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut requests, connection) = h2::client::handshake(second).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = axum::http::Request::get("https://kindling.test/livez")
        .body(())
        .expect("a request");
    let (answer, _) = requests.send_request(request, true).expect("sent");
    assert_eq!(answer.await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_into_use_and_a_bad_one_is_not() {
    let _turn = turn().await;
    let (folder, mut server, first) = start();
    let mut open = connect(&server, &first, "http/1.1").await.expect("TLS");
    assert!(is_answered(&mut open).await);
    let second = renew(folder.path());
    until_it_has(&server, &second).await;
    assert!(
        connect(&server, &first, "http/1.1").await.is_err(),
        "the old one is gone"
    );
    assert!(is_answered(&mut open).await, "an open connection goes on");

    std::fs::write(folder.path().join("key.pem"), "no key").expect("a file");
    let hang_up = ["-HUP", &server.process().to_string()];
    assert!(
        Command::new("kill")
            .args(hang_up)
            .status()
            .is_ok_and(|status| status.success())
    );
    server.wait_for("an error", |server| {
        let log = server.log();
        log.iter()
            .any(|line| line["level"] == "ERROR")
            .then_some(())
    });
    until_it_has(&server, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_handshake_is_not_waited_for() {
    let turn = turn().await;
    let (folder, server, certificate) = start();
    let address = server.address;
    let mut half = Vec::new();
    for beginning in [
        &b""[..],
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        half.push(server.open(beginning).await);
    }
    for stream in &mut half {
        rest(stream).await;
    }
    until_it_has(&server, &certificate).await;
    assert_eq!(server.address, address);
    drop((turn, folder));
}

#[test]
fn a_pair_that_is_no_good_is_told_at_the_start() {
    let folder = TempDir::new().expect("a folder");
    renew(folder.path());
    let certificate = std::fs::read(folder.path().join("cert.pem")).expect("a file");
    renew(folder.path());
    std::fs::write(folder.path().join("cert.pem"), certificate).expect("a file");
    for command in ["serve", "check"] {
        let data = ["--data-dir", "data", "--listen", "127.0.0.1:0"];
        let output = run(folder.path(), &[&[command], &data[..], &FILES[..]].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && told.contains("certificate and key"),
            "{command}: {told}"
        );
    }
    let alone = run(folder.path(), &["check", "--tls-key", "key.pem"]);
    assert_eq!(alone.status.code(), Some(2));
}

/// Keeps the harness for plain connections honest: it is not what these tests use.
#[tokio::test(flavor = "multi_thread")]
async fn plain_servers_do_not_speak_tls() {
    let target = Target::start(&[]).await;
    let certificate = renew(target.folder.path());
    assert!(
        connect(&target.server, &certificate, "http/1.1")
            .await
            .is_err()
    );
    target.has_recovered().await;
}
