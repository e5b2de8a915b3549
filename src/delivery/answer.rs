//! Answers as they go over the wire.

use std::io;

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use serde::Serialize;

use crate::{
    budget::{AnswerMemory, Budget},
    crypto::Secret,
    database::Reads,
    error::Error,
    graphql::{Executed, errors},
    telemetry::metrics::Code,
};

/// Most errors that an answer tells of; a wrong document can have thousands.
const MOST_ERRORS: usize = 20;
/// From here on an answer is measured before it is written.
const LARGE: u64 = 256 * 1024;
const UNWRITABLE: &[u8] =
    br#"{"errors":[{"message":"something went wrong on the server","extensions":{"code":"INTERNAL"}}]}"#;

/// What passes, so that trying again later may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database, or what else is needed, does not answer.
    Unavailable,
    /// There are too many operations at once. Nothing of this one was looked at.
    Overloaded,
}

/// The answer to an operation.
#[derive(Clone)]
pub struct Answer {
    /// The answer as JSON.
    pub body: Bytes,
    /// Whether the operation was executed, well or badly. Where it was not, the answer has no `data`.
    pub is_executed: bool,
    /// Whether it has errors.
    pub has_errors: bool,
    /// What has kept it from being a good one, if that passes.
    pub trouble: Option<Trouble>,
    /// The codes of its errors.
    pub codes: Vec<Code>,
    /// Values of `Set-Cookie`.
    pub cookies: Vec<Secret>,
    /// The content that was read for it.
    pub reads: Reads,
    /// How many statements that took.
    pub statements: usize,
}

impl Answer {
    /// Writes down what came of an operation, in the memory for answers. It is dropped as soon as it is written.
    pub(super) fn of(executed: Executed, budget: &Budget, memory: &AnswerMemory) -> Self {
        Self::written(executed, budget.spent(), |bytes| memory.hold(bytes))
    }

    fn written(executed: Executed, spent: u64, hold: impl FnOnce(Vec<u8>) -> Bytes) -> Self {
        let mut response = executed.response;
        response.errors.truncate(MOST_ERRORS);
        let is_executed = !never_began(&response);
        let wire = Wire {
            data: is_executed.then_some(&response.data),
            errors: &response.errors,
            extensions: &response.extensions,
        };
        let body = json(&wire, spent).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            UNWRITABLE.to_vec()
        });
        let trouble = trouble(&response.errors);
        let cookies = response.http_headers.get_all("set-cookie").into_iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(Secret::new));
        Self {
            body: hold(body),
            is_executed,
            has_errors: !response.errors.is_empty(),
            trouble,
            codes: response.errors.iter().map(errors::code).collect(),
            cookies: cookies.collect(),
            reads: executed.reads,
            statements: executed.statements,
        }
    }

    /// The answer to what was not executed.
    pub(super) fn refused(error: ServerError) -> Box<Self> {
        Box::new(Self::without_execution(Response::from_errors(vec![error])))
    }

    /// The answer to what was not executed, as it stands.
    pub(super) fn without_execution(response: Response) -> Self {
        Self::written(response.into(), 0, Bytes::from)
    }

    /// The answer to what could not be executed.
    pub(super) fn failed(error: Error) -> Self {
        *Self::refused(errors::told(errors::of(error)))
    }

    /// The answer where there are too many operations at once.
    pub(super) fn shed() -> Self {
        Self {
            trouble: Some(Trouble::Overloaded),
            ..Self::failed(Error::Overloaded)
        }
    }

    /// The body with extensions at its end.
    pub(super) fn with_extensions(&self, extensions: &Value, memory: &AnswerMemory) -> Bytes {
        let mut body = self.body.to_vec();
        if body.pop() == Some(b'}')
            && let Ok(extensions) = serde_json::to_vec(extensions)
        {
            body.extend_from_slice(b",\"extensions\":");
            body.extend_from_slice(&extensions);
            body.push(b'}');
            return memory.hold(body);
        }
        self.body.clone()
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

/// What has kept an operation from a good answer, if that passes.
fn trouble(errors: &[ServerError]) -> Option<Trouble> {
    if errors.iter().any(errors::is_unavailable) {
        Some(Trouble::Unavailable)
    } else if errors.iter().any(errors::is_out_of_memory) {
        Some(Trouble::Overloaded)
    } else {
        None
    }
}

/// The JSON of an answer that spent so much of its budget. A vector that grows would take up to three times of what it needs.
fn json(wire: &Wire<'_>, spent: u64) -> serde_json::Result<Vec<u8>> {
    if spent <= LARGE {
        return serde_json::to_vec(wire);
    }
    let mut counted = Counted::default();
    serde_json::to_writer(&mut counted, wire)?;
    let mut body = Vec::with_capacity(counted.0);
    serde_json::to_writer(&mut body, wire)?;
    Ok(body)
}

/// Counts the bytes that are written.
#[derive(Default)]
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether the document could not be executed at all: an error without the path of a field says so.
fn never_began(response: &Response) -> bool {
    response.data == Value::Null && response.errors.iter().any(|error| error.path.is_empty())
}
