//! Due work, beside all requests: mail, removing files of erased assets, and forgetting what nobody needs any more. Every
//! instance does it; none needs another.

mod erasure;
mod moments;
mod tidy;

use std::time::Duration;

use chrono::TimeDelta;
use entity::Instant;
use opentelemetry::{Context, context::FutureExt};

use self::erasure::Erasure;
use crate::{
    app::App,
    auth::password_reset,
    error::{Result, explained},
    event::tail,
    telemetry::{
        metrics::{Task, TaskEnd},
        outage::{self, Outage},
        traces::{Beginning, SpanKind},
    },
};

/// How long mail waits at most before somebody looks at it.
const PAUSE: Duration = Duration::from_secs(1);
/// How often what nobody needs any more is forgotten.
const TIDY_EVERY: TimeDelta = TimeDelta::hours(1);

/// What does due work.
pub struct Worker {
    app: App,
    tidied_at: Option<Instant>,
    erasure: Erasure,
    /// Since when the clock had not been set back when stored moments were last bounded.
    bounded_for: Option<Instant>,
}

impl Worker {
    /// A worker that has done nothing yet.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            tidied_at: None,
            erasure: Erasure::default(),
            bounded_for: None,
        }
    }

    /// Does what is due, once. What fails is logged, and tried again the next time.
    pub async fn step(&mut self) {
        let app = &self.app;
        let resets = async {
            note(
                "requests for new passwords",
                &password_reset::answer(app).await,
            )
        };
        self.run(Task::PasswordResets, resets).await;
        let mail = async { note("mail", &app.outbox().send().await) };
        self.run(Task::Mail, mail).await;
        self.run(Task::Erasure, self.erasure.run(app)).await;
        let now = app.clock.now();
        let steady_since = app.clock.steady_since();
        let was_set_back = self.bounded_for != Some(steady_since);
        let is_due = self
            .tidied_at
            .is_none_or(|before| (now - before).abs() >= TIDY_EVERY);
        if is_due || was_set_back {
            self.run(Task::Tidying, tidy::tidy(app)).await;
            self.tidied_at = Some(now);
            self.bounded_for = Some(steady_since);
        }
    }

    /// Runs a task, which tells whether it went well, where operators see it.
    async fn run(&self, task: Task, work: impl Future<Output = bool>) {
        let telemetry = &self.app.telemetry;
        let context = telemetry.traces.begin(|| Beginning {
            name: format!("work {}", task.name()),
            kind: SpanKind::Internal,
            attributes: Vec::new(),
            parent: Context::new(),
        });
        let end = if work.with_context(context).await {
            TaskEnd::Done
        } else {
            TaskEnd::Failed
        };
        telemetry
            .metrics
            .tasks
            .ended(task, end, self.app.clock.now());
    }
}

/// Does due work until it is told to stop; what it has begun it ends. Meanwhile it follows the event log.
pub async fn run(app: App, stop: impl Future) {
    tokio::select! {
        () = work(&app, stop) => {}
        _ = tail::follow(&app.database) => {}
    }
}

async fn work(app: &App, stop: impl Future) {
    let mut stop = std::pin::pin!(stop);
    let mut worker = Worker::new(app);
    tidy::complete(app).await;
    loop {
        worker.step().await;
        tokio::select! {
            _ = &mut stop => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Logs what failed; tells whether it went well.
fn note(what: &str, result: &Result<()>) -> bool {
    if let Err(error) = result
        && !outage::report(error)
    {
        outage::failed(Outage::Work, &format!("{what}: {}", explained(error)));
    }
    result.is_ok()
}
