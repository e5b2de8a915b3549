//! Which pages of other origins may read answers.

use tempfile::TempDir;

use crate::support::server::{Answer, Server};

const LISTED: &str = "https://app.example.org";

async fn ask(server: &Server, origin: &str) -> Answer {
    let headers = [("Origin", origin), ("Content-Type", "application/json")];
    let body = r#"{"query":"{ __typename }"}"#;
    server.request("POST", "/graphql", &headers, body).await
}

async fn ask_first(server: &Server, origin: &str) -> Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        (
            "Access-Control-Request-Headers",
            "authorization,content-type",
        ),
    ];
    server.request("OPTIONS", "/graphql", &headers, "").await
}

/// The headers that browsers look at.
fn granted(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers().iter();
    headers
        .filter(|(name, _)| name.starts_with("access-control-"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[tokio::test]
async fn only_listed_origins_are_let_in() {
    let folder = TempDir::new().expect("a folder");
    let origins = "https://app.example.org,http://localhost:5173";
    let server = Server::start(folder.path(), &["--cors-origins", origins]);
    for origin in [LISTED, "http://localhost:5173"] {
        let answer = ask(&server, origin).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            granted(&answer),
            [
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-origin", origin),
                (
                    "access-control-expose-headers",
                    "x-request-id, retry-after, ratelimit, ratelimit-policy, etag, content-version, cache-status, content-range, accept-ranges, www-authenticate"
                ),
            ]
        );
        assert_eq!(
            answer.header("vary"),
            "Accept-Encoding, Accept, Authorization, Kindling-CSRF, Origin"
        );
        let first = ask_first(&server, origin).await;
        assert_eq!(first.status, 204);
        assert_eq!(first.header("access-control-allow-origin"), origin);
        assert_eq!(first.header("access-control-allow-credentials"), "true");
        assert_eq!(
            first.header("access-control-allow-methods"),
            "GET, HEAD, POST"
        );
        assert_eq!(first.header("access-control-max-age"), "7200");
        let allowed = first.header("access-control-allow-headers");
        for name in [
            "authorization",
            "content-type",
            "idempotency-key",
            "kindling-csrf",
            "graphql-preflight",
        ] {
            assert!(allowed.split(", ").any(|header| header == name), "{name}");
        }
        let own =
            "Apollographql-Client-Name, traceparent, cookie, X-Forwarded-For, sec-fetch-site, a b";
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", own),
        ];
        let named = server.request("OPTIONS", "/graphql", &headers, "").await;
        let named = named.header("access-control-allow-headers");
        assert!(
            named.ends_with(", Apollographql-Client-Name, traceparent"),
            "{named}"
        );
        assert_eq!(
            first.header("vary"),
            "access-control-request-method, access-control-request-headers, Origin"
        );
    }
    for origin in [
        "https://app.example.org.evil.example",
        "https://evil-app.example.org",
        "https://evil.app.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org:443",
        "https://app.example.org/",
        "https://APP.example.org",
        "https://app.example.org, https://evil.example",
        "http://localhost:5174",
        "http://127.0.0.1:5173",
        "null",
        "*",
        "file://",
        "https://app.example.or",
    ] {
        for answer in [ask(&server, origin).await, ask_first(&server, origin).await] {
            assert_eq!(granted(&answer), [], "{origin}");
            assert!(answer.header("vary").contains("Origin"), "{origin}");
        }
    }
    let asset = server.get("/media/none.png", &[("Origin", LISTED)]).await;
    assert_eq!(asset.header("access-control-allow-origin"), LISTED);
    let plain = server
        .request("OPTIONS", "/graphql", &[("Origin", LISTED)], "")
        .await;
    assert_eq!(
        plain.status, 405,
        "only a browser that asks first is answered"
    );
}

#[tokio::test]
async fn a_star_lets_all_in_without_credentials() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &["--cors-origins", "*"]);
    for origin in [LISTED, "https://anybody.example", "null"] {
        for answer in [ask(&server, origin).await, ask_first(&server, origin).await] {
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
}

#[tokio::test]
async fn by_default_nobody_is_let_in() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let answer = ask(&server, LISTED).await;
    assert_eq!(
        (granted(&answer), answer.header("vary")),
        (
            vec![],
            "Accept-Encoding, Accept, Authorization, Kindling-CSRF"
        )
    );
    let first = ask_first(&server, LISTED).await;
    assert_eq!((granted(&first), first.status), (vec![], 405));
}
