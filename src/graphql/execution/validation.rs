//! Whether a document fits the schema, by all rules of the specification.

use apollo_compiler::parser::Parser;
use async_graphql::{Pos, ServerError, parser::types::ExecutableDocument};

use super::{literals, types::Types};

/// How many faults of a document are told.
const MOST_FAULTS: usize = 20;
/// How deep a document may be, which was parsed once before: deeper than any setting lets it be.
const MOST_NESTED: usize = 500;

/// What is wrong with a document; nothing if it fits the schema.
pub(super) fn faults(types: &Types, text: &str, parsed: &ExecutableDocument) -> Vec<ServerError> {
    let mut parser = Parser::new().recursion_limit(MOST_NESTED);
    let errors = match parser.parse_executable(&types.schema, text, "document") {
        Ok(document) => document.validate(&types.schema).err().map(|it| it.errors),
        Err(invalid) => Some(invalid.errors),
    };
    let Some(errors) = errors else {
        return literals::faults(types, parsed);
    };
    let faults = errors.iter().take(MOST_FAULTS).map(|fault| {
        let told = fault.to_json();
        let at = told.locations.first().map(|at| Pos {
            line: at.line,
            column: at.column,
        });
        ServerError::new(without_value(told.message), at)
    });
    faults.collect()
}

/// The same fault, with the field of the type that was probably meant.
pub(in crate::graphql) fn with_suggestion(types: &Types, mut fault: ServerError) -> ServerError {
    let message = fault.message.strip_prefix("type `");
    let unknown = message.and_then(|rest| rest.split_once("` does not have a field `"));
    if let Some((owner, rest)) = unknown
        && let Some(name) = rest.strip_suffix('`')
        && let Some(near) = types.nearest_field(owner, name)
    {
        fault.message = format!("{}; did you mean `{near}`?", fault.message);
    }
    fault
}

/// The message without a value that a document has in the place of a name, which may be a secret in the wrong place.
fn without_value(message: String) -> String {
    let told = message
        .strip_prefix("value `")
        .and_then(|rest| rest.split_once("` does not exist on "))
        .map(|(_, of)| format!("{of} has no such value"));
    told.unwrap_or(message)
}
