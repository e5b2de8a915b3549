//! A site that is not there is not made by accident.

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tempfile::TempDir;

use super::{Site, listing, said};
use crate::support::{postgres, server::run};

/// Every command that needs a site, beginning with the one that looks whether there could be one.
const COMMANDS: [&[&str]; 14] = [
    &["check"],
    &["keys", "rotate"],
    &["documents", "publish", "manifest.json", "--client", "web"],
    &["documents", "list"],
    &["documents", "check"],
    &["documents", "remove", "--client", "web"],
    &["media", "bind"],
    &["media", "sweep"],
    &["account", "list"],
    &[
        "account",
        "invite",
        "--email",
        "a@example.org",
        "--name",
        "A",
        "--role",
        "editor",
    ],
    &["account", "reset-link", "--email", "a@example.org"],
    &["account", "suspend", "--email", "a@example.org"],
    &[
        "account",
        "change-role",
        "--email",
        "a@example.org",
        "--role",
        "editor",
    ],
    &["account", "erase", "--email", "a@example.org"],
];

const CREATE: [&str; 8] = [
    "account",
    "create",
    "--email",
    "a@example.org",
    "--name",
    "A",
    "--role",
    "admin",
];

/// How many tables a database has.
async fn tables(url: &str) -> i64 {
    let connection = Database::connect(url).await.expect("a connection");
    let statement = "SELECT count(*) AS tables FROM pg_tables WHERE schemaname = 'public'";
    let row = connection
        .query_one_raw(Statement::from_string(DbBackend::Postgres, statement))
        .await
        .expect("an answer")
        .expect("a row");
    connection.close().await.expect("an end");
    row.try_get("", "tables").expect("a number")
}

fn assert_refused(said: &str, words: &[&str]) {
    assert!(said.contains("no database at "), "{words:?}: {said}");
    assert!(said.contains("database_url"), "{words:?}: {said}");
}

#[test]
fn a_database_file_that_is_missing_is_not_made() {
    let folder = TempDir::new().expect("a folder");
    for words in COMMANDS {
        let output = run(folder.path(), &[words, &["--data-dir", "data"]].concat());
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert_refused(&said, words);
        assert!(said.contains("sqlite://data/kindling.db") && said.contains("`kindling serve`"));
        assert_eq!(listing(folder.path()), [""; 0], "{words:?}");
    }
}

#[tokio::test]
async fn a_database_without_tables_is_left_alone() {
    for site in Site::all().await {
        let is_file = site.url.starts_with("sqlite");
        if is_file {
            // An empty file is a SQLite database without tables.
            std::fs::create_dir(site.path().join("data")).expect("a folder");
            std::fs::write(site.path().join("data/kindling.db"), "").expect("a file");
        }
        let before = listing(site.path());
        for words in &COMMANDS[1..] {
            let said = site.refusal(words);
            assert_refused(&said, words);
            assert!(said.contains("it has no tables of Kindling"), "{said}");
            assert_eq!(listing(site.path()), before, "{words:?}");
        }
        // Here a server could start.
        let checked = site.done(&["check"]);
        assert!(checked.contains("it has no tables yet"), "{checked}");
        assert_eq!(listing(site.path()), before);
        assert!(is_file || tables(&site.url).await == 0);
    }
}

#[tokio::test]
async fn a_server_without_the_database_is_told_from_one_that_is_away() {
    let Some(server) = postgres::server().await else {
        return;
    };
    let database = server.create_database(None).await;
    let url = database.url();
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let missing = format!("{address}_missing?{query}");
    let folder = TempDir::new().expect("a folder");
    for words in [
        &["account", "list"][..],
        &["check"],
        &["migrate"],
        &["serve"],
    ] {
        let output = run(
            folder.path(),
            &[words, &["--database-url", &missing]].concat(),
        );
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert_refused(&said, words);
        assert!(said.contains("does not exist"), "{said}");
        assert_eq!(listing(folder.path()), [""; 0], "{words:?}");
    }
}

#[tokio::test]
async fn a_database_that_nothing_has_used_gets_its_key_from_a_start_only() {
    for site in Site::all().await {
        site.done(&["migrate"]);
        let before = listing(&site.path().join("data"));
        let said = site.refusal(&["account", "list"]);
        assert!(said.contains("has no secret key"), "{said}");
        assert_eq!(listing(&site.path().join("data")), before);
        let well = site.done(&["check"]);
        assert!(well.contains("gets one at the next start"), "{well}");
        assert_eq!(listing(&site.path().join("data")), before);
        site.done(&CREATE);
        assert_eq!(
            site.done(&["account", "list"]),
            "a@example.org  admin  active  A\n"
        );
    }
}

#[tokio::test]
async fn accounts_are_managed_without_the_folder_of_files_and_files_are_not() {
    for site in Site::all().await {
        site.done(&CREATE);
        let before = listing(site.path());
        site.done(&["account", "list", "--media-dir", "elsewhere"]);
        let said = site.refusal(&["media", "sweep", "--media-dir", "elsewhere"]);
        assert!(said.contains("no media store at elsewhere"), "{said}");
        assert_eq!(listing(site.path()), before);
    }
}
