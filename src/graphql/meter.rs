//! Charges the memory budget of an operation with every value of every type, by an extension of the executor. It takes time for
//! each field: queries of nothing but content do without, since the containers of content charge what they write themselves.

use std::sync::Arc;

use async_graphql::{
    QueryPathSegment, ServerResult, Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
};

use crate::{
    budget,
    content::types::metered::{bytes_of, end},
};

/// Makes the extension. It knows nothing of an operation: its budget is where it runs.
pub(super) struct Meter;

impl ExtensionFactory for Meter {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Meter {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if budget::must_wait() {
            budget::wait().await;
        }
        let place = *info.path_node;
        let key = match place.segment {
            QueryPathSegment::Name(key) => key,
            QueryPathSegment::Index(_) => "",
        };
        let is_list = info.return_type.starts_with('[');
        let is_leaf = info.field.selection_set.node.items.is_empty();
        let value = next.run(ctx, info).await?;
        // The items of a list come by themselves.
        let written = value.as_ref().filter(|_| !is_list);
        let bytes = bytes_of(key, written, is_leaf);
        match budget::charge(bytes) {
            Ok(()) => Ok(value),
            Err(cause) => {
                drop(value);
                end(cause, Some(&place)).await
            }
        }
    }
}
