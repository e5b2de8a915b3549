//! Limits: what a document, its variables and its answer may be at most. Every transport goes through these functions.

mod cost;
mod variables;
mod weights;

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, ServerError, Value, Variables};

use self::{cost::Costing, variables::Extent, weights::Weights};
use super::document::{Measure, Prepared};
use crate::{
    config::Config,
    graphql::{errors::with_code, registry},
};

/// The code of an error that tells of a limit.
const CODE: &str = "LIMIT_EXCEEDED";
/// Lists of the schema's description one in the other: as many as tools ask for.
const INTROSPECTION: u64 = 2;

/// The limits, and what fields cost.
pub(super) struct Limits {
    config: Arc<Config>,
    weights: Arc<Weights>,
}

impl Limits {
    /// The limits of the settings.
    pub(super) fn new(config: &Arc<Config>) -> Self {
        Self {
            config: Arc::clone(config),
            weights: Arc::new(Weights::of(&registry())),
        }
    }

    /// Before anything is read of a document: its length.
    pub(super) fn check_length(&self, text: &str) -> Result<(), ServerError> {
        let most = self.config.limit_document_bytes as u64;
        check("documentBytes", text.len() as u64, most)
    }

    /// Before a document is parsed: its tokens.
    pub(super) fn check_tokens(&self, tokens: u64) -> Result<(), ServerError> {
        check("tokens", tokens, self.config.limit_tokens)
    }

    /// Before a document is validated: its shape.
    pub(super) fn check_measure(&self, measure: &Measure) -> Result<(), ServerError> {
        let config = &self.config;
        [
            ("operations", measure.operations, config.limit_operations),
            ("fragments", measure.fragments, config.limit_fragments),
            ("variables", measure.variables, config.limit_variables),
            ("aliases", measure.aliases, config.limit_aliases),
            ("directives", measure.directives, config.limit_directives),
            ("depth", measure.depth, config.limit_depth),
            ("rootFields", measure.root_fields, config.limit_root_fields),
            ("fields", measure.fields, config.limit_fields),
            ("selections", measure.selections, config.limit_selections),
            ("listItems", measure.list_items, config.limit_list_items),
            ("introspection", measure.introspection, INTROSPECTION),
        ]
        .into_iter()
        .try_for_each(|(limit, requested, allowed)| check(limit, requested, allowed))
    }

    /// Before an operation is executed: its variables.
    pub(super) fn check_variables(&self, variables: &Variables) -> Result<(), ServerError> {
        let config = &self.config;
        let extent = Extent::of(variables);
        [
            (
                "variableValues",
                extent.values,
                config.limit_variable_values,
            ),
            ("variableDepth", extent.depth, config.limit_variable_depth),
            ("listItems", extent.list_items, config.limit_list_items),
        ]
        .into_iter()
        .try_for_each(|(limit, requested, allowed)| check(limit, requested, allowed))
    }

    /// What an operation of a document costs with these variables; nothing if there is no such operation.
    pub(super) fn cost(
        &self,
        document: &Prepared,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> u64 {
        Costing::new(&self.weights, &document.document.parsed, variables).operation(operation_name)
    }

    /// Before operations are executed: what all of them cost together.
    pub(super) fn check_cost(&self, cost: u64) -> Result<(), ServerError> {
        check("cost", cost, self.config.limit_cost)
    }

    /// Before any of the operations of a request is looked at: how many there are.
    pub(super) fn check_batch(&self, operations: usize) -> Result<(), ServerError> {
        check("batch", operations as u64, self.config.max_batch as u64)
    }

    /// What an operation asked for and what it might have, as answers tell it.
    pub(super) fn told(&self, cost: u64) -> Value {
        let allowed = self.config.limit_cost;
        async_graphql::value!({ "requested": cost, "allowed": allowed })
    }
}

fn check(limit: &'static str, requested: u64, allowed: u64) -> Result<(), ServerError> {
    if requested <= allowed {
        return Ok(());
    }
    let message =
        format!("beyond the limit of {limit}: {requested}, where at most {allowed} may be");
    let mut error = with_code(ServerError::new(message, None), CODE);
    let extensions: &mut ErrorExtensionValues = error.extensions.get_or_insert_default();
    extensions.set("limit", limit);
    extensions.set("requested", requested);
    extensions.set("allowed", allowed);
    Err(error)
}
