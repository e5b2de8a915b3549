//! The parameters of a request, as the GraphQL-over-HTTP specification names them.

use async_graphql::Variables;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::http::reply;

type Object = serde_json::Map<String, serde_json::Value>;

/// What a request asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Parameters {
    /// The document.
    pub(super) query: String,
    /// Which of its operations.
    pub(super) operation_name: Option<String>,
    /// The values of the variables.
    #[serde(default, deserialize_with = "variables")]
    pub(in crate::http) variables: Variables,
    #[expect(dead_code, reason = "a client may send it; nothing here reads it")]
    extensions: Option<Object>,
}

/// Variables, or null for none.
fn variables<'de, D: Deserializer<'de>>(from: D) -> Result<Variables, D::Error> {
    Option::<Object>::deserialize(from).map(variables_of)
}

fn variables_of(object: Option<Object>) -> Variables {
    Variables::from_json(serde_json::Value::Object(object.unwrap_or_default()))
}

impl Parameters {
    /// The parameters in the query of an address.
    pub(super) fn of_address(query: &str) -> Result<Self, String> {
        let (mut document, mut operation_name) = (None, None);
        let (mut variables, mut extensions) = (None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let is_new = match name.as_ref() {
                "query" => document.replace(value.into_owned()).is_none(),
                "operationName" => operation_name.replace(value.into_owned()).is_none(),
                "variables" => variables.replace(object("variables", &value)?).is_none(),
                "extensions" => extensions.replace(object("extensions", &value)?).is_none(),
                _ => true,
            };
            if !is_new {
                return Err(format!("the parameter {name} came twice"));
            }
        }
        let document = document.filter(|document| !document.is_empty());
        Ok(Self {
            query: document.ok_or("the parameter query is missing")?,
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
