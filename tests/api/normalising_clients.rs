//! Apollo Client, urql's Graphcache and Relay with the settings of docs/frontends.md: they keep two views of one entry apart, show what a
//! mutation changed, match fragments on interfaces, and join the pages of a list.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{server::Server, tools::node_folder};

#[tokio::test]
async fn they_show_what_the_server_says_of_each_view() {
    let Some(tools) = node_folder() else {
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &[]);
    let token = server.sign_in("editor").await;
    let compiled = TempDir::new().expect("a folder");
    let output = Command::new("node")
        .current_dir(tools)
        .arg("clients.mjs")
        .args([&format!("http://{}/graphql", server.address), &token])
        .arg(compiled.path())
        .output()
        .expect("node");
    let seen: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    for (client, title) in [
        ("apollo", "By Apollo"),
        ("urql", "By urql"),
        ("relay", "By Relay"),
    ] {
        let seen = &seen[client];
        assert_eq!(seen["kept"], seen["sent"], "{client}");
        assert_eq!(seen["after"], seen["sentAfter"], "{client}");
        assert_eq!(
            seen["after"][2][0], title,
            "{client} shows the draft that it changed"
        );
        assert_ne!(seen["after"][0][0], title, "{client} shows what is public");
    }
    for client in ["apollo", "urql"] {
        assert_eq!(
            seen[client]["rest"],
            json!(["PUBLISHED", true, 6]),
            "{client}: a fragment on an interface; objects without an id; two pages of a list"
        );
    }
    assert_eq!(
        seen["relay"]["rest"],
        json!([true]),
        "Relay fetches any entry anew by its id"
    );
    for (settings, lists) in seen["listed"].as_object().expect("lists") {
        assert_eq!(lists[0], lists[1], "{settings} lists what the schema has");
    }
    // Without a schema Graphcache expects the fields of every fragment in a union. The guide says so.
    let is_harmless = |warning: &&Value| {
        let text = warning.as_str().unwrap_or_default();
        text.starts_with("Invalid undefined") && text.contains("Inline Fragment")
    };
    let warnings = seen["warnings"].as_array().expect("warnings");
    let others: Vec<_> = warnings.iter().filter(|it| !is_harmless(it)).collect();
    assert!(others.is_empty(), "{others:#?}");
}
