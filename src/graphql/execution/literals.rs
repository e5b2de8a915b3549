//! Values that stand in a document: what the validation of documents leaves open of them.

use std::collections::HashSet;

use apollo_compiler::{ast::Type, schema::InputObjectType};
use async_graphql::{
    Name, ServerError,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::types::{InputKind, Types, is_one_of};

/// What is wrong with values in a document: they have not exactly one of the fields of an input of which one is to be given.
pub(super) fn faults(types: &Types, document: &ExecutableDocument) -> Vec<ServerError> {
    let mut faults = Vec::new();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut walk = Walk {
            types,
            document,
            operation,
            visited: HashSet::new(),
            faults: &mut faults,
        };
        if let Some(root) = types.root(operation.ty) {
            walk.selections(root, &operation.selection_set.node);
        }
    }
    faults
}

struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    /// Declares the variables, those of its fragments, too.
    operation: &'a OperationDefinition,
    visited: HashSet<&'a str>,
    faults: &'a mut Vec<ServerError>,
}

impl<'a> Walk<'a> {
    fn selections(&mut self, owner: &str, selections: &'a SelectionSet) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => self.field(owner, &field.node),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(owner, |condition| condition.node.on.node.as_str());
                    self.selections(on, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if self.visited.insert(name)
                        && let Some(fragment) = self.document.fragments.get(name)
                    {
                        let on = &fragment.node.type_condition.node.on.node;
                        self.selections(on, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn field(&mut self, owner: &str, field: &'a Field) {
        let Some(defined) = self.types.field(owner, &field.name.node) else {
            return;
        };
        for (name, value) in &field.arguments {
            let Some(argument) = defined.argument_by_name(&name.node) else {
                continue;
            };
            let mut path = name.node.to_string();
            if let Err(fault) = self.value(&argument.ty, &value.node, &mut path) {
                let message = format!("the argument `{path}` {fault}");
                self.faults.push(ServerError::new(message, Some(value.pos)));
            }
        }
        let inner = defined.ty.inner_named_type();
        self.selections(inner, &field.selection_set.node);
    }

    /// Looks at a value at this path, which is that of the wrong one after a fault.
    fn value(&self, wanted: &Type, value: &Value, path: &mut String) -> Result<(), String> {
        match (wanted, value) {
            (_, Value::Null | Value::Variable(_)) => Ok(()),
            (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
                let mut items = items.iter();
                items.try_for_each(|value| self.value(item, value, path))
            }
            (Type::List(item) | Type::NonNullList(item), value) => self.value(item, value, path),
            (Type::Named(name) | Type::NonNullNamed(name), value) => {
                match (self.types.input(name), value) {
                    (InputKind::Object(of), Value::Object(fields)) => self.object(of, fields, path),
                    _ => Ok(()),
                }
            }
        }
    }

    fn object(
        &self,
        of: &InputObjectType,
        fields: &IndexMap<Name, Value>,
        path: &mut String,
    ) -> Result<(), String> {
        for (name, value) in fields {
            let Some(field) = of.fields.get(name.as_str()) else {
                continue;
            };
            let length = path.len();
            path.push('.');
            path.push_str(name);
            self.value(&field.ty, value, path)?;
            path.truncate(length);
        }
        if is_one_of(of) && !self.is_one(fields.values()) {
            return Err(format!("must have exactly one field of `{}`", of.name));
        }
        Ok(())
    }

    /// Whether there is one value, which is never null.
    fn is_one<'v>(&self, mut values: impl Iterator<Item = &'v Value>) -> bool {
        let is_value = match values.next() {
            None | Some(Value::Null) => false,
            Some(Value::Variable(name)) => {
                let mut definitions = self.operation.variable_definitions.iter();
                let declared = definitions.find(|definition| definition.node.name.node == *name);
                declared.is_some_and(|declared| !declared.node.var_type.node.nullable)
            }
            Some(_) => true,
        };
        is_value && values.next().is_none()
    }
}
