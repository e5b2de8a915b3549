//! What operations came to, in figures and traces.

use std::{sync::Arc, time::Instant};

use opentelemetry::{Context, KeyValue};
use tokio::runtime::Handle;

use super::{Answer, Asked, Delivery, Operation, Prepared, Source};
use crate::telemetry::{
    metrics::{
        cache::Caches,
        crowds::Crowds,
        operations::{AnswerSource, OperationMeters, Outcome},
    },
    traces,
};

/// An operation that has begun.
pub(super) struct Measured<'a> {
    meters: &'a OperationMeters,
    document: Arc<Prepared>,
    name: Option<String>,
    begun: Instant,
}

impl<'a> Measured<'a> {
    pub(super) fn begin(delivery: &'a Delivery, asked: &Asked) -> Self {
        Self {
            meters: &delivery.app.telemetry.metrics.operations,
            document: Arc::clone(&asked.document),
            name: asked.operation_name.clone(),
            begun: Instant::now(),
        }
    }

    /// What the work for it is noted in, as a part of its request.
    pub(super) fn context(&self) -> Context {
        traces::part(|| {
            let Some(operation) = self.operation() else {
                return ("GraphQL".to_owned(), Vec::new());
            };
            let kind = operation.kind.to_string();
            let mut attributes = vec![KeyValue::new("graphql.operation.type", kind.clone())];
            let Some(name) = &operation.name else {
                return (kind, attributes);
            };
            attributes.push(KeyValue::new("graphql.operation.name", name.clone()));
            (format!("{kind} {name}"), attributes)
        })
    }

    /// Where the document does not say which of its operations is meant, there is none.
    fn operation(&self) -> Option<&Operation> {
        self.document.operation(self.name.as_deref())
    }

    pub(super) fn end(&self, answer: &Answer, source: Source) {
        self.meters.sources.count(match source {
            Source::Executed => AnswerSource::Executed,
            Source::Shared => AnswerSource::Shared,
            Source::Kept => AnswerSource::Kept,
            Source::Stale(_) => AnswerSource::Stale,
        });
        if let Some(operation) = self.operation() {
            let meter = operation.meter(self.meters, answer.is_executed);
            meter.ended(outcome(answer), self.begun);
        }
    }
}

fn outcome(answer: &Answer) -> Outcome {
    if answer.trouble.is_some() {
        Outcome::Unavailable
    } else if !answer.is_executed {
        Outcome::Refused
    } else if answer.has_errors {
        Outcome::Errors
    } else {
        Outcome::Whole
    }
}

impl Delivery {
    /// Where queries are executed.
    pub fn workers(&self) -> &Handle {
        &self.workers
    }

    /// The operations that run and that wait.
    pub fn crowds(&self) -> Crowds {
        self.admission.state()
    }

    /// Everything that is kept in memory, as it is now.
    pub fn caches(&self) -> Caches {
        Caches(vec![
            self.answers.state(),
            self.app.database.rows.state(),
            self.app.database.shown.state(),
            self.documents.state(),
            self.schema.state(),
            self.trusted.state(),
        ])
    }
}
