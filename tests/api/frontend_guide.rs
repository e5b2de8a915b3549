//! What docs/frontends.md tells a frontend developer works as it is written: the files that it shows are generated from, compiled and run.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{server::Server, tools::node_folder};

const ORIGIN: &str = "http://localhost:3000";

#[tokio::test]
async fn the_guide_for_frontends_works_as_it_is_written() {
    let Some(tools) = node_folder() else {
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::start(folder.path(), &["--cors-origins", ORIGIN]);
    let token = server.sign_in("editor").await;
    let frontend = TempDir::new().expect("a folder");
    let output = Command::new("node")
        .current_dir(tools)
        .arg("frontend.mjs")
        .args([&format!("http://{}/graphql", server.address), &token])
        .arg(frontend.path())
        .output()
        .expect("node");
    let seen: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));

    // The public may not read when somebody consented.
    let kinds = [vec!["string"; 5], vec!["undefined"]].concat();
    assert_eq!(seen["scalars"], json!(kinds));
    let paths: Vec<[&Value; 2]> = seen["paths"]
        .as_array()
        .expect("paths")
        .iter()
        .map(|path| [&path["slug"], &path["locale"]])
        .collect();
    assert_eq!(
        json!(paths),
        json!([["our-story", "en"], ["our-story", "es"]])
    );
    let link = |hreflang: &str, locale: &str| {
        format!(
            r#"<link rel="alternate" hreflang="{hreflang}" href="https://www.example.org/{locale}/our-story">"#
        )
    };
    let links = [link("en", "en"), link("es", "es"), link("x-default", "en")];
    assert_eq!(seen["alternates"], json!(links));
    let newest = &seen["newest"]["data"]["events"]["nodes"][0];
    assert!(
        newest["sequence"].is_u64() && newest["id"].is_string(),
        "{newest}"
    );

    let cookie = |value: &str, seconds: u32| {
        format!(
            "kindling_preview={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax"
        )
    };
    let preview = seen["token"].as_str().expect("a token");
    assert_eq!(seen["begun"], json!([204, cookie(preview, 3600)]));
    assert_eq!(seen["refused"], json!([403, cookie("", 0)]));
    assert_eq!(seen["ended"], json!([204, cookie("", 0)]));
    assert_eq!(seen["draft"], "Only a draft");
    assert_eq!(seen["public"], "Our Story");
}

#[tokio::test]
async fn a_page_of_the_guides_origin_may_ask_and_one_of_another_port_may_not() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &["--cors-origins", ORIGIN]);
    for (origin, allowed) in [
        (ORIGIN, ORIGIN),
        ("http://localhost:3001", ""),
        ("http://127.0.0.1:3000", ""),
    ] {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"),
        ];
        let answer = server.request("OPTIONS", "/graphql", &headers, "").await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
    }
}
