//! The parameters of a request, as the GraphQL-over-HTTP specification names them.

use std::collections::HashSet;

use async_graphql::Variables;
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{delivery::Wanted, http::reply};

type Object = serde_json::Map<String, serde_json::Value>;

/// What a request asks for.
#[derive(Deserialize)]
#[serde(try_from = "Sent")]
pub(in crate::http) struct Parameters {
    /// Which document.
    pub(super) wanted: Wanted,
    /// Which of its operations.
    pub(super) operation_name: Option<String>,
    /// The values of the variables.
    pub(in crate::http) variables: Variables,
}

/// The parameters as they are sent.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Object>,
    extensions: Option<Extensions>,
}

/// What clients send beside; of which this server knows one thing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
}

/// An automatic persisted query, as Apollo's clients send it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u64,
    sha256_hash: String,
}

impl TryFrom<Sent> for Parameters {
    type Error = &'static str;

    /// Something must say which document is meant, and not two things.
    fn try_from(sent: Sent) -> Result<Self, &'static str> {
        let persisted = sent.extensions.and_then(|sent| sent.persisted_query);
        let hash = persisted.map(PersistedQuery::hash);
        let wanted = match (sent.query, sent.document_id, hash) {
            (Some(_), Some(_), _) => {
                return Err("one field too many: send `query` or `documentId`, not both");
            }
            (Some(text), None, hash) => Wanted::Text { text, hash },
            (None, Some(id), _) => Wanted::Trusted(id),
            (None, None, Some(hash)) => Wanted::Hash(hash),
            (None, None, None) => {
                return Err("missing field `query`, `documentId` or `extensions.persistedQuery`");
            }
        };
        let variables = serde_json::Value::Object(sent.variables.unwrap_or_default());
        Ok(Self {
            wanted,
            operation_name: sent.operation_name,
            variables: Variables::from_json(variables),
        })
    }
}

impl PersistedQuery {
    /// The hash; that of a version which nobody knows yet names nothing.
    fn hash(self) -> String {
        if self.version == 1 {
            self.sha256_hash
        } else {
            String::new()
        }
    }
}

/// JSON without the byte order mark that some programs write before it.
pub(super) fn without_mark(json: &Bytes) -> Bytes {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    json.slice(
        if json.starts_with(MARK) {
            MARK.len()
        } else {
            0
        }..,
    )
}

impl Parameters {
    /// The parameters in the query of an address.
    pub(super) fn of_address(query: &str) -> Result<Self, String> {
        let mut sent = Sent::default();
        let mut seen = HashSet::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "query" => sent.query = text(&value),
                "documentId" => sent.document_id = text(&value),
                "operationName" => sent.operation_name = text(&value),
                "variables" => sent.variables = object("variables", &value)?,
                "extensions" => sent.extensions = object("extensions", &value)?,
                _ => continue,
            }
            if !seen.insert(name.clone()) {
                return Err(format!("the parameter {name} came twice"));
            }
        }
        Self::try_from(sent).map_err(ToOwned::to_owned)
    }
}

/// A text; nothing for an empty one.
fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// An object as JSON; nothing for an empty text, and for null.
fn object<T: DeserializeOwned>(name: &str, text: &str) -> Result<Option<T>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text).map_err(|error| {
        let wrong = reply::wrong_in_json(&error);
        format!("{name} are no JSON object: {wrong}")
    })
}
