//! Traces, told to a collector.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::sink::Sink;
use crate::support::{self, server::Server};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2);
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits");
    pairs.map(byte).collect()
}

#[tokio::test]
async fn requests_operations_statements_and_due_work_are_told() {
    let sink = Sink::start();
    for (server, _folder, database) in support::servers_with(&["--otlp-endpoint", &sink.url]).await
    {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let query = "query TracedPages { pages { nodes { id title } } }";
        let headers = [
            ("traceparent", &*parent),
            ("X-Request-Id", "traced-request-7"),
        ];
        let answer = server.query_with(&headers, query, json!({})).await;
        assert_eq!(answer.status, 200);
        let system = if database.is_some() {
            "postgresql"
        } else {
            "sqlite"
        };
        for told in [
            "kindling",
            "POST /graphql",
            "http.response.status_code",
            "traced-request-7",
            "query TracedPages",
            "SELECT page",
            "work cleanup",
            system,
        ] {
            sink.wait_for(told);
        }
        assert!(sink.has(&bytes(TRACE)), "the trace of the client goes on");
        assert!(sink.has(&bytes("00f067aa0ba902b7")), "below its span");
    }
}

#[tokio::test]
async fn neither_secrets_nor_values_nor_documents_are_told() {
    let sink = Sink::start();
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &["--otlp-endpoint", &sink.url]);
    let token = server.sign_in("editor").await;
    let password = server.demo_password("editor");
    let input = json!({"email": "canary@demo.example", "password": "canary-Password-77"});
    let sign_in =
        "mutation CanarySignIn($input: SignInInput!) { signIn(input: $input) { __typename } }";
    server
        .query_with(&[], sign_in, json!({"input": input}))
        .await;
    let change = "mutation Canary($content: MilestoneInput!) { createMilestone(input: {content: $content}) { userErrors { message } } }";
    let content = json!({"content": {"title": {"en": "canary title"}}});
    server.query_as(&token, change, content).await;
    let query = "query CanaryAlias { canaryAlias: pages(first: 3) { nodes { id } } }";
    server.query_as(&token, query, json!({})).await;
    server
        .get("/graphql?query=%7Bcanary%7D&canary-address=1", &[])
        .await;
    server
        .get("/canary-path", &[("Cookie", "canary-cookie=1")])
        .await;
    server.request("CANARYMETHOD", "/graphql", &[], "").await;
    for told in ["mutation CanarySignIn", "query CanaryAlias", "_OTHER"] {
        sink.wait_for(told);
    }
    server.terminate();
    assert!(server.ended().success());
    for secret in [
        &*token,
        &*password,
        "canary@demo.example",
        "canary-Password-77",
        "canary title",
        "canaryAlias",
        "canary-address",
        "canary-path",
        "canary-cookie",
        "CANARYMETHOD",
        "editor@demo.example",
        "nodes",
        "SELECT \"",
        "127.0.0.1",
    ] {
        assert!(!sink.has(secret.as_bytes()), "{secret} was told");
    }
}

#[tokio::test]
async fn what_was_not_told_before_is_told_at_the_end() {
    let sink = Sink::start();
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &["--otlp-endpoint", &sink.url]);
    server.query("query LastOne { pages { totalCount } }").await;
    server.terminate();
    assert!(server.ended().success());
    assert!(sink.has(b"query LastOne"));
}

#[tokio::test]
async fn of_no_requests_nothing_is_told() {
    let sink = Sink::start();
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--otlp-endpoint", &sink.url, "--otlp-sample-ratio", "0"];
    let mut server = Server::start(folder.path(), &arguments);
    server.query("{ pages { totalCount } }").await;
    server.terminate();
    assert!(server.ended().success());
    assert!(sink.told().is_empty());
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--otlp-endpoint", "http://127.0.0.1:1"];
    let mut server = Server::start(folder.path(), &arguments);
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(server.query("{ pages { totalCount } }").await.status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let warnings = |server: &mut Server| {
        let log = server.log();
        let of = |line: &serde_json::Value| {
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            message.starts_with("the collector takes no traces")
        };
        log.iter().filter(|line| of(line)).count()
    };
    server.wait_for("warning", |server| (warnings(server) > 0).then_some(()));
    let begun = Instant::now();
    server.terminate();
    assert!(server.ended().success());
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert_eq!(warnings(&mut server), 1, "it is told once");
}
