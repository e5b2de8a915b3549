//! The public audits of GraphQL over HTTP, against the program as it runs.

use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

use crate::support::{server::Server, tools::node_folder};

/// The outcome of one audit; its name begins with MUST, SHOULD or MAY.
#[derive(Debug, Deserialize)]
struct Audit {
    id: String,
    name: String,
    status: String,
    reason: Option<String>,
}

#[tokio::test]
async fn every_must_and_every_should_holds() {
    let Some(folder) = node_folder() else {
        return;
    };
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &[]);
    let output = Command::new("node")
        .arg(folder.join("graphql-http-audits.mjs"))
        .arg(format!("http://{}/graphql", server.address))
        .output()
        .expect("Node.js");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let audits: Vec<Audit> = serde_json::from_slice(&output.stdout).expect("a list");
    let of = |level: &str| {
        audits
            .iter()
            .filter(|audit| audit.name.starts_with(level))
            .count()
    };
    assert!(of("MUST") > 10 && of("SHOULD") > 20, "{audits:?}");
    let failed: Vec<String> = audits
        .iter()
        .filter(|audit| audit.status != "ok" && !audit.name.starts_with("MAY"))
        .map(|audit| format!("{} {}: {:?}", audit.id, audit.name, audit.reason))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let allowed: Vec<&str> = audits
        .iter()
        .filter(|audit| audit.status != "ok")
        .map(|audit| audit.name.as_str())
        .collect();
    println!("not done, though it may be: {allowed:?}");
}
