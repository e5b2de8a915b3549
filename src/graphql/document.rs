//! What a parsed document says of its operations.

use std::collections::HashSet;

use async_graphql::{
    Name,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
    },
};

/// The operation of this name; without one, the only one.
pub(crate) fn operation<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let is_named = |operation: Option<&Name>| name.is_none() || operation.map(Name::as_str) == name;
    let mut found = operations
        .iter()
        .filter(|(operation, _)| is_named(*operation));
    found.next().map(|(_, operation)| &operation.node)
}

/// The names of the root fields of an operation, wherever its fragments select them.
pub(crate) fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> HashSet<&'a str> {
    let fields = root_selections(document, operation).into_iter();
    fields.map(|field| field.name.node.as_str()).collect()
}

/// The root fields of an operation as they are selected, wherever its fragments do so.
pub(crate) fn root_selections<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Field> {
    let mut fields = Vec::new();
    let selection = &operation.selection_set.node;
    collect(document, selection, &mut HashSet::new(), &mut fields);
    fields
}

/// Each fragment is looked at once.
fn collect<'a>(
    document: &'a ExecutableDocument,
    selection: &'a SelectionSet,
    seen: &mut HashSet<&'a str>,
    fields: &mut Vec<&'a Field>,
) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => {
                fields.push(&field.node);
            }
            Selection::InlineFragment(fragment) => {
                collect(document, &fragment.node.selection_set.node, seen, fields);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if seen.insert(name.as_str())
                    && let Some(fragment) = document.fragments.get(name)
                {
                    collect(document, &fragment.node.selection_set.node, seen, fields);
                }
            }
        }
    }
}
