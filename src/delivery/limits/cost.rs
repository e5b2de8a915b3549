//! What an operation costs: how many values its answer can have, roughly. `docs/delivery.md` has the table.
//!
//! Each set of selections is looked at once for each type that its object can have, however often it is spread. Figures
//! beyond all bounds stay at the largest one.

use std::collections::HashMap;

use async_graphql::{
    Name, Number, Value, Variables,
    parser::types::{
        ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};
use async_graphql_value::Value as Literal;

use super::weights::{self, TypeId, Weights};
use crate::{
    content::page_args::{LARGEST_SIZE, USUAL_SIZE},
    graphql::document,
};

/// Each field.
const FIELD: u64 = 1;
/// A list that does not say how long it is, in items.
const LIST: u64 = 5;
/// What counts a whole list.
const TOTAL_COUNT: u64 = 100;
/// What loads all parts of an entry.
const PARTS: u64 = 50;
/// What looks at all content.
const SURVEY: u64 = 5_000;
/// A change: a transaction that is on disk before it is answered.
const MUTATION: u64 = 100;
/// The description of the schema.
const INTROSPECTION: u64 = 1_000;

/// What a set of selections costs.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// For one object.
    fixed: u64,
    /// For each item of the lists among its fields, whose length is that of the page that the object is.
    per_item: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.per_item = self.per_item.saturating_add(other.per_item);
    }

    fn max(self, other: Self) -> Self {
        Self {
            fixed: self.fixed.max(other.fixed),
            per_item: self.per_item.max(other.per_item),
        }
    }

    /// With lists of so many items.
    fn with(self, items: u64) -> u64 {
        self.fixed
            .saturating_add(self.per_item.saturating_mul(items))
    }
}

/// The costs of the operations of a document.
pub(super) struct Costing<'a> {
    weights: &'a Weights,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// By the place of the set in memory, and the type of its object.
    known: HashMap<(usize, Option<TypeId>), Cost>,
}

impl<'a> Costing<'a> {
    pub(super) fn new(
        weights: &'a Weights,
        document: &'a ExecutableDocument,
        variables: &'a Variables,
    ) -> Self {
        Self {
            weights,
            document,
            variables,
            known: HashMap::new(),
        }
    }

    /// What the operation of this name costs; nothing if there is none. The document must not spread fragments in circles.
    pub(super) fn operation(mut self, name: Option<&str>) -> u64 {
        let Some(operation) = document::operation(&self.document.operations, name) else {
            return 0;
        };
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let (set, root) = (&operation.selection_set.node, self.weights.id(root));
        self.set(operation, set, root).with(LIST)
    }

    /// What a set costs at most, whichever type its object has.
    fn set(
        &mut self,
        operation: &'a OperationDefinition,
        set: &'a SelectionSet,
        of: Option<TypeId>,
    ) -> Cost {
        let possible = self.weights.possible(of);
        if possible.is_empty() {
            return self.set_of(operation, set, of);
        }
        let costs = possible
            .iter()
            .map(|one| self.set_of(operation, set, Some(*one)));
        costs.fold(Cost::default(), Cost::max)
    }

    /// What a set costs for an object of this very type.
    fn set_of(
        &mut self,
        operation: &'a OperationDefinition,
        set: &'a SelectionSet,
        of: Option<TypeId>,
    ) -> Cost {
        if set.items.is_empty() {
            return Cost::default();
        }
        let place = (std::ptr::from_ref(set).addr(), of);
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let mut cost = Cost::default();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => cost.add(self.field(operation, &field.node, of)),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let condition = condition.and_then(|on| self.weights.id(&on.node.on.node));
                    if self.weights.can_be(of, condition) {
                        cost.add(self.set_of(operation, &inline.node.selection_set.node, of));
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    let condition = &fragment.node.type_condition.node.on.node;
                    if self.weights.can_be(of, self.weights.id(condition)) {
                        cost.add(self.set_of(operation, &fragment.node.selection_set.node, of));
                    }
                }
            }
        }
        self.known.insert(place, cost);
        cost
    }

    fn field(
        &mut self,
        operation: &'a OperationDefinition,
        field: &'a Field,
        of: Option<TypeId>,
    ) -> Cost {
        let meta = self.weights.field(of, &field.name.node);
        let inner = meta.and_then(|meta| meta.of);
        let set = self.set(operation, &field.selection_set.node, inner);
        let own = self.own(operation, field, of);
        let items = meta.and_then(|meta| self.items(operation, field, meta));
        let cost = match (meta.is_some_and(|meta| meta.is_list), items) {
            (false, items) => set.with(items.unwrap_or(LIST)),
            (true, Some(items)) => set.with(LIST).saturating_mul(items),
            (true, None) => {
                return Cost {
                    fixed: own,
                    per_item: set.with(LIST),
                };
            }
        };
        Cost {
            fixed: own.saturating_add(cost),
            per_item: 0,
        }
    }

    /// What a field costs without what is selected in it.
    fn own(&self, operation: &OperationDefinition, field: &Field, of: Option<TypeId>) -> u64 {
        let is_root = of.is_some() && of == self.weights.id("Mutation");
        match field.name.node.as_str() {
            "__schema" | "__type" => INTROSPECTION,
            "totalCount" => TOTAL_COUNT,
            "contentUpdatedAt" => PARTS,
            "formerLocales" => SURVEY,
            _ if is_root && operation.ty == OperationType::Mutation => MUTATION,
            _ => FIELD,
        }
    }

    /// How many items the arguments of a field let its list or its page have, if they say so.
    fn items(
        &self,
        operation: &OperationDefinition,
        field: &Field,
        meta: &weights::Field,
    ) -> Option<u64> {
        if meta.is_paged {
            let sizes = ["first", "last"].map(|name| self.given(operation, field, name).number);
            let asked = sizes.into_iter().flatten().max().unwrap_or(USUAL_SIZE);
            // A larger page is refused where it is read.
            return Some(asked.min(u64::from(LARGEST_SIZE.unsigned_abs())));
        }
        let lists = meta.lists.iter().filter(|_| meta.is_list);
        let lengths = lists.filter_map(|name| self.given(operation, field, name).length);
        lengths.max()
    }

    /// What an argument says, with its variable put in.
    fn given(&self, operation: &OperationDefinition, field: &Field, name: &str) -> Given {
        match field.get_argument(name).map(|argument| &argument.node) {
            Some(Literal::Variable(name)) => self.variable(operation, name),
            Some(Literal::Number(number)) => Given::number(number),
            Some(Literal::List(items)) => Given::length(items.len()),
            _ => Given::default(),
        }
    }

    fn variable(&self, operation: &OperationDefinition, name: &Name) -> Given {
        let mut definitions = operation.variable_definitions.iter();
        let default = || {
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition
                .node
                .default_value
                .as_ref()
                .map(|value| &value.node)
        };
        match self.variables.get(name).or_else(default) {
            Some(Value::Number(number)) => Given::number(number),
            Some(Value::List(items)) => Given::length(items.len()),
            _ => Given::default(),
        }
    }
}

/// What an argument says of a size.
#[derive(Default)]
struct Given {
    number: Option<u64>,
    length: Option<u64>,
}

impl Given {
    /// A negative number is refused where it is read.
    fn number(number: &Number) -> Self {
        Self {
            number: Some(number.as_u64().unwrap_or(0)),
            length: None,
        }
    }

    fn length(length: usize) -> Self {
        Self {
            number: None,
            length: Some(length as u64),
        }
    }
}
