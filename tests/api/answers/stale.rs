//! While the database is away, what was kept goes on being answered, and says so; the rest is refused for now.

use std::time::Duration;

use kindling::{
    content::types::Milestone,
    delivery::{Sender, Source},
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    canaries::outages::{TERMINATE, administer},
    support::{
        content, on_both_engines, postgres,
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
    take_away(&database).await;
    Some((server, answer, database, folder))
}

async fn take_away(database: &postgres::TestDatabase) {
    administer(database, "ALTER DATABASE {name} ALLOW_CONNECTIONS false").await;
    administer(database, TERMINATE).await;
}

fn is_stale(answer: &Answer) -> bool {
    let status = answer.header("cache-status");
    status.contains("detail=stale-if-error")
}

#[tokio::test]
async fn what_was_kept_is_answered_while_the_database_is_away() {
    let Some((server, fresh, database, _folder)) = cut_off(&[]).await else {
        return;
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

#[tokio::test]
async fn what_is_known_to_be_gone_is_not_given_as_stale_and_nothing_stale_is_kept_by_shared_caches()
{
    let Some(postgres) = postgres::server().await else {
        return;
    };
    let database = postgres.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let url = database.url();
    let settings = ["--database-url", &url, "--shared-max-age-seconds", "60"];
    let mut server = Server::start(folder.path(), &settings);
    let editor = server.sign_in("editor").await;
    let fresh = server.query(NEW).await;
    assert!(fresh.header("cache-control").contains("s-maxage=60"));
    let kept = server
        .query("{ milestones(first: 1) { nodes { id title } } }")
        .await;
    let shown = kept.json()["data"]["milestones"]["nodes"][0].clone();
    let unpublish = "mutation($id: ID!) { unpublishEntries(input: {entries: [{id: $id}]}) { userErrors { message } } }";
    let variables = json!({"id": shown["id"]});
    let done = server.query_as(&editor, unpublish, variables).await;
    assert_eq!(
        done.json()["data"]["unpublishEntries"]["userErrors"],
        json!([]),
        "{done:?}"
    );
    // Asked once more, so that the server knows all of the log before the database goes.
    assert_eq!(server.query(NEW).await.json(), fresh.json());
    take_away(&database).await;
    let stale = until(&server, NEW, is_stale).await;
    assert_eq!((stale.status, stale.json()), (200, fresh.json()));
    assert_eq!(stale.header("cache-control"), "no-store");
    for name in ["etag", "cache-tag", "surrogate-key"] {
        assert_eq!(stale.header(name), "", "{name}");
    }
    let gone = server
        .query("{ milestones(first: 1) { nodes { id title } } }")
        .await;
    assert_eq!((gone.status, gone.code().as_str()), (503, "UNAVAILABLE"));
    // A version that this instance knows is served, and no other one.
    let with_version = async |version: &str| {
        let headers = [("Content-Version", version)];
        server.query_with(&headers, NEW, Value::Null).await
    };
    let known = with_version(stale.header("content-version")).await;
    assert!(is_stale(&known), "{known:?}");
    assert!(is_stale(
        &with_version(done.header("content-version")).await
    ));
    let elsewhere = TempDir::new().expect("a folder");
    std::fs::create_dir(elsewhere.path().join("data")).expect("a folder");
    let key = "data/secret.key";
    std::fs::copy(folder.path().join(key), elsewhere.path().join(key)).expect("the key");
    let other = Server::start(elsewhere.path(), &[]);
    let version = other.query(NEW).await.header("content-version").to_owned();
    assert_eq!(with_version(&version).await.status, 503, "of another log");
}

on_both_engines! {
    async fn long_queries_of_others_make_nothing_stale(app: TestApp) {
        app.public::<Milestone>("one", content::milestone("2012-01-01")).await;
        let ask = async || {
            let variables = async_graphql::Variables::default();
            let sender = Sender::new(kindling::auth::Principal::Anonymous);
            crate::support::ask(app.delivery(), KEPT, variables, sender).await
        };
        assert_eq!(ask().await.1, Source::Executed);
        let database = &app.app.database;
        let mut occupied = Vec::new();
        for _ in 0..app.app.config.database_readers {
            let snapshot = database.snapshot();
            let _: Vec<entity::entry::Model> = snapshot.all(entity::entry::Entity::find()).await.expect("rows");
            occupied.push(snapshot);
        }
        // What was learnt before counts for less than a second.
        while database.changes.age().is_some_and(|age| age < Duration::from_secs(1)) {
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ask().await.1, Source::Kept);
        for snapshot in occupied {
            snapshot.close().await;
        }
    }
}
