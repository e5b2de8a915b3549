//! The parameters of a request, as the GraphQL-over-HTTP specification names them.

use async_graphql::Variables;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{delivery::Wanted, http::reply};

type Object = serde_json::Map<String, serde_json::Value>;

/// What a request asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Parameters {
    /// The document.
    query: Option<String>,
    /// The id of a document that this server knows.
    document_id: Option<String>,
    /// Which of its operations.
    pub(super) operation_name: Option<String>,
    /// The values of the variables.
    #[serde(default, deserialize_with = "variables")]
    pub(in crate::http) variables: Variables,
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

/// Variables, or null for none.
fn variables<'de, D: Deserializer<'de>>(from: D) -> Result<Variables, D::Error> {
    Option::<Object>::deserialize(from).map(variables_of)
}

fn variables_of(object: Option<Object>) -> Variables {
    Variables::from_json(serde_json::Value::Object(object.unwrap_or_default()))
}

impl Parameters {
    /// Whether the document itself came.
    pub(super) fn has_text(&self) -> bool {
        self.query.is_some()
    }

    /// Which document is meant. A hash of another version than the first one is none that this server knows of.
    pub(super) fn wanted(&mut self) -> Wanted {
        let extensions = self.extensions.take();
        let persisted = extensions.and_then(|extensions| extensions.persisted_query);
        let persisted = persisted.filter(|persisted| persisted.version == 1);
        Wanted {
            text: self.query.take().filter(|text| !text.is_empty()),
            id: self.document_id.take(),
            hash: persisted.map(|persisted| persisted.sha256_hash),
        }
    }

    /// The parameters in the query of an address.
    pub(super) fn of_address(query: &str) -> Result<Self, String> {
        let (mut document, mut document_id) = (None, None);
        let (mut operation_name, mut variables, mut extensions) = (None, None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let is_new = match name.as_ref() {
                "query" => document.replace(value.into_owned()).is_none(),
                "documentId" => document_id.replace(value.into_owned()).is_none(),
                "operationName" => operation_name.replace(value.into_owned()).is_none(),
                "variables" => variables.replace(object("variables", &value)?).is_none(),
                "extensions" => extensions.replace(object("extensions", &value)?).is_none(),
                _ => true,
            };
            if !is_new {
                return Err(format!("the parameter {name} came twice"));
            }
        }
        Ok(Self {
            query: document,
            document_id: document_id.filter(|id| !id.is_empty()),
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: variables_of(variables.flatten()),
            extensions: extensions.flatten(),
        })
    }
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
