//! Executing operations: whether they may cost what they cost, who has a place, and on which threads.

use std::{panic::resume_unwind, sync::Arc};

use async_graphql::{Response, parser::types::OperationType};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{Answer, Asked, Delivery, Sender, admission::Place, asked::request};
use crate::{
    budget::{Budget, ChargedBy},
    error::Error,
    telemetry::traces,
};

impl Delivery {
    /// A place for an operation; none if there are too many, or if there is no memory for another answer.
    pub(super) async fn place(&self, sender: &Sender, changes: bool) -> Option<Place> {
        if self.memory.is_used_up() {
            return None;
        }
        let (principal, client) = (&sender.principal, &sender.client);
        self.admission.enter(principal, client, changes).await
    }

    pub(super) fn budget(&self, charged_by: ChargedBy, place: Place) -> Arc<Budget> {
        let limit = self.app.config.limit_answer_bytes;
        Budget::new(limit, &self.memory, charged_by, move |spent| {
            place.leave(spent);
        })
    }

    /// What an operation costs, if its variables are within the limits.
    pub(super) fn admit(&self, asked: &Asked) -> Result<u64, Box<Answer>> {
        let variables = asked.variables();
        let checked = self.limits.check_variables(variables);
        checked.map_err(Answer::refused)?;
        Ok(self.cost(asked))
    }

    /// What charges the values of an operation.
    pub(super) fn charged_by(&self, asked: &Asked) -> ChargedBy {
        let is_metered = |field: &String| self.metered_fields.contains(field);
        let mut operations = asked.operation().into_iter();
        let is_content = operations.all(|operation| {
            operation.kind == OperationType::Query && operation.root_fields.iter().all(is_metered)
        });
        if is_content {
            ChargedBy::Containers
        } else {
            ChargedBy::Extension
        }
    }

    pub(super) fn cost(&self, asked: &Asked) -> u64 {
        let name = asked.operation_name.as_deref();
        self.limits.cost(&asked.document, name, asked.variables())
    }

    /// Whether operations may cost so much, all together.
    pub(super) fn afford(&self, cost: u64) -> Result<(), Box<Answer>> {
        self.limits.check_cost(cost).map_err(|error| {
            let mut response = Response::from_errors(vec![error]);
            let cost = self.limits.told(cost);
            response.extensions.insert("cost".to_owned(), cost);
            Box::new(Answer::without_execution(response))
        })
    }

    /// The answer to an operation that is within the limits.
    pub(super) async fn answer(
        &self,
        asked: &Asked,
        sender: Sender,
        budget: Arc<Budget>,
    ) -> Answer {
        let document = Arc::clone(&asked.document);
        let principal = sender.principal.clone();
        let request = request(asked, sender);
        let (schema, executed) = (self.schema.clone(), Arc::clone(&document));
        let memory = self.memory.clone();
        let execution = async move {
            let execution = schema.execute(&executed.document, request, principal, &budget);
            let executed = execution.await;
            Answer::of(executed, &budget, &memory)
        };
        let answer = if document.changes() {
            // It mostly waits for the database: on the way to other threads and back it would lose more than it holds up.
            Box::pin(execution).await
        } else {
            self.work(execution).await
        };
        if answer.is_executed {
            self.documents.keep(&document);
        }
        answer
    }

    /// Does work where queries are executed, for as long as somebody waits for it.
    async fn work(&self, work: impl Future<Output = Answer> + Send + 'static) -> Answer {
        let work = traces::carried(work.in_current_span());
        match AbortOnDropHandle::new(self.workers.spawn(work)).await {
            Ok(answer) => answer,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(stopped) => Answer::failed(Error::Unavailable(stopped.into())),
            },
        }
    }
}
