//! Runs mutations again that the database rolled back in favour of others, before anyone is told.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult,
    Value, parser::types::Field, registry::Registry, resolver_utils::resolve_container,
};

use crate::{content::types::reader, error::Error};

/// An object whose fields each change something in one transaction: the root of all mutations. A field whose transaction was
/// rolled back is resolved again, all of it, from the check of who asks.
#[derive(Default)]
pub struct Retrying<M>(M);

impl<M: ObjectType> ContainerType for Retrying<M> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let Ok(app) = reader(ctx).map(|reader| &reader.app) else {
            return Box::pin(self.0.resolve_field(ctx)).await;
        };
        let mut retries = None;
        // On the heap: what resolves one of so many fields takes much room, which whoever looks for the field must not have twice.
        loop {
            let error = match Box::pin(self.0.resolve_field(ctx)).await {
                Err(error) if error.source::<Error>().is_some_and(Error::is_contention) => error,
                resolved => return resolved,
            };
            let retries = retries.get_or_insert_with(|| app.retries());
            if !retries.pause(app.clock.random()).await {
                return Err(error);
            }
            tracing::debug!(path = ?error.path, "a mutation was rolled back and is run again");
        }
    }
}

impl<M: ObjectType> OutputType for Retrying<M> {
    fn type_name() -> Cow<'static, str> {
        M::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        M::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<M: ObjectType> ObjectType for Retrying<M> {}
