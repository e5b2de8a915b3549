//! Required variables: async-graphql takes null, and nothing at all, for a variable of a type that allows neither.

use async_graphql::{Request, ServerError, Value, parser::types::ExecutableDocument};

use super::{document, errors::with_code};

/// What is wrong with the variables of the operation that the request names.
pub(super) fn fault(document: &ExecutableDocument, request: &Request) -> Option<ServerError> {
    let name = request.operation_name.as_deref();
    let operation = document::operation(&document.operations, name)?;
    let lacking = operation.variable_definitions.iter().find(|definition| {
        let definition = &definition.node;
        let value = request.variables.get(&definition.name.node);
        let required = !definition.var_type.node.nullable && definition.default_value.is_none();
        required && matches!(value, None | Some(Value::Null))
    })?;
    let message = format!("the variable ${} must have a value", lacking.node.name.node);
    let error = ServerError::new(message, Some(lacking.pos));
    Some(with_code(error, "BAD_INPUT"))
}
