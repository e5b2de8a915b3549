//! Gives every error its code, and keeps everything that is not ours off the wire.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation,
    },
};

use crate::error::Error;

/// The extension for all operations.
pub(super) struct ErrorCodes;

impl ExtensionFactory for ErrorCodes {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for ErrorCodes {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &async_graphql::Variables,
        next: NextParseQuery<'_>,
    ) -> async_graphql::ServerResult<async_graphql::parser::types::ExecutableDocument> {
        next.run(ctx, query, variables)
            .await
            .map_err(|error| with_code(error, "GRAPHQL_PARSE_FAILED"))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<async_graphql::ValidationResult, Vec<ServerError>> {
        let coded = |error| with_code(error, "GRAPHQL_VALIDATION_FAILED");
        next.run(ctx)
            .await
            .map_err(|errors| errors.into_iter().map(coded).collect())
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation).await;
        response.errors = response.errors.into_iter().map(told).collect();
        response
    }
}

/// The error as the world may know it. What is masked is logged here, once, within the span of its request.
fn told(error: ServerError) -> ServerError {
    let Some(ours) = error.source::<Error>() else {
        if error.source.is_some() {
            tracing::error!(error = %error.message, path = ?error.path, "masked an error of unknown kind");
            return with_code(
                ServerError {
                    message: "something went wrong on the server".to_owned(),
                    ..error
                },
                "INTERNAL",
            );
        }
        return if has_code(&error) {
            error
        } else {
            with_code(error, "BAD_INPUT")
        };
    };
    let code = ours.code();
    match ours {
        Error::Internal(cause) | Error::Unavailable(cause) => {
            tracing::error!(code, cause = %cause, path = ?error.path, "an operation failed");
        }
        Error::Invalid(_)
        | Error::Conflict { .. }
        | Error::Unauthenticated
        | Error::Forbidden(_) => {}
    }
    let problems = match ours {
        Error::Invalid(problems) => problems.clone(),
        _ => Vec::new(),
    };
    let mut error = with_code(error, code);
    if !problems.is_empty() {
        let told = problems.iter().map(|problem| {
            async_graphql::value!({
                "code": (problem.code.name()), "path": (problem.path.clone()), "message": (problem.message.clone())
            })
        });
        error
            .extensions
            .get_or_insert_default()
            .set("problems", async_graphql::Value::List(told.collect()));
    }
    error
}

fn has_code(error: &ServerError) -> bool {
    error
        .extensions
        .as_ref()
        .is_some_and(|extensions| extensions.get("code").is_some())
}

fn with_code(mut error: ServerError, code: &str) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}
