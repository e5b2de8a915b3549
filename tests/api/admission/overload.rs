//! Where there is too much to do, the rest is refused soon, and those who edit go on.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::{
    postgres,
    server::{Answer, Server},
};

const SLOW: &str = "{ milestones { nodes { title } } }";
const KEPT: &str = "{ pages { totalCount } }";

/// Keeps everybody from reading milestones, for as long as it is held.
async fn hold_milestones(url: &str) -> DatabaseTransaction {
    let database = Database::connect(url).await.expect("a connection");
    let held = database.begin().await.expect("a transaction");
    let lock = "LOCK TABLE milestone IN ACCESS EXCLUSIVE MODE";
    held.execute_unprepared(lock).await.expect("a lock");
    held
}

/// The answer to a query that nobody has asked before, and how long it took.
async fn ask(server: &Server, number: usize) -> (Answer, Duration) {
    let begun = Instant::now();
    let query = format!("{{ values(first: {}) {{ totalCount }} }}", number + 1);
    (server.query(&query).await, begun.elapsed())
}

async fn add_section(server: &Server, token: &str, anchor: &str) -> Value {
    let create = "mutation($input: CreateStorySectionInput!) { createStorySection(input: $input) { storySection { id } userErrors { message } } }";
    let content = json!({"anchor": anchor, "layout": "STATEMENT", "heading": "On it goes"});
    let input = json!({"input": {"content": content}});
    let answer = server.query_as(token, create, input).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["data"]["createStorySection"]["userErrors"].clone()
}

#[tokio::test]
async fn the_public_is_refused_soon_and_those_who_edit_go_on() {
    let Some(postgres) = postgres::server().await else {
        return;
    };
    let database = postgres.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--max-operations", "1", "--database-url", &database.url()];
    let mut server = Server::start(folder.path(), &arguments);
    let token = server.sign_in("editor").await;
    assert_eq!(server.query(KEPT).await.status, 200);

    let held = hold_milestones(&database.url()).await;
    let slow = server.query(SLOW);
    let others = async {
        sleep(Duration::from_millis(300)).await;
        // A crowd may have come by chance.
        let (first, _) = ask(&server, 0).await;
        assert_eq!(first.status, 503);
        let mut waits = Vec::new();
        for number in 1..20 {
            let (answer, waited) = ask(&server, number).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "OVERLOADED"));
            assert_eq!(answer.header("retry-after"), "1");
            assert!(answer.header("cache-control").ends_with("no-store"));
            waits.push(waited);
        }
        waits.sort();
        assert!(
            waits[waits.len() / 2] < Duration::from_millis(100),
            "{waits:?}"
        );

        let kept = server.query(KEPT).await;
        assert_eq!(
            (kept.status, kept.header("cache-status")),
            (200, "Kindling; hit")
        );
        for path in ["/livez", "/readyz"] {
            assert_eq!(server.get(path, &[]).await.status, 200, "{path}");
        }
        for anchor in ["one", "two", "three"] {
            assert_eq!(add_section(&server, &token, anchor).await, json!([]));
        }
        held.rollback().await.expect("an end");
    };
    let (slow, ()) = tokio::join!(slow, others);
    assert_eq!(slow.status, 200, "what was begun comes to its end");
    assert_eq!(ask(&server, 50).await.0.status, 200, "all is well again");
    let told = server.log().into_iter().filter(|line| {
        let message = line["fields"]["message"].as_str();
        message.is_some_and(|message| message.contains("too many operations at once"))
    });
    assert_eq!(told.count(), 1, "the operator is told once");
}

#[tokio::test]
async fn a_busy_minute_is_no_overload() {
    let folder = TempDir::new().expect("a folder");
    // As the build of a static site asks: all at once, nothing of it asked before.
    let server = Server::start(folder.path(), &["--max-operations", "1"]);
    let all = (0..100).map(async |number| {
        let (page, view) = (number % 50, ["PUBLISHED", "en"][number / 50]);
        let view = if view == "en" {
            "{locales: [\"en\"]}"
        } else {
            "{perspective: PUBLISHED}"
        };
        let query =
            format!("{{ milestones(first: {page}, view: {view}) {{ nodes {{ title }} }} }}");
        server.query(&query).await
    });
    for answer in join_all(all).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_signs_in_does_not_stand_in_line_with_visitors() {
    let Some(postgres) = postgres::server().await else {
        return;
    };
    let database = postgres.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--max-operations", "1", "--database-url", &database.url()];
    let mut server = Server::start(folder.path(), &arguments);
    server.demo_password("editor");
    let held = hold_milestones(&database.url()).await;
    let address = server.address;
    let slow = tokio::spawn(async move {
        let mut stream = tokio::net::TcpStream::connect(address)
            .await
            .expect("a connection");
        let body = json!({ "query": SLOW }).to_string();
        let length = body.len();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
            .await
            .expect("sent");
        let mut answer = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)
            .await
            .expect("an answer");
        Answer::parse(&answer)
    });
    sleep(Duration::from_millis(300)).await;
    assert_eq!(ask(&server, 0).await.0.status, 503);
    let token = server.sign_in("editor").await;
    assert!(!token.is_empty());
    held.rollback().await.expect("an end");
    assert_eq!(slow.await.expect("an answer").status, 200);
}
