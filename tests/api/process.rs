//! The program as an operator knows it: its commands, its settings, its start and its end.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::support::server::{Server, kindling, run};

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn a_half_sent_request_does_not_hold_up_the_end() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &["--shutdown-timeout-seconds", "2"]);
    let _head = server
        .open(b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Ty")
        .await;
    let _body = server.open(b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{").await;
    let _idle = server.open(b"").await;
    assert_eq!(server.get("/livez", &[]).await.status, 200);
    let asked = Instant::now();
    server.terminate();
    let status = server.ended();
    assert!(status.success(), "{status}: {:?}", server.log());
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "it took {:?}",
        asked.elapsed()
    );
    server.wait_for("last line", |server| {
        server
            .log()
            .iter()
            .any(|line| line["fields"]["message"] == "stopped")
            .then_some(())
    });
}

#[tokio::test]
async fn a_closed_terminal_ends_no_server() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let sent = Command::new("kill")
        .args(["-HUP", &server.process().to_string()])
        .status();
    assert!(sent.is_ok_and(|sent| sent.success()));
    let told = |line: &serde_json::Value| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("SIGHUP"))
    };
    let begun = Instant::now();
    while !server.log().iter().any(told) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.get("/livez", &[]).await.status, 200);
    server.terminate();
    assert!(server.ended().success());
}

#[tokio::test]
async fn a_second_start_keeps_the_content_and_imports_nothing() {
    let folder = folder();
    let query = "{ pages { totalCount nodes { id updatedAt } } assets { totalCount } milestones { totalCount nodes { id } } }";
    let mut server = Server::start(folder.path(), &[]);
    let before = server.query(query).await.json();
    assert!(
        before["data"]["assets"]["totalCount"]
            .as_u64()
            .is_some_and(|count| count > 0),
        "{before}"
    );
    server.terminate();
    assert!(server.ended().success());
    let again = Server::start(folder.path(), &[]);
    assert_eq!(again.query(query).await.json(), before);
    let files = std::fs::read_dir(folder.path().join("data/media"))
        .expect("the store")
        .count();
    // The id of the site lies beside the files.
    assert_eq!(before["data"]["assets"]["totalCount"], files - 1);
}

#[tokio::test]
async fn a_killed_server_starts_again_with_all_its_content() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let before = server.query("{ pages { nodes { id } } }").await.json();
    // Dropping it kills it, without any chance to clear up.
    drop(server);
    let again = Server::start(folder.path(), &[]);
    assert_eq!(
        again.query("{ pages { nodes { id } } }").await.json(),
        before
    );
}

#[test]
fn check_tells_what_migrate_has_done() {
    let folder = folder();
    let arguments = |command| [command, "--data-dir", "data"];
    let migrated = run(folder.path(), &arguments("migrate"));
    assert!(
        migrated.status.success() && told(&migrated).contains("is up to date"),
        "{}",
        told(&migrated)
    );
    let after = run(folder.path(), &arguments("check"));
    assert!(
        told(&after).contains("answers; it is up to date"),
        "{}",
        told(&after)
    );
    let again = run(folder.path(), &arguments("migrate"));
    assert!(
        told(&again).contains("0 migrations have run"),
        "{}",
        told(&again)
    );
}

#[test]
fn check_fails_where_the_server_would() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").expect("a file");
    let output = run(
        folder.path(),
        &["check", "--data-dir", "data", "--media-dir", "file/media"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("media: "), "{}", told(&output));
    let output = run(
        folder.path(),
        &[
            "check",
            "--data-dir",
            "data",
            "--database-url",
            "postgres://ann:s3cret@127.0.0.1:1/none",
        ],
    );
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(
        told(&output).contains("database: ") && !told(&output).contains("s3cret"),
        "{}",
        told(&output)
    );
}

#[test]
fn the_schema_is_printed_without_any_settings() {
    let folder = folder();
    let output = kindling(folder.path(), &["schema"])
        .env("KINDLING_LISTEN", "nowhere")
        .output()
        .expect("the program");
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        kindling::graphql::sdl()
    );
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .count(),
        0
    );
}

#[test]
fn the_help_names_every_command() {
    let folder = folder();
    let output = run(folder.path(), &["--help"]);
    assert!(output.status.success());
    let help = told(&output);
    for word in [
        "serve",
        "migrate",
        "schema",
        "check",
        "settings",
        "--database-url",
        "--config",
    ] {
        assert!(help.contains(word), "no {word} in {help}");
    }
    assert!(told(&run(folder.path(), &["--version"])).contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(run(folder.path(), &["nonsense"]).status.code(), Some(2));
}

#[test]
fn all_mistakes_of_the_settings_are_told_at_once_without_passwords() {
    let folder = folder();
    std::fs::write(
        folder.path().join("kindling.toml"),
        "shutdown_timeout_seconds = 301\nfavourite = 1",
    )
    .expect("a file");
    let output = kindling(
        folder.path(),
        &[
            "serve",
            "--listen",
            "nowhere",
            "--database-url",
            "mysql://ann:s3cret@db/kindling",
        ],
    )
    .env("KINDLING_LOG_LEVEL", "loud")
    .env("KINDLING_PUBLIC_URL", "https://ann:s3cret@example.org")
    .output()
    .expect("the program");
    assert_eq!(output.status.code(), Some(2));
    let told = told(&output);
    for word in [
        "6 mistakes",
        "listen",
        "database_url",
        "log_level",
        "public_url",
        "shutdown_timeout_seconds",
        "favourite",
    ] {
        assert!(told.contains(word), "no {word} in {told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .count(),
        1,
        "nothing was made"
    );
}

#[test]
fn a_port_that_is_taken_is_told() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(
        folder.path(),
        &["serve", "--data-dir", "data", "--listen", &address],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told(&output).contains(&format!("cannot listen on {address}")),
        "{}",
        told(&output)
    );
}
