//! Manifests: the files in which the tools of clients say which documents a client sends, and under which ids.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Longest id of a document, in bytes.
const LONGEST_ID: usize = 200;

/// Documents by their ids.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest(pub BTreeMap<String, String>);

/// Why a file is no manifest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ManifestError {
    /// It is not JSON.
    #[error("is no JSON: {0}")]
    NoJson(String),
    /// It is JSON, but says nothing of documents.
    #[error(
        "is no manifest: wanted an object of ids and documents (GraphQL Code Generator, Relay), or one with \
         \"format\": \"apollo-persisted-query-manifest\""
    )]
    NoManifest,
    /// A manifest of Apollo, of another version or in another form.
    #[error("is no manifest of Apollo in version 1: {0}")]
    NotOfApollo(String),
    /// One of its documents is no document.
    #[error("{id}: {why}")]
    Document {
        /// Under which id.
        id: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// What Apollo's tool writes.
#[derive(Deserialize)]
struct Apollo {
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads a manifest: that of GraphQL Code Generator's client preset, of Relay's compiler, or of Apollo.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let json: Value =
            serde_json::from_str(text).map_err(|error| ManifestError::NoJson(error.to_string()))?;
        let Value::Object(object) = json else {
            return Err(ManifestError::NoManifest);
        };
        let is_apollo =
            object.get("format").and_then(Value::as_str) == Some("apollo-persisted-query-manifest");
        let documents = if is_apollo {
            of_apollo(Value::Object(object))?
        } else {
            let text = |(id, document): (String, Value)| match document {
                Value::String(document) => Ok((id, document)),
                _ => Err(ManifestError::NoManifest),
            };
            object.into_iter().map(text).collect::<Result<_, _>>()?
        };
        let mut manifest = BTreeMap::new();
        for (id, document) in documents {
            let why = if id.is_empty()
                || id.len() > LONGEST_ID
                || !id.chars().all(|c| c.is_ascii_graphic())
            {
                "an id has 1 to 200 visible characters"
            } else if document.trim().is_empty() {
                "the document is empty"
            } else if manifest.get(&id).is_some_and(|other| *other != document) {
                "two documents have this id"
            } else {
                manifest.insert(id, document);
                continue;
            };
            return Err(ManifestError::Document { id, why });
        }
        Ok(Self(manifest))
    }
}

fn of_apollo(json: Value) -> Result<Vec<(String, String)>, ManifestError> {
    let manifest: Apollo = serde_json::from_value(json)
        .map_err(|error| ManifestError::NotOfApollo(error.to_string()))?;
    if manifest.version != 1 {
        let message = format!("it is in version {}", manifest.version);
        return Err(ManifestError::NotOfApollo(message));
    }
    let operations = manifest.operations.into_iter();
    Ok(operations
        .map(|operation| (operation.id, operation.body))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Manifest, ManifestError};

    fn read(text: &str) -> Result<Vec<(String, String)>, ManifestError> {
        Manifest::read(text).map(|manifest| manifest.0.into_iter().collect())
    }

    #[test]
    fn the_manifests_of_three_tools_say_the_same() {
        let wanted = vec![
            ("a1".to_owned(), "query A { a }".to_owned()),
            ("b2".to_owned(), "query B { b }".to_owned()),
        ];
        for manifest in [
            r#"{"a1": "query A { a }", "b2": "query B { b }"}"#,
            r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
                {"id": "b2", "name": "B", "type": "query", "body": "query B { b }"},
                {"id": "a1", "name": "A", "type": "query", "body": "query A { a }"}]}"#,
        ] {
            assert_eq!(read(manifest).as_ref(), Ok(&wanted), "{manifest}");
        }
        assert_eq!(read("{}"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_with_a_manifest_is_told() {
        for (manifest, message) in [
            ("{", "is no JSON: "),
            ("[]", "is no manifest: "),
            (r#"{"a": 1}"#, "is no manifest: "),
            (r#"{"a": " "}"#, "a: the document is empty"),
            (
                r#"{"a b": "{ c }"}"#,
                "a b: an id has 1 to 200 visible characters",
            ),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#,
                "is no manifest of Apollo in version 1: it is in version 2",
            ),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
                    {"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ b }"}]}"#,
                "a: two documents have this id",
            ),
        ] {
            let error = read(manifest).expect_err(manifest).to_string();
            assert!(error.starts_with(message), "{manifest}: {error}");
        }
    }
}
