//! Help that fits a screen, settings that are misspelt, and proxies that nobody named.

use tempfile::TempDir;

use super::said;
use crate::support::server::{Server, kindling, run};

/// Lines of a usual terminal.
const SCREEN: usize = 40;

#[test]
fn help_fits_a_screen_and_says_where_the_settings_are() {
    let folder = TempDir::new().expect("a folder");
    let commands: [&[&str]; 6] = [
        &[],
        &["serve"],
        &["check"],
        &["account"],
        &["account", "create"],
        &["documents", "publish"],
    ];
    for command in commands {
        for flag in ["-h", "--help"] {
            let output = run(folder.path(), &[command, &[flag]].concat());
            let said = said(&output);
            assert!(output.status.success(), "{said}");
            assert!(said.lines().count() <= SCREEN, "{command:?} {flag}: {said}");
            for words in ["`kindling settings`", "--database-url", "--config"] {
                assert!(said.contains(words), "no {words} in {said}");
            }
        }
    }
    let accounts = said(&run(folder.path(), &["account", "--help"]));
    for words in [
        "create",
        "invite",
        "reset-link",
        "list",
        "suspend",
        "reactivate",
        "change-role",
        "erase",
        "Examples:",
    ] {
        assert!(accounts.contains(words), "no {words} in {accounts}");
    }
}

#[test]
fn all_settings_are_listed_by_a_command() {
    let folder = TempDir::new().expect("a folder");
    let output = run(folder.path(), &["settings"]);
    assert!(output.status.success());
    let said = said(&output);
    for setting in kindling::config::SETTINGS {
        for text in [
            setting.about,
            &format!("--{}", setting.flag()),
            &setting.variable(),
            &setting.shown_default(),
        ] {
            assert!(said.contains(text), "no {text} in {said}");
        }
    }
}

#[test]
fn a_variable_that_names_no_setting_stops_the_program() {
    let folder = TempDir::new().expect("a folder");
    let output = kindling(folder.path(), &["serve", "--data-dir", "data"])
        .env("KINDLING_DATABSE_URL", "postgres://ann:s3cret@db/kindling")
        .env("KINDLING_PORT", "9000")
        .output()
        .expect("the program");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in [
        "KINDLING_DATABSE_URL: no setting has this",
        "did you mean KINDLING_DATABASE_URL?",
        "KINDLING_PORT: no setting",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(!said.contains("s3cret"), "{said}");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_warned_of_once() {
    let warnings = |server: &Server| {
        let log = server.log();
        let is_warning = |line: &&serde_json::Value| {
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            message.contains("add the network of the proxy to trusted_proxies")
        };
        log.iter().filter(is_warning).count()
    };
    let folder = TempDir::new().expect("a folder");
    let ask = async |server: &Server, headers: &[(&str, &str)]| {
        let query = "{ pages { totalCount } }";
        let answer = server
            .query_with(headers, query, serde_json::Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let forwarded = [("X-Forwarded-For", "203.0.113.9")];
    let trusted = Server::start_without_demo(folder.path(), &["--trusted-proxies", "127.0.0.1"]);
    ask(&trusted, &forwarded).await;
    assert_eq!(warnings(&end(trusted)), 0);
    let mut server = Server::start_without_demo(folder.path(), &[]);
    ask(&server, &[]).await;
    assert_eq!(warnings(&server), 0);
    ask(&server, &forwarded).await;
    ask(&server, &[("Forwarded", "for=203.0.113.10")]).await;
    server.wait_for("warning", |server| (warnings(server) > 0).then_some(()));
    assert_eq!(warnings(&end(server)), 1);
}

/// Stops a server, and waits for all of its log.
fn end(mut server: Server) -> Server {
    server.terminate();
    assert!(server.ended().success());
    server.wait_for("end of the log", |server| {
        let log = server.log();
        log.iter()
            .any(|line| line["fields"]["message"] == "stopped")
            .then_some(())
    });
    server
}
