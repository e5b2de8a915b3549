//! Connections to PostgreSQL over TLS, through a proxy that offers it before the server of the tests.

use std::{path::Path, sync::Arc};

use kindling::database::Database;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
        server::WebPkiClientVerifier,
    },
};

use super::{address, behind};
use crate::support::postgres::{self, TestDatabase};

/// A certificate for `localhost`, of which the folder gets both halves.
fn pair(folder: &Path, name: &str) -> CertifiedKey<rcgen::KeyPair> {
    let pair = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a pair");
    std::fs::write(folder.join(format!("{name}.pem")), pair.cert.pem()).expect("a file");
    let key = folder.join(format!("{name}.key"));
    std::fs::write(key, pair.signing_key.serialize_pem()).expect("a file");
    pair
}

/// Answers as PostgreSQL with TLS does, and hands everything on; returns the port.
async fn proxy(
    target: (String, u16),
    server: &CertifiedKey<rcgen::KeyPair>,
    client: Option<&CertificateDer<'static>>,
) -> u16 {
    let key = PrivateKeyDer::try_from(server.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let config = match client {
        None => config.with_no_client_auth(),
        Some(certificate) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let config = config
        .with_single_cert(vec![server.cert.der().clone()], key)
        .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, target) = (acceptor.clone(), target.clone());
            tokio::spawn(async move {
                let mut request = [0; 8];
                stream.read_exact(&mut request).await?;
                if request != [0, 0, 0, 8, 4, 210, 22, 47] {
                    return Ok(());
                }
                stream.write_all(b"S").await?;
                let mut stream = acceptor.accept(stream).await?;
                let mut server = TcpStream::connect(target).await?;
                copy_bidirectional(&mut stream, &mut server).await?;
                std::io::Result::Ok(())
            });
        }
    });
    port
}

async fn connects(url: &str) -> bool {
    let Ok(database) = Database::connect(url, 1).await else {
        return false;
    };
    let answers = database.ping().await.is_ok();
    database.close().await;
    answers
}

/// A database, and a folder with the certificate of the proxy before it; none without PostgreSQL.
async fn site() -> Option<(TestDatabase, TempDir, CertifiedKey<rcgen::KeyPair>)> {
    let database = postgres::server().await?.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let certificate = pair(folder.path(), "server");
    Some((database, folder, certificate))
}

#[tokio::test]
async fn the_url_says_how_much_of_the_server_is_checked() {
    let Some((database, folder, certificate)) = site().await else {
        return;
    };
    pair(folder.path(), "other");
    let root = |name: &str| format!("sslrootcert={}/{name}.pem", folder.path().display());
    let port = proxy(address(&database), &certificate, None).await;
    for (host, query, expected) in [
        ("localhost", "sslmode=require".to_owned(), true),
        ("localhost", "sslmode=prefer".to_owned(), true),
        ("localhost", String::new(), true),
        ("localhost", "sslmode=disable".to_owned(), false),
        (
            "localhost",
            format!("sslmode=verify-full&{}", root("server")),
            true,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&{}", root("server")),
            false,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&{}", root("server")),
            true,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&{}", root("other")),
            false,
        ),
        ("localhost", "sslmode=verify-full".to_owned(), false),
    ] {
        let url = behind(&database, host, port, &query);
        assert_eq!(connects(&url).await, expected, "{host} {query}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let Some((database, folder, certificate)) = site().await else {
        return;
    };
    let client = pair(folder.path(), "client");
    let port = proxy(address(&database), &certificate, Some(client.cert.der())).await;
    let path = folder.path().display();
    let with = format!("sslmode=require&sslcert={path}/client.pem&sslkey={path}/client.key");
    for (query, expected) in [(with.as_str(), true), ("sslmode=require", false)] {
        let url = behind(&database, "localhost", port, query);
        assert_eq!(connects(&url).await, expected, "{query}");
    }
}
