//! While the database is away, what was kept goes on being answered, and says so; the rest is refused for now.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    canaries::outages::{TERMINATE, administer},
    support::{
        postgres,
        server::{Answer, Server},
    },
};

const KEPT: &str = "{ milestones(first: 3) { nodes { title } } }";
const NEW: &str = "{ values(first: 3) { nodes { title } } }";

/// The answer to a query, once it is as it should be.
async fn until(server: &Server, query: &str, is_right: impl Fn(&Answer) -> bool) -> Answer {
    let started = Instant::now();
    loop {
        let answer = server.query(query).await;
        if is_right(&answer) {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{answer:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// A server on PostgreSQL that has answered once, and whose database is away; gives the answer, too.
async fn cut_off(settings: &[&str]) -> Option<(Server, Answer, postgres::TestDatabase, TempDir)> {
    let postgres = postgres::server().await?;
    let database = postgres.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let url = database.url().clone();
    let server = Server::start(
        folder.path(),
        &[&["--database-url", &url], settings].concat(),
    );
    let answer = server.query(KEPT).await;
    administer(&database, "ALTER DATABASE {name} ALLOW_CONNECTIONS false").await;
    administer(&database, TERMINATE).await;
    Some((server, answer, database, folder))
}

#[tokio::test]
async fn what_was_kept_is_answered_while_the_database_is_away() {
    let Some((server, fresh, database, _folder)) = cut_off(&[]).await else {
        return;
    };
    let is_stale = |answer: &Answer| {
        answer
            .header("cache-status")
            .contains("detail=stale-if-error")
    };
    let stale = until(&server, KEPT, is_stale).await;
    assert_eq!((stale.status, stale.json()), (200, fresh.json()));
    let status = stale.header("cache-status");
    assert!(status.starts_with("Kindling; hit; ttl=-"), "{status}");
    let new = server.query(NEW).await;
    assert_eq!((new.status, new.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(new.header("retry-after"), "1");
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    assert_eq!(server.get("/livez", &[]).await.status, 200);

    administer(&database, "ALTER DATABASE {name} ALLOW_CONNECTIONS true").await;
    let well = until(&server, NEW, |answer| answer.status == 200).await;
    assert!(well.json()["errors"].is_null());
    until(&server, KEPT, |answer| {
        answer.header("cache-status") == "Kindling; hit"
    })
    .await;
}

#[tokio::test]
async fn nothing_is_stale_where_the_settings_say_so() {
    let Some((server, _, _database, _folder)) = cut_off(&["--stale-if-error-seconds", "0"]).await
    else {
        return;
    };
    let refused = until(&server, KEPT, |answer| answer.status == 503).await;
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert_eq!(server.query(KEPT).await.status, 503);
}
