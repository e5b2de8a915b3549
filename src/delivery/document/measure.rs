//! Measures a document: how deep, how broad, and how large it is once its fragments are written out where they are spread.
//!
//! Each fragment is measured once, however often it is spread: validation, the look ahead and the execution, which come
//! later, walk it again each time.

use std::collections::HashMap;

use async_graphql::{
    Positioned, ServerError,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

use crate::graphql::errors::{VALIDATION_FAILED, with_code};

/// How many selections may stand one in the other, with fragments in fragments. Nothing real comes near it.
const HIGHEST: u64 = 100;
/// Lists of the schema's own description that lead back to types: `{__schema {types {fields {type {fields …`.
const CIRCULAR: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// How large a document is. Figures beyond all bounds stay at the largest one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::delivery) struct Measure {
    pub(in crate::delivery) operations: u64,
    pub(in crate::delivery) fragments: u64,
    /// Of the operation that has most.
    pub(in crate::delivery) variables: u64,
    pub(in crate::delivery) aliases: u64,
    pub(in crate::delivery) directives: u64,
    /// Fields one below the other.
    pub(in crate::delivery) depth: u64,
    /// Fields side by side.
    pub(in crate::delivery) fields: u64,
    /// Fields side by side at the root of an operation.
    pub(in crate::delivery) root_fields: u64,
    /// Everything that is selected, with each fragment written out.
    pub(in crate::delivery) selections: u64,
    /// Items of the longest list.
    pub(in crate::delivery) list_items: u64,
    /// Lists of the schema's description one in the other.
    pub(in crate::delivery) introspection: u64,
}

/// What one set of selections, written out, is.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    selections: u64,
    fields: u64,
    depth: u64,
    height: u64,
    circular: u64,
}

impl Extent {
    /// Puts what stands in an inline fragment, or in one that is spread, beside the rest.
    fn add(&mut self, inner: Self) {
        self.selections = self.selections.saturating_add(inner.selections + 1);
        self.fields = self.fields.saturating_add(inner.fields);
        self.depth = self.depth.max(inner.depth);
        self.height = self.height.max(inner.height + 1);
        self.circular = self.circular.max(inner.circular);
    }
}

enum Fragment {
    Running,
    Known(Extent),
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a str, Fragment>,
    measure: Measure,
    /// How many selections stand around this one.
    level: u64,
    /// How many fields all sets have, each for itself: validation compares them with each other.
    compared: u64,
}

/// Measures a document. One whose fragments spread themselves has no measure.
pub(super) fn measure(document: &ExecutableDocument) -> Result<Measure, ServerError> {
    let mut measuring = Measuring {
        document,
        fragments: HashMap::with_capacity(document.fragments.len()),
        measure: Measure {
            fragments: document.fragments.len() as u64,
            ..Measure::default()
        },
        level: 0,
        compared: 0,
    };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        measuring.directives(&operation.directives);
        for definition in &operation.variable_definitions {
            measuring.directives(&definition.node.directives);
            if let Some(value) = &definition.node.default_value {
                measuring.value(&value.node.clone().into_value());
            }
        }
        let extent = measuring.set(&operation.selection_set.node)?;
        let measure = &mut measuring.measure;
        let variables = operation.variable_definitions.len() as u64;
        measure.operations += 1;
        measure.variables = measure.variables.max(variables);
        measure.root_fields = measure.root_fields.max(extent.fields);
        measure.depth = measure.depth.max(extent.depth);
        measure.selections = measure.selections.saturating_add(extent.selections);
    }
    for name in document.fragments.keys() {
        let extent = measuring.fragment(name)?;
        measuring.measure.depth = measuring.measure.depth.max(extent.depth);
    }
    let compared = measuring.compared;
    let mut measure = measuring.measure;
    measure.selections = measure.selections.max(compared);
    Ok(measure)
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Extent, ServerError> {
        if self.level > HIGHEST {
            return Err(too_high());
        }
        self.level += 1;
        let mut extent = Extent::default();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.measure.aliases += u64::from(field.alias.is_some());
                    self.directives(&field.directives);
                    for (_, value) in &field.arguments {
                        self.value(&value.node);
                    }
                    let inner = self.set(&field.selection_set.node)?;
                    let name = field.name.node.as_str();
                    let circular = inner.circular + u64::from(CIRCULAR.contains(&name));
                    if name.starts_with("__") {
                        self.measure.introspection = self.measure.introspection.max(circular);
                    }
                    extent.selections = extent.selections.saturating_add(inner.selections + 1);
                    extent.fields = extent.fields.saturating_add(1);
                    extent.depth = extent.depth.max(inner.depth + 1);
                    extent.height = extent.height.max(inner.height + 1);
                    extent.circular = extent.circular.max(circular);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    let inner = self.set(&inline.node.selection_set.node)?;
                    extent.add(inner);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    let inner = self.fragment(&spread.node.fragment_name.node)?;
                    extent.add(inner);
                }
            }
        }
        self.level -= 1;
        self.measure.fields = self.measure.fields.max(extent.fields);
        self.compared = self.compared.saturating_add(extent.fields);
        if extent.height > HIGHEST {
            return Err(too_high());
        }
        // One is always added to it.
        extent.selections = extent.selections.min(u64::MAX - 1);
        Ok(extent)
    }

    /// What a fragment is; nothing if there is none of this name, which validation tells.
    fn fragment(&mut self, name: &str) -> Result<Extent, ServerError> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Extent::default());
        };
        match self.fragments.get(name.as_str()) {
            Some(Fragment::Known(extent)) => return Ok(*extent),
            Some(Fragment::Running) => {
                let message = format!("the fragment {name} spreads itself");
                let error = ServerError::new(message, Some(fragment.pos));
                return Err(with_code(error, VALIDATION_FAILED));
            }
            None => {}
        }
        self.fragments.insert(name, Fragment::Running);
        self.directives(&fragment.node.directives);
        let extent = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Fragment::Known(extent));
        Ok(extent)
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.measure.directives += directives.len() as u64;
        for directive in directives {
            for (_, value) in &directive.node.arguments {
                self.value(&value.node);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::List(items) => {
                self.measure.list_items = self.measure.list_items.max(items.len() as u64);
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(fields) => fields.values().for_each(|value| self.value(value)),
            _ => {}
        }
    }
}

fn too_high() -> ServerError {
    let message = format!("selections stand more than {HIGHEST} deep one in the other");
    with_code(ServerError::new(message, None), VALIDATION_FAILED)
}
