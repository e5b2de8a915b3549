//! An operation as async-graphql executes it rightly: fields of one response key merged, conditions applied, fragments
//! resolved to the fields that each object has, variables that were not sent left out.
//!
//! Beside it stands the shape of the answer, to which [`super::completion`] brings what comes of it.

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::ast::Type;
use async_graphql::{
    Name, Pos, Positioned, ServerError,
    indexmap::IndexSet,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition,
        Selection, SelectionSet, TypeCondition,
    },
};

use async_graphql_value::Value;

use super::{
    absent::without_absent,
    collect::{Collected, Collector},
    interfaces::{self, Implemented, Interfaces},
};
use crate::graphql::errors::with_code;

/// The key of the type of an object, where it is needed and nobody asked for it. No document can have it.
pub(super) const TYPE_KEY: &str = ":type";
const TYPENAME: &str = "__typename";
/// Fields that an operation may have once its fragments are resolved. Where objects of several types are asked for the same in
/// different ways, each type has fields of its own.
const MOST_FIELDS: usize = 20_000;
/// About what a field of a plan takes, and a value in its arguments, in bytes.
const PER_FIELD: usize = 900;
const PER_VALUE: usize = 150;

/// An operation that is ready to be executed.
pub(crate) struct Plan {
    /// The operation, alone.
    pub(crate) document: ExecutableDocument,
    /// The shape of its answer.
    pub(super) shape: Shape,
    bytes: usize,
}

/// The fields of an object, in the order of the answer.
pub(super) struct Shape(pub(super) Vec<FieldShape>);

/// A field of an object.
#[derive(Clone)]
pub(super) struct FieldShape {
    pub(super) key: Name,
    pub(super) of: Type,
    pub(super) content: Arc<Content>,
}

/// What the values of a field consist of.
pub(super) enum Content {
    Leaf,
    /// Objects that all have the same fields.
    Object(Shape),
    /// Objects with fields by type, which stands under [`TYPE_KEY`].
    ByType(Vec<(String, Shape)>),
    /// The interfaces of a type that introspection describes.
    Interfaces(Box<Interfaces>),
}

impl Plan {
    /// How much memory it takes, roughly, in bytes.
    pub(super) fn weight(&self) -> u32 {
        u32::try_from(self.bytes).unwrap_or(u32::MAX)
    }
}

/// The plan of the operation of the collector.
pub(super) fn plan(collector: &Collector<'_>) -> Result<Plan, ServerError> {
    let operation = collector.operation;
    let root = collector.types.root(operation.ty).unwrap_or_default();
    let mut planner = Planner {
        collector,
        fields: 0,
        bytes: 1_000,
        implemented: Implemented::default(),
    };
    let set = &operation.selection_set;
    let (mut items, shape) = planner.object(root, &[&set.node])?;
    items.extend(planner.implemented.at_root());
    let merged = OperationDefinition {
        ty: operation.ty,
        variable_definitions: operation.variable_definitions.clone(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, set.pos),
    };
    Ok(Plan {
        document: ExecutableDocument {
            operations: DocumentOperations::Single(Positioned::new(merged, set.pos)),
            fragments: HashMap::default(),
        },
        shape,
        bytes: planner.bytes,
    })
}

struct Planner<'c, 'd> {
    collector: &'c Collector<'d>,
    fields: usize,
    bytes: usize,
    implemented: Implemented,
}

pub(super) type Items = Vec<Positioned<Selection>>;
type Planned<T> = Result<T, ServerError>;

