//! The registered jobs: what the runner knows of each.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::{FutureExt as _, future::BoxFuture};

use super::{Job, Retry, Run, Schedule};
use crate::{
    app::App,
    error::{Error, Result},
};

/// A kind of job, without its type.
#[derive(Clone, Copy)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) schedule: Schedule,
    pub(super) retry: Retry,
    pub(super) concurrency: usize,
    pub(super) can_run: fn(&App) -> bool,
    pub(super) run: fn(String, Run) -> BoxFuture<'static, Result<()>>,
}

impl Definition {
    /// Returns the longest time that a job waits by itself. What is due later was put off by a clock that was ahead.
    pub(super) fn max_wait(&self) -> TimeDelta {
        match self.schedule {
            Schedule::Every(pause) => pause.max(self.retry.max_wait),
            Schedule::Enqueued | Schedule::AtStart => self.retry.max_wait,
        }
    }

    /// Returns whether instances enqueue it when they start.
    pub(super) fn is_scheduled(&self) -> bool {
        self.schedule != Schedule::Enqueued
    }
}

/// The registered jobs.
#[derive(Clone, Default)]
pub struct Registry(Arc<Vec<Definition>>);

impl Registry {
    /// Registers a kind of job, in place of one of the same name. The struct of a scheduled job has no fields.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let definitions = Arc::make_mut(&mut self.0);
        definitions.retain(|other| other.name != J::NAME);
        definitions.push(Definition {
            name: J::NAME,
            schedule: J::SCHEDULE,
            retry: J::RETRY,
            concurrency: J::CONCURRENCY,
            can_run: J::can_run,
            run: |payload, run| {
                async move {
                    let job: J = serde_json::from_str(&payload).map_err(Error::internal)?;
                    job.run(run).await
                }
                .boxed()
            },
        });
        self
    }

    pub(super) fn definitions(&self) -> &[Definition] {
        &self.0
    }
}
