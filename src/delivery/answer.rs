//! Answers as they go over the wire.

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use serde::Serialize;

use crate::crypto::Secret;

/// Most errors that an answer tells of; a wrong document can have thousands.
const MOST_ERRORS: usize = 20;
const UNWRITABLE: &[u8] =
    br#"{"errors":[{"message":"something went wrong on the server","extensions":{"code":"INTERNAL"}}]}"#;

/// The answer to an operation.
pub struct Answer {
    /// The answer as JSON.
    pub body: Bytes,
    /// Whether the operation was executed, well or badly. Where it was not, the answer has no `data`.
    pub is_executed: bool,
    /// Whether it is the same for everybody who asks the same.
    pub is_public: bool,
    /// Values of `Set-Cookie`.
    pub cookies: Vec<Secret>,
}

impl Answer {
    /// Writes down what GraphQL has answered.
    pub(super) fn of(mut response: Response) -> Self {
        response.errors.truncate(MOST_ERRORS);
        let is_executed = !never_began(&response);
        let wire = Wire {
            data: is_executed.then_some(&response.data),
            errors: &response.errors,
            extensions: &response.extensions,
        };
        let body = serde_json::to_vec(&wire).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            UNWRITABLE.to_vec()
        });
        let cookies = response.http_headers.get_all("set-cookie").into_iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(Secret::new));
        Self {
            body: body.into(),
            is_executed,
            is_public: false,
            cookies: cookies.collect(),
        }
    }

    /// The answer to what was not executed.
    pub(super) fn refused(error: ServerError) -> Self {
        Self::of(Response::from_errors(vec![error]))
    }
}

/// An answer as the specification wants it: without `data` if the operation never began.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// Whether the document could not be executed at all: an error without the path of a field says so.
fn never_began(response: &Response) -> bool {
    response.data == Value::Null && response.errors.iter().any(|error| error.path.is_empty())
}
