//! GraphQL over HTTP, asked of the real program.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tempfile::TempDir;

use crate::support::server::{Answer, Server};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const GRAPHQL_JSON: &str = "application/graphql-response+json";

fn server(arguments: &[&str]) -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), arguments);
    (folder, server)
}

#[tokio::test]
async fn the_server_says_that_it_lives_and_is_ready_and_shows_the_demo_site() {
    let (_folder, server) = server(&[]);
    for path in ["/livez", "/readyz"] {
        let answer = server.get(path, &[]).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok\n"[..]));
    }
    let site = server.get("/", &[]).await;
    assert_eq!(
        (site.status, site.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(
        site.header("content-security-policy")
            .starts_with("default-src 'self'")
    );
    let nothing = server.get("/nothing", &[]).await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (404, "NOT_FOUND")
    );
    assert_eq!(
        server.get("/graphiql", &[]).await.status,
        404,
        "GraphiQL is for development only"
    );
}

#[tokio::test]
async fn the_whole_page_comes_by_post_and_by_get() {
    let (_folder, server) = server(&[]);
    let query = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/page_query/page.graphql"
    ));
    let slugs = server.query("{ pages { nodes { slug } } }").await.json();
    let by = json!({"by": {"slug": slugs["data"]["pages"]["nodes"][0]["slug"]}});
    let body = json!({"query": query, "operationName": "WholePage", "variables": by}).to_string();
    let accept = ("Accept", GRAPHQL_JSON);
    let posted = server
        .request("POST", "/graphql", &[JSON, accept], &body)
        .await;
    assert_eq!(
        (posted.status, posted.header("content-type")),
        (200, "application/graphql-response+json; charset=utf-8")
    );
    let answer = posted.json();
    assert!(
        answer["errors"].is_null() && answer["extensions"].is_null(),
        "{answer}"
    );
    assert!(
        answer["data"]["page"]["sections"]
            .as_array()
            .is_some_and(|sections| sections.len() > 3),
        "{answer}"
    );

    let parameters = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", query)
        .append_pair("operationName", "WholePage")
        .append_pair("variables", &by.to_string())
        .finish();
    let got = server
        .get(&format!("/graphql?{parameters}"), &[accept])
        .await;
    assert_eq!((got.status, got.json()), (200, answer));
}

/// What an answer says of itself: its status, its media type without parameters, and its code.
fn told(answer: &Answer) -> (u16, String, String) {
    let media_type = answer
        .header("content-type")
        .split(';')
        .next()
        .unwrap_or_default();
    (answer.status, media_type.to_owned(), answer.code())
}

fn tells(status: u16, media_type: &str, code: &str) -> (u16, String, String) {
    (status, media_type.to_owned(), code.to_owned())
}

#[tokio::test]
async fn requests_are_taken_as_real_clients_write_them() {
    let (folder, server) = server(&[]);
    let body = json!({"query": "{ pages { totalCount } }"}).to_string();
    for (path, content_type, accept, body) in [
        ("/graphql/", "application/json", "*/*", body.clone()),
        (
            "/graphql",
            "application/json; charset=utf8",
            "*/*; q=.2",
            body.clone(),
        ),
        (
            "/graphql",
            "application/json",
            "text/html, */*; q=0.20000",
            format!("\u{feff}{body}"),
        ),
        (
            "/graphql",
            "application/json",
            "*/*",
            format!("\u{feff}[{body}]"),
        ),
    ] {
        let headers = [("Content-Type", content_type), ("Accept", accept)];
        let answer = server.request("POST", path, &headers, &body).await;
        let is_batch = body.contains('[');
        assert_eq!(
            answer.status,
            if is_batch { 400 } else { 200 },
            "{body}: {answer:?}"
        );
        assert!(
            is_batch || answer.json()["data"]["pages"].is_object(),
            "{answer:?}"
        );
        assert!(
            !is_batch || answer.text().contains("lists of them"),
            "{answer:?}"
        );
    }
    for file in [
        "kindling.db",
        "kindling.db-wal",
        "kindling.db-shm",
        "secret.key",
    ] {
        let metadata = std::fs::metadata(folder.path().join("data").join(file));
        let mode = metadata.expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is for its owner");
    }
}

