//! What every answer tells browsers not to do with it.

use std::fmt::Write;

use tempfile::TempDir;

use crate::support::server::{Answer, Server};

const HEADERS: [&str; 8] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

fn told(what: &str, answer: &Answer) -> String {
    let mut text = format!("{what}: {}\n", answer.status);
    for name in HEADERS {
        let _ = writeln!(text, "  {name}: {}", answer.header(name));
    }
    text
}

#[tokio::test]
async fn every_answer_is_hardened() {
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--public-url", "https://cms.example.org", "--development"];
    let server = Server::start(folder.path(), &arguments);
    let query = "{ assets(first: 1) { nodes { url } } }";
    let asset = server.query(query).await.json()["data"]["assets"]["nodes"][0]["url"].clone();
    let asset = asset.as_str().expect("an address").to_owned();
    let asset = asset
        .strip_prefix("https://cms.example.org")
        .expect("a path");
    let mut text = String::new();
    for (what, path) in [
        ("GraphQL", "/graphql?query=%7B__typename%7D"),
        ("no GraphQL", "/graphql"),
        ("nothing", "/nothing"),
        ("health", "/livez"),
        ("a file", asset),
        ("no file", "/media/none.png"),
        ("the setup page", "/setup"),
        ("the demo site", "/"),
        ("GraphiQL", "/graphiql"),
        ("a provider's page", "/auth/oidc/none"),
    ] {
        text.push_str(&told(what, &server.get(path, &[]).await));
    }
    let refused = server.request("PUT", "/graphql", &[], "").await;
    text.push_str(&told("a wrong method", &refused));
    insta::assert_snapshot!(text);
    let plain = Server::start(TempDir::new().expect("a folder").path(), &[]);
    let answer = plain.get("/livez", &[]).await;
    assert_eq!(
        answer.header("strict-transport-security"),
        "",
        "only over HTTPS"
    );
}
