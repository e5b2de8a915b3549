//! Validating a document without executing it.

use std::sync::Arc;

use async_graphql::{
    EmptySubscription, Request, Response, Schema as StaticSchema, ServerError, Value,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
    parser::types::ExecutableDocument,
};

use super::{Mutation, Query, builder, retry::Retrying};

/// The schema, which executes nothing.
pub(crate) struct Validation(StaticSchema<Query, Retrying<Mutation>, EmptySubscription>);

impl Validation {
    pub(crate) fn new() -> Self {
        Self(builder().extension(ExecuteNothing).finish())
    }

    /// What is wrong with a document, as far as its operation of this name is concerned; nothing if it fits the schema.
    pub(crate) async fn faults(
        &self,
        document: &ExecutableDocument,
        operation: Option<&str>,
    ) -> Vec<ServerError> {
        let mut request = Request::new("");
        request.set_parsed_query(document.clone());
        request.operation_name = operation.map(ToOwned::to_owned);
        // On the heap: the futures of fields lie one in the other, and stacks are short.
        Box::pin(self.0.execute(request)).await.errors
    }
}

/// Ends an operation where it would begin.
struct ExecuteNothing;

impl ExtensionFactory for ExecuteNothing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for ExecuteNothing {
    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}
