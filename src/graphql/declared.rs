//! Completes the schema when all types are registered: limits in descriptions, and what the macros of async-graphql cannot declare.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaType, Registry},
};

use super::limits;
use crate::content::types::{AnyEntry, Node};

/// No type of its own: registering it, after all others, completes them.
pub(super) struct Declared;

impl OutputType for Declared {
    fn type_name() -> Cow<'static, str> {
        String::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        limits::describe(registry);
        registry.add_implements(&AnyEntry::type_name(), &Node::type_name());
        specify_json(registry);
        String::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

fn specify_json(registry: &mut Registry) {
    if let Some(MetaType::Scalar {
        description,
        specified_by_url,
        ..
    }) = registry.types.get_mut("JSON")
    {
        *description = Some("Any JSON value, as in RFC 8259.".to_owned());
        *specified_by_url = Some("https://www.rfc-editor.org/rfc/rfc8259".to_owned());
    }
}
