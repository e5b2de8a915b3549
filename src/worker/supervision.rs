//! Supervision: each task runs in a loop of its own, so that one that is slow, fails or panics stops no other one. What failed
//! is logged, kept for operators, and run again after a pause that grows.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::TimeDelta;
use entity::Instant;
use futures_util::{FutureExt as _, future::BoxFuture};
use opentelemetry::{Context, context::FutureExt as _};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    error::{Error, Result, explained},
    telemetry::{
        metrics::{Task, TaskEnd, TaskFailure},
        outage,
        traces::{Beginning, SpanKind},
    },
};

/// How long due work waits at most before it is found, and the first pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a failure.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// When a task runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Schedule {
    /// Each second; after a failure less often.
    Always,
    /// Each second, also after a failure.
    AlwaysAtOnce,
    /// So long after its last success, and once the clock was set back.
    Every(TimeDelta),
    /// Until it has succeeded once.
    Once,
    /// It never ends.
    Forever,
}

/// A function that does all that is due of a task.
pub type Work = Box<dyn Fn(App) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A task under supervision.
pub(super) struct Supervised {
    pub(super) task: Task,
    pub(super) schedule: Schedule,
    pub(super) work: Work,
    /// When it last succeeded, and since when the clock had not been set back then.
    succeeded: Option<(Instant, Instant)>,
}

impl Supervised {
    /// A task that has not run yet.
    pub(super) fn new<F>(
        task: Task,
        schedule: Schedule,
        work: impl Fn(App) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self {
            task,
            schedule,
            work: Box::new(move |app| work(app).boxed()),
            succeeded: None,
        }
    }

    /// Runs the task whenever it is due, until `end`; a run that has begun is finished, unless it would never end.
    pub(super) async fn supervise(mut self, app: App, end: CancellationToken) {
        let is_endless = matches!(self.schedule, Schedule::Forever);
        loop {
            let run = self.run_if_due(&app);
            let pause = if is_endless {
                tokio::select! {
                    () = end.cancelled() => return,
                    pause = run => pause,
                }
            } else {
                run.await
            };
            tokio::select! {
                () = end.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Runs the task once if it is due; returns how long to wait before it is looked at again.
    pub(super) async fn run_if_due(&mut self, app: &App) -> Duration {
        if !self.is_due(app) {
            return PAUSE;
        }
        let tasks = &app.telemetry.metrics.tasks;
        tasks.record_start(self.task, app.clock.now());
        let context = app.telemetry.traces.begin(|| Beginning {
            name: format!("work {}", self.task.name()),
            kind: SpanKind::Internal,
            attributes: Vec::new(),
            parent: Context::new(),
        });
        let work = guarded(async { (self.work)(app.clone()).await });
        let result = work.with_context(context).await;
        let now = app.clock.now();
        let failure = match result {
            Ok(Ok(())) => {
                self.succeeded = Some((now, app.clock.steady_since()));
                let failures = tasks.record_success(self.task, now);
                if failures > 0 {
                    tracing::info!(task = self.task.name(), failures, "a task works again");
                }
                return PAUSE;
            }
            Ok(Err(error)) => Failure::Error(error),
            Err(Panicked) => Failure::Panic,
        };
        let failures = failure.record(app, self.task, now);
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        match self.schedule {
            Schedule::AlwaysAtOnce => PAUSE,
            _ => Ord::min(PAUSE.saturating_mul(1 << doublings), MAX_PAUSE),
        }
    }

    fn is_due(&self, app: &App) -> bool {
        match (self.schedule, self.succeeded) {
            (Schedule::Always | Schedule::AlwaysAtOnce | Schedule::Forever, _) | (_, None) => true,
            (Schedule::Once, Some(_)) => false,
            (Schedule::Every(pause), Some((at, steady_since))) => {
                (app.clock.now() - at).abs() >= pause || app.clock.steady_since() != steady_since
            }
        }
    }
}

enum Failure {
    Error(Error),
    Panic,
}

impl Failure {
    /// Logs and counts the failure; returns how many there were in a row. Failures of an outage are in the log once, as all of
    /// that outage.
    fn record(self, app: &App, task: Task, now: Instant) -> u64 {
        let (end, reason) = match &self {
            Self::Error(error) => (TaskEnd::Failed, error.to_string()),
            Self::Panic => (TaskEnd::Panicked, "it panicked; see the log".to_owned()),
        };
        let failure = TaskFailure { at: now, reason };
        let tasks = &app.telemetry.metrics.tasks;
        let failures = tasks.record_failure(task, end, failure);
        let task = task.name();
        match self {
            Self::Error(error) if outage::report(&error) => {}
            // One line each time that their number has doubled.
            _ if !failures.is_power_of_two() => {}
            // The panic itself was logged where it happened.
            Self::Panic => tracing::error!(task, failures, "a task panicked, and is run again"),
            Self::Error(error) => {
                let error = explained(&error);
                tracing::warn!(task, failures, error, "a task failed, and is run again");
            }
        }
        failures
    }
}

/// What was run has panicked.
#[derive(Debug)]
pub(super) struct Panicked;

/// Runs a future, and catches a panic in it. What it has changed is in the database, whose transactions are rolled back.
pub(super) async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.map_err(|_| Panicked)
}
