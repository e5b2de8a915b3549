//! Documents that clients do not send again: automatic persisted queries, and those that operators trust.

mod automatic;
mod trusted;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::server::{Answer, Server};

/// The SHA-256 of a text, in hexadecimal digits.
fn hash(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

async fn post(server: &Server, body: Value) -> Answer {
    let json = [("Content-Type", "application/json")];
    server
        .request("POST", "/graphql", &json, &body.to_string())
        .await
}

/// A GET with these parameters.
async fn get(server: &Server, parameters: &[(&str, &str)]) -> Answer {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    server.get(&format!("/graphql?{query}"), &[]).await
}