#[tokio::test]
async fn status_and_media_type_follow_the_specification() {
    let (_folder, server) = server(&[]);
    for (query, status, code) in [
        ("{ pages { totalCount } }", 200, ""),
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ pages(first: 101) { totalCount } }", 200, "BAD_INPUT"),
    ] {
        let body = json!({ "query": query }).to_string();
        let modern = server
            .request("POST", "/graphql", &[JSON, ("Accept", GRAPHQL_JSON)], &body)
            .await;
        assert_eq!(told(&modern), tells(status, GRAPHQL_JSON, code), "{query}");
        assert_eq!(
            modern.json().get("data").is_none(),
            status == 400,
            "{query}"
        );
        for accept in ["application/json", "*/*"] {
            let legacy = server
                .request("POST", "/graphql", &[JSON, ("Accept", accept)], &body)
                .await;
            assert_eq!(
                told(&legacy),
                tells(200, "application/json", code),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_with_a_code() {
    let (_folder, server) = server(&[]);
    let query = json!({"query": "{ pages { totalCount } }"}).to_string();
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/jsonx",
    ] {
        let answer = server
            .request("POST", "/graphql", &[("Content-Type", media_type)], &query)
            .await;
        assert_eq!(
            told(&answer),
            tells(415, "application/json", "BAD_REQUEST"),
            "{media_type}"
        );
    }
    assert_eq!(
        server.request("POST", "/graphql", &[], &query).await.status,
        415,
        "without any type"
    );
    for body in [
        "{",
        "[]",
        "null",
        "{\"query\": 1}",
        "{}",
        "{\"query\": \"{ a }\", \"variables\": [1]}",
        "\u{feff}{}",
    ] {
        let answer = server.request("POST", "/graphql", &[JSON], body).await;
        assert_eq!(
            told(&answer),
            tells(400, "application/json", "BAD_REQUEST"),
            "{body}"
        );
    }
    for path in [
        "/graphql",
        "/graphql?query=",
        "/graphql?query=%7Ba%7D&variables=nonsense",
    ] {
        assert_eq!(
            told(&server.get(path, &[]).await),
            tells(400, "application/json", "BAD_REQUEST"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn only_queries_come_by_get() {
    let (_folder, server) = server(&[]);
    for operation in ["mutation%7Ba%7D", "subscription%7Ba%7D"] {
        let answer = server
            .get(&format!("/graphql?query={operation}"), &[])
            .await;
        assert_eq!(
            told(&answer),
            tells(405, "application/json", "METHOD_NOT_ALLOWED")
        );
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_refused_with_a_code() {
    let (_folder, server) = server(&[]);
    for (method, path) in [
        ("DELETE", "/graphql"),
        ("PUT", "/graphql"),
        ("POST", "/media/a.webp"),
        ("POST", "/livez"),
    ] {
        let answer = server.request(method, path, &[], "").await;
        assert_eq!(
            told(&answer),
            tells(405, "application/json", "METHOD_NOT_ALLOWED"),
            "{method} {path}"
        );
        assert!(
            answer
                .header("allow")
                .contains(if path == "/graphql" { "POST" } else { "GET" }),
            "{method} {path}"
        );
    }
}

fn large_query() -> String {
    json!({"query": format!("{{ pages {{ totalCount }} }} #{}", "x".repeat(1024))}).to_string()
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_large_is_refused() {
    let (_folder, server) = server(&["--max-body-bytes", "1KiB"]);
    let fits = json!({"query": "{ pages { totalCount } }"}).to_string();
    let answer = server.request("POST", "/graphql", &[JSON], &fits).await;
    assert_eq!(told(&answer), tells(200, "application/json", ""));
    let answer = server
        .request("POST", "/graphql", &[JSON], &large_query())
        .await;
    assert_eq!(
        told(&answer),
        tells(413, "application/json", "TOO_LARGE"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_body_that_turns_out_to_be_too_large_is_refused() {
    let (_folder, server) = server(&["--max-body-bytes", "1KiB"]);
    let head =
        "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json";
    let chunked = |body: &str| {
        format!(
            "{head}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    };
    let fits = json!({"query": "{ pages { totalCount } }"}).to_string();
    assert_eq!(server.send(chunked(&fits).as_bytes()).await.status, 200);
    let answer = server.send(chunked(&large_query()).as_bytes()).await;
    assert_eq!(
        told(&answer),
        tells(413, "application/json", "TOO_LARGE"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn every_answer_carries_the_id_of_its_request() {
    let (_folder, server) = server(&[]);
    for path in ["/livez", "/graphql", "/nothing", "/media/nothing.webp"] {
        let kept = server.get(path, &[("X-Request-Id", "from-a-proxy")]).await;
        assert_eq!(kept.header("x-request-id"), "from-a-proxy", "{path}");
        assert_eq!(kept.header("x-content-type-options"), "nosniff", "{path}");
        let given = [server.get(path, &[]).await, server.get(path, &[]).await];
        let ids = given.each_ref().map(|answer| answer.header("x-request-id"));
        assert!(
            ids[0].len() == 32 && ids[1].len() == 32 && ids[0] != ids[1],
            "{path}: {ids:?}"
        );
    }
}
