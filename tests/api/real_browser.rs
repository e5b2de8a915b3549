//! Signing in from a page, as Chromium does it.

use std::{net::TcpListener, process::Command};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    oidc_provider::OidcProvider,
    server::{Server, kindling},
    tools::{chromium, node_folder},
};

#[tokio::test]
async fn a_page_signs_in_with_cookies_and_no_other_site_can_use_them() {
    let (Some(chromium), Some(folder)) = (chromium(), node_folder()) else {
        return;
    };
    // The public address holds the port, so that this must be known before.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let address = free.expect("a free port").to_string();
    let public = address.replace("127.0.0.1", "http://localhost");
    let callback = format!("{public}/auth/oidc/one/callback");
    let Some(provider) = OidcProvider::start(&[&callback]) else {
        return;
    };
    let claims = json!({"email": "editor@demo.example", "email_verified": true});
    provider.knows("ed", &claims).await;
    let providers = json!([provider.settings("one", &json!({}))]).to_string();
    let data = TempDir::new().expect("a folder");
    let arguments = [
        "serve",
        "--demo",
        "--log-format",
        "json",
        "--data-dir",
        "data",
        "--listen",
        &address,
        "--public-url",
        &public,
        "--oidc-providers",
        &providers,
    ];
    let mut server = Server::run(kindling(data.path(), &arguments));
    let output = Command::new("node")
        .arg(folder.join("browser-session.mjs"))
        .args([&public, &chromium.display().to_string()])
        .args([&server.demo_password("editor"), &provider.issuer])
        .output()
        .expect("Node.js");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}
