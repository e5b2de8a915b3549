//! Documents and answers as the specification has them, with graphql-js as the oracle: random documents over the whole schema,
//! whole and damaged, with random variables, must have its verdict and its answer.

use std::process::Command;

use tempfile::TempDir;

use crate::support::{server::Server, tools::node_folder};

/// Documents for each of the two seeds; more or fewer by the variable of this name.
const DOCUMENTS: &str = "KINDLING_ORACLE_DOCUMENTS";
const USUAL: &str = "10000";
/// No document is refused for its size or its cost.
const LIMITS: [&str; 26] = [
    "--limit-document-bytes",
    "1000000",
    "--limit-tokens",
    "20000",
    "--limit-depth",
    "32",
    "--limit-fields",
    "100000",
    "--limit-root-fields",
    "1000",
    "--limit-selections",
    "100000",
    "--limit-aliases",
    "10000",
    "--limit-directives",
    "10000",
    "--limit-fragments",
    "1000",
    "--limit-variables",
    "1000",
    "--limit-cost",
    "100000000",
    "--rate-limit-signed-in-per-minute",
    "0",
    "--rate-limit-public-per-minute",
    "0",
];

/// How many documents are tried with each seed.
#[expect(clippy::disallowed_methods, reason = "it is no setting of the program")]
fn documents() -> String {
    std::env::var(DOCUMENTS).unwrap_or_else(|_| USUAL.to_owned())
}

#[tokio::test]
async fn documents_have_the_verdicts_and_the_answers_of_graphql_js() {
    let Some(folder) = node_folder() else {
        return;
    };
    let data = TempDir::new().expect("a folder");
    let mut server = Server::start(data.path(), &LIMITS);
    let token = server.sign_in("editor").await;
    let documents = documents();
    let random = (kindling::id::new().as_u128() % 1_000_000_007).to_string();
    for seed in ["1", &random] {
        let output = Command::new("node")
            .arg(folder.join("graphql-oracle.mjs"))
            .arg(format!("http://{}/graphql", server.address))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql"))
            .args([seed, &documents, &token])
            .output()
            .expect("Node.js");
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}{errors}");
        println!("{told}");
    }
}
