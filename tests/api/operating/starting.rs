//! What stops a start is said once, with the place, the cause and what to do.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

use super::{Site, said};
use crate::support::{
    postgres,
    server::{SERVE, Server, kindling, run},
};

/// A port of this machine on which nothing listens.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// The lines of a server's log, until one of them has these words.
fn read_until(log: &mut impl BufRead, words: &str) -> String {
    let mut text = String::new();
    while !text.contains(words) {
        let read = log.read_line(&mut text).expect("a line");
        assert!(read > 0, "no {words} in {text}");
    }
    text
}

fn start(folder: &TempDir, arguments: &[&str]) -> (Child, BufReader<impl Read + use<>>) {
    let mut command = kindling(folder.path(), &[&SERVE, arguments].concat());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("a server");
    let log = BufReader::new(child.stderr.take().expect("its log"));
    (child, log)
}

#[test]
fn waiting_for_a_server_that_is_away_is_said_once_and_ends_with_a_signal() {
    let folder = TempDir::new().expect("a folder");
    let url = format!("postgres://ann:s3cret@{}/site", free_port());
    let (mut child, mut log) = start(&folder, &["--database-url", &url]);
    let mut text = read_until(&mut log, "waiting for it, for 60 seconds at most");
    let status = Command::new("kill").arg(child.id().to_string()).status();
    assert!(status.is_ok_and(|status| status.success()));
    log.read_to_string(&mut text).expect("the rest");
    assert!(child.wait().expect("its end").success(), "{text}");
    assert_eq!(
        text.matches("cannot reach the PostgreSQL server").count(),
        1,
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_server_that_comes_later_is_waited_for() {
    let Some(server) = postgres::server().await else {
        return;
    };
    let database = server.create_database(None).await;
    let url = url::Url::parse(&database.url()).expect("a URL");
    let there = format!(
        "{}:{}",
        url.host_str().expect("a host"),
        url.port().unwrap_or(5432)
    );
    let later = free_port();
    let mut away = url;
    away.set_ip_host(later.ip()).expect("a host");
    away.set_port(Some(later.port())).expect("a port");
    let folder = TempDir::new().expect("a folder");
    let (mut child, mut log) = start(&folder, &["--database-url", away.as_str()]);
    let log = tokio::task::spawn_blocking(move || {
        read_until(&mut log, "waiting for it");
        log
    });
    let mut log = log.await.expect("the log");
    let listener = tokio::net::TcpListener::bind(later)
        .await
        .expect("the port");
    let forwarding = tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.expect("a connection");
            let mut far = tokio::net::TcpStream::connect(&there)
                .await
                .expect("the server");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    let text = tokio::task::spawn_blocking(move || read_until(&mut log, "serving on"));
    let text = text.await.expect("the log");
    assert!(text.contains("the database server answers"), "{text}");
    child.kill().expect("its end");
    child.wait().expect("its end");
    forwarding.abort();
}

#[test]
fn a_server_that_stays_away_ends_the_start() {
    let folder = TempDir::new().expect("a folder");
    let address = free_port();
    let url = format!("postgres://ann:s3cret@{address}/site");
    for command in ["serve", "migrate"] {
        let patience = ["--database-connect-timeout-seconds", "0"];
        let arguments = [&[command, "--database-url", &url][..], &patience].concat();
        let output = run(folder.path(), &arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let expected = format!("cannot reach the PostgreSQL server at {address}: ");
        assert_eq!(said.matches(&expected).count(), 1, "{said}");
        assert!(
            said.contains("database_url") && !said.contains("s3cret"),
            "{said}"
        );
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}

/// Answers as a PostgreSQL server that refuses the password, and this to the question whether it speaks TLS.
fn refuse_password(listener: &TcpListener, tls: &[u8]) {
    loop {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut message = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut message) {
            if read == 8 {
                // It asks for TLS.
                stream.write_all(tls).expect("sent");
                continue;
            }
            let fields =
                b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"ann\"\0\0";
            let length = u32::try_from(fields.len() + 4).expect("a length");
            let answer = [&b"E"[..], &length.to_be_bytes(), fields].concat();
            stream.write_all(&answer).expect("sent");
            break;
        }
    }
}

#[test]
fn a_wrong_password_is_not_tried_again() {
    let folder = TempDir::new().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || refuse_password(&listener, b"N"));
    let url = format!("postgres://ann:s3cret@{address}/site");
    let output = run(folder.path(), &["serve", "--database-url", &url]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [
        &format!("the PostgreSQL server at {address} refuses"),
        "password authentication failed",
        "correct user and password in database_url",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(
        !said.contains("s3cret") && !said.contains("waiting"),
        "{said}"
    );
}

#[test]
fn a_certificate_that_is_missing_is_not_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || refuse_password(&listener, b"S"));
    let url = format!("postgres://ann@{address}/site?sslmode=verify-ca&sslrootcert=/nowhere.pem");
    let output = run(folder.path(), &["serve", "--database-url", &url]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("correct sslrootcert"), "{said}");
    assert!(!said.contains("waiting"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_newer_is_refused() {
    for site in Site::all().await {
        site.done(&["migrate"]);
        let connection = Database::connect(&site.url).await.expect("a connection");
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_newer', 0)";
        connection.execute_unprepared(newer).await.expect("a row");
        connection.close().await.expect("an end");
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["account", "list"],
            &["check"],
        ] {
            let said = site.refusal(command);
            assert!(
                said.contains("the database is newer than this program"),
                "{command:?}: {said}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_that_is_missing_or_wrong_is_named() {
    for site in Site::all().await {
        let mut server = Server::start_without_demo(site.path(), &["--database-url", &site.url]);
        server.terminate();
        assert!(server.ended().success());
        let key = site.path().join("data/secret.key");
        let kept = fs::read(&key).expect("the key");
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let other = "A".repeat(43);
        for (content, words) in [
            (
                None,
                "the secret key of this database is missing: there is no file data/secret.key",
            ),
            (
                Some(other.as_bytes()),
                "the secret key in data/secret.key is not the one",
            ),
            (
                Some(b"nonsense"),
                "the secret key in data/secret.key is damaged",
            ),
        ] {
            match content {
                Some(content) => fs::write(&key, content).expect("written"),
                None => fs::remove_file(&key).expect("removed"),
            }
            let said = site.refusal(&serve);
            assert!(said.contains(words), "no {words} in {said}");
            assert!(
                content.is_some() || !key.exists(),
                "nobody can make another one"
            );
        }
        fs::write(&key, kept).expect("written");
        site.done(&["account", "list"]);
    }
}

#[test]
fn folders_that_cannot_be_made_and_files_that_are_missing_are_named() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("a file");
    let tls = ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"];
    for (arguments, words) in [
        (
            &["--data-dir", "file/data"][..],
            "cannot make the folder file/data: ",
        ),
        (
            &["--media-dir", "file/media"],
            "cannot make the folder file/media: ",
        ),
        (
            &["--database-url", "sqlite://file/site.db"],
            "cannot make the folder file: ",
        ),
        (&tls, "cert.pem: "),
    ] {
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let output = run(folder.path(), &[&serve, arguments].concat());
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "no {words} in {said}");
        assert!(said.contains("set ") || said.contains("correct "), "{said}");
    }
}
