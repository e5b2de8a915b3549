//! Which fields an object answers with: `CollectFields` of the specification.

use std::collections::HashSet;

use async_graphql::{
    Positioned, Value as Constant, Variables,
    indexmap::IndexMap,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use super::types::Types;

/// The fields of an object by response key, in the order of the document. Those of one key are executed once.
pub(super) type Collected<'d> = IndexMap<&'d str, Vec<&'d Positioned<Field>>>;

/// Where fields are collected: an operation of a document, with the values of its variables.
pub(super) struct Collector<'d> {
    pub(super) types: &'static Types,
    pub(super) document: &'d ExecutableDocument,
    pub(super) operation: &'d OperationDefinition,
    pub(super) variables: &'d Variables,
}

impl<'d> Collector<'d> {
    /// The fields that the selections have for an object of this type.
    pub(super) fn collect(&self, object: &str, sets: &[&'d SelectionSet]) -> Collected<'d> {
        let mut collected = Collected::new();
        let mut visited = HashSet::new();
        for set in sets {
            self.collect_set(object, set, &mut visited, &mut collected);
        }
        collected
    }

    fn collect_set(
        &self,
        object: &str,
        set: &'d SelectionSet,
        visited: &mut HashSet<&'d str>,
        collected: &mut Collected<'d>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if self.is_included(&field.node.directives) {
                        let key = field.node.response_key().node.as_str();
                        collected.entry(key).or_default().push(field);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let applies = condition
                        .is_none_or(|condition| self.applies(&condition.node.on.node, object));
                    if applies && self.is_included(&fragment.node.directives) {
                        let set = &fragment.node.selection_set.node;
                        self.collect_set(object, set, visited, collected);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if self.is_included(&spread.node.directives)
                        && visited.insert(name)
                        && let Some(fragment) = self.document.fragments.get(name)
                        && self.applies(&fragment.node.type_condition.node.on.node, object)
                    {
                        let set = &fragment.node.selection_set.node;
                        self.collect_set(object, set, visited, collected);
                    }
                }
            }
        }
    }

    fn applies(&self, condition: &str, object: &str) -> bool {
        condition == object || self.types.possible(condition).iter().any(|it| it == object)
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        let holds = |name: &str| {
            let directive = directives.iter().find(|it| it.node.name.node == name)?;
            self.boolean(&directive.node.get_argument("if")?.node)
        };
        holds("skip") != Some(true) && holds("include") != Some(false)
    }

    fn boolean(&self, value: &Value) -> Option<bool> {
        let constant = match value {
            Value::Boolean(value) => return Some(*value),
            Value::Variable(name) => self.variables.get(name).or_else(|| self.default_of(name)),
            _ => None,
        };
        match constant {
            Some(Constant::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    fn default_of(&self, variable: &str) -> Option<&Constant> {
        let mut definitions = self.operation.variable_definitions.iter();
        let definition = definitions.find(|it| it.node.name.node == variable)?;
        definition.node.default_value.as_ref().map(|it| &it.node)
    }

    /// Whether a variable has no value, not even one of its own.
    pub(super) fn is_absent(&self, variable: &str) -> bool {
        !self.variables.contains_key(variable) && self.default_of(variable).is_none()
    }
}
