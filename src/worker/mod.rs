//! Work beside all requests: the jobs of the queue, which the instances share, and the loops that each instance needs for itself.

mod erasure;
mod jobs;
mod supervision;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::supervision::{Cadence, Supervised};
use crate::{
    app::App,
    database::Notification,
    error::Result,
    event::tail,
    job::{Registry, Runner},
};

/// Passes notifications of other instances on to whoever waits for them.
async fn listen(app: &App) {
    let report = |notification| match notification {
        Notification::Log => app.database.changes.nudge(),
        Notification::Job => app.jobs.notify_one(),
        Notification::Any => {
            app.database.changes.nudge();
            app.jobs.notify_one();
        }
    };
    app.database.listen(report).await;
}

/// All background work.
pub struct Worker {
    app: App,
    runner: Runner,
    loops: Vec<Supervised>,
}

impl Worker {
    /// Creates a worker that has done nothing yet.
    pub fn new(app: &App) -> Self {
        Self::with_jobs(app, |jobs| jobs)
    }

    /// Creates a worker with other jobs than all that there are.
    pub fn with_jobs(app: &App, jobs: impl FnOnce(Registry) -> Registry) -> Self {
        let loops = vec![
            // What another instance has erased is to be withheld here within a second, whatever the store does.
            Supervised::new("erasure", Cadence::EachSecond, erasure::complete),
            Supervised::new("event_log", Cadence::Forever, |app| async move {
                match tail::follow(&app.database).await {}
            }),
            Supervised::new("notifications", Cadence::Forever, |app| async move {
                listen(&app).await;
                Ok(())
            }),
        ];
        for supervised in &loops {
            app.telemetry.metrics.tasks.register(supervised.task);
        }
        Self {
            app: app.clone(),
            runner: Runner::new(app, jobs(jobs::registry())),
            loops,
        }
    }

    /// The same worker, which does other work in this loop.
    #[must_use]
    pub fn with_work<F>(
        mut self,
        task: &str,
        work: impl Fn(App) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let mut loops = self.loops.iter_mut();
        if let Some(supervised) = loops.find(|supervised| supervised.task == task) {
            *supervised = Supervised::new(supervised.task, supervised.cadence, work);
        }
        self
    }

    /// The same worker, whose runner is replaced.
    #[must_use]
    pub fn with_runner(mut self, replace: impl FnOnce(Runner) -> Runner) -> Self {
        self.runner = replace(self.runner);
        self
    }

    /// Runs everything that is due, until nothing is. What fails is logged, and tried again when it is due again.
    pub async fn step(&mut self) {
        for supervised in &self.loops {
            if matches!(supervised.cadence, Cadence::EachSecond) {
                supervised.run_once(&self.app).await;
            }
        }
        self.runner.step().await;
    }

    /// Works until `stop`, each loop in a task of its own; what has begun is finished.
    pub async fn run(self, stop: impl Future) {
        let end = CancellationToken::new();
        let mut loops = JoinSet::new();
        for supervised in self.loops {
            loops.spawn(supervised.supervise(self.app.clone(), end.clone()));
        }
        loops.spawn(self.runner.run(end.clone()));
        stop.await;
        end.cancel();
        loops.join_all().await;
    }
}
