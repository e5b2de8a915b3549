//! Gives every error its code, and keeps everything that is not ours off the wire.

use std::sync::Arc;

use async_graphql::{PathSegment, ServerError, Value};

use crate::{
    budget::{self, Ended},
    error::Error,
    telemetry::{metrics::Code, outage},
};

/// The codes of errors that GraphQL itself finds, before anything of ours runs.
pub(crate) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
pub(crate) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// How async-graphql's messages go on where they quote a value, and what they say here.
const QUOTING: [(&str, &str); 3] = [
    (", found ", "."),
    (" does not contain the value \"", " has no such value"),
    (" does not contain value \"", " has no such value"),
];

/// The name of the limit of an answer's memory.
const ANSWER_BYTES: &str = "answerBytes";

/// The error as the world may know it. What is masked is logged here, once, within the span of its request.
pub(crate) fn told(error: ServerError) -> ServerError {
    let Some(ours) = error.source::<Error>() else {
        if error.source.is_some() {
            tracing::error!(error = %error.message, path = ?error.path, "masked an error of unknown kind");
            return with_code(
                ServerError {
                    message: "something went wrong on the server".to_owned(),
                    ..error
                },
                "INTERNAL",
            );
        }
        // What concerns no field was found in the document, before its execution.
        let found_in_document = error.path.is_empty();
        return with_code(
            without_value(error),
            if found_in_document {
                VALIDATION_FAILED
            } else {
                "BAD_INPUT"
            },
        );
    };
    let code = ours.code();
    if !outage::report(ours)
        && let Error::Internal(cause) = ours
    {
        tracing::error!(code, cause = %cause, path = ?error.path, "an operation failed");
    }
    let problems = match ours {
        Error::Invalid(problems) => problems.clone(),
        _ => Vec::new(),
    };
    let wait = match ours {
        Error::TooManyAttempts(wait) => Some(wait.num_seconds() + 1),
        _ => None,
    };
    let allowed = match ours {
        Error::AnswerTooLarge(allowed) => Some(*allowed),
        _ => None,
    };
    let mut error = with_code(error, code);
    if let Some(wait) = wait {
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("retryAfterSeconds", wait);
    }
    if let Some(allowed) = allowed {
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("limit", ANSWER_BYTES);
        extensions.set("allowed", allowed);
    }
    if !problems.is_empty() {
        let told = problems.iter().map(|problem| {
            async_graphql::value!({
                "code": (problem.code.name()), "path": (problem.path.clone()), "message": (problem.message.clone())
            })
        });
        error
            .extensions
            .get_or_insert_default()
            .set("problems", Value::List(told.collect()));
    }
    error
}

/// The error without the value that is wrong, which stands at the end: it may be a secret in the wrong place.
fn without_value(mut error: ServerError) -> ServerError {
    for (quoting, instead) in QUOTING {
        if let Some(at) = error.message.find(quoting) {
            error.message.replace_range(at.., instead);
        }
    }
    error
}

/// The error with its code.
pub(crate) fn with_code(mut error: ServerError, code: &str) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// The error of introspection by somebody who has no right to it.
pub(crate) fn no_introspection() -> ServerError {
    let message = "introspection is allowed only for those who are signed in, and in development";
    with_code(ServerError::new(message, None), VALIDATION_FAILED)
}

/// An error of ours that belongs to no field.
pub(crate) fn of(error: Error) -> ServerError {
    let message = error.to_string();
    ServerError {
        source: Some(Arc::new(error)),
        ..ServerError::new(message, None)
    }
}

/// Whether an error says that the database, or what else is needed, does not answer.
pub(crate) fn is_unavailable(error: &ServerError) -> bool {
    error.source::<Error>().is_some_and(Error::is_unavailable)
}

/// The error of an operation that its memory budget has ended, at the value that was one too many.
pub(crate) fn of_ended(ended: Ended) -> ServerError {
    let path = ended.path.into_iter().map(|segment| match segment {
        budget::PathSegment::Field(key) => PathSegment::Field(key),
        budget::PathSegment::Index(index) => PathSegment::Index(index),
    });
    ServerError {
        path: path.collect(),
        ..of(ended.cause.into())
    }
}

/// Whether an error says that a memory budget is used up.
pub(crate) fn is_of_budget(error: &ServerError) -> bool {
    let error = error.source::<Error>();
    matches!(error, Some(Error::AnswerTooLarge(_) | Error::OutOfMemory))
}

/// Whether an error says that all answers together take as much memory as they may.
pub(crate) fn is_out_of_memory(error: &ServerError) -> bool {
    matches!(error.source::<Error>(), Some(Error::OutOfMemory))
}

/// The code that an error has.
pub(crate) fn code(error: &ServerError) -> Code {
    let extensions = error.extensions.as_ref();
    match extensions.and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => Code::of(code),
        _ => Code::Other,
    }
}
