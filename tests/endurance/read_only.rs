//! A database that accepts no writes, and one that is away: changes are refused clearly, reads go on, and the log says so once.

use std::time::{Duration, Instant};

use kindling::error::Error;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};

use crate::{
    client::{Request, code},
    site::Site,
    sizes::turn,
};

const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";
const READ: &str = "{ milestones(first: 5) { nodes { id title } } }";
const PATIENCE: Duration = Duration::from_mins(1);

async fn set_read_only(database: &DatabaseConnection, value: &str) {
    let sql = format!(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', current_database()); END $$"
    );
    database.execute_unprepared(&sql).await.expect("a setting");
}

/// The answer to a change.
async fn change(site: &Site) -> Value {
    let input = json!({ "content": { "date": "2026", "title": "a change" } });
    let request = Request::new("createMilestone", &input, "milestone { id }");
    site.client(0).send(&request).await.expect("an answer")
}

/// Waits until a path answers so.
async fn told(site: &Site, path: &str, what: &str) -> u16 {
    let begun = Instant::now();
    loop {
        let answer = site.servers[0].get(path, &[]).await;
        if answer.text().contains(what) {
            return answer.status;
        }
        assert!(begun.elapsed() < PATIENCE, "{path}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How often the log says that something begins, and that it has ended.
fn outages(site: &Site, outage: &str) -> (usize, usize) {
    let log = site.servers[0].log();
    let lines = log.iter().filter(|line| line["fields"]["outage"] == outage);
    let messages: Vec<&str> = lines
        .filter_map(|line| line["fields"]["message"].as_str())
        .collect();
    let count = |text: &str| {
        messages
            .iter()
            .filter(|message| message.contains(text))
            .count()
    };
    (count("an outage begins"), count("an outage has ended"))
}

async fn ended(site: &Site, outage: &str) {
    let begun = Instant::now();
    while outages(site, outage).1 == 0 {
        assert!(begun.elapsed() < PATIENCE, "{:?}", site.servers[0].log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(outages(site, outage), (1, 1), "{:?}", site.servers[0].log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_refuses_changes_and_serves_readers() {
    let _turn = turn().await;
    let Some(site) = Site::on_postgres(1).await else {
        return;
    };
    assert_eq!(code(&change(&site).await), "");
    assert_eq!(told(&site, "/readyz", "ok").await, 200);
    let database = site.database().await;
    set_read_only(&database, "on").await;
    // Sessions keep what they began with.
    database
        .execute_unprepared(TERMINATE)
        .await
        .expect("an end");

    assert_eq!(
        told(&site, "/readyz", "read-only").await,
        200,
        "readers are served"
    );
    for _ in 0..30 {
        let refused = change(&site).await;
        assert_eq!(code(&refused), "UNAVAILABLE", "{refused}");
        let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("read-only"), "{refused}");
        let read = site
            .client(0)
            .ask(READ, &Value::Null)
            .await
            .expect("an answer");
        assert_eq!(code(&read), "", "{read}");
    }
    assert_eq!(outages(&site, "read-only database"), (1, 0));

    // Nobody ends the sessions that are read-only.
    set_read_only(&database, "off").await;
    let begun = Instant::now();
    while !code(&change(&site).await).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "changes are refused for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(told(&site, "/readyz", "ok").await, 200);
    ended(&site, "read-only database").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_logged_once() {
    let _turn = turn().await;
    let Some(site) = Site::on_postgres(1).await else {
        return;
    };
    assert_eq!(code(&change(&site).await), "");
    let url = site.url();
    let (server, name) = url.rsplit_once('/').expect("a database");
    let admin = Database::connect(format!("{server}/postgres")).await;
    let admin = admin.expect("a connection");
    let execute = async |sql: String| admin.execute_unprepared(&sql).await.expect("done");
    execute(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    execute(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ))
    .await;
    assert_eq!(told(&site, "/readyz", "does not answer").await, 503);
    for _ in 0..20 {
        assert_eq!(code(&change(&site).await), "UNAVAILABLE");
        assert_eq!(site.servers[0].get("/readyz", &[]).await.status, 503);
    }
    assert_eq!(
        outages(&site, "database"),
        (1, 0),
        "{:?}",
        site.servers[0].log()
    );
    execute(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    assert_eq!(told(&site, "/readyz", "ok").await, 200);
    ended(&site, "database").await;
}

#[tokio::test]
async fn a_read_only_file_is_unavailable_for_writes() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await.expect("a database");
    for sql in ["CREATE TABLE a (b)", "PRAGMA query_only = ON"] {
        database.execute_unprepared(sql).await.expect("done");
    }
    let refused = database
        .execute_unprepared("INSERT INTO a VALUES (1)")
        .await;
    let error = Error::from(refused.expect_err("it is read-only"));
    assert!(matches!(error, Error::ReadOnly(_)), "{error:?}");
    assert_eq!(error.code(), "UNAVAILABLE");
}
