//! A server below a path of an address that it shares: behind a proxy that takes the path away, and behind one that does not.

use serde_json::json;
use tempfile::TempDir;
use url::Url;

use crate::support::server::Server;

/// What the page loads, by the addresses in its tags.
fn loads(page: &str) -> Vec<&str> {
    let attributes = ["src=\"", "href=\""].into_iter();
    let values = attributes.flat_map(|start| page.split(start).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next());
    let values = values.filter(|value| !value.starts_with('#') && !value.starts_with("data:"));
    values.collect()
}

#[tokio::test]
async fn everything_is_found_below_the_path_of_the_public_address() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(
        folder.path(),
        &["--public-url", "http://kindling.test/cms", "--development"],
    );
    let pages = [
        "",
        "setup",
        "invitation",
        "password-reset",
        "email-change",
        "graphiql",
    ];
    let mut found = 0;
    for page in pages {
        let address = Url::parse("http://kindling.test/cms/").expect("an address");
        let address = address.join(page).expect("an address");
        for (proxy, prefix) in [("takes the path away", "/cms"), ("leaves it", "")] {
            let sent = |address: &Url| address.path().strip_prefix(prefix).map(str::to_owned);
            let shown = server.get(&sent(&address).expect("the path"), &[]).await;
            assert_eq!(shown.status, 200, "{address}, and the proxy {proxy}");
            for load in loads(shown.text()) {
                let asset = address.join(load).expect("an address");
                if asset.host_str() != address.host_str() {
                    continue;
                }
                let path = sent(&asset).unwrap_or_else(|| panic!("{address} loads {load}"));
                assert_eq!(
                    server.get(&path, &[]).await.status,
                    200,
                    "{address} loads {load}, and the proxy {proxy}"
                );
                found += 1;
            }
        }
    }
    assert!(found > 20, "{found}");
    let asset = server
        .query("{ assets(first: 1) { nodes { url } } }")
        .await
        .json();
    let url = asset["data"]["assets"]["nodes"][0]["url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let path = url
        .strip_prefix("http://kindling.test")
        .expect("the public address");
    assert_eq!(server.get(path, &[]).await.status, 200);
    let query = json!({"query": "{ values(first: 1) { nodes { title } } }"}).to_string();
    let headers = [("Content-Type", "application/json")];
    for path in ["/cms/graphql", "/graphql"] {
        let answer = server.request("POST", path, &headers, &query).await;
        assert!(
            answer.json()["data"]["values"]["nodes"].is_array(),
            "{answer:?}"
        );
    }
    assert_eq!(server.get("/cmsgraphql", &[]).await.status, 404);
}
