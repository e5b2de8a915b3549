//! The schema: built once at start, the same for everybody.

mod account;
pub(crate) mod document;
mod errors;
mod limits;
mod session;
mod variables;

use std::sync::Arc;

use async_graphql::{
    EmptySubscription, MergedObject, Request, Response, SDLExportOptions, Schema as StaticSchema,
    SchemaBuilder,
};

use self::limits::Limits;
use crate::{
    app::App,
    auth::Principal,
    content::types::{AnyEntry, ContentMutation, ContentQuery, Reader},
};

/// Everything that can be read.
#[derive(Default, MergedObject)]
pub struct Query(ContentQuery, account::AccountQuery);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    ContentMutation,
    account::AccountMutation,
    session::SessionMutation,
);

/// The executable schema. Clones share it.
#[derive(Clone)]
pub struct Schema {
    schema: StaticSchema<Query, Mutation, EmptySubscription>,
    app: App,
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    StaticSchema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<AnyEntry>()
        .register_output_type::<Limits>()
}

/// The schema in GraphQL's schema definition language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    builder()
        .finish()
        .sdl_with_options(SDLExportOptions::new().sorted_fields().sorted_arguments())
}

impl Schema {
    /// The schema over an application. In development it answers introspection and tells what an answer cost.
    pub fn new(app: &App) -> Self {
        let builder = if app.config.development {
            builder()
        } else {
            builder().disable_introspection().disable_suggestions()
        };
        Self {
            schema: builder.finish(),
            app: app.clone(),
        }
    }

    /// Executes an operation for a principal. All of it sees one state of the database.
    pub async fn execute(&self, mut request: Request, principal: Principal) -> Response {
        if let Err(error) = document::parse(&mut request) {
            return Response::from_errors(vec![error]);
        }
        if let Some(error) = variables::fault(&mut request) {
            return Response::from_errors(vec![error]);
        }
        let reader = Arc::new(Reader::new(&self.app, principal));
        let mut response = self.schema.execute(request.data(Arc::clone(&reader))).await;
        response.errors = response.errors.into_iter().map(errors::told).collect();
        let statements = reader.snapshot.statements();
        // Nobody else holds the reader once the operation has ended.
        if let Some(reader) = Arc::into_inner(reader) {
            reader.snapshot.close().await;
        }
        if self.app.config.development {
            let cost = async_graphql::value!({ "sqlStatements": statements });
            response.extensions.insert("kindling".to_owned(), cost);
        }
        response
    }
}