impl<'d> Planner<'_, 'd> {
    /// The selections of an object. They are never empty: of nothing, async-graphql makes null.
    fn object(&mut self, object: &str, sets: &[&'d SelectionSet]) -> Planned<(Items, Shape)> {
        let collected = self.collector.collect(object, sets);
        let mut items = Vec::with_capacity(collected.len());
        let mut shapes = Vec::with_capacity(collected.len());
        for (key, nodes) in &collected {
            let Some((item, shape)) = self.field(object, key, nodes)? else {
                continue;
            };
            items.push(item);
            shapes.push(shape);
        }
        let is_implementing = |shape: &FieldShape| matches!(*shape.content, Content::Interfaces(_));
        if shapes.iter().any(is_implementing) {
            items.push(interfaces::name());
        }
        if items.is_empty() {
            items.push(type_name());
        }
        Ok((items, Shape(shapes)))
    }

    /// A field, with all that its nodes select of it; none if the type has no such field.
    fn field(
        &mut self,
        owner: &str,
        key: &str,
        nodes: &[&'d Positioned<Field>],
    ) -> Planned<Option<(Positioned<Selection>, FieldShape)>> {
        let collector = self.collector;
        let Some(first) = nodes.first() else {
            return Ok(None);
        };
        let Some(defined) = collector.types.field(owner, &first.node.name.node) else {
            return Ok(None);
        };
        self.count(1, first.pos)?;
        let sets = nodes.iter().map(|node| &node.node.selection_set.node);
        let sets: Vec<&SelectionSet> = sets.collect();
        let (fields, bytes) = (self.fields, self.bytes);
        let (items, mut content) = self.content(defined.ty.inner_named_type(), &sets)?;
        if Implemented::completes(owner, &first.node.name.node)
            && let Content::Object(shape) = content
        {
            let types = collector.types;
            let times;
            (times, content) = self.implemented.select(types, &items, shape);
            self.bytes += times * (self.bytes - bytes);
            self.count(times * (self.fields - fields), first.pos)?;
        }
        let is_absent = |variable: &str| collector.is_absent(variable);
        let arguments = without_absent(&first.node.arguments, &is_absent);
        let values = arguments.iter().map(|(_, value)| size_of(&value.node));
        self.bytes += PER_FIELD + values.sum::<usize>();
        let field = Field {
            alias: first.node.alias.clone(),
            name: first.node.name.clone(),
            arguments,
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet { items }, first.node.selection_set.pos),
        };
        let shape = FieldShape {
            key: Name::new(key),
            of: defined.ty.clone(),
            content: Arc::new(content),
        };
        let field = Positioned::new(field, first.pos);
        Ok(Some((
            Positioned::new(Selection::Field(field), first.pos),
            shape,
        )))
    }

    /// Counts fields of the plan, and fails where it becomes too large.
    fn count(&mut self, fields: usize, at: Pos) -> Planned<()> {
        self.fields += fields;
        if self.fields <= MOST_FIELDS {
            return Ok(());
        }
        let message = format!("the operation has more than {MOST_FIELDS} fields by type");
        let error = ServerError::new(message, Some(at));
        Err(with_code(error, "LIMIT_EXCEEDED"))
    }

    fn content(&mut self, inner: &str, sets: &[&'d SelectionSet]) -> Planned<(Items, Content)> {
        let types = self.collector.types;
        if types.is_abstract(inner) {
            return self.by_type(inner, sets);
        }
        if types.possible(inner).is_empty() {
            return Ok((Vec::new(), Content::Leaf));
        }
        let (items, shape) = self.object(inner, sets)?;
        Ok((items, Content::Object(shape)))
    }

    /// The selections of an interface or a union. What is the same for all its types stands once, everything else beside it by type.
    fn by_type(&mut self, inner: &str, sets: &[&'d SelectionSet]) -> Planned<(Items, Content)> {
        let possible = self.collector.types.possible(inner);
        let collected = possible.iter().map(|object| {
            let fields = self.collector.collect(object, sets);
            (object.as_str(), fields)
        });
        let collected: Vec<(&str, Collected<'d>)> = collected.collect();
        let mut items = Vec::new();
        let mut common: Vec<FieldShape> = Vec::new();
        for key in self.common(inner, &collected) {
            let nodes = collected.iter().find_map(|(_, fields)| fields.get(key));
            let nodes = nodes.map_or(&[][..], Vec::as_slice);
            if let Some((item, shape)) = self.field(inner, key, nodes)? {
                items.push(item);
                common.push(shape);
            }
        }
        let is_all = collected
            .iter()
            .all(|(_, fields)| fields.len() == common.len());
        if is_all && !common.is_empty() {
            return Ok((items, Content::Object(Shape(common))));
        }
        let mut shapes = Vec::with_capacity(collected.len());
        for (object, fields) in &collected {
            let (own, shape) = self.of_type(object, fields, &common)?;
            if !own.is_empty() {
                items.push(fragment_on(object, own));
            }
            shapes.push(((*object).to_owned(), shape));
        }
        items.push(type_name());
        Ok((items, Content::ByType(shapes)))
    }

    /// The selections that one of several types has beside the common ones, and all of its fields.
    fn of_type(
        &mut self,
        object: &str,
        fields: &Collected<'d>,
        common: &[FieldShape],
    ) -> Planned<(Items, Shape)> {
        let (mut items, mut shapes) = (Vec::new(), Vec::new());
        for (key, nodes) in fields {
            if let Some(shape) = common.iter().find(|shape| shape.key == *key) {
                shapes.push(shape.clone());
            } else if let Some((item, shape)) = self.field(object, key, nodes)? {
                items.push(item);
                shapes.push(shape);
            }
        }
        Ok((items, Shape(shapes)))
    }

    /// The keys under which each of the types has the same fields, which the interface has as well.
    fn common(&self, inner: &str, collected: &[(&str, Collected<'d>)]) -> IndexSet<&'d str> {
        let types = self.collector.types;
        let Some((_, first)) = collected.first() else {
            return IndexSet::new();
        };
        let is_common = |key: &str, nodes: &[&Positioned<Field>]| {
            let Some(name) = nodes.first().map(|node| node.node.name.node.as_str()) else {
                return false;
            };
            let Some(defined) = types.field(inner, name) else {
                return false;
            };
            collected.iter().all(|(object, fields)| {
                let own = fields.get(key).map_or(&[][..], Vec::as_slice);
                let is_same = own.len() == nodes.len()
                    && own
                        .iter()
                        .zip(nodes)
                        .all(|(one, other)| std::ptr::eq(*one, *other));
                let own = types.field(object, name);
                is_same && own.is_some_and(|own| own.ty == defined.ty)
            })
        };
        let keys = first.iter().filter(|(key, nodes)| is_common(key, nodes));
        keys.map(|(key, _)| *key).collect()
    }
}

/// About how much memory a value takes, in bytes.
fn size_of(value: &Value) -> usize {
    let content = match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(size_of).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + size_of(value))
            .sum(),
        _ => 0,
    };
    PER_VALUE + content
}

fn type_name() -> Positioned<Selection> {
    selected(&Name::new(TYPE_KEY), TYPENAME, None, Vec::new())
}

/// The selection of a field that stands in no document.
pub(super) fn selected(
    key: &Name,
    name: &str,
    argument: Option<(Name, Value)>,
    items: Items,
) -> Positioned<Selection> {
    let nowhere = Pos::default();
    let placed = |name: Name| Positioned::new(name, nowhere);
    let arguments = argument
        .into_iter()
        .map(|(name, value)| (placed(name), Positioned::new(value, nowhere)));
    let field = Field {
        alias: Some(placed(key.clone())),
        name: placed(Name::new(name)),
        arguments: arguments.collect(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, nowhere),
    };
    Positioned::new(Selection::Field(Positioned::new(field, nowhere)), nowhere)
}

fn fragment_on(object: &str, items: Items) -> Positioned<Selection> {
    let nowhere = Pos::default();
    let on = TypeCondition {
        on: Positioned::new(Name::new(object), nowhere),
    };
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(on, nowhere)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, nowhere),
    };
    let fragment = Positioned::new(fragment, nowhere);
    Positioned::new(Selection::InlineFragment(fragment), nowhere)
}
