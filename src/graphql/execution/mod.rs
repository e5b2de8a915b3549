//! What the specification says of executing operations, where async-graphql departs from it: documents are validated in full,
//! variables are coerced, fields are merged and executed once, and answers have the shape of the document. See
//! `docs/decisions/0005-executing-as-the-specification-says.md`.

mod absent;
mod collect;
mod completion;
mod interfaces;
mod literals;
mod plan;
mod types;
mod validation;
mod variables;

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition},
};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

pub(crate) use self::types::Types;
use self::{collect::Collector, plan::plan};
pub(super) use self::{
    completion::complete_response, plan::Plan, validation::with_suggestion, variables::coerce,
};
use super::document::{self, root_selections};
use crate::{
    graphql::errors::{VALIDATION_FAILED, with_code},
    telemetry::metrics::cache::{CacheMeter, CacheState},
};

/// A document that was parsed.
pub struct Document {
    /// What was parsed.
    pub text: String,
    /// What it says.
    pub parsed: ExecutableDocument,
    /// The SHA-256 of the text.
    pub hash: [u8; 32],
    faults: OnceLock<Vec<ServerError>>,
}

impl Document {
    /// A document with this text.
    pub fn new(text: &str, parsed: ExecutableDocument) -> Self {
        Self {
            text: text.to_owned(),
            parsed,
            hash: Sha256::digest(text).into(),
            faults: OnceLock::new(),
        }
    }

    /// What is wrong with it; nothing if it fits the schema. Found once, in a time that follows its length: what it may hold at most
    /// must have been looked at before.
    pub(crate) fn faults(&self, types: &Types) -> &[ServerError] {
        self.faults.get_or_init(|| {
            let faults = validation::faults(types, &self.text, &self.parsed).into_iter();
            faults
                .map(|fault| with_code(fault, VALIDATION_FAILED))
                .collect()
        })
    }

    /// The operation of this name; without a name, the only one.
    pub(super) fn operation(
        &self,
        name: Option<&str>,
    ) -> Result<&OperationDefinition, ServerError> {
        let operation = document::operation(&self.parsed.operations, name);
        let is_clear = name.is_some() || self.parsed.operations.iter().count() == 1;
        operation.filter(|_| is_clear).ok_or_else(|| {
            let message = match name {
                Some(_) => "the document has no operation of this name",
                None => "the document has several operations: name the one to execute",
            };
            with_code(ServerError::new(message, None), VALIDATION_FAILED)
        })
    }

    /// Whether an operation asks for the schema, or for a type that it has. A type that it does not have is null for everybody.
    pub(super) fn describes(
        &self,
        types: &Types,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> bool {
        let value = |name: &async_graphql_value::Value| match name {
            async_graphql_value::Value::Variable(variable) => variables.get(variable).cloned(),
            name => name.clone().into_const(),
        };
        let has_type = |name: Option<Value>| match name {
            Some(Value::String(name)) => types.has(&name),
            _ => false,
        };
        let fields = root_selections(&self.parsed, operation).into_iter();
        let mut fields = fields.map(|field| (field.name.node.as_str(), field.get_argument("name")));
        fields.any(|(field, name)| match field {
            "__schema" => true,
            "__type" => has_type(name.and_then(|name| value(&name.node))),
            _ => false,
        })
    }
}

/// What two executions must have in common to have one plan.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    document: [u8; 32],
    operation: Option<String>,
    /// By variable, in the order in which they are declared.
    variables: Vec<VariableState>,
}

/// The state of a variable, as far as a plan depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum VariableState {
    Absent,
    Present,
    True,
    False,
}

impl VariableState {
    fn of(variables: &Variables, name: &Name) -> Self {
        match variables.get(name) {
            None => Self::Absent,
            Some(Value::Boolean(true)) => Self::True,
            Some(Value::Boolean(false)) => Self::False,
            Some(_) => Self::Present,
        }
    }
}

/// The plans of operations that were executed before. Clones share them.
#[derive(Clone)]
pub(crate) struct Plans {
    kept: Cache<Key, Arc<Plan>>,
    meter: CacheMeter,
}

impl Plans {
    /// None yet, and at most so many bytes of them.
    pub(super) fn new(most_bytes: usize) -> Self {
        let meter = CacheMeter::default();
        let kept = Cache::builder()
            .max_capacity(most_bytes as u64)
            .weigher(|key: &Key, plan: &Arc<Plan>| {
                let names = key.operation.as_ref().map_or(0, String::len) + key.variables.len();
                plan.weight()
                    .saturating_add(u32::try_from(names).unwrap_or(u32::MAX))
            })
            .eviction_listener(meter.evictions());
        Self {
            kept: kept.build(),
            meter,
        }
    }

    /// How full it is, and how often it helped.
    pub(crate) fn state(&self) -> CacheState {
        CacheState::of("plans", &self.kept, &self.meter)
    }

    /// The plan of an operation of a document that fits the schema, for these variables, which were coerced.
    pub(super) fn plan(
        &self,
        types: &'static Types,
        document: &Document,
        name: Option<&str>,
        variables: &Variables,
    ) -> Result<Arc<Plan>, ServerError> {
        let operation = document.operation(name)?;
        let definitions = operation.variable_definitions.iter();
        let states = definitions.map(|it| VariableState::of(variables, &it.node.name.node));
        let key = Key {
            document: document.hash,
            operation: name.map(ToOwned::to_owned),
            variables: states.collect(),
        };
        let known = self.kept.get(&key);
        self.meter.looked(known.is_some());
        if let Some(known) = known {
            return Ok(known);
        }
        let planned = Arc::new(plan(&Collector {
            types,
            document: &document.parsed,
            operation,
            variables,
        })?);
        self.kept.insert(key, Arc::clone(&planned));
        Ok(planned)
    }
}
