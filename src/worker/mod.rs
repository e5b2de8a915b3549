//! Due work, beside all requests: mail, and forgetting what nobody needs any more. Every instance does it; none needs another.

mod tidy;

use std::time::Duration;

use chrono::TimeDelta;
use entity::Instant;

use crate::{app::App, auth::password_reset, error::Result, event::tail};

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
        note(
            "requests for new passwords",
            password_reset::answer(app).await,
        );
        note("mail", app.outbox().send().await);
        let now = app.clock.now();
        let is_due = self
            .tidied_at
            .is_none_or(|before| now - before >= TIDY_EVERY);
        if is_due {
            tidy::tidy(app).await;
            self.tidied_at = Some(now);
        }
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

fn note(what: &str, result: Result<()>) {
    if let Err(error) = result {
        let cause = std::error::Error::source(&error);
        tracing::warn!(%error, cause, "{what} could not be looked after");
    }
}
