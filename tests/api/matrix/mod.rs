//! The permission matrix: each cell of `docs/permissions.md`, tried; and what nobody may get past it.

mod alone;
mod cells;
mod columns;
mod document;
mod expected;
mod http;
mod in_flight;
mod inputs;
mod operations;
mod references;
mod server_owned;
mod stock;
mod strangers;
mod tokens;

use kindling::auth::Role;
use serde_json::Value;

/// The roles; none is somebody who is not signed in.
const ROLES: [Option<Role>; 5] = [
    None,
    Some(Role::Contributor),
    Some(Role::Author),
    Some(Role::Editor),
    Some(Role::Admin),
];

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was done, or answered.
    Done,
    /// An entry was shown, in this revision.
    Shown(i64),
    /// What it is about does not exist, as far as whoever asks may know.
    Unknown,
    /// It was allowed, and there is something to put right.
    Inapplicable,
    /// The role may not.
    Forbidden,
    /// One must sign in.
    Unauthenticated,
    /// The password must be given again.
    PasswordRequired,
    /// Something that no cell of the matrix can mean.
    Failed,
}

impl Outcome {
    /// What the answer to a document with this one root field means.
    fn of(answer: &Value, field: &str) -> Self {
        match answer["errors"][0]["extensions"]["code"].as_str() {
            Some("FORBIDDEN") => return Self::Forbidden,
            Some("UNAUTHENTICATED") => return Self::Unauthenticated,
            Some("PASSWORD_REQUIRED") => return Self::PasswordRequired,
            Some(_) => return Self::Failed,
            None => {}
        }
        let told = &answer["data"][field];
        // `checkEntries` gives nothing but what is to be put right, and `publishPlan` calls it problems.
        let errors = told.get("userErrors").or_else(|| told.get("problems"));
        let errors = errors.unwrap_or(told);
        match errors[0]["code"].as_str() {
            Some("NOT_FOUND") => Self::Unknown,
            Some(_) => Self::Inapplicable,
            None => Self::shown(told),
        }
    }

    /// What an answer without errors shows.
    fn shown(told: &Value) -> Self {
        let first = match told.get("nodes").unwrap_or(told) {
            Value::Array(nodes) if told.get("userErrors").is_none() => match nodes.as_slice() {
                [] if told.get("nodes").is_none() => return Self::Done,
                nodes => nodes.first().unwrap_or(&Value::Null),
            },
            node => node,
        };
        match (first, first["revision"].as_i64()) {
            (Value::Null, _) => Self::Unknown,
            (_, Some(revision)) => Self::Shown(revision),
            (_, None) => Self::Done,
        }
    }
}
