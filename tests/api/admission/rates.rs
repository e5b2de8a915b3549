//! Each principal has a limit of its own for a minute.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::{Answer, Server};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const QUERY: &str = r#"{"query":"{ pages { totalCount } }"}"#;
const PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.1"];

fn server(arguments: &[&str]) -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), arguments);
    (folder, server)
}

/// The answer to somebody of the public at this address.
async fn ask(server: &Server, address: &str) -> Answer {
    ask_with(server, address, &[], QUERY).await
}

async fn ask_with(server: &Server, address: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = [&[JSON, ("X-Forwarded-For", address)], headers].concat();
    server.request("POST", "/graphql", &headers, body).await
}

fn is_refused(answer: &Answer) -> bool {
    assert_eq!(
        answer.status == 429,
        answer.code() == "RATE_LIMITED",
        "{answer:?}"
    );
    answer.status == 429
}

#[tokio::test]
async fn each_network_of_the_public_has_its_own_limit_and_is_told_when_it_is_beyond() {
    let (_folder, server) =
        server(&[&PROXY[..], &["--rate-limit-public-per-minute", "5"]].concat());
    for _ in 0..5 {
        let answer = ask(&server, "203.0.113.7").await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("ratelimit"),
            "",
            "a cache may give it to others"
        );
    }
    let refused = ask(&server, "203.0.113.7").await;
    assert!(is_refused(&refused));
    assert_eq!(refused.header("ratelimit-policy"), "\"public\";q=5;w=60");
    assert_eq!(refused.header("ratelimit"), "\"public\";r=0;t=60");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");

    assert_eq!(
        ask(&server, "203.0.113.8").await.status,
        200,
        "somebody else"
    );
    let addresses = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::4"];
    for address in addresses.into_iter().cycle().take(5) {
        assert_eq!(ask(&server, address).await.status, 200, "{address}");
    }
    assert!(
        is_refused(&ask(&server, "2001:db8:1:2::5").await),
        "the same network"
    );
    assert_eq!(
        ask(&server, "2001:db8:1:3::1").await.status,
        200,
        "another network"
    );
    for path in ["/livez", "/readyz", "/", "/setup"] {
        let from = [("X-Forwarded-For", "203.0.113.7")];
        assert_eq!(server.get(path, &from).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn who_is_signed_in_is_counted_wherever_they_are() {
    let limits = [
        "--rate-limit-public-per-minute",
        "3",
        "--rate-limit-signed-in-per-minute",
        "4",
    ];
    let (_folder, mut server) = server(&[&PROXY[..], &limits].concat());
    // Signing in comes from an address that may send any number.
    let tokens = [
        server.sign_in("editor").await,
        server.sign_in("admin").await,
    ];
    let [editor, admin] = tokens.map(|token| format!("Bearer {token}"));
    let editor = [("Authorization", editor.as_str())];
    for left in (0..4).rev() {
        let answer = ask_with(&server, "203.0.113.7", &editor, QUERY).await;
        assert_eq!(answer.status, 200);
        let told = format!("\"signed-in\";r={left};t={}", (4 - left) * 15);
        assert_eq!(answer.header("ratelimit"), told);
        assert_eq!(answer.header("ratelimit-policy"), "\"signed-in\";q=4;w=60");
    }
    for address in ["203.0.113.7", "203.0.113.8", "127.0.0.1"] {
        assert!(
            is_refused(&ask_with(&server, address, &editor, QUERY).await),
            "{address}"
        );
    }
    let admin = [("Authorization", admin.as_str())];
    assert_eq!(
        ask_with(&server, "203.0.113.7", &admin, QUERY).await.status,
        200
    );
    assert_eq!(ask(&server, "203.0.113.7").await.status, 200, "the public");
}

#[tokio::test]
async fn api_tokens_and_preview_links_are_counted_each_for_itself() {
    let limits = [
        "--rate-limit-public-per-minute",
        "2",
        "--rate-limit-signed-in-per-minute",
        "4",
    ];
    let (_folder, mut server) = server(&[&PROXY[..], &limits].concat());
    let admin = server.sign_in("admin").await;
    let make = async |query: &str, path: &str| {
        let made = server.query_as(&admin, query, json!(null)).await.json();
        let secret = made.pointer(path).and_then(Value::as_str);
        secret.unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    let id = make("{ pages { nodes { id } } }", "/data/pages/nodes/0/id").await;
    let create =
        format!("mutation {{ createPreviewLink(input: {{entry: \"{id}\"}}) {{ token }} }}");
    let link = make(&create, "/data/createPreviewLink/token").await;
    let create = "mutation { createApiToken(input: {name: \"web\", scopes: []}) { secret } }";
    let token = make(create, "/data/createApiToken/secret").await;
    for (secret, policy, most) in [(link, "public", 2), (token, "signed-in", 4)] {
        let bearer = format!("Bearer {secret}");
        let bearer = [("Authorization", bearer.as_str())];
        for left in (0..most).rev() {
            let answer = ask_with(&server, "203.0.113.7", &bearer, QUERY).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let told = answer.header("ratelimit").to_owned();
            assert!(
                told.starts_with(&format!("\"{policy}\";r={left};")),
                "{told}"
            );
        }
        // From an address, too, that may send any number.
        let refused = ask_with(&server, "127.0.0.1", &bearer, QUERY).await;
        assert!(is_refused(&refused), "{policy}: {refused:?}");
    }
    assert_eq!(ask(&server, "203.0.113.7").await.status, 200, "the public");
}

#[tokio::test]
async fn credentials_that_do_not_hold_are_counted_for_the_network() {
    let (_folder, server) =
        server(&[&PROXY[..], &["--rate-limit-public-per-minute", "3"]].concat());
    for n in 0..3 {
        let token = format!("Bearer nonsense-{n}");
        let answer = ask_with(&server, "203.0.113.7", &[("Authorization", &token)], QUERY).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "UNAUTHENTICATED")
        );
    }
    let wrong = [("Authorization", "Bearer nonsense")];
    assert!(is_refused(
        &ask_with(&server, "203.0.113.7", &wrong, QUERY).await
    ));
    assert!(is_refused(&ask(&server, "203.0.113.7").await));
    assert_eq!(
        ask_with(&server, "203.0.113.8", &wrong, QUERY).await.status,
        401
    );
}

#[tokio::test]
async fn only_trusted_proxies_tell_addresses_and_only_exempt_networks_may_send_any_number() {
    let limit = ["--rate-limit-public-per-minute", "2"];
    let (_folder, trusted) = server(&[&PROXY[..], &limit].concat());
    for _ in 0..5 {
        for address in ["127.0.0.1", "10.1.2.3", "192.168.7.7", "fd00::1"] {
            assert_eq!(ask(&trusted, address).await.status, 200, "{address}");
        }
    }
    let exempt = ["--rate-limit-exempt", "203.0.113.0/24"];
    let (_folder, untrusted) = server(&[limit, exempt].concat());
    let mut refused = 0;
    for n in 0..4 {
        let answer = ask(&untrusted, &format!("203.0.113.{n}")).await;
        refused += usize::from(is_refused(&answer));
    }
    assert_eq!(
        refused, 2,
        "whatever the header says, all come from one address"
    );
}

#[tokio::test]
async fn a_batch_counts_as_what_is_in_it() {
    let limits = ["--rate-limit-public-per-minute", "10", "--max-batch", "20"];
    let (_folder, server) = server(&[&PROXY[..], &limits].concat());
    let batch = |count: usize| {
        let operation = json!({"query": "{ pages { totalCount } }"});
        json!(vec![operation; count]).to_string()
    };
    let answer = ask_with(&server, "203.0.113.7", &[], &batch(7)).await;
    assert_eq!(answer.header("ratelimit"), "\"public\";r=3;t=42");
    let refused = ask_with(&server, "203.0.113.7", &[], &batch(5)).await;
    assert!(is_refused(&refused));
    assert_eq!(
        ask(&server, "203.0.113.7").await.status,
        200,
        "there is room for less"
    );
    assert!(is_refused(
        &ask_with(&server, "203.0.113.8", &[], &batch(11)).await
    ));
}

#[tokio::test]
async fn what_was_sent_comes_again_with_time() {
    let (_folder, server) =
        server(&[&PROXY[..], &["--rate-limit-public-per-minute", "60"]].concat());
    let mut refused = ask(&server, "203.0.113.7").await;
    for _ in 0..200 {
        refused = ask(&server, "203.0.113.7").await;
        if is_refused(&refused) {
            break;
        }
    }
    assert!(is_refused(&refused));
    let wait = refused.header("retry-after").parse().expect("seconds");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(ask(&server, "203.0.113.7").await.status, 200);
}

#[tokio::test]
async fn a_body_is_not_waited_for_where_it_would_be_refused() {
    let (_folder, server) =
        server(&[&PROXY[..], &["--rate-limit-public-per-minute", "1"]].concat());
    assert_eq!(ask(&server, "203.0.113.7").await.status, 200);
    for media_type in ["application/json", "multipart/form-data; boundary=a"] {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.7\r\n\
             GraphQL-Preflight: 1\r\nContent-Type: {media_type}\r\nContent-Length: 100000\r\n\r\n"
        );
        assert!(
            is_refused(&server.send(head.as_bytes()).await),
            "{media_type}"
        );
    }
}
