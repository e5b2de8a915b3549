//! One execution of a leased job: the run, the beats beside it, and what becomes of it.

use std::{
    future::pending,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use entity::job;
use opentelemetry::{Context, context::FutureExt as _};
use sea_orm::prelude::Uuid;
use tokio::{task::JoinHandle, time::sleep};

use super::{Failure, Panicked, Run, guarded, queue, registry::Definition};
use crate::{
    app::App,
    error::Error,
    telemetry::{
        outage,
        traces::{Beginning, SpanKind},
    },
};

/// How long a lease lasts without a beat.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How long to wait before the result is recorded again, if the database is away.
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// A job that this instance has leased.
pub(super) struct Execution {
    pub(super) app: App,
    pub(super) definition: Definition,
    pub(super) job: job::Model,
    pub(super) lease: Uuid,
    /// How long the lease lasts without a beat.
    pub(super) lasts: Duration,
}

/// Ends the beats with the execution.
struct Beats(JoinHandle<()>);

impl Drop for Beats {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Execution {
    /// Runs the job, and records the result. A run that has lost its lease is dropped, as another instance runs the job by then.
    pub(super) async fn run(self) {
        // A task of its own, so that a run that occupies its thread keeps its lease.
        let run = self.new_run();
        let mut beats = Beats(tokio::spawn(keep_lease(run.clone(), self.lasts)));
        tokio::select! {
            () = self.run_and_record(run) => {}
            _ = &mut beats.0 => {
                let lost = Failure::Error(Error::internal("another instance runs the job by now"));
                lost.record(&self.app, self.definition.name, self.app.clock.now());
            }
        }
    }

    async fn run_and_record(&self, run: Run) {
        let app = &self.app;
        let name = self.definition.name;
        let tasks = &app.telemetry.metrics.tasks;
        tasks.record_start(name, app.clock.now());
        let context = app.telemetry.traces.begin(|| Beginning {
            name: format!("work {name}"),
            kind: SpanKind::Internal,
            attributes: Vec::new(),
            parent: Context::new(),
        });
        let payload = self.job.payload.clone();
        let work = guarded((self.definition.run)(payload, run.clone()));
        let failure = match work.with_context(context).await {
            Ok(Ok(())) => {
                let failures = tasks.record_success(name, app.clock.now());
                if failures > 0 {
                    tracing::info!(task = name, failures, "a task works again");
                }
                if !run.has_ended() {
                    self.record(&run, None).await;
                }
                return;
            }
            Ok(Err(error)) => Failure::Error(error),
            Err(Panicked) => Failure::Panic,
        };
        let reason = failure.reason();
        failure.record(app, name, app.clock.now());
        if run.is_last {
            let (job, attempts) = (self.job.id, self.job.attempts);
            tracing::error!(%job, name, attempts, "a job was given up; `jobs` lists it, and `retryJob` runs it again");
        }
        self.record(&run, Some(&reason)).await;
    }

    fn new_run(&self) -> Run {
        Run {
            app: self.app.clone(),
            id: self.job.id,
            created_at: self.job.created_at,
            is_last: self.definition.retry.is_exhausted(self.job.attempts),
            lease: self.lease,
            ended: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Records that the run succeeded, or why it failed, and again while the database is away: what was done is not to be done
    /// twice. It ends with the lease.
    async fn record(&self, run: &Run, reason: Option<&str>) {
        run.end();
        let Self {
            app,
            definition,
            job,
            lease,
            ..
        } = self;
        loop {
            let recorded = match reason {
                None => queue::finish(app, definition, job.id, *lease).await,
                Some(reason) => queue::fail(app, definition, job, *lease, reason).await,
            };
            match recorded {
                Ok(()) => return,
                Err(error) => outage::report(&error),
            };
            sleep(RECORD_PAUSE).await;
        }
    }
}

/// Beats until the lease is lost, or the database has been away for as long as the lease lasts.
async fn keep_lease(run: Run, lasts: Duration) {
    let mut beaten = Instant::now();
    loop {
        sleep(lasts / 3).await;
        match queue::beat(&run.app, run.id, run.lease).await {
            Ok(true) => beaten = Instant::now(),
            // The run itself has let go of the lease.
            Ok(false) if run.has_ended() => return pending().await,
            Ok(false) => return,
            Err(_) if beaten.elapsed() >= lasts => return,
            Err(_) => {}
        }
    }
}
