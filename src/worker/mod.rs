//! Due work, beside all requests: mail, removing files of erased assets, and deleting what nobody needs any more. Every
//! instance does it; none needs another.

mod erasure;
mod moments;
mod supervision;
mod sweeping;
mod tidy;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::supervision::{Schedule, Supervised};
use crate::{app::App, auth::password_reset, error::Result, event::tail, telemetry::metrics::Task};

/// How often what nobody needs any more is deleted.
const TIDY_EVERY: TimeDelta = TimeDelta::hours(1);

/// All due work.
pub struct Worker {
    app: App,
    tasks: Vec<Supervised>,
}

impl Worker {
    /// A worker that has done nothing yet.
    pub fn new(app: &App) -> Self {
        let hourly = Schedule::Every(TIDY_EVERY);
        let tasks = vec![
            Supervised::new(Task::PasswordResets, Schedule::Always, |app| async move {
                password_reset::answer(&app).await
            }),
            Supervised::new(Task::Mail, Schedule::Always, |app| async move {
                app.outbox().send().await
            }),
            // What another instance has erased is to be withheld here within a second, whatever the store does.
            Supervised::new(Task::Erasure, Schedule::AlwaysAtOnce, erasure::complete),
            Supervised::new(Task::Tidying, hourly, tidy::tidy),
            Supervised::new(Task::MediaSweep, hourly, sweeping::sweep),
            Supervised::new(Task::SearchText, Schedule::Once, tidy::complete_search_text),
            Supervised::new(Task::EventLog, Schedule::Forever, |app| async move {
                match tail::follow(&app.database).await {}
            }),
        ];
        Self {
            app: app.clone(),
            tasks,
        }
    }

    /// The same worker, which does other work for this task.
    #[must_use]
    pub fn with_work<F>(
        mut self,
        task: Task,
        work: impl Fn(App) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        if let Some(supervised) = self
            .tasks
            .iter_mut()
            .find(|supervised| supervised.task == task)
        {
            *supervised = Supervised::new(task, supervised.schedule, work);
        }
        self
    }

    /// Does what is due, once, one task after the other. What fails is logged, and tried again the next time.
    pub async fn step(&mut self) {
        for supervised in &mut self.tasks {
            if !matches!(supervised.schedule, Schedule::Forever) {
                supervised.run_if_due(&self.app).await;
            }
        }
    }

    /// Does due work until it is told to stop, each task in a loop of its own; what it has begun it ends. Meanwhile it follows
    /// the event log.
    pub async fn run(self, stop: impl Future) {
        let end = CancellationToken::new();
        let mut loops = JoinSet::new();
        for supervised in self.tasks {
            loops.spawn(supervised.supervise(self.app.clone(), end.clone()));
        }
        stop.await;
        end.cancel();
        loops.join_all().await;
    }
}
