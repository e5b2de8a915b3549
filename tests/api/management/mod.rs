//! The port of operators: metrics, health, and nothing else.

mod figures;
mod sink;
mod traces;

use std::net::TcpListener;

use serde_json::{Value, json};
use tempfile::TempDir;

use self::figures::Figures;
use crate::{
    canaries::outages::{TERMINATE, administer},
    support::{
        self,
        server::{Server, run},
    },
};

const MANAGED: [&str; 2] = ["--management-listen", "127.0.0.1:0"];

fn managed(more: &[&str]) -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &[&MANAGED[..], more].concat());
    (folder, server)
}

async fn figures(server: &mut Server) -> Figures {
    let answer = server.managed("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    Figures::parse(answer.text())
}

fn same(value: f64, expected: u32) -> bool {
    (value - f64::from(expected)).abs() < 0.001
}

#[tokio::test]
async fn figures_move_as_requests_are_made() {
    for (mut server, _folder, _database) in support::servers_with(&MANAGED).await {
        let pages = "query Pages { pages { nodes { id title } } }";
        let before = figures(&mut server).await;
        let selects = "kindling_database_statements_total{verb=\"select\",outcome=\"ok\"}";
        for _ in 0..3 {
            server.query(pages).await;
        }
        server.query("query Broken { nothing }").await;
        server.query("{ pages").await;
        server.get("/nowhere", &[]).await;
        let after = figures(&mut server).await;
        for (sample, expected) in [
            (
                "kindling_http_requests_total{route=\"/graphql\",status=\"2xx\"}",
                5,
            ),
            (
                "kindling_http_requests_total{route=\"none\",status=\"4xx\"}",
                1,
            ),
            (
                "kindling_http_request_duration_seconds_count{route=\"/graphql\"}",
                5,
            ),
            (
                "kindling_errors_total{code=\"GRAPHQL_VALIDATION_FAILED\"}",
                1,
            ),
            ("kindling_errors_total{code=\"GRAPHQL_PARSE_FAILED\"}", 1),
            ("kindling_errors_total{code=\"NOT_FOUND\"}", 1),
            ("kindling_errors_total{code=\"OTHER\"}", 0),
            (
                "kindling_graphql_operations_total{operation=\"Pages\",kind=\"query\",outcome=\"ok\"}",
                3,
            ),
            (
                "kindling_graphql_operations_total{operation=\"other\",kind=\"query\",outcome=\"refused\"}",
                1,
            ),
            (
                "kindling_graphql_operation_duration_seconds_count{operation=\"Pages\",kind=\"query\"}",
                3,
            ),
            ("kindling_graphql_answers_total{source=\"kept\"}", 2),
            ("kindling_cache_entries{cache=\"answers\"}", 1),
            ("kindling_cache_entries{cache=\"documents\"}", 1),
            ("kindling_database_up", 1),
            ("kindling_database_waiting{pool=\"readers\"}", 0),
            ("kindling_database_migrations_pending", 0),
            ("kindling_mails_waiting", 0),
            ("kindling_graphql_operations_running{of=\"public\"}", 0),
            ("kindling_graphql_operations_waiting{of=\"editors\"}", 0),
            ("kindling_stopping", 0),
        ] {
            let value = after.get(sample);
            assert!(same(value, expected), "{sample} is {value}");
        }
        assert!(after.get(selects) > before.get(selects));
        assert!(after.get("kindling_cache_bytes{cache=\"answers\"}") > 0.0);
        assert!(after.get("kindling_event_log_head") > 0.0);
        assert!(after.get("kindling_event_log_behind_seconds") < 5.0);
        assert!(after.get("kindling_database_connections{pool=\"readers\"}") > 0.0);
        assert!(after.get("process_resident_memory_bytes") > 1_000_000.0);
    }
}

#[tokio::test]
async fn steps_of_signing_in_are_counted_and_nobody_is_named() {
    let (_folder, mut server) = managed(&[]);
    let token = server.sign_in("editor").await;
    let password = server.demo_password("editor");
    let wrong =
        json!({"input": {"email": "editor@demo.example", "password": "wrong-Canary-Embers-1"}});
    let sign_in = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename } }";
    server.query_with(&[], sign_in, wrong).await;
    server
        .query_as(&token, "query Me { viewer { __typename } }", Value::Null)
        .await;
    let figures = figures(&mut server).await;
    for (outcome, expected) in [("succeeded", 1), ("failed", 1), ("throttled", 0)] {
        let sample = format!("kindling_sign_in_steps_total{{outcome=\"{outcome}\"}}");
        let value = figures.get(&sample);
        assert!(same(value, expected), "{sample} is {value}");
    }
    for labels in figures.labels() {
        for secret in [
            &*token,
            &*password,
            "Canary",
            "@",
            "demo.example",
            "127.0.0.1",
        ] {
            assert!(!labels.contains(secret), "{labels}");
        }
    }
}

