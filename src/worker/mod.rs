//! Due work, beside all requests: mail, and forgetting what nobody needs any more. Every instance does it; none needs another.

mod tidy;

use std::time::Duration;

use chrono::TimeDelta;
use entity::Instant;

use crate::{
    app::App,
    auth::password_reset,
    error::Result,
    event::tail,
    telemetry::metrics::{Task, TaskEnd},
};

/// How long mail waits at most before somebody looks at it.
const PAUSE: Duration = Duration::from_secs(1);
/// How often what nobody needs any more is forgotten.
const TIDY_EVERY: TimeDelta = TimeDelta::hours(1);

/// What does due work.
pub struct Worker {
    app: App,
    tidied_at: Option<Instant>,
}

impl Worker {
    /// A worker that has done nothing yet.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            tidied_at: None,
        }
    }

    /// Does what is due, once. What fails is logged, and tried again the next time.
    pub async fn step(&mut self) {
        let app = &self.app;
        let answered = password_reset::answer(app).await;
        let is_done = note("requests for new passwords", answered);
        self.ended(Task::PasswordResets, is_done);
        let is_done = note("mail", app.outbox().send().await);
        self.ended(Task::Mail, is_done);
        let now = app.clock.now();
        let is_due = self
            .tidied_at
            .is_none_or(|before| now - before >= TIDY_EVERY);
        if is_due {
            let is_done = tidy::tidy(app).await;
            self.ended(Task::Tidying, is_done);
            self.tidied_at = Some(now);
        }
    }

    fn ended(&self, task: Task, is_done: bool) {
        let end = if is_done {
            TaskEnd::Done
        } else {
            TaskEnd::Failed
        };
        let now = self.app.clock.now();
        self.app.telemetry.metrics.tasks.ended(task, end, now);
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
fn note(what: &str, result: Result<()>) -> bool {
    if let Err(error) = &result {
        let cause = std::error::Error::source(error);
        tracing::warn!(%error, cause, "{what} could not be looked after");
    }
    result.is_ok()
}
