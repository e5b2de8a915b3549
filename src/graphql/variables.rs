//! Required variables: async-graphql takes null, and nothing at all, for a variable of a type that allows neither.

use async_graphql::{
    Name, Pos, Request, ServerError, Value,
    parser::types::{DocumentOperations, OperationDefinition},
};

/// What is wrong with the variables of the operation that the request names. The document must have been parsed.
pub(super) fn fault(request: &mut Request) -> Option<ServerError> {
    let values = request.variables.clone();
    let name = request.operation_name.clone();
    let document = request.parsed_query().ok()?;
    let operation = named(&document.operations, name.as_deref())?;
    let lacking = operation.variable_definitions.iter().find(|definition| {
        let definition = &definition.node;
        let required = !definition.var_type.node.nullable && definition.default_value.is_none();
        required && matches!(values.get(&definition.name.node), None | Some(Value::Null))
    })?;
    let message = format!("the variable ${} must have a value", lacking.node.name.node);
    Some(error(message, lacking.pos))
}

/// The operation of this name; without one, the only one.
pub(super) fn named<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let is_named = |operation: Option<&Name>| name.is_none() || operation.map(Name::as_str) == name;
    let mut found = operations
        .iter()
        .filter(|(operation, _)| is_named(*operation));
    found.next().map(|(_, operation)| &operation.node)
}

fn error(message: String, at: Pos) -> ServerError {
    super::errors::with_code(ServerError::new(message, Some(at)), "BAD_INPUT")
}