#[tokio::test]
async fn operators_and_visitors_are_answered_apart() {
    let (_folder, mut server) = managed(&[]);
    for path in ["/metrics", "/healthz"] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
    for path in ["/graphql", "/", "/.well-known/jwks.json", "/setup"] {
        let answer = server.managed(path).await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (404, "NOT_FOUND"),
            "{path}"
        );
    }
    for path in ["/livez", "/readyz"] {
        let answer = server.managed(path).await;
        assert_eq!((answer.status, answer.text()), (200, "ok\n"), "{path}");
    }
}

#[tokio::test]
async fn health_tells_how_everything_stands() {
    for (mut server, _folder, database) in support::servers_with(&MANAGED).await {
        let engine = if database.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        };
        server.query("{ pages { nodes { id } } }").await;
        let answer = server.managed("/healthz").await;
        let health = answer.json();
        assert_eq!(answer.status, 200, "{health}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(health["status"], "ok");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(health["database"]["engine"], engine);
        assert_eq!(health["database"]["answers"], true);
        assert_eq!(
            health["database"]["migrations"],
            json!({"pending": 0, "ofNewerVersion": 0})
        );
        assert_eq!(health["caches"][0]["entries"], 1, "{health}");
        let numbers = [
            &health["uptimeSeconds"],
            &health["database"]["latencySeconds"],
            &health["eventLog"]["last"],
            &health["eventLog"]["behindSeconds"],
            &health["disk"]["freeBytes"],
            &health["memory"]["residentBytes"],
            &health["work"]["mailsWaiting"],
        ];
        assert!(numbers.iter().all(|number| number.is_number()), "{health}");
        let tasks = health["work"]["tasks"].as_array().expect("tasks");
        assert_eq!(tasks.len(), 8, "{health}");
        assert!(!answer.text().contains("kindling_test"), "{health}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told() {
    for (mut server, _folder, database) in support::servers_with(&MANAGED).await {
        let Some(database) = database else { continue };
        let query = "query Kept { pages { nodes { id } } }";
        server.query(query).await;
        administer(&database, "ALTER DATABASE {name} ALLOW_CONNECTIONS false").await;
        administer(&database, TERMINATE).await;
        let health = server.managed("/healthz").await;
        assert_eq!(
            (health.status, &health.json()["status"]),
            (503, &json!("database away"))
        );
        assert_eq!(health.json()["database"]["answers"], false);
        let sample = "kindling_graphql_answers_total{source=\"stale\"}";
        while figures(&mut server).await.get(sample) < 1.0 {
            server.query(query).await;
        }
        let away = figures(&mut server).await;
        assert!(same(away.get("kindling_database_up"), 0));
        administer(&database, "ALTER DATABASE {name} ALLOW_CONNECTIONS true").await;
        while server.managed("/healthz").await.status != 200 {}
        assert!(same(
            figures(&mut server).await.get("kindling_database_up"),
            1
        ));
    }
}

#[tokio::test]
async fn operators_are_answered_until_the_end_and_told_that_it_comes() {
    let (_folder, mut server) = managed(&["--stop-delay-seconds", "3"]);
    server.managed("/livez").await;
    server.terminate();
    let mut told = server.managed("/readyz").await;
    while told.status == 200 {
        told = server.managed("/readyz").await;
    }
    assert_eq!((told.status, told.text()), (503, "the server stops\n"));
    let health = server.managed("/healthz").await;
    assert_eq!(
        (health.status, &health.json()["status"]),
        (503, &json!("stopping"))
    );
    assert!(same(figures(&mut server).await.get("kindling_stopping"), 1));
    assert_eq!(server.managed("/livez").await.status, 200);
    assert!(server.ended().success());
}

#[test]
fn operators_are_answered_on_this_machine_alone_unless_the_settings_say_more() {
    let address = support::config(&[]).management_listen.expect("an address");
    assert!(address.ip().is_loopback());
    for none in ["off", ""] {
        let flag = format!("--management-listen={none}");
        assert_eq!(support::config(&[&flag]).management_listen, None);
    }
}

#[test]
fn a_port_of_operators_that_is_taken_is_told() {
    let folder = TempDir::new().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(
        folder.path(),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--management-listen",
            &address,
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = format!("cannot listen on {address}, which is the setting management_listen");
    assert!(told.contains(&expected), "{told}");
}

#[tokio::test]
async fn operators_are_answered_while_visitors_find_no_room() {
    let (_folder, mut server) = managed(&["--max-connections", "2"]);
    let _first = server.open(b"GET /").await;
    let _second = server.open(b"GET /").await;
    let refused = server.get("/livez", &[]).await;
    assert_eq!(refused.status, 503);
    let figures = figures(&mut server).await;
    let sample = "kindling_connections_refused_total{limit=\"max_connections\"}";
    assert!(figures.get(sample) >= 1.0);
    assert!(same(figures.get("kindling_connections_open"), 2));
}
