//! A document that was parsed and is within the limits.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::parser::types::{ExecutableDocument, OperationType};

use crate::{
    graphql::{Document, document::root_fields},
    telemetry::metrics::operations::{OperationKind, OperationMeter, OperationMeters},
};

/// A document that was parsed, and what is known of it. Two are equal if their texts are.
pub struct Prepared {
    pub(in crate::delivery) document: Document,
    operations: Vec<Operation>,
    tokens: u64,
    /// Whether it is kept for requests to come.
    is_kept: AtomicBool,
}

/// An operation of a document.
pub struct Operation {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it does.
    pub kind: OperationType,
    /// The names of its root fields, each once, in the order of the alphabet.
    pub root_fields: Vec<String>,
    meter: OnceLock<Arc<OperationMeter>>,
}

impl Operation {
    /// What counts it: it has figures of its own once it could be executed, if there is room for its name.
    pub(in crate::delivery) fn meter(
        &self,
        meters: &OperationMeters,
        is_executed: bool,
    ) -> Arc<OperationMeter> {
        let kind = match self.kind {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        let meter = if is_executed {
            self.meter
                .get_or_init(|| meters.of(self.name.as_deref(), kind))
        } else if let Some(known) = self.meter.get() {
            known
        } else {
            return meters.other(kind);
        };
        Arc::clone(meter)
    }
}

impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        self.document.hash == other.document.hash
    }
}

impl Eq for Prepared {}

impl Prepared {
    pub(super) fn new(text: &str, parsed: ExecutableDocument, tokens: u64) -> Self {
        let operations = parsed.operations.iter().map(|(name, operation)| {
            let mut fields: Vec<String> = root_fields(&parsed, &operation.node)
                .into_iter()
                .map(ToOwned::to_owned)
                .collect();
            fields.sort_unstable();
            Operation {
                name: name.map(ToString::to_string),
                kind: operation.node.ty,
                root_fields: fields,
                meter: OnceLock::new(),
            }
        });
        Self {
            operations: operations.collect(),
            document: Document::new(text, parsed),
            tokens,
            is_kept: AtomicBool::new(false),
        }
    }

    /// The SHA-256 of its text.
    pub fn hash(&self) -> &[u8; 32] {
        &self.document.hash
    }

    /// All its operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation of this name; without a name, the only one.
    pub fn operation(&self, name: Option<&str>) -> Option<&Operation> {
        let mut named = self
            .operations
            .iter()
            .filter(|operation| name.is_none() || operation.name.as_deref() == name);
        named
            .next()
            .filter(|_| name.is_some() || named.next().is_none())
    }

    /// Whether any of its operations is no query, whichever is asked for.
    pub fn changes(&self) -> bool {
        let mut operations = self.operations.iter();
        operations.any(|operation| operation.kind != OperationType::Query)
    }

    /// How much memory it takes, roughly, in bytes.
    pub(super) fn weight(&self) -> u32 {
        // A field with its name, in lists that have grown to up to twice of what they hold.
        const PER_TOKEN: u64 = 300;
        let bytes = 1_000 + 2 * self.document.text.len() as u64 + PER_TOKEN * self.tokens;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Whether it fits the schema, as was seen when it was executed.
    pub(crate) fn was_executed(&self) -> bool {
        self.is_kept.load(Ordering::Relaxed)
    }

    /// Notes that it is kept; tells whether it was not.
    pub(super) fn begin_to_keep(&self) -> bool {
        !self.was_executed() && !self.is_kept.swap(true, Ordering::Relaxed)
    }
}
