//! Containers that charge the memory budget of their operation with each field that they write.

use std::{borrow::Cow, ops::Deref};

use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Positioned, QueryPathNode,
    QueryPathSegment, ServerResult, Value,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{ContainerType, Fields, resolve_container},
};

use crate::budget::{self, Exhausted, PathSegment};

/// What a value takes beside its text and its name, in bytes: its place in the response, in memory.
const PER_VALUE: usize = 100;

/// An object or an interface whose fields are charged as they are written. It adds nothing to the schema.
#[derive(Clone, Debug)]
pub struct Metered<T>(pub T);

impl<T> Deref for Metered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: OutputType + ContainerType> OutputType for Metered<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // Before its fields are there: they take more memory than this.
        if budget::must_wait() {
            Box::pin(budget::wait()).await;
        }
        resolve_container(ctx, self).await
    }
}

impl<T: ContainerType> ContainerType for Metered<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let value = self.0.resolve_field(ctx).await?;
        let field = &ctx.item.node;
        let is_leaf = field.selection_set.node.items.is_empty();
        let bytes = bytes_of(&field.response_key().node, value.as_ref(), is_leaf);
        match budget::charge_container(bytes) {
            Ok(()) => Ok(value),
            Err(cause) => {
                drop(value);
                Box::pin(end(cause, ctx.path_node.as_ref())).await
            }
        }
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        if self.0.introspection_type_name() == T::type_name() {
            fields.add_set(ctx, self)
        } else {
            // The object behind an interface collects its own fields.
            self.0.collect_all_fields(ctx, fields)
        }
    }
}

impl<T: ObjectType> ObjectType for Metered<T> {}

/// The bytes that a field takes in an answer, without the fields of the objects in it.
pub(crate) fn bytes_of(key: &str, value: Option<&Value>, is_leaf: bool) -> usize {
    let content = match value {
        Some(Value::List(items)) if !is_leaf => items.len() * PER_VALUE,
        Some(value) if is_leaf => bytes_of_leaf(value),
        _ => 0,
    };
    PER_VALUE + key.len() + content
}

/// The bytes of a scalar, an enum value, or a list of them.
fn bytes_of_leaf(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Enum(name) => name.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::List(items) => {
            let bytes = items.iter().map(|item| PER_VALUE + bytes_of_leaf(item));
            bytes.sum()
        }
        Value::Object(fields) => {
            let bytes = fields
                .iter()
                .map(|(key, value)| PER_VALUE + key.len() + bytes_of_leaf(value));
            bytes.sum()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
    }
}

/// Ends the operation at this place of its answer. Never returns.
pub(crate) async fn end<T>(cause: Exhausted, place: Option<&QueryPathNode<'_>>) -> T {
    let mut path = Vec::new();
    let mut next = place;
    while let Some(node) = next {
        path.push(match node.segment {
            QueryPathSegment::Name(key) => PathSegment::Field(key.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        });
        next = node.parent;
    }
    path.reverse();
    budget::end(cause, path).await
}
