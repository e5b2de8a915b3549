//! Supervision: each task runs in a loop of its own, so that one that is slow, fails or panics stops no other one. What failed
//! is logged, kept for operators, and run again after a pause that grows.

use std::time::Duration;

use futures_util::{FutureExt as _, future::BoxFuture};
use opentelemetry::{Context, context::FutureExt as _};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    error::Result,
    job::{Failure, Panicked, guarded},
    telemetry::traces::{Beginning, SpanKind},
};

/// How long due work waits at most before it is found, and the first pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a failure.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// When a loop runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cadence {
    /// Each second, also after a failure.
    EachSecond,
    /// It never ends; after a failure it is begun again, after a pause that grows.
    Forever,
}

/// A function that does all that is due of a task.
pub type Work = Box<dyn Fn(App) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A task under supervision.
pub(super) struct Supervised {
    pub(super) task: &'static str,
    pub(super) cadence: Cadence,
    pub(super) work: Work,
}

impl Supervised {
    /// A task that has not run yet.
    pub(super) fn new<F>(
        task: &'static str,
        cadence: Cadence,
        work: impl Fn(App) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self {
            task,
            cadence,
            work: Box::new(move |app| work(app).boxed()),
        }
    }

    /// Runs the task whenever it is due, until `end`; a run that has begun is finished, unless it would never end.
    pub(super) async fn supervise(self, app: App, end: CancellationToken) {
        let is_endless = matches!(self.cadence, Cadence::Forever);
        loop {
            let run = self.run_once(&app);
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

    /// Runs the task once; returns how long to wait before it is looked at again.
    pub(super) async fn run_once(&self, app: &App) -> Duration {
        let tasks = &app.telemetry.metrics.tasks;
        tasks.record_start(self.task, app.clock.now());
        let context = app.telemetry.traces.begin(|| Beginning {
            name: format!("work {}", self.task),
            kind: SpanKind::Internal,
            attributes: Vec::new(),
            parent: Context::new(),
        });
        let work = guarded(async { (self.work)(app.clone()).await });
        let result = work.with_context(context).await;
        let now = app.clock.now();
        let failure = match result {
            Ok(Ok(())) => {
                let failures = tasks.record_success(self.task, now);
                if failures > 0 {
                    tracing::info!(task = self.task, failures, "a task works again");
                }
                return PAUSE;
            }
            Ok(Err(error)) => Failure::Error(error),
            Err(Panicked) => Failure::Panic,
        };
        let failures = failure.record(app, self.task, now);
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        match self.cadence {
            Cadence::EachSecond => PAUSE,
            Cadence::Forever => Ord::min(PAUSE.saturating_mul(1 << doublings), MAX_PAUSE),
        }
    }
}
